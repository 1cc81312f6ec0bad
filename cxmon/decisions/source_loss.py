"""Whether a source brings clearly fewer records than before, day after day, by the noise of its own days. Pure.

A day's count is beside those of the same weekday in earlier weeks: the logarithm of their ratio varies by chance
(Poisson) and because days differ, by as much as they did before. Days that follow each other are alike (an
autoregression of order one), so a step stands out against what the day before it would have led one to expect: the
statistic is the generalised least squares estimate of a step that began `d` days ago, over what the same statistic was
in the weeks before. It is told where each of these days is low, so that one odd day is none.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

# How many days a step is looked for over.
LENGTHS = (2, 3)
# So many times its own spread: about one false incident in ten years of an ordinary source.
STEPS = 4.5
# Each of the days has less than this share of what is usual, and is lower than days usually are.
LOW_SHARE, LOW = 0.8, 1.0
# So many earlier days, and so many of a weekday, are needed to know what is usual.
LEAST_DAYS, LEAST_WEEKS = 21, 3
# Days that usually bring fewer than this are left out, such as the weekends of a desk that is closed then: the
# logarithm of a small count lies far out too often.
LEAST_A_DAY = 10.0
# Days differ by no less than this: weeks that were alike by chance promise nothing.
LEAST_WANDER = 0.04
# What lies further out than this many spreads, such as an earlier failure, counts as if it were there.
_FAR = 3.0


@dataclass(frozen=True, kw_only=True)
class Loss:
    """What the last `days` days came to, where `usual` is what such days bring; `score` in spreads of the past,
    positive where there is less. `told`: it is clearly less. `low`: the last day alone is low, so nothing is over. `on`
    are the places of these days, the newest first: days that bring hardly anything lie between them."""

    value: float
    usual: float
    days: int
    score: float
    told: bool
    low: bool
    on: tuple[int, ...]


def loss(counts: Floats) -> Loss | None:
    """The loss in daily counts (D,), the newest first; NaN is a day that is not known. None where nothing can be said:
    too few days, or too small counts."""
    usual = _usual(counts)
    which = np.flatnonzero(~np.isnan(counts) & (usual >= LEAST_A_DAY))
    lately, before = which[: max(LENGTHS)], which[max(LENGTHS) :]
    if len(before) < LEAST_DAYS or np.isnan(counts[0]):
        return None
    x, m = counts[which], usual[which]
    u, alike = _scaled(np.log((x + 0.5) / (m + 0.5)), 1 / (m + 0.5), len(lately))
    low = (x < LOW_SHARE * m) & (u < -LOW)
    found = [
        Loss(
            value=float(x[:d].sum()), usual=float(m[:d].sum()), days=d, score=_score(u, alike, d, len(lately)),
            told=False, low=bool(low[0]), on=tuple(which[:d].tolist()),
        )
        for d in LENGTHS
        if low[:d].all()
    ]  # fmt: skip
    if not found:
        return Loss(
            value=float(x[0]), usual=float(m[0]), days=1, score=float(-u[0]), told=False, low=bool(low[0]),
            on=(int(which[0]),),
        )  # fmt: skip
    clearest = max(found, key=lambda one: one.score)
    told = clearest.score > STEPS
    return Loss(**(vars(clearest) | {"told": told}))


def _usual(counts: Floats) -> Floats:
    """The median of the other known days of each day's weekday, but for the newest; NaN where there are too few."""
    found = np.full(len(counts), np.nan)
    for k in range(len(counts)):
        same = np.arange(k % 7, len(counts), 7)
        others = counts[same[(same != k) & (same >= max(LENGTHS))]]
        others = others[~np.isnan(others)]
        if len(others) >= LEAST_WEEKS:
            found[k] = np.median(others)
    return found


def _scaled(ratio: Floats, chance: Floats, lately: int) -> tuple[Floats, float]:
    """(log ratios over their spread (K,), how alike neighbouring days are), both by the days before the newest."""
    past = ratio[lately:]
    bound = _FAR * max(1.4826 * float(np.median(np.abs(past - np.median(past)))), float(np.sqrt(np.median(chance))))
    kept = np.clip(ratio, -bound, bound)
    wander = max(LEAST_WANDER**2, float(np.mean(kept[lately:] ** 2 - chance[lately:])))
    spread = np.sqrt(wander + chance)
    u, inside = ratio / spread, kept[lately:] / spread[lately:]
    alike = float(np.sum(inside[1:] * inside[:-1]) / max(1e-9, float(np.sum(inside**2))))
    return u, min(0.9, max(0.0, alike))


def _score(u: Floats, alike: float, days: int, lately: int) -> float:
    """How many of its own spreads the estimate of a step over the newest `days` lies below nothing."""
    fresh = (u[:-1] - alike * u[1:]) / np.sqrt(1 - alike**2)
    # The first day of a step differs from the day before it by all of it, later ones only by what is not carried on.
    weights = np.full(days, 1 - alike)
    weights[-1] = 1.0
    steps = np.convolve(fresh, weights[::-1], "valid") / np.sqrt(np.sum(weights**2))
    before = np.clip(steps[lately:], -_FAR, _FAR)
    scale = max(1.0, float(np.sqrt(np.mean(before**2)))) if len(before) else 1.0
    return float(-steps[0] / scale)
