"""Watching for a lasting regression that nobody declared, with false alarms per series and year as the only knob."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cxmon.stats.arrays import TINY, Bools, Floats, Ints, matrix
from cxmon.stats.monitor import Paths, Running
from cxmon.stats.noise import COUNTED, KINDS
from cxmon.stats.profiles import columns, cycle_length, harmonics
from cxmon.stats.results import WatchDays, WatchState
from cxmon.stats.watch_filter import Watched
from cxmon.stats.watch_learning import Taught, learnt_before, remembered
from cxmon.stats.watch_season import as_in_an_earlier_year

DAYS = 365.25
# Height of the statistic's alarms: FLOOR + SLOPE x log(periods between false ones); the statistic is the log of a sum
# that grows by one a period, so that the slope is near one. benchmarks/stats_watch_threshold.py measures both.
FLOOR, SLOPE = -0.06, 0.92
# A wave is looked for where the history covers half a year, a second harmonic from two years on.
HALF, TWO = 0.5, 2.0
YEAR_OF_CYCLE = {7: DAYS, 168: 24 * DAYS}
LEAST_CYCLES = 3
LEAST_PERIODS = 8
LEAST_FOR_WAVES = 24
# Log odds of a regression from which on a series does not learn.
SUSPICIOUS = 3.0
# The first period of a new level that there is none of.
NEVER = np.iinfo(np.int64).max
HARM = {"higher": -1.0, "lower": 1.0, "either": 1.0}


def watch_threshold(budget: Floats, per_year: float | None = None) -> Floats:
    """What the statistic must pass for `budget` (S,) alarms per series and year of `per_year` periods (else days)."""
    return np.asarray(np.maximum(FLOOR + SLOPE * np.log((DAYS if per_year is None else per_year) / budget), 1.0))


def watch(
    values: Any, n: Any, start: int, budget: Any, *, kind: str = "mean", better: str = "higher", period: Any = 7,
    yearly: float | None = None,
) -> Ints:  # fmt: skip
    """Index (S,) of the first alarm at or after `start` in each row of `values` (S, T), or -1.

    n        answers or exposure (S, T); None where unknown; 0 = nothing measured, like a NaN value
    budget   false alarms per series and year, one for all or (S,)
    better   higher: alarms on falls; lower: on rises; either: on both
    yearly   periods in a year, for the budget and the yearly wave; without it days and hours with a weekly cycle know
             it by themselves, and anything else has 365.25 of them and no wave

    The alarm of a period rests on that period and earlier ones: parameters are learnt before `start` and again each
    time the history has doubled. The series of one call are of one kind and teach one another how noise of that kind
    wanders. A series with under eight periods or three cycles of history is not watched. ValueError on wrong shapes or
    names. Method: docs/methods/watch.md.
    """
    return watch_state(values, n, start, budget, kind=kind, better=better, period=period, yearly=yearly).first_alarm


def watch_state(
    values: Any, n: Any, start: int, budget: Any, *, kind: str = "mean", better: str = "higher", period: Any = 7,
    yearly: float | None = None, read: int = 0, levels: Any = None,
) -> WatchState:  # fmt: skip
    """As `watch`, with onset, score and size of the deviation at the last period (or when it was last beyond).

    Periods before `read` are hardly asked about: with `read` at the last period this takes half of the time, and what
    is said of that period is the same. `first_alarm` is then the first that was looked at. `levels` (S, B) are
    the first periods of new levels that are no alarm (T or more: none): there the level is learnt anew, and what
    is not known of it yet counts.
    """
    days = watch_days(
        values, n, start, budget, kind=kind, better=better, period=period, yearly=yearly, read=read, levels=levels
    )
    some = np.asarray(days.active.any(1))
    row, last = np.arange(len(some)), days.active.shape[1] - 1 - days.active[:, ::-1].argmax(1)
    told = {name: getattr(days, name)[row, last] for name in ("onset", "size", "low", "high")}
    return WatchState(
        first_alarm=np.where(some, days.active.argmax(1), -1), score=days.score[:, -1], active=days.active[:, -1],
        onset=np.where(some, told["onset"], -1), size=np.where(some, told["size"], np.nan),
        low=np.where(some, told["low"], np.nan), high=np.where(some, told["high"], np.nan),
    )  # fmt: skip


def watch_days(
    values: Any, n: Any, start: int, budget: Any, *, kind: str = "mean", better: str = "higher", period: Any = 7,
    yearly: float | None = None, read: int = 0, levels: Any = None,
) -> WatchDays:  # fmt: skip
    """What `watch_state` says at each period, in one pass: column t is what it would say were t the last period."""
    call = Call.of(values, n, start, kind, better, period, yearly, levels)
    budgets = np.broadcast_to(np.asarray(budget, float), (call.size,))
    if not (budgets > 0).all():
        raise ValueError(f"budget {budget}: expected > 0")
    S, T = call.size, call.given.Y.shape[1]
    read, days = min(int(read), T - 1), _silent(S, T)
    limits = watch_threshold(budgets, call.given.wave)[call.rows]
    groups: tuple[Group, ...] = ()
    statistic = np.full(len(call.rows), np.nan)
    for first, last in call.calendar():
        groups = call.begun(first, groups, statistic)
        for group in groups:
            mine = group.rows
            paths = group.running.on(
                call.watched(group, last), learnt=group.learnt, begin=call.start, start=first,
                read=min(read, last - 1), sided=call.sided, limit=limits[mine],
            )  # fmt: skip
            statistic[mine] = paths.statistic[:, -1]
            _enter(days, call.rows[mine], paths, limits[mine], group.taught.unit * call.sign, first)
        groups = joined(groups)
    _quieten(days, call)
    return days


@dataclass(frozen=True, eq=False)
class Group:
    """Series `rows` (S,) with parameters that each was `taught` before period `learnt` (S',), and their monitor."""

    learnt: Ints
    rows: Bools
    taught: Taught
    running: Running

    def copied(self) -> "Group":
        """One whose monitor goes on by itself."""
        return replace(self, running=self.running.copied())

    def of(self, rows: Bools) -> "Group":
        """Those of its series that are among `rows` (S,): they go on as they were."""
        mine = rows[self.rows]
        return Group(self.learnt[mine], self.rows & rows, self.taught.of(mine), self.running.of_rows(mine))

    def apart(self) -> list["Group"]:
        """Those whose series learnt at the same time."""
        where = np.flatnonzero(self.rows)
        both = (np.isin(np.arange(len(self.rows)), where[self.learnt == at]) for at in np.unique(self.learnt))
        return [self.of(rows) for rows in both]


def joined(groups: tuple[Group, ...]) -> tuple[Group, ...]:
    """The same series in as few groups as can be: monitors of one kind go on as one, which costs less."""
    alike: dict[tuple[int, int, bytes], list[Group]] = {}
    for group in groups:
        alike.setdefault(group.running.kind, []).append(group)
    return tuple(some[0] if len(some) == 1 else _one_of(some) for some in alike.values())


def _one_of(groups: Sequence[Group]) -> Group:
    rows = np.any([group.rows for group in groups], axis=0)
    order = np.argsort(np.concatenate([np.flatnonzero(group.rows) for group in groups]))
    return Group(
        learnt=np.concatenate([group.learnt for group in groups])[order], rows=rows,
        taught=Taught.joined([group.taught for group in groups], order),
        running=Running.joined([group.running for group in groups], order),
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Call:
    """What one call asks: the series `rows` of `size` that have history enough, as they are `given`, watched from
    `start` on, to one side or both. `sign` turns them to harm."""

    size: int
    rows: Ints
    given: "Given"
    start: int
    sided: int
    sign: float

    @classmethod
    def of(
        cls, values: Any, n: Any, start: int, kind: str, better: str, period: Any, yearly: float | None, levels: Any
    ) -> "Call":
        """ValueError on wrong shapes or names."""
        if kind not in KINDS or better not in HARM:
            raise ValueError(f"kind {kind!r}, better {better!r}: expected a known kind, higher, lower or either")
        Y = np.atleast_2d(np.asarray(values, float))
        S, T = Y.shape
        N = None if n is None else np.broadcast_to(matrix("n", n, T), (S, T))
        seen = np.isfinite(Y) & (True if N is None else np.nan_to_num(N) > 0)
        start, profile, cycle = max(int(start), 0), columns(period, T), cycle_length(period, T)
        rows = np.flatnonzero(seen[:, :start].sum(1) >= max(LEAST_PERIODS, LEAST_CYCLES * (profile.shape[1] + 1)))
        new = np.full((S, 0), T) if levels is None else np.asarray(levels, np.int64)
        given = Given(
            Y=HARM[better] * np.where(seen, Y, np.nan)[rows], N=None if N is None else N[rows], kind=kind,
            profile=profile, wave=YEAR_OF_CYCLE.get(cycle) if yearly is None else yearly, cycle=cycle,
            levels=np.where(new < T, new, NEVER)[rows],
        )  # fmt: skip
        return cls(S, rows, given, start, 2 if better == "either" else 1, HARM[better])

    def calendar(self) -> list[tuple[int, int]]:
        """Blocks [first, last) with one set of parameters each: new ones whenever the history has doubled."""
        out, first, T = [], self.start, self.given.Y.shape[1]
        while first < T and len(self.rows):
            last = min(T, max(2 * first, first + 1))
            out.append((first, last))
            first = last
        return out

    def begun(
        self, first: int, before: tuple[Group, ...], statistic: Floats, *, anew: bool = False
    ) -> tuple[Group, ...]:
        """The monitors of the block from period `first` on, with what is learnt by then. What may be a regression, by
        its `statistic` (S,) so far, is not taken for noise: such a series keeps the parameters it had `before`, and
        its monitor goes on, if not `anew` from the first period."""
        wild = statistic > SUSPICIOUS
        found = [group.of(wild) for group in before if (group.rows & wild).any()]
        if anew:
            found = [replace(one, running=self._running(int(one.learnt[0]), one.rows, one.taught))
                     for group in found for one in group.apart()]  # fmt: skip
        rest = ~np.any([np.zeros_like(wild), *(group.rows for group in found)], axis=0)
        if rest.any():
            taught = self.given.taught(first).of(rest)
            found.append(Group(np.full(int(rest.sum()), first), rest, taught, self._running(first, rest, taught)))
        return tuple(found)

    def as_before(self, onset: Ints, t: int) -> Bools:
        """Which series of the call (S,) were since their `onset` (S,) no worse than in the same months of an earlier
        year; none where both ways are watched, since better is no comfort there."""
        out = np.zeros(self.size, np.bool_)
        if self.sided == 1:
            out[self.rows] = as_in_an_earlier_year(self.given.Y, onset[self.rows], t, self.given.wave)
        return out

    def _running(self, learnt: int, rows: Bools, taught: Taught) -> Running:
        """A monitor before the first period."""
        return Running.of(self.given.watched(taught, np.full(int(rows.sum()), learnt), learnt, rows))

    def watched(self, group: Group, last: int) -> Watched:
        """The series of a group up to period `last`."""
        return self.given.watched(group.taught, group.learnt, last, group.rows)


def _waves(yearly: float | None, cycle: int, history: int, T: int) -> Floats:
    """Harmonics of the year (T, 2 or 4) that `history` periods can teach; none where the profile goes round by the
    year."""
    if yearly is None or cycle > yearly / 2 or history < max(HALF * yearly, LEAST_FOR_WAVES):
        return np.zeros((T, 0))
    return harmonics(yearly, 2 if history >= TWO * yearly else 1, T)


@dataclass(frozen=True, eq=False)
class Given:
    """All series of a call (S, T), harm positive, NaN where nothing was measured, with n and profile columns."""

    Y: Floats
    N: Floats | None
    kind: str
    profile: Floats
    wave: float | None
    cycle: int
    levels: Ints

    def taught(self, at: int) -> Taught:
        """What all series teach of each before period `at`."""
        N, T = None if self.N is None else self.N[:, :at], self.Y.shape[1]
        waves = _waves(self.wave, self.cycle, at, T)[:at]
        return remembered(learnt_before, self.Y[:, :at], N, self.kind, self.profile[:at], waves)

    def watched(self, taught: Taught, at: Ints, last: int, rows: Bools) -> Watched:
        """The series `rows` up to period `last`, without profile and rough wave and in units of their typical noise,
        with noise parameters; all `taught` (those of `rows`), each before its period `at`, with as many waves."""
        waves = _waves(self.wave, self.cycle, int(at.max()), last)
        Y = self.Y[rows, :last]
        seen, past = np.isfinite(Y), np.arange(last) < at[:, None]
        filled = np.where(seen, Y, 0.0)
        Z = np.concatenate([self.profile[:last], waves], axis=1)
        flat = np.where(seen, filled - taught.coefficient @ Z.T - taught.level[:, None], 0.0)
        n = None if self.N is None else np.where(seen, np.nan_to_num(self.N[rows, :last]), 1.0)
        counted = self.kind in COUNTED and n is not None
        relative = taught.sampled.variance(n, seen) / taught.unit[:, None] ** 2
        lean = _lean(filled, n, self.kind, seen, past) if counted and n is not None else np.zeros((len(Y), 1))
        return Watched(
            y=flat / taught.unit[:, None], variance=relative, skew=lean * relative**1.5, seen=seen, waves=waves,
            at=taught.coefficient[:, self.profile.shape[1] :] / taught.unit[:, None], levels=self.levels[rows],
            noise=taught.noise,
        )  # fmt: skip


def _lean(values: Floats, n: Floats, kind: str, seen: Bools, past: Bools) -> Floats:
    """Skewness (S, T) of the sampling noise of shares and rates whose harm is positive (falls: `values` negative)."""
    use = seen & past
    level = (np.where(use, values * n, 0.0).sum(1) / np.maximum(np.where(use, n, 0.0).sum(1), TINY))[:, None]
    if kind == "rate":
        return np.asarray(np.sign(level) / np.sqrt(np.maximum(np.abs(level) * n, 0.5)))
    share = np.clip(np.abs(level), 1e-3, 1 - 1e-3)
    return np.asarray(np.where(level < 0, -1, 1) * (1 - 2 * share) / np.sqrt(np.maximum(n * share * (1 - share), 0.5)))


def _silent(S: int, T: int) -> WatchDays:
    nothing = np.full((S, T), np.nan)
    return WatchDays(
        score=nothing, onset=np.full((S, T), -1), size=nothing.copy(), low=nothing.copy(), high=nothing.copy(),
        active=np.zeros((S, T), bool),
    )  # fmt: skip


def _quieten(days: WatchDays, call: Call) -> None:
    """Take back what was as bad in the same months of an earlier year."""
    for t in np.flatnonzero(days.active.any(0)).tolist():
        quiet = days.active[:, t] & call.as_before(days.onset[:, t], t)
        days.active[quiet, t], days.onset[quiet, t] = False, -1
        for told in (days.size, days.low, days.high):
            told[quiet, t] = np.nan


def _enter(days: WatchDays, rows: Ints, paths: Paths, limit: Floats, unit: Floats, first: int) -> None:
    """Enter a block's paths, from period `first` on, into the days of `rows`."""
    at = np.ix_(rows, np.arange(first, first + paths.statistic.shape[1]))
    active = paths.statistic > limit[:, None]
    size, half = paths.size * unit[:, None], 1.96 * paths.se * np.abs(unit[:, None])
    days.score[at] = np.maximum(paths.statistic, 0.0) / limit[:, None]
    days.active[at], days.onset[at] = active, np.where(active, paths.onset, -1)
    for of, found in ((days.size, size), (days.low, size - half), (days.high, size + half)):
        of[at] = np.where(active, found, np.nan)
