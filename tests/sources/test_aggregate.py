"""Events into cells: sums per kind, local periods, revisions by age, and no trace of the order of rows."""

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from source_cases import NOW, close, in_python, metric, table

from cxmon.aggregate import AGES, Parts, cells, span, stretches
from cxmon.aggregate.parts import compact, merge
from cxmon.model import Grain, Kind, Segment, Window
from cxmon.periods import floor, next_start

PHONE = '{"channel": "phone"}'


def at(text: str, zone: str = "Europe/Berlin") -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp())


@pytest.mark.parametrize(
    ("kind", "events", "figures"),
    [
        (Kind.PROPORTION, [(1, None), (0, None), (1, None)], (3, 2)),
        (Kind.MEAN, [(2, None), (5, None)], (2, 7, 29)),
        (Kind.RATE, [(1, 10), (0, 5)], (15, 1)),
        (Kind.RATIO, [(2, 4), (3, 5)], (2, 5, 13, 9, 41, 23)),
        (Kind.QUANTILE, [(2, None), (5, None)], (2, 7, 29)),
    ],
)
def test_each_kind_keeps_its_sufficient_statistics(kind, events, figures):
    rows = [(at("2026-05-01T12:00") + i, "phone", float(v), b, None) for i, (v, b) in enumerate(events)]
    assert [f[:-1] for f in in_python(metric(kind), rows).values()] == [figures]


def test_a_level_is_its_latest_snapshot_summed_over_rows_of_one_instant():
    rows = [
        (at("2026-05-01T08:00"), "phone", 90.0, None, None),
        (at("2026-05-01T20:00"), "phone", 40.0, None, None),
        (at("2026-05-01T20:00"), "phone", 2.0, None, None),
    ]
    assert [f[:-1] for f in in_python(metric(Kind.LEVEL), rows).values()] == [(1, 42)]


def test_a_day_is_the_local_day_also_when_clocks_change():
    rows = [
        (at("2026-03-29T00:00"), "phone", 1.0, None, None),
        (at("2026-03-29T23:59"), "phone", 1.0, None, None),
        (at("2026-10-25T00:00") - 86400 * 365, "phone", 1.0, None, None),
        (at("2025-10-26T00:00") + 25 * 3600 - 1, "phone", 1.0, None, None),
    ]
    starts = [start for _, start, _ in in_python(metric(), rows)]
    assert starts == [at("2025-10-25T00:00"), at("2025-10-26T00:00"), at("2026-03-29T00:00")]


def test_a_revision_is_written_where_an_age_brings_something_new():
    end = at("2026-05-02T00:00")
    happened = at("2026-05-01T12:00")
    known = [happened, end + 3600, end + 4 * 86400, end + 33 * 86400]
    rows = [(happened, "phone", 1.0, None, k) for k in known]
    found = in_python(metric(), rows)
    assert {k[2]: f[0] for k, f in found.items()} == {
        end: 1,  # age 0: what was known at the period's end
        end + 86400: 2,
        end + 5 * 86400: 3,
        end + 33 * 86400 + 1: 4,  # known after the last age: from then on
    }


def test_an_age_that_is_not_reached_yet_is_told_as_of_what_came_last():
    end = at("2026-05-02T00:00")
    rows = [(end - 3600, "phone", 1.0, None, end + 3600), (end - 3600, "phone", 0.0, None, end + 7200)]
    now = datetime.fromtimestamp(end + 2 * 3600 + 1, UTC)
    assert {k[2]: f[0] for k, f in in_python(metric(), rows, now).items()} == {end + 7201: 2}
    before = datetime.fromtimestamp(end + 2 * 3600, UTC)
    assert {k[2]: f[0] for k, f in in_python(metric(), rows, before).items()} == {end + 3601: 1}


def test_what_is_known_later_than_now_does_not_exist():
    rows = [(at("2026-08-30T12:00"), "phone", 1.0, None, int(NOW.timestamp()) + 60)]
    assert in_python(metric(), rows) == {}


def test_ages_are_local_days_across_a_change_of_clocks():
    end = at("2026-03-29T00:00")
    late = at("2026-03-29T23:30")  # 22.5 hours after the end, yet the next day has not begun
    found = in_python(metric(), [(end - 60, "phone", 1.0, None, late)])
    assert [k[2] for k in found] == [at("2026-03-30T00:00")]


def test_the_ages_are_those_of_the_design():
    assert AGES == (0, 1, 2, 3, 5, 8, 14, 30)


event = st.tuples(
    st.integers(int(datetime(2026, 3, 20, tzinfo=UTC).timestamp()), int(datetime(2026, 4, 10, tzinfo=UTC).timestamp())),
    st.sampled_from(["phone", "chat", "email"]),
    st.floats(-100, 100).map(lambda x: round(x, 3)),
    st.floats(0.1, 10).map(lambda x: round(x, 3)),
    st.integers(0, 60 * 86400),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(event, min_size=1, max_size=25), st.sampled_from(list(Kind)), st.booleans(), st.randoms())
def test_the_order_of_rows_leaves_no_trace(events, kind, known, random):
    rows = [(a, c, v, b, a + k if known else None) for a, c, v, b, k in events]
    if kind is Kind.RATE:
        rows = [(a, c, abs(v), b, k) for a, c, v, b, k in rows]
    one = in_python(metric(kind), rows)
    random.shuffle(rows)
    assert in_python(metric(kind), rows) == one


@settings(max_examples=40, deadline=None)
@given(st.lists(event, min_size=2, max_size=25), st.sampled_from([k for k in Kind if k is not Kind.LEVEL]), st.data())
def test_adding_up_in_two_steps_is_adding_up_at_once(events, kind, data):
    """What a stream does that makes cells of what it has read so far."""
    of, cut = metric(kind), data.draw(st.integers(1, len(events) - 1))
    channels = ["chat", "email", "phone"]
    segments = [Segment.of(channel=c) for c in channels]
    a, c, v, b, k = (np.array(x) for x in zip(*events, strict=True))
    parts = Parts.of_events(
        kind,
        at=a,
        segment=np.array([channels.index(x) for x in c]),
        value=abs(v),
        base=b,
        weight=None,
        known=a + k,
    )
    first, second = parts.where(np.arange(len(parts)) < cut), parts.where(np.arange(len(parts)) >= cut)
    stepwise = Parts.joined([compact(of, first), compact(of, second)])
    close(table(merge(of, segments, stepwise, NOW)), table(merge(of, segments, parts, NOW)))


def test_nothing_makes_no_cells():
    none = np.zeros(0, np.int64)
    for kind in Kind:
        assert len(cells(metric(kind), none, [], none, np.zeros(0), None, None, NOW)) == 0


moments = st.datetimes(datetime(2025, 1, 1), datetime(2026, 8, 1)).map(lambda d: d.replace(tzinfo=UTC))


@example(datetime(2026, 8, 1, tzinfo=UTC), 743, Grain.HOUR, 0)
@settings(max_examples=60, deadline=None)
@given(moments, st.integers(0, 800), st.sampled_from(list(Grain)), st.integers(0, 6))
def test_a_request_reads_whole_periods_and_pieces_join_without_gaps(since, hours, grain, week_start):
    of = metric(grain=grain, week_start=week_start, settle=timedelta(hours=2))
    until = since + timedelta(hours=hours)
    window = span(of, Window(since, until), NOW)
    if window is None:
        assert min(until, NOW - of.settle) <= floor(since, grain, of.zone, week_start)
        return
    assert window.since == floor(since, grain, of.zone, week_start)
    # Asked for more than has settled, it reads up to what has.
    settled = NOW - of.settle
    assert min(until, settled) <= window.until <= next_start(floor(until, grain, of.zone, week_start), grain, of.zone)
    assert window.until <= settled
    pieces = list(stretches(of, window))
    assert pieces[0].since == window.since
    assert pieces[-1].until == window.until
    assert all(a.until == b.since for a, b in itertools.pairwise(pieces))
    assert all(p.since < p.until and floor(p.since, grain, of.zone, week_start) == p.since for p in pieces)


def test_nothing_that_has_not_settled_is_read():
    of = metric(settle=timedelta(hours=6))
    found = span(of, Window(NOW - timedelta(days=2), NOW), NOW)
    assert found is not None
    assert found.until == NOW - timedelta(hours=6)
    assert span(of, Window(NOW - timedelta(hours=1), NOW), NOW - timedelta(days=3)) is None
