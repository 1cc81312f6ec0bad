"""Which controls moved by themselves at the change: a step each, most of them alike, a minority on its own way.

What touches several controls at once (they share a queue, a release, a hit) moves them alike. So the hypotheses are:
all stayed; some of the lowest or of the highest moved together; some of both. Each has a closed form.
"""

from dataclasses import dataclass
from math import comb

import numpy as np

from cxmon.stats.arrays import TINY, Bools, Floats, median_of

# Before the data: all stayed; of the rest, this share has movers to both sides.
ALL_STAYED = 0.7
BOTH_SIDES = 0.1
# Spread of a common move, and of the movers around it, in standard errors of a step.
MOVE = 12.0
APART = 2.0
# Between "these moved" and "nobody did" the average is wrong either way: the likelier reading counts for more.
SHARPNESS = 1.75


@dataclass(frozen=True, eq=False)
class Trust:
    """Chance (S, K) that each control did not move by itself; what the shared step lies from the mean of the trusted
    ones (S,), and the variance (S,) that not knowing whom to trust adds to it."""

    sure: Floats
    offset: Floats
    doubt: Floats


def trust(step: Floats, variance: Floats, fit: Bools) -> Trust:
    """Posterior of the step that the controls share, from each one's `step` (S, K) with its `variance` (S, K).

    Movers are always under half of the controls: a majority that moved could not be told from a minority that did not.
    With under three controls nobody can be told apart and all are trusted.
    """
    S = len(step)
    sure, nothing = np.where(fit, 1.0, 0.0), np.zeros(S)
    offset, doubt = nothing.copy(), nothing.copy()
    for count in np.unique(fit.sum(1)):
        if count < 3:
            continue
        rows = np.flatnonzero(fit.sum(1) == count)
        # Unfit controls go last, the others by their step, so that movers stand at the ends.
        at = np.argsort(np.where(fit[rows], step[rows], np.inf), axis=1, kind="stable")[:, :count]
        row = rows[:, None]
        found = _trust(step[row, at], np.maximum(variance[row, at], TINY**2))
        sure[row, at], offset[rows], doubt[rows] = found.sure, found.offset, found.doubt
    return Trust(sure, offset, doubt)


def _hypotheses(K: int) -> list[tuple[int, int, float]]:
    """How many of the lowest and of the highest moved, with the log prior of each such set of controls."""
    most = (K - 1) // 2
    one = [(j, 0) for j in range(1, most + 1)] + [(0, j) for j in range(1, most + 1)]
    two = [(i, j) for i in range(1, most) for j in range(1, most + 1 - i)]
    both = BOTH_SIDES if two else 0.0
    out = [(0, 0, float(np.log(ALL_STAYED)))]
    for i, j in one:
        out.append((i, j, float(np.log((1 - ALL_STAYED) * (1 - both) / most / comb(K, i + j)))))
    for i, j in two:
        out.append((i, j, float(np.log((1 - ALL_STAYED) * both / len(two) / (comb(K, i) * comb(K - i, j))))))
    return out


def _trust(step: Floats, variance: Floats) -> Trust:
    """The same for steps in ascending order."""
    S, K = step.shape
    unit2 = median_of(variance, np.ones(step.shape, bool))
    every = _hypotheses(K)
    ll, mean, precision = (np.empty((S, len(every))) for _ in range(3))
    stayed = np.zeros((len(every), K))
    for h, (low, high, log_prior) in enumerate(every):
        stayed[h, low : K - high] = 1.0
        parts = [_together(step[:, low : K - high], variance[:, low : K - high], np.zeros(S))]
        for moved in (slice(0, low), slice(K - high, K)):
            if moved.stop > moved.start:
                own = variance[:, moved] + APART**2 * unit2[:, None]
                parts.append(_together(step[:, moved], own, MOVE**2 * unit2))
        middle, weight, likelihood = (np.stack([part[i] for part in parts]) for i in range(3))
        total = weight.sum(0)
        mean[:, h], precision[:, h] = (weight * middle).sum(0) / total, total
        misfit = (weight * (middle - mean[:, h]) ** 2).sum(0)
        fitted = likelihood.sum(0) + 0.5 * (np.log(weight).sum(0) - np.log(total) - misfit)
        ll[:, h] = log_prior + SHARPNESS * fitted
    weight = np.exp(ll - ll.max(1, keepdims=True))
    weight /= weight.sum(1, keepdims=True)
    sure = weight @ stayed
    middle = (weight * mean).sum(1)
    spread = (weight * ((mean - middle[:, None]) ** 2 + 1 / precision)).sum(1)
    trusted = sure / variance
    total = np.maximum(trusted.sum(1), TINY**2)
    return Trust(sure, middle - (trusted * step).sum(1) / total, np.maximum(spread - 1 / total, 0.0))


def _together(step: Floats, variance: Floats, common: Floats) -> tuple[Floats, Floats, Floats]:
    """Mean (S,) of controls that moved alike, its precision (S,) with the variance `common` (S,) of that move, and the
    log likelihood (S,) of how far they lie apart."""
    weight = 1 / variance
    total = weight.sum(1)
    middle = (weight * step).sum(1) / total
    apart = 0.5 * (np.log(weight).sum(1) - np.log(total) - (weight * (step - middle[:, None]) ** 2).sum(1))
    return middle, 1 / (1 / total + common), apart
