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
    """Parameter sets (S, G), or (1, G) where all series share them: stationary variance `ar` and correlation `phi` < 1
    of the AR(1), innovation variance `rw`."""

    ar: Floats
    phi: Floats
    rw: Floats

    def of(self, series: slice) -> "Noise":
        """The same for some of the series."""
        return Noise(self.ar[series], self.phi[series], self.rw[series])


@dataclass(frozen=True, eq=False)
class Gains:
    """What the filter does to any column: one over the standard deviation of its innovations (T, S, G), zero where
    nothing was seen; how much of an innovation is `kept` in the next one, and what of it `fades` (T, S, G), which is
    1 - phi times its load on the AR(1); and the covariance (3, S, G: ar, cross, rw) of the states predicted for period
    `at`. All series may share one (S = 1)."""

    size: Floats
    kept: Floats
    fades: Floats
    cov: Floats
    noise: Noise

    def part(self, series: slice, periods: slice) -> "Gains":
        """The same for some of the series and periods."""
        series = slice(None) if self.size.shape[1] == 1 else series
        size, kept, fades = (x[periods, series] for x in (self.size, self.kept, self.fades))
        noise = self.noise if len(self.noise.ar) == 1 else self.noise.of(series)
        return Gains(size, kept, fades, self.cov[:, series], noise)


def gains(variance: Floats, seen: Bools, noise: Noise, at: int) -> Gains:
    """Filter sampling `variance` (S, T) with gaps where not `seen` (S, T)."""
    S, T = variance.shape
    G = noise.ar.shape[1]
    measured = np.where(seen, variance, np.inf).T[:, :, None]
    size, kept, fades = (np.empty((T, S, G)) for _ in range(3))
    ar, phi, rw = (np.broadcast_to(x, (S, G)).copy() for x in (noise.ar, noise.phi, noise.rw))
    p11, p12, p22 = ar.copy(), np.zeros((S, G)), np.zeros((S, G))
    fresh, phi2, apart = ar * (1 - phi**2), phi**2, phi * (1 - phi)
    cov, (c1, c2, part) = np.stack([p11, p12, p22]), np.empty((3, S, G))
    for t in range(T):
        if t == at:
            cov = np.stack([p11, p12, p22])
        precision, g1, g2 = size[t], fades[t], kept[t]
        np.add(p11, p12, out=c1)
        np.add(p12, p22, out=c2)
        np.add(c1, c2, out=precision)
        precision += measured[t]
        np.divide(1, precision, out=precision)
        np.multiply(c1, precision, out=g1)
        np.multiply(c2, precision, out=g2)
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
        # kept = 1 - phi g1 - g2; fades = phi (1 - phi) g1
        np.multiply(g1, phi, out=part)
        g2 += part
        np.subtract(1, g2, out=g2)
        g1 *= apart
        np.sqrt(precision, out=precision)
    if at >= T:
        cov = np.stack([p11, p12, p22])
    return Gains(size, kept, fades, cov, noise)


@dataclass(frozen=True, eq=False)
class Whitened:
    """Whitened rows (S, G, m, t), zero where nothing was seen; and the predicted states (2, m, S, G) after the last
    one."""

    rows: Floats
    state: Floats


def innovations(columns: Floats, g: Gains, state: Floats) -> Iterator[tuple[int, Floats]]:
    """Position and what the filter did not predict (m, S, G; the array is used again) of each period of `columns`
    (t, m, S); where nothing was seen, that of the values given there. `state` (2, m, S, G) becomes the one behind the
    last period, in place.

    Each innovation follows from the last one, what was learnt from it, what fades of the AR(1), and how the values
    move: fewer steps than by way of both states.
    """
    if not len(columns):
        return
    (ar, rw), phi = state, np.broadcast_to(g.noise.phi, state.shape[2:]).copy()
    e, part, fading = columns[0, :, :, None] - ar - rw, np.empty(ar.shape), ar * (1 - phi)
    moves = np.diff(columns, axis=0)[:, :, :, None]
    for i, its in enumerate(g.kept):
        yield i, e
        np.multiply(e, g.fades[i], out=part)
        e *= its
        e += fading
        fading *= phi
        fading += part
        if i < len(moves):
            e += moves[i]
    np.divide(fading, 1 - phi, out=ar)
    np.subtract(columns[-1, :, :, None], e, out=rw)
    rw -= ar


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
    columns: Floats, g: Gains, start: int, state: Floats | None = None, head: int | None = None, alone: int = 0
) -> tuple[Floats, Floats]:
    """Cross products (m, m, S, G) of the whitened `columns`, and the states (2, m, S, G) after the last one; options as
    in `whiten`. Of the `alone` last columns only the products with the first `head` ones and, in one row behind all
    others, with themselves: (m - alone + 1, m, S, G)."""
    m, S = columns.shape[1:]
    G = g.noise.ar.shape[1]
    out, states = np.empty((m - alone + (alone > 0), m, S, G)), np.empty((2, m, S, G))
    for series, some, after in crossings(columns, g, start, state, head, alone):
        out[:, :, series], states[:, :, series] = some, after
    return out, states


def crossings(
    columns: Floats, g: Gains, start: int, state: Floats | None = None, head: int | None = None, alone: int = 0
) -> Iterator[tuple[slice, Floats, Floats]]:
    """The same for one part of the series after the other: which, their products, and their states. Whitened rows are
    used up, and products can be, while the processor still holds them."""
    t, m, S = columns.shape
    G, full = g.noise.ar.shape[1], m - alone
    ends = [m if head is None or k < head else full for k in range(full)]
    for series in near(S, m * G, STATES):
        its, shape = g.part(series, slice(start, start + t)), (m, series.stop - series.start, G)
        found = np.zeros((2, *shape)) if state is None else np.ascontiguousarray(state[:, :, series])
        held = max(1, min(t, ROWS // found[0].size))
        rows, out = np.empty((m, held, *shape[1:])), np.zeros((full + (alone > 0), *shape))
        told = out.reshape(len(out), m, -1)
        for i, e in innovations(columns[:, :, series], its, found):
            np.multiply(e, its.size[i], out=rows[:, i % held])
            if (i + 1) % held and i + 1 < t:
                continue
            some = rows.reshape(m, held, -1)[:, : i % held + 1]
            for k, end in enumerate(ends):
                told[k, k:end] += np.einsum("tn,ktn->kn", some[k], some[k:end])
            if alone:
                told[full, full:] += np.einsum("ktn,ktn->kn", some[full:], some[full:])
        for k in range(1, full):
            out[k, :k] = out[:k, k]
        yield series, out, found


def log_det(g: Gains, stop: int, start: int = 0) -> Floats:
    """Log determinant (S, G) of the covariance of what was seen before period `stop`, given what was before `start`."""
    total = np.zeros(g.size.shape[1:])
    for first in range(start, stop, TOGETHER):
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
