"""What somebody reads who pressed a button in Slack: answers that only they see, and the words of the views."""

import math
from collections.abc import Sequence
from datetime import datetime

from cxmon.model import Band, Incident, Metric, Role, Tone
from cxmon.wording import gap as gaps
from cxmon.wording.against import levels
from cxmon.wording.by_hand import SILENCE_ENDS
from cxmon.wording.gap import gap, pill, window
from cxmon.wording.incidents import figures
from cxmon.wording.numbers import counted, day, stamp
from cxmon.wording.screen import segment

SHOWN_AT_MOST = 12


def signed(role: Role) -> str:
    """How somebody signs for whom the configuration names no department: records carry no person."""
    return f"an {role.value}" if role is Role.EDITOR else f"a {role.value}"


def nobody() -> str:
    return "nobody"


def hears() -> str:
    return "connected, buttons are heard"


def opening() -> str:
    return "connected, Slack has not said hello yet"


def unheard() -> str:
    return "nobody listens, so its buttons do nothing: start `cxmon run` or `cxmon up`"


def too_late() -> str:
    return "Slack closed the door before this could be opened. Press the button once more."


def not_done(name: str) -> str:
    return f"It was noted, but Slack did not take the answer ({name or 'no clear answer'})."


def refused(why: str) -> str:
    return f"Not done: {why[:1].lower()}{why[1:]}."


def broke() -> str:
    return "Not done: something went wrong on our side. It is in the log of `cxmon run`."


def no_incident() -> str:
    return "This incident is not known here any more, so nothing was done."


def already_over(incident: Incident, ending: str, zone: str) -> str:
    when = f" on {stamp(incident.ended_at, zone)}" if incident.ended_at else ""
    return f"Nothing was done: this incident has ended{when} ({ending[:1].lower()}{ending[1:]})."


def already_acknowledged(by: str) -> str:
    return f"Already acknowledged by {by}: nothing was changed."


def on_it() -> str:
    return "is on it"


def is_silent(what: str, until: datetime, zone: str) -> str:
    return f"Quiet about {what} until {stamp(until, zone)}. Ends and corrections are told all the same."


def is_assigned(to: str) -> str:
    return f"{to} sees to it now."


def is_noted() -> str:
    return "Noted, and told in the thread."


def is_left_out(first: datetime, last: datetime, zone: str) -> str:
    return (
        f"{day(first, zone)} to {day(last, zone)} are left out of what is expected. "
        "The incident ends by itself once the days after are fine."
    )


def is_accepted() -> str:
    return "Accepted as the new level: the incident has ended. It opens again only when it is clearly worse."


def is_not_real(incident: Incident) -> str:
    mark = incident.not_real
    by = f" by {mark.by}" if mark is not None else ""
    if mark is None or not mark.ended:
        return f"Marked as not real{by}. It had ended already, and stays as it ended."
    return (
        f"Marked as not real{by}: the incident has ended. It opens again when it gets clearly worse, or lasts; "
        "what else happens is told as always."
    )


def already_marked(by: str) -> str:
    return f"Already marked as not real by {by}: nothing was changed."


def not_marked() -> str:
    return "It is not marked as not real: nothing was changed."


def mark_taken_back(*, lasting: bool) -> str:
    return f"The mark is taken back{': the incident is open again' if lasting else ''}."


def everything_in(where: str) -> str:
    return f"everything in {where}"


def everywhere(what: str) -> str:
    return f"{what} everywhere"


def inside(what: str, where: str) -> str:
    return f"{what} in {where} and what is inside it"


def length(hours: int, ends: datetime, zone: str) -> str:
    named = counted(hours // 24, "day") if hours % 24 == 0 else counted(hours, "hour")
    return f"{named}, to {stamp(ends, zone)}"


def silence_means() -> str:
    return (
        "It will be quiet about what you choose, in every channel. Ends and corrections are told all the same, and "
        "what was kept back is told afterwards if it still lasts."
    )


def silence_ends_when() -> str:
    return f"A silence needs {SILENCE_ENDS}, and one that is to come."


def too_wide_to_silence() -> str:
    return (
        "Nothing was done: only a silence about everything would cover this. "
        "`cxmon silence` on the command line can do that."
    )


def reason_needed() -> str:
    return "Give a reason."


def your_id(user: str) -> str:
    """What somebody needs who may not do a thing and should."""
    return f"Your Slack user id is {user}: whoever keeps the configuration can name it there."


def buttons_of(channel: str) -> str:
    return f"buttons of {channel}"


def read_later() -> str:
    return "Read by those who look at this incident later."


def note_goes() -> str:
    return "Kept with the incident, and told in its thread."


def no_person() -> str:
    return "A role or department, not a person."


def somebody_needed() -> str:
    return "Choose or name a role or department."


def one_off() -> str:
    return "A one-off: leave these days out"


def new_normal() -> str:
    return "The new normal: accept this level"


def not_real() -> str:
    return "Not real: a false alarm"


def not_real_means(metric: Metric, where: str, looks: int) -> Sequence[str]:
    """What a mark does, before somebody makes it."""
    after = counted(looks, metric.grain.value)
    return (
        f"You say that nothing happened to {metric.label} in {where}. The incident ends, and counts as a false alarm.",
        "No figure changes: these days stay in what is expected, in verdicts and on the board.",
        f"It is told again when it gets clearly worse than now, or is still so after {after}.",
        "Other segments, and whatever begins later, are told as always.",
    )


def shown_next() -> str:
    return "What it does is shown before anything is done."


def answer_instead() -> str:
    return "Nothing was done: a decision is answered instead (keep, amend, roll back, accept), and a source is mended."


def must_have_begun() -> str:
    return "This day has not begun yet."


def days_in_order(most: int) -> str:
    return f"The last day is the first or a later one, and {most} days at most are left out."


def hidden_by_accepting(incident: Incident, metric: Metric) -> Sequence[str]:
    """What the new level hides, before somebody accepts it."""
    where = ", ".join(segment(m) for m in incident.members)
    lines = [f"From now on this is how {metric.label} in {where} is expected to be."]
    # A newest look that is quiet is not what the level hides.
    finding = figures(incident, incident.latest)
    if finding is not None and math.isfinite(finding.value):
        seen, expected, *_ = levels(finding, metric)
        instead = f" instead of {expected}" if math.isfinite(finding.expected) else ""
        lines.append(f"That hides {seen}{instead}: nobody is alerted of it any more.")
    if finding is not None and math.isfinite(finding.expected):
        lines.append("The new level is learnt first, two weeks of daily figures; until then nothing is found there.")
    lines.append("You are alerted again only when it gets clearly worse than now. Verdicts on decisions do not change.")
    return lines


def one_off_means(metric: Metric, where: str) -> Sequence[str]:
    return (
        f"These days of {metric.label} in {where} are neither judged nor learnt from.",
        "The figures stay on the board. Verdicts on decisions inside that use none of these days, and say so and why.",
    )


def segments_of(incident: Incident, metric: Metric, bands: Sequence[Band], zone: str) -> Sequence[str]:
    """Where it happens, the worst first: the newest complete average against what was expected, as on the board."""
    rows = [(found, band) for band in bands if (found := gap(band, metric)) is not None]
    rows.sort(key=lambda row: -row[0].harm)
    mine = {m.key for m in incident.members}
    spans = {window(found, band, zone) for found, band in rows}
    lines = [f"Averages over the {next(iter(spans))}, against what was expected:"] if len(spans) == 1 else []
    for found, band in rows[:SHOWN_AT_MOST]:
        mark = " (in this incident)" if band.key in mine else ""
        when = "" if len(spans) == 1 else f", {window(found, band, zone)}"
        sure = "chance alone could do that" if found.tone is Tone.GREY else pill(found, metric)
        seen, expected = gaps.levels(found, metric)
        lines.append(f"{band.label}{mark}: {seen} instead of {expected}, {sure}{when}")
    if len(rows) > SHOWN_AT_MOST:
        lines.append(f"and {len(rows) - SHOWN_AT_MOST} more")
    return lines


def where_of(what: str) -> str:
    return f"Where it happens: {what}"


def no_segments() -> str:
    return "No segment of it has figures to show."


def not_compared() -> str:
    return "Not known: segments are compared where a verdict is worse and its scope has more than one of them."


def nobody_may() -> str:
    return "nobody may press them: name editors under `access`"
