"""What untouched segments say about the movement that everyone shared: one robust, smoothed common factor.

Segments measure the same thing, so their precision-weighted mean is a good guess of the shared movement; smoothing it
before regression keeps its sampling noise from flattening the slope. A control that moved on its own at the change,
judged against its like-sized moves before, loses its weight.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solveh_banded

from cxmon.stats.arrays import TINY, Bools, Floats, half_difference
from cxmon.stats.filtering import Noise, whiten
from cxmon.stats.profiles import without_profile
from cxmon.stats.regression import products

MOST_SIBLINGS = 6
OWN = [(0.0, 0.0), (0.2, 0.5), (0.2, 0.85), (1.0, 0.5), (1.0, 0.85)]
OWN_NOISE = Noise(
    ar=np.repeat([a for a, _ in OWN], 3), phi=np.repeat([p for _, p in OWN], 3), rw=np.tile([0.0, 2e-3, 2e-2], 5),
    log_prior=np.zeros(15),
)  # fmt: skip
SMOOTHNESS = np.array([0.003, 0.02, 0.08, 0.3, 1.0, 4.0, 20.0])


@dataclass(frozen=True, eq=False)
class Common:
    """The shared movement (T,), centred before the change, or None; which controls carry it (K,); and what is each
    control's own, in units of its period-to-period noise (k, T): they tell how such a series wanders by itself.
    `doubt` is the variance that not knowing which controls moved by themselves adds to the shared level after the
    change."""

    level: Floats | None
    used: Bools
    siblings: Floats
    doubt: float


def common(values: Floats, variance: Floats, profile: Floats, at: int, until: int) -> Common:
    """Common factor of `values` (K, T), NaN = missing, with sampling `variance` (K, T)."""
    K, T = values.shape
    seen = np.isfinite(values)
    # A control says something only where it was measured on both sides of the change.
    fit = (seen[:, :at].sum(1) >= max(3, min(8, at // 2))) & seen[:, at:until].any(1)
    if not fit.any():
        return Common(None, np.zeros(K, bool), np.zeros((0, T)), 0.0)
    X = without_profile(np.where(fit[:, None], values, np.nan), profile)
    ok = seen & fit[:, None]
    rough = np.array([half_difference(X[k], ok[k]) if fit[k] else np.inf for k in range(K)])
    own = np.where(fit, np.maximum(rough, TINY), np.inf)
    base = np.where(fit, 1 / (own + np.median(own[fit])), 0.0)
    center = _levels(X, ok, base, at)
    sure, moved = trust(X - center[:, None], ok, own, at, until)
    weight = base * np.where(sure > 0.05, sure, 0.0)
    center = _levels(X, ok, weight, at)
    if not (weight > 0).any():
        return Common(None, np.zeros(K, bool), np.zeros((0, T)), 0.0)
    W = ok * weight[:, None]
    total = W.sum(0)
    there = total > 0
    # A control whose variance differs by day (few answers on Sundays) counts by its typical one; the sum keeps the
    # days apart.
    daily = np.where(ok, np.clip(variance / np.median(variance[ok]), 0.2, 5) if ok.any() else 1.0, 0.0)
    mean = np.where(there, (W * np.where(ok, X - center[:, None], 0.0)).sum(0) / np.maximum(total, TINY), 0.0)
    spread = (W**2 * daily * np.where(fit, own, 0.0)[:, None]).sum(0) / np.maximum(total, TINY) ** 2
    level = smooth(mean, np.where(there, np.maximum(spread, TINY), 1.0), there)
    used = weight > 0.1 * weight.max()
    share = weight / weight.sum()
    doubt = float((share**2 * sure * (1 - sure) * moved**2).sum())
    return Common(level - level[:at].mean(), used, _siblings(X - center[:, None], ok, mean, own, used, at), doubt)


def _siblings(X: Floats, ok: Bools, mean: Floats, own: Floats, used: Bools, at: int) -> Floats:
    """What each of the least noisy well-measured controls does apart from the shared movement, before the change."""
    good = np.flatnonzero(used & (ok[:, :at].mean(1) > 0.9))
    if len(good) < 3:
        return np.zeros((0, X.shape[1]))
    good = good[np.argsort(own[good], kind="stable")][:MOST_SIBLINGS]
    gap = np.where(ok[good], X[good] - mean, 0.0)
    gap[:, at:] = 0.0
    # Each control is part of the mean it is compared with; the factor gives back what that hides.
    return np.asarray(gap * np.sqrt(used.sum() / (used.sum() - 1.0)) / np.sqrt(own[good])[:, None])


def _levels(X: Floats, ok: Bools, weight: Floats, at: int) -> Floats:
    """Level of each control (K,) relative to the shared movement, from the periods before the change."""
    K = len(X)
    before = ok[:, :at]
    filled = np.where(before, X[:, :at], 0.0)
    count = np.maximum(before.sum(1), 1)
    center = filled.sum(1) / count
    if before.all():
        return np.asarray(center)
    W = before * np.maximum(weight, TINY)[:, None]
    for _ in range(4):
        shared = (W * (filled - center[:, None] * before)).sum(0) / np.maximum(W.sum(0), TINY)
        center = (filled - shared * before).sum(1) / count
    return np.asarray(center.reshape(K))


def trust(X: Floats, ok: Bools, own: Floats, at: int, until: int) -> tuple[Floats, Floats]:
    """Chance (K,) that each control did not move by itself at the change, and its own move there (K,), in X's units.

    The move is a step in its distance to the median of all, by generalised least squares with noise that the controls
    share; a control that moved is expected to have moved by some four standard errors, one in ten is. Needs three
    controls: with less nobody can be told apart and all are trusted.
    """
    K, T = X.shape
    able = np.flatnonzero(np.isfinite(own))
    if len(able) < 3 or at < 8:
        return np.ones(K), np.zeros(K)
    gap = np.where(ok, X, np.nan)[able]
    there = np.asarray(np.isfinite(gap).any(0))
    gap[:, ~there] = 0.0
    gap = np.nan_to_num(gap - np.nanmedian(gap, axis=0)) / np.sqrt(own[able])[:, None]
    index = np.arange(T)
    columns = np.c_[np.ones(T), (index >= at) & (index < until), gap.T, np.zeros(T)]
    G = len(OWN_NOISE.ar)
    found = whiten(columns, np.ones(T), there, OWN_NOISE, T)
    M = products(found.rows, 2)
    inverse = np.linalg.inv(M.plain[:, :2, :2] + 1e-9 * np.eye(2))
    coefficients = inverse @ M.ZD
    rss = np.maximum(M.DD - (M.ZD * coefficients).sum(1), TINY)
    nu = max(int(there.sum()) - 2, 1)
    ll = -0.5 * (np.log(found.variance[there]).sum(0)[:, None] + nu * np.log(rss)).sum(1) * min(1.0, 3 / len(able))
    weight = np.exp(ll - ll.max()).reshape(G, 1)
    weight = weight / weight.sum()
    move = (weight * coefficients[:, 1]).sum(0)
    spread = np.sqrt((weight * (rss / nu * inverse[:, 1, 1, None])).sum(0))
    z2 = (move / np.maximum(spread, TINY)) ** 2
    odds = np.log(9.0) + 0.5 * np.log(17.0) - 0.5 * z2 * (1 - 1 / 17)
    sure, moved = np.ones(K), np.zeros(K)
    sure[able] = 1 / (1 + np.exp(-np.clip(odds, -30, 30)))
    moved[able] = move * np.sqrt(own[able])
    return sure, moved


def smooth(y: Floats, variance: Floats, seen: Bools) -> Floats:
    """Best guess of a local level behind `y` (T,), averaged over how fast it may move (by marginal likelihood)."""
    reference = float(np.median(variance[seen]))
    G = len(SMOOTHNESS)
    noise = Noise(np.zeros(G), np.zeros(G), SMOOTHNESS * reference, np.zeros(G))
    X = np.c_[np.ones(len(y)), np.where(seen, y, 0.0)]
    found = whiten(X, variance, seen, noise, len(y))
    e = found.rows
    a, h, yy = (e[:, :, 0] ** 2).sum(0), (e[:, :, 0] * e[:, :, 1]).sum(0), (e[:, :, 1] ** 2).sum(0)
    rss = np.maximum(yy - h**2 / np.maximum(a, TINY), TINY)
    nu = max(int(seen.sum()) - 1, 1)
    log_det = np.log(found.variance[seen]).sum(0)
    ll = -0.5 * (log_det + np.log(np.maximum(a, TINY)) + nu * np.log(rss))
    weight = np.exp(ll - ll.max())
    weight /= weight.sum()
    out = np.zeros(len(y))
    for g in np.flatnonzero(weight > 0.02):
        out += weight[g] * _local_level(y, variance, seen, SMOOTHNESS[g] * reference)
    return np.asarray(out / weight[weight > 0.02].sum())


def _local_level(y: Floats, variance: Floats, seen: Bools, rw: float) -> Floats:
    """Smoothed random walk with a flat start: the tridiagonal system (W + D'D / rw) x = W y."""
    T = len(y)
    precision = np.where(seen, 1 / variance, 0.0)
    if T == 1:
        return np.asarray(y, float)
    band = np.zeros((2, T))
    band[1] = precision + np.r_[1, np.full(T - 2, 2), 1] / rw
    band[0, 1:] = -1 / rw
    return np.asarray(solveh_banded(band, precision * np.where(seen, y, 0.0)))
