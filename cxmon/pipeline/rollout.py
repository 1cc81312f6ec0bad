"""A roll-out in stages on one metric: what is known of it before the figures are asked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from cxmon.decisions import Placement, Share, scoping
from cxmon.decisions.left_out import left_out
from cxmon.decisions.maturity import slowed
from cxmon.decisions.span import Span, horizon_of, season_of
from cxmon.decisions.still_to_come import lacking, loosened
from cxmon.model import Change, Code, Metric
from cxmon.panel import Judged, Panel
from cxmon.stats import Staged

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


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

    def label(self, s: int) -> str:
        return self.stages[s].change.scope_for(self.metric.id).label

    def slowed(self) -> list[str]:
        """In words, of which stages that have begun the answers do not come in as they used to."""
        said: dict[str, list[str]] = {}
        for s, stage in enumerate(self.stages):
            treated = stage.sides.treated
            if treated is not None and stage.change.starts <= self.now:
                for words in slowed(treated):
                    said.setdefault(words, []).append(self.label(s))
        return [f"{' and '.join(who)}: {words}" for words, who in said.items()]

    def begins(self, s: int) -> int:
        return self.stages[s].span.at - self.first

    def ends(self, s: int) -> int:
        return max(min(self.stages[s].span.until, self.last) - self.first, self.begins(s) + 1)

    def judged(self, s: int, until: int, last: int | None = None) -> Ints:
        """A stage's judged periods, or the `last` so many of them, as indices from `first` on."""
        begin = self.begins(s)
        found = begin + np.flatnonzero(np.isfinite(self.values[s, begin : min(self.ends(s), until)]))
        return np.asarray(found if last is None else found[-last:])

    def asks(self) -> dict[str, Any]:
        """Everything `stats.staged_effect` is asked besides the values and the confidence."""
        metric, S = self.metric, len(self.stages)
        starts = self.leaves.starts[self.first : self.last]
        asks: dict[str, Any] = {
            "at": [self.begins(s) for s in range(S)],
            "until": [self.ends(s) for s in range(S)],
            "kind": self.figures[0].kind,
            "period": self.span.profile.labels if self.span.profile is not None else 1,
            "n": np.stack([one.n[0] for one in self.figures]),
            "se": _errors([one.se for one in self.figures]),
            "sequential": True,
            "horizon": horizon_of(self.change, metric),
        }
        past = self.leaves.starts[min(self.first + min(asks["at"]), len(self.leaves.starts) - 1)] - starts[0]
        if year := season_of(metric, past, compared=self.never is not None):
            asks["yearly"] = year
        if self.never is not None:
            part = self.never.cut(self.first, self.last)
            theirs = part.judged()
            unknown = (~self.leaves.mature(self.now) | self.span.aside)[self.first : self.last]
            out = unknown | left_out(part, part.left_out)
            asks |= {"never": np.where(out, np.nan, theirs.values), "never_n": theirs.n}
            asks["never_se"] = theirs.se if asks["se"] is not None else None
            if asks["se"] is not None and theirs.se is None:
                asks["se"] = None
        return asks


def _errors(each: Sequence[Floats | None]) -> Floats | None:
    """Standard errors (S, T), NaN for a stage of which none is known; None where none is known at all."""
    sample = next((one for one in each if one is not None), None)
    if sample is None:
        return None
    return np.stack([np.full(sample.shape[1], np.nan) if one is None else one[0] for one in each])


def roomy(case: Rollout, found: Staged, confidence: float, last: int | None = None) -> Staged:
    """The effects with room for the answers that the stages' judged periods (the `last` so many) have still to get.

    What lacks of one stage says nothing of what lacks of another: at worst all of it pulls the pooled mean one way.
    """
    rooms = np.zeros((len(found.stages), 2))
    for s, one in enumerate(found.stages):
        treated = case.stages[s].sides.treated
        if treated is not None and np.isfinite(one.effect.estimate):
            periods = np.zeros(case.values.shape[1], bool)
            periods[case.judged(s, one.compared_until, last)] = True
            rooms[s] = lacking(treated.cut(case.first, case.last), case.figures[s], periods, case.now)
    down, up = np.array([one.weight for one in found.stages]) @ rooms
    each = zip(found.stages, rooms.tolist(), strict=True)
    return replace(
        found, pooled=loosened(found.pooled, (float(down), float(up)), confidence),
        stages=tuple(replace(one, effect=loosened(one.effect, (a, b), confidence)) for one, (a, b) in each),
    )  # fmt: skip


def compared_with(found: Staged, pool: Iterable[int]) -> list[int]:
    """The units that some stage of the pool is compared with: below S a staged segment, from S on an untouched one."""
    used = {
        unit
        for s in pool
        for unit, counts in zip(found.stages[s].units, found.stages[s].effect.controls_used, strict=True)
        if counts
    }
    return sorted(used)
