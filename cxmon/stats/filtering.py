"""The noise of a series as AR(1) + random walk + independent noise, and its Kalman filter over a grid of parameters.

One pass whitens every column (regressors and values alike) under every parameter set at once, so that least squares on
the whitened rows is generalised least squares. Cost: O(T G m) for T periods, G parameter sets and m columns.
"""

from dataclasses import dataclass

import numpy as np

from cxmon.stats.arrays import Bools, Floats


@dataclass(frozen=True, eq=False)
class Noise:
    """Parameter sets (G,): stationary variance `ar` and correlation `phi` of the AR(1), innovation variance `rw`."""

    ar: Floats
    phi: Floats
    rw: Floats
    log_prior: Floats


@dataclass(frozen=True, eq=False)
class Whitened:
    """Whitened rows (T, G, m), zero where nothing was seen; innovation variances (T, G); predictions (T, G, m).

    `state` (2, G, m) and `cov` (3, G: ar, cross, rw) are the predicted state of period `at`, before it was seen.
    """

    rows: Floats
    variance: Floats
    predicted: Floats
    state: Floats
    cov: Floats


def whiten(columns: Floats, variance: Floats, seen: Bools, noise: Noise, at: int) -> Whitened:
    """Filter `columns` (T, m) with sampling `variance` (T,) and gaps where not `seen` (T,)."""
    T, m = columns.shape
    G = len(noise.ar)
    errors, predicted, total = np.zeros((T, G, m)), np.empty((T, G, m)), np.empty((T, G))
    state = np.zeros((2, G, m))
    p11, p12, p22 = noise.ar.copy(), np.zeros(G), np.zeros(G)
    fresh, phi2, phi = noise.ar * (1 - noise.phi**2), noise.phi**2, noise.phi[:, None]
    kept, kept_cov = state.copy(), np.stack([p11, p12, p22])
    for t in range(T):
        if t == at:
            kept, kept_cov = state.copy(), np.stack([p11, p12, p22])
        c1, c2 = p11 + p12, p12 + p22
        v = c1 + c2 + variance[t]
        total[t] = v
        np.add(state[0], state[1], out=predicted[t])
        if seen[t]:
            g1, g2 = c1 / v, c2 / v
            e = columns[t] - predicted[t]
            errors[t] = e
            state[0] += g1[:, None] * e
            state[1] += g2[:, None] * e
            p11, p12, p22 = p11 - g1 * c1, p12 - g1 * c2, p22 - g2 * c2
        state[0] *= phi
        p11, p12, p22 = p11 * phi2 + fresh, p12 * noise.phi, p22 + noise.rw
    if at >= T:
        kept, kept_cov = state, np.stack([p11, p12, p22])
    return Whitened(errors / np.sqrt(total)[:, :, None], total, predicted, kept, kept_cov)


def ahead(noise: Noise, weights: Floats) -> tuple[Floats, Floats]:
    """Loading (2, G) of sum_h weights[h] x state(at + h) on the state at `at`, and the variance (G,) new shocks add."""
    h = np.arange(len(weights))
    powers = noise.phi[:, None] ** h
    load = np.stack([powers @ weights, np.full(len(noise.phi), weights.sum())])
    walk = np.cumsum(weights[::-1])[::-1][1:]
    tail, acc = np.zeros((len(noise.phi), max(len(weights) - 1, 0))), np.zeros(len(noise.phi))
    for j in range(len(weights) - 1, 0, -1):
        acc = weights[j] + noise.phi * acc
        tail[:, j - 1] = acc
    added = noise.rw * float(walk @ walk) + noise.ar * (1 - noise.phi**2) * (tail * tail).sum(1)
    return load, added


def quadratic(cov: Floats, load: Floats) -> Floats:
    """load' P load for each parameter set (G,)."""
    return np.asarray(load[0] ** 2 * cov[0] + 2 * load[0] * load[1] * cov[1] + load[1] ** 2 * cov[2])
