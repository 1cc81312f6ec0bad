"""Whether the answers that came no more could turn a verdict: bounds with every missing answer at its worst.

Those who answer after a change may be others than those who answered before. Where the response rate fell from r0 to
r1, the share d = 1 - r1 / r0 of the expected answers is missing, and the mean over all of them lies between
(1 - d) y + d a and (1 - d) y + d b for answers between a and b (Manski 1990, for the missing ones only: those who never
answered are no part of the figure, before or after). Where it rose, the share 1 - r0 / r1 of the given answers came in
addition; without them the mean is at most (y - e a) / (1 - e) and at least (y - e b) / (1 - e), within a and b (Lee
2009; for shares this is exactly his trimming). Both rest on the change moving everybody's readiness to answer one way.
Where it is declared that missing answers lie at most delta from the given ones, the mean moves by at most that times
the share (delta adjustment of a pattern-mixture model, Little 1994).
"""

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from cxmon.decisions.grammar import aim_result, code_of
from cxmon.decisions.scale import turned
from cxmon.model import RED, AimResult, Code, Harm, Interval, Kind, Metric, ResponseRate, StageHarm, Unlike

# What rests on the answers being like those before. The other codes say already that nothing is known.
JUDGED = frozenset({Code.HARMED, Code.WORSE, Code.IMPROVED, Code.SAFE, Code.UNDECIDED})
# The confidence with which a rate has moved beyond chance, whenever it is read.
CONFIDENCE = 0.95
# How much of what the far end of a rate that is not sure to have moved adds a harm has to bear.
HARM_BEARS = 0.5
# A turning point is looked for in so many halvings of the range of answers.
HALVINGS = 30


def rate_of(asked: str, rate: Harm) -> ResponseRate:
    """The response rate from the "harm" to it (share of those asked who answer; positive is fewer answers).

    Where it moved beyond chance, `missing` is taken at the far end of its range.
    """
    low, high = -rate.so_far.high, -rate.so_far.low
    found = ResponseRate(
        of=asked, actual=rate.actual, expected=rate.expected, low=low, high=high, asked=rate.answers,
        reason="" if math.isfinite(low + high) else rate.reason,
    )  # fmt: skip
    return replace(found, missing=_share(found, low if high < 0 else high)) if found.moved else found


def extremes(metric: Metric, figure: float, rate: ResponseRate) -> tuple[float, float]:
    """The lowest and the highest figure (natural unit) with the missing answers, or without the additional ones, where
    `figure` was measured; the figure itself, twice, where the rate did not move."""
    if not rate.moved:
        return figure, figure
    return _ends(metric, figure, rate.missing, fewer=rate.high < 0, differ=rate.differ)


def judged(harm: Harm, metric: Metric, rate: ResponseRate) -> Harm:
    """The harm with the response rate beside it, and with bounds where these bear on its code.

    Where the rate moved beyond chance, the code is what holds for every figure between the bounds; where none does, it
    is `not_comparable`. A rate that is not sure to have moved is not sure to be stable either: then a code has to hold
    with the likeliest move too, a harm with half of what may be beyond it, because it must not wait for the rate for
    ever, and `improved` with every move that is not ruled out, because answerers who stop when they are unhappy look
    like a gain at once. Else it is what does hold, or `undecided` until the rate is known better.
    """
    rate = replace(rate, differ=None if metric.missing_differ is None else metric.missing_differ.value)
    beside = replace(harm, response_rate=rate)
    if harm.code not in JUDGED or not math.isfinite(harm.so_far.low + harm.so_far.high + rate.low + rate.high):
        return beside
    return _moved(beside, metric, rate) if rate.moved else _unsure(beside, metric, rate)


def aimed(aim: AimResult, harm: Harm, metric: Metric) -> AimResult:
    """A promised gain with the missing answers at their worst: shown only where it would be shown whatever they are,
    missed only where it would be missed whatever they are."""
    rate = harm.response_rate
    if rate is None or not math.isfinite(aim.gain.low + aim.gain.high + rate.low + rate.high):
        return aim
    # The aim may be in another unit than the limit.
    own, loss = replace(harm, unit=aim.unit), turned(aim.gain)
    widest = _at_worst(loss, own, metric, rate, spread=1.0)
    found = aim_result(aim.metric, aim.unit, aim.promised, widest)
    return aim if found.code is aim.code and not rate.moved else found


def _moved(harm: Harm, metric: Metric, rate: ResponseRate) -> Harm:
    """The code with a rate that moved: the one of all figures between the bounds, or none."""
    worst = _at_worst(harm.so_far, harm, metric, rate)
    beside = replace(harm, response_rate=replace(rate, bounds=(worst.low, worst.high)))
    code = _code(harm, metric, rate)
    if harm.code is Code.UNDECIDED:
        ends = [_had_it_been(harm.so_far, harm, metric, end) for end in extremes(metric, harm.actual, rate)]
        stands = all(code_of(end, harm.limit, harm.now) is code for end in ends)
    else:
        stands = code is not Code.UNDECIDED
    if stands:
        return replace(beside, code=code, stages=_capped(harm.stages, code))
    why = f"{'fewer' if rate.high < 0 else 'more'} answered than expected, and those answers could turn the verdict"
    told = replace(rate, bounds=(worst.low, worst.high), holds_to=_holds_to(harm, metric, rate))
    return replace(
        harm, code=Code.NOT_COMPARABLE, unlike=Unlike.ANSWERS, reason=why, due=None, response_rate=told,
        stages=_opened(harm.stages, Code.NOT_COMPARABLE, why),
    )  # fmt: skip


def _unsure(harm: Harm, metric: Metric, rate: ResponseRate) -> Harm:
    """The code with a rate that is not sure to have moved: what holds all the same, or `undecided` until it is."""
    if harm.code is Code.UNDECIDED:
        return harm
    spread = HARM_BEARS if harm.code in RED else 0.0
    code = _code(harm, metric, rate, spread=spread)
    if code is Code.IMPROVED and _code(harm, metric, rate, spread=1.0) is not code:
        code = Code.SAFE
    elif code is Code.UNDECIDED and harm.code is Code.IMPROVED:
        spread = 1.0
    if code is harm.code:
        return harm
    worst = _at_worst(harm.so_far, harm, metric, rate, spread=spread)
    told = replace(harm, code=code, response_rate=replace(rate, bounds=(worst.low, worst.high)))
    if code is not Code.UNDECIDED:
        return replace(told, stages=_capped(harm.stages, code))
    why = "how many still answer is not known well enough yet, and that could turn the verdict"
    return replace(told, reason=f"{harm.reason}; {why}", stages=_opened(harm.stages, code, why))


def _code(harm: Harm, metric: Metric, rate: ResponseRate, *, spread: float = 0.0) -> Code:
    """The code that holds whatever the missing answers are."""
    so_far, now = (_at_worst(x, harm, metric, rate, spread=spread) for x in (harm.so_far, harm.now))
    # What the last periods say by themselves counts only where the limit is held on average.
    return code_of(so_far, harm.limit, now)


def _capped(stages: tuple[StageHarm, ...], code: Code) -> tuple[StageHarm, ...]:
    """No stage says more than the whole."""
    strong = {Code.WORSE: Code.HARMED, Code.SAFE: Code.IMPROVED}.get(code)
    return tuple(replace(one, code=code) if one.code is strong else one for one in stages)


def _opened(stages: tuple[StageHarm, ...], code: Code, why: str) -> tuple[StageHarm, ...]:
    return tuple(replace(one, code=code, reason=why) if one.code in JUDGED else one for one in stages)


def _holds_to(harm: Harm, metric: Metric, rate: ResponseRate) -> float | None:
    """The largest difference between missing and given answers with which the code would hold; None for no code."""
    if harm.code is Code.UNDECIDED:
        return None
    lowest, highest = _answers(metric)
    holds, turns = 0.0, highest - lowest
    for _ in range(HALVINGS):
        middle = (holds + turns) / 2
        if _code(harm, metric, replace(rate, differ=middle)) is harm.code:
            holds = middle
        else:
            turns = middle
    return holds


def _at_worst(
    found: Interval, harm: Harm, metric: Metric, rate: ResponseRate, *, spread: float = 0.0
) -> Interval:  # fmt: skip
    """The range of a harm with the missing answers at both their ends.

    Of a rate that moved the far end of its range counts in full. Else the likeliest move counts, and `spread` times
    what the far end adds goes together with the harm's own range as independent errors do.
    """
    low, high = found.low, found.high
    for fewer, near, far in _moves(rate):
        world = partial(_ends, metric, harm.actual, fewer=fewer, differ=rate.differ)
        pairs = zip(world(near), world(far), strict=True)
        for here, there in ((_had_it_been(found, harm, metric, x) for x in pair) for pair in pairs):
            low = min(low, here.estimate - math.hypot(here.estimate - here.low, spread * (here.low - there.low)))
            high = max(high, here.estimate + math.hypot(here.high - here.estimate, spread * (there.high - here.high)))
    return Interval(estimate=found.estimate, low=low, high=high)


def _moves(rate: ResponseRate) -> Iterator[tuple[bool, float, float]]:
    """(whether fewer answer, likeliest share of answers, largest share) of each move of the rate that may be."""
    if rate.moved:
        yield rate.high < 0, rate.missing, rate.missing
        return
    likeliest = rate.actual - rate.expected
    for fewer, far in ((True, rate.low), (False, rate.high)):
        near = min(likeliest, 0.0) if fewer else max(likeliest, 0.0)
        yield fewer, _share(rate, near), _share(rate, far)


def _share(rate: ResponseRate, move: float) -> float:
    """The share of the expected answers that is missing, or of the given ones that came in addition, where the rate
    moved by `move`."""
    if move < 0:
        return -move / (rate.actual - move)
    return min(move / rate.actual, 1.0) if rate.actual > 0 else 1.0


def _ends(metric: Metric, figure: float, share: float, *, fewer: bool, differ: float | None) -> tuple[float, float]:
    """The lowest and the highest figure with this share of answers missing (`fewer`), or without this share of those
    given, which lie no further than `differ` from the others where that is declared."""
    low, high = _answers(metric)
    if fewer:
        ends = (1 - share) * figure + share * low, (1 - share) * figure + share * high
    elif share >= 1:
        ends = low, high
    else:
        ends = max(low, (figure - share * high) / (1 - share)), min(high, (figure - share * low) / (1 - share))
    if differ is None:
        return ends
    return max(ends[0], figure - share * differ), min(ends[1], figure + share * differ)


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
