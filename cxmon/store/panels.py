"""Stored cells as a `Panel`: one range scan into arrays, scattered into matrices on a regular grid."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from cxmon.model import Kind, Metric, Segment, Window
from cxmon.panel import Panel, membership
from cxmon.periods import floor, grid
from cxmon.store import arrivals, bulk, series
from cxmon.store.schema import observation, observation_history, sketch

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# What a kind needs besides n and total: (name in the panel, column).
FURTHER = {
    Kind.MEAN: ("squares",),
    Kind.QUANTILE: ("squares",),
    Kind.RATIO: ("squares", "base", "base_squares", "cross"),
}

# Sketches that are unpacked at once: bounds memory, since each is hundreds of buckets wide.
_BLOCK = 2000


def panel(
    conn: sa.Connection,
    metric: Metric,
    segments: Sequence[Segment] | None,
    window: Window | None,
    as_known_at: datetime | None,
    followed: datetime | None = None,
) -> Panel:
    """See `Store.panel`; with `followed`, how figures had arrived by then."""
    known = series.numbers(conn, metric)
    leaves = series.leaves(list(known))
    wanted = tuple(leaves if segments is None else segments)
    base = needed(metric, wanted, leaves, known)
    ids = np.array([known[s] for s in base], np.int64)
    rows = _rows(conn, metric, ids, window, as_known_at)
    starts = _grid(metric, rows["start"], window)
    found = _scattered(metric, base, ids, starts, rows)
    if followed is not None:
        found = replace(found, arrived=arrivals.of(conn, metric, ids, starts, found.ends(), followed))
    bucket0 = 0
    if metric.kind is Kind.QUANTILE:
        counts, bucket0 = _counts(conn, base, wanted, ids, starts, rows, as_known_at)
        rolled = _rolled(found, wanted)
        return Panel(**(_fields(rolled) | {"counts": counts, "bucket0": bucket0}))
    return found if wanted == base else _rolled(found, wanted)


def volumes(conn: sa.Connection, metric: Metric, window: Window, as_known_at: datetime | None) -> dict[Segment, float]:
    """See `Store.volumes`."""
    known = series.numbers(conn, metric)
    leaves = series.leaves(list(known))
    numbered = {known[leaf]: leaf for leaf in leaves}
    found = dict.fromkeys(leaves, 0.0)
    for table, condition in _versions(as_known_at):
        c = table.c
        size = sa.func.abs(c.total) if metric.kind is Kind.LEVEL else c.n
        within = sa.and_(c.start_utc >= series.epoch(window.since), c.start_utc < series.epoch(window.until))
        chosen = (
            sa.select(c.series_id, sa.func.sum(size))
            .where(bulk.any_of(c.series_id, list(numbered), conn), within, condition)
            .group_by(c.series_id)
        )
        for number, total in conn.execute(chosen).all():
            found[numbered[number]] += float(total)
    return found


def needed(
    metric: Metric, wanted: Sequence[Segment], leaves: Sequence[Segment], known: Collection[Segment]
) -> tuple[Segment, ...]:
    """The stored series to read: leaves that add up to what is wanted, or stored totals where sums would be wrong."""
    if not metric.additive:
        return tuple(s for s in wanted if s in known)
    held = np.zeros(len(leaves), np.bool_)
    held[membership(wanted, leaves)[1]] = True
    return tuple(s for s, h in zip(leaves, held, strict=True) if h)


def _rolled(found: Panel, wanted: tuple[Segment, ...]) -> Panel:
    if found.metric.additive:
        return found.roll_up(wanted)
    return found.select(wanted, missing_as_empty=True)


def _rows(
    conn: sa.Connection, metric: Metric, ids: Ints, window: Window | None, as_known_at: datetime | None
) -> npt.NDArray[Any]:
    """The cells of these series in the window, current or as known then, as one structured array."""
    fields = [("series", "i8"), ("start", "i8"), ("revision", "i8"), ("n", "f8"), ("total", "f8")]
    further = FURTHER.get(metric.kind, ())
    fields += [(name, "f8") for name in further]
    if not len(ids):
        return np.zeros(0, fields)
    parts = [chosen(conn, metric, t, ids, window, known) for t, known in _versions(as_known_at)]
    statement: Any = parts[0] if len(parts) == 1 else sa.union_all(*parts)
    rows = bulk.fetch(conn, statement, fields)
    for name in further:
        rows[name][np.isinf(rows[name])] = np.nan
    return rows


def _versions(as_known_at: datetime | None) -> list[tuple[sa.Table, sa.ColumnElement[bool]]]:
    """Where the figures of that time stand: (table, condition)."""
    if as_known_at is None:
        return [(observation, sa.true())]
    at = series.epoch(as_known_at)
    past = observation_history.c
    return [
        (observation, observation.c.seen_at <= at),
        (observation_history, sa.and_(past.seen_at <= at, past.superseded_at > at)),
    ]


def chosen(
    conn: sa.Connection,
    metric: Metric,
    table: sa.Table,
    ids: Ints,
    window: Window | None,
    known: sa.ColumnElement[bool],
) -> sa.Select[Any]:
    c = table.c
    further = [c["cross_" if name == "cross" else name] for name in FURTHER.get(metric.kind, ())]
    more = [sa.func.coalesce(column, series.none(conn)) for column in further]
    conditions = [bulk.any_of(c.series_id, ids.tolist(), conn), known]
    if window is not None:
        conditions += [c.start_utc >= _first(metric, window), c.start_utc < series.epoch(window.until)]
    return sa.select(c.series_id, c.start_utc, c.revision, c.n, c.total, *more).where(*conditions)


def _first(metric: Metric, window: Window) -> int:
    """Start of the period that holds the window's beginning."""
    return series.epoch(floor(window.since, metric.grain, metric.zone, metric.week_start))


def _grid(metric: Metric, starts: Ints, window: Window | None) -> Ints:
    """All periods of the window, or from the first to the last stored one."""
    if window is None:
        if not len(starts):
            return np.zeros(0, np.int64)
        since, until = (datetime.fromtimestamp(int(s), UTC) for s in (starts.min(), starts.max() + 1))
    else:
        since, until = window.since, window.until
    return grid(since, until, metric.grain, metric.zone, metric.week_start)


def _at(ids: Ints, starts: Ints, rows: npt.NDArray[Any]) -> tuple[Ints, Ints]:
    """(row, column) of each cell in matrices of `ids` by `starts`."""
    order = np.argsort(ids)
    return order[np.searchsorted(ids, rows["series"], sorter=order)], np.searchsorted(starts, rows["start"])


def _scattered(metric: Metric, segments: tuple[Segment, ...], ids: Ints, starts: Ints, rows: npt.NDArray[Any]) -> Panel:
    further = FURTHER.get(metric.kind, ())
    matrices = {name: np.zeros((len(ids), len(starts))) for name in ("n", "total", *further)}
    if len(rows):
        i, j = _at(ids, starts, rows)
        empty = rows["n"] == 0
        for name, matrix in matrices.items():
            matrix[i, j] = np.where(empty, 0.0, rows[name])
    # A column that no cell has was never measured.
    for name in further:
        if len(rows) and np.isnan(rows[name][rows["n"] > 0]).all():
            del matrices[name]
    return Panel(metric=metric, segments=segments, starts=starts, **matrices)  # type: ignore[arg-type]


def _fields(found: Panel) -> dict[str, Any]:
    return dict(vars(found))


def _counts(
    conn: sa.Connection,
    base: tuple[Segment, ...],
    wanted: tuple[Segment, ...],
    ids: Ints,
    starts: Ints,
    rows: npt.NDArray[Any],
    as_known_at: datetime | None,
) -> tuple[Floats, int]:
    """(counts (S, T, B), first bucket) of the wanted segments: the sketches of their leaves, added block by block."""
    from cxmon import sketch as sketches  # noqa: PLC0415 - only durations need it.

    counts, bucket0 = np.zeros((len(wanted), len(starts), 0)), 0
    if not len(rows):
        return counts, bucket0
    parent, member = membership(wanted, base)
    holders = [parent[member == k] for k in range(len(base))]
    order = np.argsort(ids)
    for page in _sketches(conn, ids, starts, as_known_at):
        numbers, at, data = zip(*page, strict=True)
        low, block = sketches.stack([bytes(d) for d in data])
        counts, bucket0 = _widened(counts, bucket0, low, low + block.shape[1])
        leaf = order[np.searchsorted(ids, np.array(numbers), sorter=order)]
        column = np.searchsorted(starts, np.array(at))
        offset = low - bucket0
        for row, k, j in zip(block, leaf.tolist(), column.tolist(), strict=True):
            counts[holders[k], j, offset : offset + len(row)] += row
    return counts, bucket0


def _sketches(conn: sa.Connection, ids: Ints, starts: Ints, as_known_at: datetime | None) -> Any:
    """Pages of (series id, start, bytes) of the revisions that count at that time."""
    for table, known in _versions(as_known_at):
        c = table.c
        same = sa.and_(
            sketch.c.series_id == c.series_id, sketch.c.start_utc == c.start_utc, sketch.c.revision == c.revision
        )
        within = sa.and_(c.start_utc >= int(starts[0]), c.start_utc <= int(starts[-1]))
        chosen = (
            sa.select(c.series_id, c.start_utc, sketch.c.data)
            .select_from(table.join(sketch, same))
            .where(bulk.any_of(c.series_id, ids.tolist(), conn), within, known)
            .order_by(c.series_id, c.start_utc)
        )
        yield from conn.execute(chosen).partitions(_BLOCK)


def _widened(counts: Floats, bucket0: int, low: int, high: int) -> tuple[Floats, int]:
    """`counts` with room for the buckets `low .. high - 1`."""
    if not counts.shape[2]:
        return np.zeros((*counts.shape[:2], high - low)), low
    before, after = max(0, bucket0 - low), max(0, high - bucket0 - counts.shape[2])
    if not before and not after:
        return counts, bucket0
    return np.pad(counts, ((0, 0), (0, 0), (before, after))), bucket0 - before
