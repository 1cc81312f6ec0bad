"""How far the answers that a slowed survey has still to bring could move an effect, at their worst.

A period counts when nearly all of its answers are in. Those who answer late are of another mood, and where answers come
more slowly than before, what is missing is missing on one side of the change only. So the range of an effect is widened
by all that the missing ones can do (Manski, 1990): of a share all the yes that lack and none of the no, or the other
way round; of a survey with a scale its ends; of anything else two standard deviations of an answer.
"""

from dataclasses import replace
from datetime import datetime
from statistics import NormalDist
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from cxmon import stats
from cxmon.model import Kind
from cxmon.panel import ARRIVAL_AGES, Judged, Panel
from cxmon.stats.pooling import Pooled

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

Found = TypeVar("Found", stats.Effect, Pooled)

DAY = 86_400.0
# Where an answer has no ends, the late ones are taken to be no further off on average than this many of its deviations.
DEVIATIONS = 2.0
NOTHING = 1e-6


def missing(panel: Panel, now: datetime) -> Floats:
    """The share of each kind of each period's answers (K, T) that is still to come at `now`: 0 where they come as they
    used to."""
    if panel.shares is None:
        return np.zeros((1, len(panel.starts)))
    known = now if panel.read_at is None else min(now, panel.read_at)
    age = (known.timestamp() - panel.ends()) / DAY
    found = np.zeros((panel.shares.shape[2], len(age)))
    for k, shares in enumerate(np.moveaxis(panel.shares, 2, 0)):
        for t in np.flatnonzero(np.nanmin(shares, axis=1, initial=1.0) < 1):
            seen = np.isfinite(shares[t])
            # Between two ages it dwindles evenly in logarithms: a tail that is heavier is less than that.
            logs = np.log(np.maximum(1 - shares[t, seen], NOTHING))
            found[k, t] = np.exp(np.interp(age[t], np.array(ARRIVAL_AGES)[seen], logs))
    return np.where(found <= NOTHING, 0.0, found)


def room(panel: Panel, figures: Judged, lacking: Floats) -> tuple[Floats, Floats]:
    """How far below and above each figure (T,) of a single series the whole truth may lie, on the scale of `figures`,
    where the shares `lacking` (K, T) of its answers are still to come."""
    metric, value, left = panel.metric, figures.values[0], lacking[0]
    if metric.kind is Kind.PROPORTION:
        # All of the yes that lack and none of the no, or the other way round.
        yes, no = value / (1 - lacking[0]), (1 - value) / (1 - lacking[-1])
        return value - value / (value + no), yes / (yes + 1 - value) - value
    if metric.kind is Kind.RATE:
        # What happens is counted when it becomes known; it can only be more.
        return 0 * left, left / (1 - left) * value
    if metric.read.censored:
        # Those still open are counted as longer than all: the quantile is known for sure, or not at all.
        return 0 * left, 0 * left
    if metric.kind is Kind.MEAN and metric.scale is not None and not figures.log:
        low, high = metric.scale
        return left * (value - low), left * (high - value)
    one = np.zeros(len(value)) if figures.se is None else figures.se[0] * np.sqrt(panel.n[0])
    if metric.kind is Kind.QUANTILE:
        q = metric.quantiles[0]
        # Its standard error is sqrt(q (1 - q) / n) over the density; missing ones move the rank by their share.
        one = left * one / np.sqrt(q * (1 - q))
        return one * (1 - q), one * q
    return DEVIATIONS * left * one, DEVIATIONS * left * one


def widened(effect: stats.Effect, panel: Panel, figures: Judged, judged: Bools, now: datetime) -> stats.Effect:
    """The effect with the room for what is still to come in its `judged` periods (T,); as it was where that is none."""
    return loosened(effect, lacking(panel, figures, judged, now), effect.confidence)


def lacking(panel: Panel, figures: Judged, judged: Bools, now: datetime) -> tuple[float, float]:
    """How far below and above the mean of the `judged` periods (T,) of a single series the whole truth may lie."""
    left = np.where(judged, missing(panel, now), 0.0)
    if not left.any():
        return 0.0, 0.0
    down, up = (float(np.nanmean(np.where(judged, x, np.nan))) for x in room(panel, figures, left))
    return down, up


def loosened(found: Found, room: tuple[float, float], confidence: float) -> Found:
    """An effect with room below and above.

    Its p-value is that of the nearer end of the room, so that 0 lies outside [low, high] exactly where it is below
    1 - confidence.
    """
    down, up = room
    if not down + up > 0 or not np.isfinite(found.estimate):
        return found
    law = NormalDist()
    far = law.inv_cdf((1 + confidence) / 2)
    reach = found.estimate - found.low if found.estimate > 0 else found.high - found.estimate
    nearer = abs(found.estimate) - (down if found.estimate > 0 else up)
    p = 2 * (1 - law.cdf(max(nearer, 0.0) / max(reach, 1e-12) * far))
    return replace(found, low=found.low - down, high=found.high + up, p_value=max(found.p_value, p))
