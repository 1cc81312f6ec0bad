"""How a verdict came about: what was known of each metric's harm on each day of the watch."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cxmon.model.ranges import Interval
from cxmon.model.verdict import Code


class KeptBy(StrEnum):
    """Where a reading is from: the judgement of that day; a version of the verdict, where nobody kept the day; or
    worked out afterwards from what was known that day."""

    DAILY = "daily"
    VERSION = "version"
    AFTERWARDS = "afterwards"


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One metric's harm as one day's verdict had it; positive is worse, `so_far` and `limit` in `unit` as in `Harm`.

    `at` is the moment it was judged for, `since` and `until` the window it covers. `day` is the verdict's day of the
    watch.
    """

    metric: str
    at: datetime
    day: int
    code: Code
    unit: str
    limit: float
    so_far: Interval
    since: datetime
    until: datetime
    by: KeptBy = KeptBy.DAILY


@dataclass(frozen=True, kw_only=True)
class Narrowing:
    """The readings of one metric over one watch, by the end of their windows, one each.

    `turned` is the first reading from which on it is what it is now, None where it was nothing else before. `kept_from`
    is the moment of the first that the judgement of its day kept, None where there is none.
    """

    metric: str
    readings: tuple[Reading, ...]
    turned: Reading | None = None
    kept_from: datetime | None = None
