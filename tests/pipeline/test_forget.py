"""A customer who asked to be forgotten stays so: through the lookback, a backfill, a kill and another key."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from collect_desk import NOW, everything
from killing import dies
from test_collect_feeds import CSAT, KEY, Desk, of, rows, serving, truth

from cxmon import feeds
from cxmon.model import Secret
from cxmon.pipeline.collect import collect
from cxmon.pipeline.forget import forget
from cxmon.pipeline.forgotten import fingerprint
from cxmon.store import Store, schema


def test_who_is_forgotten_stays_so_though_the_vendor_still_has_them(tmp_path, sqlite_store):
    desk, later = Desk(rows()), NOW + timedelta(hours=1)
    with serving(desk) as vendor:
        the = of(vendor.url, tmp_path)
        collect(the, sqlite_store, now=NOW)
        assert forget(the, sqlite_store, "person-3", source="desk", now=NOW, by="data protection") == 12
        kept = {key: row for key, row in desk.rows.items() if row["person"] != "person-3"}
        without = truth(Desk(kept.values()))
        assert everything(sqlite_store, CSAT) == without
        # The lookback meets them again, a change at the vendor brings them once more, and so does a whole backfill.
        desk.put(id=38, satisfied=0, updated=int(NOW.timestamp()))
        for since in (None, NOW - timedelta(days=100)):
            assert [c.error for c in collect(the, sqlite_store, now=later, since=since)] == ["", ""]
            assert everything(sqlite_store, CSAT) == without
        with sqlite_store._db.read() as conn:
            hashes = set(conn.execute(sa.select(schema.fact.c.customer)).scalars())
        assert feeds.hashed(KEY, "desk", "person-3") not in hashes
        # Another key makes other hashes: rather than bring them back unseen, nothing is read.
        new = of(vendor.url, tmp_path, hash_key=Secret("another key of some length"))
        vendor.seen.clear()
        told = (
            "desk: 1 of its customers was forgotten under another hash_key and would come back: set that key again, "
            "or forget them with this one too and then say `cxmon forget --let-former-go`"
        )
        assert [c.error for c in collect(new, sqlite_store, now=later)] == [told, told]
        assert [c.error for c in collect(of(vendor.url, tmp_path, hash_key=None), sqlite_store, now=later)] == [
            told
        ] * 2
        assert vendor.seen == []
        assert forget(new, sqlite_store, "person-3", source="desk", now=later) == 0
        assert sqlite_store.forgotten.let_go(fingerprint(new.hash_key)) == 1
        assert [c.error for c in collect(new, sqlite_store, now=later, since=NOW - timedelta(days=100))] == ["", ""]
    assert everything(sqlite_store, CSAT) == without
    assert [(one.source, one.at, one.asked_by) for one in sqlite_store.forgotten.all()] == [("desk", later, "")]


@pytest.mark.parametrize("place", ["forget-before-commit", "forget-after-commit", "collect-settle-before-commit"])
def test_forgetting_that_is_killed_has_forgotten_all_or_nothing(tmp_path, sqlite_url, place):
    desk = Desk(rows())
    kept = [row for row in desk.rows.values() if row["person"] != "person-3"]
    with serving(desk) as vendor:
        the = of(vendor.url, tmp_path)
        with Store.open(sqlite_url) as store:
            collect(the, store, now=NOW)
            whole = everything(store, CSAT)

        def asked():
            with Store.open(sqlite_url) as store:
                return forget(the, store, "person-3", source=None, now=NOW)

        assert dies(asked, place)
        with Store.open(sqlite_url) as store:
            done = place != "forget-before-commit"
            assert len(store.forgotten.all()) == int(done)
            assert everything(store, CSAT) == whole, "figures are made again by the next run"
            collect(the, store, now=NOW + timedelta(hours=1))
            assert everything(store, CSAT) == (truth(Desk(kept)) if done else whole)
        assert asked() == (0 if done else 12)
        with Store.open(sqlite_url) as store:
            assert everything(store, CSAT) == truth(Desk(kept))
