"""Event rows, or what a database has already added up, become cells with their revisions."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from cxmon import periods, sketch
from cxmon.contracts import Cells
from cxmon.model import Grain, Kind, Metric, Segment

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# Days after a period's end at which a backfill says what was known then (design, section 4).
AGES = (0, 1, 2, 3, 5, 8, 14, 30)
DAY = 86_400
_SUMS = ("n", "total", "squares", "base", "base_squares", "cross")
_DIGITS = 13  # Sums are kept to 13 significant digits: the order in which rows are added must not make a revision.


@dataclass(frozen=True, kw_only=True, eq=False)
class Parts:
    """Pieces of cells in columns (R,): an event, or the sum of many events of one segment, period and known day.

    `at` and `known` are epoch seconds, `segment` indexes a list that the caller keeps; `bucket` is the sketch bucket of
    the part's values (quantiles only; a part holds values of one bucket). Statistics that a kind does not use, or that
    the source does not bring, are None.
    """

    at: Ints
    segment: Ints
    n: Floats
    total: Floats
    squares: Floats | None = None
    base: Floats | None = None
    base_squares: Floats | None = None
    cross: Floats | None = None
    bucket: Ints | None = None
    known: Ints | None = None

    def __len__(self) -> int:
        return len(self.at)

    def where(self, chosen: npt.NDArray[Any]) -> "Parts":
        """The chosen parts, by mask or index."""
        columns: dict[str, Any] = {
            name: None if (column := getattr(self, name)) is None else column[chosen]
            for name in self.__dataclass_fields__
        }
        return Parts(**columns)

    @classmethod
    def joined(cls, parts: Sequence["Parts"]) -> "Parts":
        """All parts of several, which have the same columns."""
        columns: dict[str, Any] = {
            name: None if getattr(parts[0], name) is None else np.concatenate([getattr(p, name) for p in parts])
            for name in cls.__dataclass_fields__
        }
        return cls(**columns)

    @classmethod
    def of_events(
        cls,
        kind: Kind,
        *,
        at: Ints,
        segment: Ints,
        value: Floats,
        base: Floats | None,
        weight: Floats | None,
        known: Ints | None,
        censored: bool = False,
    ) -> "Parts":
        """One part an event. `base` is a ratio's denominator or a rate's exposure, `weight` how many such events.

        With `censored`, for durations, an event without a value is still open; see `_with_open`.
        """
        if censored:
            return cls._with_open(at, segment, value, np.ones(len(at)) if weight is None else weight, known)
        w = np.ones(len(at)) if weight is None else weight
        b = np.ones(len(at)) if base is None else base
        parts = cls(at=at, segment=segment, n=w, total=w * value, known=known)
        match kind:
            case Kind.RATE:
                return replace(parts, n=w * b)
            case Kind.MEAN:
                return replace(parts, squares=w * value**2)
            case Kind.QUANTILE:
                return replace(parts, squares=w * value**2, bucket=sketch.buckets(value))
            case Kind.RATIO:
                return replace(parts, squares=w * value**2, base=w * b, base_squares=w * b**2, cross=w * value * b)
            case _:
                return parts

    @classmethod
    def _with_open(cls, at: Ints, segment: Ints, value: Floats, weight: Floats, known: Ints | None) -> "Parts":
        """Durations of which some go on: those stand in the last bucket, longer than all, from their beginning until
        their end becomes known. `base` counts those that have ended."""
        ended = np.flatnonzero(np.isfinite(value))
        if known is None:
            waiting, since = np.flatnonzero(~np.isfinite(value)), None
        else:
            waiting, since = np.arange(len(at)), np.concatenate([at, known[ended], known[ended]])
        gone = ended if known is not None else ended[:0]
        rows = np.concatenate([waiting, gone, ended])
        last = np.full(len(waiting) + len(gone), sketch.LAST_BUCKET)
        w, nothing = weight[rows], np.zeros(len(last))
        w[len(waiting) : len(last)] *= -1
        values = value[ended]
        return cls(
            at=at[rows], segment=segment[rows], n=w, known=since,
            total=np.append(nothing, weight[ended] * values), squares=np.append(nothing, weight[ended] * values**2),
            base=np.append(nothing, weight[ended]), bucket=np.append(last, sketch.buckets(values)),
        )  # fmt: skip


def period_starts(metric: Metric, at: Ints) -> Ints:
    """Start of the period of `metric` that each instant (R,) lies in, epoch seconds."""
    if metric.grain is Grain.HOUR or not len(at):
        return at - at % 3600
    first, last = (datetime.fromtimestamp(int(x), UTC) for x in (at.min(), at.max()))
    grid = periods.grid(first, last + timedelta(seconds=1), metric.grain, metric.zone, metric.week_start)
    return np.asarray(grid[np.searchsorted(grid, at, side="right") - 1])


def compact(metric: Metric, parts: Parts) -> Parts:
    """The fewest parts that make the same cells: one per segment, period, age of knowledge and sketch bucket.

    `at` becomes the period's start (levels keep their instants), `known` the latest of what was added up.
    """
    if not len(parts):
        return parts
    start = period_starts(metric, parts.at)
    slot = _slots(metric, start, parts.known)
    at = parts.at if metric.kind is Kind.LEVEL else start
    keys = [column for column in (parts.bucket, slot, at, parts.segment) if column is not None]
    # Sorted by value within a group, so that rows in any order are added in the same one.
    order = np.lexsort([c for c in (parts.base, parts.total, parts.n) if c is not None] + keys)
    heads = np.flatnonzero(_heads(*(key[order] for key in keys)))
    done = replace(parts, at=at).where(order[heads])
    sums: dict[str, Any] = {
        name: _kept(np.add.reduceat(column[order], heads))
        for name in _SUMS
        if (column := getattr(parts, name)) is not None
    }
    known = None if parts.known is None else np.maximum.reduceat(parts.known[order], heads)
    return replace(done, known=known, **sums)


def merge(metric: Metric, segments: Sequence[Segment], parts: Parts, now: datetime) -> Cells:
    """Adds parts up into cells, one per segment and period; with `known`, one per revision.

    Revisions are written at the `AGES` after the period's end (in days of the metric's zone; of 24 hours for the grain
    hour) where the cell differs from the one before, and once more where something became known later still. Parts not
    known before `now` do not exist. A level is the sum of its parts at the latest instant of the period.
    """
    if parts.known is not None:
        parts = parts.where(parts.known < int(now.timestamp()))
    if not len(parts):
        return _empty(metric)
    parts = compact(metric, parts)
    start = period_starts(metric, parts.at)
    slot = _slots(metric, start, parts.known)
    if metric.kind is Kind.LEVEL:
        parts, start, slot = _snapshots(parts, start, slot)
    pairs, cell = np.unique(np.stack([parts.segment, start]), axis=1, return_inverse=True)
    cell = cell.reshape(-1)
    grown = {
        name: _grown(metric, cell, slot, pairs.shape[1], column)
        for name in _SUMS
        if (column := getattr(parts, name)) is not None
    }
    there = np.zeros((pairs.shape[1], len(AGES) + 1), bool)
    there[cell, slot] = True
    # What turns out to be nothing was something before, and says so.
    rows, slots = np.nonzero(there & np.maximum.accumulate(grown["n"] > 0, axis=1))
    known = np.zeros(len(rows), np.int64)
    if parts.known is not None:
        latest = np.zeros(there.shape, np.int64)
        np.maximum.at(latest, (cell, slot), parts.known)
        bounds = np.append(_bounds(metric, pairs[1]), np.full((pairs.shape[1], 1), np.iinfo(np.int64).max), axis=1)
        reached = bounds[rows, slots] <= int(now.timestamp())
        known = np.where(reached, bounds[rows, slots], latest[rows, slots] + 1)
    used, segment = np.unique(pairs[0][rows], return_inverse=True)
    return Cells(
        segments=tuple(segments[i] for i in used),
        segment=segment.reshape(-1).astype(np.int64),
        start=pairs[1][rows],
        known_at=known,
        sketches=_sketches(parts, cell, slot, rows, slots),
        **{name: _kept(matrix[rows, slots]) for name, matrix in grown.items()},
    )


def cells(
    metric: Metric,
    at: Ints,
    segments: Sequence[Segment],
    segment: Ints,
    value: Floats,
    base: Floats | None,
    known_at: Ints | None,
    now: datetime,
    weight: Floats | None = None,
) -> Cells:
    """Event rows (R,) as cells: `at` and `known_at` epoch seconds, `segment` indexes `segments`, finite `value`.

    `base` is a ratio's denominator or a rate's exposure (1 where None), `weight` how many such events a row stands for.
    """
    parts = Parts.of_events(metric.kind, at=at, segment=segment, value=value, base=base, weight=weight, known=known_at)
    return merge(metric, segments, parts, now)


def _empty(metric: Metric) -> Cells:
    none, nothing = np.zeros(0, np.int64), np.zeros(0)
    sketches: list[bytes] | None = [] if metric.kind is Kind.QUANTILE else None
    return Cells(segments=(), segment=none, start=none, known_at=none, n=nothing, total=nothing, sketches=sketches)


def _kept(x: Floats) -> Floats:
    """`x` to the digits that are kept."""
    size = np.abs(x)
    small = (size > 1e-100) & (size < 10.0**_DIGITS)
    scale = 10.0 ** (_DIGITS - 1 - np.floor(np.log10(np.where(small, size, 1.0))))
    return np.asarray(np.where(small, np.rint(x * scale) / scale, x))


def _bounds(metric: Metric, start: Ints) -> Ints:
    """When each period (P,) reaches each age: epoch seconds (P, len(AGES))."""
    unique, back = np.unique(start, return_inverse=True)
    rows = [_ages(metric.grain, metric.zone, s) for s in unique.tolist()]
    return np.array(rows, np.int64).reshape(-1, len(AGES))[back.reshape(-1)]


@lru_cache(maxsize=20_000)
def _ages(grain: Grain, zone: str, start: int) -> tuple[int, ...]:
    """The same of one period, which all metrics of a grain ask for, several times each."""
    end = periods.next_start(datetime.fromtimestamp(start, UTC), grain, zone)
    if grain is Grain.HOUR:
        return tuple(int(end.timestamp()) + age * DAY for age in AGES)
    local = ZoneInfo(zone)
    day = end.astimezone(local).replace(tzinfo=None)
    return tuple(int((day + timedelta(days=age)).replace(tzinfo=local).timestamp()) for age in AGES)


def _slots(metric: Metric, start: Ints, known: Ints | None) -> Ints:
    """How many of its ages each part's period had passed before the part was known (R,): 0 .. len(AGES)."""
    if known is None or not len(start):
        return np.zeros(len(start), np.int64)
    unique, back = np.unique(start, return_inverse=True)
    bounds = _bounds(metric, unique)[back.reshape(-1)]
    return np.asarray((known[:, None] >= bounds).sum(1), np.int64)


def _grown(metric: Metric, cell: Ints, slot: Ints, count: int, column: Floats) -> Floats:
    """What each cell held at each age (C, len(AGES) + 1): levels as they were, everything else added up."""
    matrix = np.zeros((count, len(AGES) + 1))
    np.add.at(matrix, (cell, slot), column)
    return matrix if metric.kind is Kind.LEVEL else np.cumsum(matrix, axis=1)


def _snapshots(parts: Parts, start: Ints, slot: Ints) -> tuple[Parts, Ints, Ints]:
    """Levels: one part per segment, period and age at which the snapshot known by then is another than before."""
    found: list[tuple[Parts, Ints, Ints]] = []
    before: dict[tuple[int, int], float] = {}
    for age in np.unique(slot):
        order = np.flatnonzero(slot <= age)
        order = order[np.lexsort((parts.total[order], parts.at[order], start[order], parts.segment[order]))]
        group = np.cumsum(_heads(parts.segment[order], start[order])) - 1
        newest = np.zeros(int(group[-1]) + 1, np.int64)
        np.maximum.at(newest, group, parts.at[order])
        chosen = order[parts.at[order] == newest[group]]
        heads = np.flatnonzero(_heads(parts.segment[chosen], start[chosen]))
        total = _kept(np.add.reduceat(parts.total[chosen], heads))
        known = None if parts.known is None else np.maximum.reduceat(parts.known[chosen], heads)
        snap = replace(parts.where(chosen[heads]), n=np.ones(len(heads)), total=total, known=known)
        at = start[chosen[heads]]
        now = dict(zip(zip(snap.segment.tolist(), at.tolist(), strict=True), total.tolist(), strict=True))
        fresh = np.array([before.get(key) != value for key, value in now.items()], bool)
        before = now
        found.append((snap.where(fresh), at[fresh], np.full(int(fresh.sum()), age)))
    joined = Parts.joined([f[0] for f in found])
    return joined, np.concatenate([f[1] for f in found]), np.concatenate([f[2] for f in found])


def _heads(*keys: Ints) -> npt.NDArray[np.bool_]:
    """Where a new combination of the sorted keys (R,) begins."""
    fresh = np.zeros(len(keys[0]), bool)
    fresh[:1] = True
    for key in keys:
        fresh[1:] |= np.diff(key) != 0
    return fresh


def _sketches(parts: Parts, cell: Ints, slot: Ints, rows: Ints, slots: Ints) -> list[bytes] | None:
    """The sketch of each row, which holds everything its cell knew by then; None without buckets."""
    if parts.bucket is None:
        return None
    order = np.lexsort((slot, cell))
    cell, slot, bucket, count = cell[order], slot[order], parts.bucket[order], parts.n[order]
    ends = np.searchsorted(cell * 100 + slot, rows * 100 + slots, side="right")
    begins = np.searchsorted(cell, rows)
    made = []
    for begin, end in zip(begins, ends, strict=True):
        low = int(bucket[begin:end].min())
        made.append(sketch.encode_counts(low, np.bincount(bucket[begin:end] - low, weights=count[begin:end])))
    return made
