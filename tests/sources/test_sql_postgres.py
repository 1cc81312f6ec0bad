"""PostgreSQL as a source: adds up like python, and is only read."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import sqlalchemy as sa
from source_cases import NOW, POSSIBLE, VALUES, YEAR, close, fetched, in_python, metric

from cxmon.errors import SourceError
from cxmon.model import BusinessHours, Grain, Kind, Making, Read, Secret
from cxmon.sources import Sql

pytestmark = pytest.mark.postgres

COLUMNS = {
    "timestamptz": lambda at: datetime.fromtimestamp(at, UTC),
    "timestamp": lambda at: datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo("Europe/Berlin")).replace(tzinfo=None),
    "date": lambda at: datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo("Europe/Berlin")).date(),
    "bigint": lambda at: at,
    "text": lambda at: datetime.fromtimestamp(at, UTC).isoformat(),
}


def events_of(kind: Kind) -> list[tuple]:
    rng = np.random.default_rng(11)
    at = rng.integers(int(YEAR.since.timestamp()), int(NOW.timestamp()), 1500)
    value = rng.integers(0, 2, 1500) if kind is Kind.PROPORTION else rng.lognormal(2, 1, 1500).round(3)
    lag = rng.integers(0, 20 * 86400, 1500)
    return [
        (int(a), "phone" if a % 3 else "chat", float(v), None, int(a + d))
        for a, v, d in zip(at, value, lag, strict=True)
    ]


def desk(url: str, rows: list[tuple], columns: str) -> Sql:
    engine = sa.create_engine(url)
    with engine.begin() as conn:
        conn.exec_driver_sql(f"CREATE TABLE ratings ({columns})")
        marks = ", ".join(["%s"] * len(rows[0]))
        conn.exec_driver_sql(f"INSERT INTO ratings VALUES ({marks})", rows)
    engine.dispose()
    return Sql(url=Secret(url))


@pytest.mark.parametrize("kind", [Kind.PROPORTION, Kind.QUANTILE, Kind.LEVEL])
@pytest.mark.parametrize("column", list(COLUMNS))
def test_postgres_adds_up_like_python_whatever_holds_the_time(pg_empty_url, column, kind):
    events = events_of(kind)
    if column == "date":
        # A date has no hour: the event is at its midnight.
        midnights = [
            datetime.fromtimestamp(a, UTC).astimezone(ZoneInfo("Europe/Berlin")).replace(hour=0, minute=0, second=0)
            for a, *_ in events
        ]
        events = [(int(m.timestamp()), *e[1:]) for m, e in zip(midnights, events, strict=True)]
    known = "timestamptz" if column == "date" else column
    if column == "timestamp":
        # A wall clock cannot tell the second half of a repeated hour from the first.
        events = [e for e in events if not any(_repeated(x) for x in (e[0], e[4]))]
    rows = [(COLUMNS[column](a), c, v, COLUMNS[known](k)) for a, c, v, _, k in events]
    source = desk(pg_empty_url, rows, f"at {column}, channel text, value numeric, known {known}")
    of = metric(kind, Read(table="ratings", time="at", value="value", known_at="known"))
    found, rejected = fetched(source, of)
    assert not rejected
    close(found, in_python(of, events))


def _repeated(at: int) -> bool:
    return datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo("Europe/Berlin")).fold == 1


@pytest.mark.parametrize("column", ["timestamptz", "timestamp", "date"])
def test_a_bounded_query_brings_every_row_once(pg_empty_url, column):
    events = [e for e in events_of(Kind.MEAN) if not _repeated(e[0])]
    if column == "date":
        events = [(e[0] - (e[0] % 86400), *e[1:]) for e in events]
    rows = [(COLUMNS[column](a), c, v) for a, c, v, *_ in events]
    source = desk(pg_empty_url, rows, f"at {column}, channel text, value float")
    query = "SELECT at, channel, value FROM ratings WHERE at >= :since AND at < :until"
    of = metric(Kind.MEAN, Read(query=query, time="at", value="value"), grain=Grain.WEEK)
    plain = metric(Kind.MEAN, Read(table="ratings", time="at", value="value"), grain=Grain.WEEK)
    found, rejected = fetched(source, of)
    assert not rejected
    assert sum(f[0] for f in found.values()) == len(events)
    close(found, fetched(source, plain)[0])


def test_nan_in_a_column_of_floats_is_set_aside(pg_empty_url):
    rows = [(datetime(2026, 8, 3, tzinfo=UTC), "phone", v) for v in (1.0, float("nan"), float("inf"))]
    source = desk(pg_empty_url, rows, "at timestamptz, channel text, value float")
    found, rejected = fetched(source, metric(Kind.MEAN, Read(table="ratings", time="at", value="value")))
    assert [f[:2] for f in found.values()] == [(1, 1)]
    assert [r.reason for r in rejected] == ["value: not a number", "value: too large a number"]


def test_durations_below_zero_and_answers_off_the_scale_are_set_aside(pg_empty_url):
    rows = [(datetime(2026, 8, 3, tzinfo=UTC), "phone", v) for v in VALUES]
    source = desk(pg_empty_url, rows, "at timestamptz, channel text, value float")
    for kind, more, count, reasons in POSSIBLE:
        found, rejected = fetched(source, metric(kind, Read(table="ratings", time="at", value="value"), **more))
        assert [f[0] for f in found.values()] == [count]
        assert [r.reason for r in rejected] == reasons


def test_booleans_are_shares(pg_empty_url):
    rows = [(datetime(2026, 8, 3, tzinfo=UTC), "phone", v) for v in (True, False, True, None)]
    source = desk(pg_empty_url, rows, "at timestamptz, channel text, value boolean")
    found, _ = fetched(source, metric(read=Read(table="ratings", time="at", value="value")))
    assert [f[:2] for f in found.values()] == [(3, 2)]


def test_a_transaction_of_ours_cannot_write(pg_empty_url):
    rows = [(datetime(2026, 8, 3, tzinfo=UTC), "phone", 1.0)]
    source = desk(pg_empty_url, rows, "at timestamptz, channel text, value float")
    engine = sa.create_engine(pg_empty_url)
    with engine.begin() as conn:
        wipe = "CREATE FUNCTION wipe() RETURNS float LANGUAGE sql AS 'DELETE FROM ratings RETURNING 1.0::float'"
        conn.exec_driver_sql(wipe)
    engine.dispose()
    of = metric(read=Read(query="SELECT at, channel, wipe() AS value FROM ratings", time="at", value="value"))
    with pytest.raises(SourceError, match="cannot execute DELETE in a read-only transaction"):
        fetched(source, of)
    kept, _ = fetched(source, metric(read=Read(table="ratings", time="at", value="value")))
    assert [f[0] for f in kept.values()] == [1]


def test_a_slow_query_is_stopped(pg_empty_url):
    source = Sql(url=Secret(pg_empty_url), timeout_s=0.3)
    query = "SELECT now() AS at, 'x' AS channel, 1 AS value FROM (SELECT pg_sleep(20)) AS nap"
    with pytest.raises(SourceError, match=r"csat: source desk: no answer within 0.3 s \(`timeout_s`\)"):
        fetched(source, metric(read=Read(query=query, time="at", value="value")))


def test_a_missing_table_and_a_missing_column_are_named(pg_empty_url):
    rows = [(datetime(2026, 8, 3, tzinfo=UTC), "phone", 1.0)]
    source = desk(pg_empty_url, rows, "at timestamptz, channel text, value float")
    with pytest.raises(SourceError, match="there is no table 'rating'; it has ratings"):
        fetched(source, metric(read=Read(table="rating", time="at", value="value")))
    with pytest.raises(SourceError, match="table 'ratings' has no column 'csat'; it has at, channel, value"):
        fetched(source, metric(read=Read(table="ratings", time="at", value="csat")))


def test_a_server_that_does_not_answer_is_told_without_its_password():
    source = Sql(url=Secret("postgresql+psycopg://desk:hunter2@127.0.0.1:9/desk"))
    with pytest.raises(SourceError) as caught:
        fetched(source, metric(read=Read(table="ratings", time="at", value="value")))
    assert "csat: source desk: " in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_calls_waits_and_ends_are_taken_as_the_database_has_them(pg_empty_url):
    at = datetime(2026, 8, 3, 10, tzinfo=UTC)
    rows = [
        (at, "phone", True, None, 12.5, at.replace(hour=12)),
        (at, "phone", False, at, 4.0, None),
        (at, "phone", False, at, 40.0, at.replace(day=4)),
    ]
    columns = "at timestamptz, channel text, heard boolean, gone timestamptz, wait numeric, done timestamptz"
    source = desk(pg_empty_url, rows, columns)
    calls = Read(table="ratings", time="at", answered="heard", abandoned="gone", waited="wait")
    level = metric(read=calls, making=Making(outcomes=(1, 0, None, 0, 0), within_s=20, short_s=5))
    ((n, total, _),) = fetched(source, level)[0].values()
    assert (n, total) == (2, 1)
    office = BusinessHours(name="o", zone="UTC", week=(((660, 720),),) * 7)
    took = metric(Kind.MEAN, Read(table="ratings", time="at", ended="done"), unit="min", making=Making(hours=office))
    ((n, total, *_),) = fetched(source, took)[0].values()
    # From ten to noon the desk is open for an hour; to ten of the next day as well.
    assert (n, total) == (2, 120)
