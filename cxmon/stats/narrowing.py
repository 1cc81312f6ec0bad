"""Which noise parameters are worth a full fit: most of the grid is out of the question for any one series."""

from dataclasses import replace

import numpy as np

from cxmon.stats.arrays import TINY, Floats
from cxmon.stats.filtering import Gains, Noise, crossed, log_det
from cxmon.stats.problem import Problem
from cxmon.stats.regression import sweep

# Log odds against the likeliest set from which on a set is left out. The likelihood here is a rough one, so the cut is
# deep: what is left out would have weighed under one in ten thousand.
DEEP = 12.0


def narrowed(p: Problem, g: Gains) -> tuple[Problem, Gains]:
    """Problem and gains with the parameter sets (S, G') that are likely before the change, the likeliest first.

    The regressors are taken out by ordinary least squares once, but for level and trend, which wandering noise is
    confounded with; sets that only another series of the batch needs have the log prior -inf.
    """
    ll = _rough(p, g) + p.log_prior
    order = np.argsort(-ll, axis=1, kind="stable")
    ranked = np.take_along_axis(ll, order, 1)
    likely = ranked > ranked[:, :1] - DEEP
    which = order[:, : int(likely.sum(1).max())]
    kept = likely[:, : which.shape[1]]

    def pick(x: Floats) -> Floats:
        wide = np.broadcast_to(x, (*x.shape[:-2], *ll.shape)).reshape(*x.shape[:-2], ll.size)
        return np.take(wide, which + np.arange(0, ll.size, ll.shape[1])[:, None], axis=-1)

    noise = Noise(pick(p.noise.ar), pick(p.noise.phi), pick(p.noise.rw))
    log_prior = np.where(kept, pick(p.log_prior), -np.inf)
    size, passed, cov = (pick(x) for x in (g.size, g.passed, g.cov))
    return replace(p, noise=noise, log_prior=log_prior, which=which), Gains(size, passed, cov, noise)


def _rough(p: Problem, g: Gains) -> Floats:
    """Log likelihood (S, G) of the noise parameters in the residuals before the change."""
    at = p.at
    past = np.where(p.seen[:, :at].T[:, None], p.Z[:at], 0.0).transpose(2, 0, 1)
    y = np.where(p.seen[:, :at], p.y[:, :at], 0.0)
    believed = np.concatenate([p.prior.precision[:, : past.shape[2] - p.prior.last.shape[2]], p.prior.last.min(1)], 1)
    cross = past.swapaxes(1, 2) @ past
    index = np.arange(past.shape[2])
    cross[:, index, index] += believed + TINY
    wanted = (past.swapaxes(1, 2) @ y[:, :, None])[:, :, 0] + believed * p.prior.mean
    b = np.linalg.solve(cross, wanted[:, :, None])[:, :, 0]
    b[:, [0, -1]] = 0.0
    residual = y - (past @ b[:, :, None])[:, :, 0]
    columns = np.stack([p.Z[:at, 0], p.Z[:at, -1], residual.T], axis=1)
    M, _ = crossed(columns, g, 0)
    M[[0, 1], [0, 1]] += np.stack([np.full(len(y), TINY), believed[:, -1]])[:, :, None]
    pivots = np.log(sweep(M, 0)) + np.log(sweep(M, 1))
    rss = np.maximum(M[2, 2] + p.prior.nu0[:, None], TINY)
    freedom = np.maximum(p.n_pre - 1 + p.prior.nu0, 1.0)[:, None]
    return np.asarray(-0.5 * (log_det(g, at) + pivots + freedom * np.log(rss)))
