"""Whether a metric will be where it should be by a date: on course, will miss, or cannot say. Pure.

It is answered from the metric's own past: what would come if nothing new were decided. A change that was declared is a
step in that past; one that began lately or is to begin is named, because the forecast cannot know it yet.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from cxmon import stats
from cxmon.decisions import scoping
from cxmon.decisions.overlap import concerns, scope_of
from cxmon.decisions.short_past import season_note
from cxmon.decisions.span import LONG_PAST, Span, instant, options, with_profile
from cxmon.model import EVERYONE, Category, Change, Course, Grain, Metric, Status, Target, TargetOutlook
from cxmon.panel import Panel

# Told only where nine of ten such answers will be right.
SURE = 0.9
# Over so many periods the value on the day is averaged, and whole cycles of these are expected to come again.
AVERAGED = {Grain.HOUR: 168, Grain.DAY: 28, Grain.WEEK: 4, Grain.MONTH: 1}
CYCLE = {Grain.HOUR: 168, Grain.DAY: 7, Grain.WEEK: 4, Grain.MONTH: 12}
# A declared change that touches less of the segment than this does not step it; nor is one known that began later.
TOUCHES, LEARNT = 0.2, timedelta(days=28)
MONTH = 30.0


def target_outlook(target: Target, changes: Sequence[Change], leaves: Panel, *, now: datetime) -> TargetOutlook:
    """Where `target` stands at `now`; `leaves` are all stored leaf segments of its metric, `changes` the live ones."""
    nothing = TargetOutlook(target=target, as_of=now, course=Course.CANNOT_SAY)
    mature = leaves.mature(now)
    known = int(np.flatnonzero(mature)[-1]) + 1 if mature.any() else 0
    whole = _whole(target, leaves)
    if not known or whole is None or not whole.n[:, :known].any():
        where = f" for {target.segment.label}" if target.segment != EVERYONE else ""
        return replace(nothing, reason=f"no complete figures of {leaves.metric.label}{where}")
    series = whole.cut(0, known).continued(target.by, CYCLE[leaves.metric.grain])
    last = int(np.searchsorted(series.starts, target.by.timestamp(), "right"))
    window = max(0, last - AVERAGED[leaves.metric.grain]), last
    blank = replace(nothing, known_until=instant(whole.ends()[known - 1]))
    return _over(blank, series, window) if last <= known else _ahead(blank, series, changes, leaves, known, window)


def course_of(chance: float) -> Course:
    """On course or will miss where the chance says so nine times of ten; else it cannot be said."""
    if chance >= SURE:
        return Course.ON_COURSE
    return Course.WILL_MISS if chance <= 1 - SURE else Course.CANNOT_SAY


def _whole(target: Target, leaves: Panel) -> Panel | None:
    """The target's segment as one series; None where nothing of it is stored."""
    if not leaves.metric.additive:
        return leaves.select([target.segment]) if target.segment in leaves.segments else None
    inside = np.array([target.segment.holds(s) for s in leaves.segments], bool)
    return leaves.pooled(target.segment, inside) if inside.any() else None


def _over(blank: TargetOutlook, series: Panel, window: tuple[int, int]) -> TargetOutlook:
    """The day has come: what was measured decides."""
    level, answers = _level(series, *window)
    if math.isnan(level):
        return replace(blank, reason="nothing was measured in the days that decide")
    metric, target = series.metric, blank.target
    met = metric.harm_sign * (level - target.value) <= 0
    return replace(blank, course=Course.MET if met else Course.MISSED, level=level, answers=answers)


def _ahead(
    blank: TargetOutlook, series: Panel, changes: Sequence[Change], leaves: Panel, known: int, window: tuple[int, int]
) -> TargetOutlook:
    metric, target = series.metric, blank.target
    first = int(np.searchsorted(series.starts, series.starts[known - 1] - LONG_PAST.total_seconds(), "left"))
    last = window[1]
    # What was measured otherwise tells nothing of what is to come.
    for change in changes:
        if change.category is Category.MEASUREMENT and change.status is Status.LIVE and concerns(change, metric):
            first = max(first, min(known, int(np.searchsorted(series.starts, change.starts.timestamp(), "left"))))
    span = Span(first=first, at=known, until=last, last=last, out=np.zeros(len(series.starts), bool))
    span = with_profile(span, series)
    figures, asked = options(series, None, span, long=True)
    values = np.where(span.out[first:last], np.nan, figures.values[0])
    # Holidays of days to come are days like the others to a mean of four weeks.
    values[known - first :] = figures.values[0][known - first :]
    steps, notes = _steps(target, changes, leaves, known, first, now=blank.as_of)
    asked["others"] = steps
    found = stats.destination(
        values, known - first, (max(window[0] - first, 0), last - first), confidence=2 * SURE - 1, **asked
    )
    if found.reason:
        reason = f"{found.n_pre} complete {metric.grain}s of history, too few for a forecast"
        return replace(blank, reason=reason, n_pre=found.n_pre)
    back = math.exp if figures.log else float
    level, answers = _level(series, max(0, known - AVERAGED[metric.grain]), known)
    above = found.above(math.log(target.value) if figures.log and target.value > 0 else target.value)
    chance = above if metric.harm_sign < 0 else 1 - above
    ends = sorted(back(x) for x in (found.low, found.high))
    season = season_note(found, metric.grain)
    return replace(
        blank, course=course_of(chance), chance=chance, level=level, answers=answers, expected=back(found.expected),
        low=ends[0], high=ends[1], n_pre=found.n_pre,
        notes=(*notes, season) if season else notes,
        **_paces(target, level, back(found.expected), series, known),
    )  # fmt: skip


def _paces(target: Target, level: float, expected: float, series: Panel, known: int) -> dict[str, Any]:
    """What is needed and what is expected in 30 days, from the newest complete period to the day."""
    days = (target.by.timestamp() - float(series.ends()[known - 1])) / 86_400
    # Nearer than a week a pace is no plan any more.
    if days < 7:
        return {}
    return {
        "pace_needed": (target.value - level) / days * MONTH,
        "pace_expected": (expected - level) / days * MONTH,
    }


def _level(series: Panel, first: int, last: int) -> tuple[float, float]:
    """The average of some periods on the scale of judgement, as it is judged, and the answers behind it."""
    part = series.cut(first, last)
    figures = part.judged()
    values = figures.values[0][np.isfinite(figures.values[0])]
    if not len(values):
        return math.nan, 0.0
    mean = float(values.mean())
    return math.exp(mean) if figures.log else mean, float(part.n.sum())


def _steps(
    target: Target, changes: Sequence[Change], leaves: Panel, known: int, first: int, *, now: datetime
) -> tuple[list[tuple[int, int]], tuple[str, ...]]:
    """The declared changes that stepped the past, as (at, until) from `first` on, and notes on those not known yet."""
    metric, last = leaves.metric, leaves.starts[known - 1]
    found, notes = [], []
    for change in changes:
        if not _counts(change, target, metric, leaves) or change.starts > target.by:
            continue
        if change.starts.timestamp() > last - LEARNT.total_seconds():
            begins = "began lately" if change.starts <= now else "is to begin"
            notes.append(f"{change.title} {begins}: what it does is not in this forecast yet")
            continue
        at = int(np.searchsorted(leaves.starts, change.starts.timestamp(), "left"))
        until = len(leaves.starts) + (1 << 20)
        if change.ends is not None:
            until = int(np.searchsorted(leaves.starts, change.ends.timestamp(), "left"))
        if at > first and until > at:
            found.append((at - first, until - first))
    return found, tuple(dict.fromkeys(notes))


def _counts(change: Change, target: Target, metric: Metric, leaves: Panel) -> bool:
    if change.status is not Status.LIVE or not concerns(change, metric) or change.category is Category.MEASUREMENT:
        return False
    return scoping.covered(scope_of(change, metric), leaves, target.segment) >= TOUCHES
