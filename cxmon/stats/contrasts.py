"""How a part of a whole stands against the rest of it, day by day, like compared with like.

Each cell is measured from its own past, so that it does not matter which cells a part is made of, and a part is
compared with the rest within strata (Mantel & Haenszel 1959), so that what a stratum brings is not put down to the part
that serves it. What all cells share, a movement of everybody's or an error of common controls, cancels.
"""

from dataclasses import dataclass, replace

import numpy as np

from cxmon.stats.arrays import TINY, Bools, Floats, Ints


@dataclass(frozen=True, kw_only=True, eq=False)
class Cells:
    """Figures of a whole's cells on the scale of judgement, all (C, T): values, the weight n behind each (answers,
    exposure) and its sampling variance. n = 0 means that nothing was measured."""

    values: Floats
    n: Floats
    variance: Floats

    def centred(self, past: Bools) -> "Cells":
        """Each cell as its difference from its own mean over the periods `past` (T,), by n. A cell without a past says
        nothing: its n becomes 0."""
        some = (self.n > 0) & np.isfinite(self.values) & np.isfinite(self.variance)
        n = np.where(some, self.n, 0.0)
        values = np.where(some, self.values, 0.0)
        before = n[:, past].sum(1)
        base = (n * values)[:, past].sum(1) / np.maximum(before, TINY)
        n = np.where(before[:, None] > 0, n, 0.0)
        return replace(self, values=np.where(n > 0, values - base[:, None], 0.0), n=n,
                       variance=np.where(n > 0, self.variance, 0.0))  # fmt: skip


def contrast(cells: Cells, inside: Bools, among: Bools, strata: Ints) -> tuple[Floats, Floats]:
    """Figure of the cells `inside` less that of the others of `among` (both (C,)), and its sampling variance, (T,).

    With answers a and b on the two sides of stratum k, sum of w (y_a - y_b) / sum of w, w = a b / (a + b). NaN in a
    period in which no stratum has both sides. `cells` are centred; `strata` (C,) numbers from 0.
    """
    size = int(strata.max(initial=0)) + 1
    sides = []
    for members in (inside & among, among & ~inside):
        at, n = strata[members], cells.n[members]
        sums = np.zeros((3, size, n.shape[1]))
        for row, x in zip(sums, (n, n * cells.values[members], n**2 * cells.variance[members]), strict=True):
            np.add.at(row, at, x)
        there = np.maximum(sums[0], TINY)
        sides.append((sums[0], sums[1] / there, sums[2] / there**2))
    (a, mine, mine_variance), (b, theirs, theirs_variance) = sides
    w = a * b / np.maximum(a + b, TINY)
    total = w.sum(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        value = (w * (mine - theirs)).sum(0) / total
        variance = (w**2 * (mine_variance + theirs_variance)).sum(0) / total**2
    seen = total > 0
    return np.where(seen, value, np.nan), np.where(seen, variance, np.nan)
