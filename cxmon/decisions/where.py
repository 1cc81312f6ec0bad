"""Where an effect happens: the segments inside a scope, up to two dimensions deep, that differ from the rest of it."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import numpy.typing as npt

from cxmon import stats
from cxmon.model import Interval, Segment

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

# On average so many of the named segments, at most, do not differ. Segments of one partition depend on each other
# negatively, those inside one another positively; that the rule holds for them all the same is measured, not proven
# (docs/methods/where.md).
FALSE_DISCOVERY = 0.1
# A segment needs the metric's own minimum in a typical period, and so many answers on either side of the change: with a
# hundred, a share is known to five points.
LEAST = 100.0
# The largest segments are looked at, and no more than so many: each takes one fit.
MOST = 100
# More places than this are no answer to "where".
MOST_NAMED = 3
DEEP = 2


@dataclass(frozen=True, kw_only=True, eq=False)
class Parts:
    """What a scope is made of: the segments of its cells (C) with figures as in `stats.Cells`, and which periods (T,)
    are the past and which are judged. `answers` (C, T) are what volumes are told in. Cells of another number in `apart`
    (C,) are never set against each other (None: all may be). `stages` (C,): which stage of a roll-out each is of."""

    segments: tuple[Segment, ...]
    cells: stats.Cells
    answers: Floats
    past: Bools
    judged: Bools
    min_n: float
    apart: npt.NDArray[np.int64] | None = None
    stages: npt.NDArray[np.int64] | None = None

    def volume(self, periods: Bools) -> Floats:
        return np.asarray(self.cells.n[:, periods].sum(1))


@dataclass(frozen=True, kw_only=True, eq=False)
class Candidate:
    """A segment that is looked at, with its members (C,) and the strata (C,) within which it is compared."""

    segment: Segment
    members: Bools
    strata: npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Located:
    """One segment's effect on the scale of judgement: its own and the shrunk one with its range, that of the rest of
    its partition, its share of the effect and of the volume, and whether it is named."""

    segment: Segment
    own: float
    effect: Interval
    deviation: Interval
    rest: float
    share: float
    volume: float
    answers: float
    p_value: float
    named: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Map:
    """Everything that was looked at inside a scope, and the spread of each partition by its dimensions."""

    located: tuple[Located, ...]
    apart: tuple[tuple[tuple[str, ...], stats.Heterogeneity], ...]
    not_looked_at: tuple[Segment, ...]


# Asks for the effect on each row of (values, standard errors), both (S, T), read as the whole's is.
Ask = Callable[[Floats, Floats], Sequence[stats.Effect]]


def find(parts: Parts, whole: Interval, worse: int, ask: Ask) -> Map:
    """Compares every segment with the rest of the scope, names those that differ, and shrinks all of them.

    `whole` is the effect on the scope and `worse` the sign of a harmful one. Named are, one after the other, the
    segments that stand out most: the others are then looked at again without those named before, so that a segment is
    not named for one that it holds or that holds it. Pure but for `ask`.
    """
    cells = parts.cells.centred(parts.past)
    asked, thin = candidates(parts)
    everyone = np.ones(len(parts.segments), bool)
    series = [stats.contrast(cells, one.members, everyone, one.strata) for one in asked]
    effects = _effects(series, ask)
    known = [math.isfinite(e.estimate) and e.se > 0 for e in effects]
    thin += [one.segment for one, ok in zip(asked, known, strict=True) if not ok]
    asked = [one for one, ok in zip(asked, known, strict=True) if ok]
    effects = [e for e, ok in zip(effects, known, strict=True) if ok]
    chosen, line = stats.believed(np.array([e.p_value for e in effects]), FALSE_DISCOVERY)
    names = _named(cells, [(c, e) for c, e, ok in zip(asked, effects, chosen, strict=True) if ok], line, worse, ask)
    located: list[Located] = []
    apart = []
    for along in dict.fromkeys(one.segment.dimensions for one in asked):
        rows = [(c, e) for c, e in zip(asked, effects, strict=True) if c.segment.dimensions == along]
        found, spread = _partition(parts, rows, whole)
        located += [replace(one, named=one.segment in names) for one in found]
        apart.append((along, spread))
    rank = {segment: i for i, segment in enumerate(names)}
    located.sort(key=lambda one: (rank.get(one.segment, len(rank)), len(one.segment.items), one.segment))
    return Map(located=tuple(located), apart=tuple(apart), not_looked_at=tuple(sorted(thin)))


def other_kinds(parts: Parts, whole: Interval, least: float, ask: Ask) -> tuple[Interval, float]:
    """The effect `whole` without what a different mix of the cells brings, and that part of it.

    The mix is what the whole would show if each cell stayed as it was before: its usual figure, by the answers of each
    period; of a roll-out against that of its stage, because not all have come to the same age. It is taken off where it
    is beyond chance and as large as `least`; else it is 0 and the whole stays.
    """
    n = parts.cells.n
    before = n[:, parts.past]
    sums = (before * np.where(before > 0, parts.cells.values[:, parts.past], 0.0)).sum(1)
    stages = np.zeros(len(n), np.int64) if parts.stages is None else parts.stages
    of_stage = np.bincount(stages, sums) / np.maximum(np.bincount(stages, before.sum(1)), 1e-12)
    usual = sums / np.maximum(before.sum(1), 1e-12) - of_stage[stages]
    share = n / np.maximum(n.sum(0), 1e-12)
    series = usual @ share
    answers = np.maximum(parts.answers.sum(0), 1e-12)
    se = np.sqrt(np.maximum((share * (usual[:, None] - series) ** 2).sum(0), 0.0) / answers)
    return taken_off(np.where(n.sum(0) > 0, series, np.nan), se, whole, least, ask)


def taken_off(series: Floats, se: Floats, whole: Interval, least: float, ask: Ask) -> tuple[Interval, float]:
    """The effect `whole` without that of a `series` (T,), which has the errors `se`, and that part of it: where it is
    beyond chance and as large as `least`."""
    (mix,) = ask(series[None], se[None])
    if not math.isfinite(mix.estimate) or abs(mix.estimate) < least or mix.low <= 0 <= mix.high:
        return whole, 0.0
    middle = whole.estimate - mix.estimate
    low = middle - math.hypot(whole.estimate - whole.low, mix.high - mix.estimate)
    high = middle + math.hypot(whole.high - whole.estimate, mix.estimate - mix.low)
    return Interval(estimate=middle, low=low, high=high), mix.estimate


def candidates(parts: Parts) -> tuple[list[Candidate], list[Segment]]:
    """The segments one and two dimensions deep with answers enough and somebody like them to be compared with, and
    those without."""
    names = sorted({name for s in parts.segments for name in s.dimensions})
    free = [name for name in names if len({s.get(name) for s in parts.segments}) > 1]
    before, after = (parts.answers[:, w].sum(1) for w in (parts.past, parts.judged))
    apart = [0] * len(parts.segments) if parts.apart is None else parts.apart.tolist()
    found: list[tuple[float, Candidate]] = []
    thin: list[Segment] = []
    for along in (a for deep in range(1, DEEP + 1) for a in combinations(free, deep)):
        own = [s.along(along) for s in parts.segments]
        left = [s.along([name for name in names if name not in along]) for s in parts.segments]
        others = list(zip(left, apart, strict=True))
        number = {s: i for i, s in enumerate(sorted(set(others)))}
        strata = np.array([number[s] for s in others], np.int64)
        for segment in sorted(set(own)):
            members = np.array([s == segment for s in own], bool)
            typical = float(np.median(parts.answers[members][:, parts.past].sum(0))) if parts.past.any() else 0.0
            enough = typical >= parts.min_n and min(before[members].sum(), after[members].sum()) >= LEAST
            alike = bool(set(strata[members].tolist()) & set(strata[~members].tolist()))
            if enough and alike:
                volume = float(after[members].sum())
                found.append((volume, Candidate(segment=segment, members=members, strata=strata)))
            else:
                thin.append(segment)
    # The two halves of what one dimension splits in two are one question, asked twice: both pass or neither does.
    found.sort(key=lambda pair: (-pair[0], pair[1].segment))
    thin += [one.segment for _, one in found[MOST:]]
    return sorted((one for _, one in found[:MOST]), key=lambda one: (len(one.segment.items), one.segment)), thin


def _effects(series: Sequence[tuple[Floats, Floats]], ask: Ask) -> list[stats.Effect]:
    if not series:
        return []
    values, variance = (np.stack(column) for column in zip(*series, strict=True))
    return list(ask(values, np.sqrt(variance)))


def _named(
    cells: stats.Cells, standing: list[tuple[Candidate, stats.Effect]], line: float, worse: int, ask: Ask
) -> list[Segment]:
    """Of the segments that stand out those that are named, most striking first. `line` is the p-value that is still
    believed."""
    groups = np.zeros(len(cells.n), np.int64)
    names: list[Segment] = []
    while standing and len(names) < MOST_NAMED:
        # Of two halves that differ alike from each other the worse one is named.
        best, _ = max(standing, key=lambda pair: (round(_striking(pair[1]), 6), pair[1].estimate * worse > 0))
        mine = best.members & (groups == _group(best.members, groups))
        names.append(best.segment)
        groups[mine] = len(names)
        left, series = [], []
        for one, before in standing:
            among = groups == _group(one.members, groups)
            inside = one.members & among
            if one.segment not in names and inside.any() and (among & ~one.members).any():
                left.append((one, before))
                series.append(stats.contrast(cells, inside, among, one.strata))
        again = zip(left, _effects(series, ask), strict=True)
        standing = [(one, e) for (one, was), e in again if e.p_value <= line and e.estimate * was.estimate > 0]
    return names


def _group(members: Bools, groups: npt.NDArray[np.int64]) -> int:
    """The named place that holds all members, else 0: what no named place holds."""
    found = np.unique(groups[members])
    return int(found[0]) if len(found) == 1 else 0


def _striking(effect: stats.Effect) -> float:
    return abs(effect.estimate) / effect.se


def _partition(
    parts: Parts, rows: Sequence[tuple[Candidate, stats.Effect]], whole: Interval
) -> tuple[list[Located], stats.Heterogeneity]:
    """The segments along the same dimensions, shrunk together towards the whole; what was not looked at is taken to
    fare as the whole."""
    volume = parts.volume(parts.judged)
    weight = np.array([volume[c.members].sum() for c, _ in rows]) / max(float(volume.sum()), 1e-12)
    gap = np.array([e.estimate for _, e in rows]) * (1 - weight)
    se = np.array([e.se for _, e in rows]) * (1 - weight)
    size = max(abs(whole.estimate), 1e-9)
    spread = stats.shrunk(gap, se, weight, size)
    # A whole that is read daily has wider ranges than one read once; so have its segments.
    reach = np.array([(e.high - e.low) / 2 / e.se for _, e in rows]) * spread.sd
    effect = whole.estimate + spread.deviation
    carried = weight * effect
    total = float(carried.sum() + (1 - weight.sum()) * whole.estimate)
    answers = parts.answers[:, parts.judged].sum(1)
    found = []
    for i, (c, e) in enumerate(rows):
        low = effect[i] - math.hypot(whole.estimate - whole.low, reach[i])
        high = effect[i] + math.hypot(whole.high - whole.estimate, reach[i])
        middle = float(spread.deviation[i])
        found.append(
            Located(
                segment=c.segment, own=whole.estimate + float(gap[i]), p_value=e.p_value,
                effect=Interval(estimate=float(effect[i]), low=float(low), high=float(high)),
                deviation=Interval(estimate=middle, low=middle - float(reach[i]), high=middle + float(reach[i])),
                rest=(total - float(carried[i])) / max(1 - float(weight[i]), 1e-12),
                share=float(carried[i]) / total if total else math.nan, volume=float(weight[i]),
                answers=float(answers[c.members].sum()),
            )
        )  # fmt: skip
    return found, spread
