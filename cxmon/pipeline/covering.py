"""What is told of small groups: figures that judge and check found, covered before they are stored or said.

Everything that people see is made from what these functions give back, so that no view, message or export has to
remember it. What the statistics read is not covered.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from cxmon.decisions import NOTHING as UNKNOWN
from cxmon.decisions import scoping
from cxmon.decisions.disclosure import BLOCKS, NOTHING, PERIODS, Cover, Showing, cover
from cxmon.decisions.swaps import Lattice
from cxmon.decisions.targets import AVERAGED
from cxmon.model import (
    EVERYONE,
    AimCode,
    Band,
    Change,
    Code,
    Course,
    Finding,
    Grain,
    Harm,
    Kind,
    Metric,
    Segment,
    StageHarm,
    State,
    TargetOutlook,
    Where,
    written,
)
from cxmon.panel import Panel, membership
from cxmon.pipeline.judge_bands import smoothing
from cxmon.pipeline.judge_evidence import Evidence
from cxmon.wording.withholding import TOO_FEW, fewer, withheld_finding

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

TARGET = "target"
SECONDS = {Grain.HOUR: 3_600, Grain.DAY: 86_400}


def band_key(change: str) -> str:
    """The key of a change's band: what it touches, pooled."""
    return f"change:{change}"


def of_leaves(leaves: Panel, beside: Mapping[str, Bools], now: datetime, least: float) -> Cover:
    """How finely everyone, the configured roll-ups of a metric and the sums of what each mask of `beside` (S,) chooses
    are shown."""
    metric, counts = leaves.metric, answers_of(leaves)
    if metric.additive:
        rows = {s.along(dims) for dims in metric.by for s in leaves.segments if set(dims) <= set(s.dimensions)}
        segments = sorted({EVERYONE, *rows})
        parent, member = membership(segments, leaves.segments)
        bounds = np.searchsorted(parent, np.arange(len(segments) + 1))
        sizes = np.stack([counts[member[a:b]].sum(0) for a, b in pairwise(bounds.tolist())])
    else:
        segments = sorted(leaves.segments)
        sizes = counts[[leaves.segments.index(s) for s in segments]]
    sums = {name: counts[mask].sum(0) for name, mask in beside.items()}
    lattice = Lattice.of(segments, leaves.segments, beside, additive=metric.additive)
    return cover(lattice, sizes, sums, blocks=blocks_of(leaves), complete=leaves.mature(now), least=least)


def touched(changes: Sequence[Change], leaves: Panel) -> dict[str, Bools]:
    """The leaves that each change touches, by the key of its band."""
    return {band_key(c.id): np.any([scoping.touched(part, leaves) for part in c.parts()], axis=0) for c in changes}


def answers_of(panel: Panel) -> Floats:
    """What the cells (S, T) stand on: answers or exposure; of a level that counts something what it counts. Amounts of
    money and the like are not counts of people."""
    if panel.metric.kind is not Kind.LEVEL:
        return panel.n
    counted = np.where(panel.n > 0, np.abs(panel.total), 0.0)
    return counted if (counted == np.rint(counted)).all() else np.where(counted > 0, np.inf, 0.0)


def blocks_of(panel: Panel) -> Ints:
    """The number of the fixed block that each period (T,) lies in: as many periods as an average has."""
    smooth, grain = smoothing(panel.metric), panel.metric.grain
    if smooth == 1:
        return np.arange(len(panel.starts))
    # Half a period more, so that a local midnight stays in its day when the clocks change.
    return np.asarray((panel.starts + SECONDS[grain] // 2) // (SECONDS[grain] * smooth))


def bands(drawn: Sequence[Band], found: Cover) -> list[Band]:
    """The bands as they are shown; see `_band`."""
    return [_band(band, found.level[found.names[name]], found.sizes[found.names[name]], found.blocks)
            if (name := _named(band.key)) in found.names else band for band in drawn]  # fmt: skip


def _named(key: str) -> Segment | str:
    return key if key.startswith("change:") else Segment.from_key(key)


def _band(band: Band, level: npt.NDArray[np.int8], sizes: Floats, blocks: Ints) -> Band:
    """A band without the periods that are not shown, and without the averages that hold one of them. Of a whole block
    its own average stays, at its end, and its answers are spread evenly over its periods."""
    if not level.any():
        return band
    value, n, avg = (np.array(column) for column in (band.value, band.n, band.avg))
    value[level != PERIODS] = n[level != PERIODS] = math.nan
    complete, own = np.array(band.complete), avg.copy()
    touched = np.convolve((level != PERIODS) & complete, np.ones(band.smooth))[: len(level)] > 0
    avg[touched] = math.nan
    for block in np.unique(blocks[level == BLOCKS]):
        at = np.flatnonzero(blocks == block)
        whole = complete[at].all() and at[-1] + 1 < len(blocks) and len(at) == band.smooth
        if whole and (level[at] != NOTHING).all():
            n[at], avg[at[-1]] = sizes[at].sum() / len(at), own[at[-1]]
    shown = replace(band, value=_tuple(value), n=_tuple(n), avg=_tuple(avg))
    if np.isfinite(value).any() or np.isfinite(avg).any():
        return shown
    nothing = _tuple(np.full(len(level), math.nan))
    return replace(shown, expected=nothing, low=nothing, high=nothing, reason=TOO_FEW)


def evidence(found: Evidence, change: Change, leaves: Panel, known: Cover) -> Evidence:
    """What is known of one change and metric, as it is told; its band is covered later, beside the others."""
    if found.harm.window_start is None or found.harm.window_end is None:
        return found
    told = harm(found.harm, leaves, band_key(change.id), known)
    if told.code is Code.WAITING and found.harm.code is not Code.WAITING:
        aim = None if found.aim is None else replace(found.aim, code=AimCode.NOT_SHOWN, gain=UNKNOWN)
        return replace(found, harm=told, aim=aim, where=None)
    places = None if found.where is None else where(found.where, found.harm.answers, known.least)
    return replace(found, harm=told, where=places)


def harm(found: Harm, leaves: Panel, key: str, known: Cover) -> Harm:
    """One metric's harm as it is told. An effect is an estimate over its whole window with a range, and stands where
    that has answers enough; levels and counts are covered as everywhere else."""
    if found.window_start is None or found.window_end is None:
        return found
    first = int(np.searchsorted(leaves.starts, found.window_start.timestamp(), "left"))
    last = int(np.searchsorted(leaves.ends(), found.window_end.timestamp(), "right"))
    if known.few(key, first, last):
        return _waiting(found, known.least)
    if known.plain:
        return found
    told = known.window(key, first, last)
    stages = tuple(_stage(one, known, leaves.metric) for one in found.stages)
    if told is Showing.SHOWN or leaves.metric.kind is Kind.LEVEL:
        return replace(found, stages=stages)
    rate = found.response_rate
    covered = replace(
        found, stages=stages, answers=known.rounded(found.answers),
        response_rate=None if rate is None else replace(rate, asked=known.rounded(rate.asked)),
    )  # fmt: skip
    if told is Showing.ROUNDED:
        return covered
    notes = (*found.notes, f"{TOO_FEW} what was seen")
    return replace(covered, actual=math.nan, expected=math.nan, notes=notes)


def _waiting(found: Harm, least: float) -> Harm:
    nan = math.nan
    return replace(
        found, code=Code.WAITING, reason=fewer(least), so_far=UNKNOWN, now=UNKNOWN, actual=nan, expected=nan,
        p_value=nan, n_post=0, answers=0.0, due=None, placebo=None, rank=None, opinions=(), stages=(), unlike=None,
        response_rate=None, closed=False,
    )  # fmt: skip


def _stage(found: StageHarm, known: Cover, metric: Metric) -> StageHarm:
    if metric.kind is Kind.LEVEL or not math.isfinite(found.so_far.high):
        return found
    if found.answers < known.least:
        return replace(found, code=Code.WAITING, so_far=UNKNOWN, answers=0.0, reason=fewer(known.least))
    return replace(found, answers=known.rounded(found.answers))


def where(found: Where, answers: float, least: float) -> Where:
    """Where a harm happens, without the smallest places where the rest that was not looked at is so small that it could
    be told from what they leave of the whole's `answers`."""
    places, left = list(found.places), list(found.not_looked_at)
    for dims in {p.segment.dimensions for p in places if len(p.segment.dimensions) == 1}:
        mine = sorted((p for p in places if p.segment.dimensions == dims), key=lambda p: (p.answers, p.segment))
        while mine and 0.5 <= answers - sum(p.answers for p in mine) < least:
            places.remove(mine[0])
            left.append(mine.pop(0).segment.label)
    return replace(found, places=tuple(places), not_looked_at=tuple(sorted(left)))


def target(found: TargetOutlook, leaves: Panel, now: datetime, least: float) -> TargetOutlook:
    """Where a target stands, as it is told; its level is the average of the last complete periods."""
    if found.known_until is None:
        return found
    inside = np.array([found.target.segment.holds(s) for s in leaves.segments], bool)
    known = of_leaves(leaves, {TARGET: inside}, now, least)
    last = int(np.searchsorted(leaves.ends(), min(found.known_until, found.target.by).timestamp(), "right"))
    match known.window(TARGET, max(0, last - AVERAGED[leaves.metric.grain]), last):
        case Showing.SHOWN:
            return found
        case Showing.ROUNDED:
            return replace(found, answers=known.rounded(found.answers))
        case _:
            blank = TargetOutlook(target=found.target, as_of=found.as_of, course=Course.CANNOT_SAY)
            return replace(blank, known_until=found.known_until, reason=TOO_FEW)


def findings(
    found: Sequence[Finding],
    panel: Panel,
    leaves: Callable[[], Sequence[Segment]],
    now: datetime,
    least: float,
    over: int = 1,
) -> list[Finding]:
    """What a check found, as it is told: a finding on a small group says what it is and not how much. `panel` is what
    was checked, `leaves` says what its segments are summed from; a figure rests on `over` periods at least."""
    if not len(found) or not _any_few(panel, least):
        return list(found)
    starts = panel.starts
    spans = [_span(f, starts, panel.metric, over) for f in found]
    known, first = _recent(panel, leaves(), now, least, min(first for first, _ in spans))
    return [
        f if f.segment not in known.names else _finding(f, known, a - first, b - first)
        for f, (a, b) in zip(found, spans, strict=True)
    ]


def _any_few(panel: Panel, least: float) -> bool:
    counts = answers_of(panel)
    return bool(((counts > 0) & (counts < least)).any())


def _span(finding: Finding, starts: Ints, metric: Metric, over: int) -> tuple[int, int]:
    """The periods that a finding's figures rest on: since it began, or what says how thin the series is."""
    last = int(np.searchsorted(starts, finding.at.timestamp(), "left")) + 1
    since = finding.at if finding.since is None else finding.since
    first = int(np.searchsorted(starts, since.timestamp(), "left"))
    back = over if finding.state is not State.UNKNOWN else max(over, 4 * smoothing(metric))
    return max(0, min(first, last - back)), last


def _recent(panel: Panel, leaves: Sequence[Segment], now: datetime, least: float, first: int) -> tuple[Cover, int]:
    """The cover of a panel's own series from the block on that holds the period `first`, and where that begins."""
    metric, counts, blocks = panel.metric, answers_of(panel), blocks_of(panel)
    begin = int(np.searchsorted(blocks, blocks[first], "left"))
    sizes = dict(zip(panel.segments, counts, strict=True))
    if metric.additive and EVERYONE not in sizes:
        # Everyone is shown all the same: the sum along whichever dimensions there are.
        dims = min({s.dimensions for s in sizes}, key=len)
        sizes[EVERYONE] = np.sum([n for s, n in sizes.items() if s.dimensions == dims], axis=0)
    lattice = Lattice.of(tuple(sizes), leaves, additive=metric.additive)
    table = np.stack([sizes[s] for s in lattice.segments])
    found = cover(
        lattice, table[:, begin:], {}, blocks=blocks[begin:], complete=panel.mature(now)[begin:], least=least,
        weight=table.mean(1),
    )  # fmt: skip
    return found, begin


def _finding(found: Finding, known: Cover, first: int, last: int) -> Finding:
    told, nan = known.window(found.segment, first, last), math.nan
    if not math.isfinite(found.value):
        # It tells of single periods only, as how many answers there were or usually are.
        told = Showing.SHOWN if known.by_period(found.segment, first, last) else Showing.WITHHELD
        if told is Showing.WITHHELD and not any(c.isdigit() for c in found.reason):
            return replace(found, n=nan)
    if told is Showing.SHOWN:
        return found
    # A share of one period gives its count away, whatever stands beside it.
    if told is Showing.ROUNDED and last - first > 1 and written(found.n) not in found.reason:
        return replace(found, n=known.rounded(found.n))
    return replace(
        found, reason=withheld_finding(found), value=nan, expected=nan, low=nan, high=nan, n=nan,
        score=float(found.state is State.BREACH), withheld=True,
    )  # fmt: skip


def _tuple(values: Floats) -> tuple[float, ...]:
    return tuple(float(x) for x in values)
