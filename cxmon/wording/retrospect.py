"""Lasting changes of the past in words: which way, how much, between which days, and what was declared in that time."""

from datetime import datetime

from cxmon.model import Interval, Metric, PastShift, Retrospect
from cxmon.wording.numbers import amount, bare, counted, day, digits_of
from cxmon.wording.screen import segment

FOOTING = (
    "Found in retrospect: noise alone shows a change in about one segment of 200, an uneven season or slow wandering "
    "in up to one of 20. What was declared in that time stands near it; whether it is the cause is what `cxmon judge` "
    "answers."
)


def shifted(metric: Metric, shift: PastShift, zone: str, now: datetime) -> str:
    """`phone · eu fell by 7.5 points (5.1 to 9.9) between 31 Jul and 17 Oct, likeliest on 3 Oct; near: Desk closed`."""
    ends = sorted((abs(shift.low), abs(shift.high)))
    precision = digits_of(metric, Interval(estimate=shift.size, low=ends[0], high=ends[1]), shift.unit)
    way = "rose" if shift.size > 0 else "fell"
    size = amount(metric, shift.size, shift.unit, precision)
    between = " to ".join(bare(metric, x, shift.unit, precision) for x in ends)
    first, last, likeliest = (day(at, zone, now=now) for at in (*shift.began, shift.since))
    when = f"on {first}" if first == last else f"between {first} and {last}, likeliest on {likeliest}"
    slow = f", complete by {day(shift.settled, zone, now=now)}" if shift.settled > shift.since else ""
    near = f"; declared in that time: {', '.join(shift.near)}" if shift.near else ""
    return f"{segment(shift.segment)} {way} by {size} ({between}) {when}{slow}{near}"


def looked_back(metric: Metric, found: Retrospect, zone: str, now: datetime) -> str:
    """What the answer rests on, and how many of its changes chance alone would bring."""
    if found.first is None or found.last is None or not found.looked_at:
        few = f"{counted(found.short, 'segment')} with fewer than 12 periods" if found.short else "no figures"
        return f"{metric.label}: not known, {few}"
    first, last = day(found.first, zone, now=now), day(found.last, zone, now=now)
    what = "no lasting change" if not found.found else counted(len(found.found), "lasting change")
    short = f", {found.short} too short" if found.short else ""
    looked = counted(found.looked_at, "segment")
    return f"{metric.label}, {first} to {last}: {what} in {looked}{short}"
