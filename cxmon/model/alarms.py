"""The alarm budget that was promised, what was told and marked as not real, and what a replay found to expect."""

from dataclasses import dataclass
from datetime import datetime, timedelta

QUARTER = timedelta(days=365.25 / 4)


@dataclass(frozen=True, kw_only=True)
class AlarmQuarter:
    """Watch incidents that opened from `begins` on, for three months or up to `ends`, and were told to anybody. Of them
    `marked`: people said that they were not real; of the others `taken_up`: somebody acknowledged, accepted or
    answered; `gone`: ended by themselves and nobody had; what is left is still open. `others` and `others_marked` are
    alerts of checks without a budget, `marked_late` marks made in this time on what was told before it."""

    begins: datetime
    told: int
    taken_up: int
    gone: int
    marked: int = 0
    others: int = 0
    others_marked: int = 0
    marked_late: int = 0
    ends: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class KeptReplay:
    """What a replay of `since` to `until` brought: watch incidents that opened in it, `near` a declared change that
    they named. `at` is when it was run, `settings` names the configuration that it was run with."""

    at: datetime
    since: datetime
    until: datetime
    incidents: int
    near: int
    settings: str

    @property
    def quarters(self) -> float:
        return (self.until - self.since) / QUARTER

    @property
    def per_quarter(self) -> float:
        return self.incidents / self.quarters


@dataclass(frozen=True, kw_only=True)
class AlarmsKept:
    """`per_quarter` false ones were promised over `series` watched series; `quarters` newest first, the first of them
    is not over. Which of the others were false is never known: at most those that are `gone`. `watches` are the checks
    that the budget is for, `settings` names their configuration, `replayed` the last replay that was kept."""

    as_of: datetime
    per_quarter: float
    series: int
    quarters: tuple[AlarmQuarter, ...]
    watches: tuple[str, ...] = ()
    settings: str = ""
    replayed: KeptReplay | None = None

    def promised(self, begins: datetime, ends: datetime) -> float:
        """How many false ones the budget allows in a time."""
        return self.per_quarter * ((ends - begins) / QUARTER)
