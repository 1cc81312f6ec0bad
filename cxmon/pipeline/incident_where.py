"""Where inside an incident's root it happens: its segments compared with each other, as those of a verdict are.

A watch only looks at each segment by itself. That none is in alarm does not say that all fare alike: that takes a
comparison, which says too how large a difference would have been seen.
"""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from cxmon import decisions, stats
from cxmon.model import Finding, Interval, Kind, Where
from cxmon.panel import Bools, Panel
from cxmon.pipeline.judge_where import cells_of, located, parts_of, waits


def where_in(
    leaves: Panel, finding: Finding, past: Bools, judged: Bools, labels: npt.NDArray[np.int64]
) -> Where | None:
    """Where the finding's gap happens among `leaves` (S, T), from the periods `past` and `judged`, both (T,); `labels`
    (T,) are those of the profile. None of levels, of figures that are held against a bound, and of fewer than two
    segments."""
    metric = leaves.metric
    if metric.kind is Kind.LEVEL or not metric.additive or not math.isfinite(finding.expected):
        return None
    cells = cells_of(leaves, np.ones(len(leaves.segments), bool), past)
    if len(cells.segments) < 2:
        return None
    log = cells.judged().log
    whole = _whole(finding, log=log)
    if whole is None:
        return None
    parts = parts_of(cells, past, judged)
    at, until = int(np.argmax(judged)), len(judged)
    asks: dict[str, Any] = {"kind": "mean", "period": labels, "until": until, "drawn": False}

    def ask(values: npt.NDArray[np.float64], se: npt.NDArray[np.float64]) -> list[stats.Effect]:
        known = np.where(past | judged, values, np.nan)
        return stats.effects(known, at, se=np.where(se > 0, se, np.nan), **asks)

    scale = decisions.scale(metric, None, expected=finding.expected, log=log)
    return located(metric, parts, whole, scale, ask, kinds=waits(cells, parts) if log else None)


def _whole(finding: Finding, *, log: bool) -> Interval | None:
    """The finding's gap on the scale of judgement; its range is that of its value."""
    figures = (finding.value, finding.low, finding.high, finding.expected)
    if not all(math.isfinite(x) for x in figures) or (log and min(figures) <= 0):
        return None
    value, low, high, expected = (math.log(x) for x in figures) if log else figures
    return Interval(estimate=value - expected, low=low - expected, high=high - expected)
