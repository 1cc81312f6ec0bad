"""Which controls moved by themselves at the change: a step each, most of them alike, a minority on its own way.

What touches several controls at once (they share a queue, a release, a hit) moves them alike. So the hypotheses are:
all stayed; some of the lowest or of the highest moved together; some of both. Each has a closed form.
"""

from dataclasses import dataclass
from math import comb

import numpy as np

from cxmon.stats.arrays import TINY, Bools, Floats, median_of, near

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
        every, alike = _hypotheses(int(count)), np.flatnonzero(fit.sum(1) == count)
        for part in near(len(alike), 3 * count * len(every)):
            rows = alike[part]
            # Unfit controls go last, the others by their step, so that movers stand at the ends.
            at = np.argsort(np.where(fit[rows], step[rows], np.inf), axis=1, kind="stable")[:, :count]
            row = rows[:, None]
            found = _trust(step[row, at], np.maximum(variance[row, at], TINY**2), every)
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


def _trust(step: Floats, variance: Floats, every: list[tuple[int, int, float]]) -> Trust:
    """The same for steps in ascending order, over `every` hypothesis."""
    unit2 = median_of(variance, np.ones(step.shape, bool))
    low, high = (np.array([one[i] for one in every])[:, None] for i in (0, 1))
    index = np.arange(step.shape[1])
    # The lowest that moved, those that stayed, and the highest that moved: (H, 3, K).
    sets = np.stack([index < low, (index >= low) & (index < len(index) - high), index >= len(index) - high], axis=1)
    own = np.stack([variance + APART**2 * unit2[:, None], variance, variance + APART**2 * unit2[:, None]], axis=1)
    common = np.stack([MOVE**2 * unit2, np.zeros(len(unit2)), MOVE**2 * unit2], axis=1)
    middle, weight, likelihood = _together(step, own, common, sets)
    there = sets.any(2)
    total = weight.sum(2)
    mean = (weight * middle).sum(2) / total
    misfit = (weight * (middle - mean[:, :, None]) ** 2).sum(2)
    known = np.log(np.where(there, weight, 1.0)).sum(2) - np.log(total)
    ll = np.array([one[2] for one in every]) + SHARPNESS * (likelihood.sum(2) + 0.5 * (known - misfit))
    chance = np.exp(ll - ll.max(1, keepdims=True))
    chance /= chance.sum(1, keepdims=True)
    sure = chance @ sets[:, 1].astype(float)
    expected = (chance * mean).sum(1)
    spread = (chance * ((mean - expected[:, None]) ** 2 + 1 / total)).sum(1)
    trusted = sure / variance
    sums = np.maximum(trusted.sum(1), TINY**2)
    return Trust(sure, expected - (trusted * step).sum(1) / sums, np.maximum(spread - 1 / sums, 0.0))


def _together(step: Floats, variance: Floats, common: Floats, sets: Bools) -> tuple[Floats, Floats, Floats]:
    """Of the controls in each of the `sets` (H, 3, K), whose `variance` (S, 3, K) says whether they moved alike: their
    mean (S, H, 3), its precision with the variance `common` (S, 3) of that move, and the log likelihood of how far they
    lie apart; all zero where a set is empty."""
    precision = np.where(sets, (1 / variance)[:, None], 0.0)
    total = precision.sum(3)
    there = total > 0
    safe = np.where(there, total, 1.0)
    middle = (precision * step[:, None, None]).sum(3) / safe
    off = (precision * (step[:, None, None] - middle[:, :, :, None]) ** 2).sum(3)
    known = np.where(sets, -np.log(variance)[:, None], 0.0).sum(3)
    return middle, np.where(there, 1 / (1 / safe + common[:, None]), 0.0), 0.5 * (known - np.log(safe) - off)
