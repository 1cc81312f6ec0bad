"""How noisy one value is (its sampling variance), and which kinds of correlated noise are held possible beyond that."""

from dataclasses import dataclass

import numpy as np

from cxmon.stats.arrays import TINY, Bools, Floats, half_difference
from cxmon.stats.filtering import Noise

KINDS = ("mean", "proportion", "quantile", "rate")


@dataclass(frozen=True, eq=False)
class Sampling:
    """Variance of each value (T,) around its own expectation; `known` when it rests on counts or standard errors."""

    variance: Floats
    known: bool


def sampling(values: Floats, n: Floats | None, se: Floats | None, kind: str, seen: Bools, base: Bools) -> Sampling:
    """Sampling variance of `values` (T,), learnt from the seen periods in `base` (those before the change).

    Proportion p(1-p)/n and rate r/n with one half pseudo-event against zeros; se^2 where given; else 1/n shaped, or
    flat, with the size of the period-to-period noise. Noise between periods beyond the counts is overdispersion: half
    of the excess is added as white noise, because autocorrelated noise has its own place in the model.
    """
    use = seen & base
    rough = half_difference(values, use)
    if se is not None and np.isfinite(se[use]).any():
        filled = np.where(np.isfinite(se) & (se > 0), se, np.nan)
        typical = float(np.nanmedian(filled[use])) if np.isfinite(filled[use]).any() else 0.0
        known = np.where(np.isfinite(filled), filled, typical) ** 2
    elif n is not None and kind in {"proportion", "rate"}:
        weight = np.where(use, n, 0.0)
        events = float(np.where(use, values, 0.0) @ weight)
        level = (events + 0.5) / (float(weight.sum()) + 1.0)
        spread = max(level * (1 - level), TINY) if kind == "proportion" else max(level, TINY)
        known = spread / np.maximum(n, TINY)
    else:
        shape = np.ones(len(values))
        if n is not None:
            shape = 0.2 + 0.8 * np.clip(float(np.median(n[use])) / np.maximum(n, TINY), 0.05, 50)
        scale = max(rough, TINY * (1.0 + float(np.mean(values[use] ** 2))))
        return Sampling(np.where(seen, shape, 1.0) * scale, known=False)
    known = np.where(seen, known, float(np.median(known[use])))
    # What chance alone adds to the differences of so few periods is no overdispersion.
    by_chance = 1 + 1.5 * float(np.sqrt(3.0 / max(int(use.sum()), 3)))
    excess = 0.5 * max(rough - by_chance * float(np.median(known[use])), 0.0)
    return Sampling(np.maximum(known, TINY) + excess, known=True)


AR = ((0.12, 0.4), (0.12, 0.7), (0.12, 0.9), (0.6, 0.4), (0.6, 0.7), (0.6, 0.9), (3.0, 0.4), (3.0, 0.7), (3.0, 0.9))
AR_STRONG = {0.12: 0.0, 0.6: 0.3, 3.0: 1.2}
RW_ALONE = {0.0: -0.5, 4e-4: -0.2, 3e-3: -0.1, 0.02: -0.2, 0.15: -1.3, 1.2: -2.5}
RW_WITH_CONTROLS = {0.0: 0.0, 4e-4: -0.3, 3e-3: -1.0, 0.02: -2.2, 0.15: -3.3, 1.2: -4.2}


def candidates(*, controlled: bool) -> Noise:
    """The grid of noise parameters, variances in units of the typical sampling variance, with their log prior.

    Controls take the shared movement away, so what is left drifts less: the prior on the random walk says so.
    """
    walk = RW_WITH_CONTROLS if controlled else RW_ALONE
    rows = [(0.0, 0.0, rw, np.log(3.0) + lp) for rw, lp in walk.items()]
    rows += [(ar, phi, rw, lp - AR_STRONG[ar] * controlled) for ar, phi in AR for rw, lp in walk.items()]
    ar, phi, rw, lp = np.array(rows).T
    return Noise(ar=ar, phi=phi, rw=rw, log_prior=lp)
