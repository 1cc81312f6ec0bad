"""A plain second opinion: Student's t-test on blocks of whole cycles, after the change against before it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import stdtr, stdtrit

from cxmon.model import written
from cxmon.stats.arrays import Bools, Floats
from cxmon.stats.gap import gap, mean_of
from cxmon.stats.profiles import columns, labels, without_profile

# Blocks before the change that are taken where the window is shorter: fewer say nothing of how blocks hang together.
LEAST_BEFORE = 12
LEAST_PAST = 4
MOST_RHO = 0.95


@dataclass(frozen=True, kw_only=True)
class BlockTest:
    """Mean of the blocks after the change minus that of the blocks before, in the values' units, with its interval and
    two-sided p-value; NaN with a `reason` where there are too few blocks.

    `before` and `after` count the blocks of `length` periods, `worth` how many independent ones all of them are worth.
    """

    estimate: float
    low: float
    high: float
    p_value: float
    before: int
    after: int
    worth: float
    length: int
    reason: str


def block_test(
    values: Any,
    at: int,
    *,
    until: int | None = None,
    controls: Any = None,
    period: Any = 7,
    cycle: int | None = None,
    confidence: float = 0.95,
) -> BlockTest:
    """Student's two-sample t-test on means of blocks, `values` (T,) with gaps as NaN, from `at` to before `until`.

    What `controls` (K, T) share is subtracted and the profile (`period` as in `effect`) taken out. Blocks of `cycle`
    periods (default: as many as the profile has labels) are counted from the change outwards; one with fewer than half
    of its periods measured is none. Before the change as many blocks are taken as after it, and 12 at least.

    With r the correlation of neighbouring blocks and v = 1 + 2 sum_k (1 - k / m) r^k, the mean of m blocks varies like
    that of m / v independent ones (Bayley and Hammersley 1946; as a t-test Zwiers and von Storch 1995). Hence with S
    the squared distances from each side's mean: s^2 = S / ((m0 - v0) + (m1 - v1)), se^2 = s^2 (v0 / m0 + v1 / m1), and
    m0 / v0 + m1 / v1 - 2 degrees of freedom. r is corrected for being taken around estimated means and never below
    zero; at r = 0 this is the textbook test. It knows no trend and takes the noise to be as large after the change as
    before. No warning, no error: too few blocks are a `reason` with the numbers.
    """
    x = gap(values, controls, at)
    T = len(x)
    until = T if until is None else min(until, T)
    length = cycle or (int(labels(period, T).max(initial=0)) + 1)
    x = _flat(x, period, at, until)
    late = _blocks(x[at : max(until, at)], length)
    early = _blocks(x[:at][::-1], length)[: max(LEAST_BEFORE, len(late))][::-1]
    before, after = (int(np.isfinite(side).sum()) for side in (early, late))
    if before < LEAST_PAST or after < 1:
        return _nothing(before, after, length, f"at least {LEAST_PAST} and 1 are needed")
    sides = [side - mean_of(side, 0) for side in (early, late)]
    rho = _correlation(sides)
    inflation = [_inflation(np.isfinite(side), rho) for side in sides]
    worth = before / inflation[0] + after / inflation[1]
    freedom = worth - 2
    left = before - inflation[0] + after - inflation[1]
    if freedom < 1 or left <= 0:
        return _nothing(before, after, length, f"worth {written(worth, '.1f')} independent ones, at least 3 are needed")
    variance = float(sum(np.nansum(side**2) for side in sides)) / left
    estimate = float(mean_of(late, 0) - mean_of(early, 0))
    se = float(np.sqrt(variance * (inflation[0] / before + inflation[1] / after)))
    half = float(stdtrit(freedom, 0.5 + confidence / 2)) * se
    p = 2 * float(stdtr(freedom, -abs(estimate) / se)) if se > 0 else float(estimate == 0)
    return BlockTest(
        estimate=estimate, low=estimate - half, high=estimate + half, p_value=p, before=before, after=after,
        worth=worth, length=length, reason="",
    )  # fmt: skip


def _flat(x: Floats, period: Any, at: int, until: int) -> Floats:
    """`x` (T,) without its profile, which is learnt around the level of each side, so that a step is no part of it."""
    cols = columns(period, len(x))
    used = np.where(np.arange(len(x)) < max(until, at), x, np.nan)
    flat = used
    # A side that lacks a weekday has another mean until the profile is known, and the other way round.
    for _ in range(4 if cols.shape[1] else 0):
        sides = np.zeros(len(x))
        for side in (slice(0, at), slice(at, until)):
            level = float(mean_of(flat[side], 0))
            sides[side] = level if np.isfinite(level) else 0.0
        flat = sides + without_profile((used - sides)[None], cols)[0]
    return flat


def _blocks(x: Floats, length: int) -> Floats:
    """Means of whole blocks, NaN where fewer than half of a block's periods were measured; the rest is left out."""
    whole = x[: len(x) // length * length].reshape(-1, length)
    enough = 2 * np.isfinite(whole).sum(1) >= length
    return np.asarray(np.where(enough, mean_of(whole, 1), np.nan))


def _correlation(sides: list[Floats]) -> float:
    """Correlation of neighbouring blocks within the sides (each around its mean), without the bias of order 1 / m that
    the estimated mean brings (Marriott and Pope 1954), between 0 and 0.95."""
    pairs = np.concatenate([side[1:] * side[:-1] for side in sides])
    squares = np.concatenate([side**2 for side in sides])
    count = int(np.isfinite(pairs).sum())
    whole = float(np.nansum(squares))
    if count < 3 or not whole > 0:
        return 0.0
    raw = float(np.nansum(pairs)) / count / (whole / int(np.isfinite(squares).sum()))
    m = count + 1
    return float(np.clip((raw + 1 / m) / max(1 - 3 / m, 0.25), 0.0, MOST_RHO))


def _inflation(seen: Bools, rho: float) -> float:
    """How many times the variance of a mean of blocks is that of as many independent ones; gaps keep their distance."""
    where = np.flatnonzero(seen)
    return float((rho ** np.abs(where[:, None] - where[None])).sum() / len(where))


def _nothing(before: int, after: int, length: int, need: str) -> BlockTest:
    nan = float("nan")
    blocks, periods = ("block" if before == 1 else "blocks"), ("period" if length == 1 else "periods")
    counted = f"{before} {blocks} of {length} {periods} before the change and {after} since"
    return BlockTest(
        estimate=nan, low=nan, high=nan, p_value=nan, before=before, after=after, worth=nan, length=length,
        reason=f"{counted}, {need}",
    )  # fmt: skip
