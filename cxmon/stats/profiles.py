"""Regressors that repeat: the weekday (or hour of week, or holiday) profile and the yearly wave."""

from typing import Any

import numpy as np

from cxmon.stats.arrays import Floats, Ints

MOST_LABELS = 40


def labels(period: Any, size: int) -> Ints:
    """Profile label 0..L-1 of each period (T,), from a cycle length or from any (T,) labels."""
    if np.ndim(period) == 0:
        cycle = int(period)
        if cycle < 1:
            raise ValueError(f"period is {period}, expected at least 1")
        return np.arange(size) % min(cycle, max(size, 1))
    found = np.asarray(period)
    if found.shape != (size,):
        raise ValueError(f"period has shape {found.shape}, expected one number or ({size},)")
    # In the order of their first appearance: waves over many labels need them in the order of time.
    _, first, label = np.unique(found, return_index=True, return_inverse=True)
    return np.asarray(np.argsort(np.argsort(first))[label.reshape(-1)], np.int64)


def cycle_length(period: Any, size: int) -> int:
    """Periods from one appearance of a label to its next, as a rule: 7 for weekdays, holidays or not; 1 without
    labels."""
    label = labels(period, size)
    order = np.argsort(label, kind="stable")
    apart = np.diff(order)[np.diff(label[order]) == 0]
    return int(np.bincount(apart).argmax()) if len(apart) else max(size, 1)


def columns(period: Any, size: int) -> Floats:
    """Sum-to-zero contrasts (T, L-1) of the profile; with over 40 labels six waves of one to 21 turns a cycle stand in
    for them."""
    label = labels(period, size)
    count = int(label.max()) + 1 if size else 0
    if count <= 1:
        return np.zeros((size, 0))
    if count > MOST_LABELS:
        turns = [1, 2, 3, 7, 14, 21]
        angle = 2 * np.pi * label[:, None] * np.array(turns) / count
        return np.concatenate([np.sin(angle), np.cos(angle)], axis=1)
    return _contrasts(count)[label]


def _contrasts(count: int) -> Floats:
    """Orthonormal sum-to-zero basis (L, L-1). Equal shrinkage of its coefficients favours no label over another."""
    out = np.zeros((count, count - 1))
    for j in range(1, count):
        out[:j, j - 1], out[j, j - 1] = 1.0, -j
        out[:, j - 1] /= np.sqrt(j * (j + 1.0))
    return out


def yearly_columns(yearly: float | None, size: int) -> Floats:
    """Two harmonics of the year (T, 4), none where there is less than one whole year to learn them from."""
    if yearly is None or size < yearly:
        return np.zeros((size, 0))
    return harmonics(yearly, 2, size)


def harmonics(season: float, most: int, size: int) -> Floats:
    """Sines, then cosines, of one to `most` turns in `season` periods (T, 2 most)."""
    angle = 2 * np.pi * np.arange(size)[:, None] * np.arange(1, most + 1) / float(season)
    return np.concatenate([np.sin(angle), np.cos(angle)], axis=1)


def without_profile(values: Floats, cols: Floats) -> Floats:
    """`values` (K, T) with gaps as NaN, minus each row's own profile fitted by lightly shrunk least squares."""
    if not cols.shape[1] or not values.size:
        return values
    Z = np.c_[np.ones(len(cols)), cols]
    p = Z.shape[1]
    ok = np.isfinite(values)
    count = np.maximum(ok.sum(1), 1)
    filled = np.where(ok, values, 0.0)
    center = filled.sum(1) / count
    flat = np.where(ok, filled - center[:, None], 0.0)
    squares = (Z[:, :, None] * Z[:, None, :]).reshape(len(Z), p * p)
    # Rows without gaps have the same cross products.
    used = ok[:1] if ok.all() else ok
    A = (used.astype(float) @ squares).reshape(-1, p, p) + np.diag(np.r_[1e-9, np.full(p - 1, 0.5)])
    b = (np.linalg.inv(A) @ (flat @ Z)[:, :, None])[:, 1:, 0]
    return np.asarray(values - b @ cols.T)
