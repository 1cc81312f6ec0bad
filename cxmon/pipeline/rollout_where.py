"""Where a roll-out's harm happens: its segments compared with each other, each by the age of its stage.

Two segments that get a change on different days are alike only at the same age of it. So every cell is set back by its
stage's start, after the movement of those who do not have the change yet was taken off on the days on which it
happened; from there on the comparison is that of a change with one date.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cxmon import decisions, stats
from cxmon.decisions import scoping, where
from cxmon.decisions.span import horizon_of
from cxmon.model import Grain, Interval, Where
from cxmon.panel import Panel
from cxmon.periods import on_holiday
from cxmon.pipeline.judge_where import cells_of, figures_of, located
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
    leaves = case.leaves.cut(case.first, case.last)
    touched = np.any([scoping.touched(case.stages[s].change, leaves) for s in pool], axis=0)
    past = np.arange(case.last - case.first) < min(case.begins(s) for s in pool)
    named = {name for s in pool for name in case.stages[s].change.scope_for(case.metric.id).dimensions}
    panel = cells_of(leaves, touched, past, apart=named)
    if len(panel.segments) < 2:
        return None
    parts = _aged(case, panel, pool, _beside(case, found, pool))
    at, until = int(parts.past.sum()), len(parts.past)
    asked: dict[str, Any] = {
        "sequential": True, "horizon": horizon_of(case.change, case.metric), "confidence": case.share.confidence,
        "period": np.arange(until) % CYCLE.get(case.metric.grain, 1),
    }  # fmt: skip

    def ask(values: Floats, se: Floats) -> list[stats.Effect]:
        return stats.effects(
            values, at, until=until, se=np.where(se > 0, se, np.nan), kind="mean", drawn=False, **asked
        )

    return located(case.metric, parts, whole, scale, ask)


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


def _aged(case: Rollout, panel: Panel, pool: Sequence[int], beside: _Beside) -> where.Parts:
    """The cells by the age of their stages: as much of the past as all have, and up to the age of the oldest."""
    stage = np.zeros(len(panel.segments), np.int64)
    for s in pool:
        stage[scoping.touched(case.stages[s].change, panel)] = s
    T, begins = panel.n.shape[1], {s: case.begins(s) for s in pool}
    before, oldest = min(begins.values()), T - min(begins.values())
    seen = beside.seen[stage]
    cells = figures_of(panel, seen)
    columns = (cells.values - beside.moved[stage], cells.n, cells.variance, np.where(seen, panel.n, 0.0))
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
