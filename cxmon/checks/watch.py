"""Lasting regressions that nobody declared, within the alarm budget."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Literal

import numpy as np

from cxmon.contracts import CheckContext
from cxmon.incidents import components
from cxmon.model import Finding, Grain, Kind, Metric, Segment, State, written
from cxmon.panel import Bools, Floats, Ints, Judged, Panel
from cxmon.periods import on_holiday, profile_labels
from cxmon.wording.against import levels
from cxmon.wording.watching import as_last_year, no_lasting_change, off_usual

# A year in periods, for the budget; a day is the statistic's own default.
PER_YEAR = {Grain.HOUR: 8766.0, Grain.DAY: None, Grain.WEEK: 52.18, Grain.MONTH: 12.0}
LEAST_LEARNT = 6
# False names a period and story at most: a year has few weeks and months, whose share of it would name everyone.
NAMED = 0.02
DAYS = ("onset", "earliest", "latest")
STATES = (*DAYS, "score", "size", "low", "high", "active")


@dataclass(frozen=True, kw_only=True)
class Watch:
    """Breach where a figure has moved to the worse for longer and farther than its own past explains.

    `learn` is the number of profile cycles (weeks, for days) from which a series is known before it is watched. The
    finding says since when (the likeliest first period, and those it lies between), how much and with which range, and
    how many series were looked at. The alarm of a period rests on that period and earlier ones. After a declared change
    or an accepted level, two cycles are learnt as the new level, unwatched, and the past is put on it. Holidays are
    neither judged nor learnt from.
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
        ground = _Ground.of(panel, context)
        findings: list[Finding] = []
        for t in mature[panel.starts[mature] > _through(context)]:
            if ground.holiday[t]:
                findings += _resting(panel, ground.judged, int(t))
            else:
                findings += self._at(ground, int(t))
        return findings

    def _ages(self, ground: "_Ground", values: Floats) -> Iterator[tuple[int, Ints]]:
        """Series that were first measured in the same period and are old enough; they teach one another."""
        there, T = np.isfinite(values).any(1), values.shape[1]
        born = np.where(there, np.isfinite(values).argmax(1), T)
        for first in np.unique(born[there]).tolist():
            if T - first > self._start(ground):
                yield first, np.flatnonzero(there & (born == first))

    def _at(self, ground: "_Ground", t: int) -> list[Finding]:
        """What is said of period `t`, from the mature periods up to it that are no holidays."""
        panel = ground.panel
        values, n, learning = ground.known(t)
        thick = ground.thick(ground.answers(t))
        said = self._said(ground, values, n)
        said["statistic"][~thick | (learning > 0)] = np.nan
        looked = int(np.isfinite(said["statistic"]).sum())
        states = said | _at_heights(
            said, self._heights(ground, np.where(said["as_before"] == 1.0, 0.0, said["statistic"]))
        )
        found = []
        for s, segment in enumerate(panel.segments):
            row = _Row(panel.metric, segment, panel.starts[: t + 1], values[s], n[s], ground.judged.log, looked)
            if ground.out[s, t]:
                found.append(row.unknown("left out as a one-off, neither learnt from nor judged"))
            elif not thick[s]:
                typical = _typical(n[s, -4 * ground.cycle :])
                found.append(
                    row.unknown(f"too thin to watch: {written(typical)} a period, {written(panel.metric.min_n)} needed")
                )
            elif learning[s]:
                left = int(learning[s])
                told = f"the new level is being learnt: {ground.span - left} of {ground.span} periods"
                found.append(row.unknown(told))
            elif not np.isfinite(states["score"][s]):
                seen, needed = int(np.isfinite(values[s]).sum()), self._start(ground)
                found.append(row.unknown(f"too little history: {seen} periods with data, more than {needed} needed"))
            elif not np.isfinite(values[s, t]):
                found.append(row.unknown("nothing was measured in this period"))
            else:
                found.append(row.judged(**{name: float(states[name][s]) for name in STATES}))
        return found

    def _start(self, ground: "_Ground") -> int:
        return max(self.learn * ground.cycle, 4 * LEAST_LEARNT)

    def _heights(self, ground: "_Ground", statistic: Floats) -> Floats:
        """What each series (S,) must pass. Where a story is in alarm, its segments in breach are chosen by Benjamini
        and Hochberg's rule: the k-th likeliest of m is named where it passes what k / m of the story's allowance takes,
        or of `NAMED`, the smaller of the two.

        An alarm itself needs one series beyond its own share. After it, that the others moved too is no surprise any
        more, and the share of wrongly named ones is what is bounded.
        """
        heights = ground.limits(ground.budgets)
        for story in ground.stories:
            looked = story[np.isfinite(statistic[story])]
            sure = int((statistic[looked] > heights[looked]).sum())
            for k in range(len(looked), 0, -1) if sure else ():
                wider = ground.limits(np.minimum(k * ground.budgets[looked], ground.naming))
                if (statistic[looked] > wider).sum() >= k:
                    heights[looked] = np.minimum(heights[looked], wider)
                    break
        return heights

    def _said(self, ground: "_Ground", values: Floats, n: Floats) -> dict[str, Floats]:
        """What the monitor says of each series (S,) at the last period, whatever it takes for an alarm."""
        from cxmon.stats import packed, unpacked, watch_look  # noqa: PLC0415 - scipy is loaded when something is checked.

        out = {name: np.full(len(values), np.nan) for name in ("statistic", *DAYS, "size", "low", "high", "as_before")}
        memory, settled = ground.context.memory, ground.context.settled
        for first, these in self._ages(ground, values):
            asks = ground.asks(these, first, values.shape[1])
            key, before = ground.keys(these, values.shape[1])
            kept = (memory.get(key) or memory.get(before)) if memory is not None else ()
            found = watch_look(
                values[these, first:], n[these, first:], self._start(ground),
                trails=(unpacked(one) if isinstance(one, bytes) else one for one in kept),
                settled=None if settled is None else settled - first, **asks,
            )  # fmt: skip
            if memory is not None:
                memory.put(key, (found.trail, found.behind), partial(packed, found.checkpoint))
            for name, column in out.items():
                column[these] = getattr(found, name)
            for name in DAYS:
                out[name][these] += np.where(out[name][these] >= 0, first, 0)
        return out


@dataclass(frozen=True, kw_only=True, eq=False)
class _Ground:
    """What all periods of one panel have in common: the judged figures, the profile, the budgets and the stories."""

    panel: Panel
    context: CheckContext
    judged: Judged
    labels: Ints
    cycle: int
    holiday: Bools
    budgets: Floats
    stories: tuple[Ints, ...]
    out: Bools

    @classmethod
    def of(cls, panel: Panel, context: CheckContext) -> "_Ground":
        metric = panel.metric
        labels, cycle = profile_labels(panel.starts, metric.grain, metric.zone)
        holiday = on_holiday(panel.starts, metric.grain, metric.zone, metric.holidays) > 0
        given, else_ = context.alarm_budgets, context.alarm_budget_per_year
        where = {s: i for i, s in enumerate(panel.segments)}
        return cls(
            panel=panel,
            context=context,
            judged=panel.judged(),
            labels=labels,
            cycle=cycle,
            holiday=holiday,
            budgets=np.array([given.get(s, else_) for s in panel.segments]),
            stories=tuple(np.array([where[s] for s in story]) for story in components(panel.segments)),
            out=np.zeros(panel.n.shape, np.bool_) if context.left_out is None else context.left_out,
        )

    def asks(self, these: Ints, first: int, end: int) -> dict[str, Any]:
        """What the monitor is told of the series `these` that begin at `first`, up to period `end`."""
        metric = self.panel.metric
        new = [[i - first for i in self.new_levels(int(s), end) if i + self.span <= end] for s in these]
        levels = np.full((len(these), max(map(len, new), default=0)), end)
        for row, found in zip(levels, new, strict=True):
            row[: len(found)] = found
        return {
            "kind": self.judged.kind, "better": metric.better.value, "period": self.labels[first:end],
            "levels": levels, "yearly": PER_YEAR[metric.grain],
        }  # fmt: skip

    def limits(self, budgets: Floats) -> Floats:
        """Heights of the statistic (S,) for alarms a series-year."""
        from cxmon.stats import watch_threshold  # noqa: PLC0415 - scipy is loaded when something is checked.

        return watch_threshold(budgets, PER_YEAR[self.panel.metric.grain])

    @property
    def naming(self) -> float:
        """The most false names a year and story."""
        return NAMED * (PER_YEAR[self.panel.metric.grain] or 365.25)

    @property
    def span(self) -> int:
        """Periods in which a new level is learnt."""
        return max(2 * self.cycle, LEAST_LEARNT)

    def index(self, at: datetime) -> int:
        """The first period that begins at or after an instant."""
        return int(np.searchsorted(self.panel.starts, at.timestamp(), side="left"))

    def known(self, t: int) -> tuple[Floats, Floats, Ints]:
        """(values, n (S, t + 1) as they are set against each other in period `t`, periods (S,) of a new level that are
        still to be learnt). These are left out: the past goes on teaching the other series as it did before."""
        kept = ~self.out[:, : t + 1] & self._past(t)
        values = np.where(kept, self.judged.values[:, : t + 1], np.nan)
        n = np.where(kept, self.panel.n[:, : t + 1], 0.0)
        learning = np.zeros(len(self.panel.segments), np.int64)
        for s in range(len(values)):
            for i in self.new_levels(s, t + 1):
                values[s], left = on_new_level(values[s], i, self.span, self.judged)
                learning[s] = max(learning[s], left)
                if left:
                    values[s, i:], n[s, i:] = np.nan, 0.0
        return values, n, learning

    def new_levels(self, s: int, end: int) -> list[int]:
        """The first periods before `end` of the new levels of series `s`."""
        return [i for i in map(self.index, self.context.rebaselined.get(self.panel.segments[s], ())) if i < end]

    def answers(self, t: int) -> Floats:
        """(S, t + 1) what there was, what was left out as well: a one-off makes no series thin."""
        return np.where(self._past(t), self.panel.n[:, : t + 1], 0.0)

    def _past(self, t: int) -> Bools:
        return np.asarray((self.context.mature & ~self.holiday)[: t + 1])

    def thick(self, n: Floats) -> Bools:
        """Which series have answers enough in a typical period of the last four cycles."""
        # A level has no answers behind it: n only says that it was measured.
        metric = self.panel.metric
        least = 0.0 if metric.kind is Kind.LEVEL else metric.min_n
        lately = n[:, -4 * self.cycle :]
        typical = np.median(lately, axis=1) if lately.shape[1] else np.zeros(len(n))
        return np.asarray(typical >= least)

    def keys(self, these: Ints, end: int) -> tuple[str, str]:
        """Under which name what was found out of some series, with their new levels, is kept; and under which before
        those began that are still being learnt, which take nothing from what was known until then."""
        whole = [(int(s), self.new_levels(int(s), end)) for s in these]
        return self._key(whole), self._key([(s, [i for i in new if i + self.span <= end]) for s, new in whole])

    def _key(self, levels: list[tuple[int, list[int]]]) -> str:
        on = [(self.panel.segments[s].label, *(int(self.panel.starts[i]) for i in new)) for s, new in levels]
        return hashlib.blake2b(f"{self.panel.metric.definition_hash} {on}".encode(), digest_size=12).hexdigest()


def _at_heights(said: Mapping[str, Floats], heights: Floats) -> dict[str, Floats]:
    """The score (1 = at the height of an alarm), and whether it is passed by more than what every year brings, both
    (S,)."""
    statistic = said["statistic"]
    active = (statistic > heights) & (said["as_before"] != 1.0)
    return {"score": np.maximum(statistic, 0.0) / heights, "active": np.asarray(active, float)}


def _through(context: CheckContext) -> float:
    return -np.inf if context.evaluated_through is None else context.evaluated_through.timestamp()


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

    def judged(
        self, *, onset: float, earliest: float, latest: float, score: float, size: float, low: float, high: float,
        active: float,
    ) -> Finding:  # fmt: skip
        if not active:
            words = no_lasting_change(score)
            if score > 1:
                words = as_last_year(self._at(int(onset)), self.metric.zone)
            level = float(self.values[-1])
            # What comes back every year is not on the way to an alarm, however far it moved.
            height = round(score, 3) if score <= 1 else 0.0
            return self._finding(State.OK, words, value=self._natural(level), height=height)
        first = int(onset)
        level = float(np.nanmean(self.values[first:]))
        expected, value = self._natural(level - size), self._natural(level)
        ends = self._natural(level - size + low), self._natural(level - size + high)
        since, began = self._at(first), (self._at(int(earliest)), self._at(int(latest)))
        unit = self.metric.matters.value * (abs(expected) if self.metric.matters.relative else 1.0)
        found = replace(
            self._finding(State.BREACH, ""),
            value=value,
            expected=expected,
            low=ends[0],
            high=ends[1],
            n=float(self.n[first:].sum()),
            since=since,
            began=began,
            score=max(self.metric.harm_sign * (value - expected), 0.0) / unit if unit > 0 else 0.0,
            height=round(score, 3),
        )
        words = off_usual(
            levels(found, self.metric), len(self.values) - first, self.metric.grain.value, since, began,
            self.metric.zone, self.looked_at,
        )  # fmt: skip
        return replace(found, reason=words)

    def _finding(self, state: State, reason: str, **more: Any) -> Finding:
        return Finding(
            check="watch",
            metric=self.metric.id,
            segment=self.segment,
            at=self._at(len(self.starts) - 1),
            state=state,
            reason=reason,
            n=float(self.n[-1]),
            looked_at=max(self.looked_at, 1),
            **more,
        )

    def _natural(self, x: float) -> float:
        return float(np.exp(x)) if self.log else x

    def _at(self, i: int) -> datetime:
        return datetime.fromtimestamp(int(self.starts[i]), UTC)
