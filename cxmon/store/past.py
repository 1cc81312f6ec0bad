"""One metric's figures with all their revisions in memory, shown as they were known at a moment that only moves on."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from cxmon import sketch as sketches
from cxmon.errors import StoreError
from cxmon.kept_quantiles import KeptQuantiles
from cxmon.model import Kind, Metric, Segment, Window
from cxmon.panel import OPTIONAL, Panel
from cxmon.periods import grid
from cxmon.store import arrivals, bulk, panels, series
from cxmon.store.schema import observation, observation_history, sketch

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Revisions:
    """Every revision of a metric's cells in the order in which they became known: row, column and figures of each, and
    `seen` (R,), epoch seconds. `revised` says that figures were taken as known once their period was complete, because
    the source does not say when it knew them."""

    metric: Metric
    segments: tuple[Segment, ...]
    starts: Ints
    rows: npt.NDArray[Any]
    row: Ints
    column: Ints
    seen: Ints
    sketches: "Sparse | None"
    revised: bool
    arrived: npt.NDArray[np.float64] | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Sparse:
    """Histograms of many revisions, of which most buckets are empty: the filled ones of revision r are `bucket` and
    `count` from `bounds[r]` to before `bounds[r + 1]`; buckets count from `bucket0`, and there are `width` of them."""

    bounds: Ints
    bucket: Ints
    count: npt.NDArray[np.float64]
    bucket0: int
    width: int

    def of(self, which: Ints) -> npt.NDArray[np.float64]:
        """The histograms (R, B) of some revisions."""
        whole = np.zeros((len(which), self.width))
        for row, r in zip(whole, which.tolist(), strict=True):
            part = slice(self.bounds[r], self.bounds[r + 1])
            row[self.bucket[part]] = self.count[part]
        return whole


def read(conn: sa.Connection, metric: Metric) -> Revisions:
    """All that was ever known of a metric."""
    known = series.numbers(conn, metric)
    segments = tuple(sorted(known))
    ids = np.array([known[s] for s in segments], np.int64)
    further = panels.FURTHER.get(metric.kind, ())
    fields = [("series", "i8"), ("start", "i8"), ("revision", "i8"), ("n", "f8"), ("total", "f8")]
    fields += [*((name, "f8") for name in further), ("seen", "i8")]
    parts = [
        panels.chosen(conn, metric, table, ids, None, sa.true()).add_columns(table.c.seen_at)
        for table in (observation, observation_history)
    ]
    rows = bulk.fetch(conn, sa.union_all(*parts), fields)  # type: ignore[arg-type]
    for name in further:
        rows[name][np.isinf(rows[name])] = np.nan
    starts = _grid(metric, rows["start"])
    row = np.argsort(ids)[np.searchsorted(ids, rows["series"], sorter=np.argsort(ids))] if len(ids) else rows["series"]
    column = np.searchsorted(starts, rows["start"])
    seen, revised = _known_from(metric, rows, row, column, starts)
    order = np.lexsort((rows["revision"], seen))
    found = _histograms(conn, ids, rows[order]) if metric.kind is Kind.QUANTILE else None
    arrived = arrivals.whole(conn, metric, ids, starts)
    return Revisions(
        metric=metric, segments=segments, starts=starts, rows=rows[order], row=row[order], column=column[order],
        seen=seen[order], sketches=found, revised=revised,
        arrived=arrived,
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class _Known:
    """The segments of which anything is known, those that are no sum of others, and which of them make up what was
    asked for."""

    some: tuple[Segment, ...]
    leaves: tuple[Segment, ...]
    base: dict[tuple[Segment, ...], tuple[Segment, ...]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Step:
    """What there was before a step: how far it was known, and the figures of the cells (`row`, `column`) that became
    others."""

    at: int
    done: int
    first: Ints
    last: Ints
    told: "_Known | None"
    row: Ints
    column: Ints
    figures: dict[str, npt.NDArray[np.float64]]


@dataclass(kw_only=True, eq=False)
class Past:
    """A metric's figures as known at `at`, which `advance` moves on; back only as far as its steps are kept."""

    found: Revisions
    now: Panel
    at: int = 0
    done: int = 0
    # First and last column (S,) that each series is known to have a cell in.
    first: Ints
    last: Ints
    steps: list[_Step] | None = None
    rolled: dict[tuple[Segment, ...], tuple[Panel, set[int]]] = field(default_factory=dict)
    followed: dict[tuple[Segment, ...], npt.NDArray[np.float64]] = field(default_factory=dict)
    told: "_Known | None" = None
    kept: KeptQuantiles = field(default_factory=KeptQuantiles)

    @classmethod
    def of(cls, found: Revisions) -> "Past":
        S, T = len(found.segments), len(found.starts)
        names = ["n", "total", *panels.FURTHER.get(found.metric.kind, ())]
        matrices: dict[str, Any] = {name: np.zeros((S, T)) for name in names}
        bucket0 = 0
        if found.sketches is not None:
            matrices["counts"], bucket0 = np.zeros((S, T, found.sketches.width)), found.sketches.bucket0
        now = Panel(metric=found.metric, segments=found.segments, starts=found.starts, bucket0=bucket0, **matrices)
        return cls(found=found, now=now, first=np.full(S, T), last=np.full(S, -1))

    def keep_steps(self) -> None:
        """From now on there is a way back, to this moment and not before it."""
        self.steps = []

    def advance(self, at: datetime) -> None:
        """What became known up to `at`, no more and no less; StoreError where more is known and no step back is kept.

        What panels show that were handed out at the same moment before is true again.
        """
        wanted = series.epoch(at)
        while self.at > wanted:
            if not self.steps:
                raise StoreError(f"figures of {self.found.metric.id}: known up to a later moment than {at:%Y-%m-%d}")
            self._back(self.steps.pop())
        if wanted > self.at:
            self._on(wanted)

    def _on(self, at: int) -> None:
        until = max(int(np.searchsorted(self.found.seen, at, "right")), self.done)
        new = self.done + _newest(self.found.row[self.done : until], self.found.column[self.done : until])
        i, j, rows = self.found.row[new], self.found.column[new], self.found.rows[new]
        if self.steps is not None:
            self.steps.append(self._here(i, j))
        self.at, self.done = at, until
        if not len(new):
            return
        empty = rows["n"] == 0
        for name in ("n", "total", *panels.FURTHER.get(self.found.metric.kind, ())):
            getattr(self.now, name)[i, j] = np.where(empty, 0.0, rows[name])
        if self.found.sketches is not None and self.now.counts is not None:
            self.now.counts[i, j] = self.found.sketches.of(new)
        if (self.last[i] < 0).any():
            self.told = None
        np.minimum.at(self.first, i, j)
        np.maximum.at(self.last, i, j)
        self._roll_again(j)

    def _here(self, row: Ints, column: Ints) -> _Step:
        matrices = {name: m for name in ("n", "total", *OPTIONAL) if (m := getattr(self.now, name)) is not None}
        return _Step(
            at=self.at, done=self.done, first=self.first.copy(), last=self.last.copy(), told=self.told,
            row=row, column=column, figures={name: m[row, column] for name, m in matrices.items()},
        )  # fmt: skip

    def _back(self, step: _Step) -> None:
        for name, figures in step.figures.items():
            getattr(self.now, name)[step.row, step.column] = figures
        self.at, self.done, self.told = step.at, step.done, step.told
        self.first, self.last = step.first, step.last
        self._roll_again(step.column)

    def _roll_again(self, columns: Ints) -> None:
        """What was added up of these columns is so no more."""
        touched = set(columns.tolist())
        for _, waiting in self.rolled.values():
            waiting.update(touched)

    def leaves(self) -> tuple[Segment, ...]:
        return self._known().leaves

    def _known(self) -> "_Known":
        """The stored segments of which anything is known: hardly ever others than the day before."""
        if self.told is None:
            some = tuple(s for s, last in zip(self.found.segments, self.last, strict=True) if last >= 0)
            self.told = _Known(some=some, leaves=series.leaves(list(some)))
        return self.told

    def panel(self, segments: Sequence[Segment] | None, read_at: datetime | None) -> Panel:
        """As `Store.panel` without a window. What it returns is this object's own memory until the next `advance`."""
        known = self._known()
        wanted = tuple(known.leaves if segments is None else segments)
        base = known.base.get(wanted)
        if base is None:
            base = known.base[wanted] = panels.needed(self.found.metric, wanted, known.leaves, known.some)
        where = {s: i for i, s in enumerate(self.found.segments)}
        rows = np.array([where[s] for s in base], np.int64)
        first = int(self.first[rows].min()) if len(rows) else 0
        last = int(self.last[rows].max()) + 1 if len(rows) else 0
        shown = _measured(self._rolled(wanted, base).cut(first, max(first, last)), self.now, rows)
        arrived = self._followed(wanted, base)
        if arrived is not None:
            at = self.at if read_at is None else min(self.at, series.epoch(read_at))
            arrived = arrivals.reached(arrived[:, first : max(first, last)], shown.ends(), at)
        return replace(shown, read_at=read_at, arrived=arrived, kept=self.kept)

    def counted(self, read_at: datetime | None) -> Panel:
        """How many answers each stored segment had, on the whole grid and without what else is known."""
        now = self.now
        return Panel(
            metric=now.metric, segments=now.segments, starts=now.starts, n=now.n, total=now.total, read_at=read_at
        )

    def held(self, *, sketches: bool) -> int:
        """Bytes that its figures take at one moment, at most, with or without `sketches`."""
        names = [name for name in OPTIONAL if sketches or name != "counts"]
        matrices = [self.now.n, self.now.total, *(getattr(self.now, name) for name in names), self.found.arrived]
        return sum(one.nbytes for one in matrices if one is not None)

    def extent(self) -> tuple[datetime, datetime] | None:
        ends = self.now.ends()
        if not len(ends):
            return None
        return datetime.fromtimestamp(int(self.found.starts[0]), UTC), datetime.fromtimestamp(int(ends[-1]), UTC)

    def volumes(self, window: Window) -> dict[Segment, float]:
        """As `Store.volumes`."""
        size = np.abs(self.now.total) if self.found.metric.kind is Kind.LEVEL else self.now.n
        within = slice(*np.searchsorted(self.found.starts, [series.epoch(window.since), series.epoch(window.until)]))
        sums = size[:, within].sum(1)
        where = {s: i for i, s in enumerate(self.found.segments)}
        return {leaf: float(sums[where[leaf]]) for leaf in self.leaves()}

    def _followed(self, wanted: tuple[Segment, ...], base: tuple[Segment, ...]) -> npt.NDArray[np.float64] | None:
        """The triangle of the wanted series: what had arrived by an age does not change later, so it is added once."""
        key = (*wanted, *base)
        if self.found.arrived is not None and key not in self.followed:
            all_ = replace(self.now, counts=None, arrived=self.found.arrived)
            rolled = _combined(all_ if base == self.found.segments else all_.select(base), wanted).arrived
            if rolled is not None:
                self.followed[key] = rolled
        return self.followed.get(key)

    def _rolled(self, wanted: tuple[Segment, ...], base: tuple[Segment, ...]) -> Panel:
        """The wanted series over the whole grid: added up once, and again where figures became known since."""
        if wanted == base == self.found.segments:
            return self.now
        key = (*wanted, *base)
        kept = self.rolled.get(key)
        if kept is None:
            found = _with_quantile(_combined(self.now.select(base), wanted))
            self.rolled[key] = found, set()
            return found
        found, waiting = kept
        if waiting:
            columns = np.array(sorted(waiting), np.int64)
            # A single column would be added up in another order, and floats would tell.
            columns = np.append(columns, columns[:1]) if len(columns) == 1 else columns
            part = _with_quantile(_combined(_columns(self.now, columns).select(base), wanted))
            if found.found is not None and part.found is not None:
                found.found[..., columns] = part.found
            for name in ("n", "total", *OPTIONAL):
                matrix = getattr(found, name)
                if matrix is not None:
                    matrix[:, columns] = getattr(part, name)
            waiting.clear()
        return found


def _combined(base: Panel, wanted: tuple[Segment, ...]) -> Panel:
    if base.segments == wanted:
        return base
    return base.roll_up(wanted) if base.metric.additive else base.select(wanted, missing_as_empty=True)


def _columns(of: Panel, columns: Ints) -> Panel:
    matrices = {name: m[:, columns] for name in ("n", "total", *OPTIONAL) if (m := getattr(of, name)) is not None}
    return replace(of, starts=of.starts[columns], found=None, **matrices)


def _with_quantile(of: Panel) -> Panel:
    """With the quantile that is judged: it costs the most of all, and changes in the newest periods only."""
    return of if of.counts is None else replace(of, found=of.quantile())


def _measured(shown: Panel, now: Panel, rows: Ints) -> Panel:
    """Without the matrices of which no cell has figures: they were never measured."""
    some = now.n[rows] > 0
    gone: dict[str, Any] = {}
    for name in panels.FURTHER.get(shown.metric.kind, ()):
        cells = getattr(now, name)[rows]
        if (cells != 0).any() and np.isnan(cells[some]).all():
            gone[name] = None
    return replace(shown, **gone) if gone else shown


def _grid(metric: Metric, starts: Ints) -> Ints:
    if not len(starts):
        return np.zeros(0, np.int64)
    since, until = (datetime.fromtimestamp(int(s), UTC) for s in (starts.min(), starts.max() + 1))
    return grid(since, until, metric.grain, metric.zone, metric.week_start)


def _known_from(metric: Metric, rows: npt.NDArray[Any], row: Ints, column: Ints, starts: Ints) -> tuple[Ints, bool]:
    """(when each revision became known, whether that is a guess for any).

    Where the source says when it knew a figure, or it was collected at the time, that is what is stored. Figures of a
    source that does not say so, collected long afterwards, are taken as known once their period was complete.
    """
    seen = rows["seen"].astype(np.int64)
    if metric.read.known_at is not None or not len(rows):
        return seen, False
    empty = Panel(
        metric=metric, segments=(), starts=starts, n=np.zeros((0, len(starts))), total=np.zeros((0, len(starts)))
    )
    wait = max(metric.matures_after, metric.settle).total_seconds()
    complete = (empty.ends()[column] + wait).astype(np.int64)
    cell = row * np.int64(len(starts)) + column
    order = np.lexsort((rows["revision"], cell))
    earliest = np.zeros(len(rows), np.bool_)
    earliest[order] = np.r_[True, cell[order][1:] != cell[order][:-1]]
    late = earliest & (seen > complete)
    return np.where(late, complete, seen), bool(late.any())


def _newest(row: Ints, column: Ints) -> Ints:
    """Where the last revision of each cell stands among many in order."""
    cell = row * np.int64(2**32) + column
    _, last = np.unique(cell[::-1], return_index=True)
    return np.sort(len(cell) - 1 - last)


def _histograms(conn: sa.Connection, ids: Ints, rows: npt.NDArray[Any]) -> Sparse:
    """The sketch of each revision."""
    stored = sa.select(sketch.c.series_id, sketch.c.start_utc, sketch.c.revision, sketch.c.data)
    found = conn.execute(stored.where(bulk.any_of(sketch.c.series_id, ids.tolist(), conn))).all()
    data = {(s, start, revision): bytes(d) for s, start, revision, d in found}
    buckets, counts = [np.zeros(0, np.int64)], [np.zeros(0)]
    for key in zip(rows["series"].tolist(), rows["start"].tolist(), rows["revision"].tolist(), strict=True):
        low, histogram = sketches.decode(data[key]) if data.get(key) else (0, np.zeros(0))
        some = np.flatnonzero(histogram)
        buckets.append(some + low)
        counts.append(histogram[some])
    bucket, count = np.concatenate(buckets), np.concatenate(counts)
    low, high = (int(bucket.min()), int(bucket.max()) + 1) if len(bucket) else (0, 0)
    bounds = np.cumsum([0, *(len(b) for b in buckets[1:])])
    return Sparse(bounds=bounds, bucket=bucket - low, count=count, bucket0=low, width=high - low)
