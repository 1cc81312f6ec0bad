"""How high the best change of a series without one stands; `python benchmarks/shifts_table.py --write` simulates it."""

from functools import lru_cache

import numpy as np

from cxmon.stats.arrays import Floats

# Heights that noise alone passes once in twenty and once in two hundred series of as many periods.
CHANCES = (0.05, 0.005)
# table: begin
SIZES = (16, 24, 36, 60, 120, 240, 480, 960, 2400)
OFTEN = (24.9, 20.5, 16.4, 13.3, 12.0, 9.0, 8.7, 8.9, 9.4)
RARELY = (105.0, 55.8, 38.5, 30.6, 26.8, 19.3, 15.9, 14.2, 14.6)
# table: end


def height(gain: Floats, short: Floats, size: int) -> Floats:
    """What speaks for a change (K,): its gain in squared standard errors, less what the many dates of its kind gain by
    chance; the `shorter` stretch beside it tells how many there are. After Duembgen and Spokoiny, Multiscale testing of
    qualitative hypotheses, Annals of Statistics 29 (2001)."""
    return np.asarray(gain - 2 * np.log(size / np.maximum(short, 1.0)))


def chance(found: Floats, size: int) -> Floats:
    """Chance (K,) that the noise of a series of `size` periods alone reaches the heights `found` anywhere."""
    often, fall = _tail(size)
    return np.asarray(np.minimum(1.0, CHANCES[0] * np.exp(np.minimum(fall * (often - found), 50.0))))


@lru_cache(maxsize=64)
def _tail(size: int) -> tuple[float, float]:
    often, rarely = (float(np.interp(np.log(size), np.log(SIZES), heights)) for heights in (OFTEN, RARELY))
    return often, float(np.log(CHANCES[0] / CHANCES[1])) / (rarely - often)
