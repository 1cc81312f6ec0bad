"""Which segments lie outside what their size explains. No ranks, no league table."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

import numpy as np

from cxmon import wording
from cxmon.contracts import CheckContext
from cxmon.model import EVERYONE, Finding, Grain, Kind, Metric, Segment, State, written
from cxmon.panel import Bools, Floats, Panel

OVER = {Grain.HOUR: 168, Grain.DAY: 28, Grain.WEEK: 8, Grain.MONTH: 3}


@dataclass(frozen=True, kw_only=True)
class Funnel:
    """Compares the segments along `by` (the metric's finest `by` where it is not given) with what is usual among those
    of the same parent, over the newest `over` mature periods (default 28 days, 8 weeks, 3 months).

    Breach for a segment that lies beyond the limits for its own size on the harmful side, overdispersion and the number
    of segments looked at allowed for; and for the parent, which tells how many. Fewer than eight segments of sufficient
    size are UNKNOWN.
    """

    type: Literal["funnel"] = "funnel"
    by: tuple[str, ...] = ()
    over: int | None = None
    false_share: float = 0.05

    def __post_init__(self) -> None:
        if self.over is not None and self.over < 1:
            raise ValueError(f"found over: {self.over}, expected at least 1 period")
        if not 0 < self.false_share <= 0.2:
            raise ValueError(f"found false_share: {self.false_share}, expected more than 0 and at most 0.2")

    def evaluate(self, panel: Panel, context: CheckContext) -> list[Finding]:
        """One finding per segment and per parent for each new mature period, in order of time and then of name."""
        metric = panel.metric
        along = self.by or max(metric.by, key=len, default=())
        parents: dict[Segment, list[int]] = {}
        for s, segment in enumerate(panel.segments):
            if along and set(segment.dimensions) == set(along):
                parents.setdefault(segment.along(along[:-1]), []).append(s)
        over = self.periods(metric)
        mature = np.flatnonzero(context.mature)
        through = -np.inf if context.evaluated_through is None else context.evaluated_through.timestamp()
        findings: list[Finding] = []
        for k in np.flatnonzero(panel.starts[mature] > through):
            window = mature[max(0, k - over + 1) : k + 1]
            at = datetime.fromtimestamp(int(panel.starts[mature[k]]), UTC)
            since = datetime.fromtimestamp(int(panel.starts[window[0]]), UTC)
            why = _nothing(metric, along, found=bool(parents))
            if why and panel.segments:
                findings.append(
                    Finding(check=self.type, metric=metric.id, segment=EVERYONE, at=at, state=State.UNKNOWN, reason=why)
                )
                continue
            for parent, rows in sorted(parents.items()):
                findings += self._compare(panel, np.array(rows), window, parent, at, since)
        return findings

    def periods(self, metric: Metric) -> int:
        """How many periods its figures rest on."""
        return self.over or OVER[metric.grain]

    def _compare(
        self, panel: Panel, rows: np.ndarray, window: np.ndarray, parent: Segment, at: datetime, since: datetime
    ) -> list[Finding]:
        from cxmon.stats.funnel import funnel  # noqa: PLC0415 - scipy is loaded when something is checked.

        metric = panel.metric
        n, total, se = pooled(panel, rows, window)
        kind = metric.kind.value if metric.kind in {Kind.PROPORTION, Kind.RATE} else "mean"
        big = n >= metric.min_n
        found = funnel(np.where(big, total, np.nan), n, kind=kind, se=se, false_share=self.false_share)
        with np.errstate(invalid="ignore", divide="ignore"):
            value = total / n
            worse = found.outside & (metric.harm_sign * (value - found.center) > 0)
        unit = metric.matters.value * (abs(found.center) if metric.matters.relative else 1.0)
        edge = found.high if metric.harm_sign > 0 else found.low
        findings = []
        for i, s in enumerate(rows):
            beyond = metric.harm_sign * (value[i] - edge[i]) / unit if worse[i] and unit > 0 else 0.0
            judged = np.isfinite(found.z[i])
            half = 1.96 * se[i] if se is not None else 1.96 * _error(kind, value[i], n[i])
            shown = (value[i], value[i] - half, value[i] + half)
            findings.append(
                Finding(
                    check=self.type,
                    metric=metric.id,
                    segment=panel.segments[s],
                    at=at,
                    state=State.BREACH if worse[i] else State.OK if judged else State.UNKNOWN,
                    reason=_words(metric, value[i], n[i], found.low[i], found.high[i], found.reason),
                    value=float(shown[0]),
                    expected=float(found.center),
                    low=float(shown[1]),
                    high=float(shown[2]),
                    n=float(n[i]),
                    since=since if worse[i] else None,
                    looked_at=max(found.looked_at, 1),
                    score=float(beyond),
                )
            )
        whole = _parent(findings, parent, worse, found.looked_at, found.reason)
        return [replace(whole, n=float(n.sum())), *findings]


def pooled(panel: Panel, rows: np.ndarray, window: np.ndarray) -> tuple[Floats, Floats, Floats | None]:
    """(n, total, standard error of total / n or None) of the chosen series over the chosen periods.

    Quantiles are compared by their mean value, weighted by volume; their errors add up as independent periods.
    """
    n = panel.n[np.ix_(rows, window)]
    if panel.metric.kind is Kind.QUANTILE:
        values, variances = panel.values()[np.ix_(rows, window)], panel.variances()[np.ix_(rows, window)]
        known = np.isfinite(values) & np.isfinite(variances)
        n = np.where(known, n, 0.0)
        total = np.where(known, n * values, 0.0).sum(1)
        weight = n.sum(1)
        with np.errstate(invalid="ignore", divide="ignore"):
            return weight, total, np.sqrt(np.where(known, n**2 * variances, 0.0).sum(1)) / weight
    totals = np.nan_to_num(panel.total[np.ix_(rows, window)]).sum(1)
    weight = n.sum(1)
    if panel.squares is None:
        return weight, totals, None
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = np.nan_to_num(panel.squares[np.ix_(rows, window)]).sum(1) - totals**2 / weight
        return weight, totals, np.sqrt(np.maximum(spread, 0) / (weight - 1) / weight)


def _nothing(metric: Metric, along: tuple[str, ...], *, found: bool) -> str:
    """Why there is nothing to compare, whatever the figures are; empty where there is. Silence would read as fine."""
    if metric.kind in {Kind.LEVEL, Kind.RATIO}:
        return f"a funnel does not compare figures of kind {metric.kind.value}"
    if found:
        return ""
    wanted = ", ".join(along)
    return f"no segments along {wanted}: is [{wanted}] in `by` of {metric.id}?" if wanted else "no segments to compare"


def _error(kind: str, value: float, n: float) -> float:
    if not n > 0:
        return float("nan")
    return float(np.sqrt(max(value * (1 - value) if kind == "proportion" else value, 0.0) / n))


def _words(metric: Metric, value: float, n: float, low: float, high: float, reason: str) -> str:
    count = f"{written(n)} {wording.count_word(metric)}"
    if not np.isfinite(low):
        return reason or f"too small to compare: {count}"
    precise = wording.level_digits(metric, low, high, beside=(value,))
    limits = f"{wording.value(metric, max(low, 0.0), precise)} to {wording.value(metric, high, precise)}"
    return f"{wording.value(metric, value, precise)} on {count}; what is usual for its size is {limits}"


def _parent(findings: Sequence[Finding], parent: Segment, worse: Bools, looked_at: int, reason: str) -> Finding:
    """What is said of the parent: how many of its parts lie outside on the harmful side."""
    first, count = findings[0], int(worse.sum())
    outside = ", ".join(f.segment.label for f in findings if f.state is State.BREACH)
    words = f"{count} of {looked_at} segments lie outside what their size explains"
    return replace(
        first,
        segment=parent,
        state=State.UNKNOWN if reason else State.BREACH if count else State.OK,
        reason=reason or (f"{words}: {outside}" if count else words),
        value=float("nan"),
        low=float("nan"),
        high=float("nan"),
        looked_at=max(looked_at, 1),
        since=next((f.since for f in findings if f.since is not None), None),
        score=max((f.score for f in findings), default=0.0),
    )
