"""The array types of this room and the cleaning of what callers pass in."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Held = TypeVar("Held")

TINY = 1e-12
# Numbers that one step works on: about what the processor holds close by, beside the step's own results.
NEAR = 100_000


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


def some_of(held: Held, rows: Bools) -> Held:
    """A dataclass of arrays (S, ..) with some of its series only."""
    return type(held)(**{f.name: getattr(held, f.name)[rows] for f in fields(held)})  # type: ignore[arg-type]


def joined_of(held: Sequence[Held], order: Ints) -> Held:
    """Dataclasses of arrays (S, ..) of some series each as one, with its series in this order."""
    names = [f.name for f in fields(held[0])]  # type: ignore[arg-type]
    return type(held[0])(**{name: np.concatenate([getattr(one, name) for one in held])[order] for name in names})


def total_of(values: Floats, use: Bools) -> Floats:
    """Sum (S,) of the values (S, T) in `use`."""
    return np.asarray(np.where(use, values, 0.0).sum(1))


def median_of(values: Floats, use: Bools) -> Floats:
    """Median (S,) of the values (S, T) in `use`; NaN where there is none."""
    count = use.sum(1)
    ordered = np.sort(np.where(use, values, np.inf), axis=1)
    if not ordered.shape[1]:
        return np.full(len(values), np.nan)
    row = np.arange(len(values))
    with np.errstate(invalid="ignore"):
        middle = (ordered[row, np.maximum(count - 1, 0) // 2] + ordered[row, np.maximum(count, 1) // 2]) / 2
    return np.asarray(np.where(count > 0, middle, np.nan))


def half_difference(y: Floats, seen: Bools) -> Floats:
    """Variance (S,) of the period-to-period noise of `y` (S, T): half the mean square of winsorised differences between
    neighbouring seen values; 0 with under 3 values.

    Differences see white noise whole and slow drift hardly, which makes them a scale to measure everything else by.
    """
    if y.shape[1] < 2:
        return np.zeros(len(y))
    order = np.argsort(~seen, axis=1, kind="stable")
    d = np.diff(np.take_along_axis(np.where(seen, y, 0.0), order, axis=1), axis=1)
    use = np.arange(1, y.shape[1]) < seen.sum(1)[:, None]
    d = np.where(use, d, 0.0)
    cut = 4 * 1.4826 * np.nan_to_num(median_of(np.abs(d), use))
    cut = np.where(cut > 0, cut, np.inf)[:, None]
    squares = np.clip(d, -cut, cut) ** 2
    count = use.sum(1)
    return np.asarray(np.where(count >= 2, squares.sum(1) / np.maximum(count, 1) / 2, 0.0))


def near(S: int, each: int, held: int = NEAR) -> Iterator[slice]:
    """Parts of S series with `each` numbers a series, together `held`, that stay close to the processor; as alike in
    size as can be, because a small part costs as many calls as a large one."""
    parts = max(1, min(S, round(S * each / held)))
    ends = [S * i // parts for i in range(parts + 1)]
    return (slice(first, end) for first, end in pairwise(ends))
