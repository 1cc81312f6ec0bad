"""A roll-out in stages: each segment against those that do not have the change yet, and all of them pooled.

Two-way fixed effects would compare late segments with early ones, whose effect is then part of what is expected, and
so may even turn the sign where effects differ or grow (Goodman-Bacon 2021). Here nobody is compared with a segment that
has the change already (Callaway & Sant'Anna 2021), and the average is weighted by answers, not by variance.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from cxmon.stats.arrays import Floats, Ints, matrix, median_of
from cxmon.stats.pooling import Pooled, Window, error_correlations, pooled
from cxmon.stats.profiles import columns
from cxmon.stats.results import Effect
from cxmon.stats.together import Asking, Question, answered


@dataclass(frozen=True, kw_only=True, eq=False)
class StageEffect:
    """One segment's effect. `controls` counts the segments it is compared with at its start (0: before and after only),
    `compared_until` is the period from which nobody is left to compare with: later ones are not judged. `weight` is its
    share in the pooled mean, 0 where it is not in it. `units` are the segments behind `effect.controls_used`: below S a
    staged one, from S on the untouched ones in their order."""

    effect: Effect
    units: tuple[int, ...]
    answers: float
    weight: float
    controls: int
    compared_until: int
    begun: bool


@dataclass(frozen=True, kw_only=True)
class Age:
    """The pooled effect `first` to before `until` periods after each stage began, of those that were so old."""

    first: int
    until: int
    effect: Pooled


@dataclass(frozen=True, kw_only=True, eq=False)
class Staged:
    """What a roll-out did so far: `pooled`, `stages` (S,) in the caller's order, `by_age`, and the correlation (R, R)
    of the errors of the stages in the pool, in their order."""

    pooled: Pooled
    stages: tuple[StageEffect, ...]
    by_age: tuple[Age, ...]
    correlation: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class _Rollout:
    """S segments on one grid, then K untouched ones: units (S + K, T). `begins` and `ends` (S,) are periods."""

    values: Floats
    n: Floats | None
    se: Floats | None
    complete: Floats | None
    begins: Ints
    ends: Ints
    options: dict[str, Any]

    @property
    def untouched(self) -> int:
        return len(self.values) - len(self.begins)


def staged_effect(
    values: Any, at: Any, *, until: Any = None, n: Any = None, se: Any = None, never: Any = None, never_n: Any = None,
    never_se: Any = None, kind: str = "mean", period: Any = 7, yearly: float | None = None, complete: Any = None,
    confidence: float = 0.95, sequential: bool = False, horizon: int | None = None, ages: Sequence[int] = (),
    last: int | None = None,
) -> Staged:  # fmt: skip
    """The effect of a change that came to S segments at dates of their own, in the values' units.

    values         (S, T), NaN = missing, with `n` and `se` likewise (or None); complete (T,) or (S, T)
    at, until      (S,) index of each segment's first period with the change (T or more: not yet), and without it again
    never          the same figure in segments that never have the change (K, T), with `never_n`, `never_se`
    ages           edges such as (0, 7, 14, 28): pooled effects by age, each read once on its own
    last           only the last so many measured periods of each segment are judged
    Others as in `effect`; `horizon` counts from each stage's own start.

    A segment's controls are the untouched ones and those whose stage begins later, up to the period where it does.
    Where none is left its judged periods end; a segment with hardly a cycle of comparison is judged before and after.
    The pooled mean is weighted by answers (periods where `n` is not given). With `sequential` all intervals, those of
    the stages and the pooled one, may be read after every period, and together err with 1 - confidence: each stage, and
    each new composition of the pool, is a statement with an equal part of it.

    ValueError on wrong shapes. Method: docs/methods/staged.md.
    """
    return answered(staged_asking(
        values, at, until=until, n=n, se=se, never=never, never_n=never_n, never_se=never_se, kind=kind, period=period,
        yearly=yearly, complete=complete, confidence=confidence, sequential=sequential, horizon=horizon, ages=ages,
        last=last,
    ))  # fmt: skip


def staged_asking(
    values: Any, at: Any, *, until: Any = None, n: Any = None, se: Any = None, never: Any = None, never_n: Any = None,
    never_se: Any = None, kind: str = "mean", period: Any = 7, yearly: float | None = None, complete: Any = None,
    confidence: float = 0.95, sequential: bool = False, horizon: int | None = None, ages: Sequence[int] = (),
    last: int | None = None,
) -> Asking[Staged]:  # fmt: skip
    """`staged_effect` as work that asks for the effects of its stages, so that those of other works can be found
    together with them."""
    r = _rollout(values, at, until, n, se, never, never_n, never_se, complete)
    r.options.update(kind=kind, period=period, yearly=yearly)
    edges = _edges(ages)
    S, T = len(r.begins), r.values.shape[1]
    begun = r.begins < T
    statements = S + len(np.unique(r.begins)) - 1 if sequential else 1
    own = 1 - (1 - confidence) / statements
    windows = [_window(r, s, last) for s in range(S)]
    each = yield _questions(r, windows, {"confidence": own, "sequential": sequential, "horizon": horizon})
    found = [
        replace(e, p_value=min(1.0, e.p_value * statements), confidence=confidence, reason=_why(r, s, e))
        for s, e in enumerate(each)
    ]
    whole, weight, correlation = _pool(r, windows, found, confidence, [f"{int(begun.sum())} of {S} stages have begun"])
    stages = tuple(
        StageEffect(
            effect=e, units=tuple(np.flatnonzero(w.controls.any(1)).tolist()), answers=_answers(r, w),
            weight=float(weight[s]), controls=int(w.controls[:, w.at - 1].sum()), compared_until=w.until,
            begun=bool(begun[s]),
        )
        for s, (e, w) in enumerate(zip(found, windows, strict=True))
    )  # fmt: skip
    by_age = []
    for first, end in pairwise(edges):
        by_age.append((yield from _aged(r, first, end, confidence)))
    return Staged(pooled=whole, stages=stages, correlation=correlation, by_age=tuple(by_age))


def _rollout(
    values: Any, at: Any, until: Any, n: Any, se: Any, never: Any, never_n: Any, never_se: Any, complete: Any
) -> _Rollout:
    own = np.asarray(values, float)
    if own.ndim != 2 or not own.size:
        raise ValueError(f"values has shape {own.shape}, expected (S, T) with at least one segment and period")
    S, T = own.shape
    begins = np.asarray(at, np.int64)
    if begins.shape != (S,):
        raise ValueError(f"at has shape {begins.shape}, expected ({S},)")
    if (begins < 1).any():
        raise ValueError(f"at is {int(begins.min())}, expected 1 or more")
    ends = np.full(S, T, np.int64) if until is None else np.minimum(np.broadcast_to(np.asarray(until, np.int64), S), T)
    wrong = np.flatnonzero((ends <= begins) & (begins < T))
    if len(wrong):
        raise ValueError(f"until is {ends[wrong[0]]}, expected more than at = {begins[wrong[0]]}")
    there = np.empty((0, T)) if never is None else matrix("never", never, T)
    return _Rollout(
        values=np.concatenate([own, there]), n=_beside("n", n, never_n, S, there), begins=begins, ends=ends,
        se=_beside("se", se, never_se, S, there), options={},
        complete=None if complete is None else np.broadcast_to(np.asarray(complete, float), (S, T)),
    )  # fmt: skip


def _beside(name: str, own: Any, theirs: Any, S: int, there: Floats) -> Floats | None:
    """One array (S + K, T) of what is known of the segments and of the untouched ones; None where it is not."""
    if own is None:
        return None
    K, T = there.shape
    mine = matrix(name, own, T)
    if len(mine) != S:
        raise ValueError(f"{name} has shape {mine.shape}, expected ({S}, {T})")
    rest = np.full((K, T), np.nan) if theirs is None else matrix(f"never_{name}", theirs, T)
    if len(rest) != K or (K and theirs is None):
        raise ValueError(f"never_{name} has shape {np.shape(theirs)}, expected ({K}, {T})")
    return np.concatenate([mine, rest])


def _edges(ages: Sequence[int]) -> list[int]:
    edges = [int(a) for a in ages]
    if edges != sorted(set(edges)) or (edges and edges[0] < 0) or len(edges) == 1:
        raise ValueError(f"ages is {tuple(ages)}, expected two or more rising numbers from 0 on")
    return edges


def _window(r: _Rollout, s: int, last: int | None = None, ages: tuple[int, int] | None = None) -> Window:
    """The judged periods of segment `s`, and who is compared with it when."""
    S, T = len(r.begins), r.values.shape[1]
    index = np.arange(T)
    later = np.flatnonzero(r.begins > r.begins[s])
    controls = np.zeros((len(r.values), T), bool)
    controls[S:] = True
    controls[later] = index < r.begins[later, None]
    begin, end = int(min(r.begins[s], T)), int(r.ends[s])
    if not r.untouched:
        compared = int(min(r.begins[later].max(initial=0), T))
        # Hardly a cycle of comparison says less than the whole time before and after.
        if compared - begin < min(max(columns(r.options["period"], T).shape[1] + 1, 5), T - begin):
            controls[:] = False
        else:
            end = min(end, compared)
    if last is not None:
        judged = begin + np.flatnonzero(np.isfinite(r.values[s, begin:end]))
        begin = int(judged[-last]) if len(judged) > last else begin
    if ages is not None:
        begin, end = begin + ages[0], min(end, begin + ages[1])
    return Window(unit=s, past=int(r.begins[s]), at=begin, until=max(end, begin), controls=controls)


def _questions(r: _Rollout, windows: Sequence[Window], reading: dict[str, Any]) -> list[Question]:
    """The question about each window; windows with the same controls hold them in common."""
    index, asked = np.arange(r.values.shape[1]), []
    compared: dict[bytes, dict[str, Floats]] = {}
    for w in windows:
        u = w.unit
        # Periods with the change that are not judged are no past; what lies behind the judged ones is no second past.
        judged = (index < r.begins[u]) | ((index >= w.at) & (index < w.until))
        after = (index >= r.ends[u]) & (w.until == r.ends[u])
        options = {"until": max(w.until, w.at + 1), "drawn": False} | r.options | reading
        for name, given in (("n", r.n), ("se", r.se), ("complete", r.complete)):
            options[name] = None if given is None else given[u]
        mask = w.controls.tobytes()
        if mask not in compared:
            compared[mask] = _compared(r, w)
        asked.append(Question(np.where(judged | after, r.values[u], np.nan), w.at, options | compared[mask]))
    return asked


def _compared(r: _Rollout, w: Window) -> dict[str, Floats]:
    """The controls of a window, with what is known of them."""
    used = w.controls.any(1)
    if not used.any():
        return {}
    found = {"controls": np.where(w.controls[used], r.values[used], np.nan)}
    beside = (("controls_n", r.n), ("controls_se", r.se))
    return found | {name: given[used] for name, given in beside if given is not None}


def _answers(r: _Rollout, w: Window) -> float:
    """Answers behind the judged periods of a window; their number where answers are not given."""
    seen = np.isfinite(r.values[w.unit, w.at : w.until])
    count = np.ones(seen.shape) if r.n is None else np.nan_to_num(r.n[w.unit, w.at : w.until])
    return float(count[seen].sum())


def _pool(
    r: _Rollout, windows: Sequence[Window], found: Sequence[Effect], confidence: float, why: Sequence[str]
) -> tuple[Pooled, Floats, Floats]:
    """The pooled effect of the windows that have one, each one's share in it, and the correlation of their errors."""
    answers = np.array([_answers(r, w) for w in windows])
    usable = np.array([math.isfinite(e.estimate) for e in found], bool) & (answers > 0)
    weight = np.zeros(len(windows))
    if not usable.any():
        reasons = dict.fromkeys([*why, *(e.reason for e in found if e.reason)])
        nan = math.nan
        nothing = Pooled(
            estimate=nan, low=nan, high=nan, p_value=nan, se=nan, stages=0, answers=0.0, reason="; ".join(reasons)
        )  # fmt: skip
        return nothing, weight, np.zeros((0, 0))
    kept = np.flatnonzero(usable).tolist()
    weight[kept] = answers[kept] / answers[kept].sum()
    correlation = error_correlations([windows[i] for i in kept], _variance(r))
    names = ("estimate", "low", "high", "se", "p_value")
    each = {name: np.array([getattr(found[i], name) for i in kept]) for name in names}
    return pooled(**each, answers=answers[kept], correlation=correlation, confidence=confidence), weight, correlation


def _variance(r: _Rollout) -> Floats:
    """Sampling variance (U,) of each unit's typical value, up to a factor that all share."""
    given = r.se if r.se is not None else r.n
    if given is None:
        return np.ones(len(r.values))
    typical = median_of(np.nan_to_num(given), np.nan_to_num(given) > 0)
    typical = np.where(np.isfinite(typical), typical, np.nanmedian(typical) if np.isfinite(typical).any() else 1.0)
    return np.asarray(typical**2 if r.se is not None else 1 / typical)


def _aged(r: _Rollout, first: int, until: int, confidence: float) -> Asking[Age]:
    """The pooled effect at one age, over the segments that have lived through the whole of it."""
    every = [_window(r, s, ages=(first, until)) for s in range(len(r.begins))]
    windows = [w for w in every if w.until - w.at == until - first]
    found = yield _questions(r, windows, {"confidence": confidence})
    why = [f"{len(windows)} of {len(every)} stages are {until} periods old and still compared"]
    return Age(first=first, until=until, effect=_pool(r, windows, found, confidence, why)[0])


def _why(r: _Rollout, s: int, found: Effect) -> str:
    T = r.values.shape[1]
    if r.begins[s] >= T:
        return f"its stage begins in period {int(r.begins[s])}, the data end with {T - 1}"
    return found.reason
