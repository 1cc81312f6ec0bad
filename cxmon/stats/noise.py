"""How noisy one value is (its sampling variance), and which kinds of correlated noise are held possible beyond that."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from cxmon.stats.arrays import TINY, Bools, Floats, half_difference, median_of, some_of, total_of
from cxmon.stats.filtering import Noise

KINDS = ("mean", "proportion", "quantile", "rate")
COUNTED = frozenset({"proportion", "rate"})


@dataclass(frozen=True, eq=False)
class Learnt:
    """What makes the sampling variance of further periods known, each (S,): of counted series the variance of one
    answer `each`, what is `typical` of a period and the `excess` between periods; of others the `middle` of n and the
    `scale`. NaN where it is not asked for. Standard errors are known by period, and nothing of them is learnt."""

    each: Floats
    typical: Floats
    excess: Floats
    middle: Floats
    scale: Floats

    def of(self, rows: Bools) -> "Learnt":
        """Those of some series."""
        return some_of(self, rows)

    def variance(self, n: Floats | None, seen: Bools) -> Floats:
        """As `sampling` says of periods that were `seen` (S, T) and rest on `n` answers (S, T)."""
        if n is None or np.isnan(self.each).all():
            return _shaped(n, self.middle, seen, self.scale)
        return _counted(self.each[:, None] / np.maximum(n, TINY), seen, self.typical, self.excess)


@dataclass(frozen=True, eq=False)
class Sampling:
    """Variance of each value (S, T) around its own expectation; `known` (S,) where it rests on counts or standard
    errors. `share` (S,) of the period-to-period noise that this explains, beyond chance (1 where it is not known)."""

    variance: Floats
    known: Bools
    share: Floats
    learnt: Learnt


def sampling(
    values: Floats, n: Floats | None, se: Floats | None, kind: str, seen: Bools, base: Bools,
    later: Bools | None = None, flat: Floats | None = None,
) -> Sampling:  # fmt: skip
    """Sampling variance of `values` (S, T), learnt from the seen periods in `base` (T,) (those before the change).

    Proportion p(1-p)/n and rate r/n with one half pseudo-event against zeros, in the periods `later` (S, T) with the
    level found there where that is the noisier one; se^2 where given; else 1/n shaped, or flat, with the size of the
    period-to-period noise. Noise between periods beyond the counts is overdispersion: half of the excess is added as
    white noise, because autocorrelated noise has its own place in the model. That noise is looked for in `flat` (S, T),
    the values without their profile, where it is given.
    """
    use = seen & base
    rough = half_difference(values if flat is None else flat, use)
    told = np.zeros(len(values), bool)
    if se is not None:
        given = np.isfinite(se) & (se > 0)
        told = np.asarray((given & use).any(1))
        usual = np.nan_to_num(median_of(se, given & use), nan=1.0)
        known = np.where(given, np.where(given, se, 1.0), usual[:, None]) ** 2
    nothing = np.full(len(values), np.nan)
    each = typical = excess = nothing
    if (se is None or not told.all()) and n is not None and kind in COUNTED:
        each = _spread(values, n, kind, use)
        counted = each[:, None]
        if later is not None:
            counted = np.where(later, np.maximum(counted, _spread(values, n, kind, later)[:, None]), counted)
        counted = counted / np.maximum(n, TINY)
        known = counted if se is None else np.where(told[:, None], known, counted)
        told = np.ones(len(values), bool)
    middle = nothing if n is None else median_of(n, use)
    scale = np.maximum(rough, TINY * (1.0 + total_of(values**2, use) / np.maximum(use.sum(1), 1)))
    learnt = _shaped(n, middle, seen, scale)
    if not told.any():
        return Sampling(learnt, told, np.ones(len(values)), Learnt(each, typical, excess, middle, scale))
    typical = median_of(known, use)
    # What chance alone adds to the differences of so few periods is no overdispersion.
    by_chance = 1 + 1.5 * np.sqrt(3.0 / np.maximum(use.sum(1), 3))
    excess = 0.5 * np.maximum(rough - by_chance * typical, 0.0)
    share = np.where(told, np.clip(by_chance * typical / np.maximum(rough, TINY), 0.0, 1.0), 1.0)
    variance = np.where(told[:, None], _counted(known, seen, typical, excess), learnt)
    return Sampling(variance, told, share, Learnt(each, typical, excess, middle, scale))


def _counted(known: Floats, seen: Bools, typical: Floats, excess: Floats) -> Floats:
    """The variance (S, T) where that of counting is `known` (S, T) in periods that were `seen`."""
    return np.asarray(np.maximum(np.where(seen, known, typical[:, None]), TINY) + excess[:, None])


def _shaped(n: Floats | None, middle: Floats, seen: Bools, scale: Floats) -> Floats:
    """The variance (S, T) where only the size of the noise is known: shaped by n, or flat."""
    shape = np.ones(seen.shape)
    if n is not None:
        shape = 0.2 + 0.8 * np.clip(middle[:, None] / np.maximum(n, TINY), 0.05, 50)
    return np.asarray(np.where(seen, shape, 1.0) * scale[:, None])


def _spread(values: Floats, n: Floats, kind: str, use: Bools) -> Floats:
    """Variance (S,) of one answer at the level of the periods in `use` (S, T)."""
    events, exposure = total_of(values * n, use) + 0.5, total_of(n, use)
    if kind == "rate":
        # Exposure may be counted in any unit, so nothing can be added to it.
        return np.asarray(np.maximum(events / np.maximum(exposure, TINY), TINY))
    level = events / (exposure + 1.0)
    return np.asarray(np.maximum(level * (1 - level), TINY))


# (variance, correlation) of the AR(1) and innovation variance of the random walk, in units of the typical sampling
# variance. The large ones are for series whose values are known far better than they are steady: thick counts, yearly
# figures, storms that pass.
AR = ((0.0, 0.0), (0.15, 0.5), (0.15, 0.85), (0.6, 0.5), (0.6, 0.85), (2.5, 0.6), (2.5, 0.9))
WALKS = (0.0, 1e-3, 0.01, 0.1)
LARGE = ((0.0, 0.0, 1.0), (0.6, 0.5, 1.0), (0.0, 0.0, 10.0), (0.0, 0.0, 100.0), (10.0, 0.5, 0.0), (40.0, 0.5, 0.0))
AR_ALONE = {0.0: 0.6, 0.15: -0.2, 0.6: 0.3, 2.5: 0.0, 10.0: -2.0, 40.0: -3.0}
AR_WITH_CONTROLS = {0.0: 0.7, 0.15: 0.0, 0.6: -0.3, 2.5: -1.2, 10.0: -3.0, 40.0: -4.0}
RW_ALONE = {0.0: -0.5, 1e-3: -0.1, 0.01: -0.1, 0.1: -0.9, 1.0: -2.2, 10.0: -3.0, 100.0: -4.0}
RW_WITH_CONTROLS = {0.0: 0.0, 1e-3: -1.5, 0.01: -3.3, 0.1: -4.9, 1.0: -6.0, 10.0: -7.0, 100.0: -8.0}


# Where counting explains little of the noise, a unit of it is no scale for the rest, and large sets are as likely.
AR_THICK = {0.0: 0.0, 0.15: 0.0, 0.6: 0.0, 2.5: 0.0, 10.0: 0.0, 40.0: -0.5}
RW_THICK = {0.0: -1.0, 1e-3: -1.0, 0.01: -1.0, 0.1: -0.5, 1.0: 0.8, 10.0: 1.0, 100.0: 0.5}
# A walk moves further in a month than in a day, and a month has more answers: the one over the sampling variance of the
# other grows with the square of the period's length. So in long periods counts are held to explain this part of what
# they seem to, and without controls a level that stands still is the exception.
LONG = 0.5
RW_LONG = {0.0: -3.0, 1e-3: -3.0, 0.01: -3.0, 0.1: -1.5, 1.0: 0.8, 10.0: 1.0, 100.0: 0.5}


def candidates(controlled: Bools, share: Floats, long: Bools | None = None) -> tuple[Noise, Floats]:
    """The grid of noise parameters, variances in units of the typical sampling variance, and its log prior (S, G).

    Controls take the shared movement away, so what is left drifts less: the prior on the random walk says so. Of the
    noise, counts explain `share` (S,); `long` (S,) are series by weeks or months.
    """
    noise, alone, beside, thick, slow = grid()
    apart = np.zeros(len(share), bool) if long is None else long
    part = np.where(apart, LONG, 1.0)[:, None] * share[:, None]
    rest = np.where((apart & ~controlled)[:, None], slow, thick)
    return noise, part * np.where(controlled[:, None], beside, alone) + (1 - part) * rest


@cache
def grid() -> tuple[Noise, Floats, Floats, Floats, Floats]:
    """The parameters, one and the same for all who ask, and their log priors (G,): alone, beside controls, where
    counting explains little, and where it does in long periods."""
    rows = [(ar, phi, rw) for ar, phi in AR for rw in WALKS] + list(LARGE)
    sets, tables = np.array(rows), (
        (AR_ALONE, RW_ALONE), (AR_WITH_CONTROLS, RW_WITH_CONTROLS), (AR_THICK, RW_THICK), (AR_THICK, RW_LONG),
    )  # fmt: skip
    alone, beside, thick, slow = (np.array([ars[ar] + rws[rw] for ar, _, rw in rows]) for ars, rws in tables)
    for shared in (sets, alone, beside, thick, slow):
        shared.flags.writeable = False
    ar, phi, rw = sets.T[:, None]
    return Noise(ar=ar, phi=phi, rw=rw), alone, beside, thick, slow
