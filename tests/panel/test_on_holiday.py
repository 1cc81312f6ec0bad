"""Which periods lie on a holiday: by the local date, of the country, the subdivision and one's own days."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np

from cxmon.model import Grain, Holidays
from cxmon.periods import countries, grid, on_holiday

GERMANY = Holidays(country="DE")


def days_of(known, since, until, zone="Europe/Berlin"):
    starts = grid(since.replace(tzinfo=ZoneInfo(zone)), until.replace(tzinfo=ZoneInfo(zone)), Grain.DAY, zone)
    found = on_holiday(starts, Grain.DAY, zone, known)
    local = [datetime.fromtimestamp(int(s), ZoneInfo(zone)).date() for s in starts]
    assert all(number in {0, day.toordinal()} for number, day in zip(found, local, strict=True))
    return [day.isoformat() for number, day in zip(found, local, strict=True) if number]


def test_a_countrys_days_of_one_year():
    found = days_of(GERMANY, datetime(2026, 1, 1), datetime(2027, 1, 1))
    assert found == [
        "2026-01-01", "2026-04-03", "2026-04-06", "2026-05-01", "2026-05-14", "2026-05-25", "2026-10-03", "2026-12-25",
        "2026-12-26",
    ]  # fmt: skip


def test_a_subdivision_and_ones_own_days_are_added():
    own = Holidays(country="DE", subdivision="BY", extra_days=((date(2026, 12, 24), "Christmas Eve"),))
    more = set(days_of(own, datetime(2026, 1, 1), datetime(2027, 1, 1)))
    assert {"2026-01-06", "2026-06-04", "2026-11-01", "2026-12-24"} <= more
    assert len(more) == 13


def test_every_hour_of_the_local_day_is_a_holiday():
    """1 May in Berlin begins at 22:00 UTC the day before."""
    starts = grid(datetime(2026, 4, 30, tzinfo=UTC), datetime(2026, 5, 2, tzinfo=UTC), Grain.HOUR, "Europe/Berlin")
    found = on_holiday(starts, Grain.HOUR, "Europe/Berlin", GERMANY)
    assert np.flatnonzero(found).tolist() == list(range(22, 46))
    assert len(np.unique(found[found > 0])) == 1


def test_weeks_and_months_hold_working_days_too():
    for grain in (Grain.WEEK, Grain.MONTH):
        starts = grid(datetime(2025, 12, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC), grain, "UTC")
        assert not on_holiday(starts, grain, "UTC", GERMANY).any()


def test_without_a_calendar_no_day_is_a_holiday():
    starts = grid(datetime(2025, 12, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC), Grain.DAY, "UTC")
    assert not on_holiday(starts, Grain.DAY, "UTC", None).any()


def test_every_known_country_can_be_asked():
    assert {"DE", "GB", "US", "IN", "JP"} <= set(countries())
    assert "BY" in countries()["DE"]
    starts = grid(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC), Grain.DAY, "UTC")
    none = [c for c in countries() if not on_holiday(starts, Grain.DAY, "UTC", Holidays(country=c)).any()]
    assert len(none) < 5, none
