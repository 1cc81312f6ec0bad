"""leading: months of every figure per segment from the store, and which of them ran ahead of the late one, per tier."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from cxmon.config.plan import Plan
from cxmon.decisions.maturity import ripened
from cxmon.errors import ActionError
from cxmon.model import Ahead, Early, Grain, Kind, LeadingAnswer, Metric, Segment, TierAnswer
from cxmon.panel import Panel
from cxmon.periods import floor, next_start
from cxmon.stats import leading as stats
from cxmon.store import Store

Floats = npt.NDArray[np.float64]

# A month with less than this share of its days is no month.
_WHOLE = 0.9


def leading(plan: Plan, store: Store, *, late: str, dimension: str | None, now: datetime) -> LeadingAnswer:
    """Asks of each value of `dimension` (None: `tier` where the late metric knows it, else all customers together)
    which other metrics ran ahead of `late` by one to three months.

    Segments are those of the late metric's other dimensions; figures are as known at `now`, of complete months alone.
    ActionError where a metric or a dimension is not known.
    """
    target = plan.metrics.get(late)
    if target is None:
        raise ActionError(f"metric {late!r} is not configured; expected one of: {', '.join(plan.metrics)}")
    if dimension is not None and dimension not in target.dimensions:
        raise ActionError(f"{target.label} has no dimension {dimension!r}; it has: {', '.join(target.dimensions)}")
    by = dimension if dimension is not None else ("tier" if "tier" in target.dimensions else "")
    others = [m for m in plan.metrics.values() if m.id != late]
    leaves = ripened(store.panel(target, as_known_at=now))
    candidates = {m.id: ripened(store.panel(m, as_known_at=now)) for m in others}
    tiers = sorted({s.get(by) or "" for s in leaves.segments}) if by else [""]
    answers = [_tier(tier, by, leaves, candidates, now) for tier in tiers if tier or not by]
    named = stats.discoveries([e.p_value for one in answers for e in one.asked])
    return LeadingAnswer(
        late=late, dimension=by, as_of=now, figures=tuple(candidates), lags=stats.LAGS,
        tiers=_told(answers, [bool(x) for x in named]),
    )  # fmt: skip


def _tier(tier: str, by: str, leaves: Panel, candidates: dict[str, Panel], now: datetime) -> TierAnswer:
    """Everything that is asked of one tier; which of it is named comes after, over all tiers."""
    inside = [s for s in leaves.segments if not by or s.get(by) == tier]
    first = min((int(p.starts[0]) for p in (leaves, *candidates.values()) if len(p.starts)), default=None)
    if first is None or not inside:
        return TierAnswer(tier=tier, answer=Ahead.UNKNOWN, asked=(), reason="no figures yet")
    asked: list[Early] = []
    y, n = monthly(leaves, inside, first, now)
    for metric, panel in candidates.items():
        # A figure that lacks a dimension of the late one has the same value in all segments along it.
        shared = [s.along(panel.metric.dimensions) for s in inside]
        if not len(panel.starts) or not {d for s in shared for d in s.dimensions}:
            continue
        parents = list(dict.fromkeys(shared))
        x, _ = monthly(panel, parents, first, now)
        rows = [parents.index(s) for s in shared]
        sign = leaves.metric.harm_sign
        both = min(y.shape[1], x.shape[1])
        found = stats.ran_ahead(sign * y[:, :both], n[:, :both], x[rows][:, :both])
        asked += [_early(metric, lead) for lead in found]
    return TierAnswer(tier=tier, answer=Ahead.UNKNOWN, asked=tuple(asked))


def monthly(panel: Panel, segments: Sequence[Segment], first: int, now: datetime) -> tuple[Floats, Floats]:
    """(values, n) of complete calendar months since `first` (epoch seconds), both (S, M), on the scale of judgement.

    A month's value is the mean of its periods weighted by what each stands on; levels are taken as logarithms, since
    a segment's size says nothing. Months before the metric's first figure, or not mature at `now`, are missing.
    """
    metric = panel.metric
    rolled = panel.roll_up(segments)
    judged = rolled.judged()
    values = judged.values
    if metric.kind is Kind.LEVEL:
        values = np.log(np.where(values > 0, values, np.nan))
    months, at = [], floor(datetime.fromtimestamp(first, UTC), Grain.MONTH, metric.zone)
    while at < now:
        months.append(at)
        at = next_start(at, Grain.MONTH, metric.zone)
    edges = np.array([m.timestamp() for m in [*months, at]])
    month = np.searchsorted(edges, rolled.starts, side="right") - 1
    mature = rolled.mature(now)
    out, total = (np.full((len(segments), len(months)), fill) for fill in (np.nan, 0.0))
    for k in range(len(months)):
        days = (month == k) & mature
        span = (edges[k + 1] - edges[k]) / _period_seconds(metric)
        if days.sum() < _WHOLE * span:
            continue
        known = np.isfinite(values[:, days]) & (judged.n[:, days] > 0)
        weight = np.where(known, judged.n[:, days], 0.0)
        total[:, k] = weight.sum(1)
        with np.errstate(invalid="ignore", divide="ignore"):
            out[:, k] = (weight * np.where(known, values[:, days], 0.0)).sum(1) / total[:, k]
    return _trimmed(out, total)


def _trimmed(values: Floats, n: Floats) -> tuple[Floats, Floats]:
    """The newest month is left out while it is not complete for anybody."""
    last = values.shape[1]
    while last and not np.isfinite(values[:, last - 1]).any():
        last -= 1
    return values[:, :last], n[:, :last]


def _period_seconds(metric: Metric) -> float:
    return {Grain.HOUR: 3600.0, Grain.DAY: 86400.0, Grain.WEEK: 604800.0, Grain.MONTH: 2628000.0}[metric.grain]


def _early(metric: str, lead: stats.Lead) -> Early:
    return Early(
        metric=metric, lag=lead.lag, gain=lead.gain, low=lead.low, high=lead.high, p_value=lead.p_value,
        falls_first=lead.sign < 0, months=lead.months, segments=lead.segments, reason=lead.reason,
    )  # fmt: skip


def _told(answers: Sequence[TierAnswer], named: Sequence[bool]) -> tuple[TierAnswer, ...]:
    """The answers with what may be named: beyond chance among all that was asked, and with an error that is surely
    smaller."""
    found, place = [], 0
    for one in answers:
        flags = named[place : place + len(one.asked)]
        place += len(one.asked)
        asked = tuple(replace(e, named=flag and e.low > 0) for e, flag in zip(one.asked, flags, strict=True))
        known = [e for e in asked if not e.reason]
        answer = Ahead.NAMED if any(e.named for e in asked) else Ahead.NONE if known else Ahead.UNKNOWN
        reason = one.reason or (asked[0].reason if asked and not known else "")
        found.append(replace(one, answer=answer, asked=asked, reason=reason or ("" if asked else "no figure to ask")))
    return tuple(found)
