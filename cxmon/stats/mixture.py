"""Mixtures of Student-t distributions: the posterior when the noise parameters are averaged rather than plugged in."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import stdtr

from cxmon.stats.arrays import Floats


@dataclass(frozen=True, eq=False)
class Mixture:
    """Components (C,): weights that sum to one, means, scales > 0 and degrees of freedom."""

    weight: Floats
    mean: Floats
    scale: Floats
    freedom: Floats

    def cdf(self, x: float) -> float:
        return float(self.weight @ stdtr(self.freedom, (x - self.mean) / self.scale))

    def center(self) -> float:
        return float(self.weight @ self.mean)

    def spread(self) -> float:
        """Standard deviation; degrees of freedom of two or less count as 2.5, where the formula would be infinite."""
        nu = np.maximum(self.freedom, 2.5)
        second = self.scale**2 * nu / (nu - 2) + (self.mean - self.center()) ** 2
        return float(np.sqrt(self.weight @ second))

    def quantile(self, q: float) -> float:
        middle, reach = self.center(), self.spread()
        low, high = middle - 8 * reach, middle + 8 * reach
        for _ in range(60):
            if self.cdf(low) < q < self.cdf(high):
                break
            low, high = low - (middle - low), high + (high - middle)
        return float(brentq(lambda x: self.cdf(x) - q, low, high, xtol=1e-9 * reach, rtol=1e-12))

    def p_value(self) -> float:
        """Two-sided: twice the smaller tail at zero. Tails are summed on their own side to keep digits."""
        below = self.cdf(0.0)
        above = float(self.weight @ stdtr(self.freedom, self.mean / self.scale))
        return min(1.0, 2 * min(below, above))


def mix(parts: list[tuple[float, Floats, Floats, Floats, Floats]], floor: float) -> Mixture:
    """Join (share, log weight, mean, scale, freedom) groups; components below three ten-thousandths are dropped."""
    weights, means, scales, freedoms = [], [], [], []
    for share, log_weight, mean, scale, freedom in parts:
        w = np.exp(log_weight - log_weight.max())
        w = w / w.sum()
        keep = w > 3e-4
        weights.append(share * w[keep] / w[keep].sum())
        means.append(mean[keep])
        scales.append(np.maximum(scale[keep], floor))
        freedoms.append(freedom[keep])
    return Mixture(np.concatenate(weights), np.concatenate(means), np.concatenate(scales), np.concatenate(freedoms))
