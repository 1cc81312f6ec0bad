"""Opening a store: made, migrated, refused."""

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import cxmon.store
from cxmon.errors import StoreError
from cxmon.store import Store, schema
from cxmon.store.engine import Database
from cxmon.store.migrations import REVISIONS


def execute(url, *statements):
    db = Database(url)
    with db.engine.connect() as conn, conn.begin():
        for s in statements:
            conn.exec_driver_sql(s)
    db.close()


def test_an_sqlite_store_is_made_for_its_owner_only_and_keeps_every_commit(tmp_path):
    path = tmp_path / "var" / "store.db"
    with Store.open(f"sqlite:///{path}") as store:
        with store._db.read() as conn:
            asked = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
            found = {p: conn.exec_driver_sql(f"PRAGMA {p}").scalar() for p in asked}
        # synchronous 2 is FULL.
        assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}
        modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in path.parent.iterdir()}
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_opening_twice_migrates_once(store_url):
    with Store.open(store_url) as first:
        before = first.version()
    with Store.open(store_url) as again:
        assert again.version() == before


@pytest.mark.postgres
def test_migrations_run_on_an_empty_postgresql(pg_empty_url):
    with Store.open(pg_empty_url) as store:
        assert store.version() == 0


def test_the_code_and_the_migrated_tables_are_the_same(store):
    with store._db.engine.connect() as conn:
        context = MigrationContext.configure(conn, opts={"compare_type": True})
        assert compare_metadata(context, schema.metadata) == []


def test_the_known_revisions_are_those_that_alembic_finds():
    config = Config()
    config.set_main_option("script_location", str(Path(cxmon.store.__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    found = [s.revision for s in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(found)) == REVISIONS


def test_a_store_newer_than_the_code_is_refused_and_left_alone(store_url):
    Store.open(store_url).close()
    execute(store_url, "UPDATE alembic_version SET version_num = '9999'")
    for read_only in (False, True):
        with pytest.raises(StoreError, match=r"its schema is 9999, newer than this cxmon knows \(up to \d+\); update"):
            Store.open(store_url, read_only=read_only)


def test_an_older_or_empty_store_is_not_migrated_by_a_reader(store_url, tmp_path):
    Store.open(store_url).close()
    execute(store_url, "DELETE FROM alembic_version")
    with pytest.raises(StoreError, match="it is empty"):
        Store.open(store_url, read_only=True)


def test_a_reader_of_an_absent_file_is_told_so_and_makes_none(tmp_path):
    path = tmp_path / "none.db"
    with pytest.raises(StoreError, match="there is no such file"):
        Store.open(f"sqlite:///{path}", read_only=True)
    assert list(tmp_path.iterdir()) == []


def test_a_read_only_store_reads_and_never_writes(store_url):
    Store.open(store_url).close()
    with Store.open(store_url, read_only=True) as store:
        assert store.version() == 0
        with pytest.raises(StoreError, match="it was opened read-only"):
            store.outbox.pause("slack", datetime(2026, 1, 1, tzinfo=UTC))
        # Not only our own door is shut: the database refuses as well.
        with pytest.raises(sa.exc.DBAPIError), store._db.engine.connect() as conn, conn.begin():
            conn.exec_driver_sql("DELETE FROM meta")


def test_a_file_that_is_no_database_gives_one_clear_message(tmp_path):
    path = tmp_path / "diary.db"
    path.write_text("this is a diary, and long enough to be read as a header " * 20)
    with pytest.raises(StoreError, match="file is not a database"):
        Store.open(f"sqlite:///{path}")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (
            "mysql://u:secret@h/db",
            r"store mysql://u:\*\*\*@h/db: mysql is not supported; expected sqlite or postgresql",
        ),
        ("nonsense", r"store: this is not a database address; expected sqlite:///... or postgresql://..."),
        ("postgresql://u:secret@127.0.0.1:1/db", r"store postgresql://u:\*\*\*@127.0.0.1:1/db: .*refused"),
    ],
)
def test_an_address_that_leads_nowhere_is_named_without_its_password(url, message):
    with pytest.raises(StoreError, match=message) as caught:
        Store.open(url)
    assert "secret" not in str(caught.value)


@pytest.mark.skipif(os.getuid() != 0, reason="needs root to become somebody who may not write")
def test_a_file_that_may_not_be_written_gives_one_clear_message():
    folder = Path(tempfile.mkdtemp(prefix="cxmon-ro-"))
    folder.chmod(0o755)
    try:
        path = folder / "store.db"
        Store.open(f"sqlite:///{path}").close()
        path.chmod(0o444)
        # The interpreter may stand where only root can read, so the child gives up its rights after its imports.
        code = f"""
import os
from cxmon.errors import StoreError
from cxmon.store import Store
os.setuid(65534)
try:
    Store.open("sqlite:///{path}")
except StoreError as e:
    print(e)
"""
        found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert found.stdout == f"store sqlite:///{path}: cannot be written: Permission denied\n"
    finally:
        shutil.rmtree(folder)


def test_a_backup_is_a_whole_store_and_overwrites_nothing(tmp_path):
    copy = tmp_path / "copy.db"
    with Store.open(f"sqlite:///{tmp_path / 'store.db'}") as store:
        store.backup(copy)
        with pytest.raises(StoreError, match="exists already and is not overwritten"):
            store.backup(copy)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with closing(sqlite3.connect(copy)) as conn:
        assert conn.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    with Store.open(f"sqlite:///{copy}") as again:
        assert again.version() == 0


@pytest.mark.postgres
def test_a_postgresql_store_points_to_pg_dump(pg_url, tmp_path):
    with Store.open(pg_url) as store, pytest.raises(StoreError, match="pg_dump"):
        store.backup(tmp_path / "copy.db")
