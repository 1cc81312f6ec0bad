"""When did the level change, in retrospect? Dates, sizes and chances of lasting changes in a whole series."""

from typing import Any

import numpy as np

from cxmon.stats.arrays import vector
from cxmon.stats.noise import KINDS
from cxmon.stats.results import Shift
from cxmon.stats.shift_frame import calendar, frame
from cxmon.stats.shift_search import Told, search

LEAST = 12
SURE = 1.96


def shifts(
    values: Any, *, n: Any = None, kind: str = "mean", period: Any = 7, yearly: float | None = None
) -> list[Shift]:  # fmt: skip
    """Lasting changes of level in `values` (T,), NaN = missing, in order; sizes in the values' units with 95 %
    intervals.

    n, kind, period, yearly   as in `effect`; with a daily week (period 7) and no `yearly`, a wave of 365.25 periods is
                              allowed for, so that a season is not taken for a change
    p_value                   chance that noise alone gains as much anywhere in the series, at most 0.01

    Under 12 usable values nothing is reported. ValueError on wrong shapes or names. Method: docs/methods/shifts.md.
    """
    y = vector("values", values)
    if kind not in KINDS:
        raise ValueError(f"kind is {kind!r}, expected one of {', '.join(KINDS)}")
    counts = None if n is None else np.nan_to_num(vector("n", n, len(y)))
    seen = np.isfinite(y) & (True if counts is None else counts > 0)
    when = calendar(len(y), period, yearly)
    if seen.sum() < LEAST:
        return []
    ready = frame(y, seen, counts, kind, when)
    if ready is None or ready.seen.sum() < LEAST:
        return []
    return [_shift(t, ready.unit) for t in search(ready)]


def _shift(t: Told, unit: float) -> Shift:
    size, half = t.size * unit, SURE * t.error * unit
    return Shift(
        at=t.at, size=size, low=size - half, high=size + half, p_value=t.p, earliest=t.between[0], latest=t.between[1],
        settled=t.settled,
    )  # fmt: skip
