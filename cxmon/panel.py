"""Many series of one metric on one time grid, as matrices; roll-ups by adding sufficient statistics."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from cxmon import sketch
from cxmon.kept_quantiles import KeptQuantiles
from cxmon.model import Kind, LeftOut, Metric, Segment
from cxmon.periods import next_start

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

OPTIONAL = ("squares", "base", "base_squares", "cross", "counts", "arrived")
# Periods by whose volumes kept quantiles know series again that are named alike.
KNOWN_BY = 30
# Days after a period's end at which a panel says what had arrived; a backfill writes revisions up to 30.
ARRIVAL_AGES = (0, 1, 2, 3, 5, 8, 14, 30, 45, 60, 90)


@dataclass(frozen=True, kw_only=True, eq=False)
class Judged:
    """A panel on the scale it is judged on: values (S, T) with NaN = missing, n (S, T), se (S, T) or None.

    `kind` is the noise model for `cxmon.stats.effect` (proportion, rate, or mean where `se` tells the sampling error);
    `log` says that values are natural logarithms.
    """

    values: Floats
    n: Floats
    se: Floats | None
    kind: str
    log: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class Panel:
    """Cells of one metric: `segments` (S) by `starts` (T, epoch seconds in UTC). n = 0 means nothing was measured.

    All matrices are (S, T) float64 as in `Kind`; those a kind does not use are None. `counts` (S, T, B) are the sketch
    counts of a quantile over buckets `bucket0 .. bucket0 + B - 1`; `found` is the metric's first quantile and its
    sampling variance (2, S, T) where that was worked out before. `read_at` is when the source was last read without
    an error (None: not known). `arrived` (S, T, A, K) is what had arrived of each cell at each of `ARRIVAL_AGES`, NaN
    where it is not that old, of each kind of answer (of a share the yes and the no, elsewhere there is one); `wait`
    (T,) how old in seconds each period has to be, where that was learnt from it, and `shares` (T, A, K) what part of
    the answers each period has at those ages, where they come more slowly than before. `too_short` is a declared wait
    by which so little is in that the learnt one counts in its place. `left_out` is what people left out as one-offs,
    as far as it is known: the figures are there all the same, and who judges them leaves them out. `kept` remembers
    quantiles for whoever asks for the same panel day after day. Of a `brief` panel whatever is added up from it has the
    first quantile and no sketches, which are large.
    """

    metric: Metric
    segments: tuple[Segment, ...]
    starts: Ints
    n: Floats
    total: Floats
    squares: Floats | None = None
    base: Floats | None = None
    base_squares: Floats | None = None
    cross: Floats | None = None
    counts: Floats | None = None
    bucket0: int = 0
    found: Floats | None = None
    read_at: datetime | None = None
    arrived: Floats | None = None
    wait: Floats | None = None
    shares: Floats | None = None
    too_short: timedelta | None = None
    left_out: tuple[LeftOut, ...] = ()
    kept: KeptQuantiles | None = None
    brief: bool = False

    def __post_init__(self) -> None:
        shape = (len(self.segments), len(self.starts))
        if self.n.shape != shape or self.total.shape != shape:
            raise ValueError(f"panel of {self.metric.id}: n {self.n.shape}, total {self.total.shape}, expected {shape}")

    def ends(self) -> Ints:
        """Epoch seconds of each period's end (T,)."""
        if not len(self.starts):
            return self.starts
        last = datetime.fromtimestamp(int(self.starts[-1]), UTC)
        end = next_start(last, self.metric.grain, self.metric.zone)
        return np.append(self.starts[1:], np.int64(end.timestamp()))

    def mature(self, now: datetime) -> Bools:
        """Which periods are complete enough to judge at `now` (T,): ended at least `matures_after` ago, or the `wait`
        that was learnt, and `settle`, because nothing newer is read. What the clock lets mature while the source cannot
        be read is not complete: time stands still at `read_at`."""
        known = now if self.read_at is None else min(now, self.read_at)
        least = max(self.metric.matures_after, self.metric.settle).total_seconds()
        wait = least if self.wait is None else np.maximum(self.wait, least)
        return np.asarray(self.ends() + wait <= known.timestamp())

    def values(self, quantile: float | None = None) -> Floats:
        """Each cell's figure in natural units (S, T); NaN where nothing was measured."""
        some = self.n > 0
        with np.errstate(invalid="ignore", divide="ignore"):
            if self._sketched():
                return np.asarray(self.quantile(quantile)[0])
            if self.metric.kind is Kind.RATIO and self.base is not None:
                return np.where(some & (self.base != 0), self.total / self.base, np.nan)
            if self.metric.kind is Kind.LEVEL:
                return np.where(some, self.total, np.nan)
            return np.where(some, self.total / self.n, np.nan)

    def variances(self) -> Floats:
        """Sampling variance of each value (S, T) from its own cell; NaN where it cannot be known (levels, n too small).

        Proportion p(1-p)/n and rate events/n^2, both with one pseudo-event against zero; mean s^2/n; quantile
        q(1-q)/(n f^2) with the sketch's density f; ratio by the delta method from squares and cross product.
        """
        n, total = self.n, self.total
        with np.errstate(invalid="ignore", divide="ignore"):
            match self.metric.kind:
                case Kind.PROPORTION:
                    p = (total + 0.5) / (n + 1)
                    found = p * (1 - p) / n
                case Kind.RATE:
                    found = (total + 0.5) / n**2
                case Kind.QUANTILE if self._sketched():
                    found = self.quantile()[1]
                case Kind.RATIO if self.base is not None and self.base_squares is not None:
                    r = total / self.base
                    s2 = (self.squares - 2 * r * self.cross + r**2 * self.base_squares) / (n - 1)  # type: ignore[operator]
                    # Rounding may take it a hair below zero.
                    found = n * np.maximum(s2, 0) / self.base**2
                case Kind.MEAN if self.squares is not None:
                    found = np.maximum(self.squares - total**2 / n, 0) / (n - 1) / n
                case _:
                    found = np.full(n.shape, np.nan)
        return np.where((n > 0) & np.isfinite(found), found, np.nan)

    def judged(self) -> Judged:
        """The figures on the scale of judgement: logarithms with a standard error for durations, else as they are."""
        kind = self.metric.kind
        if kind in {Kind.PROPORTION, Kind.RATE}:
            return Judged(values=self.values(), n=self.n, se=None, kind=kind.value, log=False)
        values, variances = self._estimated()
        if self.metric.judged_as_ratio:
            with np.errstate(invalid="ignore", divide="ignore"):
                se = np.where(values > 0, np.sqrt(variances) / values, np.nan)
                logs = np.where(values > 0, np.log(values), np.nan)
            return Judged(values=logs, n=self.n, se=_known(se, self.n), kind="mean", log=True)
        return Judged(values=values, n=self.n, se=_known(np.sqrt(variances), self.n), kind="mean", log=False)

    def _estimated(self) -> tuple[Floats, Floats]:
        """Values and variances (S, T), of a quantile from one pass over its sketches."""
        if not self._sketched():
            return self.values(), self.variances()
        values, variances = self.quantile()
        return values, np.where((self.n > 0) & np.isfinite(variances), variances, np.nan)

    def _sketched(self) -> bool:
        """Whether the figures are quantiles of sketches, which are there or were."""
        there = self.brief or self.counts is not None or self.found is not None
        return there and self.metric.kind is Kind.QUANTILE

    def quantile(self, q: float | None = None) -> Floats:
        """A quantile, the metric's first without `q`, and its sampling variance (2, S, T) from the sketches; ValueError
        where it was not found before they were let go.

        Those still open stand in the last bucket, as longer than all others: where the rank falls among them the
        quantile is not known (NaN).
        """
        first = self.metric.quantiles[0]
        q = first if q is None else q
        if self.found is not None and q == first:
            return self.found
        if self.brief and self.counts is None:
            raise ValueError(f"panel of {self.metric.id}: no sketches any more to find the quantile {q} in")
        counts = np.zeros((*self.n.shape, 0)) if self.counts is None else self.counts
        if self.kept is None or not counts.size:
            found = np.array(sketch.quantiles(counts, self.bucket0, q))
        else:
            group = (self.segments, self.n[:, :KNOWN_BY].tobytes())
            found = self.kept.quantiles(counts, self.bucket0, q, self.starts, group)
        if self.metric.read.censored:
            found[:, found[0] >= sketch.STILL_OPEN] = np.nan
        return found

    def open_ended(self) -> Bools:
        """Whether so many are still open that the quantile cannot be known (S, T), where enough are counted."""
        if not self.metric.read.censored or not self._sketched():
            return np.zeros(self.n.shape, bool)
        return np.asarray(np.isnan(self.quantile()[0]) & (self.n >= self.metric.min_n))

    def roll_up(self, parents: Sequence[Segment]) -> "Panel":
        """One series per parent: the sum of all series of this panel that it holds."""
        parent, member = membership(parents, self.segments)
        bounds = np.searchsorted(parent, np.arange(len(parents) + 1))
        return self._combined(tuple(parents), [member[a:b] for a, b in pairwise(bounds.tolist())])

    def pooled(self, name: Segment, members: Bools) -> "Panel":
        """One series: the sum of the series chosen by `members` (S,)."""
        return self.grouped((name,), members[None])

    def grouped(self, names: Sequence[Segment], groups: Bools) -> "Panel":
        """One series per name: the sum of the series chosen by its row of `groups` (G, S)."""
        return self._combined(tuple(names), [np.flatnonzero(group) for group in groups])

    def select(self, segments: Sequence[Segment], *, missing_as_empty: bool = False) -> "Panel":
        """The same panel with these series only, in this order.

        A segment that is not in the panel is a KeyError, or with `missing_as_empty` a series in which nothing was
        measured.
        """
        where = {s: [i] for i, s in enumerate(self.segments)}
        found = [where.get(s, []) if missing_as_empty else where[s] for s in segments]
        return self._combined(tuple(segments), [np.array(f, np.int64) for f in found])

    def cut(self, first: int, last: int) -> "Panel":
        """Periods first .. last - 1 only."""
        chosen = {name: getattr(self, name)[:, first:last] for name in OPTIONAL if getattr(self, name) is not None}
        return replace(
            self, starts=self.starts[first:last], n=self.n[:, first:last], total=self.total[:, first:last],
            found=None if self.found is None else self.found[..., first:last],
            wait=None if self.wait is None else self.wait[first:last],
            shares=None if self.shares is None else self.shares[first:last], **chosen,
        )  # fmt: skip

    def continued(self, until: datetime, cycle: int) -> "Panel":
        """The panel with more periods, up to the one that holds `until`, as they are expected where nothing changes.

        Whole cycles of `cycle` periods come again, the last first, back to the eighth and to and fro from there:
        volume, gaps and noise stay as they were of late, and levels that wander do not jump where the past ends.
        """
        metric, T = self.metric, len(self.starts)
        if not T:
            return self
        at, more = datetime.fromtimestamp(int(self.starts[-1]), UTC), []
        while (at := next_start(at, metric.grain, metric.zone)) <= until:
            more.append(int(at.timestamp()))
        length = min(cycle, T)
        count = min(8, T // length)
        turn, within = np.divmod(np.arange(len(more)), length)
        back = np.minimum(turn % (2 * count), 2 * count - 1 - turn % (2 * count))
        source = np.concatenate([np.arange(T), T - length * (back + 1) + within])
        chosen = {n: getattr(self, n)[:, source] for n in ("n", "total", *OPTIONAL) if getattr(self, n) is not None}
        starts = np.append(self.starts, np.array(more, np.int64))
        # How fast later periods fill is not known; they are drawn as complete.
        return replace(self, starts=starts, found=None, **(chosen | {"arrived": None, "wait": None, "shares": None}))

    def _combined(self, segments: tuple[Segment, ...], members: Sequence[Ints]) -> "Panel":
        """One series per entry of `members`: the sum of this panel's series with these indices."""
        added: dict[str, Floats] = {}
        for name in ("n", "total", *OPTIONAL):
            matrix = getattr(self, name)
            if matrix is not None:
                added[name] = np.empty((len(segments), *matrix.shape[1:]))
                for series, rows in zip(added[name], members, strict=True):
                    series[...] = 0.0 if not len(rows) else matrix[rows[0]]
                    # One after the other: a copy of all of them together would be far larger than their sum.
                    for row in rows[1:]:
                        np.add(series, matrix[row], out=series)
        if self.metric.kind is Kind.LEVEL:
            added["n"] = np.minimum(added["n"], 1.0)
        found = replace(self, segments=segments, found=None, **added)  # type: ignore[arg-type]
        if not self.brief or self.metric.kind is not Kind.QUANTILE:
            return found
        if self.counts is not None:
            return replace(found, found=found.quantile(), counts=None)
        alone = self.found is not None and all(len(rows) == 1 for rows in members)
        return replace(found, found=self.found[:, np.concatenate(members)]) if alone else found  # type: ignore[index]


def membership(parents: Sequence[Segment], segments: Sequence[Segment]) -> tuple[Ints, Ints]:
    """All pairs (index of a parent, index of a segment that it holds), sorted by parent and then by segment."""
    return _held(tuple(parents), tuple(segments))


@lru_cache(maxsize=256)
def _held(parents: tuple[Segment, ...], segments: tuple[Segment, ...]) -> tuple[Ints, Ints]:
    """Each look rolls the same segments up again; what is handed out to many is not to be written to."""
    named: dict[tuple[str, ...], dict[Segment, list[int]]] = {}
    for i, parent in enumerate(parents):
        named.setdefault(parent.dimensions, {}).setdefault(parent, []).append(i)
    pairs = [
        (i, j)
        for dimensions, of_these in named.items()
        for j, segment in enumerate(segments)
        for i in of_these.get(segment.along(dimensions), ())
    ]
    found = np.array(sorted(pairs), np.int64).reshape(-1, 2)
    found.flags.writeable = False
    return found[:, 0], found[:, 1]


def _known(se: Floats, n: Floats) -> Floats | None:
    """Standard errors where any is known.

    A cell whose own cannot be computed (too few answers, or all the same) takes the typical variance of one answer in
    its series, or in all of them, over its own n: a cell of one answer is never as sure as one of a hundred.
    """
    usable = np.isfinite(se) & (se > 0) & (n > 0)
    if not usable.any():
        return None
    per_answer = np.where(usable, np.where(usable, se, 0.0) ** 2 * n, np.nan)
    known = usable.sum(1)
    # What is not known stands behind the rest.
    ordered, row = np.sort(per_answer, axis=1), np.arange(len(se))
    middle = (ordered[row, np.maximum(known - 1, 0) // 2] + ordered[row, known // 2]) / 2
    typical = np.where(known > 0, middle, np.median(per_answer[usable]))[:, None]
    return np.where(usable, se, np.sqrt(typical / np.maximum(n, 1.0)))
