"""The evidence on one change and one metric: which series, which periods, the effect, and the harm that it means."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from cxmon import decisions, stats
from cxmon.decisions import Placement, Share, scoping
from cxmon.decisions.maturity import ripened, slowed
from cxmon.decisions.short_past import fit_unknown, season_note
from cxmon.decisions.span import (
    LONG_PAST,
    PAST,
    Span,
    horizon_of,
    instant,
    neighbours,
    options,
    spanned,
    watched_for,
    with_profile,
)
from cxmon.decisions.still_to_come import widened
from cxmon.model import (
    RED,
    AimResult,
    Band,
    Category,
    Change,
    Code,
    Grade,
    Harm,
    Interval,
    Metric,
    Split,
    Unsplit,
    Where,
)
from cxmon.panel import Judged, Panel
from cxmon.pipeline.estimating import Asking, effect_of, one_by_one
from cxmon.pipeline.judge_bands import band_of, smoothing
from cxmon.pipeline.judge_mix import split_of
from cxmon.pipeline.judge_opinions import kept, questioned
from cxmon.pipeline.judge_picked import credited
from cxmon.pipeline.judge_waiting import counted, first_answer, missing_data, unjudged
from cxmon.pipeline.judge_where import where_of
from cxmon.pipeline.rollout import StageWindow
from cxmon.stats.pooling import Pooled

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What judge knows of one change and one metric; `beside`: for its price only, it is not watched. `windows`: of a
    roll-out when each stage in the pool was judged."""

    harm: Harm
    aim: AimResult | None = None
    split: Split | None = None
    unsplit: Unsplit | None = None
    band: Band | None = None
    known: decisions.Known | None = None
    beside: bool = False
    where: Where | None = None
    windows: tuple[StageWindow, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """One change on one metric with everything that was found out before the figures are asked; `since`: the period of
    the grid since which the level is another one, undeclared, or None."""

    change: Change
    leaves: Panel
    share: Share
    now: datetime
    mature: Bools
    placement: Placement
    span: Span
    found: scoping.Sides
    opinions: bool
    brief: bool
    since: int | None = None

    @property
    def metric(self) -> Metric:
        return self.leaves.metric

    @property
    def closed(self) -> bool:
        """True where every period of the window is in: no later one will belong to it."""
        return self.placement.until is not None and self.span.until <= self.span.last


def evidence(
    change: Change,
    others: Sequence[Change],
    leaves: Panel,
    share: Share,
    *,
    now: datetime,
    opinions: bool = True,
    brief: bool = False,
) -> Evidence:
    """Judges one change on one metric, as `inquiry` does, each question by itself."""
    asked = inquiry(change, others, leaves, share, now=now, opinions=opinions, brief=brief)
    return one_by_one(asked)


def inquiry(
    change: Change,
    others: Sequence[Change],
    leaves: Panel,
    share: Share,
    *,
    now: datetime,
    opinions: bool = True,
    brief: bool = False,
) -> Asking[Evidence]:
    """Judges one change on one metric. `leaves` are all stored leaf segments, as known at `now`.

    Without `opinions` no other method is asked, nothing is ranked and no place is looked for: code and intervals are
    the same, in half the time. `brief` leaves out too what does not touch the code: the last periods by themselves
    where the limit does not seem held, the split and the band.

    The watch ends with the change's horizon, and what was found by then stands: a window that goes on for ever only
    becomes vaguer. Where the answer is still open at the horizon it goes on, with the wider range that stats gives it.
    """
    metric = leaves.metric
    if change.category is Category.MEASUREMENT:
        reason = "it changed the measurement itself; figures before and after are not compared"
        return Evidence(harm=unjudged(metric, change, Code.NOT_COMPARABLE, reason, share, measured_anew=True))
    if reason := decisions.by_choice(change, metric):
        return Evidence(harm=unjudged(metric, change, Code.NOT_COMPARABLE, reason, share))
    if not len(leaves.starts) or not leaves.n.any():
        return Evidence(harm=unjudged(metric, change, Code.WAITING, f"no figures of {metric.label} yet", share))
    horizon = change.starts + watched_for(change, metric)
    if horizon < now:
        watched = decisions.place(change, others, metric, horizon, left_out=leaves.left_out)
        ends = min(horizon, watched.until or horizon)
        # Later periods of a change that goes on are neither judged nor past; of one that ended they are past again.
        data_until = watched.data_until or (None if change.ends is not None and change.ends <= horizon else horizon)
        bounded = replace(watched, until=ends, data_until=data_until)
        found = yield from _within(change, others, leaves, share, bounded, now, opinions and not brief, brief)
        if found.harm.code not in {Code.UNDECIDED, Code.WAITING}:
            return found
    placement = decisions.place(change, others, metric, now, left_out=leaves.left_out)
    return (yield from _within(change, others, leaves, share, placement, now, opinions and not brief, brief))


def _within(
    change: Change,
    others: Sequence[Change],
    leaves: Panel,
    share: Share,
    placement: Placement,
    now: datetime,
    opinions: bool,
    brief: bool,
) -> Asking[Evidence]:
    """The evidence of one placement in time."""
    metric = leaves.metric
    mature = leaves.mature(now)
    span = spanned(placement, change, leaves, mature, PAST)
    found = scoping.sides(change, others, leaves, at=span.at, until=placement.until or now)
    if found.treated is None:
        return Evidence(harm=unjudged(metric, change, Code.WAITING, found.reason, share, scope=found.label))
    # Alone the touched segments show sooner that their answers slow down.
    touched = ripened(found.treated)
    found = replace(found, treated=touched)
    mature = mature & touched.mature(now)
    placement = replace(placement, notes=(*placement.notes, *slowed(touched)))
    span = spanned(placement, change, leaves, mature, PAST)
    if found.controls is None:
        span = spanned(placement, change, leaves, mature, LONG_PAST)
    span = with_profile(span, touched)
    case = Case(
        change=change, leaves=leaves, share=share, now=now, mature=mature, placement=placement, span=span, found=found,
        opinions=opinions, brief=brief,
    )  # fmt: skip
    missing = missing_data(change, metric, touched, span, min(span.until, span.last) - span.at)
    if placement.not_comparable:
        missing = Code.NOT_COMPARABLE, placement.not_comparable
    if missing:
        return _without(case, *missing)
    estimated = yield from _estimated(case, touched)
    return (yield from credited(case, others, estimated, lambda again: _estimated(again, touched)))


def _estimated(case: Case, treated: Panel) -> Asking[Evidence]:
    """The effect, and all that is made of it."""
    change, metric, span, share = case.change, case.metric, case.span, case.share
    figures, asked = options(treated, case.found.controls, span, long=case.found.controls is None)
    values = np.where(span.out[span.first : span.last], np.nan, figures.values[0])
    at, until = span.at - span.first, min(span.until, span.last) - span.first
    asked |= {"until": until, "sequential": True, "horizon": horizon_of(change, metric)}
    asked["others"] = neighbours(case.placement, case.leaves, span)
    if case.since is not None:
        asked["others"].append((case.since - span.first, span.last - span.first))
    asks = {"confidence": share.confidence, **asked}
    # The band is drawn only where somebody looks.
    estimate = None if case.brief else stats.estimate(values, at, smooth=smoothing(metric), **asks)
    effect = (yield from effect_of(values, at, asks)) if estimate is None else estimate.effect
    if not math.isfinite(effect.estimate):
        return _without(case, Code.WAITING, effect.reason)
    late = _Late(treated.cut(span.first, span.last), figures, case.now)
    effect = late.widened(effect, values, at, until)
    window = np.arange(at, until)[np.isfinite(values[at:until])]
    mean = float(np.mean(values[window]))
    actual = math.exp(mean) if figures.log else mean
    expected = decisions.expected_from(actual, effect.estimate, log=figures.log)
    scale = decisions.scale(metric, change.limits.get(metric.id), expected=expected, log=figures.log)
    # Over the last periods alone a later neighbour could not be told from this change.
    later = any(begins >= at for begins, _ in asked["others"])
    so_far = scale.harm(Interval(estimate=effect.estimate, low=effect.low, high=effect.high))
    open_ = case.brief and decisions.code_of(so_far, scale.limit) is not Code.SAFE
    recent = None if later or open_ else (yield from _now(values, at, until, share, asked, late))
    now = None if recent is None else scale.harm(recent)
    harm = _harm(case, treated, effect, scale, window + span.first, now)
    harm = replace(harm, actual=actual, expected=expected)
    aim = aim_of(change, metric, effect, expected, log=figures.log)
    if aim is not None and case.placement.entangled_with:
        # The effect is the joint one: how much of a gain is this change's own, or what hides it, is not known.
        aim = decisions.aim_result(aim.metric, aim.unit, aim.promised, decisions.NOTHING)
    if estimate is None:
        return Evidence(harm=harm, aim=aim)
    if case.opinions:
        harm = questioned(harm, effect, scale, metric, values, at, until, asked)
    band = band_of(
        treated, case.mature, span.first, span.last, estimate, log=figures.log, key=f"change:{change.id}",
        label=case.found.label, now=case.now, since=harm.window_start, change=change.id, aside=span.aside,
    )  # fmt: skip
    reading = {name: asked.get(name) for name in ("sequential", "horizon", "others", "yearly")}
    reading |= {"confidence": share.confidence}
    split, unsplit = split_of(case.leaves, case.found, span, reading)
    whole = Interval(estimate=effect.estimate, low=effect.low, high=effect.high)
    # Where nothing is shown to be worse there is no harm to be found a place for.
    red = case.opinions and harm.code in RED
    where = where_of(case.leaves, case.found, span, whole, scale, reading) if red else None
    return Evidence(harm=harm, aim=aim, split=split, unsplit=unsplit, band=band, where=where)


def _harm(
    case: Case, treated: Panel, effect: stats.Effect, scale: decisions.Scale, where: npt.NDArray[np.int64],
    now: Interval | None,
) -> Harm:  # fmt: skip
    """The harm that an effect over the periods `where` of the grid means, with that of the last ones where it differs;
    `actual` and `expected` come after."""
    placement, controls = case.placement, case.found.controls
    so_far = scale.harm(Interval(estimate=effect.estimate, low=effect.low, high=effect.high))
    code = Code.ENTANGLED if placement.entangled_with else decisions.code_of(so_far, scale.limit, now)
    kept_ones = kept(effect)
    controlled = bool(kept_ones.any()) and effect.pre_fit_ok
    names = controls.segments if controls is not None else ()
    alone = "" if controlled else _alone(case, effect, moved=bool(names) and effect.pre_fit_ok)
    season = season_note(effect, case.metric.grain)
    harm = Harm(
        metric=case.metric.id,
        code=code,
        reason=_said("; ".join(filter(None, (_why(code, counted(effect.n_post, case.metric), alone), season))), case),
        unit=scale.unit,
        limit=scale.limit,
        so_far=so_far,
        now=so_far if now is None else now,
        actual=math.nan,
        expected=math.nan,
        grade=Grade.CONTROLLED if controlled else Grade.BEFORE_AFTER,
        p_value=effect.p_value,
        confidence=case.share.confidence,
        n_pre=effect.n_pre,
        n_post=effect.n_post,
        answers=float(treated.n[0, where].sum()),
        window_start=instant(treated.starts[where[0]]),
        window_end=instant(treated.ends()[where[-1]]),
        scope=case.found.label,
        controls=tuple(s.label for s, counts in zip(names, kept_ones, strict=True) if counts),
        controls_moved=tuple(s.label for s, moved in zip(names, effect.controls_moved, strict=True) if moved),
        entangled_with=placement.entangled_with,
        holidays=case.span.on_holidays,
        notes=tuple(note for note in (alone, season, case.found.note, *placement.notes) if note),
        left_out=placement.one_offs,
    )
    if case.closed:
        return replace(harm, closed=True)
    if code in {Code.UNDECIDED, Code.WORSE} and so_far.high >= scale.limit:
        return replace(harm, due=decisions.due_date(harm, case.metric, case.now))
    return harm


def _without(case: Case, code: Code, reason: str) -> Evidence:
    """Evidence without an effect, with the reason and, where data are awaited, the day of the first look."""
    anew = bool(case.placement.not_comparable)
    harm = unjudged(
        case.metric, case.change, code, _said(reason, case), case.share, scope=case.found.label, measured_anew=anew
    )  # fmt: skip
    due = first_answer(case.change, case.metric, case.now) if code is Code.WAITING else None
    return Evidence(harm=replace(harm, due=due))


@dataclass(frozen=True, eq=False)
class _Late:
    """The touched series (1, T) of a span, its figures, and the moment at which some of their answers are to come."""

    panel: Panel
    figures: Judged
    now: datetime

    def widened(self, effect: stats.Effect, values: Floats, at: int, until: int) -> stats.Effect:
        """The effect over the periods `at` to before `until` that have `values` (T,), with room for what is missing."""
        judged = np.isfinite(values)
        judged[:at], judged[until:] = False, False
        return widened(effect, self.panel, self.figures, judged, self.now)


def _now(
    values: Floats, at: int, until: int, share: Share, asked: dict[str, Any], late: _Late
) -> Asking[Interval | None]:  # fmt: skip
    """The effect over the last 14 judged periods, with its own share of the error; None where "so far" is no longer."""
    judged = at + np.flatnonzero(np.isfinite(values[at:until]))
    if len(judged) <= decisions.NOW_PERIODS:
        return None
    begin = int(judged[-decisions.NOW_PERIODS])
    recent = values.copy()
    recent[at:begin] = np.nan
    effect = yield from effect_of(recent, begin, {"confidence": share.confidence_now, **asked})
    found = late.widened(effect, recent, begin, until)
    return Interval(estimate=found.estimate, low=found.low, high=found.high)


def aim_of(
    change: Change, metric: Metric, effect: stats.Effect | Pooled, expected: float, *, log: bool
) -> AimResult | None:
    promised = change.aims.get(metric.id)
    if promised is None:
        return None
    scale = decisions.scale(metric, promised, expected=expected, log=log)
    harm = scale.harm(Interval(estimate=effect.estimate, low=effect.low, high=effect.high))
    return decisions.aim_result(metric.id, scale.unit, scale.limit, harm)


def failed(metric: Metric, change: Change, error: Exception, share: Share) -> Evidence:
    """One bad metric never stops the others: it waits, with the reason."""
    text = f"could not be judged: {str(error) or type(error).__name__}"
    return Evidence(harm=unjudged(metric, change, Code.WAITING, text, share))


def _why(code: Code, periods: str, alone: str) -> str:
    if code is Code.ENTANGLED:
        return "another change began too near to this one; the effect is the joint one"
    return f"{periods}, before and after only: {alone}" if alone else f"{periods}, compared with untouched segments"


def _alone(case: Case, effect: stats.Effect, *, moved: bool) -> str:
    """Why the touched segments were compared with nobody, where controls were found and did not serve too."""
    if case.found.alone:
        return case.found.alone
    if moved:
        return "no untouched segment is left that did not move by itself"
    return fit_unknown(effect, case.metric.grain) or "untouched segments did not move alike before the change"


def _said(reason: str, case: Case) -> str:
    parts = (reason, case.found.note, case.span.on_holidays, *case.placement.notes)
    return "; ".join(part for part in parts if part)
