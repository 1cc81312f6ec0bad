"""Lasting regressions that nobody declared, within the alarm budget."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

import numpy as np

from cxmon import wording
from cxmon.contracts import CheckContext
from cxmon.model import Finding, Grain, Kind, Metric, Segment, State
from cxmon.panel import Bools, Floats, Ints, Judged, Panel
from cxmon.periods import on_holiday, profile_labels

# A year in periods, for the budget; a day is the statistic's own default.
PER_YEAR = {Grain.HOUR: 8766.0, Grain.DAY: None, Grain.WEEK: 52.18, Grain.MONTH: 12.0}
LEAST_LEARNT = 6


@dataclass(frozen=True, kw_only=True)
class Watch:
    """Breach where a figure has moved to the worse for longer and farther than its own past explains.

    `learn` is the number of profile cycles (weeks, for days) from which a series is known before it is watched. The
    finding says since when (the likeliest first period), how much and with which range, and how many series were
    looked at. The alarm of a period rests on that period and earlier ones. After a declared change or an accepted
    level, two cycles are learnt as the new level, unwatched, and the past is put on it. Holidays are neither judged
    nor learnt from.
    """

    type: Literal["watch"] = "watch"
    learn: int = 8

    def __post_init__(self) -> None:
        if self.learn < 4:
            raise ValueError(f"found learn: {self.learn}, expected at least 4 cycles")

    def evaluate(self, panel: Panel, context: CheckContext) -> list[Finding]:
        """One finding per series and new mature period, in order of time."""
        mature = np.flatnonzero(context.mature)
        if not len(panel.segments) or not len(mature):
            return []
        metric = panel.metric
        labels, cycle = profile_labels(panel.starts, metric.grain, metric.zone)
        holiday = on_holiday(panel.starts, metric.grain, metric.zone, metric.holidays) > 0
        through = -np.inf if context.evaluated_through is None else context.evaluated_through.timestamp()
        judged = panel.judged()
        findings: list[Finding] = []
        for t in mature[panel.starts[mature] > through]:
            past = (context.mature & ~holiday)[: t + 1]
            if holiday[t]:
                findings += _resting(panel, judged, int(t))
            else:
                findings += self._at(panel, judged, context, labels, cycle, int(t), past)
        return findings

    def _at(
        self, panel: Panel, judged: Judged, context: CheckContext, labels: Ints, cycle: int, t: int, past: Bools
    ) -> list[Finding]:
        """What is said of period `t`, from the mature periods up to it that are no holidays."""
        values, n = np.where(past, judged.values[:, : t + 1], np.nan), np.where(past, panel.n[:, : t + 1], 0.0)
        learning = np.zeros(len(panel.segments), np.int64)
        span = max(2 * cycle, LEAST_LEARNT)
        for s, segment in enumerate(panel.segments):
            for at in context.rebaselined.get(segment, ()):
                i = int(np.searchsorted(panel.starts[: t + 1], at.timestamp(), side="left"))
                if i <= t:
                    values[s], left = on_new_level(values[s], i, span, judged)
                    learning[s] = max(learning[s], left)
        # A level has no answers behind it: n only says that it was measured.
        least = 0.0 if panel.metric.kind is Kind.LEVEL else panel.metric.min_n
        thick = np.array([_typical(row[-4 * cycle :]) >= least for row in n])
        open_ = thick & (learning == 0) & np.isfinite(values).any(1)
        states = self._states(panel.metric, values, n, labels[: t + 1], cycle, open_, context, judged.kind)
        looked = int(np.isfinite(states["score"]).sum())
        found = []
        for s, segment in enumerate(panel.segments):
            row = _Row(panel.metric, segment, panel.starts[: t + 1], values[s], n[s], judged.log, looked)
            if not thick[s]:
                typical = _typical(n[s, -4 * cycle :])
                found.append(
                    row.unknown(f"too thin to watch: {typical:,.0f} a period, {panel.metric.min_n:,.0f} needed")
                )
            elif learning[s]:
                left = int(learning[s])
                found.append(row.unknown(f"the new level is being learnt: {span - left} of {span} periods"))
            elif not np.isfinite(states["score"][s]):
                seen, needed = int(np.isfinite(values[s]).sum()), max(self.learn * cycle, 4 * LEAST_LEARNT)
                found.append(row.unknown(f"too little history: {seen} periods with data, more than {needed} needed"))
            elif not np.isfinite(values[s, t]):
                found.append(row.unknown("nothing was measured in this period"))
            else:
                found.append(row.judged(**{name: float(column[s]) for name, column in states.items()}))
        return found

    def _states(
        self,
        metric: Metric,
        values: Floats,
        n: Floats,
        labels: Ints,
        cycle: int,
        open_: Bools,
        context: CheckContext,
        kind: str,
    ) -> dict[str, Floats]:
        """The monitor's state at the last period, by age: watching begins after `learn` cycles."""
        from cxmon.stats import watch_state  # noqa: PLC0415 - scipy is loaded when something is checked.

        names = ("onset", "score", "size", "low", "high", "active")
        out = {name: np.full(len(values), np.nan) for name in names}
        born = np.where(np.isfinite(values).any(1), np.isfinite(values).argmax(1), values.shape[1])
        start = max(self.learn * cycle, 4 * LEAST_LEARNT)
        for first in np.unique(born[open_]):
            if values.shape[1] - first <= start:
                continue
            rows = np.flatnonzero(open_ & (born == first))
            state = watch_state(
                values[rows, first:],
                n[rows, first:],
                start,
                context.alarm_budget_per_year,
                kind=kind,
                better=metric.better.value,
                period=labels[first:],
                yearly=PER_YEAR[metric.grain],
                # The check is asked about its last period only.
                read=values.shape[1] - first - 1,
            )
            for name in names:
                out[name][rows] = getattr(state, name)
            out["onset"][rows] += np.where(state.onset >= 0, first, 0)
        return out


def _resting(panel: Panel, judged: Judged, t: int) -> list[Finding]:
    """What is said of a holiday: nothing, so that it neither opens an incident nor lets one recover."""
    starts, values, n = panel.starts[: t + 1], judged.values[:, : t + 1], panel.n[:, : t + 1]
    rows = [_Row(panel.metric, s, starts, values[i], n[i], judged.log, 0) for i, s in enumerate(panel.segments)]
    return [row.unknown("a holiday, which is not compared with other days") for row in rows]


def on_new_level(values: Floats, at: int, span: int, judged: Judged) -> tuple[Floats, int]:
    """(values (T,) with what lies before `at` put on the level of the `span` periods from `at` on, periods still to be
    learnt). The step is the difference of the means of whole cycles, so that the profile does not count as one."""
    after, before = values[at : at + span], values[max(0, at - 2 * span) : at]
    left = max(0, at + span - len(values))
    if left or not np.isfinite(after).any() or not np.isfinite(before).any():
        return values, left
    moved = values.copy()
    moved[:at] += np.nanmean(after) - np.nanmean(before)
    if not judged.log and judged.kind in {"proportion", "rate"}:
        moved[:at] = np.clip(moved[:at], 0.0, 1.0 if judged.kind == "proportion" else np.inf)
    return moved, 0


def _typical(n: Floats) -> float:
    return float(np.median(n)) if len(n) else 0.0


@dataclass(frozen=True)
class _Row:
    """One series up to the period that is judged, which is its last."""

    metric: Metric
    segment: Segment
    starts: Ints
    values: Floats
    n: Floats
    log: bool
    looked_at: int

    def unknown(self, reason: str) -> Finding:
        return self._finding(State.UNKNOWN, reason)

    def judged(self, *, onset: float, score: float, size: float, low: float, high: float, active: float) -> Finding:
        if not active:
            words = "no lasting change to the worse" + (f", at {score:.0%} of what it takes" if score > 0 else "")
            level = float(self.values[-1])
            return replace(self._finding(State.OK, words), value=self._natural(level), n=float(self.n[-1]))
        first = int(onset)
        level = float(np.nanmean(self.values[first:]))
        expected, value = self._natural(level - size), self._natural(level)
        ends = self._natural(level - size + low), self._natural(level - size + high)
        since = self._at(first)
        unit = self.metric.matters.value * (abs(expected) if self.metric.matters.relative else 1.0)
        words = (
            f"{wording.value(self.metric, value)} instead of {wording.value(self.metric, expected)} "
            f"({wording.value(self.metric, ends[0])} to {wording.value(self.metric, ends[1])}) over "
            f"{len(self.values) - first} periods since {wording.day(since, self.metric.zone)}; "
            f"{self.looked_at:,} series looked at"
        )
        return replace(
            self._finding(State.BREACH, words),
            value=value,
            expected=expected,
            low=ends[0],
            high=ends[1],
            n=float(self.n[first:].sum()),
            since=since,
            score=max(self.metric.harm_sign * (value - expected), 0.0) / unit if unit > 0 else 0.0,
        )

    def _finding(self, state: State, reason: str) -> Finding:
        return Finding(
            check="watch",
            metric=self.metric.id,
            segment=self.segment,
            at=self._at(len(self.starts) - 1),
            state=state,
            reason=reason,
            n=float(self.n[-1]),
            looked_at=max(self.looked_at, 1),
        )

    def _natural(self, x: float) -> float:
        return float(np.exp(x)) if self.log else x

    def _at(self, i: int) -> datetime:
        return datetime.fromtimestamp(int(self.starts[i]), UTC)
