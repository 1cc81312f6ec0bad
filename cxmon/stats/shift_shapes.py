"""The shapes a change may have, and how well each fits at each date: all of them at once, by running sums.

A lasting change is a ramp from `start` to `stop`, the first period at the new level; a step is one with `stop` equal to
`start`. A passing change is the difference of two steps. Products of a column with steps are running sums of it, with
ramps running sums of those: a scan over thousands of shapes costs a few passes over the series.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import numpy as np

from cxmon.stats.arrays import Floats, Ints

Dates = tuple[int, int]
At = TypeVar("At", int, Ints)

# Lengths in shortest lasting stretches: those of ramps when looking from afar and from near, those of passing changes.
FAR = (2.0, 3.0, 5.0, 7.0, 10.0)
NEAR = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0)
PASSING = (1.0, 1.4, 2.0, 2.8, 4.0, 5.7, 8.0, 11.0, 16.0, 23.0)
# What a shape must gain over a step, in squared standard errors, for the length or the second date it may choose.
RAMP = 5.0
PASSES = 4.0


@dataclass(frozen=True, eq=False)
class Shapes:
    """Candidates (C,): the change begins at `start` and is complete at `stop`, or over by then where it `passes`.
    `first`, `second` and `scale` make the product out of running sums; a shape `pays` what it gains by chance."""

    start: Ints
    stop: Ints
    first: Ints
    second: Ints
    scale: Floats
    pays: Floats
    lasting: int
    size: int

    def changes(self, i: int) -> list[Dates]:
        """The lasting changes that make up candidate `i`: itself, or two steps."""
        start, stop = int(self.start[i]), int(self.stop[i])
        return [(start, stop)] if i < self.lasting else [(start, start), (stop, stop)]

    def products(self, column: Floats) -> Floats:
        """Sums (..., C) of every shape times `column` (..., T)."""
        size = self.size
        sums = np.zeros((*column.shape[:-1], 2 * size + 3))
        back = sums[..., :size]
        np.cumsum(column[..., ::-1], axis=-1, out=back[..., ::-1])
        np.cumsum(back, axis=-1, out=sums[..., size + 2 : 2 * size + 2])
        return np.asarray((sums.take(self.first, -1) - sums.take(self.second, -1)) * self.scale)

    def squares(self, weight: Floats) -> Floats:
        """Sums (C,) of `weight` (T,) times the square of every shape."""
        out = self.products(weight)
        a, b = self.start[: self.lasting], self.stop[: self.lasting]
        j = np.arange(self.size)
        sums = np.zeros((3, self.size + 1))
        np.cumsum(np.stack([weight, weight * j, weight * (j * j)]), axis=1, out=sums[:, 1:])
        w0, w1, w2 = sums
        d = a - 1.0
        rising = (w2[b] - w2[a]) - 2 * d * (w1[b] - w1[a]) + d * d * (w0[b] - w0[a])
        out[: self.lasting] = rising / (b - d) ** 2 + (w0[-1] - w0[b])
        return out


def third(dates: tuple[At, At]) -> At:
    """The period by which a third of a change is made; of a step the first at the new level."""
    start, stop = dates
    return (2 * start + stop) // 3


def regressors(size: int, dates: list[Dates]) -> Floats:
    """The regressors (K, T) of lasting changes: 0 before the start, 1 from the stop on."""
    start, stop = np.array(dates, float).reshape(-1, 2).T[:, :, None]
    rise = (np.arange(1.0, size + 1.0) - start) / (stop - start + 1.0)
    return np.asarray(np.minimum(np.maximum(rise, 0.0, out=rise), 1.0, out=rise))


def made(size: int, lasting: tuple[Ints, Ints], passing: tuple[Ints, Ints]) -> Shapes:
    (a, b), (c, d) = lasting, passing
    join = np.concatenate
    first, second = join([size + 2 + b, c]), join([size + 1 + a, d])
    scale = join([1.0 / (b - a + 1), np.ones(len(c))])
    start, stop = join([a, c]), join([b, d])
    middle = (a + b) / 2.0
    short = join([np.minimum(middle, size - middle), d - c * 1.0])
    pays = 2 * np.log(size / np.maximum(short, 1.0)) + join([RAMP * (b > a), np.full(len(c), PASSES)])
    return Shapes(start, stop, first, second, scale, pays, len(a), size)


@lru_cache(maxsize=16)
def everywhere(size: int, least: int) -> Shapes:
    """What the search looks for in a whole series: every step, and longer shapes as dense as their length deserves."""
    starts = [np.arange(least, size - least + 1)]
    stops = [starts[0]]
    for times in FAR:
        length = int(times * least)
        if length <= size // 3:
            begin = np.arange(least, size - length, max(1, length // 8))
            starts.append(begin)
            stops.append(begin + length - 1)
    begins, ends = [np.zeros(0, int)], [np.zeros(0, int)]
    for times in PASSING:
        length = int(times * least)
        if length <= size // 2:
            begin = np.arange(least, size - least - length + 1, max(1, length // 8))
            begins.append(begin)
            ends.append(begin + length)
    return made(size, (np.concatenate(starts), np.concatenate(stops)), (np.concatenate(begins), np.concatenate(ends)))


def around(size: int, least: int, low: int, high: int) -> Shapes:
    """Every lasting shape that begins at `low` or later and is complete at `high` or earlier."""
    starts = [np.arange(low, high + 1)]
    stops = [starts[0]]
    for times in NEAR:
        length = int(times * least)
        begin = np.arange(low, high - length + 2, max(1, length // 24))
        if len(begin) and length <= size // 3:
            starts.append(begin)
            stops.append(begin + length - 1)
    none = np.zeros(0, int)
    return made(size, (np.concatenate(starts), np.concatenate(stops)), (none, none))
