"""The periods of which churn is counted, and the sums that are made of them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cxmon import periods
from cxmon.model import Kind, Metric, Window

START_OF_PERIOD, STRIPE = "start_of_period", "stripe"
DEFINITIONS = (START_OF_PERIOD, STRIPE)
SUMS = ("n", "total", "squares", "base", "base_squares", "cross")
# So many rows are added up at a time: the memory is bounded, however many customers there are.
BLOCK = 1_000_000
# Stripe's churn rate looks back so far.
_MONTH = timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class Grid:
    """The periods (P,): who is there at `opens` is at risk, what happens up to `ends` counts. Epoch seconds."""

    starts: list[int]
    opens: list[int]
    ends: list[int]
    rolling: bool
    money: bool

    @classmethod
    def of(cls, metric: Metric, run: Window) -> "Grid":
        starts = periods.grid(run.since, run.until, metric.grain, metric.zone, metric.week_start).tolist()
        last = periods.next_start(datetime.fromtimestamp(starts[-1], UTC), metric.grain, metric.zone)
        ends = [*starts[1:], int(last.timestamp())]
        rolling, opens = metric.read.churn == STRIPE, starts
        if rolling:
            zone = ZoneInfo(metric.zone)
            local = (datetime.fromtimestamp(end, zone).replace(tzinfo=None) - _MONTH for end in ends)
            opens = [int(day.replace(tzinfo=zone).timestamp()) for day in local]
        return cls(starts=starts, opens=opens, ends=ends, rolling=rolling, money=metric.kind is Kind.RATIO)
