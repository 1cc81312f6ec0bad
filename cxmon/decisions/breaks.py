"""What a changed measurement leaves of one change's evidence: no figure before it is compared with one after."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cxmon.model import Break, Change, Metric


@dataclass(frozen=True, kw_only=True)
class Between:
    """The stretch between two breaks that a change lies in: the past begins `since`, the window ends at `until`, and no
    data count after `data_until` (None: no break there). `reason` says why it is too short; `past` and `window` tell
    people where it was cut."""

    since: datetime | None = None
    until: datetime | None = None
    data_until: datetime | None = None
    reason: str = ""
    past: str = ""
    window: str = ""


def between(
    breaks: Sequence[Break], change: Change, metric: Metric, now: datetime, *, past: timedelta, window: timedelta
) -> Between:
    """The stretch of `change` between `breaks` (oldest first), which must leave at least so much past and window."""
    before = [one for one in breaks if one.at <= change.starts]
    after = [one for one in breaks if one.at > change.starts]
    last, first = before[-1] if before else None, after[0] if after else None
    inside = first is not None and first.at < (change.ends or now)
    reason = ""
    if last is not None and change.starts - last.at < past:
        reason = _too_near(last, change, metric, "before")
    elif first is not None and inside and first.at - change.starts < window:
        reason = _too_near(first, change, metric, "after")
    return Between(
        since=None if last is None else last.at,
        until=first.at if first is not None and inside else None,
        data_until=None if first is None else first.at,
        reason=reason,
        past="" if last is None or reason else f"past begins where {changed(last, metric)}",
        window="" if first is None or reason or not inside else f"window ends where {changed(first, metric)}",
    )


def changed(one: Break, metric: Metric) -> str:
    """`New scale changed the measurement (12 Sep)`."""
    return dated(f"{one.title} changed the measurement", one.at, metric)


def dated(what: str, at: datetime, metric: Metric) -> str:
    """`Weekend phone desk closed (12 Sep)`, the day as the metric's zone has it."""
    local = at.astimezone(ZoneInfo(metric.zone))
    return f"{what} ({local.day} {local:%b})"


def _too_near(one: Break, change: Change, metric: Metric, side: str) -> str:
    days = abs(one.at - change.starts).days
    when = f"{days} {'day' if days == 1 else 'days'} {side} the start" if days else "at the start"
    return f"{changed(one, metric)}, {when}: too near to compare across it"
