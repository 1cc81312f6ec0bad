"""How much more often something was counted than before: the ratio of two rates with its interval."""

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from cxmon.stats.arrays import Floats, Ints

# With fewer periods before than these nothing is known of how much counts wander by themselves.
LEAST_BEFORE = 8
# Counts that follow each other more closely than that are a drift, of which so few periods say nothing.
_MOST_FOLLOWING = 0.6


@dataclass(frozen=True, kw_only=True)
class Usual:
    """What so many periods like those of a window counted before, and how surely that is known.

    `expected` is the sum of their averages by label. `share` is the variance of that sum in units of `expected` and of
    `noise`, the variance of a count in units of its own expectation (at least 1, as of a Poisson count), of which
    `freedom` degrees are known; 0 where too little is.
    """

    expected: float
    share: float
    noise: float
    freedom: int


def usual(before: Floats, labels: Ints, wanted: Ints) -> Usual:
    """Of counts (T,) before a window and their labels, such as weekdays, for periods with the labels `wanted`.

    Overdispersion by Pearson's chi-squared over its degrees of freedom (McCullagh and Nelder 1989, 6.2.3), times
    (1 + r) / (1 - r) for counts that follow each other with a correlation r.
    """
    names = np.unique(labels)
    overall = float(before.mean())
    mean = {int(k): float(before[labels == k].mean()) for k in names}
    held = {int(k): int((labels == k).sum()) for k in names}
    asked = {int(k): int((wanted == k).sum()) for k in np.unique(wanted)}
    expected = sum(m * mean.get(k, overall) for k, m in asked.items())
    variance = sum(m**2 * mean.get(k, overall) / held.get(k, len(before)) for k, m in asked.items())
    fitted = np.array([mean[int(k)] for k in labels])
    freedom = len(before) - len(names)
    if len(before) < LEAST_BEFORE or freedom < 1 or expected <= 0:
        return Usual(expected=expected, share=0.0, noise=1.0, freedom=0)
    left = np.where(fitted > 0, (before - fitted) / np.sqrt(np.maximum(fitted, 1e-9)), 0.0)
    noise = max(1.0, float((left**2).sum()) / freedom)
    return Usual(
        expected=expected, share=variance / expected, noise=noise * _following(left, freedom), freedom=freedom
    )  # fmt: skip


def ratio(count: float, expected: float, of: Usual, confidence: float) -> tuple[float, float]:
    """The interval of count / expected, on the logarithm's scale; NaN where too little is known.

    Half a count is added to both, so that none at all has an interval too.
    """
    if not of.freedom:
        return float("nan"), float("nan")
    up, down = count + 0.5, expected + 0.5
    se = np.sqrt(of.noise * (1 / up + of.share / down))
    wide = float(stdtrit(of.freedom, (1 + confidence) / 2) * se)
    return float(up / down * np.exp(-wide)), float(up / down * np.exp(wide))


def _following(left: Floats, freedom: int) -> float:
    """By how much counts that follow each other make a sum less certain. Averages taken away hide some of that."""
    size = float((left**2).sum())
    if size <= 0:
        return 1.0
    r = float((left[1:] * left[:-1]).sum()) / size + 1 / freedom
    r = min(max(r, 0.0), _MOST_FOLLOWING)
    return (1 + r) / (1 - r)
