"""What surrounds the store fails: one clear message, and nothing half-written."""

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
import sqlalchemy as sa
from store_cases import CHAT, NOW, PHONE, day, everything, metric, window

from cxmon.errors import StoreError
from cxmon.store import Store


def rows(days, n=10.0):
    return [(s, day(k), None, n, n / 2) for k in range(days) for s in (PHONE, CHAT)]


def test_a_full_disk_takes_nothing_half_and_the_store_works_on_once_there_is_room(sqlite_store):
    sqlite_store.observations.apply(metric(), window(0, 10, rows(10)), now=NOW)
    before = everything(sqlite_store)
    with sqlite_store._db.engine.connect() as conn:
        pages = conn.exec_driver_sql("PRAGMA page_count").scalar()
        conn.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreError, match=r"store sqlite:///.*: database or disk is full"):
        sqlite_store.observations.apply(metric(), window(0, 2000, rows(2000)), now=NOW)
    assert everything(sqlite_store) == before
    with sqlite_store._db.engine.connect() as conn:
        conn.exec_driver_sql("PRAGMA max_page_count = 1000000")
    assert sqlite_store.observations.apply(metric(), window(0, 2000, rows(2000)), now=NOW).written == 3980


def test_another_writer_is_waited_for_and_then_named(sqlite_url):
    path = sa.make_url(sqlite_url).database
    with Store.open(sqlite_url) as store, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        # The patience of half a minute is the house's; here it would only be slow.
        with pytest.raises(StoreError, match=r"store sqlite:///.*: database is locked"), store._db.write(wait_s=0.2):
            pass
        assert 0.2 <= time.monotonic() - began < 5
        # Readers are not held up by it.
        assert store.panel(metric()).n.size == 0
        other.execute("ROLLBACK")
        assert store.observations.apply(metric(), window(0, 1, rows(1)), now=NOW).written == 2


CUT = sa.text(
    "select pg_terminate_backend(pid) from pg_stat_activity"
    " where datname = current_database() and pid <> pg_backend_pid()"
)


def cut_off(store):
    """Ends every other connection to the same database."""
    with store._db.engine.connect() as conn:
        conn.execute(CUT)


def write_while_cut_off(store, other):
    with store._db.write() as conn:
        cut_off(other)
        conn.exec_driver_sql("select 1")


@pytest.mark.postgres
def test_a_lost_connection_is_replaced_and_one_lost_while_writing_is_named(pg_url):
    with Store.open(pg_url) as store, Store.open(pg_url) as other:
        cut_off(other)
        assert store.version() == 0
        with pytest.raises(StoreError, match=r"store postgresql.*: terminating connection"):
            write_while_cut_off(store, other)
        assert store.version() == 0


def test_one_store_serves_many_threads(store):
    store.observations.apply(metric(), window(0, 10, rows(10)), now=NOW)
    with ThreadPoolExecutor(4) as pool:
        sums = [f.result().n.sum() for f in [pool.submit(store.panel, metric()) for _ in range(12)]]
    assert sums == [200.0] * 12


def test_a_value_that_this_version_cannot_read_is_named(store):
    with store._db.write() as conn:
        conn.execute(sa.text("insert into catalogue (name, doc) values ('current', '{\"title\": 1}')"))
    with pytest.raises(StoreError, match="the store holds a Catalogue that this version cannot read"):
        store.catalogue.load()
