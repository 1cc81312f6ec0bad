"""What one pull from a source brought, and whether that is as usual."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Standing(StrEnum):
    """What a measure of a pull is against its own past. Only `nothing`, `few` and `less` (clearly fewer for days, of
    which counts do not say why) are incidents; `waiting` (too little past), `small` (too few records to say),
    `holiday`, `whole` (the past was read) and `failed` are not known."""

    USUAL = "usual"
    MORE = "more"
    FEWER = "fewer"
    FEW = "few"
    LESS = "less"
    NOTHING = "nothing"
    WAITING = "waiting"
    SMALL = "small"
    HOLIDAY = "holiday"
    WHOLE = "whole"
    FAILED = "failed"

    @property
    def strange(self) -> bool:
        return self in {Standing.FEW, Standing.NOTHING, Standing.LESS}

    @property
    def known(self) -> bool:
        return self.strange or self in {Standing.USUAL, Standing.MORE, Standing.FEWER}


class Measured(StrEnum):
    """What is compared: records that came new or changed; of them those with a value in a field, and those that a
    metric counts; surveys sent of those that could have been."""

    RECORDS = "records"
    FILLED = "filled"
    COUNTED = "counted"
    OFFERED = "offered"


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A count over the last `hours` against the same hours of the same weekday in `weeks` earlier weeks.

    `usual` is their median, `low` and `high` the range they were in. A share is counted: `of` records or tickets,
    `value` of them have it, and `usual` is how many of so many usually have it. `field` names the field of
    `filled`, the metric of `counted`.
    """

    measured: Measured
    standing: Standing
    value: float
    usual: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")
    weeks: int = 0
    hours: float = 24.0
    of: float = float("nan")
    field: str = ""


@dataclass(frozen=True, kw_only=True)
class Health:
    """The answer on one pull: the gravest of its measures. `held`: figures of what it brought are not judged until it
    is as usual again; `since` is when the strange stretch began."""

    standing: Standing
    measures: tuple[Measure, ...] = ()
    held: bool = False
    since: datetime | None = None


# The part of a feed of changes that is read: a feed stands among the sources.
CHANGES = "drafts"


@dataclass(frozen=True, kw_only=True)
class Pull:
    """One pull of one part of a source: a stream of a vendor's records, or a metric of a source of rows.

    `rows` came in all (a source of rows: cells), `fresh` of them were new or changed since the pull before (a source of
    rows: answers that were not there before; of a rate its events), `rejected` were set aside. `newest` is the newest
    change, or the end of the newest period with figures. Of the fresh records `filled` counts those with a value by
    field, `counted` those that went into each metric. `offered` of `offerable` tickets
    were sent a survey, where the source can know it. `throttled` requests of `requests` were told to slow down, for
    `waited_s` seconds in all. `whole`: the past was read, which says nothing of what is usual.
    """

    source: str
    part: str
    metrics: tuple[str, ...]
    at: datetime
    ok: bool
    whole: bool = False
    rows: int = 0
    fresh: int = 0
    rejected: int = 0
    newest: datetime | None = None
    filled: Mapping[str, int] = field(default_factory=dict)
    counted: Mapping[str, int] = field(default_factory=dict)
    offered: int = 0
    offerable: int = 0
    requests: int = 0
    throttled: int = 0
    waited_s: float = 0.0
    error: str = ""
    health: Health | None = None
