"""The array types of this room and the cleaning of what callers pass in."""

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

TINY = 1e-12


def vector(name: str, given: Any, size: int | None = None) -> Floats:
    """`given` as a float vector; ValueError when it is not one-dimensional or not of the expected length."""
    found = np.asarray(given, float)
    if found.ndim != 1 or (size is not None and len(found) != size):
        raise ValueError(f"{name} has shape {found.shape}, expected ({'T' if size is None else size},)")
    return found


def matrix(name: str, given: Any, columns: int) -> Floats:
    """`given` as a float matrix (K, columns); a single vector becomes one row."""
    found = np.atleast_2d(np.asarray(given, float))
    if found.ndim != 2 or (found.size and found.shape[1] != columns):
        raise ValueError(f"{name} has shape {found.shape}, expected (K, {columns})")
    return found.reshape(-1, columns)


def half_difference(y: Floats, seen: Bools) -> float:
    """Variance of the period-to-period noise: half the mean square of winsorised differences; 0 with under 3 values.

    Differences see white noise whole and slow drift hardly, which makes them a scale to measure everything else by.
    """
    d = np.diff(y[seen])
    if len(d) < 2:
        return 0.0
    cut = 4 * 1.4826 * float(np.median(np.abs(d)))
    if cut > 0:
        d = np.clip(d, -cut, cut)
    return float(np.mean(d * d) / 2)
