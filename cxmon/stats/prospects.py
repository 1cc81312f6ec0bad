"""Before a change: after how many periods a daily reading would see an effect of some size, or rule it out.

A few futures are drawn from what the history teaches (`futures`) and read by the estimator exactly as a change is
judged, sequential boundary included. That gives, by period, how wide the interval will be and how much of the effect
the estimate shows. When it first says so follows from many paths of the estimate's error: estimates of an efficient
estimator have independent increments of score (Jennison & Turnbull 2000, chapter 3), so with I the information,
I x error is a Brownian motion in I.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtri

from cxmon.stats.arrays import Floats, Ints, vector
from cxmon.stats.asked import Asked, asked
from cxmon.stats.dated import effects
from cxmon.stats.estimator import fit
from cxmon.stats.futures import futures, spread
from cxmon.stats.looking import levels_ahead
from cxmon.stats.problem import fit_least, problem, too_little, usable
from cxmon.stats.profiles import columns

DRAWS = 12
# Long series cost more a draw, and their intervals differ less.
FEW_DRAWS, LONG = 4, 1500
LOOKS = 11
PATHS = 4000


@dataclass(frozen=True, kw_only=True, eq=False)
class Chance:
    """The chance (K,) that it was said by each period, the period by which half of the futures have said it (inf where
    fewer than half do up to the horizon), and the effect's size that half of them show by the horizon."""

    by: Floats
    median: float
    smallest: float

    @property
    def by_horizon(self) -> float:
        return float(self.by[-1])


@dataclass(frozen=True, kw_only=True, eq=False)
class Prospect:
    """What a daily reading from `periods` (K,) on would say, periods counted from the change; NaN with a `reason`
    where the history is too short.

    `seen`: if the effect is `size`, that it is beyond zero; `ruled_out`: if there is none, that it is smaller than
    `size`. `half_width` (K,) is the expected distance from the estimate to the end of the interval that decides
    `seen`, `spread` the standard deviation of one period's value around its expectation. `controls_used` (K,) are
    those that would count, `pre_fit_ok`, `fit_least` and `season_unknown` as in `Effect`; sizes are absolute, in the
    values' units.
    """

    size: float
    periods: Ints
    half_width: Floats
    seen: Chance
    ruled_out: Chance
    spread: float
    n_pre: int
    controls_used: Floats
    pre_fit_ok: bool
    fit_least: int
    season_unknown: bool = False
    reason: str = ""


def prospect(
    values: Any, at: int, size: float, *, horizon: int, first: int = 1, last: int | None = None,
    confidence: float = 0.95, seed: int = 0, **asks: Any,
) -> Prospect:  # fmt: skip
    """When an effect of `size` (signed, in the values' units) on `values` (T,) from `at` on would be seen or ruled out.

    values     before `at` they are history; from there on they only say which periods will be measured, and `n`, `se`,
               `controls` and `complete` of later periods are those that are expected
    horizon    the reading is calibrated up to so many periods past the change; `last` (default `horizon`) is how far it
               is followed, at most T - at; `first` the first period past it at which it is read
    confidence, other options as in `effect`. Draws are seeded: the same question has the same answer.

    ValueError where `size` is zero or no number. Method: docs/methods/planner.md.
    """
    y = vector("values", values)
    if not (np.isfinite(size) and size != 0):
        raise ValueError(f"size is {size}, expected a size other than zero")
    end = min(horizon if last is None else last, len(y) - at)
    _, whole = asked(y[None], at, **asks)[0]
    draws = DRAWS if len(y) <= LONG else FEW_DRAWS
    p = problem(whole)
    # A look before anything was measured says nothing.
    measured = np.flatnonzero(usable(whole)[1][0]) - at
    first = max(first, int(measured[0]) + 1) if len(measured) else first
    if p is None or first > end:
        return _nothing(whole, size, end, first)
    f, periods = fit(p), np.arange(first, end + 1)
    # How many standard errors a daily interval reaches: all draws share one past, and so one noise and one bound.
    bounds = -ndtri(levels_ahead(f, periods, confidence, horizon) / 2)
    read = _read(futures(whole, f, draws, seed), at, size, _grid(first, end), asks, confidence, horizon)
    curves = _by_period(periods, bounds, read)
    error = _errors(curves["spread"], seed)
    need = (curves["near"][:, None] - error) / np.maximum(curves["gain"], 1e-3)[:, None]
    open_ = curves["far"][:, None] + error
    return Prospect(
        size=abs(size), periods=periods, half_width=np.median(curves["near"], axis=0),
        seen=_chance(periods, need, abs(size)),
        ruled_out=_chance(periods, open_, abs(size)), spread=spread(f), n_pre=read.n_pre,
        controls_used=read.controls_used, pre_fit_ok=read.pre_fit_ok, fit_least=p.fit_least,
        season_unknown=bool(p.season_unknown[0]),
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class _Read:
    """What the drawn futures say at the looks (L,): curves (D, L) of one future each."""

    looks: Ints
    curves: dict[str, Floats]
    n_pre: int
    controls_used: Floats
    pre_fit_ok: bool


def _grid(first: int, end: int) -> Ints:
    """The periods at which drawn futures are read: in between, intervals narrow smoothly."""
    return np.unique(np.round(np.geomspace(first, end, LOOKS)).astype(np.int64))


def _read(
    drawn: Floats, at: int, size: float, looks: Ints, asks: dict[str, Any], confidence: float, horizon: int
) -> _Read:
    """The drawn futures (D, T), without the effect and with it, as they would be judged at each of the `looks`."""
    D, T = drawn.shape
    sign = np.sign(size)
    both = np.concatenate([drawn, drawn + size * (np.arange(T) >= at)])
    if asks.get("kind") == "proportion":
        both = np.clip(both, 0.0, 1.0)
    found: dict[str, list[Floats]] = {"near": [], "far": [], "gain": [], "spread": []}
    used, fits, n_pre = np.zeros(0), False, 0
    for k in looks:
        stop = at + int(k)
        cut = {name: _cut(name, given, stop) for name, given in asks.items()}
        answers = effects(
            both[:, :stop], at, confidence=confidence, sequential=True, horizon=horizon, drawn=False, **cut
        )
        middle, ends, se = (
            np.array(x) * s
            for x, s in (
                ([a.estimate for a in answers], sign),
                ([(a.low, a.high) if sign > 0 else (a.high, a.low) for a in answers], sign),
                ([a.se for a in answers], 1.0),
            )
        )
        # With the effect the end towards zero decides, without it the far one.
        found["near"].append((middle - ends[:, 0])[D:])
        found["far"].append((ends[:, 1] - middle)[:D])
        found["gain"].append((middle[D:] - middle[:D]) / abs(size))
        found["spread"].append((se[D:] + se[:D]) / 2)
        used = np.mean([a.controls_used & ~a.controls_moved for a in answers], axis=0)
        fits, n_pre = bool(np.mean([a.pre_fit_ok for a in answers]) > 0.5), answers[0].n_pre
    curves = {name: np.array(x).T for name, x in found.items()}
    return _Read(looks=looks, curves=curves, n_pre=n_pre, controls_used=used, pre_fit_ok=fits)


def _cut(name: str, given: Any, stop: int) -> Any:
    """What is asked of periods before `stop` only."""
    if name in {"n", "se", "complete", "controls", "controls_n", "controls_se", "period"} and np.ndim(given):
        return np.asarray(given)[..., :stop]
    return given


def _by_period(periods: Ints, bounds: Floats, read: _Read) -> dict[str, Floats]:
    """The curves (D, K) at each period. They are smooth, and taken to be straight in logarithms between the looks, but
    for the bounds: those drop where the error that may be spent late begins, and are known for each period."""
    at_looks = bounds[np.searchsorted(periods, read.looks)]
    out = {}
    for name, curve in read.curves.items():
        unit = read.curves["spread"] * at_looks if name in {"near", "far"} else 1.0
        smooth = np.log(np.maximum(curve / unit, 1e-12))
        out[name] = np.exp([np.interp(np.log(periods), np.log(read.looks), row) for row in smooth])
    for name in ("near", "far"):
        out[name] *= out["spread"] * bounds
    return out


def _errors(spread: Floats, seed: int) -> Floats:
    """Paths (D, N, K) of the estimate's error, whose standard deviation falls along `spread` (D, K)."""
    information = np.maximum.accumulate(1 / np.maximum(spread, 1e-12) ** 2, axis=1)
    steps = np.sqrt(np.diff(information, axis=1, prepend=0.0))
    half = np.random.default_rng(seed).standard_normal((len(spread), PATHS // 2 // len(spread), spread.shape[1]))
    score = np.cumsum(np.concatenate([half, -half], axis=1) * steps[:, None], axis=2)
    return np.asarray(score / information[:, None])


def _chance(periods: Ints, need: Floats, size: float) -> Chance:
    """From the size (D, N, K) that would be enough on each path and period: once said stays said."""
    enough = np.minimum.accumulate(need.reshape(-1, need.shape[2]), axis=1)
    by = (enough <= size).mean(0)
    reached = by >= 0.5
    median = float(periods[reached.argmax()]) if reached.any() else float("inf")
    return Chance(by=by, median=median, smallest=max(0.0, float(np.median(enough[:, -1]))))


def _nothing(whole: Asked, size: float, end: int, first: int) -> Prospect:
    seen, judged = usable(whole)
    n_pre, n_post, nan = int(seen[0, : whole.at].sum()), int(judged[0].sum()), float("nan")
    profile = columns(whole.period, whole.values.shape[1]).shape[1]
    reason = too_little(n_pre, n_post, profile)
    none = Chance(by=np.full(1, nan), median=nan, smallest=nan)
    return Prospect(
        size=abs(size), periods=np.zeros(0, np.int64), half_width=np.zeros(0), seen=none, ruled_out=none, spread=nan,
        n_pre=n_pre, controls_used=np.zeros(0), pre_fit_ok=False, fit_least=fit_least(profile),
        reason=reason or f"{max(end, 0)} periods are followed, the first look needs {first}",
    )  # fmt: skip
