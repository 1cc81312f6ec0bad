"""How far the parts of a whole lie apart: shrinkage towards the whole, its spread, and which p-values to believe.

Random effects: each part's deviation from the whole is normal with a standard deviation (the spread) that is not known.
Its posterior on a grid (half-Cauchy prior, Gelman 2006) carries its own uncertainty into every part's interval; beside
it stands the estimate of Paule & Mandel (1982) and Cochran's test (1954) that there is no spread at all.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaincc

from cxmon.stats.arrays import TINY, Bools, Floats

GRID = 200
# The grid ends where the prior and the data leave next to nothing.
WIDEST = 20.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Heterogeneity:
    """Deviations (K,) from the whole, shrunk, with their standard deviations (K,); the spread between parts after Paule
    and Mandel, and the chance of parts as far apart as these if all were alike. With one part nothing is shrunk."""

    deviation: Floats
    sd: Floats
    spread: float
    p_value: float


def shrunk(deviation: Floats, se: Floats, weight: Floats, scale: float) -> Heterogeneity:
    """Shrinks the deviations (K,) of parts from their whole towards zero.

    deviation, se   (K,) part less whole, and the standard error of that
    weight          (K,) each part's share of the whole, 0..1, together at most 1
    scale           > 0, the size of a spread that would not surprise

    A part is itself in the whole: of parts with spread t the deviation varies by t^2 ((1 - w)^2 + sum of the others'
    w^2). A shrunk deviation lies between zero and its own.
    """
    K = len(deviation)
    if K == 0:
        return Heterogeneity(deviation=np.zeros(0), sd=np.zeros(0), spread=math.nan, p_value=math.nan)
    own = np.maximum(se, TINY) ** 2
    loads = np.maximum((1 - weight) ** 2 + (weight**2).sum() - weight**2, TINY)
    free = float(np.sum(1 - weight))
    q = float(((1 - weight) * deviation**2 / own).sum())
    # Quantiles of the prior, so that the grid is fine where it expects the spread and wide where it does not.
    top = 2 / math.pi * math.atan(WIDEST)
    spread = scale * np.tan(math.pi / 2 * (np.arange(GRID) + 0.5) / GRID * top)
    total = own[:, None] + loads[:, None] * spread**2
    # K deviations that add up to zero tell as much as K - 1 free ones.
    log = -0.5 * free / K * (np.log(total) + deviation[:, None] ** 2 / total).sum(0)
    odds = np.exp(log - log.max())
    odds /= odds.sum()
    kept = loads[:, None] * spread**2 / total
    factor = kept @ odds
    variance = (own[:, None] * kept) @ odds + deviation**2 * np.maximum(kept**2 @ odds - factor**2, 0.0)
    return Heterogeneity(
        deviation=deviation * factor, sd=np.sqrt(variance), spread=_paule_mandel(deviation, own, loads, weight, free),
        p_value=float(gammaincc(max(free, TINY) / 2, q / 2)),
    )  # fmt: skip


def _paule_mandel(deviation: Floats, own: Floats, loads: Floats, weight: Floats, free: float) -> float:
    """The spread at which the standardised deviations are as large as they should be; 0 where they are smaller."""

    def excess(t2: float) -> float:
        return float(((1 - weight) * deviation**2 / (own + loads * t2)).sum()) - free

    if free <= 0 or excess(0.0) <= 0:
        return 0.0
    low, high = 0.0, float((deviation**2 / loads).max())
    while excess(high) > 0:
        low, high = high, 2 * high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    return math.sqrt(high)


def believed(p_values: Floats, rate: float) -> tuple[Bools, float]:
    """Which of the p-values (M,) are believed with at most `rate` false ones among them on average, and the largest
    that is (0 without any): Benjamini & Hochberg (1995). Proven for independent and positively dependent tests."""
    M = len(p_values)
    order = np.sort(p_values)
    passed = order <= rate * np.arange(1, M + 1) / max(M, 1)
    line = float(order[passed][-1]) if passed.any() else -1.0
    return p_values <= line, max(line, 0.0)
