"""Which figures of small groups are not shown, and which others beside them, so that no subtraction brings them back.

A cell is a metric, a segment and a stretch of time; it is small below `least` answers. Small cells are withheld
(primary suppression). For each the cheapest swap of answers with others is looked for (`swaps`) by which it could be
another number while everything that is shown stays as it is; what else changes with that swap is withheld too
(complementary suppression).

Guarantee, for every withheld cell, on counts that nobody else knows: there are tables that agree with everything shown,
with no count below zero, in which the cell takes values at least `least` answers apart. It rests on the sums of one
metric that are shown at one time. What is not covered: other metrics that count the same people, what was shown before
late answers came, what somebody knows of a single customer, and groups in which everybody answered alike. Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt

from cxmon.decisions.swaps import Lattice, Swaps
from cxmon.model import Segment

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

# What is shown of a cell: its periods, only its whole block of periods, or nothing.
PERIODS, BLOCKS, NOTHING = 0, 1, 2
# Numbers that are worked on at once: bounds memory.
_AT_ONCE = 4_000_000


class Showing(Enum):
    """What may be shown of a figure over a window: it and its count, it with a rounded count, or neither."""

    SHOWN = "shown"
    ROUNDED = "rounded"
    WITHHELD = "withheld"


@dataclass(frozen=True, kw_only=True, eq=False)
class Cover:
    """How finely each row (segments first, then what stands beside) is shown in each period (T,).

    `level` (P + E, T) is PERIODS, BLOCKS or NOTHING; `sizes` (P + E, T) are answers; `blocks` (T,) numbers the fixed
    blocks of periods, which never overlap: averages that overlap would give back the single periods.
    """

    names: Mapping[Segment | str, int]
    level: npt.NDArray[np.int8]
    sizes: Floats
    blocks: Ints
    least: float

    def window(self, name: Segment | str, first: int, last: int) -> Showing:
        """What may be shown of one figure over the periods `first` to before `last`.

        Withheld where it stands on fewer than `least` answers, or with what is shown would tell of fewer: of a part of
        a block of which only the whole is shown, or of what is withheld within. Rounded where its exact count would
        tell something of others.
        """
        if self.few(name, first, last):
            return Showing.WITHHELD
        row = self.names[name]
        n, told, inside = self.sizes[row], self.level[row], np.zeros(len(self.blocks), bool)
        inside[first:last] = True
        if not told[inside].any():
            return Showing.SHOWN
        hidden = inside & (told == NOTHING)
        rest = float(n[hidden].sum())
        if _few(rest, self.least):
            return Showing.WITHHELD
        found = Showing.ROUNDED if rest else Showing.SHOWN
        for block in np.unique(self.blocks[inside & (told == BLOCKS)]):
            of_it = (self.blocks == block) & (told == BLOCKS)
            if not (of_it & ~inside).any():
                continue
            found = Showing.ROUNDED
            if any(_few(float(n[part].sum()), self.least) for part in (of_it & inside, of_it & ~inside)):
                return Showing.WITHHELD
        return found

    @property
    def plain(self) -> bool:
        """Whether everything is shown as it is."""
        return not self.level.any()

    def by_period(self, name: Segment | str, first: int, last: int) -> bool:
        """Whether each of the periods `first` to before `last` is shown by itself."""
        return not self.level[self.names[name], first:last].any()

    def few(self, name: Segment | str, first: int, last: int) -> bool:
        """Whether the periods `first` to before `last` together hold fewer answers than may be shown."""
        return bool(_few(float(self.sizes[self.names[name], first:last].sum()), self.least))

    def rounded(self, count: float) -> float:
        """A count to the nearest multiple of `least`."""
        return round(count / self.least) * self.least if np.isfinite(count) else count


def cover(
    lattice: Lattice, sizes: Floats, beside: Mapping[str, Floats], *, blocks: Ints, complete: Bools, least: float,
    weight: Floats | None = None,
) -> Cover:  # fmt: skip
    """How finely each row is shown: `sizes` (P, T) are the answers of the lattice's segments, `beside` (T,) by name
    those of its further sums. `complete` (T,): later periods are each shown or not by themselves. `weight` as in
    `withheld`.

    In a block with a small period only the sum of the block is shown, of the row and of what protects it. The block is
    withheld where it is small as a whole.
    """
    rows = np.concatenate([sizes, *(beside[name][None] for name in beside)]) if beside else sizes
    names: dict[Segment | str, int] = {s: i for i, s in enumerate(lattice.segments)}
    names |= {name: len(lattice.segments) + e for e, name in enumerate(beside)}
    level = np.zeros(rows.shape, np.int8)
    found = Cover(names=names, level=level, sizes=rows, blocks=blocks, least=least)
    few = _few(rows, least)
    if not few.any():
        return found
    weight = sizes.mean(1) if weight is None else weight
    level[:, ~complete] = NOTHING * withheld(lattice, rows[:, ~complete], least, weight)
    _, where = np.unique(blocks[complete], return_inverse=True)
    if not len(where):
        return found
    at = np.flatnonzero(np.diff(where, prepend=-1))
    whole = np.add.reduceat(rows[:, complete], at, axis=1)
    none = withheld(lattice, whole, least, weight)
    coarse = np.logical_or.reduceat(few[:, complete], at, axis=1)
    # In a block with a small period every period is unknown by itself: else the last unknown one is the difference.
    days, apart = rows[:, complete], (coarse & (whole > 0))[:, where]
    hidden = _protected(lattice, days, apart & (days > 0), apart | none[:, where], least, weight)
    coarse = np.logical_or.reduceat(hidden, at, axis=1)
    level[:, complete] = np.where(none, NOTHING, np.where(coarse & (whole > 0), BLOCKS, PERIODS))[:, where]
    return found


def withheld(lattice: Lattice, sizes: Floats, least: float, weight: Floats | None = None) -> Bools:
    """Which cells (P + E, T) are not shown; each column is a table by itself. A cell without answers is not small.

    `weight` (P,) is what it costs to withhold a segment's cell, without it the mean of its sizes: the same in every
    column, so that it is the same neighbour day after day that protects a small one.
    """
    few = _few(sizes, least)
    if not few.any():
        return few
    typical = sizes[: len(lattice.segments)].mean(1) if weight is None else weight
    return _protected(lattice, sizes, few, few, least, typical)


def _protected(lattice: Lattice, sizes: Floats, small: Bools, hidden: Bools, least: float, weight: Floats) -> Bools:
    """`hidden` with what protects every cell that is `small`. Rows with the fewest answers choose first, so that larger
    ones find them withheld already."""
    P, hidden = len(lattice.segments), hidden.copy()
    for row in sorted(np.flatnonzero(small[:P].any(1)).tolist(), key=lambda r: (float(weight[r]), r)):
        columns = np.flatnonzero(small[row])
        step = max(1, _AT_ONCE // max(1, sum(s.rows.size for s in lattice.swaps(row))))
        for first in range(0, len(columns), step):
            now = columns[first : first + step]
            _cheapest(lattice.swaps(row), row, weight, sizes[:P, now], hidden, now, least)
    return hidden


def _cheapest(
    swaps: list[Swaps], row: int, weight: Floats, sizes: Floats, hidden: Bools, columns: Ints, least: float
) -> None:
    """Withholds, in each column (J), what changes with the swap that withholds the least weight beside; where no swap
    but one of everybody gives room enough, with several together if that is less."""
    P, J = sizes.shape
    # One more row stands for what is not shown as a segment at all.
    cost = np.concatenate([np.where(hidden[:P, columns], 0.0, weight[:, None]), np.zeros((1, J))])
    room = np.concatenate([sizes, np.full((1, J), np.inf)])
    best, which, line = np.full(J, np.inf), np.full(J, -1), np.zeros(J, np.int64)
    for i, swap in enumerate(swaps):
        up, down = _room(swap, room)
        price = np.where((up > 0) & (down > 0) & (up + down >= least), cost[swap.rows].sum(1), np.inf)
        k = price.argmin(0)
        better = price[k, np.arange(J)] < best
        best = np.where(better, price[k, np.arange(J)], best)
        which[better], line[better] = i, k[better]
    for j in range(J):
        taken = [(int(which[j]), int(line[j]))] if which[j] >= 0 else []
        if not taken or not swaps[taken[0][0]].falls.any():
            taken = _several(swaps, cost[:, j], room[:, j], least, float(best[j])) or taken
        hidden[row, columns[j]] = True
        for i, k in taken:
            hidden[[r for r in swaps[i].rows[k] if r < P], columns[j]] = True
            hidden[P + np.flatnonzero(swaps[i].beside[k]), columns[j]] = True


def _room(swap: Swaps, room: Floats) -> tuple[Floats, Floats]:
    """How many answers (K, J) a swap can give to its cell, and take from it, with no count below zero."""
    there = room[swap.rows]
    return there[:, swap.falls].min(1, initial=np.inf), there[:, ~swap.falls].min(1)


def _several(swaps: list[Swaps], cost: Floats, room: Floats, least: float, most: float) -> list[tuple[int, int]]:
    """Swaps (of one column) that take from different cells and so give room enough together, the cheapest for its room
    first; none where they cost `most` or more."""
    cost, taken, used, up, down, price = cost.copy(), [], np.zeros(len(cost), bool), 0.0, 0.0, 0.0
    while up + down < least:
        found: tuple[float, int, int, float, float] | None = None
        for i, swap in enumerate(swaps):
            if not swap.falls.any():
                continue
            more, less = (x[:, 0] for x in _room(swap, room[:, None]))
            free = (more > 0) & (less > 0) & ~used[swap.rows[:, swap.falls]].any(1)
            rate = np.where(free, cost[swap.rows].sum(1) / np.where(free, more, 1.0), np.inf)
            k = int(rate.argmin())
            if np.isfinite(rate[k]) and (found is None or rate[k] < found[0]):
                found = float(rate[k]), i, k, float(more[k]), float(less[k])
        if found is None:
            return []
        _, i, k, more_of_it, less_of_it = found
        rows = swaps[i].rows[k]
        up, down, price = up + more_of_it, max(down, less_of_it), price + float(cost[rows].sum())
        if price >= most:
            return []
        used[rows[swaps[i].falls]] = True
        used[-1] = False
        cost[rows] = 0.0
        taken.append((i, k))
    return taken


def _few(n: Floats | float, least: float) -> Bools:
    return np.asarray((np.asarray(n) > 0) & (np.asarray(n) < least))
