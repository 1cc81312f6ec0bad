"""Whether what looks worse was as bad in the same months of an earlier year.

Two or three winters teach a yearly wave badly: a wave of two harmonics is too round for them, and how far a winter may
differ from the one before is known from one difference. Months are therefore set against the same months directly.
"""

import numpy as np

from cxmon.stats.arrays import Bools, Floats, Ints

# Grains of at most so many periods in a year: days and weeks of a year are many enough to teach its wave.
COARSE = 13
# The fewest months that are set against those of an earlier year, a quarter: one month alone is good or bad by chance.
SEASON = 3


def as_in_an_earlier_year(Y: Floats, onset: Ints, t: int, yearly: float | None) -> Bools:
    """Whether `Y` (S, T), harm positive and NaN where nothing was measured, was on average since its `onset` (S,) up to
    period `t`, a quarter at least and a year at most, no worse than in the same periods of some year before.

    False everywhere for grains that are finer than months, and without a whole earlier season.
    """
    out = np.zeros(len(Y), np.bool_)
    year = 0 if yearly is None or yearly > COARSE else round(yearly)
    for s in range(len(Y)) if year >= SEASON else ():
        first = max(min(int(onset[s]), t - SEASON + 1), t - year + 1, 0)
        now = Y[s, first : t + 1]
        for back in range(year, first + 1, year):
            worse = now - Y[s, first - back : t + 1 - back]
            if np.isfinite(worse).sum() >= min(SEASON, len(now)) and np.nanmean(worse) <= 0:
                out[s] = True
    return out
