"""SQL sources: tables and queries, and every way in which a database lets us down."""

import sqlite3
import threading
from datetime import UTC, datetime, timedelta

import pytest
from source_cases import NOW, POSSIBLE, VALUES, YEAR, close, fetched, in_python, metric, sqlite_desk
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from cxmon.errors import SourceError
from cxmon.model import Grain, Kind, Read, Secret, Window
from cxmon.sources import Sql

TABLE = Read(table="ratings", time="at", value="value")
PHONE = '{"channel": "phone"}'
MIDNIGHT = int(datetime(2026, 8, 2, 22, tzinfo=UTC).timestamp())
GOOD = [("2026-08-03 10:00:00", "phone", 1), ("2026-08-03 23:59:59", "phone", 0)]


def desk(folder, rows=GOOD, columns="at TEXT, channel TEXT, value REAL", table="ratings"):
    return sqlite_desk(folder / "desk.db", rows, columns, table)


def refusal(source: Sql, of) -> str:
    with pytest.raises(SourceError) as caught:
        fetched(source, of)
    return str(caught.value)


def test_an_absent_file_is_named_and_not_created(tmp_path):
    path = tmp_path / "gone.db"
    said = refusal(Sql(url=Secret(f"sqlite:///{path}")), metric(read=TABLE))
    assert said == f"csat: source desk: there is no file {path}"
    assert not path.exists()


def test_a_missing_table_is_named_with_those_there_are(tmp_path):
    of = metric(read=Read(table="rating", time="at", value="value"))
    assert refusal(desk(tmp_path), of) == "csat: source desk: there is no table 'rating'; it has ratings"


def test_a_missing_column_is_named_with_those_there_are(tmp_path):
    of = metric(read=Read(table="ratings", time="at", value="satisfied"))
    said = "csat: source desk: table 'ratings' has no column 'satisfied'; it has at, channel, value"
    assert refusal(desk(tmp_path), of) == said


def test_a_column_that_a_query_does_not_bring_is_named(tmp_path):
    of = metric(read=Read(query="SELECT at, channel FROM ratings", time="at", value="value"))
    said = "csat: source desk: the query brings no column 'value'; it brings at, channel"
    assert refusal(desk(tmp_path), of) == said


def test_a_query_with_a_name_we_do_not_bind_is_refused(tmp_path):
    of = metric(
        read=Read(query="SELECT at, channel, value FROM ratings WHERE at > :from_day", time="at", value="value")
    )
    assert "the query uses :from_day; there are :since_epoch, :until_epoch, :since, :until" in refusal(
        desk(tmp_path), of
    )


def test_a_locked_database_is_told_after_a_short_wait(tmp_path):
    source = desk(tmp_path)
    other = sqlite3.connect(tmp_path / "desk.db")
    other.execute("BEGIN EXCLUSIVE")
    try:
        said = refusal(Sql(url=source.url, timeout_s=0.2), metric(read=TABLE))
    finally:
        other.close()
    assert said == "csat: source desk: the database is locked by another program (waited 0.2 s)"


def test_a_query_without_an_end_is_stopped(tmp_path):
    endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x AS at, x AS value FROM c"
    of = metric(read=Read(query=f"{endless} WHERE x < 0", time="at", value="value"), dimensions=())
    said = refusal(Sql(url=desk(tmp_path).url, timeout_s=0.3), of)
    assert said == "csat: source desk: no answer within 0.3 s (`timeout_s`)"


def test_more_rows_than_allowed_are_refused(tmp_path):
    of = metric(read=Read(query="SELECT at, channel, value FROM ratings", time="at", value="value"))
    said = refusal(Sql(url=desk(tmp_path).url, max_rows=1), of)
    assert said == "csat: source desk: more than 1 rows; aggregate in the query, or raise `max_rows`"


@pytest.mark.parametrize(
    "query",
    ["DELETE FROM ratings", "UPDATE ratings SET value = 0", "DROP TABLE ratings", "CREATE TABLE mine (x)"],
)
def test_a_source_is_never_written(tmp_path, query):
    source = desk(tmp_path)
    said = refusal(source, metric(read=Read(query=query, time="at", value="value")))
    assert "readonly" in said
    assert fetched(source, metric(read=TABLE))[0][PHONE, MIDNIGHT, 0][:2] == (2, 1)


def test_an_url_that_is_none_is_refused_without_showing_it():
    said = refusal(Sql(url=Secret("hunter2")), metric(read=TABLE))
    assert said == "csat: source desk: its `url` is not one that SQLAlchemy understands"


def test_a_database_without_a_driver_is_told(tmp_path):
    said = refusal(Sql(url=Secret("oracle://scott:hunter2@host/x")), metric(read=TABLE))
    assert "the driver" in said
    assert "is not installed" in said
    assert "hunter2" not in said


def test_a_file_that_is_no_database_is_told(tmp_path):
    (tmp_path / "desk.db").write_bytes(b"at,channel,value\n" * 200)
    said = refusal(Sql(url=Secret(f"sqlite:///{tmp_path}/desk.db")), metric(read=TABLE))
    assert said == "csat: source desk: file is not a database"


BAD_VALUES = [
    ("ten", "value: text where a number belongs", "text of 3 characters"),
    ("12,5", "value: decimal comma; numbers are written with a point", "12,5"),
    ("1_000", "value: text where a number belongs", "1_000"),
    (float("inf"), "value: too large a number", "inf"),
    (2, "value: neither 0 nor 1", "2"),
]


@pytest.mark.parametrize(("value", "reason", "shown"), BAD_VALUES)
def test_what_is_no_figure_is_set_aside_and_the_rest_stands(tmp_path, value, reason, shown):
    source = desk(tmp_path, [*GOOD, ("2026-08-03 12:00:00", "phone", value)], "at, channel, value")
    found, rejected = fetched(source, metric(read=TABLE))
    assert found[PHONE, MIDNIGHT, 0][:2] == (2, 1)
    assert [(r.where, r.reason, r.value) for r in rejected] == [("ratings, at 2026-08-03 12:00:00", reason, shown)]


def test_durations_below_zero_and_answers_off_the_scale_are_set_aside(tmp_path):
    source = desk(tmp_path, [("2026-08-03 12:00:00", "phone", v) for v in VALUES], "at, channel, value")
    for kind, more, count, reasons in POSSIBLE:
        found, rejected = fetched(source, metric(kind, TABLE, **more))
        assert [f[0] for f in found.values()] == [count]
        assert [r.reason for r in rejected] == reasons


@pytest.mark.parametrize("time", ["03.08.2026", "yesterday", "2026-02-30 10:00:00", "2026-08-03 25:00:00"])
def test_what_is_no_time_is_set_aside_and_the_rest_stands(tmp_path, time):
    found, rejected = fetched(desk(tmp_path, [*GOOD, (time, "phone", 1)]), metric(read=TABLE))
    assert found[PHONE, MIDNIGHT, 0][:2] == (2, 1)
    assert {r.reason for r in rejected} == {"time: not a date, an ISO 8601 instant or epoch seconds"}


def test_numbers_that_are_kept_as_text_are_numbers(tmp_path):
    rows = [("2026-08-03 10:00:00", "phone", "1"), ("2026-08-03 11:00:00", "phone", "0")]
    found, rejected = fetched(desk(tmp_path, rows, "at TEXT, channel TEXT, value TEXT"), metric(read=TABLE))
    assert not rejected
    assert found[PHONE, MIDNIGHT, 0][:2] == (2, 1)


def test_a_table_without_rows_is_an_empty_window_and_no_error(tmp_path):
    found, rejected = fetched(desk(tmp_path, []), metric(read=TABLE))
    assert (found, rejected) == ({}, [])


def test_rows_without_an_answer_are_left_out(tmp_path):
    rows = [*GOOD, ("2026-08-03 12:00:00", "phone", None), (None, "phone", 1), (None, "chat", None)]
    found, rejected = fetched(desk(tmp_path, rows), metric(read=TABLE))
    assert not rejected
    assert {k: f[:2] for k, f in found.items()} == {(PHONE, MIDNIGHT, 0): (2, 1)}


def test_names_are_quoted_and_expressions_are_sql(tmp_path):
    rows = [("2026-08-03 10:00:00", "phone", 5, "x:y"), ("2026-08-03 11:00:00", "phone", 2, "z")]
    source = desk(tmp_path, rows, '"Order" TEXT, "chan nel" TEXT, "select" REAL, tag TEXT', "group")
    read = Read(
        table="group",
        time="Order",
        value='CASE WHEN "select" >= 4 THEN 1 ELSE 0 END',
        where="tag = 'x:y' OR tag = 'z'",
        columns={"channel": "chan nel"},
    )
    assert fetched(source, metric(read=read))[0][PHONE, MIDNIGHT, 0][:2] == (2, 1)
    one = Read(table="group", time="Order", value='"select" >= 4', where="tag = 'x:y'", columns={"channel": "chan nel"})
    assert fetched(source, metric(read=one))[0][PHONE, MIDNIGHT, 0][:2] == (1, 1)


def test_an_aggregated_table_is_read_like_an_aggregated_file(tmp_path):
    rows = [("2026-08-03", "phone", 10, 8), ("2026-08-03", "chat", 3, 4), ("2026-08-04", "phone", 7, 7)]
    source = desk(tmp_path, rows, "at TEXT, channel TEXT, n INTEGER, total INTEGER")
    found, rejected = fetched(source, metric(read=Read(table="ratings", time="at", n="n", total="total")))
    assert [f[:2] for f in found.values()] == [(10, 8), (7, 7)]
    assert [(r.where, r.reason) for r in rejected] == [("ratings, at 2026-08-03", "n: smaller than the total")]


def spread_over_a_year() -> list[tuple[int, str, float, None, None]]:
    first = int(YEAR.since.timestamp())
    return [(first + i * 7_777, ("phone", "chat")[i % 2], float(i % 3 == 0), None, None) for i in range(4000)]


WRITTEN = {
    "naive": lambda at: datetime.fromtimestamp(at, UTC).isoformat(" "),
    "zoned": lambda at: datetime.fromtimestamp(at, UTC).isoformat(),
}


@pytest.mark.parametrize(
    ("form", "zone"), [("naive", "UTC"), ("zoned", "UTC"), ("zoned", "Asia/Tokyo"), ("zoned", "America/New_York")]
)
def test_a_bounded_query_loses_no_row_at_any_edge_of_its_pieces(tmp_path, form, zone):
    """Text in UTC is asked for by dates of another zone; every row must come all the same, and once."""
    events = spread_over_a_year()
    source = desk(tmp_path, [(WRITTEN[form](a), c, v) for a, c, v, _, _ in events])
    query = "SELECT at, channel, value FROM ratings WHERE at >= :since AND at < :until"
    of = metric(read=Read(query=query, time="at", value="value"), zone=zone)
    expected = [e for e in events if e[0] < NOW.timestamp()]
    close(fetched(source, of)[0], in_python(of, expected))


def test_a_query_may_bind_epoch_seconds(tmp_path):
    events = spread_over_a_year()
    source = desk(tmp_path, [(a, c, v) for a, c, v, _, _ in events], "at INTEGER, channel TEXT, value REAL")
    query = "SELECT at, channel, value FROM ratings WHERE at >= :since_epoch AND at < :until_epoch"
    of = metric(read=Read(query=query, time="at", value="value"))
    close(fetched(source, of)[0], in_python(of, events))


@pytest.mark.parametrize("grain", [Grain.DAY, Grain.MONTH])
def test_an_aggregating_query_brings_whole_periods_up_to_now_and_not_beyond(tmp_path, grain):
    unit = {Grain.DAY: "date(at)", Grain.MONTH: "strftime('%Y-%m-01', at)"}[grain]
    rows = [(f"2026-{m:02}-{d:02} 12:00:00", "phone", 1) for m in range(1, 12) for d in range(1, 29)]
    query = (
        f"SELECT {unit} AS day, channel, count(*) AS n, sum(value) AS total FROM ratings "
        "WHERE at >= :since AND at < :until GROUP BY 1, 2"
    )
    of = metric(read=Read(query=query, time="day", n="n", total="total"), grain=grain, zone="UTC")
    found, rejected = fetched(desk(tmp_path, rows), of)
    assert not rejected
    per = {Grain.DAY: 1, Grain.MONTH: 28}[grain]
    assert {f[:2] for f in found.values()} == {(per, per)}
    assert sum(f[0] for f in found.values()) == 8 * 28, "January to August; September and later lie after now"


def test_a_frozen_now_hides_what_came_after_it(tmp_path):
    events = spread_over_a_year()
    then = datetime(2026, 3, 1, tzinfo=UTC)
    source = desk(tmp_path, [(WRITTEN["zoned"](a), c, v) for a, c, v, _, _ in events])
    of = metric(read=TABLE)
    found, rejected = fetched(source, of, Window(YEAR.since, then), then)
    assert not rejected
    close(found, in_python(of, [e for e in events if e[0] < then.timestamp()], then))


def test_the_source_can_be_written_while_we_hold_a_batch(tmp_path):
    """Between two batches no lock is held: the desk goes on working while the store takes its time."""
    from cxmon.contracts import Request

    events = spread_over_a_year()
    source = desk(tmp_path, [(WRITTEN["zoned"](a), c, v) for a, c, v, _, _ in events])
    batches = source.fetch(Request(metric=metric(read=TABLE), window=YEAR, now=NOW))
    next(batches)
    failures: list[Exception] = []

    def write() -> None:
        conn = sqlite3.connect(tmp_path / "desk.db", timeout=0.1)
        try:
            with conn:
                conn.execute("INSERT INTO ratings VALUES ('2026-08-03', 'phone', 1)")
        except sqlite3.Error as error:
            failures.append(error)
        finally:
            conn.close()

    writer = threading.Thread(target=write)
    writer.start()
    writer.join()
    batches.close()
    assert not failures


def test_a_read_needs_a_table_or_a_query_and_not_both(tmp_path):
    source = desk(tmp_path)
    assert refusal(source, metric(read=Read(time="at", value="value"))).endswith(
        "either a `table` or a `query` for a sql source"
    )
    both = Read(time="at", value="value", query="SELECT 1", where="1 = 1")
    assert refusal(source, metric(read=both)).endswith("`read.where` goes with a `table`; put it into the query")
    assert refusal(source, metric(read=Read(time="at", value="value", file="x"))).endswith(
        "`read.file` is for csv sources"
    )


@pytest.mark.parametrize(
    ("options", "message"), [({"timeout_s": 0}, "timeout_s: found 0"), ({"max_rows": 0}, "max_rows: found 0")]
)
def test_impossible_bounds_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Sql(url=Secret("sqlite:///x.db"), **options)


def test_levels_take_the_snapshot_of_the_period_so_far(tmp_path):
    rows = [(f"2026-08-03 {h:02}:00:00", c, h) for h in (8, 12, 18) for c in ("phone", "chat")]
    of = metric(Kind.LEVEL, TABLE, grain=Grain.DAY)
    now = datetime(2026, 8, 3, 10, 30, tzinfo=UTC)  # half past twelve in Berlin
    found, _ = fetched(desk(tmp_path, rows), of, Window(now - timedelta(days=3), now), now)
    assert [f[:2] for f in found.values()] == [(1, 12), (1, 12)]


class Stranger(SQLiteDialect_pysqlite):
    """A database of which cxmon knows nothing but that SQLAlchemy speaks to it."""

    name = "stranger"
    supports_statement_cache = True


def test_a_database_that_we_do_not_know_sends_its_rows(tmp_path):
    registry.register("stranger", __name__, "Stranger")
    events = spread_over_a_year()
    desk(tmp_path, [(WRITTEN["zoned"](a), c, v) for a, c, v, _, _ in events])
    source = Sql(url=Secret(f"stranger:///{tmp_path}/desk.db"))
    found, rejected = fetched(source, metric(read=TABLE))
    assert not rejected
    close(found, in_python(metric(), events))
