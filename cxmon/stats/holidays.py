"""Holidays in the profile: a label of their own where the past shows what they are like, else left out on both sides.

Left out on one side only, or left in without a label, Christmas within the judged window would be the change's effect.
"""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from cxmon.model import written
from cxmon.stats.arrays import TINY, Bools, Floats, Ints, median_of, vector
from cxmon.stats.profiles import MOST_LABELS

# Within less than a year each holiday stands in a season of its own.
LEAST_PAST = 350
LEAST_HOLIDAYS = 3
UNLIKE = 2.0
# Days to both sides over which the level is taken: four weeks and a day hold every weekday alike.
NEAR = 14


class Treatment(StrEnum):
    """What was done about holidays, and why they were left out where they were."""

    NONE = "none"
    MODELLED = "modelled"
    SHORT_PAST = "short_past"
    FEW = "few"
    UNLIKE = "unlike"
    NO_LABELS = "no_labels"


@dataclass(frozen=True, kw_only=True, eq=False)
class HolidayLabels:
    """Profile labels (T,) for `effect(..., period=labels)` and the periods (T,) to leave out on both sides (set them
    to NaN, in controls too). `inside` holidays lie in the judged window, `outside` elsewhere; only measured ones count.
    `words` tell it with the numbers, empty where there was no holiday."""

    labels: Ints
    left_out: Bools
    treatment: Treatment
    inside: int
    outside: int
    words: str


def holiday_labels(
    values: Any, labels: Ints, cycle: int, holiday: Ints, at: int, *, until: int | None = None, precision: Any = None
) -> HolidayLabels:
    """One more label for the holidays of `values` (T,), NaN = missing, or the holidays left out with a reason.

    labels, cycle   the profile without holidays (T,), 0..cycle-1, such as the weekday
    holiday         (T,) a number for each holiday, the same in all its hours; 0 on other days
    at, until       the first period with the change, and the first without it again
    precision       answers behind each value (T,), or 1/se²; unequal ones would make thin holidays look unlike

    They are modelled where at least 350 days of past hold at least 3 measured holidays whose deviations from their
    weekday have at most twice the variance of other days' (both in units of their sampling error). What lies at or
    after `at` decides nothing. A cycle of more than 40 labels (hours of the week) is fitted by waves, which hold no
    label of its own. Method: docs/methods/profiles.md.
    """
    y = vector("values", values)
    T = len(y)
    seen = np.isfinite(y)
    index = np.arange(T)
    judged = (index >= at) & (index < (T if until is None else until))
    inside, outside = (len(np.unique(holiday[seen & (holiday > 0) & side])) for side in (judged, ~judged))
    if inside + outside == 0:
        return _answer(labels, holiday, Treatment.NONE, 0, 0, "")
    if cycle > MOST_LABELS:
        said = "a profile by hour of the week has no place for them"
        return _answer(labels, holiday, Treatment.NO_LABELS, inside, outside, said)
    past = int(at - seen[:at].argmax()) if seen[:at].any() else 0
    if past < LEAST_PAST:
        said = f"{past} days of past, {LEAST_PAST} are needed to know them"
        return _answer(labels, holiday, Treatment.SHORT_PAST, inside, outside, said)
    weight = np.ones(T) if precision is None else np.nan_to_num(vector("precision", precision, T))
    theirs, others = _deviations(y[:at], labels[:at], holiday[:at] > 0, weight[:at])
    if len(theirs) < LEAST_HOLIDAYS:
        said = f"{len(theirs)} measured before the change, {LEAST_HOLIDAYS} are needed to know them"
        return _answer(labels, holiday, Treatment.FEW, inside, outside, said)
    ratio = float(np.var(theirs, ddof=1) / max(float(np.var(others, ddof=1)), TINY**2)) if len(others) > 1 else np.inf
    if ratio > UNLIKE:
        # Rounded up, or what is hardly above would read as alike.
        shown = math.ceil(100 * ratio) / 100 if math.isfinite(ratio) else ratio
        times, most = written(shown, ".2f"), written(UNLIKE, "g")
        said = f"they scatter {times} times as much as other days, up to {most} times is alike"
        return _answer(labels, holiday, Treatment.UNLIKE, inside, outside, said)
    own = np.where(holiday > 0, cycle, labels)
    return _answer(own, np.zeros(T, np.int64), Treatment.MODELLED, inside, outside, f"learnt from {len(theirs)} before")


def _answer(labels: Ints, left_out: Ints, treatment: Treatment, inside: int, outside: int, said: str) -> HolidayLabels:
    count = inside + outside
    done = "modelled" if treatment is Treatment.MODELLED else "left out"
    words = f"{count} {'holiday' if count == 1 else 'holidays'} {done}, {inside or 'none'} since the change: {said}"
    return HolidayLabels(
        labels=labels, left_out=left_out > 0, treatment=treatment, inside=inside, outside=outside,
        words=words if count else "",
    )  # fmt: skip


def _deviations(y: Floats, labels: Ints, holiday: Bools, weight: Floats) -> tuple[Floats, Floats]:
    """Deviations of holidays and of other days from the level around them and their weekday, in units of their
    sampling error; level and profile are medians of other days, so that no holiday is part of its own measure."""
    usable = np.isfinite(y) & (weight > 0)
    other = usable & ~holiday
    filled = np.where(usable, y, 0.0)
    usual = np.zeros(int(labels.max(initial=0)) + 1)
    # The first level still holds the profile where weekdays are missing; the second does not.
    for _ in range(2):
        off = filled - _level(filled - usual[labels], other)
        mine = other & np.isfinite(off) & (labels == np.arange(len(usual))[:, None])
        usual = np.nan_to_num(median_of(np.broadcast_to(np.nan_to_num(off), mine.shape), mine))
    flat = filled - usual[labels]
    deviation = (flat - _level(flat, other)) * np.sqrt(weight)
    known = np.isfinite(deviation)
    return deviation[usable & holiday & known], deviation[other & known]


def _level(x: Floats, use: Bools) -> Floats:
    """Median (T,) of the values in `use` within NEAR periods; NaN where there is none."""
    values = np.lib.stride_tricks.sliding_window_view(np.pad(x, NEAR), 2 * NEAR + 1)
    return median_of(values, np.lib.stride_tricks.sliding_window_view(np.pad(use, NEAR), 2 * NEAR + 1))
