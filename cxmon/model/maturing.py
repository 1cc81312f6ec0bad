"""How a metric's periods fill up: what part of its answers is in at which age, and since when periods count."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class LearntFrom(StrEnum):
    """What says when figures became known."""

    REVISIONS = "revisions"
    DURATIONS = "durations"
    NOTHING = "nothing"


@dataclass(frozen=True, kw_only=True)
class FillingCurve:
    """The part of the answers of one `kind` (empty: all; of a share `yes` and `no`) that is in so many days after a
    period's end; NaN where too little is known. `slowed` is that of the newest periods, where it is another.

    `periods` and `answers` are what the curve was learnt from.
    """

    kind: str
    share: tuple[float, ...]
    periods: int
    answers: float
    slowed: tuple[float, ...] = ()
    slowed_periods: int = 0


@dataclass(frozen=True, kw_only=True)
class Filling:
    """When the periods of a metric are complete, as known at `as_of`.

    `wait_days` is the age at which periods count that fill as they used to, `declared_days` what the configuration says
    (None: learnt); `slow_since` the first period that fills otherwise, and `slow_wait_days` the age at which such count
    (None: not known yet). Periods up to the end of `counts_through` count; None where none does.
    """

    metric: str
    as_of: datetime
    learnt_from: LearntFrom
    ages: tuple[int, ...]
    curves: tuple[FillingCurve, ...]
    wait_days: float
    declared_days: float | None
    slow_since: date | None
    slow_wait_days: float | None
    counts_through: date | None
