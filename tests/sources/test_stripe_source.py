"""Stripe as it is documented: subscriptions and their events become churn, by both definitions, against brute force."""

import copy
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from operator import itemgetter
from pathlib import Path

import pytest
import sqlalchemy as sa
import test_churn
from hypothesis import given, settings
from hypothesis import strategies as st
from stripe_stub import DAY, Account, price
from test_churn import by_hand, churn
from vendor_stub import BROKEN, RESET, Reply

from cxmon.contracts import Facts, Request
from cxmon.feeds import hashed
from cxmon.model import Grain, Kind, Secret, Segment, Token, Window
from cxmon.pipeline.collect import collect
from cxmon.pipeline.forgotten import fingerprint
from cxmon.sources import Stripe
from cxmon.store import Forgotten, Store, fact_rows, schema

sys.path.insert(0, str(Path(__file__).parents[1] / "pipeline"))
from collect_desk import plan

NOW = datetime(2026, 6, 3, 9, tzinfo=UTC)
T = int(NOW.timestamp())
KEY = Secret("a key of some length")
BASIC, PRO = price(1000), price(6000, product="prod_pro")


@pytest.fixture
def memory():
    """A store of its own: accounts of two tests name their subscriptions alike."""
    with Store.open("sqlite://") as opened:
        yield opened


def stripe(vendor, **more):
    given = {"key": Token("rk_test"), "currency": "USD", "base_url": vendor.url, "allow_private": True}
    return Stripe(**(given | more))


def logo(name="logo", definition="start_of_period", grain=Grain.MONTH, **more):
    return replace(churn(Kind.RATE, definition, grain), id=name, zone="UTC", dimensions=("product",), **more)


def revenue(name="revenue", definition="start_of_period", grain=Grain.MONTH):
    return replace(churn(Kind.RATIO, definition, grain), id=name, zone="UTC", dimensions=("product",))


def of(vendor, metrics, **more):
    return plan(Path(), list(metrics), sources={"billing": stripe(vendor, **more)}, hash_key=KEY)


def figures(store, metric):
    """{(segment, start): (n, total)} of what is there."""
    panel = store.panel(metric)
    return {
        (s.key, int(panel.starts[t])): (float(panel.n[i, t]), round(float(panel.total[i, t]), 4))
        for i, s in enumerate(panel.segments)
        for t in range(len(panel.starts))
        if panel.n[i, t] > 0
    }


def total(store, metric):
    found = {}
    for (_, start), (n, lost) in figures(store, metric).items():
        a, b = found.get(start, (0, 0))
        found[start] = a + n, round(b + lost, 4)
    return found


def month(number):
    return int(datetime(2026, number, 1, tzinfo=UTC).timestamp())


def at(number, day=1, hour=12):
    return int(datetime(2026, number, day, hour, tzinfo=UTC).timestamp())


def collected(vendor, store, metrics, now=NOW, **more):
    done = collect(of(vendor, metrics, **more), store, now=now)
    assert [c.error for c in done] == [""] * len(metrics)
    return done


def test_a_backfill_knows_who_was_there_and_who_left(store):
    account = Account(T)
    for i in range(5):
        name = account.subscribe(at(1, 2 + i), f"cus_{i}", BASIC)
        if i < 2:
            account.end(at(3, 10 + i), name)
    # Cancelled at the period's end is gone when it ends; a trial that never paid was never there.
    leaving = account.subscribe(at(2), "cus_5", PRO)
    account.change(at(5, 20), leaving, cancel_at_period_end=True, canceled_at=at(5, 20), cancel_at=at(6, 20))
    trial = account.subscribe(at(2), "cus_6", PRO, trial=14 * DAY)
    account.events = [e for e in account.events if e["data"]["object"]["id"] != trial]
    account.end(at(2, 10), trial)
    metric, money = logo(), revenue()
    with account.serve() as vendor:
        collected(vendor, store, [metric, money])
        assert vendor.seen[0][4]["Stripe-Version"] == "2025-09-30.clover"
        assert vendor.seen[0][4]["Authorization"] == "Bearer rk_test"
    assert total(store, metric) == {
        month(2): (5, 0),
        month(3): (6, 2),
        month(4): (4, 0),
        month(5): (4, 0),
        month(6): (4, 0),
    }
    assert total(store, money)[month(3)] == (6, 20.0)


@pytest.mark.parametrize(
    ("statuses", "lost"),
    [
        (["past_due"], 0),
        (["past_due", "unpaid"], 1),
        (["past_due", "active"], 0),
        (["paused"], 1),
        (["past_due", "unpaid", "active"], 0),
    ],
)
def test_past_due_is_a_customer_and_unpaid_is_none(memory, statuses, lost):
    account = Account(T)
    account.subscribe(at(1), "cus_2", BASIC)
    name = account.subscribe(at(1), "cus_1", BASIC)
    for i, status in enumerate(statuses):
        account.change(at(5, 8 + i), name, status=status)
    metric = logo(f"logo-{'-'.join(statuses)}")
    with account.serve() as vendor:
        collected(vendor, memory, [metric])
    assert total(memory, metric)[month(5)] == (2, lost)


def test_one_of_two_subscriptions_is_not_a_customer(memory):
    account = Account(T)
    first, second = (account.subscribe(at(1), "cus_1", one) for one in (BASIC, PRO))
    account.end(at(3, 5), second)
    account.end(at(4, 5), first)
    metric, money = logo("two"), revenue("two-money")
    with account.serve() as vendor:
        collected(vendor, memory, [metric, money])
    assert total(memory, metric) == {month(2): (1, 0), month(3): (1, 0), month(4): (1, 1)}
    assert total(memory, money) == {month(2): (1, 0), month(3): (1, 60.0), month(4): (1, 10.0)}
    assert (Segment.of(product="prod_pro").key, month(3)) in figures(memory, metric), "the larger one names them"


def test_failed_payments_are_lost_from_when_they_failed_and_known_when_they_were_given_up(memory):
    """Dunning of 21 days: the customer did not pay from 20 April on, and was given up on 11 May."""
    account = Account(T)
    stays, name = (account.subscribe(at(1), f"cus_{i}", BASIC) for i in range(2))
    account.renew(at(4, 20), name)
    account.change(at(4, 20, 13), name, status="past_due")
    account.end(at(5, 11), name, reason="payment_failed")
    by_end, by_failure = logo("by-end"), logo("by-failure")
    by_failure = replace(by_failure, read=replace(by_failure.read, time="lapsed_at"))
    with account.serve() as vendor:
        collected(vendor, memory, [by_end, by_failure])
    assert total(memory, by_end)[month(4)] == (2, 0)
    assert total(memory, by_end)[month(5)] == (2, 1)
    assert total(memory, by_failure)[month(4)] == (2, 1)
    assert total(memory, by_failure)[month(5)] == (1, 0)
    then = memory.panel(by_failure, as_known_at=datetime(2026, 5, 10, tzinfo=UTC))
    april = then.starts.tolist().index(month(4))
    assert (then.n[:, april].sum(), then.total[:, april].sum()) == (2, 0), "not known before"
    assert stays


MOVES = {
    "pro": {"prices": [(PRO, 1)], "status": "active"}, "basic": {"prices": [(BASIC, 1)], "status": "active"},
    "two": {"prices": [(BASIC, 2)], "status": "active"}, "unpaid": {"status": "unpaid"},
    "past_due": {"status": "past_due"},
}  # fmt: skip
# Several changes of one second, which have no order: up and down again, and gone and back.
AT_ONCE = {"flip": ("pro", "two"), "back": ("unpaid", "basic")}

# What can happen in a life, by hours before now; the last 29 days are told by events, what is older by the list alone.
LIFE = st.fixed_dictionaries({
    "customer": st.integers(0, 2), "begins": st.integers(36 * 24, 120 * 24), "pro": st.booleans(),
    "trial": st.sampled_from([0, 0, 5]), "ends": st.one_of(st.none(), st.integers(1, 100 * 24)),
    "moves": st.lists(st.tuples(st.integers(2, 28 * 24), st.sampled_from([*MOVES, *AT_ONCE])), max_size=3,
                      unique_by=lambda move: move[0]),
})  # fmt: skip


def acts(lives, account):
    """[(when, what happens then)] in the order of time; `account.now` is when it happens."""
    found = []
    for life in lives:
        begins, trial, names = T - 3600 * life["begins"], DAY * life["trial"], []

        def subscribe(at, life=life, names=names, trial=trial):
            one = PRO if life["pro"] else BASIC
            names.append(account.subscribe(at, f"cus_{life['customer']}", one, trial=trial))

        def change(at, names=names, **more):
            account.change(at, names[0], **copy.deepcopy(more))

        def end(at, names=names):
            account.end(at, names[0])

        found.append((begins, subscribe))
        if trial:
            found.append((begins + trial, partial(change, status="active")))
        ends = None if life["ends"] is None else T - 3600 * life["ends"]
        ends = None if ends is None or ends <= begins + trial else ends
        # Before the time of events only what began and ended is known, so there is nothing else to be known.
        for hour, move in life["moves"]:
            if ends is None or T - 3600 * hour < ends:
                found += [(T - 3600 * hour, partial(change, **MOVES[m])) for m in AT_ONCE.get(move, (move,))]
        if ends is not None:
            found.append((ends, end))
    return sorted(found, key=itemgetter(0))


def lived(lives, account, until=T):
    for when, act in acts(lives, account):
        account.now = when
        act(when)
    account.now = until


def expected(account, metric):
    """The same by brute force from what really happened."""
    customers = {}
    for name, steps in account.truth.items():
        world = [((t - test_churn.T0) / 3600, worth, ("prod_basic", "prod_pro").index(p)) for t, worth, p in steps]
        customers.setdefault(account.subs[name]["customer"], []).append(world)
    starts = (
        [month(m) for m in range(2, 7)]
        if metric.grain is Grain.MONTH
        else [T // DAY * DAY - d * DAY for d in range(40)]
    )
    found = by_hand(metric, list(customers.values()), starts)
    tiers = {
        Segment.of(tier=t).key: Segment.of(product=p).key for t, p in (("basic", "prod_basic"), ("pro", "prod_pro"))
    }
    return {(tiers[s], start): (f[0], round(f[1], 4)) for (s, start), f in found.items()}


NUMBER = iter(range(10**9))


@settings(max_examples=5, deadline=None)
@given(
    lives=st.lists(LIFE, min_size=1, max_size=4), size=st.integers(1, 4), seed=st.randoms(use_true_random=False),
    faults=st.lists(st.sampled_from([None, RESET, BROKEN, Reply({}, 429, Retry_After="0")]), max_size=2),
)  # fmt: skip
def test_any_split_any_repetition_any_order_is_what_happened(lives, size, seed, faults):
    """Pages of any size, cut anywhere, taken in any order and more than once, by both definitions."""
    with Store.open("sqlite://") as own:
        split_anyhow(own, lives, size, seed, faults)


def split_anyhow(memory, lives, size, seed, faults):
    account, number = Account(T), next(NUMBER)
    lived(lives, account)
    metrics = [
        logo(f"a{number}", grain=Grain.DAY), revenue(f"b{number}"), logo(f"c{number}", "stripe"),
        revenue(f"d{number}", "stripe"),
    ]  # fmt: skip
    with account.serve() as vendor:
        window = Window(NOW - timedelta(days=150), NOW)
        request = Request(metric=metrics[0], window=window, now=NOW, hash_key=KEY)
        pages = [part for page in stripe(vendor, page_size=size).fetch(request) for part in halves(page)]
        memory.facts.begin(metrics, window.since)
        seed.shuffle(pages)
        for page in [*pages, *pages[: len(pages) // 2]]:
            memory.facts.take(metrics, page, now=NOW)
        for metric in metrics:
            memory.facts.settle(metric, now=NOW)
        once = [replace(m, id=f"{m.id}x") for m in metrics]
        vendor.faults = [*faults]
        collected(vendor, memory, once, page_size=size)
    for metric, other in zip(metrics, once, strict=True):
        assert figures(memory, metric) == figures(memory, other)
        oldest = 0 if metric.grain is Grain.MONTH else T // DAY * DAY - 39 * DAY
        assert {key: f for key, f in figures(memory, metric).items() if key[1] >= oldest} == expected(account, metric)


@settings(max_examples=4, deadline=None)
@given(lives=st.lists(LIFE, min_size=1, max_size=4), days=st.lists(st.integers(1, 27), max_size=3, unique=True))
def test_runs_on_any_days_are_what_happened(lives, days):
    """The list is read on the first of these days, and then events as they come."""
    with Store.open("sqlite://") as own:
        run_on(own, lives, days)


def run_on(memory, lives, days):
    account, number = Account(T), next(NUMBER)
    metrics = [logo(f"e{number}", grain=Grain.DAY), revenue(f"f{number}"), logo(f"g{number}", "stripe")]
    waiting = [(T - DAY * day, None) for day in {*days, 0}] + acts(lives, account)
    with account.serve() as vendor:
        for when, act in sorted(waiting, key=itemgetter(0)):
            account.now = when
            if act is not None:
                act(when)
            else:
                done = collected(vendor, memory, metrics, datetime.fromtimestamp(when, UTC))
                assert not any(c.note for c in done)
    for metric in metrics:
        oldest = 0 if metric.grain is Grain.MONTH else T // DAY * DAY - 39 * DAY
        assert {key: f for key, f in figures(memory, metric).items() if key[1] >= oldest} == expected(account, metric)


def halves(page):
    """A page in two parts, as if its list had been cut there."""
    rows, cut = page.upserts, len(page.upserts) // 2
    for part in (slice(0, cut), slice(cut, None)):
        fields = {name: column[part] for name, column in rows.fields.items()}
        own = {name: getattr(rows, name)[part] for name in ("ids", "changed", "customers", "places")}
        yield Facts(upserts=replace(rows, fields=fields, **own))


def test_runs_follow_what_happens_and_a_gap_is_read_again(store):
    account, metric, money = Account(T), logo(), revenue()
    names = [account.subscribe(at(1, 2 + i), f"cus_{i}", PRO) for i in range(4)]
    with account.serve() as vendor:
        assert collected(vendor, store, [metric, money])[0].note == ""
        # Two weeks on: one cheaper, one gone.
        account.now = T + 14 * DAY
        account.change(account.now - DAY, names[0], prices=[(BASIC, 1)])
        account.end(account.now - DAY, names[1])
        vendor.seen.clear()
        later = NOW + timedelta(days=14)
        assert collected(vendor, store, [metric, money], later)[0].note == ""
        assert [s[1] for s in vendor.seen] == ["/v1/events"]
        assert int(vendor.seen[0][2]["created[gte]"]) > T - 30 * DAY
        assert total(store, metric)[month(6)] == (4, 1)
        assert total(store, money)[month(6)] == (4, 110.0)
        # Nothing happens, and yet months begin.
        account.now = T + 40 * DAY
        assert collected(vendor, store, [metric], NOW + timedelta(days=40))[0].note == ""
        assert total(store, metric)[month(7)] == (3, 0)
        # Off for two months: who left, and when, the list says; since when something is cheaper it does not.
        account.now = T + 100 * DAY
        account.end(T + 50 * DAY, names[2])
        account.change(T + 55 * DAY, names[0], prices=[(price(400), 1)])
        vendor.seen.clear()
        off = NOW + timedelta(days=100)
        done = collected(vendor, store, [metric, money], off)
        told = "not read since 17 Jun 2026, and Stripe keeps events for 30 days: all subscriptions were read again"
        assert all(c.note.startswith(told) for c in done)
        assert "/v1/subscriptions" in [s[1] for s in vendor.seen]
        assert total(store, metric)[month(7)] == (3, 1)
        assert total(store, metric)[month(9)] == (2, 0)
        assert total(store, money)[month(9)] == (2, 6.0), "counted from when it was seen"
        vendor.seen.clear()
        assert collected(vendor, store, [metric], off + timedelta(days=1))[0].note == ""
        assert [s[1] for s in vendor.seen] == ["/v1/events"]


def test_the_time_before_the_first_customer_is_counted_once_and_what_follows_as_it_comes(memory):
    """Nobody is at risk when an account is first read; nothing happens after that, and yet there is a customer."""
    account, metric = Account(T), logo("young")
    account.subscribe(at(6, 2), "cus_1", BASIC)
    with account.serve() as vendor:
        collected(vendor, memory, [metric])
        assert memory.observations.watermark(metric) == datetime(2026, 6, 1, tzinfo=UTC), "and not once more"
        account.now = T + 25 * DAY
        collected(vendor, memory, [metric], NOW + timedelta(days=25))
        assert total(memory, metric) == {}
        account.now = T + 50 * DAY
        collected(vendor, memory, [metric], NOW + timedelta(days=50))
    assert total(memory, metric) == {month(7): (1, 0)}


def test_states_that_still_hold_outlive_keep_facts(store):
    account, metric, money = Account(T), logo(), revenue()
    old = T - 700 * DAY
    names = [account.subscribe(old, f"cus_{i}", BASIC) for i in range(3)]
    account.end(old + 100 * DAY, names[0])
    with account.serve() as vendor:
        collected(vendor, store, [metric, money])
        with store._db.read() as conn:
            rows = conn.execute(sa.select(schema.fact.c.id, schema.fact.c.data)).all()
        # Of each metric the state of each who is still there; of one who left long ago there is nothing.
        assert {name.partition("/")[0] for name, _ in rows} == set(names[1:])
        assert sum(len(data) for _, data in rows) <= 2 * 4 * fact_rows.ENTRY.itemsize
        facts = store.facts.purge([metric, money], NOW)
        assert facts == 0
        account.now = T + 200 * DAY
        collected(vendor, store, [metric, money], NOW + timedelta(days=200))
    assert set(total(store, metric).values()) == {(2.0, 0.0)}
    assert {n for n, _ in total(store, money).values()} == {2.0}


@pytest.mark.parametrize("ahead", [-1800, 1800, 20 * 3600])
def test_a_clock_at_stripe_that_is_not_ours_loses_nothing_and_counts_nothing_twice(memory, ahead):
    """Somebody comes or leaves a minute before each of three runs, by Stripe's clock, which is behind ours or ahead."""
    account, metric = Account(T), logo(grain=Grain.DAY)
    names = [account.subscribe(at(1, 2 + i), f"cus_{i}", BASIC) for i in range(4)]
    with account.serve() as vendor:
        for run in range(3):
            now = NOW + timedelta(days=run)
            account.now = int(now.timestamp()) + ahead
            account.end(account.now - 60, names[run])
            account.subscribe(account.now - 30, f"new_{run}", PRO)
            collected(vendor, memory, [metric], now)
        collected(vendor, memory, [metric], NOW + timedelta(days=3))
    # Of each day who was there when it began, and how many of these left on it: by Stripe's own times.
    lives = [[*[at for at, *_ in told], None][:2] for told in account.truth.values()]
    days = [int(NOW.replace(hour=0).timestamp()) + 86_400 * k for k in range(3)]
    there = [[life for life in lives if life[0] < day and not (life[1] and life[1] < day)] for day in days]
    truth = {
        day: (float(len(alive)), float(sum(life[1] is not None and life[1] < day + 86_400 for life in alive)))
        for day, alive in zip(days, there, strict=True)
    }
    assert {day: total(memory, metric)[day] for day in days} == truth
    assert sum(lost for _, lost in truth.values()) == (3.0 if ahead < 15 * 3600 else 2.0)


def test_a_customer_who_is_forgotten_is_counted_nowhere(store):
    account, metric = Account(T), logo()
    for i in range(3):
        account.subscribe(at(1, 2 + i), f"cus_{i}", BASIC)
    with account.serve() as vendor:
        collected(vendor, store, [metric])
        theirs = Forgotten(source="billing", customer=hashed(KEY, "billing", "cus_1"), key=fingerprint(KEY), at=NOW)
        assert store.facts.forget([theirs], [metric]) == 2
        store.facts.settle(metric, now=NOW)
        assert set(total(store, metric).values()) == {(2.0, 0.0)}
        # They leave, which events tell, and everything is read once more.
        account.end(T - 5 * DAY, next(n for n, s in account.subs.items() if s["customer"] == "cus_1"))
        for since in (None, NOW - timedelta(days=200)):
            done = collect(of(vendor, [metric]), store, now=NOW, since=since)
            assert [c.error for c in done] == [""]
        assert set(total(store, metric).values()) == {(2.0, 0.0)}
