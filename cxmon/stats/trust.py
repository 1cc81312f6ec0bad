"""Which controls moved by themselves at the change: a step each, most of them alike, a minority its own way."""

from dataclasses import dataclass
from math import comb

import numpy as np

from cxmon.stats.arrays import TINY, Bools, Floats, median_of

# As likely as not all controls stayed; else any number under half of them moved, by some three or some eight standard
# errors. A majority that moved could not be told from a minority that did not.
ALL_STAYED = 0.5
SIZES = (3.0, 8.0)
REACH = 8.0
NODES = 121


@dataclass(frozen=True, eq=False)
class Trust:
    """Chance (S, K) that each control did not move by itself; what the shared step lies from the mean of the trusted
    ones (S,), and the variance (S,) that not knowing whom to trust adds to it."""

    sure: Floats
    offset: Floats
    doubt: Floats


def trust(step: Floats, variance: Floats, fit: Bools) -> Trust:
    """Posterior of the step that the controls share, from each one's `step` (S, K) with its `variance` (S, K).

    Each step is the shared one plus noise, and for those that moved a move of their own. Given the shared step the
    controls are independent, so its posterior is one-dimensional and summed on a grid; the sum over all subsets that
    may have moved is an elementary symmetric polynomial. With under three controls nobody can be told apart and all are
    trusted.
    """
    S, K = step.shape
    sure, nothing = np.where(fit, 1.0, 0.0), np.zeros(S)
    offset, doubt = nothing.copy(), nothing.copy()
    for count in np.unique(fit.sum(1)):
        if count < 3:
            continue
        rows = np.flatnonzero(fit.sum(1) == count)
        at = np.argsort(~fit[rows], axis=1, kind="stable")[:, :count]
        row = rows[:, None]
        found = _trust(step[row, at], variance[row, at])
        sure[row, at], offset[rows], doubt[rows] = found.sure, found.offset, found.doubt
    return Trust(sure, offset, doubt)


def _trust(step: Floats, variance: Floats) -> Trust:
    S, K = step.shape
    v = np.maximum(variance, TINY**2)
    every = np.ones(step.shape, bool)
    sd = np.sqrt(median_of(v, every))
    node = median_of(step, every)[:, None] + sd[:, None] * np.linspace(-REACH, REACH, NODES)
    squared = (step[:, :, None] - node[:, None, :]) ** 2
    stayed = _log_normal(squared, v[:, :, None])
    moved = np.logaddexp(*(_log_normal(squared, v[:, :, None] + (x * sd[:, None, None]) ** 2) for x in SIZES))
    odds = np.exp(np.clip(moved - np.log(len(SIZES)) - stayed, -60, 60))
    total, chance = _subsets(odds)
    ll = stayed.sum(1) + np.log(total)
    weight = np.exp(ll - ll.max(1, keepdims=True))
    weight /= weight.sum(1, keepdims=True)
    sure = 1 - (chance * weight[:, None]).sum(2)
    mean = (weight * node).sum(1)
    spread = (weight * (node - mean[:, None]) ** 2).sum(1)
    precision = sure / v
    all_of_it = np.maximum(precision.sum(1), TINY**2)
    return Trust(sure, mean - (precision * step).sum(1) / all_of_it, np.maximum(spread - 1 / all_of_it, 0.0))


def _subsets(odds: Floats) -> tuple[Floats, Floats]:
    """For odds (S, K, N) that a control moved: the sum (S, N) over all subsets that may have, weighted by their prior,
    and the chance (S, K, N) that each control is in the subset."""
    K = odds.shape[1]
    most = (K - 1) // 2
    prior = np.array([ALL_STAYED, *[(1 - ALL_STAYED) / (most * comb(K, j)) for j in range(1, most + 1)]])
    forward = [np.zeros((most + 1, *odds[:, 0].shape))]
    forward[0][0] = 1.0
    for k in range(K):
        ahead = forward[-1].copy()
        ahead[1:] += odds[:, k] * forward[-1][:-1]
        forward.append(ahead)
    total = np.tensordot(prior, forward[-1], (0, 0))
    back = np.broadcast_to(prior[:, None, None], forward[-1].shape)
    chance = np.empty(odds.shape)
    for k in reversed(range(K)):
        chance[:, k] = odds[:, k] * (forward[k][:-1] * back[1:]).sum(0) / total
        earlier = back.copy()
        earlier[:-1] += odds[:, k] * back[1:]
        back = earlier
    return total, chance


def _log_normal(squared: Floats, variance: Floats) -> Floats:
    return np.asarray(-0.5 * (squared / variance + np.log(variance)))
