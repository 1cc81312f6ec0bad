"""Local periods on the UTC time line: which period an instant lies in, and the grid of periods of a window.

Days, weeks and months are those of the metric's time zone, so a day has 23, 24 or 25 hours. Hours are UTC hours, which
never overlap; half-hour zones show them shifted.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from cxmon.model import Grain, Holidays

Ints = npt.NDArray[np.int64]
DAY = 86_400


def floor(at: datetime, grain: Grain, zone: str, week_start: int = 0) -> datetime:
    """Start of the period that holds `at`, in UTC. `week_start`: 0 Monday to 6 Sunday."""
    if grain is Grain.HOUR:
        return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    day = at.astimezone(ZoneInfo(zone)).date()
    if grain is Grain.WEEK:
        day -= timedelta(days=(day.weekday() - week_start) % 7)
    elif grain is Grain.MONTH:
        day = day.replace(day=1)
    return _begin(day, zone)


def next_start(start: datetime, grain: Grain, zone: str) -> datetime:
    """Start of the period after the one that starts at `start`, in UTC."""
    if grain is Grain.HOUR:
        return start + timedelta(hours=1)
    return _begin(_next(start.astimezone(ZoneInfo(zone)).date(), grain), zone)


def _next(day: date, grain: Grain) -> date:
    """The first day of the period after the one that begins with `day`."""
    if grain is Grain.MONTH:
        return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return day + timedelta(days=7 if grain is Grain.WEEK else 1)


# The same days of the same zone are asked for again and again: what clocks show costs more than to remember it.
@lru_cache(maxsize=8_192)
def _begin(day: date, zone: str) -> datetime:
    """Where a local day begins, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


@lru_cache(maxsize=32_768)
def _local(start: int, zone: str) -> datetime:
    """What clocks show at an epoch second."""
    return datetime.fromtimestamp(start, ZoneInfo(zone))


def grid(since: datetime, until: datetime, grain: Grain, zone: str, week_start: int = 0) -> Ints:
    """Epoch seconds of all period starts from the period that holds `since` to the last that starts before `until`."""
    first = floor(since, grain, zone, week_start)
    if grain is Grain.HOUR:
        hours = max(0, -((first - until) // timedelta(hours=1)))
        return int(first.timestamp()) + 3600 * np.arange(hours, dtype=np.int64)
    starts, day = [], first.astimezone(ZoneInfo(zone)).date()
    while (at := _begin(day, zone)) < until:
        starts.append(int(at.timestamp()))
        day = _next(day, grain)
    return np.array(starts, np.int64)


def offsets(since: int, until: int, zone: str) -> tuple[int, tuple[tuple[int, int], ...]]:
    """(seconds east of UTC at `since`, then each (epoch second, offset from there on)) up to `until`, to the second."""
    tz = ZoneInfo(zone)
    at = since
    first = offset = _offset(tz, at)
    changes = []
    while at < until:
        step = min(at + DAY, until)
        if _offset(tz, step) == offset:
            at = step
            continue
        low, high = at, step
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if _offset(tz, middle) == offset else (low, middle)
        at, offset = high, _offset(tz, high)
        changes.append((at, offset))
    return first, tuple(changes)


def _offset(tz: ZoneInfo, at: int) -> int:
    found = datetime.fromtimestamp(at, UTC).astimezone(tz).utcoffset()
    return int(found.total_seconds()) if found is not None else 0


def profile_labels(starts: Ints, grain: Grain, zone: str) -> tuple[Ints, int]:
    """(label of each period in its profile, number of labels): local weekday, hour of the week, or none (all 0)."""
    if grain in {Grain.WEEK, Grain.MONTH}:
        return np.zeros(len(starts), np.int64), 1
    local = [_local(s, zone) for s in starts.tolist()]
    if grain is Grain.DAY:
        return np.array([d.weekday() for d in local], np.int64), 7
    return np.array([d.weekday() * 24 + d.hour for d in local], np.int64), 168


def on_holiday(starts: Ints, grain: Grain, zone: str, known: Holidays | None) -> Ints:
    """The local day's number (T,) where a period lies on a holiday of `known`, else 0; every hour of the day does.

    Weeks and months never do: they hold working days too. A day counts by its date in `zone`.
    """
    out = np.zeros(len(starts), np.int64)
    if known is None or grain in {Grain.WEEK, Grain.MONTH}:
        return out
    days = [_local(s, zone).date() for s in starts.tolist()]
    off = days_off(known, {day.year for day in days})
    for i, day in enumerate(days):
        if day in off:
            out[i] = day.toordinal()
    return out


def days_off(known: Holidays, years: Iterable[int]) -> set[date]:
    """The holidays of these years, and every extra day."""
    return set(named_days_off(known, years))


def named_days_off(known: Holidays, years: Iterable[int]) -> dict[date, str]:
    """The same with their names, in the country's language; an extra day's own name stands before a public one."""
    public = (_public(known.country, known.subdivision, year) for year in years)
    return {day: name for days in public for day, name in days.items()} | dict(known.extra_days)


@cache
def countries() -> Mapping[str, tuple[str, ...]]:
    """The countries whose holidays are known, by their two letters, each with its subdivisions."""
    from holidays import list_supported_countries  # noqa: PLC0415 - loaded where holidays are asked for only.

    return {name: tuple(parts) for name, parts in list_supported_countries(include_aliases=False).items()}


@cache
def _public(country: str, subdivision: str, year: int) -> Mapping[date, str]:
    """The public holidays of one year, with the days off in lieu where the law grants them."""
    from holidays import country_holidays  # noqa: PLC0415 - loaded where holidays are asked for only.

    return dict(country_holidays(country, subdiv=subdivision or None, years=year))


def span_of_days(first: date, last: date, zone: str) -> tuple[datetime, datetime]:
    """From where the first day begins to where the last one ends in a time zone, in UTC."""
    begin, end = (datetime(d.year, d.month, d.day, tzinfo=ZoneInfo(zone)) for d in (first, last + timedelta(days=1)))
    return begin.astimezone(UTC), end.astimezone(UTC)
