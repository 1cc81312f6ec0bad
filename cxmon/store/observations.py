"""Takes batches of figures: one transaction each, with the watermark or cursor inside it."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import sqlalchemy as sa

from cxmon.contracts import Cells, Observations, Rejected
from cxmon.errors import StoreError, SuspectWindowError
from cxmon.failpoints import failpoint
from cxmon.model import Kind, Metric, Segment
from cxmon.periods import floor
from cxmon.store import bulk, schema, series
from cxmon.store.engine import Database
from cxmon.store.revisions import FIGURES, Bools, Revised, Rows, revise

# A window with fewer earlier cells than this may come back in any size.
GUARD_FROM = 10

# More set-aside rows than this in one batch are counted, but only the first ones are kept to be shown.
_SHOWN_REJECTED = 1000


@dataclass(frozen=True, kw_only=True)
class Applied:
    """What a batch did, in cells: new ones, revised ones, those emptied because the source lost them, and the rest.

    `rejected` counts the rows that the source set aside, `arrived` the answers (of a rate the events) that were not
    there before.
    """

    written: int
    revised: int
    vanished: int
    unchanged: int
    rejected: int
    arrived: float = 0.0


@dataclass(frozen=True, kw_only=True)
class RejectedRow:
    """A row that was set aside, as the store remembers it."""

    metric: str
    at: datetime
    where: str
    reason: str
    value: str


class ObservationStore:
    """Figures in, with their history; figures come out through `Store.panel`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def apply(self, metric: Metric, batch: Observations, *, now: datetime, accept_loss: bool = False) -> Applied:
        """Takes a batch whole or not at all.

        Raises SuspectWindowError where a window comes back with less than half of its earlier non-empty cells
        (`accept_loss` takes it all the same), and StoreError where the batch contradicts itself.
        """
        _check_cells(metric, batch.cells)
        with self._db.write() as conn:
            done = replace_window(conn, metric, batch, now, accept_loss=accept_loss)
            set_aside(conn, metric, batch.rejected, now)
            failpoint("collect-before-commit")
        failpoint("collect-after-commit")
        return done

    def watermark(self, metric: Metric) -> datetime | None:
        """Start of the newest period that ever held figures under this definition; None before the first."""
        with self._db.read() as conn:
            found = conn.execute(sa.select(schema.progress.c.watermark).where(progress_of(metric))).scalar()
        return None if found is None else datetime.fromtimestamp(found, UTC)

    def measured(self) -> set[str]:
        """Ids of the metrics that ever held a figure, under whatever definition."""
        with self._db.read() as conn:
            return set(conn.execute(sa.select(schema.series.c.metric).distinct()).scalars())

    def redefined(self, metric: Metric) -> datetime | None:
        """Start of the first period counted by this definition, where another one counted earlier ones: nothing is
        compared across it. None where no other definition goes back further."""
        s, o = schema.series, schema.observation
        mine = sa.and_(s.c.metric == metric.id, s.c.grain == metric.grain.value)
        with self._db.read() as conn:
            named = conn.execute(sa.select(s.c.definition).where(mine).distinct()).scalars().all()
            if len(named) < 2 or metric.definition_hash not in named:
                return None
            begun = sa.select(s.c.definition, sa.func.min(o.c.start_utc)).join(o, o.c.series_id == s.c.id)
            first = dict(bulk.tuples(conn, begun.where(mine, o.c.n > 0).group_by(s.c.definition)))
        at = first.pop(metric.definition_hash, None)
        return datetime.fromtimestamp(at, UTC) if at is not None and min(first.values(), default=at) < at else None

    def rejected(self, limit: int = 100) -> list[RejectedRow]:
        """Rows that were set aside, those seen last first."""
        t = schema.rejected_row.c
        with self._db.read() as conn:
            found = conn.execute(
                sa.select(t.metric, t.at, t.place, t.reason, t.value).order_by(t.at.desc(), t.id).limit(limit)
            )
            return [RejectedRow(metric=m, at=at, where=w, reason=r, value=v) for m, at, w, r, v in found.all()]


def replace_window(
    conn: sa.Connection, metric: Metric, batch: Observations, now: datetime, *, accept_loss: bool
) -> Applied:
    """Makes the window hold what the batch does, with the watermark, inside a transaction of the caller."""
    cells = batch.cells
    ids = series.ensure(conn, metric, cells.segments)
    since, until = series.epoch(batch.window.since), series.epoch(batch.window.until)
    low = min(since, int(cells.start.min())) if len(cells) else since
    high = max(until, int(cells.start.max()) + 1) if len(cells) else until
    stored = series.cells(conn, list(ids.values()), low, high, sketches=metric.kind is Kind.QUANTILE)
    new = _rows(cells, ids, series.epoch(now))
    inside = (stored.start >= since) & (stored.start < until) & (stored.n > 0)
    if not accept_loss:
        _guard(metric, batch, new, int(inside.sum()))
    done = _write(conn, metric, stored, new, inside & ~np.isin(stored.key, new.key), now)
    advance(conn, metric, _newest(cells))
    return Applied(
        written=done.written,
        revised=done.revised,
        vanished=done.vanished,
        unchanged=done.unchanged,
        rejected=len(batch.rejected),
        arrived=_arrived(metric, stored, done.current),
    )


def _arrived(metric: Metric, stored: Rows, current: Rows) -> float:
    """How many more there are in the cells that are written than were in them; what fell elsewhere takes none away."""
    column = FIGURES.index("total" if metric.kind is Kind.RATE else "n")
    before = np.zeros(len(current))
    if len(stored):
        at = np.minimum(np.searchsorted(stored.key, current.key), len(stored) - 1)
        before = np.where(stored.key[at] == current.key, stored.figures[at, column], 0.0)
    return float(np.maximum(current.figures[:, column] - before, 0.0).sum())


def _rows(cells: Cells, ids: dict[Segment, int], now: int) -> Rows:
    number = np.array([ids[s] for s in cells.segments], np.int64)
    none = np.full(len(cells), np.nan)
    columns = (cells.n, cells.total, cells.squares, cells.base, cells.base_squares, cells.cross)
    sketch = None
    if cells.sketches is not None:
        sketch = np.full(len(cells), None, object)
        sketch[:] = [s if n > 0 else None for s, n in zip(cells.sketches, cells.n, strict=True)]
    return Rows(
        series=number[cells.segment] if len(cells) else np.zeros(0, np.int64),
        start=np.asarray(cells.start, np.int64),
        figures=np.stack([none if c is None else np.asarray(c, np.float64) for c in columns], axis=1),
        # What a source claims to have known later than now, it knows now.
        seen=np.where(cells.known_at == 0, now, np.minimum(cells.known_at, now)).astype(np.int64),
        revision=np.zeros(len(cells), np.int64),
        sketch=sketch,
    )


def _write(conn: sa.Connection, metric: Metric, stored: Rows, new: Rows, gone: Bools, now: datetime) -> Revised:
    found = revise(stored, new, gone, series.epoch(now))
    if found.empty:
        return found
    past = _columns(found.past) | {"superseded_at": found.past_superseded}
    bulk.insert(conn, schema.observation_history, past)
    failpoint("collect-history-written")
    bulk.insert(conn, schema.observation, _columns(found.current), replace=True)
    failpoint("collect-current-written")
    if found.sketched.sketch is not None:
        rows, data = found.sketched, list(found.sketched.sketch)
        keys: dict[str, bulk.Column] = {"series_id": rows.series, "start_utc": rows.start, "revision": rows.revision}
        bulk.insert(conn, schema.sketch, keys | {"data": data})
        _write_quantiles(conn, metric, found.current)
    return found


def _write_quantiles(conn: sa.Connection, metric: Metric, rows: Rows) -> None:
    """Value and variance of each configured quantile, for readers without our sketches. Empty cells hold NULL."""
    from cxmon import sketch  # noqa: PLC0415 - only durations need it.

    some = np.flatnonzero([s is not None for s in rows.sketch]) if rows.sketch is not None else np.zeros(0, np.int64)
    for q in metric.quantiles:
        value, variance = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
        # In blocks, since a stacked sketch is hundreds of buckets wide.
        for block in np.array_split(some, max(1, len(some) // 2000)):
            if len(block) and rows.sketch is not None:
                bucket0, counts = sketch.stack(list(rows.sketch[block]))
                value[block], variance[block] = sketch.quantiles(counts, bucket0, q)
        variance[~np.isfinite(variance)] = np.nan
        keys: dict[str, bulk.Column] = {"series_id": rows.series, "start_utc": rows.start, "q": [q] * len(rows)}
        bulk.insert(conn, schema.quantile_value, keys | {"value": value, "variance": variance}, replace=True)


def _columns(rows: Rows) -> dict[str, bulk.Column]:
    columns: dict[str, bulk.Column] = {"series_id": rows.series, "start_utc": rows.start}
    columns |= {name: rows.figures[:, i] for i, name in enumerate(FIGURES)}
    return columns | {"revision": rows.revision, "seen_at": rows.seen}


def _guard(metric: Metric, batch: Observations, new: Rows, earlier: int) -> None:
    inside = (new.start >= series.epoch(batch.window.since)) & (new.start < series.epoch(batch.window.until))
    now_there = len(np.unique(new.key[inside & (new.n > 0)]))
    if earlier >= GUARD_FROM and now_there < earlier / 2:
        w = batch.window
        raise SuspectWindowError(
            f"{metric.id}: the window {w.since:%Y-%m-%d %H:%M} to {w.until:%Y-%m-%d %H:%M} UTC came back with "
            f"{now_there} non-empty cells where {earlier} were stored; nothing was taken (--accept-loss takes it)"
        )


def _check_cells(metric: Metric, cells: Cells) -> None:
    """Figures that no later arithmetic could bear never enter the store."""
    for name in ("n", "total", "squares", "base", "base_squares", "cross"):
        column = getattr(cells, name)
        if column is not None and not np.isfinite(column).all():
            raise StoreError(f"{metric.id}: a batch holds {name} that is not a finite number")
    if len(cells) and cells.n.min() < 0:
        raise StoreError(f"{metric.id}: a batch holds a negative n ({cells.n.min():g})")
    for start in np.unique(cells.start).tolist():
        at = datetime.fromtimestamp(start, UTC)
        if floor(at, metric.grain, metric.zone, metric.week_start) != at:
            raise StoreError(f"{metric.id}: {at} is not the start of a {metric.grain.value} in {metric.zone}")


def _newest(cells: Cells) -> int | None:
    some = cells.start[cells.n > 0]
    return int(some.max()) if len(some) else None


def advance(conn: sa.Connection, metric: Metric, newest: int | None) -> None:
    t = schema.progress
    stored = conn.execute(sa.select(t.c.watermark).where(progress_of(metric))).first()
    if stored is None:
        conn.execute(sa.insert(t).values(metric=metric.id, definition=metric.definition_hash, watermark=newest))
        return
    known = [x for x in (stored[0], newest) if x is not None]
    conn.execute(sa.update(t).where(progress_of(metric)).values(watermark=max(known) if known else None))


def set_aside(conn: sa.Connection, metric: Metric, rejected: tuple[Rejected, ...], now: datetime) -> None:
    t = schema.rejected_row
    for r in dict.fromkeys(rejected[:_SHOWN_REJECTED]):
        same = {"metric": metric.id, "place": r.where, "reason": r.reason, "value": r.value}
        seen = sa.update(t).where(*(t.c[name] == value for name, value in same.items())).values(at=now)
        if not conn.execute(seen).rowcount:
            conn.execute(sa.insert(t).values(at=now, **same))


def progress_of(metric: Metric) -> sa.ColumnElement[bool]:
    """The row that says how far a metric under its definition has been read."""
    t = schema.progress.c
    return sa.and_(t.metric == metric.id, t.definition == metric.definition_hash)
