"""The noise of a series as AR(1) + random walk + independent noise, and its Kalman filter over a grid of parameters.

One pass whitens every column (regressors and values alike) of many series under every parameter set at once, so that
least squares on the whitened rows is generalised least squares. Cost: O(T S G m) for T periods, S series, G parameter
sets and m columns. The variances do not depend on the columns, so they are filtered first and the columns follow.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cxmon.stats.arrays import Bools, Floats, near

# Numbers of a state, and of whitened rows, that the processor holds while it works on them.
STATES, ROWS = 15_000, 250_000
# Sizes of so many innovations have a product that is no number's end, and one logarithm.
TOGETHER = 8


@dataclass(frozen=True, eq=False)
class Noise:
    """Parameter sets (S, G), or (1, G) where all series share them: stationary variance `ar` and correlation `phi` of
    the AR(1), innovation variance `rw`."""

    ar: Floats
    phi: Floats
    rw: Floats

    def of(self, series: slice) -> "Noise":
        """The same for some of the series."""
        return Noise(self.ar[series], self.phi[series], self.rw[series])


@dataclass(frozen=True, eq=False)
class Gains:
    """What the filter does to any column: one over the standard deviation of its innovations (T, S, G), zero where
    nothing was seen; loads of the innovation on both states of the next period (T, S, G); and the covariance (3, S, G:
    ar, cross, rw) of the states predicted for period `at`. All series may share one (S = 1)."""

    size: Floats
    load_ar: Floats
    load_rw: Floats
    cov: Floats
    noise: Noise

    def part(self, series: slice, periods: slice) -> "Gains":
        """The same for some of the series and periods."""
        series = slice(None) if self.size.shape[1] == 1 else series
        size, load_ar, load_rw = (x[periods, series] for x in (self.size, self.load_ar, self.load_rw))
        noise = self.noise if len(self.noise.ar) == 1 else self.noise.of(series)
        return Gains(size, load_ar, load_rw, self.cov[:, series], noise)


def gains(variance: Floats, seen: Bools, noise: Noise, at: int) -> Gains:
    """Filter sampling `variance` (S, T) with gaps where not `seen` (S, T)."""
    S, T = variance.shape
    G = noise.ar.shape[1]
    measured = np.where(seen, variance, np.inf).T[:, :, None]
    size, load_ar, load_rw = (np.empty((T, S, G)) for _ in range(3))
    ar, phi, rw = (np.array(np.broadcast_to(x, (S, G))) for x in (noise.ar, noise.phi, noise.rw))
    p11, p12, p22 = ar.copy(), np.zeros((S, G)), np.zeros((S, G))
    fresh, phi2 = ar * (1 - phi**2), phi**2
    kept, (c1, c2, part) = np.stack([p11, p12, p22]), np.empty((3, S, G))
    for t in range(T):
        if t == at:
            kept = np.stack([p11, p12, p22])
        total, g1, g2 = size[t], load_ar[t], load_rw[t]
        np.add(p11, p12, out=c1)
        np.add(p12, p22, out=c2)
        np.add(c1, c2, out=total)
        total += measured[t]
        np.divide(c1, total, out=g1)
        np.divide(c2, total, out=g2)
        # p11 = (p11 - g1 c1) phi^2 + fresh; p12 = (p12 - g1 c2) phi; p22 = p22 - g2 c2 + rw
        c1 *= g1
        p11 -= c1
        p11 *= phi2
        p11 += fresh
        np.multiply(g1, c2, out=part)
        p12 -= part
        p12 *= phi
        c2 *= g2
        p22 -= c2
        p22 += rw
        g1 *= phi
        np.sqrt(total, out=total)
        np.divide(1, total, out=total)
    if at >= T:
        kept = np.stack([p11, p12, p22])
    return Gains(size, load_ar, load_rw, kept, noise)


@dataclass(frozen=True, eq=False)
class Whitened:
    """Whitened rows (S, G, m, t), zero where nothing was seen; and the predicted states (2, m, S, G) after the last
    one."""

    rows: Floats
    state: Floats


def innovations(columns: Floats, g: Gains, state: Floats) -> Iterator[tuple[int, Floats]]:
    """Position and what the filter did not predict (m, S, G; the array is used again) of each period of `columns`
    (t, m, S); where nothing was seen, that of the values given there. `state` (2, m, S, G) follows, in place."""
    ar, rw = state
    e, part = np.empty(ar.shape), np.empty(ar.shape)
    wide, phi = columns[:, :, :, None], np.array(np.broadcast_to(g.noise.phi, ar.shape[1:]))
    for i in range(len(columns)):
        np.add(ar, rw, out=part)
        np.subtract(wide[i], part, out=e)
        yield i, e
        np.multiply(e, g.load_rw[i], out=part)
        rw += part
        np.multiply(e, g.load_ar[i], out=part)
        ar *= phi
        ar += part


def whiten(columns: Floats, g: Gains, start: int, state: Floats | None = None) -> Whitened:
    """Filter `columns` (t, m, S) that begin at period `start`; `state` is that of an earlier call."""
    t, m, S = columns.shape
    G = g.noise.ar.shape[1]
    state = np.zeros((2, m, S, G)) if state is None else state.copy()
    its, rows = g.part(slice(None), slice(start, start + t)), np.empty((t, m, S, G))
    for i, e in innovations(columns, its, state):
        np.multiply(e, its.size[i], out=rows[i])
    return Whitened(rows.transpose(2, 3, 1, 0), state)


def crossed(
    columns: Floats, g: Gains, start: int, state: Floats | None = None, head: int | None = None
) -> tuple[Floats, Floats]:
    """Cross products (m, m, S, G) of the whitened `columns`, and the states (2, m, S, G) after the last one; options as
    in `whiten`. With `head` only the products of the first columns with all and, behind them, those of each of the
    others with itself: (head + 1, m, S, G). The rows are used up while the processor still holds them."""
    t, m, S = columns.shape
    G, full = g.noise.ar.shape[1], m if head is None else head
    out, states = np.zeros((min(full + 1, m), m, S * G)), np.zeros((2, m, S, G)) if state is None else state.copy()
    for series in near(S, m * G, STATES):
        mine, found = slice(series.start * G, series.stop * G), np.ascontiguousarray(states[:, :, series])
        held = max(1, min(t, ROWS // found[0].size))
        rows = np.empty((m, held, *found[0, 0].shape))
        for first in range(0, t, held):
            last = min(first + held, t)
            its = g.part(series, slice(start + first, start + last))
            for i, e in innovations(columns[first:last, :, series], its, found):
                np.multiply(e, its.size[i], out=rows[:, i])
            some = rows.reshape(m, held, -1)[:, : last - first]
            for k in range(full):
                out[k, k:, mine] += np.einsum("tn,ktn->kn", some[k], some[k:])
            if full < m:
                out[full, full:, mine] += np.einsum("ktn,ktn->kn", some[full:], some[full:])
        states[:, :, series] = found
    for k in range(1, full):
        out[k, :k] = out[:k, k]
    return out.reshape(len(out), m, S, G), states


def log_det(g: Gains, stop: int) -> Floats:
    """Log determinant (S, G) of the covariance of what was seen before period `stop`."""
    total = np.zeros(g.size.shape[1:])
    for first in range(0, stop, TOGETHER):
        some = g.size[first : min(first + TOGETHER, stop)]
        total -= np.log(np.multiply.reduce(np.where(some > 0, some, 1.0), axis=0))
    return np.asarray(2 * total)


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
