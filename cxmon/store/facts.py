"""Single records of a vendor: kept by their external id, so that a correction aggregates only its own periods again."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any

import numpy as np
import sqlalchemy as sa

from cxmon import aggregate
from cxmon.contracts import Cells, Facts, Observations, Rejected, Unnamed
from cxmon.failpoints import failpoint
from cxmon.model import Grain, Metric, Segment, Window
from cxmon.periods import next_start
from cxmon.store import bulk, fact_rows, forgotten, pieces, populations, series, sweeping
from cxmon.store import fact_taking as taking
from cxmon.store.engine import Database
from cxmon.store.fact_rows import owner
from cxmon.store.fact_taking import ALWAYS, Done, Place
from cxmon.store.forgotten import Forgotten
from cxmon.store.observations import Applied, progress_of, replace_window, set_aside
from cxmon.store.schema import fact, progress, touched

# What one transaction aggregates again: so many periods at most, and not further apart than this.
_MOST_PERIODS = 750
_FURTHEST = {Grain.HOUR: timedelta(days=31), Grain.DAY: timedelta(days=31)}
_FAR = timedelta(days=731)
_DAY = 86_400

_NOTHING = Applied(written=0, revised=0, vanished=0, unchanged=0, rejected=0)


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
    """What a page did to the facts of one metric: new and changed ones, those removed, the rest, and rows set aside.
    `spared` records were missing in a list that had lost too many to be believed."""

    upserted: int
    removed: int
    unchanged: int
    rejected: int
    first_rejected: Rejected | None = None
    unnamed: Unnamed = field(default_factory=dict)
    spared: int = 0


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
                    conn.execute(sa.insert(progress).values(**taking.first(metric), **values))
                else:
                    conn.execute(sa.update(progress).where(progress_of(metric)).values(**values))

    def take(self, metrics: Sequence[Metric], batch: Facts, *, now: datetime, frozen: bool = False) -> dict[str, Taken]:
        """Takes a page for all metrics of its stream, whole or not at all, with the cursor; {metric: what it did}.

        Where a page names an id twice the later row counts, unless it is an older version; an id that is deleted as
        well is deleted. A record that a metric does not count any more is removed from its facts; one that was set
        aside leaves what is stored of it. What belongs to a customer who was forgotten (`forget`) counts for no metric.
        Periods that were deleted (`purge`), or began before `begin`, stay as they are.
        """
        results: dict[str, Done] = {}
        # What a power cut undoes of a feed goes with its cursor, and is read again.
        with self._db.write(lasting=batch.complete) as conn:
            if batch.pieces is not None:
                batch = replace(batch, upserts=pieces.keep(conn, metrics[0], batch.pieces))
            gone = forgotten.among(conn, batch.upserts.customers)
            page = aggregate.Page(records=batch.upserts, now=now, frozen=frozen, forgotten=gone)
            counted = {metric.id: page.counted(metric) for metric in metrics}
            places, spared = taking.places(conn, metrics), 0
            if batch.sweep is not None:
                swept, spared = sweeping.gone(conn, metrics, batch.sweep, places)
                batch = replace(batch, deletes=(*batch.deletes, *swept))
            for stream in dict.fromkeys(place.stream for place in places.values()):
                together = [m for m in metrics if places[m.id].stream == stream]
                results |= taking.take(conn, stream, together, batch, counted, places)
            _touch(conn, metrics, {m.id: results[m.id].touches for m in metrics}, places)
            for metric in metrics:
                failpoint("collect-facts-written")
                set_aside(conn, metric, batch.rejected + counted[metric.id].rejected, now)
            _advance(conn, metrics, batch, now)
            failpoint("collect-page-before-commit")
        failpoint("collect-page-after-commit")
        return {m.id: replace(_taken(results[m.id], counted[m.id], batch), spared=spared) for m in metrics}

    def settle(self, metric: Metric, *, now: datetime) -> Applied:
        """Aggregates the periods again whose facts have changed since; what it did, in cells."""
        return reduce(_plus, (done[metric.id] for done in self.settle_each([metric], now=now)), _NOTHING)

    def settle_each(self, metrics: Sequence[Metric], *, now: datetime) -> Iterator[dict[str, Applied]]:
        """The same for metrics that come from one stream, whose facts are read together: what each transaction did."""
        of_states = [m for m in metrics if m.read.churn]
        if of_states and (states := populations.settle(self._db, of_states, now=now)):
            yield states
        while waiting := [m for m in metrics if not m.read.churn and self._waiting(m)]:
            done: dict[str, Applied] = {}
            with self._db.write(lasting=False) as conn:
                starts = _next_touched(conn, waiting)
                runs = {m.id: list(_runs(m, starts[m.id])) for m in waiting}
                places = taking.places(conn, waiting)
                for stream in dict.fromkeys(place.stream for place in places.values()):
                    together = [m for m in waiting if places[m.id].stream == stream]
                    facts = _Facts(conn, stream, together, [run for m in together for run in runs[m.id]])
                    for metric in together:
                        batches = (
                            Observations(window=run, cells=facts.cells(metric, run, now)) for run in runs[metric.id]
                        )
                        of = (replace_window(conn, metric, batch, now, accept_loss=True) for batch in batches)
                        done[metric.id] = reduce(_plus, of, _NOTHING)
                for metric in waiting:
                    gone = bulk.any_of(touched.c.start_utc, starts[metric.id], conn)
                    conn.execute(sa.delete(touched).where(_of(touched, metric), gone))
                failpoint("collect-settle-before-commit")
            failpoint("collect-settle-after-commit")
            yield done

    def purge(self, metrics: Collection[Metric], before: datetime) -> int:
        """Deletes the facts of instants before `before`; how many. Their figures stay as they are.

        Of states those stay that still hold then. Of `metrics`, those whose feed has not been read to its end, or whose
        periods wait to be aggregated, keep theirs until then; metrics and definitions that are configured no longer do
        not.
        """
        bound, deleted = series.epoch(before), 0
        planned = {owner(m) for m in metrics}
        states = {owner(m) for m in metrics if m.read.churn}
        with self._db.read() as conn:
            waiting = {(m, d) for m, d in conn.execute(sa.select(touched.c.metric, touched.c.definition).distinct())}
            t = progress.c
            asked = sa.select(t.metric, t.definition, t.stream, t.complete_at, t.kept_from).where(
                t.since_utc.is_not(None)
            )
            due: dict[str, list[fact_rows.Owner]] = {}
            for m, d, stream, complete, kept in conn.execute(asked):
                done = (m, d) not in planned or (complete is not None and (m, d) not in waiting)
                # Those of states are looked for once a day: all that still hold are gone through.
                long_ago = bound - _DAY if (m, d) in states else bound - 1
                if done and (kept is None or kept <= long_ago):
                    due.setdefault(stream or "", []).append((m, d))
            old = pieces.any_before(conn, bound)
        for stream, of in due.items():
            with self._db.write() as conn:
                for name, definition in of:
                    own = [sa.and_(t.c.metric == name, t.c.definition == definition) for t in (progress, touched)]
                    conn.execute(sa.update(progress).where(own[0]).values(kept_from=bound))
                    conn.execute(sa.delete(touched).where(own[1], touched.c.start_utc < bound))
                deleted += fact_rows.drop(conn, stream, [one for one in of if one not in states], bound)
                lasting = [one for one in of if one in states]
                deleted += populations.purge(conn, stream, lasting, bound) if lasting else 0
        if old:
            with self._db.write(news=False) as conn:
                pieces.purge(conn, bound)
        return deleted

    def forget(self, customers: Sequence[Forgotten], metrics: Sequence[Metric]) -> int:
        """Deletes the facts of customers and keeps out what comes of them later; how many facts. The periods of
        `metrics` that they were in are touched, so that `settle` counts them without; other definitions' facts go
        without a trace."""
        theirs = [one.customer for one in customers]
        by_name = {owner(m) for m in metrics}
        with self._db.write() as conn:
            forgotten.keep(conn, customers)
            found = fact_rows.of_customers(conn, theirs)
            whose = fact_rows.owners(conn, np.unique(found.entries["series"]).tolist())
            at: dict[str, list[int]] = {m.id: [] for m in metrics}
            for _, row in fact_rows.rows_of(found):
                if whose[row.series] in by_name:
                    at[whose[row.series][0]].append(row.at)
            hit = [m for m in metrics if at[m.id]]
            _touch(conn, hit, at, taking.places(conn, hit))
            conn.execute(sa.delete(fact).where(bulk.any_of(fact.c.customer, theirs, conn)))
            failpoint("forget-before-commit")
        failpoint("forget-after-commit")
        return len(found.entries)

    def _waiting(self, metric: Metric) -> bool:
        with self._db.read() as conn:
            return conn.execute(sa.select(touched.c.start_utc).where(_of(touched, metric)).limit(1)).first() is not None


def _of(table: sa.Table, metric: Metric) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.metric == metric.id, table.c.definition == metric.definition_hash)


def _taken(done: Done, counted: aggregate.Counted, batch: Facts) -> Taken:
    rejected = batch.rejected + counted.rejected
    return Taken(
        upserted=done.upserted, removed=done.removed, unchanged=done.unchanged, rejected=len(rejected),
        first_rejected=next(iter(rejected), None), unnamed=counted.unnamed,
    )  # fmt: skip


def _touch(
    conn: sa.Connection, metrics: Sequence[Metric], at: Mapping[str, Sequence[int]], places: Mapping[str, Place]
) -> None:
    """Marks the periods of metrics that hold these instants, {metric's id: them}."""
    rows: list[tuple[str, str, int]] = []
    for metric in metrics:
        mine = np.unique(np.array(at[metric.id], np.int64))
        if metric.read.churn:
            # All that follows is counted again. What begins with a period's end is the end of that period too.
            mine = mine[:1] - 1
        starts = np.unique(aggregate.period_starts(metric, mine))
        rows += [(*owner(metric), start) for start in starts[starts >= places[metric.id].oldest].tolist()]
    columns: list[Any] = list(zip(*rows, strict=True)) or [(), (), ()]
    bulk.insert(conn, touched, dict(zip(("metric", "definition", "start_utc"), columns, strict=True)), replace=True)


def _advance(conn: sa.Connection, metrics: Sequence[Metric], batch: Facts, now: datetime) -> None:
    values: dict[str, object] = {} if batch.cursor is None else {"cursor": batch.cursor}
    if batch.complete:
        values["complete_at"] = series.epoch(now)
    if values:
        keys = [dict(zip(("metric", "definition"), owner(metric), strict=True)) for metric in metrics]
        bulk.change(conn, progress, values, keys)


def _next_touched(conn: sa.Connection, metrics: Sequence[Metric]) -> dict[str, list[int]]:
    """The oldest periods that wait, as many as one transaction takes; metrics that wait for later ones have none."""
    found = {}
    for metric in metrics:
        waiting = sa.select(touched.c.start_utc).where(_of(touched, metric)).order_by(touched.c.start_utc)
        found[metric.id] = list(conn.execute(waiting.limit(_MOST_PERIODS)).scalars())
    first = min((starts[0] for starts in found.values() if starts), default=0)
    furthest = {m.id: first + _FURTHEST.get(m.grain, _FAR).total_seconds() for m in metrics}
    return {name: [s for s in starts if s < furthest[name]] for name, starts in found.items()}


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


class _Facts:
    """The facts of metrics of a stream in stretches of time."""

    def __init__(self, conn: sa.Connection, stream: str, metrics: Sequence[Metric], runs: Sequence[Window]) -> None:
        self._keys = {m.id: fact_rows.segments(conn, owner(m)) for m in metrics}
        numbers = np.array([number for keys in self._keys.values() for number in keys], np.int64)
        spans = sorted((series.epoch(run.since), series.epoch(run.until)) for run in runs)
        parts, read = [], ALWAYS
        for since, until in spans:
            # Of stretches that overlap each instant is read once.
            if until > read:
                parts.append(fact_rows.within(conn, stream, max(since, read), until, numbers))
                read = until
        self._entries = np.concatenate([np.empty(0, fact_rows.ENTRY), *parts])
        self._size = numbers.max(initial=0) + 1

    def cells(self, metric: Metric, run: Window, now: datetime) -> Cells:
        keys, at = self._keys[metric.id], self._entries["at"]
        place = np.full(self._size, -1, np.int64)
        place[list(keys)] = np.arange(len(keys))
        segment = place[self._entries["series"]]
        mine = (segment >= 0) & (at >= series.epoch(run.since)) & (at < series.epoch(run.until))
        value, base, known = (self._entries[name][mine] for name in ("value", "base", "known"))
        segments = [Segment.from_key(key) for key in keys.values()]
        return aggregate.cells_of_facts(metric, segments, at[mine], segment[mine], value, base, known, now)


def _plus(a: Applied, b: Applied) -> Applied:
    return Applied(**{f.name: getattr(a, f.name) + getattr(b, f.name) for f in fields(Applied)})
