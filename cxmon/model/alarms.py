"""The alarm budget that was promised, and what became of the watch incidents that were told."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class AlarmQuarter:
    """Watch incidents told in the three months from `begins` on. Of them `taken_up`: somebody acknowledged, accepted or
    answered; `gone`: ended by themselves and nobody had; the others are still open."""

    begins: datetime
    told: int
    taken_up: int
    gone: int


@dataclass(frozen=True, kw_only=True)
class AlarmsKept:
    """`per_quarter` false ones were promised over `series` watched series; `quarters` newest first, the first of them
    is not over. Which incidents were false is never known: at most those that are `gone`."""

    as_of: datetime
    per_quarter: float
    series: int
    quarters: tuple[AlarmQuarter, ...]
