"""How high the best change of a series without one stands; `python benchmarks/shifts_table.py --write` simulates it."""

import numpy as np

from cxmon.stats.arrays import Floats

# Heights that noise alone passes once in twenty and once in two hundred series of as many periods.
CHANCES = (0.05, 0.005)
# table: begin
SIZES = (16, 24, 36, 60, 120, 240, 480, 960, 2400)
OFTEN = (24.2, 19.6, 16.0, 13.5, 11.2, 8.1, 7.6, 7.5, 8.1)
RARELY = (97.2, 56.5, 37.3, 29.8, 24.2, 16.7, 13.9, 12.8, 13.0)
# table: end


def height(gain: Floats, short: Floats, size: int) -> Floats:
    """What speaks for a change (K,): its gain in squared standard errors, less what the many dates of its kind gain by
    chance; the `shorter` stretch beside it tells how many there are. After Duembgen and Spokoiny, Multiscale testing of
    qualitative hypotheses, Annals of Statistics 29 (2001)."""
    return np.asarray(gain - 2 * np.log(size / np.maximum(short, 1.0)))


def chance(found: Floats, size: int) -> Floats:
    """Chance (K,) that the noise of a series of `size` periods alone reaches the heights `found` anywhere."""
    at = np.log(size)
    often, rarely = (float(np.interp(at, np.log(SIZES), heights)) for heights in (OFTEN, RARELY))
    fall = np.log(CHANCES[0] / CHANCES[1]) / (rarely - often)
    return np.asarray(np.minimum(1.0, CHANCES[0] * np.exp(np.minimum(-fall * (found - often), 50.0))))
