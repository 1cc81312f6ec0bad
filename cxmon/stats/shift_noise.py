"""How much of a slow movement is noise: the spectrum of what a fit leaves, read by Whittle's likelihood.

The noise is independent noise plus an AR(1). A change of level is judged against its density at frequency zero (the
long-run variance), which the higher frequencies tell without having seen the change itself.
Source: Whittle, Estimation and information in stationary time series, Arkiv foer Matematik 2 (1953).
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.fft import rfft

from cxmon.stats.arrays import TINY, Floats

# Every part of the variance that may be autocorrelated with every correlation; the last sets stand for wandering.
SHARES = (0.05, 0.1, 0.2, 0.35, 0.55, 0.8, 1.0)
CORRELATIONS = (0.3, 0.5, 0.65, 0.78, 0.88, 0.94, 0.97, 0.99)
# A set is held the less likely beforehand the more it wanders: the frequencies that are read hardly tell such sets from
# independent noise, and the benefit of the doubt would make every change a wandering.
PRIOR = 1.0


@dataclass(frozen=True)
class Spectrum:
    """Variance of the independent part of the noise, and long-run variance of the autocorrelated part."""

    white: float
    slow: float

    @property
    def long_run(self) -> float:
        return self.white + self.slow


@dataclass(frozen=True, eq=False)
class _Grid:
    """Inverse unit-variance densities (G, m) at the m frequencies above zero, sums (G, m) of their logarithms from a
    frequency on, and the white part, the logarithm of the long-run factor and the log prior (G,) of each set."""

    inverse: Floats
    logs: Floats
    white: Floats
    log_long_run: Floats
    prior: Floats


@lru_cache(maxsize=16)
def _grid(size: int) -> _Grid:
    rows = [(0.0, 0.0)] + [(share, phi) for phi in CORRELATIONS for share in SHARES]
    share, phi = (np.array(part)[:, None] for part in zip(*rows, strict=True))
    omega = 2 * np.pi * np.arange(1, size // 2 + 1) / size
    density = 1 - share + share * (1 - phi**2) / (1 - 2 * phi * np.cos(omega) + phi**2)
    factor = (1 - share + share * (1 + phi) / (1 - phi))[:, 0]
    logs = np.log(density)[:, ::-1].cumsum(1)[:, ::-1]
    return _Grid(1 / density, logs, 1 - share[:, 0], np.log(factor), -PRIOR * np.log(factor))


def spectrum(left: Floats, seen: int, skip: int) -> Spectrum:
    """Noise of the residuals `left` (T,), zero where nothing was seen, of which `seen` were; the `skip` lowest
    frequencies, where unfitted changes and fitted columns show, are not read. The grid is averaged by how likely each
    of its sets is."""
    g = _grid(len(left))
    power = rfft(left)[1 + skip : len(left) // 2 + 1]
    fits = g.inverse[:, skip:] @ (power.real**2 + power.imag**2)
    level = np.log(np.maximum(fits / (seen * len(power)), TINY**2))
    evidence = g.prior - g.logs[:, skip] - len(power) * level
    weight = np.exp(evidence - evidence.max())
    weight /= weight.sum()
    # The mean of logarithms: one set that wanders wildly must not carry the day at a weight of a few hundredths.
    total = math.exp(weight @ (level + g.log_long_run))
    white = min(float(weight @ (np.exp(level) * g.white)), total)
    return Spectrum(white=white, slow=total - white)
