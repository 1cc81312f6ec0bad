"""A fix begins where things were worst, and what was worst by chance gets better by itself: regression to the mean.

The weeks on which a segment was picked are low because it was picked on them. A gain therefore counts only where it is
there against the past with these weeks and against the past without them, and so does a harm. The estimate is the one
without them, moved towards the other by the share of a stretch of their length that is usually still there afterwards:
what will not pass by itself is no return. A level that truly fell shortly before the fix, undeclared, looks to both
readings like harm of the fix, and its mending like a return; so the fix is called no worse where things did not get
clearly worse than in those weeks themselves, and much clearer so where they were lower than bad luck would make the
worst of all that are compared (docs/methods/responses.md has the figures).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from scipy.special import log_ndtr

from cxmon.decisions.overlap import PERIOD
from cxmon.decisions.span import IN_A_YEAR, Span, instant
from cxmon.model import Change, Interval, Kind, Metric
from cxmon.panel import Panel
from cxmon.stats import shifts

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

# Nobody knows on which weeks it was picked: eight are more than most look at, and leaving out more costs little.
PICKED_ON = 56
# Of the time since the change that a fix answers the first days are those that told of the harm.
TOLD_BY = 28
# A level that was low for less than four weeks may be a dip that passes by itself, and is no level to compare with.
LASTED = 28
# Spells over which "worst of all" is looked for, and how many others it takes to be the worst of.
SPELLS, FEWEST = (14, 28, 56), 3
# Somebody is always the worst: less than so many standard errors is nothing to pick by, and hardly moves the estimate.
FALLEN = 2.0
# A harm that began with the fix lies below the weeks before it too. By so many standard errors where those weeks may
# have been bad luck, which the time after it needs not repeat; by what a reading over months takes where they were too
# low for that, because then a fall was there before the fix, and that it stays is no harm of it.
BELOW, BELOW_FALLEN = 1.0, 2.5
# So rare is a low spell by bad luck in the worst of all that are compared before it is taken for a fall. No surer,
# because what a fix is not blamed for stays open, and what it is wrongly blamed for is said of somebody.
BAD_LUCK = 0.2
# A stretch is looked for from every seventh period on.
APART = 7
DAY = 86_400
TINY = 1e-12


@dataclass(frozen=True, kw_only=True, eq=False)
class Picked:
    """The periods (T,) of the panel's grid on which a fix was picked, and why it is taken to have been; `fell`: the
    period from which on the level had fallen before it, undeclared, so that the level since then is compared with."""

    periods: Bools
    why: str
    fell: int | None = None


def picked(
    change: Change, others: Sequence[Change], treated: Panel, controls: Panel | None, span: Span, *, falls: bool = False
) -> Picked | None:
    """Whether `change` began where things were worst on this metric, and the periods on which that was seen; with
    `falls` a level that had fallen in them for sure is taken for what it answers.

    A change that answers another one or an incident is always taken to; one that only promises a gain where its
    segments had fallen the most of all that are compared, over the last two, four or eight weeks before it.
    """
    metric = treated.metric
    if change.responds_to is not None:
        answered = min((o.starts for o in others if o.id == change.responds_to), default=None)
        if answered is None or answered >= change.starts:
            return _before(span, treated, controls, "it answers what was seen before it", falls)
        begun = int(np.searchsorted(treated.starts, answered.timestamp(), "left"))
        return _inside(span, begun, _told_by(span, metric, begun), "it answers what another change was seen to do")
    if metric.id in change.aims and controls is not None and _worst(treated, controls, span):
        return _before(span, treated, controls, "its segments had fallen the most of all compared", falls)
    return None


def both(with_them: Interval, without: Interval, *, lasting: float = 0.0) -> Interval:
    """What holds with the weeks it was picked on and without them: the range that holds both, around the estimate
    without them, which picking does not bend, moved by the share `lasting` (0..1) towards the one with them."""
    return Interval(
        estimate=without.estimate + lasting * (with_them.estimate - without.estimate),
        low=min(with_them.low, without.low),
        high=max(with_them.high, without.high),
    )


def lasting(treated: Panel, controls: Panel | None, span: Span, why: Picked) -> float:
    """How much of what was seen in the weeks it was picked on is usually still there in the time judged after it, as
    `persistence` learns it from the past of all that is compared; 0 where nothing can be learnt."""
    if controls is None or treated.metric.kind is Kind.LEVEL:
        # Counts of other segments have other sizes, and one series alone has too few stretches.
        return 0.0
    cut = slice(span.first, span.at)
    values = np.concatenate([treated.judged().values, controls.judged().values])[:, cut]
    out = (span.out & ~why.periods)[cut]
    return persistence(np.where(out, np.nan, values), int(why.periods.sum()), min(span.until, span.last) - span.at)


def persistence(past: Floats, size: int, judged: int) -> float:
    """The share 0..1 of a stretch of `size` periods that is still there in the `judged` periods after it: 0 for noise
    that passes within days, 1 for levels that wander. `past` (S, T) are at least four series of one kind, NaN missing.

    Less what each period has in common, with X the mean of a stretch, N that of the time right after it, F that of as
    much time one stretch later and G the stretch after next, E((X - F)^2 - (X - N)^2) / E(X - G)^2 is
    cov(X, N) / var(X) where what is a stretch apart is independent; where it is not, it is less. 0 where the past is
    shorter than three such stretches.
    """
    seen, length = np.isfinite(past), past.shape[1]
    after = min(judged, length - 2 * size)
    if len(past) <= FEWEST or size < 1 or after < 1 or length < 3 * size or not seen.any(axis=1).all():
        return 0.0
    left = past - _shared(past)
    # What is missing counts as usual.
    figures = np.nan_to_num(left - np.nanmean(left, axis=1)[:, None])
    near, far, apart = 0.0, 0.0, TINY
    # What is so forwards in time is so backwards.
    for each in (figures, figures[:, ::-1]):
        sums = np.concatenate([np.zeros((len(each), 1)), np.cumsum(each, axis=1)], axis=1)
        at = np.arange(size, length - size - after + 1, APART)
        near += _differ(sums, at, size, 0, after)
        far += _differ(sums, at, size, size, after)
        apart += _differ(sums, np.arange(size, length - 2 * size + 1, APART), size, size, size)
    return float(np.clip((far - near) / apart, 0.0, 1.0))


def got_worse(treated: Panel, controls: Panel | None, span: Span, why: Picked) -> bool:
    """Whether things got clearly worse than they were in the weeks before the change, on which it was picked. True
    where those weeks are others than the last ones: then the time between speaks in both readings."""
    if not why.periods[span.at - 1]:
        return True
    metric, (values, compared) = treated.metric, _apart(treated, controls)
    values = np.where(span.out & ~why.periods, np.nan, values)
    before, after = values[span.first : span.at], values[span.at : min(span.until, span.last)]
    return beyond_before(before, after, compared, _spells(metric))


def _apart(treated: Panel, controls: Panel | None) -> tuple[Floats, int]:
    """The treated figures (T,) less what all compared have in common, larger being worse, and of how many they are
    one."""
    values, compared = treated.judged().values[0], 1
    # Counts of other segments have other sizes.
    if controls is not None and treated.metric.kind is not Kind.LEVEL:
        others = controls.judged().values
        values, compared = values - _shared(others), len(others) + 1
    return values * treated.metric.harm_sign, compared


def beyond_before(before: Floats, after: Floats, compared: int, spells: Sequence[int] = SPELLS) -> bool:
    """Whether figures after a fix (K,) lie clearly above those before it (L,), larger being worse: above that of the
    `spells` of last periods that is the least likely by chance, and by more where it was too bad for the worst of
    `compared` series by bad luck. True where there are too few to say."""
    falls = [(float(fall[0]), k) for k in spells if (fall := _fall(before[None], k)) is not None]
    deepest, length = max(falls, default=(0.0, spells[len(spells) // 2]))
    by_luck = -math.expm1(len(spells) * compared * float(log_ndtr(deepest)))
    return clearly_above(before[-length:], after, BELOW_FALLEN if by_luck < BAD_LUCK else BELOW)


def clearly_above(before: Floats, after: Floats, below: float = BELOW) -> bool:
    """Whether the mean after (K,) lies above the one before (L,) by `below` standard errors of independent periods;
    True where there are too few to say."""
    seen = [one[np.isfinite(one)] for one in (before, after)]
    if min(map(len, seen)) < FEWEST:
        return True
    error = np.sqrt(sum(one.var(ddof=1) / len(one) for one in seen))
    return bool(seen[1].mean() - seen[0].mean() > below * error)


def _shared(values: Floats) -> Floats:
    """What series (S, T) have in common (T,), NaN where none has a figure."""
    seen = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(seen, values, 0.0).sum(axis=0) / seen.sum(axis=0))


def _differ(sums: Floats, at: npt.NDArray[np.int64], size: int, gap: int, length: int) -> float:
    """The mean square of the difference between the stretch before each of `at` and `length` periods `gap` later."""
    before = (sums[:, at] - sums[:, at - size]) / size
    after = (sums[:, at + gap + length] - sums[:, at + gap]) / length
    return float(((before - after) ** 2).mean())


def _before(span: Span, treated: Panel, controls: Panel | None, why: str, falls: bool) -> Picked | None:
    """The last eight weeks before the start, at most half of the past; of a fall in them that nobody declared the weeks
    that told of it."""
    length = PICKED_ON * DAY / PERIOD[treated.metric.grain].total_seconds()
    first = span.at - int(min(max(length, 1), (span.at - span.first) / 2))
    fell = _fell(treated, controls, span, first) if falls else None
    if fell is None:
        return _inside(span, first, span.at, why)
    found = _inside(span, fell, _told_by(span, treated.metric, fell), _since(treated, fell))
    return None if found is None else replace(found, fell=fell)


def _told_by(span: Span, metric: Metric, begun: int) -> int:
    """The end of the periods that told of what began at `begun`."""
    return begun + told_for(span.at - begun, DAY / PERIOD[metric.grain].total_seconds())


def told_for(since: int, per_day: float = 1.0) -> int:
    """How many of the periods `since` something began told of it: four weeks, at most half of them."""
    return int(np.ceil(min(TOLD_BY * per_day, since / 2)))


def _fell(treated: Panel, controls: Panel | None, span: Span, first: int) -> int | None:
    """The period from `first` on since which the level had fallen before the change."""
    values = np.where(span.out, np.nan, _apart(treated, controls)[0])[span.first : span.at]
    labels = 7 if span.profile is None else span.profile.labels[: len(values)]
    grain = treated.metric.grain
    lasted = math.ceil(LASTED * DAY / PERIOD[grain].total_seconds())
    found = fallen_since(values, first - span.first, lasted, period=labels, yearly=IN_A_YEAR[grain])
    return None if found is None else found + span.first


def fallen_since(
    before: Floats, first: int, lasted: int = LASTED, *, period: int | Ints = 7, yearly: float | None = None
) -> int | None:
    """The period from `first` on since which figures before a change (L,), larger being worse, are lastingly worse, as
    `stats.shifts` finds it, for `lasted` periods or more; None where its last finding is another one, or is none."""
    found = shifts(before, period=period, yearly=yearly)
    if not found or found[-1].low <= 0 or not first <= found[-1].at <= len(before) - lasted:
        return None
    return found[-1].at


def _since(treated: Panel, fell: int) -> str:
    local = instant(treated.starts[fell]).astimezone(ZoneInfo(treated.metric.zone))
    return f"figures had become worse around {local.day} {local:%b}, before it and undeclared"


def _inside(span: Span, first: int, last: int, why: str) -> Picked | None:
    periods = np.zeros(len(span.out), bool)
    periods[max(first, span.first) : last] = True
    return Picked(periods=periods, why=why) if periods.any() else None


def _worst(treated: Panel, controls: Panel, span: Span) -> bool:
    """Whether the treated segments fell clearly, and more than any other, against their own past and by their own
    noise."""
    figures = (treated.judged().values, controls.judged().values)
    cut = slice(span.first, span.at)
    values = np.where(span.out[cut], np.nan, np.concatenate(figures)[:, cut]) * treated.metric.harm_sign
    if len(values) <= FEWEST:
        return False
    falls = (fall for k in _spells(treated.metric) if (fall := _fall(values, k)) is not None)
    return any(int(np.argmax(fall)) == 0 and fall[0] >= FALLEN for fall in falls)


def _fall(values: Floats, k: int) -> Floats | None:
    """How far each series (S,) lies on the harmful side of its own past over the last `k` periods, in standard errors
    of independent periods; None where the past is no longer than twice that."""
    seen = np.isfinite(values)
    recent, past = seen[:, -k:].sum(1), seen[:, :-k].sum(1)
    if values.shape[1] < 3 * k or (recent < 1).any() or (past < 2).any():
        return None
    before = np.nanmean(values[:, :-k], axis=1)
    noise = np.nanstd(values[:, :-k], axis=1, ddof=1) * np.sqrt(1 / recent + 1 / past)
    return np.asarray((np.nanmean(values[:, -k:], axis=1) - before) / np.maximum(noise, TINY))


def _spells(metric: Metric) -> list[int]:
    """The spells over which "worst of all" is looked for, in periods."""
    return [max(1, round(days * DAY / PERIOD[metric.grain].total_seconds())) for days in SPELLS]
