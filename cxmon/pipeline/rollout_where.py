"""Where a roll-out's harm happens: its segments compared with each other, each by the age of its stage.

Two segments that get a change on different days are alike only at the same age of it. So every cell is set back by its
stage's start, after the movement of those who do not have the change yet was taken off on the days on which it
happened; from there on the comparison is that of a change with one date.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from cxmon import decisions, stats
from cxmon.decisions import scoping, where
from cxmon.decisions.span import horizon_of
from cxmon.model import Grain, Interval, Kind, Where
from cxmon.panel import Panel
from cxmon.periods import on_holiday
from cxmon.pipeline.judge_where import cells_of, figures_of, levels, located, waits
from cxmon.pipeline.rollout import Rollout, compared_with

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

# Periods after which a profile comes again; a series that is set back by any number of them still has one as long.
CYCLE = {Grain.DAY: 7, Grain.HOUR: 168}
# A stage whose others are not known in this share of its judged periods is not set against other stages.
COMPARED = 0.5


def where_of_rollout(case: Rollout, found: stats.Staged, whole: Interval, scale: decisions.Scale) -> Where | None:
    """Where the pooled effect `whole` (on the scale of judgement) happens in the stages that are in it; None where they
    are a single segment. Read as the pool is: daily, at its confidence."""
    pool = [s for s, one in enumerate(found.stages) if one.weight > 0]
    panel, _ = _cells(case, pool)
    if len(panel.segments) < 2:
        return None
    beside = _beside(case, found, pool)
    cells = figures_of(panel, beside.seen[_stages(case, panel, pool)])
    parts = _aged(case, panel, pool, beside, cells)
    kinds = waits(panel, parts) if scale.log else None
    return located(case.metric, parts, whole, scale, _asking(case, parts), kinds=kinds)


def where_of_levels(case: Rollout, scale: decisions.Scale) -> Where | None:
    """Where a level moves in a roll-out, each segment as a part of what it usually was, and by the age of its stage;
    None where they are a single segment, or nothing stays untouched to tell how levels move by themselves.

    The level of all of them is that since each stage began, which no mean from the first stage on is.
    """
    pool = [s for s, stage in enumerate(case.stages) if stage.code is None]
    panel, past = _cells(case, pool) if pool and case.never is not None else (case.leaves, np.zeros(0, bool))
    if case.never is None or not pool or len(panel.segments) < 2:
        return None
    theirs = case.never.cut(case.first, case.last)
    own = levels(theirs, past, ~past).cells
    with np.errstate(invalid="ignore", divide="ignore"):
        moved = np.where(case.leaves.mature(case.now)[case.first : case.last], 1.0, np.nan)
        moved = moved * (own.n * own.values).sum(0) / own.n.sum(0)
    holiday = on_holiday(theirs.starts, case.metric.grain, case.metric.zone, case.metric.holidays) > 0
    seen = np.isfinite(case.values) & ~holiday & (np.nan_to_num(moved) > 0)
    beside = _Beside(seen=seen, moved=np.zeros(seen.shape), apart=np.zeros(len(seen), np.int64))
    found = levels(panel, past, ~past).cells
    with np.errstate(invalid="ignore", divide="ignore"):
        values = np.where(found.n > 0, found.values / moved, np.nan)
    known = seen[_stages(case, panel, pool)]
    cells = replace(found, values=np.where(known, values, 0.0), n=np.where(known, found.n, 0.0))
    parts = _aged(case, panel, pool, beside, cells)
    ask = _asking(case, parts)
    with np.errstate(invalid="ignore", divide="ignore"):
        (effect,) = ask(((parts.cells.n * parts.cells.values).sum(0) / parts.cells.n.sum(0))[None], np.zeros((1, 1)))
    if not np.isfinite(effect.estimate):
        return None
    whole = Interval(estimate=effect.estimate, low=effect.low, high=effect.high)
    return located(case.metric, parts, whole, replace(scale, unit="%", divisor=1.0), ask)


def _cells(case: Rollout, pool: Sequence[int]) -> tuple[Panel, Bools]:
    """The touched cells of the stages in the pool, and which periods (T,) lie before the first of them."""
    leaves = case.leaves.cut(case.first, case.last)
    touched = np.any([scoping.touched(case.stages[s].change, leaves) for s in pool], axis=0)
    past = np.arange(case.last - case.first) < min(case.begins(s) for s in pool)
    named = {name for s in pool for name in case.stages[s].change.scope_for(case.metric.id).dimensions}
    return cells_of(leaves, touched, past, apart=named), past


def _asking(case: Rollout, parts: where.Parts) -> where.Ask:
    """How effects on the aged parts are asked for: read as the verdict is. How far a level scatters by itself only its
    past tells."""
    at, until, level = int(parts.past.sum()), len(parts.past), case.metric.kind is Kind.LEVEL
    asked: dict[str, Any] = {
        "sequential": True, "horizon": horizon_of(case.change, case.metric), "confidence": case.share.confidence,
        "period": np.arange(until) % CYCLE.get(case.metric.grain, 1),
    }  # fmt: skip

    def ask(values: Floats, se: Floats) -> list[stats.Effect]:
        sure = None if level else np.where(se > 0, se, np.nan)
        return stats.effects(values, at, until=until, se=sure, kind="mean", drawn=False, **asked)

    return ask


@dataclass(frozen=True, kw_only=True, eq=False)
class _Beside:
    """Which periods of each stage are counted (S, T), how those without the change moved in them (S, T), and whether a
    stage can be set against others (0) or has nobody to take that movement from and stands alone (its number + 1)."""

    seen: Bools
    moved: Floats
    apart: Ints


def _beside(case: Rollout, found: stats.Staged, pool: Sequence[int]) -> _Beside:
    metric, starts = case.metric, case.leaves.starts[case.first : case.last]
    index, others = np.arange(len(starts)), _others(case, found, pool)
    # A holiday falls on another age of each stage; it would pass for an ordinary weekday there.
    holiday = on_holiday(starts, metric.grain, metric.zone, metric.holidays) > 0
    seen, moved = np.isfinite(case.values) & ~holiday, np.zeros(case.values.shape)
    apart = np.zeros(len(case.stages), np.int64)
    for s in pool:
        seen[s] &= index < min(case.ends(s), found.stages[s].compared_until)
        judged = np.isfinite(others[seen[s] & (index >= case.begins(s))])
        if found.stages[s].controls and judged.size and judged.mean() >= COMPARED:
            seen[s] &= np.isfinite(others)
            moved[s] = np.nan_to_num(others)
        else:
            apart[s] = s + 1
    return _Beside(seen=seen, moved=moved, apart=apart)


def _stages(case: Rollout, panel: Panel, pool: Sequence[int]) -> Ints:
    """The number of each cell's stage (C,)."""
    stage = np.zeros(len(panel.segments), np.int64)
    for s in pool:
        stage[scoping.touched(case.stages[s].change, panel)] = s
    return stage


def _aged(
    case: Rollout, panel: Panel, pool: Sequence[int], beside: _Beside, cells: stats.Cells
) -> where.Parts:  # fmt: skip
    """The cells by the age of their stages: as much of the past as all have, and up to the age of the oldest."""
    stage = _stages(case, panel, pool)
    T, begins = panel.n.shape[1], {s: case.begins(s) for s in pool}
    before, oldest = min(begins.values()), T - min(begins.values())
    seen = beside.seen[stage]
    answers = panel.total if case.metric.kind is Kind.LEVEL else panel.n
    columns = (cells.values - beside.moved[stage], cells.n, cells.variance, np.where(seen, answers, 0.0))
    aged = np.zeros((len(columns), len(stage), before + oldest))
    for c, s in enumerate(stage.tolist()):
        first = begins[s] - before
        for row, column in zip(aged, columns, strict=True):
            row[c, : T - first] = column[c, first:]
    values, n, variance, answers = aged
    past = np.arange(before + oldest) < before
    return where.Parts(
        segments=panel.segments, cells=stats.Cells(values=values, n=n, variance=variance), answers=answers, past=past,
        judged=~past, min_n=case.metric.min_n, apart=beside.apart[stage], stages=stage,
    )  # fmt: skip


def _others(case: Rollout, found: stats.Staged, pool: Sequence[int]) -> Floats:
    """How those moved who do not have the change (T,), from their own past, NaN where nobody is left: the untouched
    segments that some stage is compared with, else the stages that begin last, until they do. Always the same ones, so
    that their noise is as large after a start as before it."""
    S, first = len(case.stages), min(case.begins(s) for s in pool)
    index = np.arange(case.last - case.first)
    never = [unit - S for unit in compared_with(found, pool) if unit >= S]
    if never and case.never is not None:
        theirs = case.never.cut(case.first, case.last).judged()
        out = (~case.leaves.mature(case.now) | case.span.aside)[case.first : case.last]
        values, n = np.where(out, np.nan, theirs.values)[never], theirs.n[never]
    else:
        latest = max(case.begins(s) for s in range(S))
        last = [s for s in range(S) if case.begins(s) == latest]
        values = np.where(index < latest, case.values[last], np.nan)
        n = np.concatenate([case.figures[s].n for s in last])
    cells = stats.Cells(values=values, n=n, variance=np.zeros(n.shape)).centred(index < first)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((cells.n * cells.values).sum(0) / cells.n.sum(0))
