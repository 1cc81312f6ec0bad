"""Business time: it adds up, is never more than the time between, and is what a clock says each minute."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cxmon import periods
from cxmon.aggregate import business
from cxmon.model import BusinessHours, Holidays

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Africa/Casablanca", "UTC")
GERMAN = Holidays(country="DE", subdivision="BY", extra_days=((date(2026, 12, 24), "Christmas Eve"),))
OFFICE = (((480, 1080),),) * 5 + (((540, 720),), ())

CLOCK = st.integers(0, 1440)
DAY = st.lists(CLOCK, max_size=4, unique=True).map(
    lambda cuts: tuple(zip(sorted(cuts)[::2], sorted(cuts)[1::2], strict=False))
)
HOURS = st.builds(
    BusinessHours,
    name=st.just("support"),
    zone=st.sampled_from(ZONES),
    week=st.tuples(*[DAY] * 7),
    holidays=st.sampled_from([None, GERMAN]),
)
MOMENT = st.datetimes(datetime(2019, 12, 20), datetime(2027, 1, 10)).map(
    lambda at: int(at.replace(tzinfo=UTC, second=0, microsecond=0).timestamp())
)
# Around changes of clocks of several zones, holidays and the turn of the year.
NEAR = st.builds(
    lambda at, minutes: at + 60 * minutes,
    st.sampled_from(
        [
            int(datetime(*at, tzinfo=UTC).timestamp())
            for at in (
                (2026, 3, 29),
                (2026, 10, 25),
                (2026, 3, 8),
                (2026, 11, 1),
                (2026, 4, 5),
                (2026, 12, 24),
                (2025, 1, 1),
            )
        ]
    ),
    st.integers(-3000, 3000),
)
OFFICE_OF = {zone: BusinessHours(name="support", zone=zone, week=OFFICE, holidays=GERMAN) for zone in ZONES}


def spent(hours, a, b):
    return business.seconds(hours, np.array([a], np.int64), np.array([b], np.int64))[0]


def asked_each_minute(hours, a, b):
    """Seconds of the minutes from a to b at which a clock on the wall shows a time within the hours."""
    zone, found = ZoneInfo(hours.zone), 0
    off = periods.days_off(hours.holidays, range(2018, 2029)) if hours.holidays else set()
    for at in range(a, b, 60):
        local = datetime.fromtimestamp(at, zone)
        minute = 60 * local.hour + local.minute
        inside = any(start <= minute < stop for start, stop in hours.week[local.weekday()])
        found += 60 * (inside and local.date() not in off)
    return found


@settings(max_examples=40, deadline=None)
@given(HOURS, MOMENT, MOMENT, MOMENT)
def test_it_adds_up_and_is_never_more_than_the_time_between(hours, x, y, z):
    a, b, c = sorted((x, y, z))
    assert spent(hours, a, b) + spent(hours, b, c) == spent(hours, a, c)
    assert 0 <= spent(hours, a, c) <= c - a
    assert spent(hours, c, a) == -spent(hours, a, c)


@settings(max_examples=40, deadline=None)
@given(HOURS, NEAR, st.integers(0, 2500))
@example(OFFICE_OF["Europe/Berlin"], int(datetime(2026, 10, 24, tzinfo=UTC).timestamp()), 2880)
@example(OFFICE_OF["Australia/Lord_Howe"], int(datetime(2026, 4, 4, tzinfo=UTC).timestamp()), 2880)
def test_it_is_what_a_clock_says_that_is_asked_each_minute(hours, a, minutes):
    b = a + 60 * minutes
    assert spent(hours, a, b) == asked_each_minute(hours, a, b)


@settings(max_examples=10, deadline=None)
@given(HOURS, st.lists(st.tuples(MOMENT, MOMENT), min_size=1, max_size=12))
def test_many_at_once_are_each_alone(hours, pairs):
    begin, end = (np.array(column, np.int64) for column in zip(*pairs, strict=True))
    assert business.seconds(hours, begin, end).tolist() == [spent(hours, a, b) for a, b in pairs]


def local(*at):
    return int(datetime(*at, tzinfo=ZoneInfo("Europe/Berlin")).timestamp())


def test_evenings_weekends_and_holidays_do_not_count():
    office = OFFICE_OF["Europe/Berlin"]
    # Friday 17:30 to Monday 08:30: half an hour, Saturday's three hours, and half an hour.
    assert spent(office, local(2026, 9, 4, 17, 30), local(2026, 9, 7, 8, 30)) == 4 * 3600
    # All Saints' Day of 2027 is a Monday, on which Bavaria is closed.
    assert spent(office, local(2027, 11, 1, 8), local(2027, 11, 2, 8)) == 0
    assert spent(office, local(2026, 12, 24, 8), local(2026, 12, 24, 18)) == 0


def test_a_desk_that_never_closes_counts_all_hours_of_the_days_on_which_clocks_change():
    always = BusinessHours(name="x", zone="Europe/Berlin", week=(((0, 1440),),) * 7)
    for day, hours in (((2026, 3, 29), 23), ((2026, 10, 25), 25), ((2026, 6, 1), 24)):
        assert spent(always, local(*day), local(*day) + hours * 3600) == hours * 3600
        assert datetime.fromtimestamp(local(*day) + hours * 3600, ZoneInfo("Europe/Berlin")).hour == 0


def test_a_desk_without_hours_spends_nothing():
    never = BusinessHours(name="x", zone="UTC", week=((),) * 7)
    assert spent(never, 1_700_000_000, 1_800_000_000) == 0


def test_offsets_are_pythons_own_on_both_sides_of_each_change():
    since, until = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (2024, 2028))
    for zone in ZONES:
        first, changes = periods.offsets(since, until, zone)
        known = [(since, first), *changes]
        for at, offset in known:
            assert datetime.fromtimestamp(at, ZoneInfo(zone)).utcoffset() == timedelta(seconds=offset)
        for (_, before), (at, _) in zip(known, changes, strict=False):
            assert datetime.fromtimestamp(at - 1, ZoneInfo(zone)).utcoffset() == timedelta(seconds=before)
