"""Who was at risk and who was lost, by the definition that a metric names, from what customers were worth. Pure.

`start_of_period`: customers worth something at a period's start are at risk; lost are those worth nothing at its end.
`stripe`: over the 30 days up to a period's end, those worth something before them and those who are new in them are at
risk; every fall to nothing in them counts. Of a ratio the value counts in place of the customers: that at the start,
and what it fell by. An instant belongs to the period that it ends.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cxmon.aggregate import orderly
from cxmon.aggregate.churn_grid import BLOCK, SUMS, Grid
from cxmon.aggregate.orderly import NO_HISTORIES, Histories
from cxmon.aggregate.parts import Parts, merge
from cxmon.aggregate.quiet import NOBODY, Quiet
from cxmon.aggregate.states import NOTHING, Point, State, late, timeline
from cxmon.contracts import Cells
from cxmon.model import Kind, Metric, Segment, Window

Floats = npt.NDArray[np.float64]


class _Row(NamedTuple):
    """Figures that customers bring to the periods `first` to `last` (without it), known at `known`, or in time (0)."""

    first: int
    last: int
    segment: int
    known: int
    figures: tuple[float, ...]


def opens(metric: Metric, run: Window) -> int:
    """Who is there at this instant, and of whom nothing is heard after it, is at risk in all periods of `run`."""
    return Grid.of(metric, run).opens[0]


def cells_of_states(
    metric: Metric,
    segments: Sequence[Segment],
    customers: Mapping[str, Sequence[State]],
    run: Window,
    now: datetime,
    others: Quiet = NOBODY,
    plain: Histories = NO_HISTORIES,
) -> Cells:
    """The cells of the periods of `run` from the states of each customer, of `others`, to whom nothing happens in them,
    and of those whose `plain` histories are known already; segments index `segments`."""
    grid = Grid.of(metric, run)
    sums = _at_risk(others, len(segments), grid)
    orderly.added(sums, plain, grid)
    rows: list[_Row] = []
    corrections: list[_Row] = []
    size = 0
    for customer in sorted(customers):
        states = customers[customer]
        new = list(_rows(timeline(states), grid))
        rows += new
        corrections += _corrections(states, grid)
        size += sum(row.last - row.first for row in new)
        if size > BLOCK:
            _add(sums, rows, grid)
            rows, size = [], 0
    _add(sums, rows, grid)
    return merge(metric, segments, _parts(metric, sums, corrections, grid, int(now.timestamp())), now)


def _at_risk(others: Quiet, segments: int, grid: Grid) -> Floats:
    """What customers bring to whom nothing happens: the same to every period."""
    sums = np.zeros((len(SUMS), segments))
    sums[SUMS.index("n")] = np.bincount(others.segment, minlength=segments)
    if grid.money:
        for name, weights in (("base", others.value), ("base_squares", others.value**2)):
            sums[SUMS.index(name)] = np.bincount(others.segment, weights=weights, minlength=segments)
    return np.repeat(sums, len(grid.starts), axis=1)


def _rows(points: Sequence[Point], grid: Grid) -> Iterator[_Row]:
    """What a customer brings to each period: being at risk, and what is lost."""
    for i, point in enumerate(points):
        first = bisect_left(grid.opens, point.at)
        last = bisect_left(grid.opens, points[i + 1].at) if i + 1 < len(points) else len(grid.opens)
        if point.value > 0 and first < last:
            m = point.value if grid.money else 0.0
            yield _Row(first, last, point.segment, 0, (1, 0, 0, m, m * m, 0))
    touched: dict[int, None] = {}
    for point in points:
        touched |= dict.fromkeys(range(bisect_left(grid.ends, point.at), bisect_left(grid.opens, point.at)))
    for p in touched:
        yield from _rolled(points, grid, p) if grid.rolling else _ended(points, grid, p)


def _ended(points: Sequence[Point], grid: Grid, p: int) -> Iterator[_Row]:
    before, end = _at(points, grid.opens[p]), _at(points, grid.ends[p])
    if before is None or before.value <= 0:
        return
    left = end.value if end is not None else 0.0
    if grid.money and before.value - left > NOTHING:
        lost, m = before.value - left, before.value
        yield _Row(p, p + 1, before.segment, 0, (0, lost, lost * lost, 0, 0, lost * m))
    elif not grid.money and left <= 0:
        yield _Row(p, p + 1, before.segment, 0, (0, 1, 0, 0, 0, 0))


def _rolled(points: Sequence[Point], grid: Grid, p: int) -> Iterator[_Row]:
    """What happened in the 30 days up to the end of period `p`, in the segment in which the customer was at risk."""
    first, last = bisect_right(points, grid.opens[p], key=_instant), bisect_right(points, grid.ends[p], key=_instant)
    before = points[first - 1] if first else None
    there = before is not None and before.value > 0
    is_new = before is None and first < last
    segment = before.segment if before is not None and there else next(x.segment for x in points if x.value > 0)
    if is_new:
        yield _Row(p, p + 1, segment, 0, (1, 0, 0, 0, 0, 0))
    falls, m = [], before.value if before is not None else 0.0
    for point, old in zip(points[first:last], [before, *points[first:]], strict=False):
        fall = (old.value if old is not None else 0.0) - point.value
        if fall > NOTHING and (grid.money or point.value <= 0):
            falls.append(fall if grid.money else 1.0)
    lost = sum(falls)
    if lost:
        squares = (lost * lost, 0, 0, lost * m) if grid.money else (0, 0, 0, 0)
        yield _Row(p, p + 1, segment, 0, (0, lost, *squares))


def _corrections(states: Sequence[State], grid: Grid) -> Iterator[_Row]:
    """What the figures of a period were before something became known after its end: out from the beginning, and in
    again when it did."""
    for known in late(states):
        first = bisect_left(grid.ends, min(s.at for s in states if s.known == known))
        last = bisect_left(grid.ends, known)
        if first >= last:
            continue
        then = timeline([s for s in states if s.known < known])
        since = timeline([s for s in states if s.known <= known])
        for sign, points in ((1.0, since), (-1.0, then)):
            for row in _rows(points, grid):
                low, high = max(row.first, first), min(row.last, last)
                if low < high:
                    figures = tuple(sign * x for x in row.figures)
                    yield _Row(low, high, row.segment, known, figures)
                    yield _Row(low, high, row.segment, 0, tuple(-x for x in figures))


def _at(points: Sequence[Point], instant: int) -> Point | None:
    """The point that counts at an instant; None before the first."""
    i = bisect_right(points, instant, key=_instant)
    return points[i - 1] if i else None


def _instant(point: Point) -> int:
    return point.at


def _spread(rows: Sequence[_Row]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """(row, period) of each period of each row."""
    first, last = (np.array([getattr(row, end) for row in rows], np.int64) for end in ("first", "last"))
    return orderly.spread(first, last)


def _add(sums: Floats, rows: Sequence[_Row], grid: Grid) -> None:
    if not rows:
        return
    row, period = _spread(rows)
    cell = np.array([r.segment for r in rows], np.int64)[row] * len(grid.starts) + period
    figures = np.array([r.figures for r in rows], np.float64)
    for k in range(len(SUMS)):
        sums[k] += np.bincount(cell, weights=figures[row, k], minlength=sums.shape[1])


def _parts(metric: Metric, sums: Floats, corrections: Sequence[_Row], grid: Grid, now: int) -> Parts:
    """Everything as parts of cells. What is known in time is known before its period ends, or now where it goes on."""
    some = np.flatnonzero(np.abs(sums).sum(0) > 0)
    starts, ends = np.array(grid.starts, np.int64), np.array(grid.ends, np.int64)
    row, inside = _spread(corrections)
    period = np.concatenate([some % len(starts), inside])
    of = np.array([r.segment for r in corrections], np.int64)[row]
    late_on = np.array([r.known for r in corrections], np.int64)[row]
    in_time = np.minimum(ends[period], now) - 1
    extra = np.array([r.figures for r in corrections], np.float64).reshape(-1, len(SUMS))[row].T
    figures = dict(zip(SUMS, np.concatenate([sums[:, some], extra], axis=1), strict=True))
    if metric.kind is not Kind.RATIO:
        figures = {name: figures[name] for name in ("n", "total")}
    return Parts(
        at=starts[period], segment=np.concatenate([some // len(starts), of]),
        known=np.maximum(in_time, np.concatenate([np.zeros(len(some), np.int64), late_on])), **figures,
    )  # fmt: skip
