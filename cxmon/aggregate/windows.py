"""Which stretch of time a request really reads: whole periods, in pieces of about a month."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from cxmon import periods
from cxmon.model import Grain, Metric, Window

# Pieces that one transaction takes: long enough to be few, short enough to bound what a query returns.
_PIECE = {
    Grain.HOUR: timedelta(days=31),
    Grain.DAY: timedelta(days=31),
    Grain.WEEK: timedelta(days=182),
    Grain.MONTH: timedelta(days=731),
}


def span(metric: Metric, window: Window, now: datetime) -> Window | None:
    """`window` widened to whole periods of `metric`, but never past `now - settle`; None where nothing is left.

    Whole periods make every cell complete whatever window asked for it, so neither the cut nor the order of windows
    shows in the store.
    """
    since = periods.floor(window.since, metric.grain, metric.zone, metric.week_start)
    last = periods.floor(window.until, metric.grain, metric.zone, metric.week_start)
    until = last if last == window.until else periods.next_start(last, metric.grain, metric.zone)
    until = min(until, now - metric.settle)
    return Window(since, until) if since < until else None


def stretches(metric: Metric, window: Window) -> Iterator[Window]:
    """`window`, which begins with a period, cut at period starts into pieces of about a month (years for months)."""
    since = window.since
    while since < window.until:
        far = since + _PIECE[metric.grain]
        until = periods.floor(far, metric.grain, metric.zone, metric.week_start) if far < window.until else window.until
        yield Window(since, until)
        since = until
