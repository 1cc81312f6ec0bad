"""How far out an estimate must lie when it is read after every period.

The standardised estimate of an efficient estimator is a Markov process with correlation sqrt(I_s / I_t) between
information I_s < I_t. The chance that it ever leaves +-c while the information grows by exp(L) follows by numerical
integration over steps of log information (Armitage, McPherson & Rowe 1969; Jennison & Turnbull 2000, chapter 19).
"""

from functools import lru_cache

import numpy as np
from scipy.optimize import brentq
from scipy.special import log_ndtr, ndtri

from cxmon.stats.arrays import Floats

SPENT_TO_HORIZON = 0.9
# Of that, what may be spent while there is little information: the first look knows too little to decide much anyway.
SPENT_EARLY = 0.05
LATE = 1.2
LONGEST = 16.0
STEP = 0.05
FAR = 3.4
NODES = 64
HEIGHTS = np.arange(0.2, 7.01, 0.2)


def zone(total: float, left: float) -> tuple[float, float]:
    """Length and share of the error of the zone a look falls in: `total` log information from the first look to the
    horizon, `left` from this look to the horizon. The last LATE of it is one zone, what comes before another."""
    if total <= LATE:
        return total, SPENT_TO_HORIZON
    if left > LATE:
        return total - LATE, SPENT_TO_HORIZON * SPENT_EARLY
    return LATE, SPENT_TO_HORIZON * (1 - SPENT_EARLY)


@lru_cache(maxsize=1)
def _table() -> tuple[Floats, Floats]:
    """Log information ratios (N,) and log P(ever outside +-c) (N, C) for c in HEIGHTS."""
    x, w = np.polynomial.legendre.leggauss(NODES)
    z, weight = HEIGHTS[:, None] * x, HEIGHTS[:, None] * w
    keep = np.exp(-STEP / 2)
    sd = np.sqrt(1 - keep**2)
    gap = (z[:, :, None] - keep * z[:, None, :]) / sd
    kernel = np.exp(-0.5 * gap**2) / (sd * np.sqrt(2 * np.pi)) * weight[:, None, :]
    density = np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)
    lengths = np.arange(0.0, LONGEST + STEP / 2, STEP)
    out = np.empty((len(lengths), len(HEIGHTS)))
    nominal = np.exp(_log_nominal(HEIGHTS))
    for i in range(len(lengths)):
        inside = (weight * density).sum(1)
        # Rounding would swamp the far tails; there the crossing chance is at least the nominal one.
        out[i] = np.log(np.clip(1 - inside, nominal if i == 0 else np.exp(out[i - 1]), 1.0))
        density = (kernel @ density[:, :, None])[:, :, 0]
    return lengths, out


def _log_nominal(c: Floats) -> Floats:
    return np.asarray(np.log(2.0) + log_ndtr(-np.asarray(c)))


@lru_cache(maxsize=512)
def _curve(length: float) -> Floats:
    """Log P(ever outside) over HEIGHTS for one log information ratio."""
    lengths, table = _table()
    at = min(max(length, 0.0), LONGEST)
    near = HEIGHTS <= FAR + 1e-9
    out = np.array([np.interp(at, lengths, table[:, j]) for j in range(int(near.sum()))])
    far = _far(HEIGHTS[~near], at) - _far(np.array([FAR]), at) + out[-1]
    return np.concatenate([out, far])


def _far(c: Floats, length: float) -> Floats:
    """Log chance of passing a far height, but for a constant (Miller & Siegmund 1982); integration loses its digits
    there."""
    return np.asarray(-0.5 * c**2 + np.log((c - 1 / c) * length + 4 / c))


def overall(p_fixed: float, length: float, share: float) -> float:
    """p-value that may be read at any look: the nominal two-sided `p_fixed` raised to the chance of ever being so far
    out, divided by the `share` of the error that may be spent there."""
    if p_fixed >= 1.0:
        return 1.0
    c = float(-ndtri(max(p_fixed, 1e-300) / 2))
    ratio = _curve(round(length, 3)) - _log_nominal(HEIGHTS)
    log_p = float(_log_nominal(np.array([c]))[0]) + float(np.interp(c, HEIGHTS, ratio))
    return float(min(1.0, max(float(np.exp(log_p)), p_fixed) / share))


@lru_cache(maxsize=4096)
def nominal(alpha: float, length: float, share: float) -> float:
    """The inverse of `overall`: the fixed-look level whose interval keeps `alpha` over all looks."""

    def level(c: float) -> float:
        return float(np.exp(log_ndtr(-c) + np.log(2.0)))

    if overall(level(0.0), length, share) <= alpha:
        return level(0.0)
    return level(float(brentq(lambda c: np.log(overall(level(c), length, share) / alpha), 0.0, 12.0, xtol=1e-9)))
