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

SMOOTHNESS = np.array([0.003, 0.02, 0.08, 0.3, 1.0, 4.0, 20.0])


@dataclass(frozen=True, eq=False)
class Common:
    """The shared movement (T,), centred before the change, or None; which controls carry it (K,)."""

    level: Floats | None
    used: Bools


def common(values: Floats, variance: Floats, profile: Floats, at: int, until: int) -> Common:
    """Common factor of `values` (K, T), NaN = missing, with sampling `variance` (K, T)."""
    K = len(values)
    seen = np.isfinite(values)
    # A control says something only where it was measured on both sides of the change.
    fit = (seen[:, :at].sum(1) >= max(3, min(8, at // 2))) & seen[:, at:until].any(1)
    if not fit.any():
        return Common(None, np.zeros(K, bool))
    X = without_profile(np.where(fit[:, None], values, np.nan), profile)
    ok = seen & fit[:, None]
    rough = np.array([half_difference(X[k], ok[k]) if fit[k] else np.inf for k in range(K)])
    own = np.where(fit, np.maximum(rough, TINY), np.inf)
    base = np.where(fit, 1 / (own + np.median(own[fit])), 0.0)
    weight = base
    for _ in range(2):
        center = _levels(X, ok, weight, at)
        weight = base * trust(X - center[:, None], ok, own, at, until)
    if not (weight > 0).any():
        return Common(None, np.zeros(K, bool))
    W = ok * weight[:, None]
    total = W.sum(0)
    there = total > 0
    # A control whose variance differs by day (few answers on Sundays) counts by its typical one; the sum keeps the
    # days apart.
    daily = np.where(ok, np.clip(variance / np.median(variance[ok]), 0.2, 5) if ok.any() else 1.0, 0.0)
    mean = np.where(there, (W * np.where(ok, X - center[:, None], 0.0)).sum(0) / np.maximum(total, TINY), 0.0)
    spread = (W**2 * daily * np.where(fit, own, 0.0)[:, None]).sum(0) / np.maximum(total, TINY) ** 2
    level = smooth(mean, np.where(there, np.maximum(spread, TINY), 1.0), there)
    return Common(level - level[:at].mean(), weight > 0.05 * weight.max())


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


def trust(X: Floats, ok: Bools, own: Floats, at: int, until: int) -> Floats:
    """Weight 0..1 of each control (K,): 1 for those whose move at the change is like their moves at other times.

    Needs three controls and three windows of history; with less nobody can be told apart and all are trusted.
    """
    K = len(X)
    able = np.isfinite(own)
    span = min(until, X.shape[1]) - at
    H = min(span, at // 3)
    if able.sum() < 3 or H < 2:
        return np.ones(K)
    gap = np.where(ok, X, np.nan)[able]
    lonely = ~np.isfinite(gap).any(0)
    gap[:, lonely] = 0.0
    gap = gap - np.nanmedian(gap, axis=0)

    def move(first: int, last: int) -> Floats:
        after, before = gap[:, first:last], gap[:, max(0, first - 2 * H) : first]
        enough = (np.isfinite(after).sum(1) > 0) & (np.isfinite(before).sum(1) > 0)
        out = np.zeros(len(gap))
        out[enough] = np.nanmean(after[enough], axis=1) - np.nanmean(before[enough], axis=1)
        return out / np.sqrt(own[able])

    now = move(at, at + span)
    placebo = np.array([move(e - H, e) for e in range(at, 3 * H - 1, -max(1, H // 2))])
    scale = 1.4826 * float(np.median(np.abs(placebo))) * np.sqrt(K / (K - 1.0)) + TINY
    far = np.abs(now) / scale
    out = np.ones(K)
    out[able] = np.where(far < 2, 1.0, np.where(far > 4, 0.0, 1 - ((far - 2) / 2) ** 2))
    return out


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
