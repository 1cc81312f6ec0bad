"""Whether the answers that came no more could turn a verdict: bounds with every missing answer at its worst.

Those who answer after a change may be others than those who answered before. Where the response rate fell from r0 to
r1, the share d = 1 - r1 / r0 of the expected answers is missing, and the mean over all of them lies between
(1 - d) y + d a and (1 - d) y + d b for answers between a and b (Manski 1990, for the missing ones only: those who never
answered are no part of the figure, before or after). Where it rose, the share 1 - r0 / r1 of the given answers came in
addition; without them the mean is at most (y - e a) / (1 - e) and at least (y - e b) / (1 - e), within a and b (Lee
2009; for shares this is exactly his trimming). Both rest on the change moving everybody's readiness to answer one way.
"""

import math
from dataclasses import replace

from cxmon.decisions.grammar import aim_result, code_of
from cxmon.decisions.scale import turned
from cxmon.model import AimResult, Code, Harm, Interval, Kind, Metric, ResponseRate, Unlike

# What rests on the answers being like those before. The other codes say already that nothing is known.
JUDGED = frozenset({Code.HARMED, Code.WORSE, Code.IMPROVED, Code.SAFE, Code.UNDECIDED})
# The confidence with which a rate has moved beyond chance, whenever it is read.
CONFIDENCE = 0.95


def rate_of(asked: str, rate: Harm) -> ResponseRate:
    """The response rate from the "harm" to it (share of those asked who answer; positive is fewer answers).

    Where it moved beyond chance, `missing` is taken at the far end of its range.
    """
    low, high = -rate.so_far.high, -rate.so_far.low
    found = ResponseRate(
        of=asked, actual=rate.actual, expected=rate.expected, low=low, high=high, asked=rate.answers,
        reason="" if math.isfinite(low + high) else rate.reason,
    )  # fmt: skip
    if high < 0:
        return replace(found, missing=-low / (rate.actual - low))
    if low > 0:
        return replace(found, missing=min(high / rate.actual, 1.0) if rate.actual > 0 else 1.0)
    return found


def extremes(metric: Metric, figure: float, rate: ResponseRate) -> tuple[float, float]:
    """The lowest and the highest figure (natural unit) with the missing answers, or without the additional ones, where
    `figure` was measured; the figure itself, twice, where the rate did not move."""
    if not rate.moved:
        return figure, figure
    low, high = _answers(metric)
    share = rate.missing
    if rate.high < 0:
        return (1 - share) * figure + share * low, (1 - share) * figure + share * high
    if share >= 1:
        return low, high
    ends = [(figure - share * worst) / (1 - share) for worst in (high, low)]
    return max(low, ends[0]), min(high, ends[1])


def judged(harm: Harm, metric: Metric, rate: ResponseRate) -> Harm:
    """The harm with the response rate beside it, and with bounds where that moved.

    Where every figure between the bounds brings the same code, the code stands; else it is `not_comparable`. A rate
    that did not move beyond chance changes nothing.
    """
    if not rate.moved or harm.code not in JUDGED or not math.isfinite(harm.so_far.low + harm.so_far.high):
        return replace(harm, response_rate=rate)
    ends = extremes(metric, harm.actual, rate)
    worlds = [_had_it_been(harm.so_far, harm, metric, end) for end in ends]
    bounds = min(one.low for one in worlds), max(one.high for one in worlds)
    beside = replace(harm, response_rate=replace(rate, bounds=bounds))
    # What the last periods say by themselves counts only where the limit is held on average.
    held = code_of(harm.so_far, harm.limit) is Code.SAFE
    lately = [_had_it_been(harm.now, harm, metric, end) if held else None for end in ends]
    codes = {code_of(one, harm.limit, now) for one, now in zip(worlds, lately, strict=True)}
    if codes == {harm.code}:
        return beside
    why = f"{'fewer' if rate.high < 0 else 'more'} answered than expected, and those answers could turn the verdict"
    stages = tuple(
        replace(one, code=Code.NOT_COMPARABLE, reason=why) if one.code in JUDGED else one for one in harm.stages
    )
    return replace(
        beside, code=Code.NOT_COMPARABLE, unlike=Unlike.ANSWERS, reason=why, stages=stages, due=None
    )  # fmt: skip


def aimed(aim: AimResult, harm: Harm, metric: Metric) -> AimResult:
    """A promised gain with the missing answers at their worst: shown only where it would be shown whatever they are,
    missed only where it would be missed whatever they are."""
    rate = harm.response_rate
    if rate is None or rate.bounds is None or not math.isfinite(aim.gain.low + aim.gain.high):
        return aim
    # The aim may be in another unit than the limit.
    own, loss = replace(harm, unit=aim.unit), turned(aim.gain)
    ends = extremes(metric, harm.actual, rate)
    worlds = [_had_it_been(loss, own, metric, end) for end in ends]
    widest = Interval(
        estimate=loss.estimate, low=min(one.low for one in worlds), high=max(one.high for one in worlds)
    )  # fmt: skip
    return aim_result(aim.metric, aim.unit, aim.promised, widest)


def _answers(metric: Metric) -> tuple[float, float]:
    """The lowest and the highest answer that there can be. Raises ValueError for a mean whose scale is not known."""
    if metric.kind is Kind.PROPORTION:
        return 0.0, 1.0
    if metric.scale is None:
        raise ValueError(f"{metric.id}: no scale, expected the lowest and the highest answer")
    return metric.scale


def _had_it_been(found: Interval, harm: Harm, metric: Metric, figure: float) -> Interval:
    """The interval of a harm (positive is worse), had the figure been another than `harm.actual`."""
    sign = metric.harm_sign
    if harm.unit != "%":
        shift = sign * (figure - harm.actual)
        ends = [x + shift for x in (found.estimate, found.low, found.high)]
    elif metric.judged_as_ratio:
        times = figure / harm.actual
        ends = [sign * ((1 + sign * x) * times - 1) for x in (found.estimate, found.low, found.high)]
    else:
        shift = sign * (figure - harm.actual) / abs(harm.expected)
        ends = [x + shift for x in (found.estimate, found.low, found.high)]
    return Interval(estimate=ends[0], low=ends[1], high=ends[2])
