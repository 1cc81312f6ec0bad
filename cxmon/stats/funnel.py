"""Which units lie outside what their size explains: funnel limits with extra-variation, false discoveries held."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from cxmon.stats.arrays import Bools, Floats, vector

# Below this many expected events (or non-events) the normal limits of a share or rate mean nothing.
ENOUGH = 5.0
# Share of the units pulled in on each side before their spread is measured, so that the outliers sought do not hide
# themselves; and what the mean square of such a pulled-in standard normal is.
WINSOR = 0.1
WINSOR_SQUARE = 0.6787
# Fewer units than this say nothing about how far units usually lie apart.
FEWEST = 8
ROUNDS = 50


@dataclass(frozen=True, eq=False)
class Funnel:
    """S units against their common `center`, each with limits for its own size.

    `low` and `high` (S,) are the limits; a unit beyond them is `outside` (S,), and nothing else is. `z` (S,) is its
    distance in standard deviations, sampling error and the units' usual spread `tau` together; NaN = cannot be judged
    (nothing measured, or too few events for its size). `phi` is the spread of the plain z scores: 1 when size explains
    everything. `reason` says why nothing at all could be judged.
    """

    center: float
    low: Floats
    high: Floats
    z: Floats
    outside: Bools
    phi: float
    tau: float
    looked_at: int
    reason: str = ""


def funnel(total: Any, n: Any, *, kind: str = "proportion", se: Any = None, false_share: float = 0.05) -> Funnel:
    """Compares units of different sizes with what is usual among them. Shapes (S,); nothing is ranked.

    `total` and `n` are the units' sums: satisfied of answered (`proportion`), events per exposure (`rate`), or a sum of
    values (`mean`, with `se` the standard error of each unit's mean). At most `false_share` of the units called outside
    are so by chance (Benjamini and Hochberg 1995); the limits are drawn where that procedure draws its line, so that
    picture and list cannot disagree.

    The units' usual spread is an additive random effect estimated from winsorised z scores, as in Spiegelhalter
    (Statistics in Medicine 2005, 24:1185). Unlike there the scores are winsorised with the spread already in them, so
    that large units, whose plain scores are always large, are not taken for outliers; the mean square is divided by
    what winsorising leaves of a standard normal; with tau > 0 the tails are those of t with S - 1 degrees of freedom.

    Raises ValueError on shapes that do not match or an unknown kind.
    """
    n_ = vector("n", n)
    total_ = vector("total", total, len(n_))
    se_ = None if se is None else vector("se", se, len(n_))
    judged = np.isfinite(total_) & np.isfinite(n_) & (n_ > 0)
    middle = float(total_[judged].sum() / n_[judged].sum()) if judged.any() else float("nan")
    sampling, enough = _sampling(kind, middle, n_, se_)
    judged &= enough & np.isfinite(sampling) & (sampling > 0)
    units = int(judged.sum())
    low, high, z, beyond = (np.full(len(n_), np.nan) for _ in range(4))
    if units < FEWEST:
        why = f"{units} of {len(n_)} units are large enough to compare, at least {FEWEST} are needed"
        nothing = np.zeros(len(n_), bool)
        return Funnel(middle, low, high, z, nothing, float("nan"), float("nan"), units, why)
    value, error = total_[judged] / n_[judged], sampling[judged]
    phi = _winsorised_square((value - middle) / error)
    middle, tau = _usual(value, error, middle)
    variance = error**2 + tau**2
    # A unit is a part of the middle that it is compared with, so that it lies nearer to it than to a fixed number.
    sd = np.sqrt(variance * (1 - (1 / variance) / (1 / variance).sum()))
    z[judged] = (value - middle) / sd
    critical, outside = _line(z[judged], units - 1 if tau > 0 else np.inf, false_share)
    low[judged], high[judged], beyond[judged] = middle - critical * sd, middle + critical * sd, outside
    return Funnel(middle, low, high, z, beyond == 1, phi, tau, units)


def _sampling(kind: str, middle: float, n: Floats, se: Floats | None) -> tuple[Floats, Bools]:
    """(sampling error of each unit when it is like all others, whether it is large enough to judge)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        match kind:
            case "proportion":
                return np.sqrt(middle * (1 - middle) / n), n * min(middle, 1 - middle) >= ENOUGH
            case "rate":
                return np.sqrt(middle / n), n * middle >= ENOUGH
            case "mean" if se is not None:
                return se, np.isfinite(se)
    if kind == "mean":
        raise ValueError("a funnel of means needs se, the standard error of each mean")
    raise ValueError(f"kind is {kind!r}, expected proportion, rate or mean")


def _usual(value: Floats, error: Floats, start: float) -> tuple[float, float]:
    """(centre, tau): what is usual among the units and how far they usually lie apart beyond sampling error.

    tau solves: the mean square of the winsorised scores, sampling and spread together, is that of a standard normal.
    The centre is the mean of the pulled-in values, each with the weight of its variance.
    """
    middle, tau = start, 0.0
    for _ in range(ROUNDS):
        sd = np.sqrt(error**2 + tau**2)
        z = (value - middle) / sd
        pulled = middle + sd * _winsorised(z)
        middle = float(np.average(pulled, weights=sd**-2))
        before, tau = tau, _tau(value - middle, error)
        if abs(tau - before) <= 1e-9 * (tau + float(error.min())):
            break
    return middle, tau


def _tau(gap: Floats, error: Floats) -> float:
    if _winsorised_square(gap / error) <= 1:
        return 0.0
    low, high = 0.0, float(np.abs(gap).max()) * 2
    for _ in range(40):
        mid = (low + high) / 2
        wide = _winsorised_square(gap / np.sqrt(error**2 + mid**2)) > 1
        low, high = (mid, high) if wide else (low, mid)
    return high


def _winsorised_square(z: Floats) -> float:
    return float(np.mean(_winsorised(z) ** 2) / WINSOR_SQUARE)


def _winsorised(z: Floats) -> Floats:
    """`z` pulled in to its own WINSOR and 1 - WINSOR quantiles."""
    ordered = np.sort(z)
    at = WINSOR * (len(z) - 1)
    below = int(at)
    low = ordered[below] + (at - below) * (ordered[below + 1] - ordered[below])
    high = ordered[-1 - below] - (at - below) * (ordered[-1 - below] - ordered[-2 - below])
    return np.clip(z, low, high)


def _line(z: Floats, freedom: float, false_share: float) -> tuple[float, Bools]:
    """(the z beyond which a unit is outside, which ones are): the line that Benjamini and Hochberg draw."""
    tail = special.ndtr(-np.abs(z)) if np.isinf(freedom) else special.stdtr(freedom, -np.abs(z))
    p = 2 * tail
    steps = false_share * np.arange(1, len(p) + 1) / len(p)
    passed = np.flatnonzero(np.sort(p) <= steps)
    cut = float(steps[passed[-1]] if len(passed) else steps[0])
    critical = -special.ndtri(cut / 2) if np.isinf(freedom) else -special.stdtrit(freedom, cut / 2)
    return float(critical), np.asarray(p <= cut)
