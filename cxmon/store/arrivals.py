"""What had arrived of each period at each age, from the revisions: what the arrival curve is learnt from.

Of a share its two kinds of answers are followed apart, the yes and the no: where one in twenty is lost and the lost are
known weeks later, nearly all answers are in long before the figure is.
"""

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from cxmon.model import Grain, Kind, Metric
from cxmon.panel import ARRIVAL_AGES, Panel
from cxmon.store import bulk, series
from cxmon.store.schema import observation, observation_history

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

DAY = 86_400
# Ages count in local days, which may be an hour longer.
SLACK = 3_600
# How far back periods are followed: a reference, what may be slow now, and the oldest age.
REACH = {Grain.HOUR: timedelta(days=120), Grain.DAY: timedelta(days=270)}
LONG_REACH = timedelta(days=1100)


def of(conn: sa.Connection, metric: Metric, ids: Ints, starts: Ints, ends: Ints, known: datetime) -> Floats | None:
    """The triangle (S, T, A, K) of the series `ids` as known at `known`; None where the kind has no late answers."""
    if metric.kind is Kind.LEVEL or not len(starts) or not len(ids):
        return None
    at, since = series.epoch(known), series.epoch(known - REACH.get(metric.grain, LONG_REACH))
    found = _read(conn, metric, ids, starts, ends, since, at)
    found[:, starts < since] = np.nan
    return reached(found, ends, at)


def whole(conn: sa.Connection, metric: Metric, ids: Ints, starts: Ints) -> Floats | None:
    """The triangle of all that was ever known, as if every period had reached every age."""
    if metric.kind is Kind.LEVEL or not len(starts) or not len(ids):
        return None
    return _read(conn, metric, ids, starts, ends_of(metric, starts), int(starts[0]), None)


def _read(
    conn: sa.Connection, metric: Metric, ids: Ints, starts: Ints, ends: Ints, since: int, at: int | None
) -> Floats:
    sizes = sizes_of(metric)
    fields = [("series", "i8"), ("start", "i8"), ("revision", "i8"), ("seen", "i8"), *((name, "f8") for name in sizes)]
    parts = [_chosen(conn, metric, table, ids, since, at) for table in (observation, observation_history)]
    rows = bulk.fetch(conn, sa.union_all(*parts), fields)  # type: ignore[arg-type]
    rows = rows[(rows["start"] >= starts[0]) & (rows["start"] <= starts[-1])]
    order = np.argsort(ids)
    row = order[np.searchsorted(ids, rows["series"], sorter=order)]
    column = np.searchsorted(starts, rows["start"])
    size = np.stack([rows[name] for name in sizes], axis=1)
    if metric.kind is Kind.PROPORTION:
        size = np.stack([size[:, 1], size[:, 0] - size[:, 1]], axis=1)
    return triangle(
        row, column, rows["seen"], rows["revision"], size, ends, len(ids), watched=watched(metric, rows["seen"])
    )


def triangle(
    row: Ints, column: Ints, seen: Ints, revision: Ints, size: Floats, ends: Ints, S: int, watched: int
) -> Floats:
    """What was known of each cell at each age (S, T, A, K), from its revisions (R,) and their sizes (R, K); NaN for
    periods that ended before `watched`, because nobody can know when their figures came."""
    found = np.zeros((S, len(ends), len(ARRIVAL_AGES), size.shape[1]))
    if len(row):
        cell = row * np.int64(len(ends)) + column
        order = np.lexsort((revision, seen, cell))
        cell, seen, size = cell[order], seen[order], size[order]
        heads = np.flatnonzero(np.r_[True, cell[1:] != cell[:-1]])
        i, j = np.divmod(cell[heads], len(ends))
        for a, age in enumerate(ARRIVAL_AGES):
            by_then = seen <= ends[column[order]] + age * DAY + SLACK
            count = np.add.reduceat(by_then, heads, dtype=np.int64)
            found[i, j, a] = np.where(count[:, None] > 0, size[heads + np.maximum(count, 1) - 1], 0.0)
    found[:, ends < watched] = np.nan
    return found


def reached(found: Floats, ends: Ints, known: int) -> Floats:
    """The triangle without the ages that the periods have not reached at `known`, epoch seconds."""
    kept, ages = found.copy(), np.array(ARRIVAL_AGES) * DAY
    # Older periods have reached all of them.
    young = int(np.searchsorted(ends, known - ages.max(), "right"))
    kept[:, young:][:, ends[young:, None] + ages > known] = np.nan
    return kept


def watched(metric: Metric, seen: Ints) -> int:
    """Since when it is known how figures arrive: always where the source says, else since the first was seen."""
    return 0 if metric.read.known_at is not None or not len(seen) else int(seen.min())


def sizes_of(metric: Metric) -> tuple[str, ...]:
    """What arrives: answers; of a rate the events, since its exposure is there from the beginning; of durations that
    count what is open, those that have ended."""
    if metric.read.censored:
        return ("base",)
    if metric.kind is Kind.PROPORTION:
        return ("n", "total")
    return ("total",) if metric.kind is Kind.RATE else ("n",)


def ends_of(metric: Metric, starts: Ints) -> Ints:
    nothing = np.zeros((0, len(starts)))
    return Panel(metric=metric, segments=(), starts=starts, n=nothing, total=nothing).ends()


def _chosen(
    conn: sa.Connection, metric: Metric, table: sa.Table, ids: Ints, since: int, at: int | None
) -> sa.Select[Any]:
    c = table.c
    sizes = [sa.func.coalesce(c[name], sa.literal_column("0.0")).label(f"size_{name}") for name in sizes_of(metric)]
    chosen = sa.select(c.series_id, c.start_utc, c.revision, c.seen_at, *sizes)
    chosen = chosen.where(bulk.any_of(c.series_id, ids.tolist(), conn), c.start_utc >= since)
    return chosen if at is None else chosen.where(c.seen_at <= at)
