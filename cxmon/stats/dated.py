"""The public answers on a dated change: `effect`, its batch form `effects`, and `estimate` with the board's band."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cxmon.stats.arrays import Bools, Floats, near, vector
from cxmon.stats.asked import Asked, asked
from cxmon.stats.estimator import Fitted, fit, likeliest, posterior, pre_fit_ok
from cxmon.stats.expectation import expected
from cxmon.stats.looking import daily, once
from cxmon.stats.problem import fit_least, problem, too_little, usable
from cxmon.stats.profiles import columns
from cxmon.stats.results import Effect, Estimate

BAND = 0.99
# Numbers held at once: more only makes the processor wait for memory.
BLOCK = 16_000_000
# Numpy copies operands that repeat (a series' gains over its columns) into buffers wherever less than a buffer of them
# lies in a row, at a third of the time of an operation. With small ones it does not; what it works out is the same.
BUFFER = 512


def effect(
    values: Any, at: int, *, until: int | None = None, n: Any = None, se: Any = None, controls: Any = None,
    controls_n: Any = None, controls_se: Any = None, kind: str = "mean", period: Any = 7, yearly: float | None = None,
    complete: Any = None, others: Sequence[tuple[int, int]] = (), confidence: float = 0.95, sequential: bool = False,
    horizon: int | None = None, drawn: bool = True,
) -> Effect:  # fmt: skip
    """The effect of a change dated `at` on `values` (T,), NaN = missing, in the values' units.

    at, until      index of the first period with the change, and of the first without it again
    n, se          answers (exposure) behind each value (T,); or its standard error (T,) where it is known
    controls       the same figure in segments the change did not touch (K, T), with `controls_n`, `controls_se`
    kind           proportion (shares 0..1), rate (events per exposure), mean or quantile (natural units)
    period         periods in a cycle, or (T,) labels of the profile
    yearly         periods in a year: a wave is estimated. Without a profile and with hardly a year of past it is not
                   known, and the interval allows for one of the usual size; else under a year there is none
    complete       share (T,) of the data that has arrived; periods below one half are not judged
    others         (at, until) of other changes on the series: their effects are estimated jointly, as steps
    sequential     the interval may be read after every period up to `horizon` periods past the change, with 0.9 of the
                   error, and after it with 0.1 (wider); noise parameters are frozen from before the change.
                   Without a horizon: 365 periods, or all there are
    drawn          False leaves out what was expected in each period (NaN), for those who ask for the effect only

    Too little data gives NaN and a reason with the numbers. ValueError on wrong shapes. Method: docs/methods/effect.md.
    """
    return effects(
        vector("values", values)[None], at, until=until, n=n, se=se, controls=controls, controls_n=controls_n,
        controls_se=controls_se, kind=kind, period=period, yearly=yearly, complete=complete, others=others,
        confidence=confidence, sequential=sequential, horizon=horizon, drawn=drawn,
    )[0]  # fmt: skip


def effects(
    values: Any, at: Any, *, confidence: float = 0.95, sequential: bool = False, horizon: int | None = None,
    drawn: bool = True, **asks: Any,
) -> list[Effect]:  # fmt: skip
    """`effect` for each row of `values` (S, T), many times faster than one by one.

    `at` and `until` int or (S,); `n`, `se`, `complete` (T,) or (S, T); `controls` (K, T) for all or (S, K, T), and
    `controls_n`, `controls_se` likewise. Other options as in `effect`.
    """
    out: list[Effect | None] = [None] * len(np.asarray(values))
    reading = _Reading(confidence, sequential, horizon, drawn)
    for rows, answers, _ in _answers(values, at, asks, reading):
        for s, answer in zip(np.flatnonzero(rows), answers, strict=True):
            out[s] = answer
    return [answer for answer in out if answer is not None]


def estimate(values: Any, at: int, *, smooth: int = 1, **options: Any) -> Estimate:
    """`effect` with the 99 % band of the board around the trailing mean of `smooth` periods; same options."""
    y = vector("values", values)[None]
    reading = _Reading(
        options.pop("confidence", 0.95), options.pop("sequential", False), options.pop("horizon", None), drawn=True
    )
    _, found, fitted = next(iter(_answers(y, at, options, reading)))
    if fitted is None:
        nothing = np.full(y.shape[1], np.nan)
        return Estimate(effect=found[0], band_expected=nothing, band_low=nothing, band_high=nothing)
    kind = options.get("kind", "mean")
    middle, low, high = (_inside(kind, x[0]) for x in expected(fitted, smooth, BAND))
    return Estimate(effect=found[0], band_expected=middle, band_low=low, band_high=high)


@dataclass(frozen=True)
class _Reading:
    """How an effect is read, whatever it is of."""

    confidence: float
    sequential: bool
    horizon: int | None
    drawn: bool


def _answers(
    values: Any, at: Any, asks: dict[str, Any], reading: _Reading
) -> Iterator[tuple[Bools, list[Effect], Fitted | None]]:
    """Blocks of rows with their answers; the fit is that of the block's rows with data enough."""
    if not 0 < reading.confidence < 1:
        raise ValueError(f"confidence is {reading.confidence}, expected between 0 and 1")
    for mask, whole in asked(values, at, **asks):
        rows = np.flatnonzero(mask)
        for some in near(len(rows), _held(whole), BLOCK):
            part = np.zeros(len(rows), bool)
            part[some] = True
            mine = np.zeros(len(mask), bool)
            mine[rows[part]] = True
            # On its way out `errstate` puts back the size of the buffer, too.
            with np.errstate():
                np.setbufsize(BUFFER)
                answers, fitted = _block(whole.rows(part), reading)
            yield mine, answers, fitted


def _held(a: Asked) -> int:
    """Numbers a series that are held at once."""
    T = a.values.shape[1]
    shared = 0 if a.controls is None or len(a.controls) == 1 else a.controls.shape[1]
    width = int(columns(a.period, T).shape[1]) + 6 + shared
    return int(max(T, 1) * 32 * width)


def _block(a: Asked, reading: _Reading) -> tuple[list[Effect], Fitted | None]:
    p, confidence = problem(a), reading.confidence
    if p is None:
        return [_nothing(a, s, confidence) for s in range(len(a.values))], None
    f = fit(p)
    found = posterior(f, frozen=reading.sequential)
    answers = daily(f, found, confidence, reading.horizon) if reading.sequential else once(found, confidence)
    estimates = np.array([x.estimate for x in answers])
    middle, low, high = _drawn(a, f, estimates, confidence) if reading.drawn else np.full((3, *p.y.shape), np.nan)
    likely, fits, told, j = likeliest(f), pre_fit_ok(f), [], 0
    for s, ok in enumerate(p.kept):
        if not ok:
            told.append(_nothing(a, s, confidence))
            continue
        x = answers[j]
        told.append(Effect(
            estimate=x.estimate, low=x.low, high=x.high, p_value=x.p_value, se=x.se, expected=middle[j],
            expected_low=low[j], expected_high=high[j], controls_used=p.controls_used[j],
            controls_moved=p.controls_moved[j], n_pre=int(p.n_pre[j]), n_post=int(p.n_post[j]), confidence=confidence,
            pre_fit_ok=fits[j], fit_least=p.fit_least,
            season_unknown=bool(p.season_unknown[j]), shape=likely[j], reason="",
        ))  # fmt: skip
        j += 1
    return told, f


def _drawn(a: Asked, f: Fitted, estimates: Floats, confidence: float) -> Iterator[Floats]:
    """What was expected in each period, with its ends, each (S, T)."""
    p, ends = f.problem, expected(f, 1, confidence)
    # The picture and the number are one answer: what lies between values and expectation is the estimate.
    gap = np.where(p.judged, a.values[p.kept] - ends[0], 0.0).sum(1) / p.n_post - estimates
    after = np.arange(p.y.shape[1]) >= p.at
    return (_inside(a.kind, np.where(after, x + gap[:, None], x)) for x in ends)


def _inside(kind: str, values: Floats) -> Floats:
    """Bounds that the kind can take: shares within 0..1, rates not below 0."""
    if kind == "proportion":
        return np.clip(values, 0.0, 1.0)
    return np.maximum(values, 0.0) if kind == "rate" else values


def _nothing(a: Asked, s: int, confidence: float) -> Effect:
    T = a.values.shape[1]
    seen, judged = usable(a)
    n_pre, n_post = int(seen[s, : a.at].sum()), int(judged[s].sum())
    nan, empty = float("nan"), np.full(T, np.nan)
    none = np.zeros(0 if a.controls is None else a.controls.shape[1], bool)
    profile = columns(a.period, T).shape[1]
    return Effect(
        estimate=nan, low=nan, high=nan, p_value=nan, se=nan, expected=empty, expected_low=empty, expected_high=empty,
        controls_used=none, controls_moved=none, n_pre=n_pre, n_post=n_post, confidence=confidence, pre_fit_ok=False,
        fit_least=fit_least(profile), season_unknown=False, shape="", reason=too_little(n_pre, n_post, profile),
    )  # fmt: skip
