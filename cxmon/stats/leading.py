"""Which early figures ran ahead of another one on months held out: a forecast with and without each of them.

For each held-out month the figure of every segment is forecast from what was known before it, once from its own past
and once with the candidate of `lag` months earlier, by slopes of least squares on all other months (Stone 1974; pooled
over segments; of forecasts whose errors follow no pattern the months after may teach as well as those before: Bergmeir,
Hyndman & Koo 2018). All figures are taken against the mean of all segments in the same month, so that a season or a
shock that all share says nothing. Whether the errors are smaller is asked by the test of Clark and West (2007) for
nested forecasts, on one value a month (segments of one month share their luck) and with Student's t and the correction
of Harvey, Leybourne and Newbold (1997); which of all candidates and lags may be named, by the rule of Benjamini and
Hochberg (1995).

That a figure ran ahead is about forecasts. It says nothing of causes: what moves both, or what the later figure itself
brought about, runs ahead as well.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr, stdtrit

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

LAGS = (1, 2, 3)
# Own past: one, two and three months back, and the mean of all before.
OWN_LAGS = 3
# So many months past those of the own past are asked for, and at least so many of them have to have figures.
LEAST_MONTHS, LEAST_HELD_OUT, LEAST_SEGMENTS = 12, 6, 4
# A month counts where this share of the segments has figures of both.
_ENOUGH = 0.5


@dataclass(frozen=True, kw_only=True)
class Lead:
    """One candidate at one lag, on `months` held-out months of `segments` segments.

    `gain` is how much smaller the error was with the candidate, as a share of the error without it (0.1: a tenth
    smaller; negative: larger), with its 95 % interval `low` to `high` over months. `p_value` is one-sided: that the
    candidate adds nothing. `sign` is that of the relation, +1 where the figure rises after a rise of the candidate.
    NaN and 0 with a `reason` where nothing can be said.
    """

    lag: int
    gain: float
    low: float
    high: float
    p_value: float
    sign: int
    months: int
    segments: int
    reason: str = ""


def ran_ahead(y: Floats, n: Floats, x: Floats, lags: Sequence[int] = LAGS) -> tuple[Lead, ...]:
    """One `Lead` a lag: did `x` (S, T) run ahead of `y` (S, T) by so many months?

    `n` (S, T) is what each value of `y` stands on, its weight. NaN is missing; a missing `x` says nothing of its
    segment. Segments without any figure are left out.
    """
    seen = np.isfinite(y) & (n > 0)
    some = (seen & np.isfinite(x)).any(1) if x.size else np.zeros(len(y), bool)
    y, n, x = (np.asarray(a, float)[some] for a in (np.where(seen, y, np.nan), n, x))
    weight = np.where(np.isfinite(y), n, 0.0)
    return tuple(_lead(y, weight, x, lag) for lag in lags)


def discoveries(p_values: Sequence[float], q: float = 0.05) -> Bools:
    """Which of all that was asked may be named, so that of those named a share of at most `q` is false on average, and
    with nothing there anything is named with a chance of at most `q`. NaN was not asked.
    """
    p = np.asarray(p_values, float)
    asked = np.flatnonzero(np.isfinite(p))
    named = np.zeros(len(p), bool)
    m = len(asked)
    if not m:
        return named
    order = asked[np.argsort(p[asked], kind="stable")]
    passes = np.flatnonzero(p[order] <= q * np.arange(1, m + 1) / m)
    if len(passes):
        named[order[: passes[-1] + 1]] = True
    return named


def _lead(y: Floats, weight: Floats, x: Floats, lag: int) -> Lead:
    S, T = y.shape
    first = max(OWN_LAGS, lag) + 1
    if S < LEAST_SEGMENTS:
        return _unknown(lag, f"{S} segments, {LEAST_SEGMENTS} are needed to tell a season from a lead", S)
    if T - first < LEAST_MONTHS:
        return _unknown(lag, f"{T} complete months, {first + LEAST_MONTHS} are needed", S)
    target, features = _features(_against_all(y, weight), _against_all(x, np.isfinite(x) * 1.0), weight, lag)
    weight = np.where(np.isfinite(target), weight, 0.0)
    target = np.where(np.isfinite(target), target, 0.0)
    weight[:, :first] = 0.0
    months = np.arange(first, T)
    slopes, rows = _fits(target, features, weight)
    short, full = (slopes(F)[months] for F in (len(features) - 1, len(features)))
    enough = (weight[:, months] > 0).mean(0) >= _ENOUGH
    months, short, full = (a[enough & (rows[months] >= 3 * len(features))] for a in (months, short, full))
    if len(months) < LEAST_HELD_OUT:
        return _unknown(lag, f"{len(months)} months could be held out, {LEAST_HELD_OUT} are needed", S)
    now, real = features[:, :, months], target[:, months]
    share = weight[:, months] / weight[:, months].sum(0)
    without, with_it = (np.einsum("fsh,hf->sh", now[: c.shape[1]], c) for c in (short, full))
    own, its = (share * (real - without) ** 2).sum(0), (share * (real - with_it) ** 2).sum(0)
    # Clark and West: what the larger forecast adds in noise is given back to it.
    adjusted = own - its + (share * (without - with_it) ** 2).sum(0)
    if np.abs(adjusted).max() <= 1e-9 * own.mean():
        # Nothing but rounding lies between both: a candidate that never moves.
        adjusted, its = np.zeros(len(own)), own
    gain, low, high = _gain(own, its)
    sign = int(np.sign(slopes(len(features))[-1, -1]))
    return Lead(
        lag=lag, gain=gain, low=low, high=high, p_value=_clark_west(adjusted), sign=sign, months=len(months),
        segments=S,
    )  # fmt: skip


def _unknown(lag: int, reason: str, segments: int) -> Lead:
    nan = math.nan
    return Lead(
        lag=lag, gain=nan, low=nan, high=nan, p_value=nan, sign=0, months=0, segments=segments, reason=reason
    )  # fmt: skip


def _against_all(values: Floats, weight: Floats) -> Floats:
    """Each value minus the weighted mean of all segments in its month; months with too few segments are missing."""
    known = np.isfinite(values) & (weight > 0)
    w = np.where(known, weight, 0.0)
    total = w.sum(0)
    enough = known.mean(0) >= _ENOUGH
    mean = np.where(total > 0, (w * np.where(known, values, 0.0)).sum(0) / np.where(total > 0, total, 1.0), np.nan)
    apart = np.where(known & enough, values - mean, np.nan)
    # Where all are alike only rounding is left, which must not pass for a figure.
    return np.where(np.abs(apart) <= 1e-12 * np.max(np.abs(values), initial=0.0, where=known), 0.0, apart)


def _features(y: Floats, x: Floats, weight: Floats, lag: int) -> tuple[Floats, Floats]:
    """(target (S, T), features (5, S, T)): own past of each segment, last the candidate against its own past alone."""
    mean_y, mean_x = _mean_before(y), _mean_before(x)
    base = [_back(y, k) - _back(mean_y, k - 1) for k in range(1, OWN_LAGS + 1)]
    early = _back(x, lag) - _back(mean_x, lag - 1)
    return np.where(weight > 0, y, np.nan), np.stack([_filled(one) for one in (*base, mean_y, early)])


def _back(values: Floats, k: int) -> Floats:
    """Values of `k` months earlier; the first `k` are missing."""
    if not k:
        return values
    out = np.full(values.shape, np.nan)
    out[:, k:] = values[:, : values.shape[1] - k]
    return out


def _mean_before(values: Floats) -> Floats:
    """The mean of a segment over all months before each one (S, T)."""
    known = np.isfinite(values)
    total, count = np.cumsum(np.where(known, values, 0.0), 1), np.cumsum(known, 1)
    out = np.full(values.shape, np.nan)
    out[:, 1:] = np.where(count > 0, total / np.maximum(count, 1), np.nan)[:, :-1]
    return out


def _filled(values: Floats) -> Floats:
    """What is not known says nothing: it is as always."""
    return np.where(np.isfinite(values), values, 0.0)


def _fits(target: Floats, features: Floats, weight: Floats) -> tuple[Callable[[int], Floats], Floats]:
    """(slopes by weighted least squares of the first F features on all months but each one, as a function of F, the
    last row on all: (T + 1, F); how many values these months have (T + 1,)). Features are scaled, so that none is lost
    to its unit; one that is constant is 0."""
    weighted = features * weight
    gram = _all_but_one(np.einsum("fst,gst->tfg", weighted, features))
    cross = _all_but_one(np.einsum("fst,st->tf", weighted, target))
    scale = np.sqrt(np.einsum("tff->tf", gram))
    scale = np.where(scale > 0, scale, 1.0)
    gram, cross = gram / (scale[:, :, None] * scale[:, None, :]), cross / scale

    def slopes(F: int) -> Floats:
        inverse = np.linalg.pinv(gram[:, :F, :F], rcond=1e-9, hermitian=True)
        return np.asarray(np.einsum("tfg,tg->tf", inverse, cross[:, :F]) / scale[:, :F])

    return slopes, _all_but_one((weight > 0).sum(0))


def _all_but_one(by_month: Floats) -> Floats:
    """What all months but each one come to, and last what all do: (T + 1, ...) of (T, ...)."""
    total = by_month.sum(0)
    return np.concatenate([total - by_month, total[None]])


def _clark_west(adjusted: Floats) -> float:
    """One-sided p-value that the mean over months is not above zero; 1 where nothing differs at all."""
    H = len(adjusted)
    spread = float(adjusted.std(ddof=1))
    if spread == 0:
        return 1.0
    # Harvey, Leybourne and Newbold for one step ahead.
    z = float(adjusted.mean()) / (spread / math.sqrt(H)) * math.sqrt((H - 1) / H)
    return float(stdtr(H - 1, -z))


def _gain(own: Floats, with_it: Floats) -> tuple[float, float, float]:
    """(gain, low, high): the root mean squared error's relative fall, its interval by leaving out a month each."""
    H = len(own)

    def log_ratio(keep: Bools) -> float:
        a, b = float(own[keep].sum()), float(with_it[keep].sum())
        return 0.5 * math.log(b / a) if a > 0 and b > 0 else 0.0

    everything = np.ones(H, bool)
    ratio = log_ratio(everything)
    left_out = np.array([log_ratio(np.arange(H) != h) for h in range(H)])
    se = math.sqrt((H - 1) / H * float(((left_out - left_out.mean()) ** 2).sum()))
    reach = float(stdtrit(H - 1, 0.975)) * se
    return 1 - math.exp(ratio), 1 - math.exp(ratio + reach), 1 - math.exp(ratio - reach)
