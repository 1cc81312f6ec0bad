"""Mute calendars: until when news has to wait. Pure."""

from collections.abc import Iterable
from datetime import UTC, datetime

import numpy as np

from cxmon.aggregate.business import open_hours
from cxmon.model import Mute, Severity

# A calendar that stays shut (or open) for longer than this mutes nothing: what never ends would be a loss.
LONGEST_DAYS = 60
_BLOCK = 5
# Mutes that take turns: so many in a row are looked through.
_MOST = 100


def muted(mutes: Iterable[Mute], severity: Severity | None, now: datetime) -> tuple[Mute, datetime] | None:
    """(the mute that holds news of `severity` back longest, the end of all that do); None where it is told at once."""
    asked = [m for m in mutes if severity not in m.exempt]
    at, last = now, None
    for _ in range(_MOST):
        ends = [(end, m.id, m) for m in asked if (end := mute_ends(m, at)) is not None]
        if not ends:
            break
        at, _, last = max(ends, key=lambda e: e[:2])
    return None if last is None else (last, at)


def mute_ends(mute: Mute, now: datetime) -> datetime | None:
    """When the window that `now` lies in ends; None where it lies in none, or in one that does not end for 60 days."""
    first = now.astimezone(UTC).year - 1
    first -= first % _BLOCK
    hours = open_hours(mute.hours, first, first + 2 * _BLOCK)
    at = int(np.floor(now.timestamp()))
    i = int(np.searchsorted(hours.opens, at, side="right")) - 1
    is_open = i >= 0 and at < hours.closes[i]
    if is_open == mute.outside:
        return None
    if mute.outside:
        # Holidays are shut: the next opening may be days away.
        end = int(hours.opens[i + 1]) if i + 1 < len(hours.opens) else None
    else:
        while i + 1 < len(hours.opens) and hours.opens[i + 1] <= hours.closes[i]:
            i += 1
        end = int(hours.closes[i])
    if end is None or end - at > LONGEST_DAYS * 86_400:
        return None
    return datetime.fromtimestamp(end, UTC)
