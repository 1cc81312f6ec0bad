"""What a monitor knows of the noise before it begins: many series at once, by marginal likelihood over a grid."""

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from cxmon.stats.arrays import TINY, Bools, Floats, median_of, some_of
from cxmon.stats.filtering import Noise, gains, log_det, whiten
from cxmon.stats.regression import products, sweep

AR = ((0.1, 0.5), (0.1, 0.75), (0.1, 0.92), (0.4, 0.5), (0.4, 0.75), (0.4, 0.92), (0.4, 0.98), (1.5, 0.5), (1.5, 0.75),
      (1.5, 0.92), (1.5, 0.98), (5.0, 0.75), (5.0, 0.92), (5.0, 0.98))  # fmt: skip
RW = {0.0: 1.0, 1e-4: 0.0, 6e-4: 0.0, 4e-3: -0.5, 0.025: -1.5, 0.15: -2.5, 1.0: -4.0}
INDEPENDENT = 1.0
# Spread of a wave's coefficients that is hardly any, and of a real one, in units; equal odds.
WAVES = (0.03, 1.5)
KEPT = 6
OUTLYING = 3.0
# The prior is worth as much as so many series when the series of one call teach one another.
PRIOR_WORTH = 10.0
ROUNDS = 10


@dataclass(frozen=True, eq=False)
class Frozen:
    """The KEPT likeliest parameter sets of each series, all (S, J): log weights, AR variance and correlation,
    random-walk variance, noise scale s2, and the spread of the wave's coefficients; variances in units of the series'
    typical sampling variance."""

    log_weight: Floats
    ar: Floats
    phi: Floats
    rw: Floats
    scale2: Floats
    wave: Floats

    def of(self, rows: Bools) -> "Frozen":
        """Those of some series."""
        return some_of(self, rows)


def grid() -> tuple[Floats, Floats, Floats, Floats]:
    """AR variance, AR correlation, random-walk variance and log prior (G,) each."""
    rows = [(0.0, 0.0, rw, INDEPENDENT + lp) for rw, lp in RW.items()]
    rows += [(ar, phi, rw, lp) for ar, phi in AR for rw, lp in RW.items()]
    ar, phi, rw, lp = np.array(rows).T
    return ar, phi, rw, lp


def tame(y: Floats, seen: Bools, window: int = 15) -> Floats:
    """Values (S, T) with wild single periods pulled to three robust sigma around the running median."""
    filled = np.where(seen, y, np.nan)
    T = y.shape[1]
    half = min(window, T) // 2
    padded = np.pad(filled, ((0, 0), (half, half)), mode="reflect") if half and half < T else filled
    views = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1, axis=1) if half else filled[:, :, None]
    empty = ~np.isfinite(views).any(2)
    flat = np.where(empty[:, :, None], 0.0, views).reshape(-1, views.shape[2])
    middle = median_of(flat, np.isfinite(flat)).reshape(y.shape)
    off = np.where(seen, y - middle, 0.0)
    # The median over seen periods only: gaps would pull it to zero.
    spread = 1.4826 * np.nan_to_num(median_of(np.abs(off), seen))
    cut = np.where(spread > 0, OUTLYING * spread, np.inf)[:, None]
    return np.where(seen, middle + np.clip(off, -cut, cut), 0.0)


def freeze(y: Floats, variance: Floats, seen: Bools, wave: Floats, at: Floats, lost: int, *, known: Bools) -> Frozen:
    """Parameters from history `y` (S, T0), a level and `wave` (T0, W) regressed out, with relative sampling `variance`.

    `at` (S, W) is what the wave's coefficients were found to be roughly, and what is already taken out of `y`; their
    prior is around no wave at all. `lost` degrees of freedom went into the profile. `known` (S,): sampling variance
    rests on counts, so the noise cannot be much smaller than it says. The series of one call are of one kind: how
    likely each parameter set is beforehand is learnt from all of them (empirical Bayes, the prior of grid() worth
    PRIOR_WORTH series).
    """
    ar, phi, rw, prior = grid()
    S, T = y.shape
    g = gains(variance, seen, Noise(ar[None], phi[None], rw[None]), T)
    columns = np.concatenate([np.ones((T, 1)), wave], axis=1)
    wide = np.broadcast_to(columns[:, :, None], (*columns.shape, S))
    M = products(whiten(np.concatenate([wide, y.T[:, None]], axis=1), g, 0).rows)
    count = seen.sum(1)
    nu0 = np.where(known, 10.0, 2.0)
    nu = np.maximum(count - 1 - lost + nu0, 3.0)
    spreads = WAVES if wave.shape[1] else WAVES[:1]
    found = [_evidence(M, at, sd, nu0, nu, log_det(g, T)) for sd in spreads]
    evidence = np.stack([e for e, _ in found], axis=1)
    scale2 = np.maximum(np.stack([s for _, s in found], axis=1), np.where(known, 0.8, TINY)[:, None, None])
    log_prior = _taught(evidence, prior - np.log(len(spreads)))
    flat = (evidence + log_prior).reshape(S, -1)
    best = np.argsort(-flat, axis=1, kind="stable")[:, :KEPT]
    weight = np.take_along_axis(flat, best, 1)
    v, which = np.divmod(best, len(ar))
    return Frozen(
        log_weight=weight - logsumexp(weight, axis=1)[:, None], ar=ar[which], phi=phi[which], rw=rw[which],
        # The profile was learnt from the same few periods: what it errs by stays in each day.
        scale2=np.take_along_axis(scale2.reshape(S, -1), best, 1) * (1 + (lost + 1) / np.maximum(count, 1))[:, None],
        wave=np.array(spreads)[v],
    )  # fmt: skip


def _evidence(M: Floats, at: Floats, sd: float, nu0: Floats, nu: Floats, log_dets: Floats) -> tuple[Floats, Floats]:
    """Log evidence and noise scale (S, G) with wave coefficients N(-at, sd^2) beyond what is taken out already; M
    (q, q, S, G) are whitened products of level, wave and value."""
    M = M.copy()
    W = at.shape[1]
    index = np.arange(1, W + 1)
    M[0, 0] += TINY
    M[index, index] += 1 / sd**2
    M[index, -1] -= (at.T / sd**2)[:, :, None]
    M[-1, index] = M[index, -1]
    M[-1, -1] += (at**2).sum(1)[:, None] / sd**2
    pivots = sum(np.log(sweep(M, k)) for k in range(W + 1))
    rss = np.maximum(M[-1, -1], 0.0) + nu0[:, None]
    evidence = -0.5 * (log_dets + pivots + 2 * W * np.log(sd) + nu[:, None] * np.log(rss))
    # Few periods of history leave the noise scale itself uncertain: the mean of its posterior, not its mode.
    return evidence, rss / (nu[:, None] - 2)


def _taught(evidence: Floats, prior: Floats) -> Floats:
    """Log prior (V, G) of the parameter sets, learnt from the evidence (S, V, G) of all series by EM."""
    log_prior = np.broadcast_to(prior, evidence.shape[1:])
    start = np.exp(log_prior - logsumexp(log_prior))
    log_prior = np.log(start)
    for _ in range(ROUNDS if len(evidence) > 1 else 0):
        each = evidence + log_prior
        each = np.exp(each - logsumexp(each, axis=(1, 2))[:, None, None])
        log_prior = np.log((PRIOR_WORTH * start + each.sum(0)) / (PRIOR_WORTH + len(evidence)))
    return np.asarray(log_prior)
