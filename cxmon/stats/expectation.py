"""What was to be expected without the change, period by period, with its band."""

import numpy as np
from scipy.special import stdtrit

from cxmon.stats.arrays import TINY, Floats
from cxmon.stats.estimator import Fitted


def expected(f: Fitted, smooth: int, confidence: float) -> tuple[Floats, Floats, Floats]:
    """Expected value, low and high (T,) of the trailing mean of `smooth` periods, in the values' units.

    Before the change these are predictions one step ahead, afterwards forecasts from the last period before it. Within
    a trailing mean the slow states count as fully correlated, which errs on the wide side.
    """
    p, noise = f.problem, f.noise
    flat = f.weight.reshape(-1)
    top = np.argsort(flat)[::-1][:12]
    top = top[flat[top] > 0.01 * flat[top[0]]]
    share = flat[top] / flat[top].sum()
    sampling = trailing(p.variance, smooth) / smooth
    middle, second = np.zeros(len(p.y)), np.zeros(len(p.y))
    width = p.Z.shape[1]
    for w, code in zip(share, top, strict=True):
        v, g = divmod(int(code), len(noise.ar))
        b, cov, s2 = f.before.coefficients[v, g], f.before.covariance[v, g], f.before.scale2[v, g]
        state, own = _state(f, g)
        lean = p.Z - state[:, :width]
        guess = trailing(state[:, -1] + lean @ b, smooth)
        from_b = np.einsum("tp,pq,tq->t", lean, cov, lean)
        middle += w * guess
        second += w * (s2 * (own + sampling + from_b) + guess**2)
    half = float(stdtrit(f.before.freedom, 0.5 + confidence / 2)) * np.sqrt(np.maximum(second - middle**2, TINY))
    low, high = middle - half, middle + half
    return p.center + p.unit * middle, p.center + p.unit * low, p.center + p.unit * high


def _state(f: Fitted, g: int) -> tuple[Floats, Floats]:
    """Predicted columns (T, m) and the variance (T,) of the latent state, for one noise parameter set."""
    p = f.problem
    h = np.arange(len(p.y) - p.at, dtype=float)
    fade = f.noise.phi[g] ** h
    later = fade[:, None] * f.filtered.state[0, g] + f.filtered.state[1, g]
    p11, p12, p22 = f.filtered.cov[:, g]
    grown = fade**2 * p11 + 2 * fade * p12 + p22 + f.noise.ar[g] * (1 - fade**2) + f.noise.rw[g] * h
    state = np.concatenate([f.filtered.predicted[: p.at, g], later])
    own = np.concatenate([f.filtered.variance[: p.at, g] - p.variance[: p.at], grown])
    return state, np.maximum(own, 0.0)


def trailing(values: Floats, size: int) -> Floats:
    """Mean of the last `size` entries up to each (T,); shorter at the start."""
    if size <= 1:
        return values
    sums = np.cumsum(np.r_[0.0, values])
    end = np.arange(1, len(values) + 1)
    start = np.maximum(end - size, 0)
    return np.asarray((sums[end] - sums[start]) / (end - start))
