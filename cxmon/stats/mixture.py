"""Mixtures of Student-t distributions: the posterior when the noise parameters are averaged rather than plugged in."""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, ndtr, ndtri, stdtr

from cxmon.stats.arrays import TINY, Floats, Ints, near

# Components are dropped, the lightest first, as long as all that were dropped weigh less than this.
DROPPED = 2e-4
ROUNDS = 60
# A step of so many standard deviations, in value and in normal score, is the last if what its bend leaves is EXACT.
CLOSE, EXACT = 1e-4, 1e-9
# Numbers of a mixture that one step of the search works on.
HELD = 24_000
# Degrees of freedom from which on, and deviations up to which, the fast tail is exact enough.
MANY, FAR = 30.0, 7.0


@dataclass(frozen=True, eq=False)
class Mixture:
    """Components (S, C) of S distributions: weights that sum to one, means, scales > 0 and degrees of freedom."""

    weight: Floats
    mean: Floats
    scale: Floats
    freedom: Floats

    def center(self) -> Floats:
        return np.asarray((self.weight * self.mean).sum(1))

    def spread(self) -> Floats:
        """Standard deviations (S,); degrees of freedom of two or less count as 2.5, where the formula would be
        infinite."""
        nu = np.maximum(self.freedom, 2.5)
        second = self.scale**2 * nu / (nu - 2) + (self.mean - self.center()[:, None]) ** 2
        return np.asarray(np.sqrt((self.weight * second).sum(1)))

    def below(self, x: Floats) -> Floats:
        """P(value < x) for x (S, Q), to the last digits."""
        z = (x[:, None, :] - self.mean[:, :, None]) / self.scale[:, :, None]
        return np.asarray((self.weight[:, :, None] * stdtr(self.freedom[:, :, None], z)).sum(1))

    def quantiles(self, q: Floats) -> Floats:
        """Quantiles for levels q (S, Q), by Halley's steps on the probit scale kept inside a bracket.

        There the distribution is nearly a straight line, so that few steps are needed.
        """
        wanted, reach = ndtri(q), np.maximum(self.spread(), TINY**2)[:, None]
        x, low, high = self._guess(wanted), np.full(q.shape, -np.inf), np.full(q.shape, np.inf)
        done = np.zeros(q.shape, bool)
        for _ in range(ROUNDS):
            left = np.flatnonzero(~done.all(1))
            if not len(left):
                break
            for part in near(len(left), self.weight.shape[1] * q.shape[1], HELD):
                rows = left[part]
                found = _Parts(self, rows).at(x[rows])
                step, low[rows], high[rows], close = _stepped(
                    found, q[rows], wanted[rows], reach[rows], x[rows], low[rows], high[rows]
                )
                x[rows] = np.where(done[rows], x[rows], step)
                done[rows] |= close
        return x

    def _guess(self, wanted: Floats) -> Floats:
        """Where a distribution with these four moments has its quantiles, normal scores `wanted` (S, Q): Cornish &
        Fisher (1938), with tame moments."""
        off, nu = self.mean - self.center()[:, None], np.maximum(self.freedom, 4.5)
        own, square, size = self.scale**2 * nu / (nu - 2), off**2, np.maximum(self.spread(), TINY**2)
        third = (self.weight * off * (3 * own + square)).sum(1)
        fourth = (self.weight * (own * (3 * own * (nu - 2) / (nu - 4) + 6 * square) + square**2)).sum(1)
        skew = np.clip(third / size**3, -1, 1)[:, None]
        peak = np.clip(fourth / size**4 - 3, -0.5, 2)[:, None]
        z = wanted + (wanted**2 - 1) * skew / 6
        z = z + (wanted**3 - 3 * wanted) * peak / 24 - (2 * wanted**3 - 5 * wanted) * skew**2 / 36
        return np.asarray(self.center()[:, None] + size[:, None] * z)

    def p_value(self) -> Floats:
        """Two-sided (S,): twice the smaller tail at zero. Tails are summed on their own side to keep digits."""
        some = _Parts(self, np.arange(len(self.weight)))
        z, near = np.abs(some.mean / some.scale), some.mean > 0
        small = _below(some.freedom, -z, np.log1p(z * z / some.freedom))
        below, above = (
            np.add.reduceat(some.weight * np.where(side, small, 1 - small), some.first) for side in (near, ~near)
        )
        return np.asarray(np.minimum(1.0, 2 * np.minimum(below, above)))


def _stepped(
    found: tuple[Floats, ...], q: Floats, wanted: Floats, reach: Floats, x: Floats, low: Floats, high: Floats
) -> tuple[Floats, ...]:
    """The next guess after `x` (S, Q) where chance, density and slope were `found`, the bracket, and whether this was
    the last step."""
    below, density, slope = found
    low, high = np.where(below < q, x, low), np.where(below >= q, x, high)
    there = ndtri(np.clip(below, 1e-300, 1 - 1e-16))
    rate = np.maximum(density * np.sqrt(2 * np.pi), 1e-300) * np.exp(0.5 * there**2)
    off = (there - wanted) / rate
    # Half the bend of the line from here to the quantile; without it this is Newton's step, with it Halley's.
    bend = off * (slope / np.maximum(density, 1e-300) + there * rate) / 2
    off = off / (1 - np.clip(bend, -0.5, 0.5))
    step = x - np.clip(off, -2 * reach, 2 * reach)
    # A step that leaves the bracket, or is cut short within one, means a flat stretch; half the bracket is left
    # then. Two cut steps could go to and fro for ever.
    inside = (step > low) & (step < high) | (off == 0)
    stuck = ~inside | ((np.abs(off) > 2 * reach) & np.isfinite(low) & np.isfinite(high))
    half = (np.where(np.isfinite(low), low, x) + np.where(np.isfinite(high), high, x)) / 2
    step = np.where(stuck, half, step)
    # The error that a step leaves is of its third order: after one so small the next would not show. It must be small
    # in chance as well, because a narrow component is passed in no distance at all.
    gap, moved = np.abs(there - wanted), np.abs(step - x)
    return step, low, high, (moved <= CLOSE * reach) & (gap <= CLOSE) & (gap * bend**2 <= EXACT)


class _Parts:
    """The components that weigh something of some `rows` of a mixture, series after series."""

    def __init__(self, mixture: Mixture, rows: Ints) -> None:
        some = mixture.weight[rows] > 0
        count, width = some.sum(1), some.shape[1]
        self.row, self.first = np.repeat(np.arange(len(rows)), count), np.cumsum(count) - count
        which = np.flatnonzero(some) + np.repeat((rows - np.arange(len(rows))) * width, count)
        self.weight, self.mean, self.scale, self.freedom = (
            np.take(x, which) for x in (mixture.weight, mixture.mean, mixture.scale, mixture.freedom)
        )

    def at(self, x: Floats) -> tuple[Floats, Floats, Floats]:
        """P(value < x), density and its slope at x (S, Q)."""
        nu = self.freedom
        z = np.take(x.T, self.row, axis=1)
        z -= self.mean
        z /= self.scale
        square = z * z
        square /= nu
        log = np.log1p(square)
        below = _below(nu, z, log)
        below *= self.weight
        log *= -0.5 * (nu + 1)
        density = np.exp(log, out=log)
        density *= self.weight / self.scale * _height(nu)
        square += 1
        z *= -(nu + 1) / (nu * self.scale)
        z /= square
        z *= density
        below, density, slope = (np.add.reduceat(part, self.first, axis=1).T for part in (below, density, z))
        return below, density, slope


def _height(nu: Floats) -> Floats:
    """Density of Student's T at its middle, to 1e-9."""
    u = 1 / nu
    height = (1 - u / 4 * (1 - u / 8 * (1 + u * 5 / 4 * (1 - u * 21 / 80)))) / np.sqrt(2 * np.pi)
    few = nu < MANY
    if few.any():
        some = nu[few]
        height[few] = np.exp(gammaln((some + 1) / 2) - gammaln(some / 2)) / np.sqrt(some * np.pi)
    return np.asarray(height)


def _below(nu: Floats, t: Floats, log: Floats) -> Floats:
    """P(Student's T < t), to some 1e-7 of itself below zero (and 1e-12), with `log` of 1 + t^2 / nu: where there are
    many degrees of freedom, and not very far out, through the normal deviate of equal chance (Hill 1970, CACM algorithm
    395), 20 times as fast."""
    a = nu - 0.5
    b = 48 * a * a
    y = log * a
    z = y * -0.4
    z -= 3.3
    z *= y
    z -= 24
    z *= y
    z -= 85.5
    far = y * 0.8
    far *= y
    far += 100 + b
    z /= far
    z += y
    z += 3
    z /= b
    z += 1
    z *= np.sqrt(y, out=y)
    np.copysign(z, t, out=z)
    ndtr(z, out=z)
    exact = (nu < MANY) | (np.abs(t) > FAR)
    if exact.any():
        z[exact] = stdtr(np.broadcast_to(nu, t.shape)[exact], t[exact])
    return np.asarray(z)


def mix(log_weight: Floats, mean: Floats, scale: Floats, freedom: Floats) -> Mixture:
    """Components (S, C) with log weights up to a constant; the lightest are dropped."""
    w = np.exp(log_weight - log_weight.max(1, keepdims=True))
    w /= w.sum(1, keepdims=True)
    ordered = np.sort(w, axis=1)[:, ::-1]
    count = (np.cumsum(ordered, axis=1) < 1 - DROPPED).sum(1, keepdims=True) + 1
    # How many components another series of the batch needs must not change this one's answer. Of equals the first.
    least = np.take_along_axis(ordered, np.minimum(count, w.shape[1]) - 1, 1)
    equal, more = w == least, w > least
    kept = np.where(more | (equal & (np.cumsum(equal, axis=1) <= count - more.sum(1, keepdims=True))), w, 0.0)
    kept /= kept.sum(1, keepdims=True)
    return Mixture(kept, mean, np.maximum(scale, TINY**2), freedom)
