"""The value of a row where the source does not bring it: made of several of its columns, each failure with a reason."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from cxmon.aggregate import business, reading
from cxmon.model import Making, Metric, written

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Columns = Mapping[str, Sequence[object]]
# (row, the role of the column to blame, why)
Problems = list[tuple[int, str, str]]


def made(metric: Metric, columns: Columns) -> tuple[Floats, Problems]:
    """The value of each row (R,), NaN where it has none: a duration that goes on, a call that does not count."""
    making = metric.making or Making()
    if "ended" in columns:
        return _elapsed(metric, making, columns)
    return _called(making, columns) if "answered" in columns else _scored(making, columns)


def _elapsed(metric: Metric, making: Making, columns: Columns) -> tuple[Floats, Problems]:
    """Durations from `began` (or the row's `time`) to `ended`, in the metric's unit."""
    start = "began" if "began" in columns else "time"
    begin, unreadable = reading.moments(columns[start], metric.zone)
    end, faults = reading.moments(columns["ended"], metric.zone)
    # What is wrong with the time itself is told by who reads it.
    problems: Problems = [] if start == "time" else [(i, start, reason) for i, reason in unreadable.items()]
    problems += [(i, "ended", reason) for i, reason in faults.items()]
    both = (begin != 0) & (end != 0)
    if start == "began":
        problems += [(int(i), start, "empty") for i in np.flatnonzero((begin == 0) & (end != 0)) if i not in unreadable]
    backward = both & (end < begin)
    problems += [(int(i), "ended", "before it began") for i in np.flatnonzero(backward)]
    both &= ~backward
    if making.hours is not None:
        strange = both & ~(business.known(begin) & business.known(end))
        problems += [(int(i), "ended", f"not before {business.LAST_YEAR}") for i in np.flatnonzero(strange)]
        both &= ~strange
    value = np.full(len(begin), np.nan)
    first, last = begin[both], end[both]
    spent = last - first if making.hours is None else business.seconds(making.hours, first, last)
    value[both] = spent / (metric.unit_seconds or 1.0)
    return value, problems


def _called(making: Making, columns: Columns) -> tuple[Floats, Problems]:
    """What each call counts as, by its class. One that was neither answered nor given up counts nowhere."""
    answered, problems = _flags("answered", columns["answered"])
    if "abandoned" in columns:
        gone, faults = _flags("abandoned", columns["abandoned"])
        problems += faults
        both = np.flatnonzero(answered & gone)
        problems += [(int(i), "abandoned", "a call that was answered as well") for i in both]
    else:
        gone = ~answered
    wait = np.zeros(len(answered))
    if "waited" in columns:
        wait, unreadable = reading.numbers(columns["waited"])
        problems += [(i, "waited", reason) for i, reason in unreadable.items()]
        counted = answered | gone
        missing = np.flatnonzero(counted & np.isnan(wait)).tolist()
        problems += [(i, "waited", "empty") for i in missing if i not in unreadable]
        problems += [(int(i), "waited", "negative") for i in np.flatnonzero(counted & (wait < 0))]
    classes = (
        answered & (wait <= making.within_s),
        answered & (wait > making.within_s),
        gone & (wait <= making.short_s),
        gone & (wait > making.short_s) & (wait <= making.within_s),
        gone & (wait > making.short_s) & (wait > making.within_s),
    )
    counts = [np.nan if outcome is None else outcome for outcome in making.outcomes]
    return np.select(classes, counts, np.nan), problems


def _scored(making: Making, columns: Columns) -> tuple[Floats, Problems]:
    """Scores as what they count as; one off the scale is a fault."""
    score, unreadable = reading.numbers(columns["score"])
    problems: Problems = [(i, "score", reason) for i, reason in unreadable.items()]
    if making.scale is not None:
        low, high = making.scale
        off = np.flatnonzero((score < low) | (score > high))
        problems += [(int(i), "score", f"off the scale of {written(low, 'g')} to {written(high, 'g')}") for i in off]
    if not making.steps:
        return score, problems
    value = np.full(len(score), np.nan)
    for start, counts in making.steps:
        value[score >= start] = counts
    return value, problems


def _flags(role: str, column: Sequence[object]) -> tuple[Bools, Problems]:
    """Whether it happened (R,): 0 or 1, true or false, or when it did; nothing where it did not."""
    number, faults = reading.numbers(column, words=True)
    odd = [i for i in range(len(number)) if i in faults or number[i] not in (0.0, 1.0)]
    flags, problems = number == 1.0, []
    asked = [i for i in odd if not reading.empty(column[i])]
    at, unreadable = reading.moments([column[i] for i in asked], "UTC")
    for k, i in enumerate(asked):
        flags[i] = at[k] != 0 and k not in unreadable
        if not flags[i]:
            problems.append((i, role, "neither 0 nor 1, nor an instant"))
    return flags, problems
