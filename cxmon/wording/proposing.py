"""What is said where a change is proposed, reviewed and put live."""

import re
from collections.abc import Mapping, Sequence

from cxmon.decisions import proposals, watched
from cxmon.decisions.proposals import Stage
from cxmon.model import FROM_FEED, Amount, Change, Declared, Metric, Signed
from cxmon.wording.numbers import as_typed, day, size, stamp
from cxmon.wording.sizes import EXAMPLES, in_words
from cxmon.wording.sizes import origin as origin_words

# What a person answers with where nobody has named a department for them.
FOR_WHOM = "For which role or department"
WHY = "Why"
START_THE_BOARD = (
    "Start the board with `cxmon board` or `cxmon up` to plan and propose here: it has to know its configuration."
)
A_DRAFT = "It becomes a draft: a pin on the charts, judged by nobody until an editor has signed its limits."
UNSAID = "Say what is decided, and which role or department decides."
ACCEPTED = "The harm that is accepted"
SURE = "What it says is frozen then, with hash and time; later edits stay visible."
LIMITS = f"The harm that is accepted, such as {EXAMPLES}"

_PLACE = re.compile(r"^(stdin|-):\d+: ", re.MULTILINE)
_STAGES = {
    Stage.DRAFT: ("Proposed, not reviewed", "edit_note"),
    Stage.REVIEWED: ("Reviewed, not live", "rule"),
    Stage.LIVE: ("Live", "verified"),
}


def limit_help(metric: Metric) -> str:
    """What stands beside the field of a metric's limit."""
    empty = f"Empty: {in_words(metric.matters.text)}, the smallest difference worth acting on."
    return f"{LIMITS}. {empty}{as_typed('2.5pt')}"


def no_answer(reason: str) -> str:
    return f"There is no answer: {reason}"


def refused(told: str) -> str:
    """What the command line said, without the line of a file that nobody sees."""
    lines = [line.strip(" │") for line in _PLACE.sub("", told).splitlines()]
    said = [line for line in lines if line and not line.startswith(("Usage:", "Try ", "╭", "╰"))]
    return "; ".join(said[-8:]) or no_answer("it said nothing")


def stage_words(declared: Declared, trail: Sequence[Signed]) -> tuple[str, str]:
    """(words, shape) of how far a proposal has come."""
    return _STAGES[proposals.stage(declared, trail)]


def stage_line(declared: Declared, trail: Sequence[Signed], zone: str) -> str:
    """Who reviewed what the draft says now, or what is still to be done."""
    seen = proposals.review(declared, trail)
    if seen is not None:
        return f"Reviewed by {seen.by}, {stamp(seen.at, zone)}: {seen.why}. An editor can sign it and put it live."
    return "An editor reviews it and sets its limits, then it is signed and put live. Until then nobody judges it."


def elsewhere(declared: Declared, origin: str) -> str:
    """Where a draft has to be put live that was not proposed here; empty where it can be here."""
    if declared.origin == origin or declared.origin.startswith(FROM_FEED):
        return ""
    return f"This draft was written down {origin_words(declared.origin)}: change it and put it live there."


def limit_lines(change: Change, metrics: Mapping[str, Metric]) -> list[str]:
    """What is signed, figure by figure: the limit, or what matters where none is said."""
    lines = []
    for name in watched(change, metrics):
        limit: Amount | None = change.limits.get(name)
        said = in_words(size(metrics[name].matters if limit is None else limit))
        said += ", the smallest difference worth acting on, since no limit is said" if limit is None else ""
        lines.append(f"{metrics[name].label}: {said}")
    return lines


def proposed(change: Change, zone: str) -> str:
    return f"Proposed: {change.title}, from {day(change.starts, zone)}. It is a draft until an editor signs it."


def reviewed(change: Change) -> str:
    return f"Reviewed: {change.title}. It is not live yet."


def live(declared: Declared) -> str:
    late = f", {declared.days_late} days after it began" if declared.days_late else ""
    return f"Live{late}: {declared.change.title}, hash {declared.frozen_hash}. It is judged from now on."
