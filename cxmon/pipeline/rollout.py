"""A roll-out in stages on one metric: what is known of it before the figures are asked."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from cxmon.decisions import Placement, Share, scoping
from cxmon.decisions.span import Span
from cxmon.model import Change, Code, Metric
from cxmon.panel import Judged, Panel
from cxmon.stats import Staged

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Stage:
    """One stage as a change of its own, where its periods lie, whom it touches, and why it is not judged (yet)."""

    change: Change
    placement: Placement
    span: Span
    sides: scoping.Sides
    code: Code | None
    reason: str


@dataclass(frozen=True, kw_only=True, eq=False)
class StageWindow:
    """The periods of the metric's grid in which one stage (by its number) was judged, of those that are in the pool."""

    stage: int
    periods: npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Rollout:
    """A roll-out on one metric: its stages by start, the untouched segments, and all it touches with its periods.

    `whole` are all stages' segments together, `span` its periods with the profile that all series share. `figures` (S)
    are those of the stages; `values` (S, T) the same with what counts for nothing taken out.
    """

    change: Change
    leaves: Panel
    share: Share
    now: datetime
    stages: tuple[Stage, ...]
    never: Panel | None
    whole: Panel
    span: Span
    figures: tuple[Judged, ...]
    values: Floats

    @property
    def metric(self) -> Metric:
        return self.leaves.metric

    @property
    def first(self) -> int:
        return self.span.first

    @property
    def last(self) -> int:
        return self.span.last

    def begins(self, s: int) -> int:
        return self.stages[s].span.at - self.first

    def ends(self, s: int) -> int:
        return max(min(self.stages[s].span.until, self.last) - self.first, self.begins(s) + 1)


def compared_with(found: Staged, pool: Iterable[int]) -> list[int]:
    """The units that some stage of the pool is compared with: below S a staged segment, from S on an untouched one."""
    used = {
        unit
        for s in pool
        for unit, counts in zip(found.stages[s].units, found.stages[s].effect.controls_used, strict=True)
        if counts
    }
    return sorted(used)
