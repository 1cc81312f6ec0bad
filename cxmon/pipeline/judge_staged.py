"""The evidence on a roll-out in stages and one metric: each stage against the segments that do not have it yet, pooled.

The metric's code is that of the pooled harm; each stage has its own beside it. Both are read daily, and together they
err no more often than one change's harm does (see `stats.staged_effect`).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from cxmon import decisions, stats
from cxmon.decisions import NOTHING, Placement, Share, scoping
from cxmon.decisions.joining import NOBODY_LATER, newest_cohort
from cxmon.decisions.maturity import ripened
from cxmon.decisions.short_past import too_short
from cxmon.decisions.span import (
    LONG_PAST,
    PAST,
    Span,
    instant,
    options,
    spanned,
    watched_for,
    with_profile,
)  # fmt: skip
from cxmon.model import EVERYONE, RED, Band, Change, Code, Grade, Harm, Interval, Kind, Metric, StageHarm, Where
from cxmon.panel import Judged, Panel
from cxmon.pipeline.estimating import Asking, one_by_one
from cxmon.pipeline.judge_bands import band_of, smoothing
from cxmon.pipeline.judge_evidence import Evidence, aim_of, inquiry
from cxmon.pipeline.judge_picked import credited_in_stages
from cxmon.pipeline.judge_waiting import counted, first_answer, missing_data, unjudged
from cxmon.pipeline.rollout import Rollout, Stage, StageWindow, compared_with, roomy
from cxmon.pipeline.rollout_mix import split_of_rollout
from cxmon.pipeline.rollout_where import where_of_levels, where_of_rollout
from cxmon.stats.staged import StageEffect, staged_asking

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def staged_evidence(
    change: Change, others: Sequence[Change], leaves: Panel, share: Share, *, now: datetime, brief: bool = False
) -> Evidence:
    """Judges a roll-out on one metric, as `staged_inquiry` does, each question by itself."""
    return one_by_one(staged_inquiry(change, others, leaves, share, now=now, brief=brief))


def staged_inquiry(
    change: Change, others: Sequence[Change], leaves: Panel, share: Share, *, now: datetime, brief: bool = False
) -> Asking[Evidence]:
    """Judges a roll-out on one metric. `others` are all live changes, roll-outs by their parts. `brief` as in
    `inquiry`: no place is looked for, and nothing is drawn.

    Where the metric cannot be seen by stage it is judged as one change from the first stage on, and says so. The watch
    of a stage ends with the horizon after its own start; where the answer is open then, it goes on.
    """
    whole = scoping.not_by_stage(change, leaves)
    if whole:
        as_one = replace(change, scope=change.reach, stages=())
        found = yield from inquiry(as_one, others, leaves, share, now=now, brief=brief)
        if whole == "no figures":
            return found
        note = f"{whole}, judged as one change from its first stage on"
        if leaves.metric.kind is Kind.LEVEL and found.where is not None:
            # The stages that began first would pass for the place of the harm.
            found = replace(found, where=_place_of_level(change, others, leaves, share, now, found.harm))
            note += ", and the segments inside it from their own stages on" if found.where is not None else ""
        harm = found.harm
        return replace(found, harm=replace(harm, reason=f"{harm.reason}; {note}", notes=(note, *harm.notes)))
    horizon = watched_for(change, leaves.metric)
    if any(part.starts + horizon < now for part in change.parts()):
        bounded = yield from _judged(change, others, leaves, share, now, horizon, brief)
        if bounded.harm.code not in {Code.UNDECIDED, Code.WAITING}:
            return bounded
    return (yield from _judged(change, others, leaves, share, now, None, brief))


def _place_of_level(
    change: Change, others: Sequence[Change], leaves: Panel, share: Share, now: datetime, harm: Harm
) -> Where | None:  # fmt: skip
    """Where a level that is judged as one change moves, each segment by the age of its own stage."""
    case = _case(change, others, leaves, share, now, watched_for(change, leaves.metric))
    limit = change.limits.get(leaves.metric.id)
    return where_of_levels(case, decisions.scale(leaves.metric, limit, expected=harm.expected, log=False))


def _judged(
    change: Change, others: Sequence[Change], leaves: Panel, share: Share, now: datetime, horizon: timedelta | None,
    brief: bool,
) -> Asking[Evidence]:  # fmt: skip
    case = _case(change, others, leaves, share, now, horizon)
    if all(stage.code is not None for stage in case.stages):
        return _nothing(case, [stage.reason for stage in case.stages])
    estimated = yield from _estimated(case, brief=brief)
    found = yield from credited_in_stages(case, others, estimated, partial(_estimated, brief=brief))
    if brief:
        return found
    split, unsplit = split_of_rollout(case)
    return replace(found, split=split, unsplit=unsplit)


def _estimated(case: Rollout, *, brief: bool) -> Asking[Evidence]:
    """The pooled effect, and all that is made of it."""
    change = case.change
    asks = case.asks()
    found = yield from staged_asking(case.values, confidence=case.share.confidence, **asks)
    found = roomy(case, found, case.share.confidence)
    if not found.pooled.stages:
        return _nothing(case, [stage.effect.reason for stage in found.stages])
    weight = np.array([stage.weight for stage in found.stages])
    judged = [case.judged(s, one.compared_until) for s, one in enumerate(found.stages)]
    means = np.array([float(case.values[s, at].mean()) if len(at) else math.nan for s, at in enumerate(judged)])
    log = case.figures[0].log
    mean = float(weight[weight > 0] @ means[weight > 0])
    actual = math.exp(mean) if log else mean
    expected = decisions.expected_from(actual, found.pooled.estimate, log=log)
    scale = decisions.scale(case.metric, change.limits.get(case.metric.id), expected=expected, log=log)
    whole = Interval(estimate=found.pooled.estimate, low=found.pooled.low, high=found.pooled.high)
    # As in `inquiry`: of what is not held so far the last periods by themselves change no code.
    open_ = brief and decisions.code_of(scale.harm(whole), scale.limit) is not Code.SAFE
    recent = None if open_ else (yield from _now(case, asks))
    lately = None if recent is None else scale.harm(recent)
    harm = replace(_harm(case, found, scale, means, judged, lately), actual=actual, expected=expected)
    aim = aim_of(change, case.metric, found.pooled, expected, log=log)
    pool = np.flatnonzero(weight > 0).tolist()
    windows = tuple(StageWindow(stage=s, periods=case.first + judged[s]) for s in pool)
    if brief:
        return Evidence(harm=harm, aim=aim, windows=windows)
    place = where_of_rollout(case, found, whole, scale) if harm.code in RED else None
    return Evidence(harm=harm, aim=aim, band=_band(case, harm), where=place, windows=windows)


def _case(
    change: Change, others: Sequence[Change], leaves: Panel, share: Share, now: datetime, horizon: timedelta | None
) -> Rollout:
    mature, titles = leaves.mature(now), {other.id: other.title for other in others}
    parts = change.parts()
    until = [min(now, part.starts + horizon) if horizon else now for part in parts]
    places = [_place(part, others, leaves, end, now) for part, end in zip(parts, until, strict=True)]
    spans = _spans(places, parts, leaves, [mature] * len(parts), PAST)
    sides = [
        scoping.sides(part, others, leaves, at=span.at, until=end)
        for part, span, end in zip(parts, spans, until, strict=True)
    ]
    # As of a change with one date: alone the touched segments of a stage show sooner that their answers slow down.
    sides = [replace(one, treated=None if one.treated is None else ripened(one.treated)) for one in sides]
    ripe = [mature if one.treated is None else mature & one.treated.mature(now) for one in sides]
    touched = np.any([one.treated_leaves for one in sides], axis=0)
    free = np.all([one.free_leaves for one in sides], axis=0) & ~touched
    never = scoping.controls(leaves, free, min(span.at for span in spans))
    past = PAST if never is not None else LONG_PAST
    spans = _spans(places, parts, leaves, ripe, past)
    first, last = min(span.first for span in spans), max(span.last for span in spans)
    whole = leaves.pooled(EVERYONE, touched)
    span = _spans(places[:1], parts[:1], leaves, [mature], past)[0]
    span = with_profile(replace(span, first=first, last=last, until=last), whole)
    stages = tuple(
        Stage(
            change=p,
            placement=place,
            span=span,
            sides=side,
            **_state(p, place, span, side, now, leaves.metric, titles, newest_cohort(change, leaves.metric)),
        )
        for p, place, span, side in zip(parts, places, spans, sides, strict=True)
    )
    empty = leaves.pooled(EVERYONE, np.zeros(len(leaves.segments), bool))
    figures = tuple((stage.sides.treated or empty).cut(first, last).judged() for stage in stages)
    values = np.stack([_counting(stage, one, span) for stage, one in zip(stages, figures, strict=True)])
    return Rollout(
        change=change, leaves=leaves, share=share, now=now, stages=stages, never=never, whole=whole, span=span,
        figures=figures, values=values,
    )  # fmt: skip


def _spans(
    places: Sequence[Placement], parts: Sequence[Change], leaves: Panel, ripe: Sequence[Bools], past: timedelta
) -> list[Span]:  # fmt: skip
    """Each stage's periods; `ripe` (T,) are those of its own that are complete."""
    each = zip(places, parts, ripe, strict=True)
    return [spanned(place, part, leaves, own, past) for place, part, own in each]


def _place(part: Change, others: Sequence[Change], leaves: Panel, end: datetime, now: datetime) -> Placement:
    """A stage's stretch of time; one whose watch is over by `end` ends there."""
    found = decisions.place(part, others, leaves.metric, end, together=False, left_out=leaves.left_out)
    if end >= now:
        return found
    over = min(end, found.until or end)
    data_until = found.data_until or (None if part.ends is not None and part.ends <= end else end)
    return replace(found, until=over, data_until=data_until)


def _state(
    part: Change, place: Placement, span: Span, sides: scoping.Sides, now: datetime, metric: Metric,
    titles: Mapping[str, str], newest: float | None,
) -> dict[str, Any]:  # fmt: skip
    """The code and reason of a stage that is not judged; None where it is."""
    if part.starts > now:
        return {"code": Code.WAITING, "reason": "not begun yet"}
    if part.starts.timestamp() == newest:
        return {"code": Code.WAITING, "reason": NOBODY_LATER}
    if sides.treated is None:
        return {"code": Code.WAITING, "reason": sides.reason}
    if place.not_comparable:
        return {"code": Code.NOT_COMPARABLE, "reason": place.not_comparable}
    if place.entangled_with:
        near = " and ".join(titles[other] for other in place.entangled_with)
        return {"code": Code.ENTANGLED, "reason": f"{near} began too near to it"}
    missing = missing_data(part, metric, sides.treated, span, min(span.until, span.last) - span.at)
    return {"code": missing[0] if missing else None, "reason": missing[1] if missing else ""}


def _counting(stage: Stage, figures: Judged, whole: Span) -> Floats:
    """The stage's figures (T,), NaN where a period counts for nothing; from its start on where it is not judged."""
    index = np.arange(whole.first, whole.last)
    out = (
        (stage.span.out | whole.aside)[whole.first : whole.last]
        | (index < stage.span.first)
        | (index >= stage.span.last)
    )
    if stage.code is not None:
        out |= index >= stage.span.at
    if stage.code in {Code.ENTANGLED, Code.NOT_COMPARABLE}:
        out[:] = True
    return np.asarray(np.where(out, np.nan, figures.values[0]))


def _now(case: Rollout, asks: dict[str, Any]) -> Asking[Interval | None]:
    """The pooled effect over each stage's last 14 judged periods; None where no stage has more."""
    longest = max(int(np.isfinite(case.values[s, case.begins(s) :]).sum()) for s in range(len(case.stages)))
    if longest <= decisions.NOW_PERIODS:
        return None
    share, last = case.share.confidence_now, decisions.NOW_PERIODS
    staged = yield from staged_asking(case.values, confidence=share, last=last, **asks)
    found = roomy(case, staged, share, last).pooled
    return Interval(estimate=found.estimate, low=found.low, high=found.high)


def _harm(
    case: Rollout, found: stats.Staged, scale: decisions.Scale, means: Floats, judged: Sequence[Ints],
    lately: Interval | None,
) -> Harm:  # fmt: skip
    """The pooled harm with each stage's own beside it; `actual` and `expected` come after."""
    pool = [s for s, stage in enumerate(found.stages) if stage.weight > 0]
    so_far = scale.harm(Interval(estimate=found.pooled.estimate, low=found.pooled.low, high=found.pooled.high))
    controlled = all(_controlled(found.stages[s]) for s in pool)
    notes = _notes(case, found, pool, controlled=controlled)
    whole, begun = case.leaves, sum(stage.change.starts <= case.now for stage in case.stages)
    harm = Harm(
        metric=case.metric.id,
        code=decisions.code_of(so_far, scale.limit, lately),
        reason="; ".join((f"rolled out to {begun} of {len(case.stages)} segments", *notes)),
        unit=scale.unit,
        limit=scale.limit,
        so_far=so_far,
        now=lately or so_far,
        actual=math.nan,
        expected=math.nan,
        grade=Grade.CONTROLLED if controlled else Grade.BEFORE_AFTER,
        p_value=found.pooled.p_value,
        confidence=case.share.confidence,
        n_pre=min(found.stages[s].effect.n_pre for s in pool),
        n_post=max(found.stages[s].effect.n_post for s in pool),
        answers=found.pooled.answers,
        window_start=instant(whole.starts[case.first + min(int(judged[s][0]) for s in pool)]),
        window_end=instant(whole.ends()[case.first + max(int(judged[s][-1]) for s in pool)]),
        scope=case.change.reach.label,
        holidays=case.span.on_holidays,
        controls=_compared_with(case, found, pool),
        notes=notes,
        left_out=tuple(dict.fromkeys(n for one in case.stages for n in one.placement.one_offs)),
        stages=tuple(_stage_harm(case, s, found.stages[s], means[s]) for s in range(len(case.stages))),
    )
    if all(one.placement.until is not None and one.span.until <= one.span.last for one in case.stages):
        return replace(harm, closed=True)
    if harm.code is Code.UNDECIDED or (harm.code is Code.WORSE and so_far.high > scale.limit):
        return replace(harm, due=decisions.due_date(harm, case.metric, case.now))
    return harm


def _stage_harm(case: Rollout, s: int, found: StageEffect, mean: float) -> StageHarm:
    stage, effect = case.stages[s], found.effect
    log = case.figures[s].log
    told = StageHarm(
        scope=stage.change.scope_for(case.metric.id).label, starts=stage.change.starts,
        code=stage.code or Code.WAITING, so_far=NOTHING, limit=math.nan, grade=Grade.BEFORE_AFTER, n_post=0,
        answers=0.0, reason=stage.reason or effect.reason,
    )  # fmt: skip
    if not math.isfinite(effect.estimate):
        return told
    expected = decisions.expected_from(math.exp(mean) if log else mean, effect.estimate, log=log)
    scale = decisions.scale(case.metric, case.change.limits.get(case.metric.id), expected=expected, log=log)
    so_far = scale.harm(Interval(estimate=effect.estimate, low=effect.low, high=effect.high))
    over = found.compared_until < case.ends(s)
    return replace(
        told, code=decisions.code_of(so_far, scale.limit), so_far=so_far, limit=scale.limit, n_post=effect.n_post,
        answers=found.answers, grade=Grade.CONTROLLED if _controlled(found) else Grade.BEFORE_AFTER,
        reason=f"compared for {counted(effect.n_post, case.metric)}, until the last stage began" if over else "",
    )  # fmt: skip


def _controlled(found: StageEffect) -> bool:
    return bool(np.any(found.effect.controls_used)) and found.effect.pre_fit_ok


def _compared_with(case: Rollout, found: stats.Staged, pool: Sequence[int]) -> tuple[str, ...]:
    """The labels of all segments that some stage was compared with, untouched ones first."""
    S, used = len(case.stages), compared_with(found, pool)
    never = case.never.segments if case.never is not None else ()
    names = [never[unit - S].label for unit in used if unit >= S]
    return (*names, *(f"{case.label(unit)} before its stage" for unit in used if unit < S))


def _notes(case: Rollout, found: stats.Staged, pool: Sequence[int], *, controlled: bool) -> tuple[str, ...]:
    """What the pooled figure rests on: who was compared, who is not in it yet, scopes and changes near."""
    alone = ", ".join(case.label(s) for s in pool if not _controlled(found.stages[s]))
    told = [
        "each compared with segments that do not have it yet" if controlled else f"before and after only for {alone}"
    ]
    left = [case.label(s) for s, stage in enumerate(case.stages) if s not in pool and stage.change.starts <= case.now]
    told += [f"not in the figure of all stages yet: {', '.join(left)}"] if left else []
    told += too_short([found.stages[s] for s in pool], case.metric.grain)
    notes = [note for stage in case.stages for note in (stage.sides.note, *stage.placement.notes) if note]
    return tuple(dict.fromkeys([*told, *notes, *case.slowed()]))


def _nothing(case: Rollout, reasons: Sequence[str]) -> Evidence:
    """Evidence without an effect: the gravest reason of the stages that have begun, and each stage's own."""
    begun = [(stage, why) for stage, why in zip(case.stages, reasons, strict=True) if stage.change.starts <= case.now]
    code = decisions.gravest(stage.code or Code.WAITING for stage, _ in begun)
    # With whom a stage is entangled stands in the words of the code.
    near = "another change began too near to it"
    each = [(stage, near if stage.code is code is Code.ENTANGLED else why) for stage, why in begun]
    told = "; ".join(f"{stage.change.scope_for(case.metric.id).label}: {why}" for stage, why in each)
    anew, scope = any(stage.placement.not_comparable for stage in case.stages), case.change.reach.label
    harm = unjudged(case.metric, case.change, code, told, case.share, scope=scope, measured_anew=anew)
    nothing = tuple(
        StageHarm(
            scope=case.label(s), starts=stage.change.starts, code=stage.code or Code.WAITING, so_far=NOTHING,
            limit=math.nan, grade=Grade.BEFORE_AFTER, n_post=0, answers=0.0, reason=reasons[s],
        )
        for s, stage in enumerate(case.stages)
    )  # fmt: skip
    tangled = dict.fromkeys(other for stage in case.stages for other in stage.placement.entangled_with)
    due = first_answer(case.change, case.metric, case.now) if code is Code.WAITING else None
    return Evidence(harm=replace(harm, stages=nothing, due=due, entangled_with=tuple(tangled)))


def _band(case: Rollout, harm: Harm) -> Band:
    """All stages' segments together against what was expected of them before the first stage."""
    whole, span = case.whole, case.span
    figures, asked = options(whole, case.never, span, long=case.never is None)
    values = np.where(span.out[span.first : span.last], np.nan, figures.values[0])
    estimate = stats.estimate(values, span.at - span.first, smooth=smoothing(case.metric), **asked)
    return band_of(
        whole, case.leaves.mature(case.now), span.first, span.last, estimate, log=figures.log,
        key=f"change:{case.change.id}", label=case.change.reach.label, now=case.now, since=harm.window_start,
        change=case.change.id, aside=span.aside,
    )  # fmt: skip
