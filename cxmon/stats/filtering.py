"""The noise of a series as AR(1) + random walk + independent noise, and its Kalman filter over a grid of parameters.

One pass whitens every column (regressors and values alike) of many series under every parameter set at once, so that
least squares on the whitened rows is generalised least squares. Cost: O(T S G m) for T periods, S series, G parameter
sets and m columns. The variances do not depend on the columns, so they are filtered first and the columns follow.
"""

from dataclasses import dataclass

import numpy as np

from cxmon.stats.arrays import Bools, Floats


@dataclass(frozen=True, eq=False)
class Noise:
    """Parameter sets (S, G), or (1, G) where all series share them: stationary variance `ar` and correlation `phi` of
    the AR(1), innovation variance `rw`."""

    ar: Floats
    phi: Floats
    rw: Floats


@dataclass(frozen=True, eq=False)
class Gains:
    """What the filter does to any column: innovation variance (T, S, G), infinite where nothing was seen; loads of the
    innovation on both states of the next period (T, S, G); and the covariance (3, S, G: ar, cross, rw) of the states
    predicted for period `at`."""

    variance: Floats
    load_ar: Floats
    load_rw: Floats
    cov: Floats
    noise: Noise


def gains(variance: Floats, seen: Bools, noise: Noise, at: int) -> Gains:
    """Filter sampling `variance` (S, T) with gaps where not `seen` (S, T)."""
    S, T = variance.shape
    G = noise.ar.shape[1]
    measured = np.where(seen, variance, np.inf).T[:, :, None]
    v, load_ar, load_rw = (np.empty((T, S, G)) for _ in range(3))
    p11, p12, p22 = np.array(np.broadcast_to(noise.ar, (S, G))), np.zeros((S, G)), np.zeros((S, G))
    fresh, phi, phi2 = noise.ar * (1 - noise.phi**2), noise.phi, noise.phi**2
    kept = np.stack([p11, p12, p22])
    for t in range(T):
        if t == at:
            kept = np.stack([p11, p12, p22])
        c1, c2 = p11 + p12, p12 + p22
        total = v[t]
        np.add(c1, c2, out=total)
        total += measured[t]
        g1, g2 = c1 / total, c2 / total
        np.multiply(g1, phi, out=load_ar[t])
        load_rw[t] = g2
        p11, p12, p22 = (p11 - g1 * c1) * phi2 + fresh, (p12 - g1 * c2) * phi, p22 - g2 * c2 + noise.rw
    if at >= T:
        kept = np.stack([p11, p12, p22])
    return Gains(v, load_ar, load_rw, kept, noise)


@dataclass(frozen=True, eq=False)
class Whitened:
    """Whitened rows (S, G, m, t), zero where nothing was seen; the predicted states (2, m, S, G) after the last one;
    and predictions (m, S, G) by position for the periods in which some series was not seen."""

    rows: Floats
    state: Floats
    gaps: dict[int, Floats]


def whiten(columns: Floats, g: Gains, start: int, state: Floats | None = None) -> Whitened:
    """Filter `columns` (t, m, S) that begin at period `start`; `state` is that of an earlier call."""
    t, m, S = columns.shape
    G = g.noise.ar.shape[1]
    state = np.zeros((2, m, S, G)) if state is None else state.copy()
    ar, rw = state
    rows, e, part = np.empty((t, m, S, G)), np.empty((m, S, G)), np.empty((m, S, G))
    size = 1 / np.sqrt(g.variance[start : start + t])
    load_ar, load_rw, phi = g.load_ar[start : start + t], g.load_rw[start : start + t], g.noise.phi
    wide = columns[:, :, :, None]
    lost = set(np.flatnonzero(~np.isfinite(g.variance[start : start + t, :, 0]).all(1)).tolist())
    gaps = {}
    for i in range(t):
        np.add(ar, rw, out=part)
        if i in lost:
            gaps[i] = part.copy()
        np.subtract(wide[i], part, out=e)
        np.multiply(e, size[i], out=rows[i])
        np.multiply(e, load_rw[i], out=part)
        rw += part
        np.multiply(e, load_ar[i], out=part)
        ar *= phi
        ar += part
    return Whitened(rows.transpose(2, 3, 1, 0), state, gaps)


def log_det(g: Gains, stop: int) -> Floats:
    """Log determinant (S, G) of the covariance of what was seen before period `stop`."""
    v = g.variance[:stop]
    return np.asarray(np.log(np.where(np.isfinite(v), v, 1.0)).sum(0))


def ahead(noise: Noise, weights: Floats) -> tuple[Floats, Floats]:
    """Loading (2, S, G) of sum_h weights[s, h] x state(at + h) on the state at `at`, and the variance (S, G) that new
    shocks add."""
    H = weights.shape[1]
    fading = (weights[:, None] * noise.phi[:, :, None] ** np.arange(H)).sum(2)
    load = np.stack([fading, np.broadcast_to(weights.sum(1)[:, None], fading.shape)])
    walk = np.cumsum(weights[:, ::-1], axis=1)[:, ::-1][:, 1:]
    added = noise.rw * (walk**2).sum(1)[:, None]
    acc, squares = np.zeros(load[0].shape), np.zeros(load[0].shape)
    for j in range(H - 1, 0, -1):
        acc = weights[:, j, None] + noise.phi * acc
        squares += acc * acc
    return load, added + noise.ar * (1 - noise.phi**2) * squares


def quadratic(cov: Floats, load: Floats) -> Floats:
    """load' P load for each series and parameter set."""
    return np.asarray(load[0] ** 2 * cov[0] + 2 * load[0] * load[1] * cov[1] + load[1] ** 2 * cov[2])
