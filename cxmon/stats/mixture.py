"""Mixtures of Student-t distributions: the posterior when the noise parameters are averaged rather than plugged in."""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, ndtr, ndtri, stdtr

from cxmon.stats.arrays import TINY, Floats, near

# Components are dropped, the lightest first, as long as all that were dropped weigh less than this.
DROPPED = 2e-4
ROUNDS = 60
# A step of so many standard deviations is the last.
CLOSE = 1e-7
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
        """Quantiles for levels q (S, Q), by Newton steps on the probit scale kept inside a bracket.

        There the distribution is nearly a straight line, so that few steps are needed.
        """
        out = np.empty(q.shape)
        for part in near(len(q), 4 * self.weight.shape[1] * q.shape[1]):
            its = Mixture(self.weight[part], self.mean[part], self.scale[part], self.freedom[part])
            out[part] = its._quantiles(q[part])
        return out

    def _quantiles(self, q: Floats) -> Floats:
        middle, reach = self.center()[:, None], np.maximum(self.spread(), TINY**2)[:, None]
        parts, wanted = _Parts(self), ndtri(q)
        x = middle + reach * wanted
        low, high = np.full(q.shape, -np.inf), np.full(q.shape, np.inf)
        done = np.zeros(q.shape, bool)
        for _ in range(ROUNDS):
            below, density = parts.at(x)
            low, high = np.where(below < q, x, low), np.where(below >= q, x, high)
            there = ndtri(np.clip(below, 1e-300, 1 - 1e-16))
            off = (there - wanted) * np.exp(-0.5 * there**2) / np.maximum(density * np.sqrt(2 * np.pi), 1e-300)
            step = x - np.clip(off, -2 * reach, 2 * reach)
            # A step that leaves the bracket, or is cut short within one, means a flat stretch; half the bracket is left
            # then. Two cut steps could go to and fro for ever.
            inside = (step > low) & (step < high) | (off == 0)
            stuck = ~inside | ((np.abs(off) > 2 * reach) & np.isfinite(low) & np.isfinite(high))
            step = np.where(
                stuck, (np.where(np.isfinite(low), low, x) + np.where(np.isfinite(high), high, x)) / 2, step
            )
            # Errors of Newton's steps are squared: after one so small the next would not show.
            close = np.abs(step - x) <= CLOSE * reach
            x = np.where(done, x, step)
            done |= close
            if done.all():
                break
        return np.asarray(x)

    def p_value(self) -> Floats:
        """Two-sided (S,): twice the smaller tail at zero. Tails are summed on their own side to keep digits."""
        z = self.mean / self.scale
        small, near = _tail(self.freedom, np.abs(z)), z > 0
        below, above = ((self.weight * np.where(side, small, 1 - small)).sum(1) for side in (near, ~near))
        return np.asarray(np.minimum(1.0, 2 * np.minimum(below, above)))


class _Parts:
    """The components of a mixture that weigh something, series after series."""

    def __init__(self, mixture: Mixture) -> None:
        self.row, column = np.nonzero(mixture.weight > 0)
        self.weight, self.mean, self.scale, self.freedom = (
            x[self.row, column] for x in (mixture.weight, mixture.mean, mixture.scale, mixture.freedom)
        )
        self.first = np.searchsorted(self.row, np.arange(len(mixture.weight)))
        nu = self.freedom
        self.height = self.weight / self.scale * np.exp(gammaln((nu + 1) / 2) - gammaln(nu / 2)) / np.sqrt(nu * np.pi)

    def at(self, x: Floats) -> tuple[Floats, Floats]:
        """P(value < x) and density at x (S, Q)."""
        z = x.T[:, self.row]
        z -= self.mean
        z /= self.scale
        below, above = z < 0, np.abs(z)
        tail = _tail(self.freedom, above)
        np.subtract(1, tail, out=tail, where=~below)
        tail *= self.weight
        np.multiply(z, z, out=z)
        z /= self.freedom
        np.log1p(z, out=z)
        z *= -0.5 * (self.freedom + 1)
        np.exp(z, out=z)
        z *= self.height
        return np.add.reduceat(tail, self.first, axis=1).T, np.add.reduceat(z, self.first, axis=1).T


def _tail(nu: Floats, t: Floats) -> Floats:
    """P(Student's T > t) for t >= 0, to some 1e-7 of itself (and 1e-12): where there are many degrees of freedom, and
    not very far out, through the normal deviate of equal chance (Hill 1970, CACM algorithm 395), 20 times as fast."""
    a = nu - 0.5
    b = 48 * a * a
    y = t * t
    y /= nu
    np.log1p(y, out=y)
    y *= a
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
    np.negative(z, out=z)
    ndtr(z, out=z)
    exact = (nu < MANY) | (t > FAR)
    if exact.any():
        z[exact] = stdtr(np.broadcast_to(nu, t.shape)[exact], -t[exact])
    return np.asarray(z)


def mix(log_weight: Floats, mean: Floats, scale: Floats, freedom: Floats) -> Mixture:
    """Components (S, C) with log weights up to a constant; the lightest are dropped."""
    w = np.exp(log_weight - log_weight.max(1, keepdims=True))
    w = w / w.sum(1, keepdims=True)
    order = np.argsort(-w, axis=1, kind="stable")
    sorted_w = np.take_along_axis(w, order, 1)
    count = int((np.cumsum(sorted_w, axis=1) < 1 - DROPPED).sum(1).max(initial=0)) + 1
    first = order[:, :count]
    kept = sorted_w[:, :count]
    # How many components another series of the batch needs must not change this one's answer.
    enough = np.cumsum(kept, axis=1) - kept < 1 - DROPPED
    kept = np.where(enough, kept, 0.0)
    pick = [np.take_along_axis(np.broadcast_to(x, w.shape), first, 1) for x in (mean, scale, freedom)]
    return Mixture(kept / kept.sum(1, keepdims=True), pick[0], np.maximum(pick[1], TINY**2), pick[2])
