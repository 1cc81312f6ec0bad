"""Verdict codes, grades, incidents and findings as the words, tones and shapes that people see."""

import math
from collections.abc import Mapping
from functools import singledispatch

from cxmon.decisions.joining import RAW
from cxmon.model import (
    AimCode,
    Category,
    Code,
    Decision,
    Ending,
    Finding,
    Harm,
    Incident,
    IncidentState,
    Kind,
    Metric,
    Scope,
    Segment,
    State,
    Step,
    Tone,
    Unlike,
    Verdict,
)
from cxmon.wording.against import levels
from cxmon.wording.aiming import aims_screen
from cxmon.wording.numbers import days_judged, number

# What stands at the line *measured anew* where it is the definition in the configuration that is another one.
OTHER_DEFINITION = "by another definition; what the one before counted is not drawn"

Screen = tuple[str, Tone, str]

# Code -> (words, tone, shape as a Material icon's name). `safe`, `entangled` and `not_comparable` are completed by
# `screen`.
_SCREEN: Mapping[Code, Screen] = {
    Code.HARMED: ("Over the limit", Tone.RED, "report"),
    Code.WORSE: ("Worse, limit still open", Tone.AMBER, "warning"),
    Code.IMPROVED: ("Better", Tone.TEAL, "trending_up"),
    Code.SAFE: ("Limit held so far", Tone.GREY, "shield"),
    Code.UNDECIDED: ("Too early", Tone.GREY, "hourglass_empty"),
    Code.WAITING: ("Waiting for data", Tone.GREY, "pending"),
    Code.NOT_COMPARABLE: ("Cannot compare", Tone.GREY, "block"),
    Code.ENTANGLED: ("Cannot be separated", Tone.GREY, "link"),
}
_UNLIKE = {
    Unlike.MEASUREMENT: "Survey changed, cannot compare",
    Unlike.VANISHED: "No figures since, cannot compare",
    Unlike.ANSWERS: "Fewer answers, cannot compare",
}
# Worse as well, but no limit is open.
WITHIN = "Worse, within the limit"
# Undecided as well, but not because it is early.
LATELY = "Worse lately"
# Not comparable as well, but not because of the survey.
CHOSEN = "Members chose it, cannot compare"
_STATES = {
    IncidentState.PENDING: "Not confirmed yet",
    IncidentState.OPEN: "Open",
    IncidentState.ACKNOWLEDGED: "Acknowledged",
    IncidentState.ENDED: "Ended",
}
FALSE_ALARM = "Marked as not real"
_ENDINGS = {
    Ending.RECOVERED: "Recovered",
    Ending.ACCEPTED: "Accepted as the new level",
    Ending.CLOSED_UNKNOWN: "Closed, not known whether it recovered",
}
_STEPS = {
    Step.OPENED: "Opened",
    Step.WORSENED: "Clearly worse than last told",
    Step.WIDENED: "More segments are affected",
    Step.ACKNOWLEDGED: "Acknowledged",
    Step.ENDED: "Ended",
    Step.REOPENED: "It came back",
    Step.CORRECTED: "Corrected",
    Step.ASSIGNED: "Assigned",
    Step.REMARKED: "Note",
    Step.SILENCED: "Silenced",
    Step.LEFT_OUT: "One-off, left out",
    Step.REPEATED: "Still open",
    Step.MARKED: "Marked as not real",
    Step.UNMARKED: "The mark as not real is taken back",
}
_FINDINGS = {State.OK: "As expected", State.BREACH: "Out of bounds", State.UNKNOWN: "Not known"}
_DECISIONS = {
    Decision.KEEP: "Keep",
    Decision.AMEND: "Amend",
    Decision.ROLL_BACK: "Roll back",
    Decision.ACCEPT: "Accept as the new level",
}
_CATEGORIES = {Category.COST_CUT: "Cost cut", Category.MEASUREMENT: "Survey change"}
_AIMS = {AimCode.SHOWN: "Aim shown", AimCode.NOT_SHOWN: "Aim not shown", AimCode.MISSED: "Aim missed"}


@singledispatch
def screen(what: Code | Harm | Verdict, *, titles: Mapping[str, str] | None = None) -> Screen:  # noqa: ARG001 - as below.
    """(words, tone, shape) of a code, of one metric's harm or of a whole verdict.

    The shape is a Material icon's name. `titles` maps the ids of other changes to their titles, for what cannot be
    separated. Raises TypeError for anything else.
    """
    raise TypeError(f"screen: found {type(what).__name__}, expected a Code, Harm or Verdict")


@screen.register
def _code(what: Code, *, titles: Mapping[str, str] | None = None) -> Screen:  # noqa: ARG001 - one signature for all.
    return _SCREEN[what]


@screen.register
def _harm(what: Harm, *, titles: Mapping[str, str] | None = None) -> Screen:
    words, tone, shape = _SCREEN[what.code]
    if what.code is Code.WORSE and what.so_far.high <= what.limit:
        words = WITHIN
    if came_late(what):
        words = LATELY
    if what.code is Code.SAFE:
        # A stage has no window of its own.
        words = f"{words}, to day {days_judged(what)}" if days_judged(what) else words
    if what.code is Code.NOT_COMPARABLE and what.reason.startswith(RAW):
        words = CHOSEN
    if what.code is Code.ENTANGLED and what.entangled_with:
        words = f"Cannot be separated from {_titles(what.entangled_with, titles)}"
    return _unlike(what) or words, tone, shape


@screen.register
def _verdict(what: Verdict, *, titles: Mapping[str, str] | None = None) -> Screen:
    if (on_aims := aims_screen(what)) is not None:
        return on_aims
    same = [harm for harm in what.harms if harm.code is what.code]
    words, tone, shape = _SCREEN[what.code]
    if what.code is Code.SAFE:
        # The watch is as long as its shortest metric: held "to day N" must be true of every metric.
        held = [days_judged(harm) for harm in what.harms if harm.code in {Code.SAFE, Code.IMPROVED}]
        words = f"Limit held so far, to day {min(held) if held else what.day}"
    elif what.code is Code.NOT_COMPARABLE and same and all(harm.reason.startswith(RAW) for harm in same):
        words = CHOSEN
    elif what.code is Code.ENTANGLED and same:
        others = tuple(dict.fromkeys(other for harm in same for other in harm.entangled_with))
        words = f"Cannot be separated from {_titles(others, titles)}" if others else words
    elif what.code is Code.WORSE and same and all(harm.so_far.high <= harm.limit for harm in same):
        words = WITHIN if _nothing_open(what) else words
    elif what.code is Code.UNDECIDED and same and all(came_late(harm) for harm in same):
        words = LATELY
    elif what.code is Code.NOT_COMPARABLE:
        reasons = {_unlike(harm) for harm in same}
        words = reasons.pop() or words if len(reasons) == 1 else words
    return words, tone, shape


def came_late(harm: Harm) -> bool:
    """True where the limit holds on average and only the last periods, which are surely worse, keep that from being
    said."""
    held = harm.code is Code.UNDECIDED and harm.so_far.high < harm.limit
    return held and harm.now.low > 0 and harm.now != harm.so_far


def category(which: Category) -> str:
    return _CATEGORIES.get(which, which.value.capitalize())


def aim(code: AimCode) -> str:
    return _AIMS[code]


def decision(which: Decision) -> str:
    return _DECISIONS[which]


def segment(which: Segment) -> str:
    return which.label


def scope(which: Scope) -> str:
    return which.label


def more_segments(count: int) -> str:
    """` and 2 more segments`, to follow the first one's name; empty where there are none."""
    return f" and {count} more {'segment' if count == 1 else 'segments'}" if count > 0 else ""


def state(incident: Incident) -> str:
    """An incident's state, with how it ended."""
    if incident.state is not IncidentState.ENDED or incident.ending is None:
        return _STATES[incident.state]
    if incident.not_real is None:
        return _ENDINGS[incident.ending]
    by_mark = incident.not_real.ended and incident.ending is Ending.CLOSED_UNKNOWN
    return FALSE_ALARM if by_mark else f"{_ENDINGS[incident.ending]}, marked as not real"


def ending(which: Ending) -> str:
    return _ENDINGS[which]


def step(which: Step) -> str:
    return _STEPS[which]


def finding(what: Finding, metric: Metric | None = None) -> str:
    """One finding in a sentence: the state, the figures where there are any, and the reason."""
    words = _FINDINGS[what.state]
    if metric is None or math.isnan(what.value):
        return f"{words}: {what.reason}"
    seen, expected, *_ = levels(what, metric)
    figures = f"{metric.label} {seen}"
    if not math.isnan(what.expected):
        figures += f", expected {expected}"
    answers = f", {number(what.n, 0)} {count_word(metric)}" if what.n else ""
    return f"{words}: {figures} ({segment(what.segment)}{answers}); {what.reason}"


def count_word(metric: Metric) -> str:
    """What is counted behind a figure."""
    words = {Kind.PROPORTION: "answers", Kind.MEAN: "answers", Kind.QUANTILE: "cases", Kind.RATE: "counted"}
    return words.get(metric.kind, "units")


def _unlike(harm: Harm) -> str:
    """Why a metric cannot be compared; empty where it can."""
    rate = harm.response_rate
    if harm.unlike is Unlike.ANSWERS and rate is not None and rate.low > 0:
        return "More answers, cannot compare"
    return _UNLIKE[harm.unlike] if harm.unlike is not None else ""


def _titles(ids: tuple[str, ...], titles: Mapping[str, str] | None) -> str:
    return " and ".join((titles or {}).get(other, other) for other in ids)


def _nothing_open(what: Verdict) -> bool:
    """True where every watched metric is decided: "within the limit" is a kind of "held"."""
    return not any(
        harm.code in {Code.UNDECIDED, Code.WAITING, Code.ENTANGLED, Code.NOT_COMPARABLE} for harm in what.harms
    )
