"""Two processes at once, and processes that are killed: nothing lost, nothing half-written."""

import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from killing import dies
from store_cases import CHAT, NOW, PHONE, cells, day, everything, incident, left, metric, outbox_row, transition, window
from test_store_decisions import verdict

import cxmon.store
from cxmon.contracts import Facts, Records, Rejected
from cxmon.model import Kind, Read, Receipt
from cxmon.store import Store

CODE = "\n".join(p.read_text() for p in Path(cxmon.store.__file__).parent.glob("*.py"))
FAILPOINTS = sorted(set(re.findall(r'failpoint\("([a-z-]+)"\)', CODE)))
WAIT = metric(Kind.QUANTILE, id="wait")
RATED = metric(id="rated", read=Read(stream="ratings", time="at", value="value"), dimensions=())

LOST = metric(
    Kind.RATE, id="lost", dimensions=(),
    read=Read(stream="subscriptions", time="at", value="mrr", known_at="at", churn="start_of_period"),
)  # fmt: skip


def rows(days, n):
    return [(s, day(k), None, n, n * 30.0) for k in range(days) for s in (PHONE, CHAT)]


def steps():
    """Each is one transaction, and together they pass every failpoint but those of a migration."""
    refused = [Rejected(where="a.csv:1", reason="torn")]
    facts = Records(ids=("a", "b", "c"), fields={"at": [day(k) for k in range(3)], "value": (1, 1, 0)})
    paid = {"at": [day(0), day(0), day(2)], "mrr": (10.0, 10.0, 0.0), "after": (1, 1, 1)}
    states = Records(ids=("s/1", "t/1", "s/2"), fields=paid, customers=("ann", "bob", "ann"))
    commit = {"check": "floor", "subject": "csat", "seen_through": None, "through": NOW, "now": NOW}
    written = {"incidents": [incident()], "transitions": [transition()], "verdicts": [verdict()]}
    return [
        lambda s: s.observations.apply(WAIT, window(0, 4, rows(4, 5.0), Kind.QUANTILE, refused), now=NOW),
        lambda s: s.observations.apply(WAIT, window(0, 4, rows(3, 6.0), Kind.QUANTILE), now=NOW + timedelta(hours=1)),
        lambda s: s.facts.take([RATED], Facts(upserts=facts, cursor="2"), now=NOW),
        lambda s: s.facts.settle(RATED, now=NOW),
        lambda s: s.incidents.commit(**commit, **written, outbox=[outbox_row()]),
        lambda s: s.incidents.amend(incident(), transition(), [outbox_row("k2")]),
        lambda s: s.outbox.claim(NOW, worker="w"),
        lambda s: s.outbox.sent("k1", Receipt(channel="slack", ref="1"), NOW),
        lambda s: s.outbox.take(["k2"], NOW, worker="w", lease_s=60, error="together"),
        lambda s: s.outbox.sent_together(["k2"], Receipt(channel="slack", ref="1"), NOW),
        lambda s: s.facts.take([LOST], Facts(upserts=states, cursor="1"), now=NOW),
        lambda s: s.facts.settle(LOST, now=NOW),
        lambda s: s.facts.forget(left("ann"), [LOST]),
        lambda s: s.facts.settle(LOST, now=NOW + timedelta(hours=1)),
        lambda s: s.facts.take([LOST], Facts(upserts=states, cursor="1"), now=NOW),
    ]


def run(url, first=0):
    with Store.open(url) as store:
        for step in steps()[first:]:
            step(store)


def states(url):
    """Everything in the store before the first step and after each one."""
    with Store.open(url) as store:
        found = [everything(store)]
        for step in steps():
            step(store)
            found.append(everything(store))
    return found


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    return states(f"sqlite:///{tmp_path_factory.mktemp('undisturbed') / 'store.db'}")


@pytest.mark.parametrize("name", [n for n in FAILPOINTS if not n.startswith("migration")])
def test_a_kill_leaves_whole_transactions_and_the_rest_can_follow(store_url, undisturbed, name):
    Store.open(store_url).close()
    assert dies(lambda: run(store_url), name)
    with Store.open(store_url) as store:
        left = everything(store)
        assert left in undisturbed
    run(store_url, first=undisturbed.index(left))
    with Store.open(store_url) as store:
        assert everything(store) == undisturbed[-1]


def test_a_kill_before_a_commit_takes_all_of_it_back_and_one_after_it_nothing(tmp_path, undisturbed):
    for k, (name, nth, done) in enumerate(
        [("collect-before-commit", 2, 1), ("collect-after-commit", 2, 2), ("incidents-outbox-written", 1, 4)]
    ):
        url = f"sqlite:///{tmp_path / f'{k}.db'}"
        assert dies(lambda url=url: run(url), f"{name}:{nth}")
        with Store.open(url) as store:
            assert everything(store) == undisturbed[done]


@pytest.mark.parametrize("name", [n for n in FAILPOINTS if n.startswith("migration")])
def test_a_killed_migration_leaves_nothing_or_all(tmp_path, name):
    url = f"sqlite:///{tmp_path / 'store.db'}"
    assert dies(lambda: run(url), name)
    with Store.open(url) as store:
        assert store.version() == 0


@pytest.mark.postgres
def test_a_killed_migration_leaves_nothing_of_itself_in_postgresql(pg_empty_url):
    assert dies(lambda: run(pg_empty_url), "migration-before-commit")
    with Store.open(pg_empty_url) as store:
        assert store.version() == 0


ADD = """
import sys
from datetime import UTC, datetime, timedelta
from cxmon.store import Store

start = datetime(2026, 1, 1, tzinfo=UTC)
done = 0
with Store.open(sys.argv[1]) as store:
    while done < 100:
        seen = store.incidents.evaluated_through("floor", "csat")
        through = (seen or start) + timedelta(seconds=1)
        done += store.incidents.commit(
            check="floor", subject="csat", seen_through=seen, through=through,
            incidents=(), transitions=(), outbox=(), now=start,
        )
"""


def test_two_writers_lose_none_of_two_hundred_increments(store_url):
    writers = [subprocess.Popen([sys.executable, "-c", ADD, store_url]) for _ in range(2)]
    assert [w.wait(timeout=120) for w in writers] == [0, 0]
    with Store.open(store_url) as store:
        through = store.incidents.evaluated_through("floor", "csat")
        assert through.timestamp() == NOW.replace(month=1, day=1, hour=0).timestamp() + 200
        assert store.version() == 200


def test_two_processes_may_make_the_store_at_once(tmp_path):
    url = f"sqlite:///{tmp_path / 'new.db'}"
    code = "import sys; from cxmon.store import Store; print(Store.open(sys.argv[1]).version())"
    makers = [subprocess.Popen([sys.executable, "-c", code, url], stdout=subprocess.PIPE) for _ in range(2)]
    assert [m.communicate(timeout=120)[0] for m in makers] == [b"0\n", b"0\n"]


def test_a_reader_sees_one_state_while_another_writes(store):
    store.observations.apply(metric(), window(0, 2, rows(2, 5.0)), now=NOW)
    with store._db.read() as conn:
        before = conn.exec_driver_sql("select sum(n) from observation").scalar()
        store.observations.apply(metric(), window(0, 2, rows(2, 6.0)), now=NOW)
        assert conn.exec_driver_sql("select sum(n) from observation").scalar() == before == 20
    assert store.panel(metric()).n.sum() == cells(rows(2, 6.0)).n.sum()
