"""An incident in words: what happened, since when, how much against expected, where, how sure."""

import math
from datetime import datetime

from cxmon import wording
from cxmon.model import (
    Ending,
    Fact,
    Finding,
    Grade,
    Incident,
    IncidentState,
    Metric,
    NotReal,
    Segment,
    State,
    Step,
    Tone,
    Transition,
    written,
)
from cxmon.wording.against import gap, gap_words, holds_nothing, levels, side, size_words
from cxmon.wording.kinds import NOT_INSIDE
from cxmon.wording.messages import AGAINST_EXPECTED, CORRECTED, at_most, lower
from cxmon.wording.placing import TOO_LITTLE
from cxmon.wording.watching import beyond_figures, lasted
from cxmon.wording.withholding import withheld_headline

HOW_MUCH, AT_ITS_WORST = "How much", "At its worst"
# What a check is called on the screen while its incident is open, by the check's type.

_BADGES = {
    "threshold": ("Out of bounds", Tone.RED),
    "watch": ("Worse than expected", Tone.AMBER),
    "freshness": ("No new data", Tone.GREY),
    "data": ("Source in trouble", Tone.GREY),
    "error": ("Check cannot be run", Tone.GREY),
    "funnel": ("Outside what its size explains", Tone.AMBER),
}
OF_SOURCES = frozenset({"freshness", "data", "error"})
_OF = {"data": "source ", "error": "check "}
_ENDINGS = {
    Ending.RECOVERED: "has recovered",
    Ending.ACCEPTED: "is accepted at its new level",
    Ending.CLOSED_UNKNOWN: "stopped being measurable; it is not known whether it recovered",
}
# Of one that people ended as a false alarm: what they said, since the figures have not said it.
_BY_MARK = "marked as not real by"
_SURE_OF_A_MARK = "the word of those who marked it, not a measurement: the figure is where it is"
# Beside a range that reaches over zero: the alarm and the size answer two questions (docs/methods/watch.md).
_SURER = "; the range still includes zero: that something began is surer than how large it is"
_SURE_OF_ENDS = {
    Ending.RECOVERED: "inside what chance explains, for long enough to be called recovered",
    Ending.ACCEPTED: "a decision, not a measurement: the figure is where it is",
    Ending.CLOSED_UNKNOWN: "not known: too little complete data to judge by",
}


def figures(incident: Incident, finding: Finding | None) -> Finding | None:
    """What is told: while it lasts, a look that knew nothing or was quiet is told by the worst one in breach; the
    newest figure alone may lie on the good side, and would be called out of bounds."""
    lasting = incident.state is not IncidentState.ENDED
    if finding is None or (lasting and finding.state is not State.BREACH):
        return incident.worst or finding
    return finding


def spoken_of(incident: Incident, finding: Finding | None) -> Segment:
    """The segment whose figures are told: that of the story, but of a part while the part alone is in breach."""
    lasting = incident.state is not IncidentState.ENDED
    return finding.segment if finding and lasting and finding.segment in incident.members else incident.root


def guess(finding: Finding | None) -> str:
    if finding is not None and finding.withheld:
        return "withheld"
    known = finding is not None and math.isfinite(finding.value)
    compared = finding is not None and math.isfinite(finding.expected)
    # Only a funnel's whole compares without a figure of its own.
    return {(True, True): "watch", (True, False): "threshold", (False, True): "funnel"}.get(
        (known, compared), "freshness"
    )


def badge(incident: Incident, transition: Transition, kind: str) -> tuple[str, Tone]:
    if incident.state is IncidentState.ENDED and incident.ending is not None:
        tone = Tone.TEAL if incident.ending is Ending.RECOVERED else Tone.GREY
        words = wording.state(incident)
        return (CORRECTED + lower(words) if transition.step is Step.CORRECTED else words), tone
    words, tone = _BADGES.get(kind, _BADGES["watch"])
    words = f"{words}, on and off" if incident.flaps else words
    if incident.state is IncidentState.ACKNOWLEDGED:
        return f"{words}, acknowledged", tone
    if transition.step is Step.CORRECTED:
        return f"{words}, corrected", tone
    return words, tone


def _mark(incident: Incident) -> NotReal | None:
    """The mark by which people ended it, while nothing is known of how it went on."""
    mark = incident.not_real
    return mark if mark is not None and mark.ended and incident.ending is Ending.CLOSED_UNKNOWN else None


def headline(
    incident: Incident, finding: Finding | None, metric: Metric | None, what: str, kind: str, zone: str
) -> str:
    about = spoken_of(incident, finding)
    where = f" in {wording.segment(about)}" if about.items else ""
    if incident.state is IncidentState.ENDED and incident.ending is not None:
        if (mark := _mark(incident)) is not None:
            return f"{what}{where}: {_BY_MARK} {mark.by}"
        return f"{what}{where} {_ENDINGS[incident.ending]}"
    since = since_of(incident, finding)
    when = f" since {wording.day(since, zone)}" if since else ""
    if kind == "freshness":
        return f"{what}{where}: no new data{when}"
    if kind == "data" and finding is not None and math.isfinite(finding.expected):
        share = 1 - finding.value / finding.expected
        return f"{what}: {share:.0%} fewer data than usual{when}: lost, or demand fell".replace("%", " %")
    if kind == "data":
        return f"{what}: far fewer data than usual{when}"
    if kind == "error":
        return f"{what}: the check cannot be run{when}"
    found = gap(finding, metric) if finding and metric else None
    if finding is None or metric is None:
        return f"{what}{where} is out of bounds{when}"
    if finding.withheld:
        return withheld_headline(f"{what}{where}", kind, when)
    if kind == "watch" and found is not None:
        return f"{what}{where} is {size_words(found, metric)} {side(found, metric)} than expected{when}"
    if kind == "funnel":
        parts = finding.reason.partition(":")[0] if not math.isfinite(finding.value) else ""
        return f"{what}{where}: {parts}" if parts else f"{what}{where} is outside what its size explains{when}"
    return f"{what}{where} is {levels(finding, metric)[0]}, out of bounds{when}"


def lines(
    incident: Incident, transition: Transition, finding: Finding | None, metric: Metric | None
) -> tuple[str, ...]:
    """What the step adds, and what the check said in its own words."""
    said = said_reason(transition)
    checked = finding.reason if finding and finding.reason and finding.reason not in said else ""
    if finding is not None and metric is not None and gap(finding, metric) is not None:
        # Its figures stand among the facts, and are not said twice.
        said, checked = beyond_figures(said), beyond_figures(checked)
    step = wording.step(transition.step)
    if incident.ending is not None and incident.state is IncidentState.ENDED:
        step = wording.state(incident)
    by = f" by {incident.acknowledged_by}" if transition.step is Step.ACKNOWLEDGED and incident.acknowledged_by else ""
    first = f"{step}{by}: {said}" if said else f"{step}{by}."
    if transition.step is Step.OPENED and not said:
        first = ""
    return tuple(line for line in (first, checked, _definition(metric)) if line)


def _definition(metric: Metric | None) -> str:
    return f"{metric.label}: {lower(metric.definition)}" if metric and metric.definition else ""


def said_reason(transition: Transition) -> str:
    """The reason without the decision's name, which is for `cxmon why`."""
    name, colon, rest = transition.reason.partition(": ")
    return rest if colon and name.replace("_", "").isalpha() and " " not in name else transition.reason


def since_of(incident: Incident, finding: Finding | None) -> datetime | None:
    return incident.since or (finding.since if finding else None)


def since_words(incident: Incident, told: Finding | None, zone: str) -> str:
    found, since = f"found on {wording.day(incident.opened_at, zone)}", since_of(incident, told)
    # The incident keeps its first date; a range that was found later and does not hold it is not about that date.
    began = told.began if told and told.began and since and told.began[0] <= since <= told.began[1] else None
    begun = f"{wording.day(since, zone)}{wording.between_days(began, zone)}, {found}" if since else found
    ended = f", ended on {wording.day(incident.ended_at, zone)}" if incident.ended_at else ""
    again = f", came back {incident.reopened}x" if incident.reopened else ""
    return begun + ended + again


def how_much(finding: Finding | None, metric: Metric | None, since: datetime | None = None) -> list[Fact]:
    """The figure, against what was expected where that is known; `since` is the day that the story is told from."""
    if finding is None or metric is None or not math.isfinite(finding.value):
        return []
    answers = f", {wording.number(finding.n, 0)} {wording.count_word(metric)}" if finding.n else ""
    value, expected, *bounds = levels(finding, metric)
    found = gap(finding, metric)
    if found is None:
        ends = (finding.low, finding.high)
        known = all(math.isfinite(x) for x in ends)
        # One period is noise: beside "recovered" its figure is not to be held against what was expected.
        alone = f" in the newest {metric.grain.value} alone"
        spread = f" (range {' to '.join(bounds)})" if known else alone
        return [Fact(label=HOW_MUCH, text=f"{value}{spread}{answers}")]
    against = f"{value} instead of {expected}{lasted(finding, metric, since)}: {gap_words(found, metric)}"
    return [Fact(label=AGAINST_EXPECTED, text=against + answers)]


def untold(kept: str) -> list[str]:
    """Before the end of a story of which nobody was told: what kept it quiet, by the words of its note (`a silence
    until 2026-12-03 00:00 UTC by Support (holidays) covers it`)."""
    past = kept.replace(" covers it", " covered it").replace(" tells of it", " told of it")
    return [f"Nobody was told while it lasted: {past}."] if kept else []


def at_its_worst(incident: Incident, metric: Metric | None, kind: str) -> list[Fact]:
    """What a story was of which only the end is told."""
    worst = incident.worst
    if worst is None or metric is None:
        return []
    badge = _BADGES.get(kind, _BADGES["watch"])[0]
    said = [fact.text for fact in how_much(worst, metric, incident.since)]
    return [Fact(label=AT_ITS_WORST, text=": ".join([badge, *said]))]


def where_of(incident: Incident, metric: Metric | None, kind: str) -> str:
    """The source or check that it is about, else its segments."""
    return _OF[kind] + incident.subject if kind in _OF else where(incident, metric, kind)


def where(incident: Incident, metric: Metric | None, kind: str) -> str:
    """The segment that it is told by, then where inside that while it lasts, then what is in breach by itself."""
    others = [wording.segment(m) for m in incident.members if m != incident.root]
    parts, lasting = [wording.segment(incident.root)], incident.state is not IncidentState.ENDED
    if kind == "watch" and metric is not None and lasting:
        parts.append(inside(incident, metric))
    if others:
        how = "in alarm by themselves too" if kind == "watch" and lasting else "seen in"
        parts.append(f"{how}: {', '.join(at_most(others, 5))}")
    return "; ".join(parts)


def inside(incident: Incident, metric: Metric) -> str:
    """Whether segments inside the root stand out or all fare alike, or why that cannot be said."""
    kinds = incident.kinds
    if kinds is not None and kinds.where is not None:
        return wording.placed_in(kinds.where, metric)
    why = NOT_INSIDE.get(kinds.why) if kinds is not None and kinds.why is not None else None
    return why or TOO_LITTLE


def how_sure(incident: Incident, finding: Finding | None, metric: Metric | None, kind: str) -> str:
    if incident.state is IncidentState.ENDED and incident.ending is not None:
        if kind == "freshness" and incident.ending is Ending.RECOVERED:
            return "certain: data arrives again"
        return _SURE_OF_A_MARK if _mark(incident) is not None else _SURE_OF_ENDS[incident.ending]
    if kind == "freshness":
        return "certain: nothing arrived; whether customers are well is not known"
    if kind == "error":
        return "certain: it raised an error; whether customers are well is not known"
    if kind == "data":
        return "more than chance explains, by the same weekday and hours; it says nothing about customers"
    if finding is None:
        return "not known"
    evidence = wording.grade(Grade.BEFORE_AFTER)
    found = gap(finding, metric) if metric is not None else None
    size = _SURER if metric is not None and found is not None and holds_nothing(found, metric) else ""
    # The more are watched, the likelier one of them moves by chance: that is counted in.
    among = f", with {written(finding.looked_at)} segments watched" if finding.looked_at > 1 else ""
    return {
        "threshold": f"the whole range of the figure is beyond its bound{among}; no cause is claimed",
        "funnel": f"more than chance and size explain{among}{size}",
    }.get(kind, f"more than chance explains{among}, judged by its own past ({evidence}){size}; no cause is claimed")


def footing(about: Segment, at: datetime, zone: str) -> str:
    """What stands below the title of its picture."""
    stamp = wording.stamp(at, zone)
    return f"{wording.grade(Grade.BEFORE_AFTER)} · {wording.segment(about)} · as of {stamp}"


def reply(transition: Transition, badge: str, headline: str) -> str:
    said = said_reason(transition)
    words = wording.step(transition.step)
    # An end is named in its headline.
    first = f"{words}. {badge}: {headline}" if transition.step is not Step.ENDED else headline
    return f"{first}\n{said}" if said else first
