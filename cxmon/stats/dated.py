"""The public doors to the effect of a dated change: `effect`, `effects` and `estimate`."""

from typing import Any

import numpy as np

from cxmon.stats.arrays import Floats
from cxmon.stats.boundary import SPENT_TO_HORIZON, zone
from cxmon.stats.estimator import Fitted, Interval, fit, interval, looks, posterior, pre_fit_ok
from cxmon.stats.expectation import expected
from cxmon.stats.mixture import Mixture
from cxmon.stats.problem import Asked, Problem, asked, problem
from cxmon.stats.results import Effect, Estimate

BAND = 0.99


def effect(
    values: Any, at: int, *, until: int | None = None, n: Any = None, se: Any = None, controls: Any = None,
    controls_n: Any = None, controls_se: Any = None, kind: str = "mean", period: Any = 7, yearly: float | None = None,
    complete: Any = None, confidence: float = 0.95, sequential: bool = False, horizon: int | None = None,
) -> Effect:  # fmt: skip
    """The effect of a change dated `at` on `values` (T,), NaN = missing, in the values' units.

    at, until      index of the first period with the change, and of the first without it again
    n, se          answers (exposure) behind each value (T,); or its standard error (T,) where it is known
    controls       the same figure in segments the change did not touch (K, T), with `controls_n`, `controls_se`
    kind           proportion (shares 0..1), rate (events per exposure), mean or quantile (natural units)
    period         periods in a cycle, or (T,) labels of the profile; yearly: periods in a year
    complete       share (T,) of the data that has arrived; periods below one half are not judged
    sequential     the interval may be read after every period up to `horizon` periods past the change, with 0.8 of the
                   error, and after it with 0.2 (wider); noise parameters are frozen from before the change

    Too little data gives NaN and a reason with the numbers. ValueError on wrong shapes. Method: docs/methods/effect.md.
    """
    a = asked(values, at, until, n, se, controls, controls_n, controls_se, kind, period, yearly, complete)
    return _answer(a, confidence, sequential=sequential, horizon=horizon)[0]


def effects(values: Any, at: Any, *, controls: Any = None, **options: Any) -> list[Effect]:
    """`effect` for each row of `values` (S, T); `at` and `until` int or (S,), `controls` (K, T) or (S, K, T).

    Per-series options (`n`, `se`, `complete` as (S, T); `controls_n`, `controls_se` like `controls`) are taken row by
    row.
    """
    rows = np.atleast_2d(np.asarray(values, float))
    starts = np.broadcast_to(np.asarray(at), (len(rows),))
    return [
        effect(row, int(starts[s]), controls=_of(controls, s, 3), **{k: _row(k, v, s) for k, v in options.items()})
        for s, row in enumerate(rows)
    ]


def estimate(values: Any, at: int, *, smooth: int = 1, **options: Any) -> Estimate:
    """`effect` with the 99 % band of the board around the trailing mean of `smooth` periods; same options."""
    confidence, sequential = options.pop("confidence", 0.95), options.pop("sequential", False)
    horizon = options.pop("horizon", None)
    full: dict[str, Any] = dict.fromkeys(
        ("until", "n", "se", "controls", "controls_n", "controls_se", "yearly", "complete")
    )
    full |= {"kind": "mean", "period": 7} | options
    a = asked(
        values, at, full.pop("until"), full.pop("n"), full.pop("se"), full.pop("controls"), full.pop("controls_n"),
        full.pop("controls_se"), full.pop("kind"), full.pop("period"), full.pop("yearly"), full.pop("complete"),
    )  # fmt: skip
    if full:
        raise TypeError(f"estimate got an unexpected option: {', '.join(sorted(full))}")
    found, fitted = _answer(a, confidence, sequential=sequential, horizon=horizon)
    if fitted is None:
        nothing = np.full(len(a.values), np.nan)
        return Estimate(effect=found, band_expected=nothing, band_low=nothing, band_high=nothing)
    middle, low, high = (_inside(a.kind, x) for x in expected(fitted, smooth, BAND))
    return Estimate(effect=found, band_expected=middle, band_low=low, band_high=high)


def _answer(a: Asked, confidence: float, *, sequential: bool, horizon: int | None) -> tuple[Effect, Fitted | None]:
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}, expected between 0 and 1")
    p = problem(a)
    if p.reason:
        return _nothing(p, confidence), None
    f = fit(p)
    found = posterior(f, frozen=sequential)
    answer = _interval(f, found, confidence, sequential=sequential, horizon=horizon)
    middle, low, high = expected(f, 1, confidence)
    # The picture and the number are one answer: what lies between values and expectation is the estimate.
    gap = float(np.mean((a.values - middle)[p.judged])) - answer.estimate
    after = np.arange(len(middle)) >= p.at
    middle = np.where(after, middle + gap, middle)
    low, high = (_inside(a.kind, np.where(after, x + gap, x)) for x in (low, high))
    return Effect(
        estimate=answer.estimate, low=answer.low, high=answer.high, p_value=answer.p_value, se=answer.se,
        expected=middle, expected_low=low, expected_high=high, controls_used=p.controls_used, n_pre=p.n_pre,
        n_post=p.n_post, confidence=confidence, pre_fit_ok=pre_fit_ok(f), reason="",
    ), f  # fmt: skip


def _interval(f: Fitted, found: Mixture, confidence: float, *, sequential: bool, horizon: int | None) -> Interval:
    if not sequential:
        return interval(found, confidence)
    p = f.problem
    age = int(np.flatnonzero(p.judged)[-1]) - p.at + 1
    last = max(age, 1) if horizon is None else max(int(horizon), 1)
    total, left, beyond = looks(f, last)
    length, share = zone(total, left)
    first = interval(found, confidence, length=length, share=share)
    if age <= last:
        return first
    later = interval(found, confidence, length=beyond, share=1 - SPENT_TO_HORIZON)
    return later if later.high - later.low > first.high - first.low else first


def _inside(kind: str, values: Floats) -> Floats:
    """Bounds that the kind can take: shares within 0..1, rates not below 0."""
    if kind == "proportion":
        return np.clip(values, 0.0, 1.0)
    return np.maximum(values, 0.0) if kind == "rate" else values


def _nothing(p: Problem, confidence: float) -> Effect:
    nan, empty = float("nan"), np.full(len(p.y), np.nan)
    return Effect(
        estimate=nan, low=nan, high=nan, p_value=nan, se=nan, expected=empty, expected_low=empty, expected_high=empty,
        controls_used=p.controls_used, n_pre=p.n_pre, n_post=p.n_post, confidence=confidence, pre_fit_ok=False,
        reason=p.reason,
    )  # fmt: skip


PER_SERIES = {"n": 2, "se": 2, "complete": 2, "controls_n": 3, "controls_se": 3, "until": 1}


def _row(name: str, given: Any, s: int) -> Any:
    """Row `s` of an option that may differ by series."""
    if given is None or name not in PER_SERIES:
        return given
    found = np.asarray(given)
    if found.ndim < PER_SERIES[name]:
        return given
    return int(found[s]) if name == "until" else found[s]


def _of(controls: Any, s: int, depth: int) -> Any:
    return controls if controls is None or np.ndim(controls) < depth else np.asarray(controls)[s]
