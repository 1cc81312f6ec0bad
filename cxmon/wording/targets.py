"""Where a target stands, in words: the answer, the chance and the range, and the pace that is needed."""

import math
from collections.abc import Mapping, Sequence

from cxmon.model import EVERYONE, Course, Interval, Metric, TargetOutlook, Tone, written
from cxmon.wording import numbers as say
from cxmon.wording.screen import Screen

_SCREEN: Mapping[Course, Screen] = {
    Course.ON_COURSE: ("On course", Tone.TEAL, "flag"),
    Course.WILL_MISS: ("Will miss", Tone.AMBER, "flag"),
    Course.CANNOT_SAY: ("Cannot say", Tone.GREY, "pending"),
    Course.MET: ("Met", Tone.TEAL, "check"),
    Course.MISSED: ("Missed", Tone.AMBER, "close"),
}
HEADERS = ("target", "by", "owner", "", "lately", "expected then")


def course(which: Course) -> Screen:
    """(words, tone, shape) of where a target stands."""
    return _SCREEN[which]


def aimed_at(outlook: TargetOutlook, metric: Metric, zone: str = "UTC") -> str:
    """`CSAT, phone: at least 88 % by 30 Jun 2027`."""
    segment = outlook.target.segment
    where = f", {segment.label}" if segment != EVERYONE else ""
    return f"{metric.label}{where}: {bound(outlook, metric, zone)}"


def bound(outlook: TargetOutlook, metric: Metric, zone: str = "UTC") -> str:
    """`at least 88 % by 30 Jun 2027`."""
    target = outlook.target
    side = "at least" if metric.better == "higher" else "at most"
    return f"{side} {say.value(metric, target.value)} by {say.day(target.by, zone, now=outlook.as_of)}"


def outlook(found: TargetOutlook, metric: Metric, zone: str = "UTC") -> str:
    """One target in one line: what is aimed at, where it stands with chance and range, and the pace."""
    words = f"{aimed_at(found, metric, zone)}. {_SCREEN[found.course][0]} ({found.course})"
    return f"{words}: {standing(found, metric)}"


def standing(found: TargetOutlook, metric: Metric) -> str:
    """What stands behind the answer: chance, range and pace; what was measured where the day has come; or why not."""
    if found.course in {Course.MET, Course.MISSED}:
        return f"{say.value(metric, found.level)} on average ({written(found.answers)} in all)"
    if found.reason:
        return found.reason
    parts = (chance(found), expectation(found, metric), pace(found, metric), *found.notes)
    return "; ".join(part for part in parts if part)


def chance(found: TargetOutlook) -> str:
    """`the chance is 64 %`, never surer than one in a hundred."""
    if not math.isfinite(found.chance):
        return "the chance is not known"
    if found.chance < 0.01:
        return "the chance is under 1 %"
    return "the chance is over 99 %" if found.chance > 0.99 else f"the chance is {100 * found.chance:.0f} %"


def expectation(found: TargetOutlook, metric: Metric) -> str:
    """`lately 84.2 %, then 84.0 % expected (82.9 % to 85.1 % in eight of ten cases)`."""
    low, high, lately, then = (
        say.value(metric, x, _digits(found, metric)) for x in (found.low, found.high, found.level, found.expected)
    )
    return f"lately {lately}, then {then} expected ({low} to {high} in eight of ten cases)"


def pace(found: TargetOutlook, metric: Metric) -> str:
    """`it would have to get better by 0.4 points a month, expected are 0.1 points worse`, or no change where what is
    expected reads as nothing; empty where the level is there or the day near."""
    needed = -metric.harm_sign * found.pace_needed
    if not math.isfinite(needed) or needed <= 0:
        return ""
    unit = "pt" if say.is_share(metric) else metric.unit
    likely = -metric.harm_sign * found.pace_expected
    digits = 1 if unit == "pt" else None
    word = "better" if likely >= 0 else "worse"
    amount = say.amount(metric, likely, unit, digits)
    nothing = amount == say.amount(metric, 0.0, unit, digits)
    expected = "no change is expected" if nothing else f"expected are {amount} {word}"
    return f"it would have to get better by {say.amount(metric, needed, unit, digits)} a month, {expected}"


def _digits(found: TargetOutlook, metric: Metric) -> int | None:
    """As many digits as the range makes sense of."""
    if not math.isfinite(found.high - found.low):
        return None
    ends = Interval(estimate=found.expected, low=found.low, high=found.high)
    return say.digits_of(metric, ends, "pt" if say.is_share(metric) else metric.unit)


def row(found: TargetOutlook, metric: Metric, zone: str = "UTC") -> list[str]:
    """The cells of a table, as `HEADERS` names them."""
    what, _, by = aimed_at(found, metric, zone).rpartition(" by ")
    digits = _digits(found, metric)
    then = "" if found.reason or math.isnan(found.expected) else say.value(metric, found.expected, digits)
    return [what, by, found.target.owner, _SCREEN[found.course][0], say.value(metric, found.level, digits), then]


def ordered(outlooks: Sequence[TargetOutlook], metrics: Mapping[str, Metric]) -> list[TargetOutlook]:
    """Those whose metric is known, the ones that will miss first."""
    order = (Course.MISSED, Course.WILL_MISS, Course.CANNOT_SAY, Course.ON_COURSE, Course.MET)
    known = [o for o in outlooks if o.target.metric in metrics]
    return sorted(known, key=lambda o: (order.index(o.course), o.target.by, o.target.id))


def told(outlooks: Sequence[TargetOutlook], metrics: Mapping[str, Metric], zone: str = "UTC") -> list[str]:
    """One line a target, in that order."""
    return [outlook(o, metrics[o.target.metric], zone) for o in ordered(outlooks, metrics)]
