"""A fix begins where things were worst, and what was worst by chance gets better by itself: regression to the mean.

The weeks on which a segment was picked are low because it was picked on them. A gain therefore counts only where it is
there against the past with these weeks and against the past without them, and so does a harm. What this cannot do: a
level that truly fell shortly before the fix, undeclared, looks to both readings like harm of the fix, and its mending
like a return (docs/methods/responses.md has the figures).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cxmon.decisions.overlap import PERIOD
from cxmon.decisions.span import Span
from cxmon.model import Change, Interval, Metric
from cxmon.panel import Panel

Bools = npt.NDArray[np.bool_]

# Nobody knows on which weeks it was picked: eight are more than most look at, and leaving out more costs little.
PICKED_ON = 56
# Of the time since the change that a fix answers the first days are those that told of the harm.
TOLD_BY = 28
# Spells over which "worst of all" is looked for, and how many others it takes to be the worst of.
SPELLS, FEWEST = (14, 28, 56), 3
# Somebody is always the worst: less than so many standard errors is nothing to pick by, and hardly moves the estimate.
FALLEN = 2.0
DAY = 86_400


@dataclass(frozen=True, kw_only=True, eq=False)
class Picked:
    """The periods (T,) of the panel's grid on which a fix was picked, and why it is taken to have been."""

    periods: Bools
    why: str


def picked(
    change: Change, others: Sequence[Change], treated: Panel, controls: Panel | None, span: Span
) -> Picked | None:
    """Whether `change` began where things were worst on this metric, and the periods on which that was seen.

    A change that answers another one or an incident is always taken to; one that only promises a gain where its
    segments had fallen the most of all that are compared, over the last two, four or eight weeks before it.
    """
    metric = treated.metric
    if change.responds_to is not None:
        answered = min((o.starts for o in others if o.id == change.responds_to), default=None)
        if answered is None or answered >= change.starts:
            return _before(span, treated, "it answers what was seen before it")
        begun = int(np.searchsorted(treated.starts, answered.timestamp(), "left"))
        told = min(TOLD_BY * DAY / PERIOD[metric.grain].total_seconds(), (span.at - begun) / 2)
        return _inside(span, begun, begun + int(np.ceil(told)), "it answers what another change was seen to do")
    if metric.id in change.aims and controls is not None and _worst(treated, controls, span):
        return _before(span, treated, "its segments had fallen the most of all compared")
    return None


def both(with_them: Interval, without: Interval) -> Interval:
    """What holds with the weeks it was picked on and without them: the range that holds both, around the estimate
    without them, which is the one that picking does not bend."""
    return Interval(
        estimate=without.estimate, low=min(with_them.low, without.low), high=max(with_them.high, without.high)
    )


def _before(span: Span, treated: Panel, why: str) -> Picked | None:
    """The last eight weeks before the start, at most half of the past."""
    length = PICKED_ON * DAY / PERIOD[treated.metric.grain].total_seconds()
    return _inside(span, span.at - int(min(max(length, 1), (span.at - span.first) / 2)), span.at, why)


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
    falls = (fall for k in SPELLS if (fall := _fall(values, k, treated.metric)) is not None)
    return any(int(np.argmax(fall)) == 0 and fall[0] >= FALLEN for fall in falls)


def _fall(values: npt.NDArray[np.float64], days: int, metric: Metric) -> npt.NDArray[np.float64] | None:
    """How far each series (S,) lies on the harmful side of its own past over the last `days`, in standard errors of
    independent periods; None where the past is no longer than twice that."""
    k = max(1, round(days * DAY / PERIOD[metric.grain].total_seconds()))
    seen = np.isfinite(values)
    recent, past = seen[:, -k:].sum(1), seen[:, :-k].sum(1)
    if values.shape[1] < 3 * k or (recent < 1).any() or (past < 2).any():
        return None
    before = np.nanmean(values[:, :-k], axis=1)
    noise = np.nanstd(values[:, :-k], axis=1, ddof=1) * np.sqrt(1 / recent + 1 / past)
    return np.asarray((np.nanmean(values[:, -k:], axis=1) - before) / np.maximum(noise, 1e-12))
