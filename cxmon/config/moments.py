"""Dates and instants as people write them, in the plan's zone, to aware UTC."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from cxmon.config.reading import did_you_mean
from cxmon.errors import ConfigError

EXPECTED = "a date such as 2026-09-01, or an instant such as 2026-09-01T08:00 or 2026-09-01T08:00:00+02:00"

_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(Z|[-+][0-9]{2}:[0-9]{2})?)?"
)


def parse_moment(text: str, zone: ZoneInfo) -> datetime | None:
    """A date is its first instant in `zone`; an instant without an offset is local too. None where it is neither."""
    match = _MOMENT.fullmatch(text)
    if match is None:
        return None
    day, clock, offset = match.groups()
    try:
        naive = datetime.fromisoformat(f"{day}T{clock or '00:00'}{(offset or '').replace('Z', '+00:00')}")
        aware = naive if naive.tzinfo is not None else naive.replace(tzinfo=zone)
        return aware.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def parse_instant(text: str, zone: str) -> datetime:
    """The same for a command's option. Raises ConfigError."""
    moment = parse_moment(text, ZoneInfo(zone))
    if moment is None:
        raise ConfigError([f"found '{text[:60]}', expected {EXPECTED}"])
    return moment


def known_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # A name that walks out of the zone folder is a ValueError, a folder of it an OSError.
        return False
    return True


def nearest_zone(name: str) -> str:
    """What is expected in place of an unknown zone."""
    return "a name of the time zone database such as Europe/Berlin" + did_you_mean(name, sorted(available_timezones()))
