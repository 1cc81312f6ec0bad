"""When a weekly digest is due, and what one week is called. Pure: `now` is an argument.

The name is that of the week, not of the moment: a digest that is moved to another day or hour goes out once in its week
all the same.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cxmon.model import DigestTime

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LATE = timedelta(hours=2)


def slot(when: DigestTime, now: datetime) -> datetime:
    """The newest moment, up to `now`, at which the digest is due on the clocks of its zone."""
    local = now.astimezone(ZoneInfo(when.zone))
    today = local.date()
    for back in range(8):
        day = today - timedelta(days=back)
        at = datetime.combine(day, when.at, ZoneInfo(when.zone))
        if day.weekday() == DAYS.index(when.day) and at.astimezone(ZoneInfo("UTC")) <= now:
            return at.astimezone(ZoneInfo("UTC"))
    raise AssertionError("eight days hold every day of the week")


def name(when: DigestTime, at: datetime) -> str:
    """`2026-W48`: the ISO week in which the digest of `at` is due."""
    year, week, _ = at.astimezone(ZoneInfo(when.zone)).isocalendar()
    return f"{year}-W{week:02}"


def moment(when: DigestTime, named: str) -> datetime:
    """When the digest of a week, as `name` calls it, is due. ValueError where that is no name."""
    day = datetime.strptime(f"{named}-{DAYS.index(when.day) + 1}", "%G-W%V-%u").date()  # noqa: DTZ007 - a day only.
    return datetime.combine(day, when.at, ZoneInfo(when.zone)).astimezone(ZoneInfo("UTC"))


def due(now: datetime, at: datetime, last: datetime | None) -> bool:
    """Whether the digest of `at` is to be sent: a missed one is, late, but who has just begun is told at the next."""
    return last is not None or now - at < timedelta(days=1)


def since(when: DigestTime, at: datetime, last: datetime | None) -> datetime:
    """From when on things are news: since the last digest, or for a week, by the same clock."""
    week_before = slot(when, at - timedelta(days=6))
    return week_before if last is None or last >= at else last
