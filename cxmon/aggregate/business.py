"""Business time: how much of the time between two instants lies in the open hours of a calendar."""

from datetime import UTC, date, datetime
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cxmon import periods
from cxmon.model import BusinessHours
from cxmon.periods import DAY

Ints = npt.NDArray[np.int64]

# The years that a calendar is made for; a moment of another year is a mistake in the data.
FIRST_YEAR, LAST_YEAR = 1970, 2100
_EPOCH = date(1970, 1, 1).toordinal()
# Open hours are made for so many years at a time, so that nearby rows share them.
_BLOCK = 5


class Open(NamedTuple):
    """Open stretches on the UTC time line, ascending and apart: opens[i] to closes[i] (epoch seconds); `before[i]` are
    the open seconds up to opens[i]."""

    opens: Ints
    closes: Ints
    before: Ints

    def until(self, at: Ints) -> Ints:
        """The open seconds up to each instant (R,)."""
        i = np.searchsorted(self.opens, at, side="right") - 1
        there = np.maximum(i, 0)
        within = np.minimum(at, self.closes[there]) - self.opens[there]
        return np.asarray(np.where(i < 0, 0, self.before[there] + within), np.int64)


def known(at: Ints) -> npt.NDArray[np.bool_]:
    """Whether a calendar can be made for each instant (R,)."""
    first, last = (int(datetime(year, 1, 2, tzinfo=UTC).timestamp()) for year in (FIRST_YEAR, LAST_YEAR))
    return np.asarray((at >= first) & (at < last))


def seconds(hours: BusinessHours, begin: Ints, end: Ints) -> Ints:
    """The open seconds between instants (R,) that are `known`, epoch seconds; negative where `end` is the earlier.

    What a to b and b to c take adds up to a to c exactly, and none takes more than the time between.
    """
    if not len(begin):
        return np.zeros(0, np.int64)
    low, high = int(min(begin.min(), end.min())), int(max(begin.max(), end.max()))
    first, last = (datetime.fromtimestamp(x, UTC).year for x in (low - DAY, high + DAY))
    open_ = open_hours(hours, first - first % _BLOCK, last + _BLOCK - last % _BLOCK)
    return open_.until(end) - open_.until(begin)


@lru_cache(maxsize=32)
def open_hours(hours: BusinessHours, first_year: int, last_year: int) -> Open:
    """The open hours of whole years, the last one excluded.

    An instant is open where the wall clock shows a time within the hours of that local day. The time line is cut where
    clocks change, so that within a piece the wall clock runs straight.
    """
    since, until = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (first_year, last_year))
    first, changes = periods.offsets(since, until, hours.zone)
    bounds = [since, *(at for at, _ in changes), until]
    shut = np.array(sorted(_shut(hours, first_year, last_year)), np.int64)
    opens, closes = [], []
    for begin, end, offset in zip(bounds, bounds[1:], [first, *(offset for _, offset in changes)], strict=False):
        days = np.arange((begin + offset) // DAY, (end + offset) // DAY + 1)
        days = days[~np.isin(days, shut)]
        for weekday, stretches in enumerate(hours.week):
            # 1 January 1970 was a Thursday.
            mine = days[(days + 3) % 7 == weekday] * DAY - offset
            for start, stop in stretches:
                opens.append(np.clip(mine + start * 60, begin, end))
                closes.append(np.clip(mine + stop * 60, begin, end))
    return _apart(np.concatenate([*opens, np.zeros(0, np.int64)]), np.concatenate([*closes, np.zeros(0, np.int64)]))


def _shut(hours: BusinessHours, first_year: int, last_year: int) -> set[int]:
    """The local days since 1970 that are holidays."""
    if hours.holidays is None:
        return set()
    off = periods.days_off(hours.holidays, range(first_year - 1, last_year + 1))
    return {day.toordinal() - _EPOCH for day in off}


def _apart(opens: Ints, closes: Ints) -> Open:
    """Stretches in order, without empty ones. Those of a calendar do not overlap."""
    order = np.argsort(opens, kind="stable")
    order = order[closes[order] > opens[order]]
    if not len(order):
        nothing = np.zeros(1, np.int64)
        return Open(nothing, nothing, nothing)
    opens, closes = opens[order], closes[order]
    return Open(opens, closes, np.concatenate([[0], np.cumsum(closes - opens)[:-1]]).astype(np.int64))
