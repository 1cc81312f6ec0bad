"""How each kind of database is opened, so that it is only read, stops in time and counts its hours in our zone."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from cxmon.errors import SourceError

LOCK_WAIT_S = 5.0
MYSQL = frozenset({"mysql", "mariadb"})
TIMESTAMP = 7  # What MySQL's protocol calls an instant; it comes out in the session's zone, without one.
# What brings the driver along, and the address that goes with it.
_DRIVERS = {
    "postgresql": ("'cxmon[postgres]'", "postgresql+psycopg://"),
    "mysql": ("'cxmon[mysql]'", "mysql+pymysql://"),
    "mariadb": ("'cxmon[mysql]'", "mariadb+pymysql://"),
    "duckdb": ("'cxmon[duckdb]'", "duckdb:///"),
    "snowflake": ("snowflake-sqlalchemy", "snowflake://"),
    "bigquery": ("sqlalchemy-bigquery", "bigquery://"),
    "redshift": ("sqlalchemy-redshift psycopg2-binary", "redshift+psycopg2://"),
    "trino": ("'trino[sqlalchemy]'", "trino://"),
    "clickhousedb": ("clickhouse-connect", "clickhousedb://"),
}

_CONNECT_S = 10
# Arguments of drivers that differ in their names.
_ARGUMENTS: Mapping[str, Mapping[str, object]] = {
    "postgresql": {"connect_timeout": _CONNECT_S},
    "mysql": {"connect_timeout": _CONNECT_S},
    "mariadb": {"connect_timeout": _CONNECT_S},
}


def engine_of(url: sa.URL, timeout_s: float, late: Callable[[], bool]) -> sa.Engine:
    """An engine without a pool. `late` is asked by SQLite whether a statement has run for too long.

    Raises SourceError where a file is not there: opening it would create an empty one.
    """
    dialect = url.get_backend_name()
    if dialect == "sqlite":
        return _sqlite(_file(url), timeout_s, late)
    arguments = dict(_ARGUMENTS.get(dialect, {}))
    if dialect == "duckdb" and not (url.database or "").startswith(("md:", "motherduck:")):
        _file(url)
        arguments["read_only"] = True
    return sa.create_engine(url, poolclass=sa.pool.NullPool, connect_args=arguments)


def begin(conn: sa.Connection, dialect: str, zone: str, timeout_s: float) -> tuple[sa.Connection, bool]:
    """(the connection as it is to be used, whether its times without a zone are compared as times of `zone`)."""
    if dialect == "postgresql":
        conn = conn.execution_options(postgresql_readonly=True)
        conn.execute(sa.text(f"SET LOCAL statement_timeout = {int(timeout_s * 1000)}"))
        conn.execute(sa.text("SELECT set_config('timezone', :zone, true)"), {"zone": zone})
    elif dialect == "duckdb":
        conn.exec_driver_sql(f"SET TimeZone = '{zone}'")
    elif dialect in MYSQL:
        return conn, _begin_mysql(conn, zone, timeout_s)
    return conn, True


def _begin_mysql(conn: sa.Connection, zone: str, timeout_s: float) -> bool:
    maria = bool(getattr(conn.dialect, "is_mariadb", False))
    limit = f"max_statement_time = {timeout_s:g}" if maria else f"max_execution_time = {int(timeout_s * 1000)}"
    conn.exec_driver_sql(f"SET SESSION {limit}")
    known = True
    try:
        conn.exec_driver_sql("SET time_zone = '+00:00'" if zone == "UTC" else f"SET time_zone = '{zone}'")
    except sa.exc.DBAPIError:
        # Its tables of time zones are not loaded, which is usual.
        conn.exec_driver_sql("SET time_zone = '+00:00'")
        known = False
    conn.rollback()
    conn.exec_driver_sql("SET SESSION TRANSACTION READ ONLY")
    conn.rollback()
    return known


def _file(url: sa.URL) -> Path:
    path = Path(url.database or "")
    if not path.is_file():
        raise SourceError(f"there is no file {path}")
    return path


def _sqlite(path: Path, timeout_s: float, late: Callable[[], bool]) -> sa.Engine:
    def connect() -> sqlite3.Connection:
        wait = min(timeout_s, LOCK_WAIT_S)
        raw = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=wait, check_same_thread=False)
        raw.set_progress_handler(late, 20_000)
        # Bytes that are no UTF-8 must not end the read of a whole table.
        raw.text_factory = partial(str, encoding="utf-8", errors="replace")
        # Adding up sorts a piece's rows: in memory, not by way of temporary files.
        raw.execute("PRAGMA temp_store = MEMORY")
        raw.execute("PRAGMA cache_size = -65536")
        return raw

    return sa.create_engine("sqlite://", creator=connect, poolclass=sa.pool.NullPool)


def in_utc(rows: Sequence[Sequence[Any]], columns: Sequence[int]) -> list[list[Any]]:
    """Rows whose times in `columns` are told to be in UTC."""
    found = [list(row) for row in rows]
    for row in found:
        for i in columns:
            if isinstance(row[i], datetime):
                row[i] = row[i].replace(tzinfo=UTC)
    return found


def install(dialect: str) -> str:
    """How to get the driver, for the end of a sentence; empty where that is not known."""
    wheel, address = _DRIVERS.get(dialect, ("", ""))
    return f"; pip install {wheel}, with {address} in the url" if wheel else ""


def plain(error: BaseException | None) -> str:
    """The first line of what a driver says, without the number that some put before it."""
    arguments: tuple[Any, ...] = getattr(error, "args", ())
    numbered = len(arguments) == 2 and isinstance(arguments[0], int)
    text = str(arguments[1] if numbered else error).strip()
    return text.splitlines()[0] if text else "the database gave no reason"
