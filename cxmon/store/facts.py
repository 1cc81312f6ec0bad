"""Single records of a vendor: kept by their external id, so that a correction aggregates only its own periods again."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np
import sqlalchemy as sa

from cxmon import aggregate
from cxmon.contracts import Cells, Facts, Observations, Records, Rejected, Unnamed
from cxmon.failpoints import failpoint
from cxmon.model import Grain, Metric, Segment, Window
from cxmon.periods import next_start
from cxmon.store import bulk, pieces, populations, series
from cxmon.store.engine import Database
from cxmon.store.observations import Applied, progress_of, replace_window, set_aside
from cxmon.store.schema import fact, progress, touched

# What one transaction aggregates again: so many periods at most, and not further apart than this.
_MOST_PERIODS = 750
_FURTHEST = {Grain.HOUR: timedelta(days=31), Grain.DAY: timedelta(days=31)}
_FAR = timedelta(days=731)

_ALWAYS = -(2**62)
_NOTHING = Applied(written=0, revised=0, vanished=0, unchanged=0, rejected=0)


class _Row(NamedTuple):
    """A fact as it stands in its table."""

    at: int
    segment: str
    value: float | None
    base: float
    known: int
    changed: int
    customer: str

    @property
    def counted(self) -> tuple[object, ...]:
        """What figures are made of."""
        return self[:5]


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a vendor's feed has been read for one metric.

    Facts are complete from `since` on, those of periods before `kept_from` have been deleted; `complete_at` is when the
    run began that last read the feed to its end.
    """

    cursor: str | None = None
    since: datetime | None = None
    kept_from: datetime | None = None
    complete_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What a page did to the facts of one metric: new and changed ones, those removed, the rest, and rows set aside."""

    upserted: int
    removed: int
    unchanged: int
    rejected: int
    first_rejected: Rejected | None = None
    unnamed: Unnamed = field(default_factory=dict)


class FactStore:
    """Records in, their metrics' figures out of them. Figures are only as new as the last `settle`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def progress(self, metric: Metric) -> Progress:
        t = progress.c
        asked = sa.select(t.cursor, t.since_utc, t.kept_from, t.complete_at).where(progress_of(metric))
        with self._db.read() as conn:
            found = conn.execute(asked).first()
        if found is None:
            return Progress()
        since, kept, complete = (None if x is None else datetime.fromtimestamp(x, UTC) for x in found[1:])
        return Progress(cursor=found[0], since=since, kept_from=kept, complete_at=complete)

    def begin(self, metrics: Sequence[Metric], since: datetime) -> None:
        """A feed is read from `since` on, without a cursor: its first time, or once more."""
        with self._db.write() as conn:
            for metric in metrics:
                stored = conn.execute(sa.select(progress.c.since_utc).where(progress_of(metric))).first()
                known = series.epoch(since) if stored is None or stored[0] is None else stored[0]
                values = {"since_utc": min(known, series.epoch(since)), "cursor": None, "complete_at": None}
                if stored is None:
                    same = {"metric": metric.id, "definition": metric.definition_hash}
                    conn.execute(sa.insert(progress).values(**same, **values))
                else:
                    conn.execute(sa.update(progress).where(progress_of(metric)).values(**values))

    def take(self, metrics: Sequence[Metric], batch: Facts, *, now: datetime, frozen: bool = False) -> dict[str, Taken]:
        """Takes a page for all metrics of its stream, whole or not at all, with the cursor; {metric: what it did}.

        Where a page names an id twice the later row counts, unless it is an older version; an id that is deleted as
        well is deleted. A record that a metric does not count any more is removed from its facts; one that was set
        aside leaves what is stored of it. Periods that were deleted (`purge`), or began before `begin`, stay as they
        are.
        """
        done = {}
        with self._db.write() as conn:
            if batch.pieces is not None:
                batch = replace(batch, upserts=pieces.keep(conn, metrics[0], batch.pieces))
            page = aggregate.Page(records=batch.upserts, now=now, frozen=frozen)
            for metric in metrics:
                counted = page.counted(metric)
                rejected = batch.rejected + counted.rejected
                upserted, removed, same = _take(conn, metric, batch, counted)
                failpoint("collect-facts-written")
                set_aside(conn, metric, rejected, now)
                _advance(conn, metric, batch, now)
                first = next(iter(rejected), None)
                done[metric.id] = Taken(
                    upserted=upserted, removed=removed, unchanged=same, rejected=len(rejected), first_rejected=first,
                    unnamed=counted.unnamed,
                )  # fmt: skip
            failpoint("collect-page-before-commit")
        failpoint("collect-page-after-commit")
        return done

    def settle(self, metric: Metric, *, now: datetime) -> Applied:
        """Aggregates the periods again whose facts have changed since; what it did, in cells."""
        if metric.read.churn:
            with self._db.read() as conn:
                lowest = _lowest(conn, metric)
            return populations.settle(self._db, metric, lowest=lowest, now=now) or _NOTHING
        total = _NOTHING
        while self._waiting(metric):
            with self._db.write() as conn:
                starts = _next_touched(conn, metric)
                for run in _runs(metric, starts):
                    batch = Observations(window=run, cells=_cells(conn, metric, run, now))
                    total = _plus(total, replace_window(conn, metric, batch, now, accept_loss=True))
                gone = bulk.any_of(touched.c.start_utc, starts, conn)
                conn.execute(sa.delete(touched).where(_of(touched, metric), gone))
                failpoint("collect-settle-before-commit")
            failpoint("collect-settle-after-commit")
        return total

    def purge(self, metrics: Collection[Metric], before: datetime) -> int:
        """Deletes the facts of instants before `before`; how many. Their figures stay as they are.

        Of states those stay that still hold then. Of `metrics`, those whose feed has not been read to its end, or whose
        periods wait to be aggregated, keep theirs until then; metrics and definitions that are configured no longer do
        not.
        """
        bound, deleted = series.epoch(before), 0
        planned = {(m.id, m.definition_hash) for m in metrics}
        states = {(m.id, m.definition_hash) for m in metrics if m.read.churn}
        with self._db.read() as conn:
            waiting = {(m, d) for m, d in conn.execute(sa.select(touched.c.metric, touched.c.definition).distinct())}
            t = progress.c
            asked = sa.select(t.metric, t.definition, t.complete_at, t.kept_from).where(t.since_utc.is_not(None))
            due = [
                (m, d)
                for m, d, complete, kept in conn.execute(asked)
                if (kept is None or kept < bound)
                and ((m, d) not in planned or (complete is not None and (m, d) not in waiting))
            ]
            old = pieces.any_before(conn, bound)
        for name, definition in due:
            with self._db.write() as conn:
                of = [sa.and_(t.c.metric == name, t.c.definition == definition) for t in (progress, fact, touched)]
                conn.execute(sa.update(progress).where(of[0]).values(kept_from=bound))
                if (name, definition) in states:
                    deleted += populations.purge(conn, of[1], bound)
                else:
                    deleted += conn.execute(sa.delete(fact).where(of[1], fact.c.at_utc < bound)).rowcount
                conn.execute(sa.delete(touched).where(of[2], touched.c.start_utc < bound))
        if old:
            with self._db.write(news=False) as conn:
                pieces.purge(conn, bound)
        return deleted

    def forget(self, customers: Collection[str], metrics: Sequence[Metric]) -> int:
        """Deletes the facts of customers, named by their keyed hashes; how many. The periods of `metrics` that they
        were in are touched, so that `settle` counts them without; other definitions' facts go without a trace."""
        theirs = [c for c in customers if c]
        by_name = {(m.id, m.definition_hash): m for m in metrics}
        with self._db.write() as conn:
            mine = bulk.any_of(fact.c.customer, theirs, conn)
            found = conn.execute(sa.select(fact.c.metric, fact.c.definition, fact.c.at_utc).where(mine)).all()
            for key, metric in by_name.items():
                at = [row[2] for row in found if (row[0], row[1]) == key]
                _touch(conn, metric, at)
            conn.execute(sa.delete(fact).where(mine))
        return len(found)

    def _waiting(self, metric: Metric) -> bool:
        with self._db.read() as conn:
            return conn.execute(sa.select(touched.c.start_utc).where(_of(touched, metric)).limit(1)).first() is not None


def _of(table: sa.Table, metric: Metric) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.metric == metric.id, table.c.definition == metric.definition_hash)


def _wanted(records: Records, counted: aggregate.Counted) -> dict[str, tuple[int, _Row | None]]:
    """{id: (version, its fact or None)}; of two rows with the same id and version the later counts."""
    changed = records.changed or [0] * len(records)
    customers = records.customers or [""] * len(records)
    found: dict[int, _Row | None] = dict.fromkeys(counted.absent.tolist())
    columns = (counted.row, counted.at, counted.value, counted.base, counted.known)
    for row, at, value, base, known, segment in zip(*(c.tolist() for c in columns), counted.segment, strict=True):
        open_ = value != value  # noqa: PLR0124 - NaN is what differs from itself.
        found[row] = _Row(at, segment, None if open_ else value, base, known, changed[row], customers[row])
    wanted: dict[str, tuple[int, _Row | None]] = {}
    for i in sorted(found):
        name = records.ids[i]
        if name not in wanted or wanted[name][0] <= changed[i]:
            wanted[name] = changed[i], found[i]
    return wanted


def _take(conn: sa.Connection, metric: Metric, batch: Facts, counted: aggregate.Counted) -> tuple[int, int, int]:
    """(facts written, facts removed, facts that stay as they are)."""
    ids = batch.upserts.ids
    names = [ids[i] for i in (*counted.row.tolist(), *counted.absent.tolist())] + list(batch.deletes)
    if not names:
        return 0, 0, 0
    known = sa.and_(_of(fact, metric), bulk.any_of(fact.c.id, names, conn))
    columns = [fact.c[name] for name in _NAMES]
    stored = {row[0]: _Row(*row[1:]) for row in bulk.tuples(conn, sa.select(*columns).where(known))}
    lowest = _oldest(conn, metric)
    if not stored and len(set(names)) == len(names):
        return _add(conn, metric, batch.upserts, counted, lowest), 0, 0
    wanted = _wanted(batch.upserts, counted) | dict.fromkeys(batch.deletes)
    return _merge(conn, metric, wanted, stored, lowest)


def _add(conn: sa.Connection, metric: Metric, records: Records, counted: aggregate.Counted, lowest: int) -> int:
    """Writes facts of which none is stored yet, as in a backfill; how many."""
    starts = counted.at if metric.read.churn else aggregate.period_starts(metric, counted.at)
    chosen = np.flatnonzero(starts >= lowest)
    rows = counted.row[chosen].tolist()
    changed, customers = records.changed, records.customers
    columns: tuple[bulk.Column, ...] = (
        [records.ids[i] for i in rows],
        counted.at[chosen],
        [counted.segment[k] for k in chosen.tolist()],
        counted.value[chosen],
        counted.base[chosen],
        counted.known[chosen],
        [changed[i] for i in rows] if changed else [0] * len(rows),
        [customers[i] for i in rows] if customers else [""] * len(rows),
    )
    _write(conn, metric, columns)
    _touch(conn, metric, starts[chosen].tolist(), lowest)
    return len(rows)


def _write(conn: sa.Connection, metric: Metric, columns: Sequence[bulk.Column]) -> None:
    """Facts in the columns of `_NAMES`; NaN is nothing."""
    if not len(columns[0]):
        return
    of: dict[str, bulk.Column] = {"metric": [metric.id] * len(columns[0])}
    of["definition"] = [metric.definition_hash] * len(columns[0])
    bulk.insert(conn, fact, of | dict(zip(_NAMES, columns, strict=True)), replace=True)


def _merge(
    conn: sa.Connection,
    metric: Metric,
    wanted: dict[str, tuple[int, _Row | None] | None],
    stored: dict[str, _Row],
    lowest: int,
) -> tuple[int, int, int]:
    """The same as `_take` where some are stored already, or come twice."""
    fresh: dict[str, _Row] = {}
    lost, touches, same = [], [], 0
    at = np.array([new[1].at for new in wanted.values() if new is not None and new[1] is not None], np.int64)
    bounded = len(at) and lowest > _ALWAYS
    frozen = set(at[aggregate.period_starts(metric, at) < lowest].tolist()) if bounded else set()
    for name, entry in wanted.items():
        version, new = (None, None) if entry is None else entry
        old = stored.get(name)
        if new is not None and new.at in frozen:
            new = None
        if old is not None and version is not None and version < old.changed:
            same += 1
        elif new == old:
            same += new is not None
        elif new is not None:
            fresh[name] = new
            # A change at the vendor that this metric does not see touches nothing.
            if old is None or new.counted != old.counted:
                touches += [new.at] if old is None else [old.at, new.at]
        elif old is not None:
            lost.append(name)
            touches.append(old.at)
    if fresh:
        _write(conn, metric, [list(c) for c in zip(*((name, *row) for name, row in fresh.items()), strict=True)])
    if lost:
        conn.execute(sa.delete(fact).where(_of(fact, metric), bulk.any_of(fact.c.id, lost, conn)))
    _touch(conn, metric, touches, lowest)
    return len(fresh), len(lost), same


_NAMES = ("id", "at_utc", "segment", "value", "base", "known_utc", "changed_utc", "customer")


def _lowest(conn: sa.Connection, metric: Metric) -> int:
    """Periods that start before this instant are not counted (again)."""
    found = conn.execute(sa.select(progress.c.since_utc, progress.c.kept_from).where(progress_of(metric))).first()
    return max((x for x in found or () if x is not None), default=_ALWAYS)


def _oldest(conn: sa.Connection, metric: Metric) -> int:
    """Facts of periods that start before this instant are not taken. What subscriptions are now began at any time."""
    return _ALWAYS if metric.read.churn else _lowest(conn, metric)


def _touch(conn: sa.Connection, metric: Metric, at: Sequence[int], lowest: int | None = None) -> None:
    """Marks the periods that hold these instants."""
    if not at:
        return
    if metric.read.churn:
        # What begins with a period's end is the end of that period too.
        at = [min(at) - 1]
    lowest = _oldest(conn, metric) if lowest is None else lowest
    starts = np.unique(aggregate.period_starts(metric, np.array(sorted(set(at)), np.int64)))
    starts = starts[starts >= lowest]
    rows: dict[str, bulk.Column] = {"metric": [metric.id] * len(starts), "start_utc": starts}
    rows["definition"] = [metric.definition_hash] * len(starts)
    bulk.insert(conn, touched, rows, replace=True)


def _advance(conn: sa.Connection, metric: Metric, batch: Facts, now: datetime) -> None:
    stored = conn.execute(sa.select(progress.c.cursor).where(progress_of(metric))).first()
    values: dict[str, object] = {} if batch.cursor is None else {"cursor": batch.cursor}
    if batch.complete:
        values["complete_at"] = series.epoch(now)
    if stored is None:
        same = {"metric": metric.id, "definition": metric.definition_hash}
        conn.execute(sa.insert(progress).values(**same, **values))
    elif values:
        conn.execute(sa.update(progress).where(progress_of(metric)).values(**values))


def _next_touched(conn: sa.Connection, metric: Metric) -> list[int]:
    """The oldest periods that wait, as many as one transaction takes."""
    waiting = sa.select(touched.c.start_utc).where(_of(touched, metric)).order_by(touched.c.start_utc)
    starts = list(conn.execute(waiting.limit(_MOST_PERIODS)).scalars())
    furthest = _FURTHEST.get(metric.grain, _FAR).total_seconds()
    return [s for s in starts if s < starts[0] + furthest]


def _runs(metric: Metric, starts: Sequence[int]) -> Iterator[Window]:
    """Neighbouring periods joined."""
    since = until = None
    for start in (datetime.fromtimestamp(s, UTC) for s in starts):
        if since is None or until != start:
            if since is not None and until is not None:
                yield Window(since, until)
            since = start
        until = next_start(start, metric.grain, metric.zone)
    if since is not None and until is not None:
        yield Window(since, until)


def _cells(conn: sa.Connection, metric: Metric, run: Window, now: datetime) -> Cells:
    """The facts of a stretch of time as cells."""
    within = sa.and_(
        _of(fact, metric), fact.c.at_utc >= series.epoch(run.since), fact.c.at_utc < series.epoch(run.until)
    )
    chosen = sa.select(fact.c.at_utc, fact.c.segment, fact.c.value, fact.c.base, fact.c.known_utc).where(within)
    rows = bulk.tuples(conn, chosen)
    at, keys, value, base, known = zip(*rows, strict=True) if rows else ((), (), (), (), ())
    numbers = {key: i for i, key in enumerate(sorted(set(keys)))}
    return aggregate.cells_of_facts(
        metric,
        [Segment.from_key(key) for key in numbers],
        np.array(at, np.int64),
        np.array([numbers[key] for key in keys], np.int64),
        np.array(value, np.float64),
        np.array(base, np.float64),
        np.array(known, np.int64),
        now,
    )


def _plus(a: Applied, b: Applied) -> Applied:
    return Applied(**{f.name: getattr(a, f.name) + getattr(b, f.name) for f in fields(Applied)})
