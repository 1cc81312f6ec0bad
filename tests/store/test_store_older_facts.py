"""A store whose facts stand one to a row and metric, as of schema 0005: none is lost, and none counted twice."""

from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from store_cases import NOW, PHONE, START, day, epoch, left, metric
from test_store_facts import CSAT, READ, land, page, stored_facts

import cxmon.store
from cxmon.model import EVERYONE, Kind
from cxmon.store import Store
from cxmon.store.engine import Database

WAIT = metric(Kind.QUANTILE, id="wait", read=replace(READ, censored=True))
ROWS = [
    ("d", day(-40), 1, "chat"),
    ("a", day(0, 9), 1, "phone"),
    ("b", day(0, 17), 0, "phone"),
    ("c", day(1, 9), 1, "chat"),
]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def older(request, tmp_path):
    """The address of a store of schema 0005 that holds the facts of ROWS for both metrics."""
    url = request.getfixturevalue("pg_empty_url") if request.param == "postgresql" else f"sqlite:///{tmp_path}/old.db"
    config = Config()
    config.set_main_option("script_location", str(Path(cxmon.store.__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    db = Database(url)
    with db.engine.connect() as conn, conn.begin():
        config.attributes["connection"] = conn
        command.upgrade(config, "0005")
        for of in (CSAT, WAIT):
            same = {"metric": of.id, "definition": of.definition_hash}
            known = same | {"cursor": "x", "since_utc": epoch(day(-60)), "complete_at": epoch(NOW)}
            names = ", ".join(known), ", ".join(f":{name}" for name in known)
            conn.execute(sa.text("INSERT INTO progress ({}) VALUES ({})".format(*names)), known)
            for name, at, value, channel in ROWS:
                row = {"id": name, "at": epoch(at), "segment": f'{{"channel": "{channel}"}}', "value": value}
                # In `wait` one is still open.
                row["value"] = None if of is WAIT and name == "a" else value
                into = "INSERT INTO fact VALUES (:metric, :definition, :id, :at, :segment, :value, 1, 0, 7, :id)"
                conn.execute(sa.text(into), same | row)
                into = "INSERT INTO touched VALUES (:metric, :definition, :at) ON CONFLICT DO NOTHING"
                conn.execute(sa.text(into), same | {"at": epoch(at.replace(hour=0))})
    db.close()
    return url


def test_an_older_store_keeps_its_facts_and_goes_on(older):
    whole = page(*((*row, 7) for row in ROWS), customers=[row[0] for row in ROWS])
    with Store.open(older) as store:
        before = {of.id: stored_facts(store, of.id) for of in (CSAT, WAIT)}
        assert [len(rows) for rows in before.values()] == [4, 4]
        assert store.facts.progress(CSAT).cursor == "x"
        assert store.facts.settle(CSAT, now=NOW).written == 3
        store.facts.settle(WAIT, now=NOW)
        assert store.panel(WAIT, [PHONE]).n.sum() == 2, "the open one is counted"
        # Read again, the same records are the same facts; a metric that comes now has its own beside them.
        later = replace(CSAT, id="later")
        taken = store.facts.take([CSAT, later], whole, now=NOW)
        assert [(t.upserted, t.unchanged) for t in taken.values()] == [(0, 4), (4, 0)]
        assert stored_facts(store, "csat") == before["csat"] == stored_facts(store, "later")
        # A correction and a deletion find the older rows.
        land(store, page(("a", day(2), 0, "chat", 99), deletes=("b",)))
        assert store.panel(CSAT, [EVERYONE]).n[0, -3:].tolist() == [0, 1, 1]
        assert store.facts.purge([CSAT, WAIT], START) == 2
        assert store.facts.forget(left("c"), [CSAT, WAIT]) == 3
        assert [len(stored_facts(store, name)) for name in ("csat", "wait", "later")] == [1, 2, 3]
