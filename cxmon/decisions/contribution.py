"""The gap of a total between two plain windows: its parts fared differently, or it is made of different parts.

Nothing is expected here and nothing is unsure: `stats.decompose` splits observed minus expected, with intervals.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Contribution:
    """A parent's gap `total` = after - before as `rate` + `mix` + `entry_exit`, in the metric's natural unit.

    `by_segment` (S, 3) holds each segment's rate, mix and entry/exit parts; its sum is the total. Exact up to rounding.
    """

    before: float
    after: float
    total: float
    rate: float
    mix: float
    entry_exit: float
    by_segment: Floats


def contribution(n_before: Floats, total_before: Floats, n_after: Floats, total_after: Floats) -> Contribution:
    """Splits the gap of a parent's figure sum(total) / sum(n) between two windows over its segments (S,).

    For proportions, means and rates: n as in `Kind` (answers or exposure), total the sum over the window. With weights
    w = n / sum(n), segment figures r and the mean of both parents P (Kitagawa's symmetric split, centred):

        rate        (w0 + w1) / 2 * (r1 - r0)           segments in both windows
        mix         (w1 - w0) * ((r0 + r1) / 2 - P)     segments in both windows
        entry/exit  w1 * (r1 - P), -w0 * (r0 - P)       segments in one of them

    Centring by P makes a shift towards better segments count where it happens, and the parts still add up, because
    the weights' differences sum to zero. NaN throughout where a window holds nothing. Raises ValueError for shapes
    that differ or a negative n.
    """
    columns = [np.asarray(x, float) for x in (n_before, total_before, n_after, total_after)]
    if len({x.shape for x in columns}) != 1 or columns[0].ndim != 1:
        raise ValueError(f"contribution: found shapes {[x.shape for x in columns]}, expected one shape (S,)")
    n0, t0, n1, t1 = columns
    if (n0 < 0).any() or (n1 < 0).any():
        raise ValueError("contribution: found a negative n, expected counts or exposures")
    if n0.sum() == 0 or n1.sum() == 0:
        nan = float("nan")
        empty = np.full((len(n0), 3), nan)
        return Contribution(before=nan, after=nan, total=nan, rate=nan, mix=nan, entry_exit=nan, by_segment=empty)
    w0, w1 = n0 / n0.sum(), n1 / n1.sum()
    r0 = np.divide(t0, n0, out=np.zeros_like(t0), where=n0 > 0)
    r1 = np.divide(t1, n1, out=np.zeros_like(t1), where=n1 > 0)
    before, after = float(w0 @ r0), float(w1 @ r1)
    middle = (before + after) / 2
    stays = (n0 > 0) & (n1 > 0)
    rate = np.where(stays, (w0 + w1) / 2 * (r1 - r0), 0.0)
    mix = np.where(stays, (w1 - w0) * ((r0 + r1) / 2 - middle), 0.0)
    moves = np.where(stays, 0.0, w1 * (r1 - middle) * (n1 > 0) - w0 * (r0 - middle) * (n0 > 0))
    return Contribution(
        before=before,
        after=after,
        total=after - before,
        rate=float(rate.sum()),
        mix=float(mix.sum()),
        entry_exit=float(moves.sum()),
        by_segment=np.stack([rate, mix, moves], axis=1),
    )
