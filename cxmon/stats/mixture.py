"""Mixtures of Student-t distributions: the posterior when the noise parameters are averaged rather than plugged in."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, ndtr, ndtri, stdtr

from cxmon.stats.arrays import TINY, Floats

# Components are dropped, the lightest first, as long as all that were dropped weigh less than this.
DROPPED = 2e-4
ROUNDS = 60


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
        """P(value < x) for x (S, Q)."""
        z = (x[:, None, :] - self.mean[:, :, None]) / self.scale[:, :, None]
        return np.asarray((self.weight[:, :, None] * stdtr(self.freedom[:, :, None], z)).sum(1))

    def _nearly_below(self, x: Floats) -> Floats:
        """`below` to about 1e-4, five times as fast (Wallace 1959)."""
        nu = self.freedom[:, :, None]
        z = (x[:, None, :] - self.mean[:, :, None]) / self.scale[:, :, None]
        normal = np.sqrt(nu * np.log1p(z * z / nu)) * ((8 * nu + 1) / (8 * nu + 3))
        return np.asarray((self.weight[:, :, None] * ndtr(np.copysign(normal, z))).sum(1))

    def quantiles(self, q: Floats) -> Floats:
        """Quantiles for levels q (S, Q), by Newton steps kept inside a bracket."""
        middle, reach = self.center()[:, None], np.maximum(self.spread(), TINY**2)[:, None]
        near = self._newton(q, middle + reach * ndtri(q), reach, self._nearly_below, 1e-4)
        # Errors of Newton's steps are squared: after one so small the next would not show.
        return self._newton(q, near, reach, self.below, 1e-7)

    def _newton(self, q: Floats, x: Floats, reach: Floats, below: Callable[[Floats], Floats], small: float) -> Floats:
        """Where `below` is q, from `x` on, until steps are `small` times `reach` (S, 1)."""
        low, high = np.full(q.shape, -np.inf), np.full(q.shape, np.inf)
        done = np.zeros(q.shape, bool)
        for _ in range(ROUNDS):
            gap = below(x) - q
            low, high = np.where(gap < 0, x, low), np.where(gap >= 0, x, high)
            wanted = gap / np.maximum(self._density(x), 1e-300)
            step = x - np.clip(wanted, -2 * reach, 2 * reach)
            # A step that leaves the bracket, or is cut short within one, means a flat stretch; half the bracket is left
            # then. Two cut steps could go to and fro for ever.
            inside = (step > low) & (step < high) | (wanted == 0)
            stuck = ~inside | ((np.abs(wanted) > 2 * reach) & np.isfinite(low) & np.isfinite(high))
            step = np.where(
                stuck, (np.where(np.isfinite(low), low, x) + np.where(np.isfinite(high), high, x)) / 2, step
            )
            close = np.abs(step - x) <= small * reach
            x = np.where(done, x, step)
            done |= close
            if done.all():
                break
        return np.asarray(x)

    def _density(self, x: Floats) -> Floats:
        nu = self.freedom[:, :, None]
        z = (x[:, None, :] - self.mean[:, :, None]) / self.scale[:, :, None]
        size = np.exp(gammaln((nu + 1) / 2) - gammaln(nu / 2)) / np.sqrt(nu * np.pi)
        each = size * (1 + z * z / nu) ** (-(nu + 1) / 2) / self.scale[:, :, None]
        return np.asarray((self.weight[:, :, None] * each).sum(1))

    def p_value(self) -> Floats:
        """Two-sided (S,): twice the smaller tail at zero. Tails are summed on their own side to keep digits."""
        z = self.mean / self.scale
        below, above = ((self.weight * stdtr(self.freedom, side * z)).sum(1) for side in (-1, 1))
        return np.asarray(np.minimum(1.0, 2 * np.minimum(below, above)))


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
