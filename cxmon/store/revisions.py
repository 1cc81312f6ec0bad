"""What a batch changes: pure arithmetic on arrays, no database.

A cell's timeline is a row of revisions, each with the time from which it was known. A batch brings, for each of its
cells, one or several figures with their own `known_at`. Those known after the stored revision are appended in order
where they differ from the one before; if the last of them is no newer than the stored one and yet differs, the source
has changed its mind, and that was seen now. So the same batch twice, or its rows in another order, change nothing.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cxmon.errors import StoreError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Objects = npt.NDArray[np.object_]

# The columns of `figures`, in this order.
FIGURES = ("n", "total", "squares", "base", "base_squares", "cross_")

_NEVER = np.int64(-(2**62))


@dataclass(frozen=True, kw_only=True, eq=False)
class Rows:
    """Revisions of cells in columns: series ids, starts and seen in epoch seconds (R,), figures (R, 6) with NaN = none.

    `sketch` holds bytes or None (R,), or is None as a whole where the metric has no sketches.
    """

    series: Ints
    start: Ints
    figures: Floats
    seen: Ints
    revision: Ints
    sketch: Objects | None = None

    def __len__(self) -> int:
        return len(self.start)

    @property
    def key(self) -> Ints:
        """One number per cell, sorted like (series, start)."""
        return self.series * np.int64(2**36) + (self.start + np.int64(2**35))

    @property
    def n(self) -> Floats:
        return self.figures[:, 0]

    def take(self, which: Ints | Bools) -> "Rows":
        return Rows(
            series=self.series[which],
            start=self.start[which],
            figures=self.figures[which],
            seen=self.seen[which],
            revision=self.revision[which],
            sketch=None if self.sketch is None else self.sketch[which],
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Revised:
    """What to write: `current` replaces or adds cells, `past` goes to the history with the time it was superseded."""

    current: Rows
    past: Rows
    past_superseded: Ints
    sketched: Rows
    written: int
    revised: int
    vanished: int
    unchanged: int

    @property
    def empty(self) -> bool:
        return not len(self.current)


def revise(stored: Rows, new: Rows, vanished: Bools, now: int) -> Revised:
    """The revisions that `new` makes of `stored` (sorted by key); `vanished` (len(stored),) marks cells to empty.

    Raises StoreError where `new` holds two different figures for the same cell and time.
    """
    new, distinct = _timelines(new)
    stored_key, key = stored.key, new.key
    at = np.searchsorted(stored_key, key)
    at_safe = np.minimum(at, max(len(stored) - 1, 0))
    has = (stored_key[at_safe] == key) if len(stored) else np.zeros(len(new), np.bool_)
    seen_before = np.where(has, stored.seen[at_safe], _NEVER) if len(stored) else np.full(len(new), _NEVER)
    last = np.append(key[1:] != key[:-1], True) if len(new) else np.zeros(0, np.bool_)

    kept = (new.seen > seen_before) | last
    new, key, has, at, seen_before = new.take(kept), key[kept], has[kept], at[kept], seen_before[kept]
    first = np.append(True, key[1:] != key[:-1]) if len(new) else np.zeros(0, np.bool_)
    changed = _differ(new, _before(new, stored, first, has, at))
    appended = new.take(changed)
    seen = np.where(new.seen > seen_before, new.seen, np.maximum(seen_before, now))[changed]
    base = np.where(has, stored.revision[np.minimum(at, len(stored) - 1)], 0)[changed] if len(stored) else 0
    appended = _numbered(appended, seen, base)

    gone = _emptied(stored.take(vanished), now)
    rows = _joined(appended, gone)
    order = np.lexsort((rows.revision, rows.key))
    rows = rows.take(order)
    return _split(rows, stored, distinct, len(gone))


def _timelines(new: Rows) -> tuple[Rows, int]:
    """(rows sorted by cell and time, without repetitions; number of distinct cells)."""
    new = new.take(np.lexsort((new.seen, new.key)))
    if not len(new):
        return new, 0
    key = new.key
    same_cell = np.append(False, key[1:] == key[:-1])
    repeated = same_cell & np.append(False, new.seen[1:] == new.seen[:-1])
    if repeated.any():
        where = np.flatnonzero(repeated)
        if _differ(new.take(where), new.take(where - 1)).any():
            raise StoreError("a batch holds two different figures for the same segment, period and time of knowledge")
        new = new.take(~repeated)
    return new, int(len(key) - same_cell.sum())


def _before(new: Rows, stored: Rows, first: Bools, has: Bools, at: Ints) -> Rows:
    """For each row the figures it follows: the row before it, or the stored cell, or nothing (n = 0)."""
    figures = np.zeros_like(new.figures)
    figures[1:] = new.figures[:-1]
    figures[first] = 0.0
    sketch = None
    if new.sketch is not None:
        sketch = np.full(len(new), None, object)
        sketch[1:] = new.sketch[:-1]
    from_store = first & has
    figures[from_store] = stored.figures[at[from_store]]
    if sketch is not None:
        sketch[from_store] = None if stored.sketch is None else stored.sketch[at[from_store]]
    return Rows(
        series=new.series, start=new.start, figures=figures, seen=new.seen, revision=new.revision, sketch=sketch
    )


def _differ(a: Rows, b: Rows) -> Bools:
    """Whether the figures differ by more than the rounding of a sum in another order. Two empty cells are the same."""
    same = np.isclose(a.figures, b.figures, rtol=1e-9, atol=1e-12, equal_nan=True).all(1)
    if a.sketch is not None and b.sketch is not None:
        same &= np.array([x == y for x, y in zip(a.sketch, b.sketch, strict=True)], np.bool_)
    both_empty = (a.n == 0) & (b.n == 0)
    found: Bools = ~(same | both_empty)
    return found


def _numbered(rows: Rows, seen: Ints, base: Ints | int) -> Rows:
    """Rows of each cell numbered on from its stored revision."""
    key = rows.key
    index = np.arange(len(rows))
    first = np.append(True, key[1:] != key[:-1]) if len(rows) else np.zeros(0, np.bool_)
    within = index - np.maximum.accumulate(np.where(first, index, 0)) if len(rows) else index
    return Rows(
        series=rows.series,
        start=rows.start,
        figures=rows.figures,
        seen=seen,
        revision=base + within + 1,
        sketch=rows.sketch,
    )


def _emptied(rows: Rows, now: int) -> Rows:
    figures = np.full_like(rows.figures, np.nan)
    figures[:, :2] = 0.0
    return Rows(
        series=rows.series,
        start=rows.start,
        figures=figures,
        seen=np.maximum(rows.seen, now),
        revision=rows.revision + 1,
        sketch=None if rows.sketch is None else np.full(len(rows), None, object),
    )


def _joined(a: Rows, b: Rows) -> Rows:
    sketch = None
    if a.sketch is not None or b.sketch is not None:
        parts = [np.full(len(r), None, object) if r.sketch is None else r.sketch for r in (a, b)]
        sketch = np.concatenate(parts)
    return Rows(
        series=np.concatenate([a.series, b.series]),
        start=np.concatenate([a.start, b.start]),
        figures=np.concatenate([a.figures, b.figures]),
        seen=np.concatenate([a.seen, b.seen]),
        revision=np.concatenate([a.revision, b.revision]).astype(np.int64),
        sketch=sketch,
    )


def _split(rows: Rows, stored: Rows, distinct: int, gone: int) -> Revised:
    key = rows.key
    newest = np.append(key[1:] != key[:-1], True) if len(rows) else np.zeros(0, np.bool_)
    oldest = np.append(True, key[1:] != key[:-1]) if len(rows) else np.zeros(0, np.bool_)
    firsts = np.flatnonzero(oldest)
    found = np.searchsorted(stored.key, key[firsts])
    has = np.zeros(len(firsts), np.bool_)
    if len(stored):
        has = stored.key[np.minimum(found, len(stored) - 1)] == key[firsts]
    replaced = stored.take(found[has])
    passed = np.flatnonzero(~newest)
    past = _joined(replaced, rows.take(passed))
    return Revised(
        current=rows.take(newest),
        past=past,
        past_superseded=np.concatenate([rows.seen[firsts[has]], rows.seen[passed + 1]]),
        sketched=rows if rows.sketch is None else rows.take(np.array([s is not None for s in rows.sketch], np.bool_)),
        written=int((~has).sum()),
        revised=int(has.sum()) - gone,
        vanished=gone,
        unchanged=distinct - (len(firsts) - gone),
    )
