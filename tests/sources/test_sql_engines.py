"""DuckDB and MariaDB as sources: they add up like python whatever holds the time, and are only read."""

import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import sqlalchemy as sa
from source_cases import NOW, POSSIBLE, VALUES, YEAR, close, fetched, in_python, metric

from cxmon.contracts import Request
from cxmon.errors import SourceError
from cxmon.model import Grain, Kind, Read, Secret
from cxmon.sources import Sql
from cxmon.sources.sql.connect import Session
from cxmon.sources.sql.dialects import KNOWN, Table

BERLIN = ZoneInfo("Europe/Berlin")
TYPES = {
    "duckdb": {"instant": "TIMESTAMPTZ", "wall": "TIMESTAMP", "date": "DATE", "epoch": "BIGINT", "text": "VARCHAR"},
    "mariadb": {
        "instant": "TIMESTAMP NULL", "wall": "DATETIME", "date": "DATE", "epoch": "BIGINT", "text": "VARCHAR(40)",
    },
}  # fmt: skip
WRITTEN = {
    "instant": lambda at: datetime.fromtimestamp(at, UTC),
    "wall": lambda at: datetime.fromtimestamp(at, UTC).astimezone(BERLIN).replace(tzinfo=None),
    "date": lambda at: datetime.fromtimestamp(at, UTC).astimezone(BERLIN).date(),
    "epoch": lambda at: at,
    "text": lambda at: datetime.fromtimestamp(at, UTC).isoformat(),
}


class Engine:
    """A database of one kind, with a hand that may write."""

    def __init__(self, name: str, url: str) -> None:
        self.name, self.url = name, url
        self.types = TYPES[name]

    def desk(self, columns: str, rows: list[tuple], table: str = "ratings") -> Sql:
        engine = sa.create_engine(self.url, poolclass=sa.pool.NullPool)
        with engine.begin() as conn:
            if self.name == "mariadb":
                conn.exec_driver_sql("SET time_zone = '+00:00'")
            conn.exec_driver_sql(f"CREATE TABLE {table} ({columns})")
            if rows:
                # All in one statement: DuckDB is slow at single rows.
                mark = "(" + ", ".join(["?" if self.name == "duckdb" else "%s"] * len(rows[0])) + ")"
                marks = ", ".join([mark] * len(rows))
                conn.exec_driver_sql(f"INSERT INTO {table} VALUES {marks}", tuple(v for row in rows for v in row))
        engine.dispose()
        return Sql(url=Secret(self.url))


@pytest.fixture(scope="session")
def mariadb_server(tmp_path_factory):
    """Address of a MariaDB server: `CXMON_TEST_MARIADB_URL`, or one that is started where the program is there."""
    given = os.environ.get("CXMON_TEST_MARIADB_URL")
    if given:
        yield given
        return
    program = (
        os.environ.get("CXMON_TEST_MARIADBD") or shutil.which("mariadbd") or shutil.which("mariadbd", path="/usr/sbin")
    )
    if program is None:
        pytest.skip("no mariadbd on this machine; CXMON_TEST_MARIADBD or CXMON_TEST_MARIADB_URL names one")
    pytest.importorskip("pymysql")
    folder = tmp_path_factory.mktemp("mariadb")
    socket = Path("/tmp") / f"cxmon-maria-{os.getpid()}.sock"
    command = [
        program, "--no-defaults", f"--datadir={folder}", f"--socket={socket}", "--skip-networking",
        "--skip-grant-tables", "--innodb-flush-log-at-trx-commit=0", "--user=root",
        f"--lc-messages-dir={os.environ.get('CXMON_TEST_MARIADB_MESSAGES', '/usr/share/mysql')}",
    ]  # fmt: skip
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log)
    try:
        # It listens when it listens, however busy the machine is; one that cannot start ends by itself.
        while not socket.exists() and server.poll() is None:
            time.sleep(0.05)
        assert server.poll() is None, (folder / "log").read_text()[-2000:]
        yield f"mysql+pymysql://root@localhost/DATABASE?unix_socket={socket}"
    finally:
        server.terminate()
        server.wait()


@pytest.fixture(params=["duckdb", "mariadb"])
def engine(request, tmp_path):
    if request.param == "duckdb":
        pytest.importorskip("duckdb_sqlalchemy", reason="the wheel duckdb-sqlalchemy is not installed")
        return Engine("duckdb", f"duckdb:///{tmp_path}/desk.duckdb")
    server = request.getfixturevalue("mariadb_server")
    name = f"desk_{tmp_path.name.replace('-', '_')}"[:60]
    root = sa.create_engine(server.replace("DATABASE", ""))
    with root.begin() as conn:
        conn.exec_driver_sql(f"CREATE OR REPLACE DATABASE {name}")
    root.dispose()
    return Engine("mariadb", server.replace("DATABASE", name))


def events_of(kind: Kind, count: int = 150) -> list[tuple]:
    rng = np.random.default_rng(11)
    at = rng.integers(int(YEAR.since.timestamp()), int(NOW.timestamp()), count)
    value = rng.integers(0, 2, count) if kind is Kind.PROPORTION else rng.lognormal(2, 1, count).round(3)
    lag = rng.integers(0, 20 * 86400, count)
    return [
        (int(a), "phone" if a % 3 else "chat", float(v), None, int(a + d))
        for a, v, d in zip(at, value, lag, strict=True)
    ]


def without_repeated(events: list[tuple]) -> list[tuple]:
    """A wall clock cannot tell the second half of a repeated hour from the first."""
    return [e for e in events if not any(datetime.fromtimestamp(x, UTC).astimezone(BERLIN).fold for x in (e[0], e[4]))]


@pytest.mark.parametrize(
    ("form", "kind"),
    [
        *(("instant", kind) for kind in (Kind.PROPORTION, Kind.LEVEL, Kind.MEAN)),
        *((form, Kind.QUANTILE) for form in ("wall", "date", "epoch", "text")),
    ],
)
def test_it_adds_up_like_python_whatever_holds_the_time(engine, form, kind):
    events = events_of(kind)
    if form == "date":
        days = [
            datetime.fromtimestamp(a, UTC).astimezone(BERLIN).replace(hour=0, minute=0, second=0) for a, *_ in events
        ]
        events = [(int(d.timestamp()), *e[1:]) for d, e in zip(days, events, strict=True)]
    known = "instant" if form == "date" else form
    if form == "wall":
        events = without_repeated(events)
    rows = [(WRITTEN[form](a), c, v, WRITTEN[known](k)) for a, c, v, _, k in events]
    columns = f"seen {engine.types[form]}, channel VARCHAR(9), value DECIMAL(18, 3), known {engine.types[known]}"
    source = engine.desk(columns, rows)
    read = Read(table="ratings", time="seen", value="value", known_at="known")
    of = metric(kind, read, grain=Grain.HOUR if kind is Kind.MEAN and form != "date" else Grain.DAY)
    found, rejected = fetched(source, of)
    assert not rejected
    close(found, in_python(of, events))
    exprs = {"time": "seen", "value": "value", "known_at": "known", "dimension:channel": "channel"}
    with Session(engine.url, of, timeout_s=5, max_rows=10) as session:
        survey = KNOWN[session.dialect].survey(session, Table(name="ratings", exprs=exprs))
    assert survey.pushable == (form != "text"), "it really was the database that added up"


@pytest.mark.parametrize(("zone", "grain"), [("Europe/Berlin", Grain.HOUR), ("Australia/Lord_Howe", Grain.DAY)])
def test_days_on_which_clocks_change_are_cut_as_in_python(engine, zone, grain):
    near = [datetime(2025, 10, 26, tzinfo=UTC), datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 4, 4, tzinfo=UTC)]
    ats = [int(d.timestamp()) + 1800 * i for d in near for i in range(-20, 40)]
    events = [(at, "phone", float(i % 7), None, None) for i, at in enumerate(ats)]
    rows = [(WRITTEN["instant"](at), c, v) for at, c, v, *_ in events]
    source = engine.desk(f"seen {engine.types['instant']}, channel VARCHAR(9), value DOUBLE", rows)
    of = metric(Kind.MEAN, Read(table="ratings", time="seen", value="value"), zone=zone, grain=grain)
    found, rejected = fetched(source, of)
    assert not rejected
    close(found, in_python(of, events))


@pytest.mark.parametrize("form", ["instant", "date"])
def test_rows_that_are_read_one_by_one_are_the_same(engine, form):
    """A piece with a row that cannot be taken is read row by row, and so is all that comes after it."""
    events = without_repeated(events_of(Kind.QUANTILE))
    rows = [(WRITTEN[form](a), c, v) for a, c, v, *_ in events]
    source = engine.desk(
        f"seen {engine.types[form]}, channel VARCHAR(9), value DOUBLE, n DOUBLE", [(*r, 1) for r in rows]
    )
    read = Read(table="ratings", time="seen", value="value", n="n")
    added = fetched(source, metric(Kind.QUANTILE, read))[0]
    engine.desk(f"seen {engine.types[form]}, channel VARCHAR(9), value DOUBLE, n DOUBLE", [(*r, 1) for r in rows]
                + [(WRITTEN[form](int(YEAR.since.timestamp()) + 3600), "phone", 1.0, 0.5)], "others")  # fmt: skip
    one_by_one, rejected = fetched(source, metric(Kind.QUANTILE, replace(read, table="others")))
    assert [r.reason for r in rejected] == ["n: not a whole number"]
    close(one_by_one, added)


def test_booleans_decimals_and_empty_fields(engine):
    at = datetime(2026, 8, 3, 12, tzinfo=UTC)
    truth = "BOOLEAN" if engine.name == "duckdb" else "BIT(1)"
    rows = [(at, "phone", True, Decimal("1.50")), (at, "phone", False, Decimal("2.25")), (at, "phone", None, None)]
    columns = f"seen {engine.types['instant']}, channel VARCHAR(9), good {truth}, minutes DECIMAL(9, 2)"
    source = engine.desk(columns, rows)
    found, rejected = fetched(source, metric(read=Read(table="ratings", time="seen", value="good")))
    assert not rejected
    assert [f[:2] for f in found.values()] == [(2, 1)]
    found, rejected = fetched(source, metric(Kind.MEAN, Read(table="ratings", time="seen", value="minutes")))
    assert not rejected
    assert [f[:2] for f in found.values()] == [(2, 3.75)]


def test_a_bad_row_is_set_aside_with_its_time_and_the_rest_stands(engine):
    rows = [(datetime(2026, 8, 3, 12), "phone", 1.0), (datetime(2026, 8, 3, 13), "phone", 2.0)]
    source = engine.desk(f"seen {engine.types['wall']}, channel VARCHAR(9), value DOUBLE", rows)
    found, rejected = fetched(source, metric(read=Read(table="ratings", time="seen", value="value")))
    assert [f[:2] for f in found.values()] == [(1, 1)]
    assert [(r.where, r.reason, r.value) for r in rejected] == [
        ("ratings, seen 2026-08-03 13:00:00", "value: neither 0 nor 1", "2.0")
    ]


def test_durations_below_zero_and_answers_off_the_scale_are_set_aside(engine):
    rows = [(datetime(2026, 8, 3, 12), "phone", v) for v in VALUES]
    source = engine.desk(f"seen {engine.types['wall']}, channel VARCHAR(9), value DOUBLE", rows)
    for kind, more, count, reasons in POSSIBLE:
        found, rejected = fetched(source, metric(kind, Read(table="ratings", time="seen", value="value"), **more))
        assert [f[0] for f in found.values()] == [count]
        assert [r.reason for r in rejected] == reasons


@pytest.mark.parametrize(
    ("form", "zone"), [("instant", "Europe/Berlin"), ("wall", "UTC"), ("wall", "Europe/Berlin"), ("date", "UTC")]
)
def test_a_bounded_query_brings_every_row_once(engine, form, zone):
    events = without_repeated(events_of(Kind.MEAN))
    rows = [(WRITTEN[form](a), c, v) for a, c, v, *_ in events]
    source = engine.desk(f"seen {engine.types[form]}, channel VARCHAR(9), value DOUBLE", rows)
    query = "SELECT seen, channel, value FROM ratings WHERE seen >= :since AND seen < :until"
    of = metric(Kind.MEAN, Read(query=query, time="seen", value="value"), zone=zone)
    if engine.name == "mariadb" and zone != "UTC":
        with pytest.raises(SourceError, match="the server does not know the time zone Europe/Berlin, so :since"):
            fetched(source, of)
        return
    plain = metric(Kind.MEAN, Read(table="ratings", time="seen", value="value"), zone=zone)
    found, rejected = fetched(source, of)
    assert not rejected
    assert sum(f[0] for f in found.values()) == len(events)
    close(found, fetched(source, plain)[0])


@pytest.mark.parametrize("form", ["instant", "wall"])
def test_a_query_without_bounds_keeps_instants_where_they_are(engine, form):
    """Also where the server does not know the metric's zone: MariaDB then tells its instants in UTC."""
    events = without_repeated(events_of(Kind.MEAN))
    source = engine.desk(
        f"seen {engine.types[form]}, channel VARCHAR(9), value DOUBLE",
        [(WRITTEN[form](e[0]), e[1], e[2]) for e in events],
    )
    of = metric(Kind.MEAN, Read(query="SELECT * FROM ratings", time="seen", value="value"))
    found, rejected = fetched(source, of)
    assert not rejected
    close(found, in_python(of, [(*e[:4], None) for e in events]))


def test_what_is_wrong_is_told_in_one_sentence_with_source_query_and_column(engine):
    source = engine.desk(f"seen {engine.types['wall']}, channel VARCHAR(9), value DOUBLE", [])
    with pytest.raises(SourceError, match=r"^csat: source desk: there is no table 'rating'; it has ratings$"):
        fetched(source, metric(read=Read(table="rating", time="seen", value="value")))
    with pytest.raises(
        SourceError, match=r"^csat: source desk: table 'ratings' has no column 'csat'; it has seen, chan"
    ):
        fetched(source, metric(read=Read(table="ratings", time="seen", value="csat")))
    query = "SELECT seen, channel, value FROM ratings"
    with pytest.raises(
        SourceError, match=r"^csat: source desk: the query brings no column 'csat'; it brings seen, chan"
    ):
        fetched(source, metric(read=Read(query=query, time="seen", value="csat")))
    with pytest.raises(SourceError) as caught:
        fetched(source, metric(read=Read(query=query.replace("value", "csat"), time="seen", value="csat")))
    assert str(caught.value).startswith("csat: source desk: the query: ")
    assert "csat" in str(caught.value).split("query: ")[1]
    assert "\n" not in str(caught.value)


def test_it_is_only_read(engine):
    rows = [(datetime(2026, 8, 3), "phone", 1.0)]
    source = engine.desk(f"seen {engine.types['wall']}, channel VARCHAR(9), value DOUBLE", rows)
    with pytest.raises(SourceError, match=r"(?i)read.only"):
        fetched(source, metric(read=Read(query="DELETE FROM ratings", time="seen", value="value")))
    kept, _ = fetched(source, metric(read=Read(table="ratings", time="seen", value="value")))
    assert [f[0] for f in kept.values()] == [1]


def test_a_slow_query_is_stopped(engine):
    engine.desk("a INTEGER", [])
    source = Sql(url=Secret(engine.url), timeout_s=0.3)
    slow = {
        "duckdb": "SELECT now() AS seen, 'x' AS channel, sum(sin(r.range)) AS value FROM range(9000000000) AS r",
        "mariadb": "SELECT now() AS seen, 'x' AS channel, sleep(20) AS value",
    }
    since = time.monotonic()
    with pytest.raises(SourceError, match=r"csat: source desk: no answer within 0.3 s \(`timeout_s`\)"):
        fetched(source, metric(Kind.MEAN, read=Read(query=slow[engine.name], time="seen", value="value")))
    assert time.monotonic() - since < 5


def test_a_file_that_is_not_there_is_not_created(tmp_path):
    pytest.importorskip("duckdb_sqlalchemy")
    source = Sql(url=Secret(f"duckdb:///{tmp_path}/gone.duckdb"))
    with pytest.raises(SourceError, match=r"csat: source desk: there is no file .*gone\.duckdb"):
        fetched(source, metric(read=Read(table="ratings", time="seen", value="value")))
    assert not list(tmp_path.iterdir())


def test_a_duckdb_file_that_another_program_writes_is_told(tmp_path):
    duckdb = pytest.importorskip("duckdb")
    path = tmp_path / "desk.duckdb"
    duckdb.connect(str(path)).close()
    code = f"import duckdb, sys; c = duckdb.connect({str(path)!r}); print('open', flush=True); sys.stdin.read()"
    env = os.environ | {"PYTHONPATH": str(Path(duckdb.__file__).parents[1])}
    other = subprocess.Popen([sys.executable, "-c", code], stdin=-1, stdout=-1, env=env)
    try:
        other.stdout.readline()
        with pytest.raises(
            SourceError, match="the database is locked by another program, which has it open for writing"
        ):
            fetched(Sql(url=Secret(f"duckdb:///{path}")), metric(read=Read(table="r", time="seen", value="value")))
    finally:
        other.communicate(b"")


def test_a_date_is_its_local_midnight_and_not_that_of_utc(engine):
    source = engine.desk("seen DATE, channel VARCHAR(9), value DOUBLE", [(date(2026, 8, 3), "phone", 1.0)])
    of = metric(read=Read(table="ratings", time="seen", value="value"), zone="America/New_York")
    batches = list(source.fetch(Request(metric=of, window=YEAR, now=NOW)))
    starts = [int(s) for b in batches for s in b.cells.start]
    assert starts == [int(datetime(2026, 8, 3, 4, tzinfo=UTC).timestamp())]
