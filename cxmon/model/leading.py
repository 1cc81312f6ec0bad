"""Which early figures ran ahead of another on months held out; an answer about forecasts, never about causes."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Ahead(StrEnum):
    """The answer for one tier: some figure is named, none ran ahead, or too little is known to say."""

    NAMED = "named"
    NONE = "none"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Early:
    """One figure at one lag in months. `gain` is how much smaller the forecast's error was with it (0.1: a tenth), with
    its range; `falls_first`: the late figure gets worse after this one fell (else rose); `named`: more than chance,
    among all that was asked."""

    metric: str
    lag: int
    gain: float
    low: float
    high: float
    p_value: float
    falls_first: bool
    months: int
    segments: int
    named: bool = False
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class TierAnswer:
    """The answer for one tier (empty: all customers): `asked` are all figures and lags that were looked at."""

    tier: str
    answer: Ahead
    asked: tuple[Early, ...]
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class LeadingAnswer:
    """Per tier which of `figures` ran ahead of `late` by one of `lags` months, as known at `as_of`."""

    late: str
    dimension: str
    as_of: datetime
    figures: tuple[str, ...]
    lags: tuple[int, ...]
    tiers: tuple[TierAnswer, ...]
