"""A vendor's records over real HTTP into the store: whatever happens on the way, the figures are the vendor's."""

import itertools
import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from collect_desk import NOW, events, everything, metric, plan, write
from hypothesis import given, settings
from hypothesis import strategies as st

import cxmon.pipeline.collect_feeds
from cxmon import feeds
from cxmon.model import Kind, Read, Secret, Token
from cxmon.pipeline.collect import collect
from cxmon.pipeline.joining import Enough
from cxmon.sources import Rest
from cxmon.sources.rest import Deleted, RestStream
from cxmon.store import Store, fact_rows, schema

sys.path.insert(0, str(Path(__file__).parents[1] / "sources"))
from vendor_stub import BROKEN, RESET, Desk, Reply, serving

T0 = int(NOW.timestamp()) - 40 * 86_400
STREAM = RestStream(
    path="answers", records="data", params={"since": "{since}"}, time_format="epoch", changed="updated",
    paging=feeds.CursorPages(cursor="meta.next", param="cursor", more="meta.more"), customer="person",
    deleted=Deleted(path="status", values=("deleted",)), lookback=timedelta(days=2), ascending=True,
    fields={name: feeds.Field(path=name) for name in ("created", "updated", "channel", "satisfied", "minutes")},
)  # fmt: skip
READ = Read(stream="answers", time="created", value="satisfied", known_at="updated")
CSAT = metric("csat", source="desk", read=READ)
WAIT = metric("wait", Kind.QUANTILE, source="desk", read=Read(stream="answers", time="created", value="minutes"))
KEY = Secret("a key of some length")


def rows(count=40):
    """Answers of forty days, each known a day and a half after its ticket."""
    return [
        {
            "id": i, "created": T0 + 43_200 * i, "updated": T0 + 43_200 * (i + 3), "channel": ("chat", "phone")[i % 2],
            "satisfied": int(i % 5 > 0), "minutes": 5 + i, "person": f"person-{i % 7}",
        }
        for i in range(count)
    ]  # fmt: skip


def of(url, folder, metrics=(CSAT, WAIT), **more):
    api = Rest(
        base_url=url, streams={"answers": STREAM}, allow_private=True, retries=2, timeout_s=5.0,
        auth=feeds.Bearer(token=Token("t0ken")),
    )  # fmt: skip
    return plan(folder, list(metrics), sources={"desk": api}, **({"hash_key": KEY} | more))


def truth(desk, at=None):
    """{(segment, day): (n, total)} of the vendor's records as they are."""
    found = {}
    for row in desk.rows.values():
        if row.get("status") != "deleted":
            start = 86_400 * ((row["created"] + 7200) // 86_400) - 7200
            key = f'{{"channel": "{row["channel"]}"}}', start
            n, total = found.get(key, (0, 0))
            found[key] = n + 1, total + row["satisfied"]
    return found


def test_figures_are_those_of_the_vendor_through_every_change(tmp_path, store):
    desk = Desk(rows(), size=7)
    with serving(desk) as vendor:
        the = of(vendor.url, tmp_path)
        done = collect(the, store, now=NOW)
        assert [(c.metric, c.ok, c.error) for c in done] == [("csat", True, ""), ("wait", True, "")]
        assert len(vendor.seen) == 6, "one pull serves both metrics"
        assert everything(store, CSAT) == truth(desk)
        before = everything(store, CSAT, NOW - timedelta(days=10))
        # A rating changes, a ticket is deleted, one moves to another channel, and one is new.
        now = NOW + timedelta(hours=1)
        changed = int(now.timestamp()) - 60
        desk.put(id=11, satisfied=0, updated=changed)
        desk.put(id=12, status="deleted", updated=changed)
        desk.put(id=13, channel="chat", updated=changed)
        desk.put(id=99, created=changed - 99, updated=changed, channel="chat", satisfied=1, minutes=3, person="x")
        vendor.seen.clear()
        done = collect(the, store, now=now)
        assert len(vendor.seen) < 3, "only what changed lately is read again"
    assert everything(store, CSAT) == truth(desk)
    assert everything(store, CSAT, NOW - timedelta(days=10)) == before, "what was known then stays known"
    assert done[0].written + done[0].revised + done[0].vanished > 0


def test_what_is_stored_holds_no_name_and_no_text(tmp_path, sqlite_store):
    with serving(Desk([r | {"comment": "my words", "agent": "Ann"} for r in rows()])) as vendor:
        collect(of(vendor.url, tmp_path), sqlite_store, now=NOW)
    with sqlite_store._db.read() as conn:
        held = "".join(str(conn.execute(sa.select(t)).all()) for t in schema.metadata.sorted_tables)
    assert "person-" not in held
    assert "words" not in held
    assert "Ann" not in held
    assert "t0ken" not in held
    customers = {feeds.hashed(KEY, "desk", f"person-{i}") for i in range(7)}
    with sqlite_store._db.read() as conn:
        assert set(conn.execute(sa.select(schema.fact.c.customer)).scalars()) == customers


def test_old_facts_go_and_figures_stay(tmp_path, sqlite_store):
    desk = Desk(rows())
    with serving(desk) as vendor:
        collect(of(vendor.url, tmp_path), sqlite_store, now=NOW)
        whole = everything(sqlite_store, CSAT)
        for _ in range(2):
            collect(of(vendor.url, tmp_path, keep_facts=timedelta(days=30)), sqlite_store, now=NOW)
        desk.put(id=3, satisfied=0, updated=int(NOW.timestamp()) - 60)
        collect(of(vendor.url, tmp_path), sqlite_store, now=NOW, since=NOW - timedelta(days=100))
    assert everything(sqlite_store, CSAT) == whole
    with sqlite_store._db.read() as conn:
        packed = b"".join(conn.execute(sa.select(schema.fact.c.data)).scalars())
    assert np.frombuffer(packed, fact_rows.ENTRY)["at"].min() >= (NOW - timedelta(days=30)).timestamp()


def test_a_vendor_that_fails_halfway_keeps_what_came_and_holds_nobody_up(tmp_path, sqlite_store):
    write(tmp_path, events())
    desk = Desk(rows(), size=7)
    with serving(desk) as vendor:
        vendor.faults = [None, None, *[BROKEN] * 3]
        the = of(vendor.url, tmp_path)
        both = plan(tmp_path, [CSAT, metric("other", source="files")])
        both = type(both)(**{**vars(both), "sources": {**both.sources, **the.sources}})
        failed, other = collect(both, sqlite_store, now=NOW)
        assert (failed.ok, failed.error) == (False, "desk: page 3 of GET answers: answered 503; tried 3 times")
        assert other.ok
        assert sum(n for n, _ in everything(sqlite_store, CSAT).values()) == 14
        vendor.seen.clear()
        assert collect(both, sqlite_store, now=NOW)[0].ok
        assert vendor.seen[0][2]["cursor"].endswith("|2"), "it goes on where it stopped"
    assert everything(sqlite_store, CSAT) == truth(desk)


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (
            Reply({"error": "token t0ken is bad"}, 401),
            r"answered 401 \(token \*\*\* is bad\): the credentials were not",
        ),
        (Reply({}, 403), "answered 403: the credentials may not read this; a scope or a role is missing"),
    ],
)
def test_credentials_that_fail_are_told_without_the_secret_and_lose_nothing(tmp_path, sqlite_store, reply, said):
    desk = Desk(rows())
    with serving(desk) as vendor:
        collect(of(vendor.url, tmp_path), sqlite_store, now=NOW)
        vendor.faults = [reply]
        done = collect(of(vendor.url, tmp_path), sqlite_store, now=NOW + timedelta(hours=1))
        assert len(vendor.seen) == 15, "it is not tried again"
    assert all(re.search(said, c.error) for c in done)
    assert everything(sqlite_store, CSAT) == truth(desk)


def test_a_metric_that_comes_later_reads_the_past_alone_and_then_along(tmp_path, sqlite_store):
    desk = Desk(rows(), size=50)
    with serving(desk) as vendor:
        collect(of(vendor.url, tmp_path, [CSAT]), sqlite_store, now=NOW)
        for requests in (2, 1):
            vendor.seen.clear()
            collect(of(vendor.url, tmp_path), sqlite_store, now=NOW + timedelta(hours=3 - requests))
            assert len(vendor.seen) == requests
    assert sum(n for n, _ in everything(sqlite_store, WAIT).values()) == 40


VICTIM = """
import sys
from pathlib import Path
from collect_desk import NOW
from test_collect_feeds import of
from cxmon.pipeline.collect import collect
from cxmon.pipeline.joining import Enough
from cxmon.store import Store

with Store.open(sys.argv[2]) as store:
    collect(of(sys.argv[3], Path(sys.argv[1])), store, now=NOW, enough=Enough(rows=int(sys.argv[4]), seconds=600))
"""
CODE = Path(cxmon.pipeline.collect_feeds.__file__).read_text(encoding="utf-8")
FAILPOINTS = re.findall(r'failpoint\("([a-z-]+)"\)', CODE)


# Inside of a transaction the tests of the store kill at every named place; here it is between and before them.
# All periods are added up in one transaction. Two pages are read while the two before them are stored: the fifth is
# read once the first two are, and the next two may be.
@pytest.mark.parametrize(
    ("place", "nth", "together", "taken"),
    [
        *((name, 2, 1, None) for name in FAILPOINTS),
        ("collect-page-after-commit", 2, 1, {2}),
        ("collect-page-fetched", 5, 14, {2, 4}),
        ("collect-page-before-commit", 2, 14, {2}),
        ("collect-page-before-commit", 1, 1000, {0}),
        ("collect-settle-before-commit", 1, 14, None),
    ],
)
def test_a_killed_backfill_goes_on_and_counts_nothing_twice(tmp_path, sqlite_url, place, nth, together, taken):
    desk = Desk(rows(), size=7)
    here = Path(__file__).parent
    env = os.environ | {"PYTHONPATH": f"{here}{os.pathsep}{here.parents[1]}", "CXMON_FAILPOINT": f"{place}:{nth}"}
    with serving(desk) as vendor:
        command = [sys.executable, "-c", VICTIM, str(tmp_path), sqlite_url, vendor.url, str(together)]
        assert subprocess.run(command, env=env, check=False).returncode == -signal.SIGKILL
        read = len(vendor.seen)
        with Store.open(sqlite_url) as store:
            assert all(c.ok for c in collect(of(vendor.url, tmp_path), store, now=NOW))
            assert everything(store, CSAT) == truth(desk)
            assert sum(n for n, _ in everything(store, WAIT).values()) == 40
        assert len(vendor.seen) <= read + 6
        if taken is not None:
            begun = vendor.seen[read][2].get("cursor", "|0")
            assert int(begun.rpartition("|")[2]) in taken, "what was taken is not read again, and all else is"


NUMBER = itertools.count()
MOMENTS = [NOW - timedelta(days=d) for d in (35, 30, 28, 0)]


@pytest.fixture(scope="module")
def memory():
    with Store.open("sqlite://") as store:
        yield store


@settings(max_examples=6, deadline=None)
@given(
    spans=st.lists(st.integers(0, 45), max_size=3),
    size=st.integers(2, 9),
    faults=st.lists(st.sampled_from([None, RESET, Reply({}, 429, Retry_After="0")]), max_size=2),
    odd=st.booleans(),
    together=st.sampled_from([1, 10, 1000]),
)
def test_any_split_any_repetition_any_order_gives_the_same_figures(memory, spans, size, faults, odd, together):
    """Backfills of any reach, in any order, over pages of any size, joined or not, with repeated records and faults
    between them."""
    once, often = (replace(CSAT, id=f"csat{next(NUMBER)}") for _ in range(2))
    desk = Desk(rows(24), size=50)
    with serving(desk) as vendor:
        assert collect(of(vendor.url, Path(), [once]), memory, now=NOW)[0].ok
        desk.size, desk.empty, desk.overlap = size, odd, odd
        vendor.faults = [*faults]
        for days in spans:
            since = NOW - timedelta(days=days)
            collect(of(vendor.url, Path(), [often]), memory, now=NOW, since=since, enough=Enough(rows=together))
        last = collect(of(vendor.url, Path(), [often]), memory, now=NOW, since=NOW - timedelta(days=46))
        assert last[0].error == ""
    for moment in MOMENTS:
        assert everything(memory, often, moment) == everything(memory, once, moment)
    assert everything(memory, once) == truth(desk)
