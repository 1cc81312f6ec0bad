"""What was to be expected without the change, period by period, with its band."""

from dataclasses import replace

import numpy as np
from scipy.special import stdtrit

from cxmon.stats.arrays import TINY, Floats, Ints
from cxmon.stats.estimator import Fitted
from cxmon.stats.regression import solve

MOST = 8


def expected(f: Fitted, smooth: int, confidence: float) -> tuple[Floats, Floats, Floats]:
    """Expected value, low and high (S, T) of the trailing mean of `smooth` periods, in the values' units.

    Before the change these are predictions one step ahead, afterwards forecasts from the last period before it. Within
    a trailing mean the slow states count as fully correlated, which errs on the wide side.
    """
    p = f.problem
    S = len(p.y)
    width = p.Z.shape[1]
    flat = f.weight.transpose(1, 0, 2).reshape(S, -1)
    top = np.argsort(-flat, axis=1, kind="stable")[:, :MOST]
    share = np.take_along_axis(flat, top, 1)
    share = np.where(share > 0.01 * share[:, :1], share, 0.0)
    share = share / share.sum(1, keepdims=True)
    v, g = np.divmod(top, p.noise.ar.shape[1])
    s = np.arange(S)[:, None]
    b, cov = _coefficients(f, v, s, g)
    state, own = _states(f, s, g)
    lean = p.Z.transpose(2, 0, 1)[:, None] - state[..., :width]
    guess = trailing(state[..., width] + np.einsum("sctp,psc->sct", lean, b), smooth)
    from_b = ((lean @ cov) * lean).sum(-1)
    count = np.minimum(np.arange(1, p.y.shape[1] + 1), max(smooth, 1))
    variance = trailing(np.where(p.seen, p.variance, 1.0), smooth) / count
    middle = np.einsum("sc,sct->st", share, guess)
    second = f.before.scale2[v, s, g][:, :, None] * (own + variance[:, None] + from_b) + guess**2
    total = np.einsum("sc,sct->st", share, second)
    freedom = stdtrit(f.before.freedom, 0.5 + confidence / 2)[:, None]
    half = freedom * np.sqrt(np.maximum(total - middle**2, TINY))
    unit, center = p.unit[:, None], p.center[:, None]
    return center + unit * middle, center + unit * (middle - half), center + unit * (middle + half)


def _coefficients(f: Fitted, v: Ints, s: Ints, g: Ints) -> tuple[Floats, Floats]:
    """Coefficients (p, S, C) and their covariance over the noise scale (S, C, p, p) before the change, for the trend
    variants and noise parameter sets `v` and `g` (S, C)."""
    prior, width = f.problem.prior, f.problem.Z.shape[1]
    M = f.cross[: width + 1, : width + 1, s, g].reshape(width + 1, width + 1, -1, 1)
    row = np.repeat(np.arange(len(s)), v.shape[1])
    its = replace(
        prior, mean=prior.mean[row], precision=prior.precision[row], last=prior.last[row, v.reshape(-1)][:, None],
        log_weight=np.zeros((len(row), 1)), nu0=prior.nu0[row], least=prior.least[row],
    )  # fmt: skip
    found = solve(M, width, np.zeros((len(row), 1)), f.problem.n_pre[row], its)
    cov = found.covariance()[:, :, 0, :, 0].reshape(width, width, *v.shape)
    return found.coefficients[:, 0, :, 0].reshape(width, *v.shape), cov.transpose(2, 3, 0, 1)


def _states(f: Fitted, s: Ints, g: Ints) -> tuple[Floats, Floats]:
    """Predicted columns (S, C, T, p + 1) and the variance (S, C, T) of the latent state, for the noise parameter sets
    `g` (S, C)."""
    p = f.problem
    at, T = p.at, p.y.shape[1]
    variance = f.filtered.variance[:at, s, g].transpose(1, 2, 0)
    seen = np.isfinite(variance)
    size = np.sqrt(np.where(seen, variance, 1.0))
    columns = np.concatenate([p.Z[:at], p.y.T[:at, None]], axis=1).transpose(2, 0, 1)
    # What was predicted is the value less its error; where nothing was seen, the filter kept its prediction.
    width = columns.shape[2]
    past = columns[:, None] - (f.early.rows[s, g, :width] * size[:, :, None]).swapaxes(-1, -2)
    for t, held in f.early.gaps.items():
        past[:, :, t] = np.where(seen[:, :, t, None], past[:, :, t], held[:width, s, g].transpose(1, 2, 0))
    h = np.arange(T - at, dtype=float)
    phi, ar, rw = (
        np.broadcast_to(x, p.log_prior.shape)[s, g][:, :, None] for x in (p.noise.phi, p.noise.ar, p.noise.rw)
    )
    fade = phi**h
    first = f.state[:, :, s, g].transpose(0, 2, 3, 1)
    later = fade[..., None] * first[0][:, :, None] + first[1][:, :, None]
    p11, p12, p22 = (x[s, g][:, :, None] for x in f.filtered.cov)
    grown = fade**2 * p11 + 2 * fade * p12 + p22 + ar * (1 - fade**2) + rw * h
    own = np.where(seen, variance, 1.0) - np.where(p.seen, p.variance, 1.0)[:, None, :at]
    return np.concatenate([past, later], axis=2), np.maximum(np.concatenate([own, grown], axis=2), 0.0)


def trailing(values: Floats, size: int) -> Floats:
    """Mean of the last `size` entries up to each, along the last axis; shorter at the start."""
    if size <= 1:
        return values
    sums = np.cumsum(np.concatenate([np.zeros((*values.shape[:-1], 1)), values], axis=-1), axis=-1)
    end = np.arange(1, values.shape[-1] + 1)
    start = np.maximum(end - size, 0)
    return np.asarray((sums[..., end] - sums[..., start]) / (end - start))
