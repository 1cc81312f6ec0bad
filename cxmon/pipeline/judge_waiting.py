"""What is told of one change and one metric of which there is no figure yet, or none that compares: the reason."""

import math
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from cxmon import decisions
from cxmon.decisions import NOTHING, Share
from cxmon.decisions.overlap import PERIOD
from cxmon.decisions.span import FIRST_LOOK, Span
from cxmon.model import Change, Code, Grade, Harm, Metric, Unlike
from cxmon.panel import Panel

# A scope that has been empty for this many mature periods has vanished.
VANISHED = 14


def missing_data(change: Change, metric: Metric, treated: Panel, span: Span, judged: int) -> tuple[Code, str] | None:
    """Why there is nothing to judge yet; None where there is."""
    need = FIRST_LOOK[metric.grain]
    unit = f"complete {metric.grain}s" if need != 1 else f"complete {metric.grain}"
    if judged <= 0:
        return Code.WAITING, f"no {metric.grain} since the start is complete yet"
    rows = slice(span.at, span.at + judged)
    seen = int(((treated.n[0, rows] > 0) & ~span.out[rows]).sum())
    if not seen and judged >= VANISHED and treated.n[0, : span.at].any():
        return Code.NOT_COMPARABLE, f"no figures of {metric.label} since the change, {judged} {metric.grain}s"
    ended = change.ends is not None and span.until <= span.last
    if seen < need and not (ended and seen):
        return Code.WAITING, f"{seen} {unit} since the start, {need} are needed"
    return None


def unjudged(
    metric: Metric, change: Change, code: Code, reason: str, share: Share, *, scope: str = "",
    measured_anew: bool = False,
) -> Harm:  # fmt: skip
    """A harm of which nothing is known, with the reason. What cannot be compared has vanished, unless `measured_anew`
    says that the measurement changed."""
    unlike = Unlike.MEASUREMENT if measured_anew else Unlike.VANISHED
    amount = change.limits.get(metric.id) or metric.matters
    relative = amount.relative or metric.judged_as_ratio
    nan = math.nan
    return Harm(
        metric=metric.id, code=code, reason=reason, unit="%" if relative else decisions.own_unit(metric),
        limit=amount.value if amount.relative or not relative else nan, so_far=NOTHING, now=NOTHING, actual=nan,
        expected=nan, grade=Grade.BEFORE_AFTER, p_value=nan, confidence=share.confidence, n_pre=0, n_post=0,
        answers=0.0, window_start=None, window_end=None, scope=scope or change.scope_for(metric.id).label,
        unlike=unlike if code is Code.NOT_COMPARABLE else None,
    )  # fmt: skip


def counted(periods: int, metric: Metric) -> str:
    return f"{periods} {metric.grain}" if periods == 1 else f"{periods} {metric.grain}s"


def first_answer(change: Change, metric: Metric, now: datetime) -> Any:
    """The day on which the first look is possible; None where that day is past and data are simply missing."""
    at = change.starts + (FIRST_LOOK[metric.grain] + 1) * PERIOD[metric.grain] + metric.matures_after
    return at.astimezone(ZoneInfo(metric.zone)).date() if at > now else None
