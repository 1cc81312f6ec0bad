"""The words of the forms in Slack by which decisions are answered and declared, and of what they answer."""

import re
from collections.abc import Sequence
from datetime import datetime

from cxmon.model import Change, Declared, Metric, Response, Verdict
from cxmon.wording.answers import until
from cxmon.wording.numbers import as_typed, counted, day, days
from cxmon.wording.pricing import price_line
from cxmon.wording.screen import screen
from cxmon.wording.sizes import in_words


def stands(change: Change, verdict: Verdict | None, decided: Sequence[str]) -> Sequence[str]:
    """What somebody should see who answers a decision: how it was judged, what it costs, what was decided before."""
    lines = [change.title]
    if verdict is None:
        lines.append("Not judged yet")
    else:
        lines += [screen(verdict)[0], verdict.headline]
        lines += [f"Price: {price_line(verdict.price)}"] if verdict.price is not None else []
    return [*lines, *([f"Decided before: {decided[-1]}"] if decided else [])]


def recorded(response: Response, zone: str, *, told: bool) -> str:
    """`Recorded: Amend by 1 Dec. Planning is reminded on that day. It is told in the thread.`"""
    reminded = f" {response.owner or response.by} is reminded on that day." if response.due else ""
    thread = " It is told in the thread." if told else ""
    return f"Recorded for {response.by}: {until(response, zone)}.{reminded}{thread}"


def no_decision() -> str:
    return "This decision is not known here any more, so nothing was done."


def day_to_come() -> str:
    return "Name a day to come."


def who_sees_to_it(by: str) -> str:
    return f"A role or department, not a person; without one it is {by}."


def reminds_then() -> str:
    return "A reminder comes on that day, and once it is past."


def one_decision() -> str:
    return "Choose what is decided."


def goes_live() -> str:
    return (
        "It is declared when you send this: judged from its start on, read every day. Kind, start, scope, metrics and "
        "limits are frozen then, so that nobody can choose them again after looking at the figures."
    )


def becomes_draft() -> str:
    return "You propose it: a draft, a pin on the charts that nothing is judged by, until an editor declares it."


def limits_are(metrics: Sequence[Metric]) -> str:
    """What is accepted where nothing is said."""
    said = ", ".join(f"{m.label} {in_words(m.matters.text)}" for m in metrics)
    return f"Without any, all are watched. A harm that nobody names a limit for is accepted up to what matters: {said}."


def limit_of(metric: Metric) -> str:
    return f"{metric.label}: harm that is accepted"


def limit_hint(metric: Metric) -> str:
    matters = metric.matters.text
    return f"Such as {matters} for {in_words(matters)}, which it is where nothing is written.{as_typed('2.5pt')}"


def from_midnight(zone: str) -> str:
    return f"Left empty: from midnight, in {zone} or the zone below."


def gains_hint(metric: Metric) -> str:
    matters = metric.matters.text
    such = f"By metric, such as {metric.id}={matters} for {in_words(matters)}; for investments and fixes."
    return f"{such}{as_typed('2.5pt')}"


def saving_hint() -> str:
    return f"A number such as 120000.{as_typed('120000.50')}"


def digits_alone(amount: str) -> str:
    """`1.200` and `1,200` are one thing to some readers and another to others."""
    return f"Found {amount}, expected digits alone, with a point before cents: 120000 or 120000.50"


def elsewhere_hint(dimension: str, value: str) -> str:
    return f"One dimension a line, such as {dimension}={value}; what is not named is touched whole."


def in_stages() -> str:
    return "In stages"


def stage(where: str, starts: datetime, ends: datetime | None, zone: str) -> str:
    """`region us from 1 Oct`, `region us from 1 Oct to 1 Nov`."""
    return f"{where} from {day(starts, zone)}{f' to {day(ends, zone)}' if ends else ''}"


def spilling() -> str:
    return "It may also reach, so that nothing is compared with it"


def weighing() -> str:
    return "Shares of the error allowance"


def stages_label() -> str:
    return "Does it come to segments one after the other?"


def stages_hint() -> str:
    return (
        f"Two or more lines such as {stage_example()}; the first begins with the change, none share customers. "
        "Each is compared with those that do not have it yet. One that was taken back: 2026-10-01 to 2026-11-01: ..."
    )


def stage_example() -> str:
    return "2026-10-01: region=us,uk; channel=phone"


def spills_label() -> str:
    return "Which other segments may it reach?"


def spills_hint() -> str:
    return f"A line each, such as {scope_example()}; they are never used for comparison."


def scope_example() -> str:
    return "channel=chat; region=us"


def weights_label() -> str:
    return "Which figures matter more?"


def weights_hint() -> str:
    return f"A line each, such as {weight_example()}: it gets twice the error allowance. Without any all get the same."


def weight_example() -> str:
    return "csat=2"


def preview_label() -> str:
    return "What could we see, and when?"


def not_in_the_form() -> str:
    return (
        "Not in this form: an end, guards, scopes by metric, who joined (membership), how long it was announced, and "
        "another horizon than 90 days. `cxmon change add --file` takes them, before it is declared."
    )


def is_worked_out() -> str:
    return "It is worked out; that takes some seconds."


def first_mend() -> str:
    return "Nothing can be said yet. In the form:"


def cannot_say(why: str) -> str:
    return f"Nothing can be said: {why}."


def more_figures(count: int) -> str:
    return f"And {counted(count, 'figure')} more: `cxmon change plan` has all of them."


def title_needed() -> str:
    return "Say what was decided."


def all_of(dimension: str) -> str:
    return f"Nothing chosen: it touches all of them, whatever their {dimension}."


def no_such_value(dimension: str, value: str) -> str:
    return f"No segment has {dimension} {value}."


def not_known_any_more(what: str) -> str:
    return f"{what} is not known any more: open the form again."


def pair_expected(example: str) -> str:
    return f"Expected lines such as {example}."


def zone_expected(expected: str) -> str:
    return f"Expected {expected}"


def problem_at_field(problem: str) -> str:
    """A problem of a configuration without its key, which a form does not show: `Found '2', expected ...`."""
    said = re.sub(r"^\S+: (?=found )", "", problem)
    return f"{said[:1].upper()}{said[1:]}"


def saving_needs(what: str) -> str:
    return f"A saving needs {what}."


def declared_badge(declared: Declared) -> str:
    if declared.change.status == "live":
        return f"Declared {days(declared.days_late)} late" if declared.days_late else "Declared"
    return "Proposed"


def judged_wider(metric: Metric, missing: Sequence[str], whom: str) -> str:
    """`Orders has no channel and no region: judged on all customers`."""
    return f"{metric.label} has no {' and no '.join(missing)}: judged on {whom}"


def next_step(change: Change, *, live: bool) -> str:
    if live:
        return (
            f"It is watched for {days(change.horizon_days)}. `cxmon change plan {change.id}` says when a harm of its "
            "limits would be seen."
        )
    return "An editor declares it with the button below; until then nothing is judged by it."


def by_form() -> str:
    return "declared with the form in Slack"


def by_button() -> str:
    return "read and declared in Slack"


def edited_since() -> str:
    return "Nothing was declared: it was edited since you read it. Now it is shown as it is: read it, then press again."


def already_live(at: datetime | None, zone: str) -> str:
    when = f" on {day(at, zone)}" if at else ""
    return f"It was declared{when} already: nothing was changed."


def declared_to(declared: Declared, channel: str) -> str:
    return f"{declared_badge(declared)}: {declared.change.title}. It is told in {channel}."


def put_live(declared: Declared, by: str) -> str:
    late = f", {days(declared.days_late)} late" if declared.days_late else ""
    return f"Declared by {by}{late}: judged from now on, and its limits are frozen."
