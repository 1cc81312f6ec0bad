"""Watching for a lasting regression that nobody declared, with false alarms per series and year as the only knob."""

from typing import Any

import numpy as np

from cxmon.stats.arrays import TINY, Bools, Floats, Ints, matrix, median_of
from cxmon.stats.monitor import Paths, run
from cxmon.stats.noise import COUNTED, KINDS, sampling
from cxmon.stats.profiles import columns, without_profile, yearly_columns
from cxmon.stats.results import WatchState
from cxmon.stats.watch_noise import Frozen, freeze, tame

DAYS = 365.25
# Statistic that independent noise with known parameters passes once per series and year, and how fast it thins out
# beyond; the allowance is for parameters learnt from a short history. benchmarks/stats_watch_threshold.py makes them.
ONCE_A_YEAR = 4.75
PER_FOLD = 1.03
ALLOWANCE = 1.0
FULL_HISTORY = 365.0
LEAST_CYCLES = 3
LEAST_PERIODS = 8
LEAST_FOR_WAVES = 24
HARM = {"higher": -1.0, "lower": 1.0, "either": 1.0}


def threshold(budget: float, history: Floats, per_year: float, sided: int) -> Floats:
    """What the statistic must pass (S,), for `budget` alarms per series and year after `history` (S,) periods."""
    rate = budget * DAYS / per_year / sided
    h = ONCE_A_YEAR + PER_FOLD * np.log(1.0 / max(rate, 1e-9))
    return np.asarray(np.maximum(h, 3.0) + ALLOWANCE * np.sqrt(FULL_HISTORY / np.maximum(history, 1.0)))


def watch(
    values: Any, n: Any, start: int, budget: float, *, kind: str = "mean", better: str = "higher", period: Any = 7,
    yearly: float | None = None,
) -> Ints:  # fmt: skip
    """Index (S,) of the first alarm at or after `start` in each row of `values` (S, T), or -1.

    n        answers or exposure (S, T); None where unknown; 0 = nothing measured, like a NaN value
    budget   false alarms per series and year; a year is `yearly` periods, or 365.25 where it is not given
    better   higher: alarms on falls; lower: on rises; either: on both

    The alarm of a period rests on that period and earlier ones: parameters are learnt before `start` and again each
    time the history has doubled. A series with under eight periods or three cycles of history is not watched.
    ValueError on wrong shapes or names. Method: docs/methods/watch.md.
    """
    return watch_state(values, n, start, budget, kind=kind, better=better, period=period, yearly=yearly).first_alarm


def watch_state(
    values: Any, n: Any, start: int, budget: float, *, kind: str = "mean", better: str = "higher", period: Any = 7,
    yearly: float | None = None,
) -> WatchState:  # fmt: skip
    """As `watch`, with onset, score and size of the deviation at the last period (or when it was last beyond)."""
    Y = np.atleast_2d(np.asarray(values, float))
    S, T = Y.shape
    N = None if n is None else np.broadcast_to(matrix("n", n, T), (S, T))
    if kind not in KINDS or better not in HARM or budget <= 0:
        raise ValueError(
            f"kind {kind!r}, better {better!r}, budget {budget}: expected a known kind, higher, lower or either, > 0"
        )
    seen = np.isfinite(Y) & (True if N is None else np.nan_to_num(N) > 0)
    start = max(int(start), 0)
    cycle = columns(period, T)
    # Two harmonics fit a dozen points perfectly and teach nothing.
    waves = start >= LEAST_FOR_WAVES and yearly_columns(yearly, min(start, T)).shape[1] > 0
    least = max(LEAST_PERIODS, LEAST_CYCLES * (cycle.shape[1] + 1))
    able = seen[:, :start].sum(1) >= least
    state = _silent(S)
    if start >= T or not able.any():
        return state
    sided, sign = (2 if better == "either" else 1), HARM[better]
    per_year = DAYS if yearly is None else float(yearly)
    profile = np.c_[cycle, yearly_columns(yearly, T)] if waves else cycle
    for first, last in _calendar(start, T):
        rows = np.flatnonzero(able)
        block = _Block(
            sign * Y[rows, :last], None if N is None else N[rows, :last], seen[rows, :last], kind, profile[:last]
        )
        paths, unit, history = block.paths(first, start, sided)
        limit = threshold(budget, history, per_year, sided)
        _read(state, rows, paths, limit, unit * sign, first)
    return state


def _calendar(start: int, T: int) -> list[tuple[int, int]]:
    """Blocks [first, last) with one set of parameters each: new ones whenever the history has doubled."""
    out, first = [], start
    while first < T:
        last = min(T, max(2 * first, first + 1))
        out.append((first, last))
        first = last
    return out


class _Block:
    """Series (S, T) of one block on the scale of their typical noise."""

    def __init__(self, Y: Floats, N: Floats | None, seen: Bools, kind: str, profile: Floats) -> None:
        self.Y, self.N, self.seen, self.kind, self.profile = Y, N, seen, kind, profile

    def paths(self, first: int, start: int, sided: int) -> tuple[Paths, Floats, Floats]:
        """Paths from `first` on, the unit (S,) and the usable history (S,); parameters from periods before `first`."""
        S, T = self.Y.shape
        past = np.arange(T) < first
        filled = np.where(self.seen, self.Y, 0.0)
        flat = self._flat(filled, first)
        n = None if self.N is None else np.where(self.seen, np.nan_to_num(self.N), 1.0)
        counted = self.kind in COUNTED and n is not None
        found = sampling(np.abs(filled) if counted else flat, n, None, self.kind, self.seen, past)
        unit = np.sqrt(np.maximum(median_of(found.variance[:, :first], self.seen[:, :first]), TINY))
        y = flat / unit[:, None]
        relative = found.variance / unit[:, None] ** 2
        lost = np.full(S, float(self.profile.shape[1]))
        tamed = tame(y[:, :first], self.seen[:, :first])
        noise: Frozen = freeze(tamed, relative[:, :first], self.seen[:, :first], lost, known=found.known)
        found_paths = run(y, relative, self.seen, noise, first=max(start, first - 120), start=first, sided=sided)
        return found_paths, unit, self.seen[:, :first].sum(1).astype(float)

    def _flat(self, filled: Floats, first: int) -> Floats:
        """Values minus profile and level, both learnt before `first` on tamed values."""
        if self.profile.shape[1]:
            history = np.where(self.seen[:, :first], self.Y[:, :first], np.nan)
            rough = without_profile(history, self.profile[:first])
            outlying = tame(np.where(self.seen[:, :first], rough, 0.0), self.seen[:, :first])
            clean = np.where(self.seen[:, :first], history - rough + outlying, np.nan)
            learnt = clean - without_profile(clean, self.profile[:first])  # the profile itself, where seen
            Z = self.profile[:first]
            coefficient = np.stack(
                [
                    np.linalg.lstsq(Z[ok], row[ok], rcond=None)[0]
                    for row, ok in zip(learnt, self.seen[:, :first], strict=True)
                ]
            )
            filled = filled - coefficient @ self.profile.T
        level = np.array([np.median(row[ok]) for row, ok in zip(filled[:, :first], self.seen[:, :first], strict=True)])
        return np.where(self.seen, filled - level[:, None], 0.0)


def _silent(S: int) -> WatchState:
    never, nothing = np.full(S, -1), np.full(S, np.nan)
    return WatchState(
        first_alarm=never.copy(), onset=never.copy(), score=nothing.copy(), size=nothing.copy(), low=nothing.copy(),
        high=nothing.copy(), active=np.zeros(S, bool),
    )  # fmt: skip


def _read(state: WatchState, rows: Ints, paths: Paths, limit: Floats, unit: Floats, first: int) -> None:
    """Enter a block's paths into the state of `rows`."""
    beyond = paths.statistic > limit[:, None]
    some = beyond.any(1)
    state.first_alarm[rows] = np.where(
        (state.first_alarm[rows] < 0) & some, first + beyond.argmax(1), state.first_alarm[rows]
    )
    state.score[rows] = paths.statistic[:, -1] / limit
    state.active[rows] = beyond[:, -1]
    hit = rows[some]
    day = beyond.shape[1] - 1 - beyond[some][:, ::-1].argmax(1)
    pick = np.flatnonzero(some)
    size, half = paths.size[pick, day] * unit[pick], 1.96 * paths.se[pick, day] * np.abs(unit[pick])
    state.onset[hit], state.size[hit] = paths.onset[pick, day].astype(np.int64), size
    state.low[hit], state.high[hit] = size - half, size + half
