"""Stripe with a life of its own: backfill, increments and killed runs against what really happened."""

import os
import random
import signal
import subprocess
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from stripe_fake import DAY, HOUR, Fake
from stripe_spec import PARAMETERS, shape_of
from test_stripe_source import KEY, T, collected, expected, figures, logo, revenue, total

from cxmon.feeds import hashed
from cxmon.model import Grain
from cxmon.store import Store, schema

BEGIN = T - 100 * DAY
FOREVER = {"discounts": "forever", "rates": {"EUR": 2.0}}


def life(fake, seed):
    """[(when, what happens)] of a shop of that seed: comings, goings, failed cards, changes, discounts, trials."""
    rng = random.Random(seed)
    basic, pro = fake.price(1000), fake.price(6000, product="prod_pro")
    seats = fake.price(0, tiers=[
        {"up_to": 5, "unit_amount": 700, "flat_amount": None}, {"up_to": None, "unit_amount": 500, "flat_amount": 300},
    ])  # fmt: skip
    both = fake.price(1200, "year", options={"eur": {"unit_amount": 900}})
    half, five = fake.coupon(percent_off=50.0), fake.coupon(amount_off=500, currency="usd")
    once = fake.coupon("once", percent_off=90.0)
    plans = [[(basic, 1)], [(pro, 2)], [(seats, 7)], [(pro, 1), (basic, 3)], [(basic, 1, half)]]
    acts = []
    names = {}

    def change(what, i, items, customer):
        name = names[f"life{i}"]
        sub = fake.subs[name]
        if what == "broke":
            fake.broke.add(customer)
        elif what == "mended":
            fake.broke.discard(customer)
        elif sub["status"] in {"canceled", "incomplete", "incomplete_expired"}:
            return
        elif what in {"end", "now"}:
            fake.cancel(name, at_period_end=what == "end")
        elif what == "paused":
            fake.change(name, pause_collection={"behavior": "void", "resumes_at": None})
        elif what == "off":
            fake.change(name, discounts=[])
        elif sub["currency"] == "usd":
            fake.change(name, items)
            if what == "twice":
                fake.change(name, [(basic, 2)])

    for i in range(rng.randrange(3, 7)):
        customer, begin = f"cus_{rng.randrange(3)}", rng.randrange(BEGIN, T - 2 * DAY, 60)
        coupon, trial = rng.choice([None, None, half, five, once]), rng.choice([0, 0, 7 * DAY])
        items, currency = rng.choice([*((plan, "usd") for plan in plans), ([(both, 4)], "eur")])

        def subscribe(name=f"life{i}", items=items, trial=trial, coupon=coupon, currency=currency, customer=customer):
            names[name] = fake.subscribe(customer, items, trial, coupon, currency)

        acts.append((begin, subscribe))
        for _ in range(rng.randrange(4)):
            when = rng.randrange(begin + HOUR, T, 60)
            what = rng.choice(["items", "broke", "mended", "end", "now", "paused", "off", "twice"])
            acts.append((when, partial(change, what, i, rng.choice(plans), customer)))
    return sorted(acts, key=lambda act: act[0])


def metrics(name):
    return [
        logo(f"{name}-a", grain=Grain.DAY), revenue(f"{name}-b"), logo(f"{name}-c", "stripe"),
        revenue(f"{name}-d", "stripe"),
    ]  # fmt: skip


def lived(fake, acts, runs, run):
    """Everything in the order of time, with a `run` at each of `runs`."""
    for when, act in sorted([*acts, *((r, None) for r in runs)], key=lambda x: (x[0], x[1] is None)):
        fake.advance(when)
        act() if act is not None else run(datetime.fromtimestamp(when, UTC))


def agrees(store, fake, measured):
    for metric in measured:
        oldest = 0 if metric.grain is Grain.MONTH else T // DAY * DAY - 39 * DAY
        found, wanted = figures(store, metric), expected(fake, metric)
        assert {key for key in found if key[1] >= oldest} == wanted.keys(), metric.id
        assert {key: f for key, f in wanted.items() if found[key] != pytest.approx(f, abs=2e-4)} == {}, metric.id


@pytest.mark.parametrize(("seed", "gives_up"), [(1, "canceled"), (2, "unpaid")])
def test_runs_of_a_hundred_days_say_what_happened(seed, gives_up):
    fake, rng = Fake(BEGIN - DAY, gives_up), random.Random(-seed)
    acts, measured = life(fake, seed), metrics("live")
    runs = [*(BEGIN + k * 14 * DAY + rng.randrange(14) * DAY for k in range(7)), T]
    with Store.open("sqlite://") as store, fake.serve() as vendor:
        lived(fake, acts, runs, lambda now: collected(vendor, store, measured, now, **FOREVER))
        agrees(store, fake, measured)
    assert fake.told == []


@pytest.mark.parametrize(("followed", "left"), [("counted", (4.0, 1.0)), ("forgotten", (3.0, 0.0))])
def test_a_customer_who_is_deleted_at_stripe_is_a_loss_or_forgotten_as_it_is_asked(followed, left):
    """They had two subscriptions; months later all is read again, and Stripe still lists both of them."""
    fake, metric = Fake(BEGIN), logo(f"deleted-{followed}", grain=Grain.DAY)
    one = fake.price(1000)
    for i in range(4):
        fake.subscribe(f"cus_{i}", [(one, 1)])
    fake.subscribe("cus_1", [(one, 1)])
    with Store.open("sqlite://") as store, fake.serve() as vendor:

        def run(day):
            fake.advance(BEGIN + day * DAY)
            collected(vendor, store, [metric], datetime.fromtimestamp(fake.now, UTC), deleted_customers=followed)

        run(20)
        fake.advance(BEGIN + 20 * DAY + 2 * HOUR)
        fake.delete("cus_1")
        gone = fake.now - fake.now % DAY
        for day in (21, 22, 80):
            run(day)
            assert total(store, metric)[gone] == left
            assert total(store, metric)[gone + DAY] == (3.0, 0.0)
        kept = {one.customer for one in store.forgotten.all()}
        with store._db.read() as conn:
            hashes = set(conn.execute(sa.select(schema.fact.c.customer)).scalars())
        theirs = hashed(KEY, "billing", "cus_1")
        assert (theirs in kept, theirs in hashes) == (followed == "forgotten", followed != "forgotten")
    assert fake.told == []


def test_every_request_is_one_that_the_schema_allows():
    """A life in which everything is asked that may have to be: tiers, currencies, many items, discounts old and new."""
    fake, measured = Fake(BEGIN), metrics("asked")
    many = [(fake.price(100 * i), 1) for i in range(1, 14)]
    levels = [{"up_to": None, "unit_amount": 100, "flat_amount": 0}]
    tiered = fake.price(0, tiers=levels, options={"eur": {"unit_amount": None, "tiers": levels}})
    quarter = fake.coupon(percent_off=25.0, applies_to={"products": ["prod_basic"]})
    with Store.open("sqlite://") as store, fake.serve() as vendor:

        def run(days, at_least=()):
            fake.advance(BEGIN + days * DAY)
            vendor.seen.clear()
            now = datetime.fromtimestamp(fake.now, UTC)
            done = collected(vendor, store, measured, now, account="acct_9", page_size=2, **FOREVER)
            assert {shape_of(s[1]) for s in vendor.seen} >= set(at_least)
            assert all(s[4]["Stripe-Account"] == "acct_9" for s in vendor.seen)
            assert not any(c.rejected for c in done)

        old = fake.subscribe("cus_1", [(fake.price(1000), 3)], coupon=quarter)
        large = fake.subscribe("cus_2", many)
        fake.subscribe("cus_3", [(tiered, 8)], currency="eur")
        lists = [path for path in PARAMETERS if path != "/v1/subscriptions/{id}"]
        run(1, lists)
        fake.change(large, many[:12])
        run(20, ["/v1/events", "/v1/subscription_items"])
        run(40)
        # The discount is older than all that Stripe tells of it, but for the subscription that has it.
        fake.change(old, [(fake.price(1500), 3)])
        run(60, ["/v1/subscriptions/{id}"])
        month = int(datetime.fromtimestamp(fake.now, UTC).replace(day=1, hour=0).timestamp())
        assert total(store, measured[1])[month] == (3, 0)
    assert fake.told == []


VICTIM = """
import sys
from datetime import UTC, datetime
from types import SimpleNamespace
from test_stripe_lives import FOREVER, metrics
from test_stripe_source import of
from cxmon.pipeline.collect import collect
from cxmon.pipeline.joining import Enough
from cxmon.store import Store

with Store.open(sys.argv[1]) as store:
    vendor, now = SimpleNamespace(url=sys.argv[2]), datetime.fromtimestamp(int(sys.argv[3]), UTC)
    collect(of(vendor, metrics("live"), page_size=1, **FOREVER), store, now=now, enough=Enough(rows=1))
"""


def killed(url, vendor, now, place):
    """A run in a process of its own, which dies at a named place."""
    here = Path(__file__).parent
    path = os.pathsep.join(map(str, (here, here.parents[1])))
    env = os.environ | {"PYTHONPATH": path, "CXMON_FAILPOINT": place}
    command = [sys.executable, "-c", VICTIM, url, vendor.url, str(int(now.timestamp()))]
    return subprocess.run(command, env=env, check=False).returncode == -signal.SIGKILL


def test_runs_that_were_killed_go_on_and_count_nothing_twice(tmp_path):
    """Killed in the list and between the metrics of a count, and another run after each."""
    fake, rng, url = Fake(BEGIN - DAY, "past_due"), random.Random(5), f"sqlite:///{tmp_path}/store.db"
    acts, measured = life(fake, 5), metrics("live")
    runs = [BEGIN + 24 * DAY, *(BEGIN + k * 24 * DAY + rng.randrange(3) * DAY for k in (2, 3, 4)), T]
    places = {runs[0]: "collect-page-after-commit:2", T: "collect-states-after-commit:1"}
    with fake.serve() as vendor:

        def run(now):
            place = places.get(int(now.timestamp()))
            assert place is None or killed(url, vendor, now, place)
            with Store.open(url) as store:
                collected(vendor, store, measured, now, **FOREVER)

        lived(fake, acts, runs, run)
        with Store.open(url) as store:
            agrees(store, fake, measured)
