"""Dates as people write them, without a zone, as instants."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo


def instant(value: datetime | date, zone: str) -> datetime:
    """A day begins at midnight and a time without a zone is meant in `zone`."""
    if not isinstance(value, datetime):
        value = datetime.combine(value, time())
    return value if value.tzinfo is not None else value.replace(tzinfo=ZoneInfo(zone))


def iso(text: str, what: str, zone: str) -> datetime:
    """The instant of an ISO 8601 date or time. ValueError, which says what it is for, where it is none."""
    if not text:
        raise ValueError(f"no {what}")
    try:
        return instant(date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text), zone)
    except (ValueError, OverflowError):
        raise ValueError(f"{what} is not an ISO date such as 2026-11-03") from None


def span(starts: datetime, ends: datetime | None) -> tuple[datetime, datetime | None]:
    """Both ends of what lasts. ValueError where it ends before it begins."""
    if ends is not None and ends <= starts:
        raise ValueError("an end that is not after the start")
    return starts, ends
