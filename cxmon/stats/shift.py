"""When did the level change, in retrospect? Dates, sizes and chances of lasting changes in a whole series."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from cxmon.stats.arrays import Floats, matrix, vector
from cxmon.stats.noise import KINDS
from cxmon.stats.results import Shift
from cxmon.stats.shift_frame import Calendar, calendar, frame
from cxmon.stats.shift_search import LEVEL, Before, Told, search

LEAST = 12
# Periods after which a change that was told is held on to.
OLD = 14
# Half a 95 % interval in standard errors: the season and the long-run noise were themselves chosen from the data, which
# `python benchmarks/shifts_figures.py` shows to cost about as much as the step from 1.96 adds.
SURE = 2.2


def shifts(
    values: Any, *, n: Any = None, kind: str = "mean", period: Any = 7, yearly: float | None = None,
    told: Sequence[Shift] = (),
) -> list[Shift]:  # fmt: skip
    """Lasting changes of level in `values` (T,), NaN = missing, in order; sizes in the values' units with 95 %
    intervals, dates with the periods they lie between.

    n, kind, period, yearly   as in `effect`; with a daily week (period 7) and no `yearly`, a wave of 365.25 periods is
                              allowed for, so that a season is not taken for a change
    told                      the answer given before days were added to the same series: a change in it that is 14
                              periods old stays, and within its interval, until the data speak clearly against that
    p_value                   chance that noise alone shows as much anywhere in the series, at most 0.005, and of a
                              change told before at most 0.2

    Under 12 usable values nothing is reported. ValueError on wrong shapes or names. Method: docs/methods/shifts.md.
    """
    y = vector("values", values)
    counts = None if n is None else vector("n", n, len(y))
    return _one(y, counts, _known(kind), calendar(len(y), period, yearly), told)


def many_shifts(
    values: Any, *, n: Any = None, kind: str = "mean", period: Any = 7, yearly: float | None = None,
    told: Sequence[Sequence[Shift]] | None = None,
) -> list[list[Shift]]:  # fmt: skip
    """As `shifts` for each row of `values` (S, T), with `n` (S, T) or (T,) and `told` (S); the same answers as one by
    one."""
    Y = np.atleast_2d(np.asarray(values, float))
    if Y.ndim != 2:
        raise ValueError(f"values has shape {Y.shape}, expected (S, T)")
    S, T = Y.shape
    N = [None] * S if n is None else list(np.broadcast_to(matrix("n", n, T), (S, T)))
    before = [()] * S if told is None else told
    if len(before) != S:
        raise ValueError(f"told is for {len(before)} series, expected {S}")
    when = calendar(T, period, yearly)
    return [_one(y, counts, _known(kind), when, old) for y, counts, old in zip(Y, N, before, strict=True)]


def _known(kind: str) -> str:
    if kind not in KINDS:
        raise ValueError(f"kind is {kind!r}, expected one of {', '.join(KINDS)}")
    return kind


def _one(y: Floats, n: Floats | None, kind: str, when: Calendar, before: Sequence[Shift]) -> list[Shift]:
    counts = None if n is None else np.nan_to_num(n)
    seen = np.isfinite(y) & (True if counts is None else counts > 0)
    if seen.sum() < LEAST:
        return []
    ready = frame(y, seen, counts, kind, when)
    if ready is None or ready.count < LEAST:
        return []
    found = [(t.p, _shift(t, ready.unit)) for t in search(ready, _known_before(before, len(y)))]
    # Where a change and its neighbour can be told in two ways, its size may be of either sign, however sure it is that
    # something is there. What was told before and is no longer sure is held on to all the same.
    return [shift for p, shift in found if p > LEVEL or shift.low * shift.high > 0]


def _known_before(told: Sequence[Shift], size: int) -> list[Before]:
    """Those of the changes told that are old enough to be held on to. `at` is a third of the way to `settled`."""
    old = [t for t in told if t.earliest > 0 and t.latest < size and t.at <= size - OLD]
    starts = [max(t.at - (t.settled - t.at) // 2, 1) for t in old]
    known = [
        Before((start, min(t.settled, size - 1)), (t.earliest, t.latest)) for start, t in zip(starts, old, strict=True)
    ]
    return sorted(known, key=lambda b: b.dates)


def _shift(t: Told, unit: float) -> Shift:
    size, half = t.size * unit, SURE * t.error * unit
    return Shift(
        at=t.at, size=size, low=size - half, high=size + half, p_value=t.p, earliest=t.between[0], latest=t.between[1],
        settled=t.settled,
    )  # fmt: skip
