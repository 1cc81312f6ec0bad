"""The yearly wave: learnt where a year is known, else held possible at the size that such waves have.

Weeks and months are compared over a good part of a year, so from a past of some months what is measured since may be
its season. Monthly shares of English emergency departments (130 organisations, two figures, three years; NHS England)
have waves whose coefficients spread by 0.9 of the noise from month to month in the first harmonic and by a third of
that in the second; what is left beside other organisations by 0.55. `python benchmarks/short_past.py` measures that.
"""

import numpy as np

from cxmon.stats.arrays import TINY, Bools, Floats, half_difference
from cxmon.stats.noise import LONG
from cxmon.stats.profiles import harmonics, yearly_columns

# A wave is learnt from as much of a past, in years.
KNOWN = 1.1
WAVE, WAVE_BESIDE, SECOND = 0.9, 0.55, 0.33
MONTHS = 12
FEWEST = 3


def season_columns(yearly: float | None, size: int, *, coarse: bool) -> Floats:
    """Two harmonics of the year (T, 4); of series without a profile (weeks, months) from the first period on, of
    others none where there is less than one whole year to learn them from."""
    return harmonics(yearly, 2, size) if coarse and yearly is not None else yearly_columns(yearly, size)


def unknown(yearly: float | None, past: Bools, *, coarse: bool) -> Bools:
    """Which series (S,) have a wave that they cannot know: from the first measured period of the `past` (S, T) to the
    last one it is hardly more than a year."""
    if yearly is None or not coarse:
        return np.zeros(len(past), bool)
    index = np.arange(past.shape[1])
    first, last = np.where(past, index, past.shape[1]).min(1), np.where(past, index, -1).max(1)
    return np.asarray(last + 1 - first < KNOWN * yearly)


def season_precision(values: Floats, past: Bools, yearly: float, explained: Floats, compared: Bools) -> Floats:
    """Precision (S, 4) of the wave's prior where it is not known, from how far `values` (S, T) move from month to
    month. Of that, counts explain `explained` (S,), believed by half; `compared` are series with controls."""
    moved = monthly(values, past, yearly) * (1 - LONG * explained)
    first = np.where(compared, WAVE_BESIDE, WAVE) ** 2 * np.maximum(moved, TINY)
    return np.tile(np.stack([1 / first, 1 / (SECOND**2 * first)], axis=1), 2)


def monthly(values: Floats, past: Bools, yearly: float) -> Floats:
    """Variance (S,) of the noise from month to month of `values` (S, T); of weeks that of the means of four, counted
    from the change backwards, which is a quarter of that of weeks at least."""
    size = max(round(yearly / MONTHS), 1)
    each = half_difference(values, past)
    at = int(np.flatnonzero(past.any(0)).max(initial=-1)) + 1
    blocks = at // size
    if size == 1 or blocks < FEWEST:
        return each
    shape, whole = (len(values), blocks, size), slice(at - blocks * size, at)
    seen, total = past[:, whole].reshape(shape), np.where(past, values, 0.0)[:, whole].reshape(shape)
    count = seen.sum(2)
    means, there = total.sum(2) / np.maximum(count, 1), 2 * count >= size
    by_block = np.maximum(half_difference(means, there), each / size)
    return np.asarray(np.where(there.sum(1) >= FEWEST, by_block, each))
