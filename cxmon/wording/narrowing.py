"""How sure a verdict became, in words: its range then and now, when it turned, and where the days are known from."""

from datetime import timedelta
from itertools import pairwise

from cxmon.model import Code, Harm, KeptBy, Metric, Narrowing, Reading
from cxmon.wording import numbers as say
from cxmon.wording.screen import screen

_A_WEEK_AND_A_HALF = timedelta(days=10.5)
# What was open is no turn to be told.
_TURNS = frozenset({Code.HARMED, Code.WORSE, Code.IMPROVED, Code.SAFE})


def narrowed(found: Narrowing, metric: Metric, zone: str = "UTC") -> str:
    """`CSAT could be 2.4 points better to 15.1 points worse on day 6, and is 3.1 to 8.0 points worse on day 71. Over
    the limit with the figures to 10 Oct (day 48)`; empty where nothing is known."""
    if not found.readings:
        return ""
    first, last = found.readings[0], found.readings[-1]
    if first is last:
        return f"{metric.label}: {reading_range(last, metric)} on day {day_of(last)}; only this day is known yet"
    then, now = (f"{reading_range(one, metric)} on day {day_of(one)}" for one in (first, last))
    told = f"{metric.label} could be {then}, and is {now}"
    turned = found.turned
    if turned is None or turned.code not in _TURNS:
        return told
    until = say.day(turned.until - timedelta(days=1), zone)
    return f"{told}. {screen(turned.code)[0]} with the figures to {until} (day {day_of(turned)})"


def kept(found: Narrowing, zone: str = "UTC") -> str:
    """Where the days on the chart are known from."""
    parts = []
    if found.kept_from is not None:
        parts.append(f"Kept day by day from {say.day(found.kept_from, zone)}")
    by = {one.by for one in found.readings}
    if KeptBy.VERSION in by:
        parts.append("Open circles: what a version of the verdict said, no other day was kept then")
    if KeptBy.AFTERWARDS in by:
        parts.append("Open squares: worked out afterwards from what was known on that day")
    return ". ".join(parts)


def not_yet(found: Narrowing, change: str) -> str:
    """That weeks are missing which can be worked out, and by what; empty where none are, or that was done."""
    known = found.readings
    if not known or any(one.by is KeptBy.AFTERWARDS for one in known):
        return ""
    ends = [known[0].since, *(one.until for one in known)]
    if max(b - a for a, b in pairwise(ends)) <= _A_WEEK_AND_A_HALF:
        return ""
    return (
        "The weeks without a mark are not worked out yet: cxmon run and cxmon up do it in the background, "
        f"cxmon change retrace {change} at once"
    )


def answered_alone(harm: Harm) -> str:
    """Why a verdict may be less sure than its range reads; empty where it is not."""
    rate = harm.response_rate
    if rate is None or rate.bounds is None:
        return ""
    return "The ranges are of those who answered; the verdict allows for the missing answers too, so it may say less"


def reading_range(one: Reading, metric: Metric) -> str:
    """`3.1 to 8.0 points worse`, `2.4 points better to 15.1 points worse`."""
    worse, better = say.sides(metric, one)
    low, high, digits = one.so_far.low, one.so_far.high, say.digits_of(metric, one.so_far, one.unit)
    if low < 0 < high:
        gain, harm = (say.amount(metric, x, one.unit, digits) for x in (low, high))
        return f"{gain} {better} to {harm} {worse}"
    least, most, word = (low, high, worse) if low >= 0 else (high, low, better)
    return f"{say.bare(metric, least, one.unit, digits)} to {say.amount(metric, most, one.unit, digits)} {word}"


def day_of(one: Reading) -> int:
    """The day of the watch that a reading's window goes to."""
    return max(0, round((one.until - one.since) / timedelta(days=1)))
