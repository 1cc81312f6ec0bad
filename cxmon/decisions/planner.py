"""Before the decision: how long until a harm of the limit is seen, and until it is ruled out where there is none.

The planner asks what judge will ask, with the same scope, controls, window, noise and shares of error, of a panel that
is continued into the future. Pure: `now` is an argument. `due.py` answers another question: of a change that is being
watched, from the interval there is, when it will decide.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from cxmon import stats
from cxmon.decisions import scoping
from cxmon.decisions.joining import NOBODY_LATER, by_choice, newest_cohort
from cxmon.decisions.overlap import Placement, place
from cxmon.decisions.scale import Scale, own_unit, scale
from cxmon.decisions.shares import Share
from cxmon.decisions.short_past import fit_unknown, season_note
from cxmon.decisions.span import (
    FIRST_LOOK,
    IN_A_YEAR,
    LONG_PAST,
    PAST,
    Span,
    horizon_of,
    instant,
    neighbours,
    options,
    spanned,
    with_profile,
)
from cxmon.model import (
    Answer,
    Category,
    Change,
    Grade,
    Grain,
    Interval,
    Kind,
    Metric,
    Outlook,
    Segment,
    Status,
    written,
)
from cxmon.panel import Panel

# The longest watch that is looked at where the horizon is too short.
LONGEST = 365
CYCLE = {Grain.HOUR: 168, Grain.DAY: 7, Grain.WEEK: 4, Grain.MONTH: 12}
# "Typical" is the median of so many of the last periods that are known.
LATELY = 28
LATER_COHORTS = "it is compared with those who join later, until they do; how long that takes is not worked out"
# As many periods of history as the estimator asks for.
LEAST_PAST = 8


@dataclass(frozen=True, kw_only=True, eq=False)
class _Case:
    """One change on one metric with its panel continued past the horizon; periods before `known` are history."""

    change: Change
    panel: Panel
    known: int
    placement: Placement
    span: Span
    sides: scoping.Sides
    treated: Panel
    share: Share

    @property
    def metric(self) -> Metric:
        return self.panel.metric


def outlooks(change: Change, others: Sequence[Change], leaves: Panel, share: Share, *, now: datetime) -> list[Outlook]:
    """The outlook of `change` on one metric, one for each stage of a roll-out; `leaves` are all stored leaf segments.

    `others` are the other live changes. Of a change that has begun the outlook is that of the day before it started.
    """
    metric = leaves.metric
    at_once = not change.stages or bool(scoping.not_by_stage(change, leaves))
    if at_once and (reason := by_choice(replace(change, scope=change.reach, stages=()), metric)):
        return [replace(_blank(change, metric, share), reason=reason)]
    if at_once:
        return [_outlook(change, others, leaves, share, now)]
    # Each stage is judged against the segments that do not have it: to it the others are changes like any other.
    parts = [replace(p, id=f"{change.id} {p.scope.label}", status=Status.LIVE) for p in change.parts()]
    if (newest := newest_cohort(change, metric)) is not None:
        # Judged are cohorts against those that join later, by an estimator whose future is not drawn here.
        each = [(p, NOBODY_LATER if p.starts.timestamp() == newest else LATER_COHORTS) for p in parts]
        return [replace(_blank(p, metric, share), reason=reason) for p, reason in each]
    return [_outlook(p, [*others, *(o for o in parts if o is not p)], leaves, share, now) for p in parts]


def _outlook(change: Change, others: Sequence[Change], leaves: Panel, share: Share, now: datetime) -> Outlook:
    found = _looked(change, others, leaves, share, now)
    both = (found.seen, found.ruled_out)
    if found.reason or all(a is not None and a.days is not None for a in both) or change.horizon_days >= LONGEST:
        return found
    if change.ends is not None:
        return found
    longer = _looked(replace(change, horizon_days=LONGEST), others, leaves, share, now)

    def extended(mine: Answer | None, theirs: Answer | None) -> Answer | None:
        if mine is None or theirs is None or mine.days is not None:
            return mine
        return replace(mine, days_with_longer=theirs.days, longer_tried=True)

    return replace(found, seen=extended(found.seen, longer.seen), ruled_out=extended(found.ruled_out, longer.ruled_out))


def _looked(change: Change, others: Sequence[Change], leaves: Panel, share: Share, now: datetime) -> Outlook:
    """The outlook up to the horizon."""
    blank = _blank(change, leaves.metric, share)
    if change.category is Category.MEASUREMENT:
        return replace(blank, reason="it changes the measurement itself; figures before and after are not compared")
    mature = leaves.mature(min(now, change.starts))
    known = int(np.flatnonzero(mature)[-1]) + 1 if mature.any() else 0
    if not known or not leaves.n[:, :known].any():
        return replace(blank, reason=f"no complete figures of {leaves.metric.label} before the start")
    case = _case(change, others, leaves.cut(0, known), share)
    if isinstance(case, str):
        return replace(blank, reason=case)
    blank = replace(blank, known_until=instant(case.panel.ends()[known - 1]), scope=case.sides.label)
    if case.placement.not_comparable:
        return replace(blank, reason=case.placement.not_comparable)
    if case.placement.entangled_with:
        near = [o.title for o in others if o.id in case.placement.entangled_with]
        names, begin = " and ".join(near), "begins" if len(near) == 1 else "begin"
        return replace(blank, reason=f"{names} {begin} too near to this one; what each does cannot be told apart")
    return _answered(case, blank)


def _case(change: Change, others: Sequence[Change], history: Panel, share: Share) -> _Case | str:
    """The question as judge will ask it at the end of the horizon, or why it cannot."""
    metric, known = history.metric, len(history.starts)
    periods = horizon_of(change, metric) + 1
    end = change.starts + timedelta(days=periods * 365.25 / IN_A_YEAR[metric.grain])
    panel = history.continued(end, CYCLE[metric.grain])
    every = np.ones(len(panel.starts), bool)
    placement = place(change, others, metric, end, left_out=history.left_out)
    span = spanned(placement, change, panel, every, PAST)
    found = scoping.sides(change, others, panel, at=span.at, until=placement.until or end)
    if found.treated is None:
        return found.reason
    if found.controls is None:
        span = spanned(placement, change, panel, every, LONG_PAST)
    span = with_profile(span, found.treated)
    return _Case(
        change=change, panel=panel, known=known, placement=placement, span=span, sides=found, treated=found.treated,
        share=share,
    )  # fmt: skip


def _answered(case: _Case, blank: Outlook) -> Outlook:
    metric, span, controls = case.metric, case.span, case.sides.controls
    figures, asked = options(case.treated, controls, span, long=controls is None)
    values = np.where(span.out[span.first : span.last], np.nan, figures.values[0])
    at, known = span.at - span.first, max(0, min(case.known, span.at) - span.first)
    recent = values[max(0, known - LATELY) : known]
    level = float(np.mean(recent[np.isfinite(recent)])) if np.isfinite(recent).any() else math.nan
    level = math.exp(level) if figures.log else level
    measured = scale(metric, case.change.limits.get(metric.id), expected=level, log=figures.log)
    answers = case.treated.n[0, max(0, case.known - LATELY) : case.known]
    blank = replace(
        blank, unit=measured.unit, limit=measured.limit, level=level, typical_n=float(np.median(answers)),
        notes=tuple(note for note in (case.sides.note, span.on_holidays, *case.placement.notes) if note),
    )  # fmt: skip
    size, missing = measured.effect(measured.limit), _missing(case, values, at, known)
    blank = replace(blank, n_pre=int(np.isfinite(values[:known]).sum()))
    if missing or not (math.isfinite(size) and size):
        return replace(blank, reason=missing or f"no level to compare a harm of {written(measured.limit, 'g')} with")
    asked["others"] = neighbours(case.placement, case.panel, span)
    found = stats.prospect(
        values, at, size, horizon=horizon_of(case.change, metric), first=FIRST_LOOK[metric.grain],
        last=min(horizon_of(case.change, metric), min(span.until, span.last) - span.at),
        confidence=case.share.confidence, **asked,
    )  # fmt: skip
    if found.reason:
        return replace(blank, reason=found.reason)
    return _told(case, blank, found, measured)


def _missing(case: _Case, values: npt.NDArray[np.float64], at: int, known: int) -> str:
    """Why the history is too short for a plan; empty where it is not. Until the start the last weeks are taken to come
    again, which must not make a history where there is none."""
    grain, seen, wait = case.metric.grain, int(np.isfinite(values[:known]).sum()), at - known
    if seen < LEAST_PAST:
        return f"{seen} complete {grain}s of history, at least {LEAST_PAST} are needed"
    if wait > seen:
        return f"it starts in {wait} {grain}s, and only {seen} {grain}s of history are known: ask again later"
    return ""


def _told(case: _Case, blank: Outlook, found: stats.Prospect, measured: Scale) -> Outlook:
    used = found.controls_used > 0.5
    controlled = bool(used.any()) and found.pre_fit_ok
    names = () if case.sides.controls is None else case.sides.controls.segments
    grain = case.metric.grain
    alone = case.sides.alone or fit_unknown(found, grain) or "untouched segments did not move alike so far"
    return replace(
        blank,
        spread=_as_harm(found.spread, measured),
        grade=Grade.CONTROLLED if controlled else Grade.BEFORE_AFTER,
        controls=_labels(names, used) if controlled else (),
        alone="" if controlled else alone,
        notes=(*blank.notes, *filter(None, [season_note(found, grain)])),
        seen=_answer(case, found.seen, measured),
        ruled_out=_answer(case, found.ruled_out, measured),
    )


def covered(found: Outlook, metric: Metric, least: float) -> Outlook:
    """The outlook without the figures of a scope that usually has fewer than `least` answers a period. When an answer
    comes stays: it is an estimate from the noise of months."""
    if metric.kind is Kind.LEVEL or not found.typical_n < least:
        return found
    return replace(found, typical_n=math.nan, level=math.nan, spread=math.nan)


def _answer(case: _Case, chance: stats.Chance, measured: Scale) -> Answer:
    days = on = None
    if math.isfinite(chance.median):
        last = case.panel.ends()[case.span.at + int(chance.median) - 1]
        at = instant(last) + timedelta(days=_wait(case.metric))
        days = math.ceil((at - case.change.starts) / timedelta(days=1) - 1e-9)
        on = at.astimezone(ZoneInfo(case.metric.zone)).date()
    return Answer(days=days, on=on, chance=chance.by_horizon, smallest=_as_harm(chance.smallest, measured))


def _as_harm(size: float, measured: Scale) -> float:
    """An effect of this absolute size in the direction of harm, as a harm."""
    effect = measured.sign * size
    return measured.harm(Interval(estimate=effect, low=effect, high=effect)).estimate


def _blank(change: Change, metric: Metric, share: Share) -> Outlook:
    amount = change.limits.get(metric.id) or metric.matters
    relative = amount.relative or metric.judged_as_ratio
    return Outlook(
        metric=metric.id, scope=change.scope_for(metric.id).label, unit="%" if relative else own_unit(metric),
        limit=amount.value if amount.relative or not relative else math.nan, horizon_days=change.horizon_days,
        wait_days=_wait(metric), confidence=share.confidence, starts=change.starts,
    )  # fmt: skip


def _wait(metric: Metric) -> float:
    return max(metric.matures_after, metric.settle) / timedelta(days=1)


def _labels(names: Sequence[Segment], used: Any) -> tuple[str, ...]:
    return tuple(s.label for s, counts in zip(names, used, strict=True) if counts)
