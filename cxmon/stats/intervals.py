"""Intervals of single figures: what one value, standing on its own n, may have been."""

from typing import Any

import numpy as np
from scipy import special

from cxmon.stats.arrays import Floats


def wilson(total: Any, n: Any, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """Wilson's score interval of shares total / n; NaN where n = 0. Wilson, JASA 1927, 22:209."""
    x, n_ = np.asarray(total, float), np.asarray(n, float)
    z = _z(confidence)
    with np.errstate(invalid="ignore", divide="ignore"):
        p = x / n_
        middle = (p + z**2 / (2 * n_)) / (1 + z**2 / n_)
        half = z / (1 + z**2 / n_) * np.sqrt(np.maximum(p * (1 - p), 0) / n_ + z**2 / (4 * n_**2))
    low, high = np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)
    # Rounding must not put 0 of n or n of n outside their own interval.
    return np.minimum(low, np.clip(p, 0, 1)), np.maximum(high, np.clip(p, 0, 1))


def poisson(events: Any, exposure: Any, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """The exact interval of rates events / exposure; NaN where there is no exposure. Garwood, Biometrika 1936, 28:437.

    Events may be weighted and so no whole numbers: the gamma form needs none.
    """
    x, t = np.asarray(events, float), np.asarray(exposure, float)
    tail = (1 - confidence) / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        low = np.where(x > 0, special.gammaincinv(np.maximum(x, 1e-12), tail), 0.0)
        high = special.gammaincinv(x + 1, 1 - tail)
        some = t > 0
        return np.where(some, low / t, np.nan), np.where(some, high / t, np.nan)


def around(value: Any, variance: Any, n: Any, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """The interval of means and the like by their standard error, with Student's tails for n - 1 degrees of freedom."""
    v, var, n_ = np.asarray(value, float), np.asarray(variance, float), np.asarray(n, float)
    with np.errstate(invalid="ignore"):
        t = special.stdtrit(np.where(n_ > 1, n_ - 1, np.nan), (1 + confidence) / 2)
        half = t * np.sqrt(var)
    return v - half, v + half


def _z(confidence: float) -> float:
    return float(special.ndtri((1 + confidence) / 2))
