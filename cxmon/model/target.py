"""Where a metric should be by a date, and whether it is on course."""

import math
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cxmon.model.metric import EVERYONE, Segment


@dataclass(frozen=True, kw_only=True)
class Target:
    """A metric's value (natural unit) that is to be reached in a segment by the day of `by`; `owner` is a role.

    It is reached where the average of the last 28 days up to that day (a week of hours, four weeks, a month) is at it
    or better: single days are noise.
    """

    id: str
    metric: str
    value: float
    by: datetime
    owner: str
    segment: Segment = EVERYONE
    note: str = ""


class Course(StrEnum):
    """Until the day: on course, will miss, cannot say. From then on: met or missed."""

    ON_COURSE = "on_course"
    WILL_MISS = "will_miss"
    CANNOT_SAY = "cannot_say"
    MET = "met"
    MISSED = "missed"


@dataclass(frozen=True, kw_only=True)
class TargetOutlook:
    """Where a target stands as of a moment; figures in the metric's natural unit, NaN with a `reason` where unknown.

    `level` is the average of the last complete periods, over as many as will count on the day, `expected` what that
    average is expected to be on the day, `low` to `high` where it falls in eight of ten cases, `chance` that it reaches
    the target. The paces are per 30 days: what is `needed` from the newest complete period on, and what is `expected`.
    `known_until` ends the newest complete period; `answers` stand behind `level`.
    """

    target: Target
    as_of: datetime
    course: Course
    chance: float = math.nan
    level: float = math.nan
    expected: float = math.nan
    low: float = math.nan
    high: float = math.nan
    pace_needed: float = math.nan
    pace_expected: float = math.nan
    known_until: datetime | None = None
    answers: float = 0.0
    n_pre: int = 0
    reason: str = ""
    notes: tuple[str, ...] = ()
