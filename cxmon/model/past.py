"""What retrospect finds in the figures that are stored."""

from dataclasses import dataclass
from datetime import datetime

from cxmon.model.metric import Segment


@dataclass(frozen=True, kw_only=True)
class PastShift:
    """A lasting change of level of one series, found in retrospect.

    `since` is the start of the likeliest first period, `began` those between which it lies with 95 %; from `settled` on
    the new level is reached. `size` is new minus old with a 95 % range `low`..`high`, in `unit` as in `Harm`: points of
    a share (0..1), fractions of the old level (`%`) for metrics judged as ratios, else the metric's natural unit.
    `p_value`: the chance that noise alone shows as much anywhere in the series. `near`: titles of declared changes of
    these customers that began or ended in that time; near is all that is said of them.
    """

    metric: str
    segment: Segment
    since: datetime
    began: tuple[datetime, datetime]
    settled: datetime
    size: float
    low: float
    high: float
    unit: str
    p_value: float
    near: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Retrospect:
    """What was found in `looked_at` series of a metric, newest first; `short` more had too little history, and `first`
    and `last` are the starts of the first and last period that was looked at (None: none was)."""

    metric: str
    found: tuple[PastShift, ...]
    looked_at: int
    short: int
    first: datetime | None
    last: datetime | None
