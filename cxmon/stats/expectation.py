"""What was to be expected without the change, period by period, with its band."""

from dataclasses import replace

import numpy as np
from scipy.special import stdtrit

from cxmon.stats.arrays import TINY, Floats, Ints
from cxmon.stats.estimator import Fitted
from cxmon.stats.filtering import ROWS, Gains, Noise, innovations
from cxmon.stats.problem import Problem
from cxmon.stats.regression import solve

MOST = 8


def expected(f: Fitted, smooth: int, confidence: float) -> tuple[Floats, Floats, Floats]:
    """Expected value, low and high (S, T) of the trailing mean of `smooth` periods, in the values' units.

    Before the change these are predictions one step ahead, afterwards forecasts from the last period before it. Within
    a trailing mean the slow states count as fully correlated, which errs on the wide side.
    """
    p = f.problem
    S = len(p.y)
    flat = f.weight.transpose(1, 0, 2).reshape(S, -1)
    top = np.argsort(-flat, axis=1, kind="stable")[:, :MOST]
    share = np.take_along_axis(flat, top, 1)
    share = np.where(share > 0.01 * share[:, :1], share, 0.0)
    share = share / share.sum(1, keepdims=True)
    v, g = np.divmod(top, p.noise.ar.shape[1])
    s = np.arange(S)[:, None]
    guess, from_b, own = _guesses(f, s, g, *_coefficients(f, v, s, g))
    guess = trailing(guess, smooth)
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
    """Coefficients (p, S, C) and their covariance over the noise scale (p, p, S, C) before the change, for the trend
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
    return found.coefficients[:, 0, :, 0].reshape(width, *v.shape), cov


def _guesses(f: Fitted, s: Ints, g: Ints, b: Floats, cov: Floats) -> tuple[Floats, Floats, Floats]:
    """Predicted values (S, C, T), after the change from before it, and what their variance owes to the coefficients
    and to the latent state, for the noise parameter sets `g` (S, C)."""
    p = f.problem
    width, T, held = p.Z.shape[1], p.y.shape[1], max(1, ROWS // (b[0].size * (len(b) + 1)))
    noise = Noise(*(np.broadcast_to(x, p.log_prior.shape)[s, g] for x in (p.noise.ar, p.noise.phi, p.noise.rw)))
    # Behind the change nothing is taken in: the filter forecasts.
    size, passed = np.zeros((T, *g.shape)), np.zeros((T, 2, *g.shape))
    passed[p.at :, 0] = 1.0
    for whole, mine in ((f.filtered.size, size), (f.filtered.passed, passed)):
        mine[: p.at] = whole[: p.at, ..., s, g]
    its = Gains(size, passed, f.filtered.cov[:, s, g], noise)
    columns, state = np.concatenate([p.Z, p.y.T[:, None]], axis=1), np.zeros((2, width + 1, *g.shape))
    twice = np.where(np.eye(width, dtype=bool)[:, :, None, None], cov, 2 * cov)
    guess, from_b, lean = np.empty((T, *g.shape)), np.zeros((T, *g.shape)), np.empty((width + 1, held, *g.shape))
    for now, e in innovations(columns, its, state, held):
        last = (now.stop - 1) % held + 1
        lean[:, now.start % held : last] = e.swapaxes(0, 1)
        if last < held and now.stop < T:
            continue
        part, some = slice(now.stop - last, now.stop), lean[:, :last]
        np.subtract(columns[part, width, :, None], some[width], out=guess[part])
        guess[part] += np.einsum("ptsc,psc->tsc", some[:width], b)
        for k in range(width):
            from_b[part] += some[k] * np.einsum("ptsc,psc->tsc", some[k:width], twice[k, k:])
    return guess.transpose(1, 2, 0), from_b.transpose(1, 2, 0), _own(p, its)


def _own(p: Problem, its: Gains) -> Floats:
    """The variance (S, C, T) of the latent state."""
    size, at = its.size[: p.at].transpose(1, 2, 0), p.at
    seen = size > 0
    own = np.where(seen, 1 / np.where(seen, size, 1.0) ** 2, 1.0) - np.where(p.seen, p.variance, 1.0)[:, None, :at]
    h = np.arange(p.y.shape[1] - at, dtype=float)
    phi, ar, rw = (x[:, :, None] for x in (its.noise.phi, its.noise.ar, its.noise.rw))
    fade = phi**h
    p11, p12, p22 = its.cov[:, :, :, None]
    grown = fade**2 * p11 + 2 * fade * p12 + p22 + ar * (1 - fade**2) + rw * h
    return np.asarray(np.maximum(np.concatenate([own, grown], axis=2), 0.0))


def trailing(values: Floats, size: int) -> Floats:
    """Mean of the last `size` entries up to each, along the last axis; shorter at the start."""
    if size <= 1:
        return values
    sums = np.cumsum(np.concatenate([np.zeros((*values.shape[:-1], 1)), values], axis=-1), axis=-1)
    end = np.arange(1, values.shape[-1] + 1)
    start = np.maximum(end - size, 0)
    return np.asarray((sums[..., end] - sums[..., start]) / (end - start))
