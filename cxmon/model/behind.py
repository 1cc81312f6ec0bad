"""What stands behind an alert: records in the vendor's own system, and why customers wrote more often."""

from dataclasses import dataclass
from datetime import datetime

from cxmon.model.metric import Segment


@dataclass(frozen=True, kw_only=True)
class Record:
    """A vendor's record: its id there, and the address at which whoever may see it finds it (empty: none is known)."""

    id: str
    link: str = ""


@dataclass(frozen=True, kw_only=True)
class Growth:
    """How often a reason was counted, and how often in as many such days of the four weeks before.

    `low` to `high` is how many times as often that is, an interval that holds for all reasons looked at together; NaN
    where too little is known for one.
    """

    reason: str
    count: float
    before: float
    low: float = float("nan")
    high: float = float("nan")


@dataclass(frozen=True, kw_only=True)
class Behind:
    """The records of `segment` from `since` to before `until`, the worst first; `count` is how many there are in all
    (NaN where that may not be told), `all_of_them` false where only those on the bad side are meant.

    `note` says why some or all are missing. `grown` are the reasons that grew most, counted in `counted_in`, along the
    dimension `dimension`, of `looked_at`; `kept_back` more are too small to be told.
    """

    incident: str
    metric: str
    segment: Segment
    where: str
    since: datetime
    until: datetime
    records: tuple[Record, ...] = ()
    count: float = float("nan")
    all_of_them: bool = True
    note: str = ""
    grown: tuple[Growth, ...] = ()
    dimension: str = ""
    counted_in: str = ""
    kept_back: int = 0
    looked_at: int = 0
