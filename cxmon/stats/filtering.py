"""The noise of a series as AR(1) + random walk + independent noise, and its Kalman filter over a grid of parameters.

One pass whitens every column (regressors and values alike) of many series under every parameter set at once, so that
least squares on the whitened rows is generalised least squares. Cost: O(T S G m) for T periods, S series, G parameter
sets and m columns. The variances do not depend on the columns, so they are filtered first and the columns follow.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cxmon.stats.arrays import Bools, Floats, near

# Numbers of a state, and of whitened rows, that the processor holds while it works on them.
STATES, ROWS = 15_000, 250_000
# Numbers of innovations that are worked out before anything else is done with them.
HELD = 20_000
# Numbers of a step up to which what numpy's calls cost is most of it.
SMALL = 2_000
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
    nothing was seen; `passed` (T, 2, S, G): how much of an innovation is kept in the next one, and what of it fades,
    which is 1 - phi times its load on the AR(1); and the covariance (3, S, G: ar, cross, rw) of the states predicted
    for period `at`. All series may share one (S = 1)."""

    size: Floats
    passed: Floats
    cov: Floats
    noise: Noise

    def part(self, series: slice, periods: slice) -> "Gains":
        """The same for some of the series and periods."""
        series = slice(None) if self.size.shape[1] == 1 else series
        noise = self.noise if len(self.noise.ar) == 1 else self.noise.of(series)
        return Gains(self.size[periods, series], self.passed[periods, :, series], self.cov[:, series], noise)


def gains(variance: Floats, seen: Bools, noise: Noise, at: int) -> Gains:
    """Filter sampling `variance` (S, T) with gaps where not `seen` (S, T).

    Few series cost as much as numpy's calls do: both states take each step together, in operands of one shape.
    """
    S, T = variance.shape
    G = noise.ar.shape[1]
    few = max(1, HELD // max(S * G, 1))
    measured = np.where(seen, variance, np.inf).T[:, :, None]
    size, passed = np.empty((T, S, G)), np.empty((T, 2, S, G))
    ar, phi, rw = (np.broadcast_to(x, (S, G)) for x in (noise.ar, noise.phi, noise.rw))
    none, apart = np.zeros((S, G)), phi * (1 - phi)
    cov, fade = np.stack([ar, none, none]), np.stack([phi**2, phi, np.ones((S, G))])
    fresh, (c, spent) = np.stack([ar * (1 - phi**2), none, rw]), (np.empty((2, S, G)), np.empty((3, S, G)))
    predicted, (upper, lower), (c1, c2), (s1, s2, s3) = cov.copy(), (cov[:2], cov[1:]), c, spent
    for first in range(0, T, few):
        part = slice(first, first + few)
        noisy, loads = _spread(measured[part], (S, G)), passed[part].swapaxes(0, 1)
        for t, (precision, g1, g2, more) in enumerate(zip(size[part], *loads, noisy, strict=True), first):
            if t == at:
                predicted = cov.copy()
            np.add(upper, lower, c)
            np.add(c1, c2, precision)
            np.add(precision, more, precision)
            np.reciprocal(precision, precision)
            np.multiply(c1, precision, g1)
            np.multiply(c2, precision, g2)
            # p11 = (p11 - g1 c1) phi^2 + ar (1 - phi^2); p12 = (p12 - g1 c2) phi; p22 = p22 - g2 c2 + rw
            np.multiply(g1, c1, s1)
            np.multiply(g1, c2, s2)
            np.multiply(g2, c2, s3)
            np.subtract(cov, spent, cov)
            np.multiply(cov, fade, cov)
            np.add(cov, fresh, cov)
        # kept = 1 - phi g1 - g2; fades = phi (1 - phi) g1
        fades, kept = loads
        kept += fades * phi
        np.subtract(1, kept, kept)
        fades *= apart
        np.sqrt(size[part], size[part])
    return Gains(size, passed[:, ::-1], predicted if at < T else cov, noise)


def _spread(x: Floats, shape: tuple[int, ...]) -> Floats:
    """`x` of some periods laid out in this `shape` in each: numpy takes far longer to begin with operands that repeat
    than to read so few numbers."""
    return np.ascontiguousarray(np.broadcast_to(x, (len(x), *shape)))


@dataclass(frozen=True, eq=False)
class Whitened:
    """Whitened rows (S, G, m, t), zero where nothing was seen; and the predicted states (2, m, S, G) after the last
    one."""

    rows: Floats
    state: Floats


def innovations(columns: Floats, g: Gains, state: Floats, held: int) -> Iterator[tuple[slice, Floats]]:
    """What the filter did not predict (t', m, S, G; the array is used again) of some periods of `columns` (t, m, S)
    after the other, none of which goes past a multiple of `held`; where nothing was seen, that of the values given
    there. `state` (2, m, S, G) becomes the one behind the last period, in place.

    Each innovation follows from the last one, what was learnt from it, what fades of the AR(1), and how the values
    move: fewer steps than by way of both states.
    """
    if not len(columns):
        return
    (ar, rw), phi = state, np.broadcast_to(g.noise.phi, state.shape[2:]).copy()
    e, fading = columns[0, :, :, None] - ar - rw, ar * (1 - phi)
    moves = np.diff(columns, axis=0, append=columns[-1:])[:, :, :, None]
    few = ar.size <= SMALL
    yield from _in_rows(e, fading, phi, moves, g, held) if few else _each(e, fading, phi, moves, g)
    np.divide(fading, 1 - phi, out=ar)
    np.subtract(columns[-1, :, :, None], e, out=rw)
    rw -= ar


def _each(e: Floats, fading: Floats, phi: Floats, moves: Floats, g: Gains) -> Iterator[tuple[slice, Floats]]:
    """The innovations from `e` (m, S, G) on, one period after the other, with what is `fading`; both are moved on in
    place."""
    part = np.empty(e.shape)
    for i, (move, (keeps, passes)) in enumerate(zip(moves, g.passed, strict=True)):
        yield slice(i, i + 1), e[None]
        np.multiply(e, passes, out=part)
        e *= keeps
        e += fading
        fading *= phi
        fading += part
        e += move


def _in_rows(
    e: Floats, fading: Floats, phi: Floats, moves: Floats, g: Gains, held: int
) -> Iterator[tuple[slice, Floats]]:
    """The same for so few numbers that what numpy's calls cost is most of it: many periods together."""
    t, few = len(moves), HELD // max(e.size, 1)
    [phi], part, found = _spread(phi[None], e.shape), np.empty(e.shape), np.empty((min(few, t), *e.shape))
    parts = (slice(i, min(i + few, j + held, t)) for j in range(0, t, held) for i in range(j, min(j + held, t), few))
    for these in parts:
        some = found[: these.stop - these.start]
        some[0] = e
        spread = (_spread(x[these], e.shape) for x in (g.passed[:, 0, None], g.passed[:, 1, None], moves))
        for now, following, keeps, passes, move in zip(some, [*some[1:], e], *spread, strict=True):
            np.multiply(now, passes, part)
            np.multiply(now, keeps, following)
            np.add(following, fading, following)
            np.multiply(fading, phi, fading)
            np.add(fading, part, fading)
            np.add(following, move, following)
        yield these, some


def whiten(columns: Floats, g: Gains, start: int, state: Floats | None = None) -> Whitened:
    """Filter `columns` (t, m, S) that begin at period `start`; `state` is that of an earlier call."""
    t, m, S = columns.shape
    G = g.noise.ar.shape[1]
    state = np.zeros((2, m, S, G)) if state is None else state.copy()
    its, rows = g.part(slice(None), slice(start, start + t)), np.empty((t, m, S, G))
    for part, e in innovations(columns, its, state, t):
        np.multiply(e, its.size[part, None], out=rows[part])
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
        for part, e in innovations(columns[:, :, series], its, found, held):
            first, last = part.start % held, (part.stop - 1) % held + 1
            np.multiply(e.swapaxes(0, 1), its.size[part], out=rows[:, first:last])
            if last < held and part.stop < t:
                continue
            some = rows.reshape(m, held, -1)[:, :last]
            for k, end in enumerate(ends):
                told[k, k:end] += np.einsum("tn,ktn->kn", some[k], some[k:end])
            if alone:
                told[full, full:] += np.einsum("ktn,ktn->kn", some[full:], some[full:])
        for k in range(1, full):
            out[k, :k] = out[:k, k]
        yield series, out, found


def log_det(g: Gains, stop: int, start: int = 0) -> Floats:
    """Log determinant (S, G) of the covariance of what was seen before period `stop`, given what was before `start`."""
    shape = g.size.shape[1:]
    each = TOGETHER * max(1, HELD // (TOGETHER * max(math.prod(shape), 1)))
    total = np.zeros(shape)
    for first in range(start, stop, each):
        some = g.size[first : min(first + each, stop)]
        sizes, whole = np.where(some > 0, some, 1.0), len(some) // TOGETHER * TOGETHER
        total -= np.log(np.multiply.reduce(sizes[:whole].reshape(-1, TOGETHER, *shape), axis=1)).sum(0)
        total -= np.log(np.multiply.reduce(sizes[whole:], axis=0))
    return 2 * total


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
