"""What Stripe's records say: amounts a month, segments, what is set aside and why, and every fault on the way."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from stripe_stub import DAY, Account, price
from test_stripe_source import BASIC, KEY, NOW, PRO, T, at, collected, figures, logo, month, of, revenue, stripe, total
from vendor_stub import PAGE, RESET, THROTTLED, Reply

from cxmon.contracts import Request
from cxmon.errors import AccessError, SourceError
from cxmon.model import Segment, Token, Window
from cxmon.pipeline.collect import collect
from cxmon.pipeline.probe import probe
from cxmon.sources import Stripe
from cxmon.store import Store, schema


@pytest.fixture(scope="module")
def memory():
    with Store.open("sqlite://") as opened:
        yield opened


def pull(vendor, cursor=None, now=NOW, **more):
    window = Window(now - timedelta(days=150), now)
    request = Request(metric=logo(), window=window, now=now, cursor=cursor, hash_key=KEY)
    return list(stripe(vendor, **more).fetch(request))


def amounts(pages):
    """{subscription: its amounts in the list's states and the events'}."""
    found = {}
    for page in pages:
        for name, mrr in zip(page.upserts.ids, page.upserts.fields["mrr"], strict=True):
            found.setdefault(name.partition("/")[0], set()).add(round(mrr, 4))
    return found


@pytest.mark.parametrize(
    ("one", "quantity", "mrr"),
    [
        (price(1000), 3, 30.0),
        (price(12000, "year"), 1, 10.0),
        (price(3000, recurring={"interval_count": 3}), 2, 20.0),
        (price(700, "week"), 1, round(7 * 365 / 84, 4)),
        (price(100, "day", recurring={"interval_count": 10}), 1, round(365 / 12 / 10, 4)),
        (price(1000, recurring={"usage_type": "metered"}), 1, 0.0),
        (price(None, unit_amount_decimal="0.5"), 1000, 5.0),
        (price(900, currency="jpy"), 1, round(900 * 0.0065, 4)),
        (price(1000, currency="eur"), 1, 10.8),
        (price(1000, transform_quantity={"divide_by": 10, "round": "up"}), 21, 30.0),
        (price(1000, transform_quantity={"divide_by": 10, "round": "down"}), 21, 20.0),
        (price(1000), 0, 0.0),
    ],
)
def test_amounts_are_those_of_a_month_in_one_currency(one, quantity, mrr):
    account = Account(T)
    account.subscribe(at(5, 20), "cus_1", one, quantity)
    with account.serve() as vendor:
        assert amounts(pull(vendor, rates={"EUR": 1.08, "jpy": 0.0065})) == {"sub_0001": {mrr}}


def test_items_are_added_up_and_the_largest_names_the_segment(memory):
    account, metric = Account(T), logo("segments")
    name = account.subscribe(at(1), "cus_1", BASIC)
    account.subscribe(at(1), "cus_2", price(100, product="prod_odd"))
    account.subs[name]["items"]["data"] += [{"id": "si_x", "price": PRO, "quantity": 1}]
    account.events.clear()
    metric = replace(metric, dimensions=("tier", "region"))
    tiers = {"starter": ("prod_basic",), "large": ("prod_pro", BASIC["id"])}
    with account.serve() as vendor:
        collected(vendor, memory, [metric], tiers=tiers, metadata={"region": "country"})
        assert amounts(pull(vendor)) == {"sub_0001": {70.0}, "sub_0002": {1.0}}
    segments = {key for key, _ in figures(memory, metric)}
    assert segments == {Segment.of(tier="large", region="DE").key, Segment.of(tier="other", region="DE").key}


def test_a_currency_without_a_rate_is_one_clear_error(memory):
    account = Account(T)
    account.subscribe(at(5, 20), "cus_1", price(1000, currency="gbp"))
    with account.serve() as vendor:
        done = collect(of(vendor, [logo("pounds")]), memory, now=NOW)
    assert done[0].error == (
        "billing: a subscription in GBP, for which `rates` has nothing; amounts are in USD: "
        "give rates: {GBP: what one is worth in it}"
    )


@pytest.mark.parametrize("none", ["string", "", None])
def test_a_subscription_in_no_currency_is_set_aside_and_the_others_count(memory, none):
    account, metric = Account(T), logo("odd")
    account.subscribe(at(5, 20), "cus_1", price(1000, currency="usd"))
    account.subscribe(at(5, 20), "cus_2", price(1000, currency=none))
    with account.serve() as vendor:
        collected(vendor, memory, [metric])
    told = {row.reason for row in memory.observations.rejected() if row.metric == "odd"}
    assert told == {"mrr: no currency of three letters"}
    assert max(n for n, _ in total(memory, metric).values()) == 1.0, "of two customers the one that pays in dollars"


def test_what_cannot_be_known_is_set_aside_with_its_reason(memory):
    account, metric = Account(T), logo("aside")
    odd = {"tiers": price(None, unit_amount_decimal=None, billing_scheme="tiered"), "word": price("ten")}
    account.subscribe(at(1), "cus_1", BASIC)
    names = {
        reason: account.subscribe(at(1, 2), f"cus_{reason}", BASIC) for reason in (*odd, "many", "when", "whose", "new")
    }
    for reason, one in odd.items():
        account.subs[names[reason]]["items"]["data"][0]["price"] = one
    account.subs[names["many"]]["items"]["has_more"] = True
    account.subs[names["when"]]["start_date"] = "yesterday"
    account.subs[names["whose"]]["customer"] = None
    account.subs[names["new"]]["status"] = "hibernating"
    account.events.clear()
    with account.serve() as vendor:
        assert collected(vendor, memory, [metric])[0].rejected == 10
    reasons = {row.reason for row in memory.observations.rejected() if row.metric == "aside"}
    assert reasons == {
        "mrr: a price in tiers, whose amount is not in the subscription", "no customer whose state it is",
        "mrr: an amount, a quantity or an interval that is no number",
        "mrr: more items than the answer holds, and Stripe does not give them",
        "mrr: start_date: no epoch seconds", "mrr: a status that is not known",
    }  # fmt: skip
    assert set(total(memory, metric).values()) == {(1.0, 0.0)}


def test_a_trial_counts_when_it_is_paid_for(memory):
    account, metric = Account(T), logo("trials")
    account.subscribe(at(1), "cus_0", BASIC)
    pays = account.subscribe(T - 20 * DAY, "cus_1", BASIC, trial=14 * DAY)
    goes = account.subscribe(T - 20 * DAY, "cus_2", BASIC, trial=30 * DAY)
    account.end(T - 2 * DAY, goes)
    account.subscribe(T - 3 * DAY, "cus_3", BASIC, trial=30 * DAY)
    account.subscribe(at(3), "cus_4", BASIC, status="incomplete_expired", ended_at=at(3, 2))
    account.events = [e for e in account.events if e["created"] > at(4)]
    # After its trial the payment failed, and was given up weeks later: Stripe counts that as lost.
    fails = account.subscribe(at(2), "cus_5", BASIC, trial=5 * DAY)
    account.events = [e for e in account.events if e["data"]["object"]["id"] != fails]
    account.end(at(5, 5), fails, "payment_failed")
    with account.serve() as vendor:
        collected(vendor, memory, [metric, churned := logo("trials-stripe", "stripe")])
    assert total(memory, metric) == {
        month(2): (1, 0), month(3): (2, 0), month(4): (2, 0), month(5): (2, 1), month(6): (2, 0),
    }  # fmt: skip
    assert total(memory, churned)[month(5)] == (3, 1), "the one that began to pay is new"
    assert pays


def test_a_customer_who_comes_back_and_goes_again_is_lost_twice(memory):
    account = Account(T)
    for begin, end in ((at(2), at(5, 4)), (at(5, 10), at(5, 20))):
        account.end(end, account.subscribe(begin, "cus_1", BASIC))
    account.subscribe(at(1), "cus_2", PRO)
    own, usual, money = logo("twice", "stripe"), logo("once"), revenue("twice-money", "stripe")
    with account.serve() as vendor:
        collected(vendor, memory, [own, usual, money])
    assert total(memory, own)[month(5)] == (2, 2)
    assert total(memory, usual)[month(5)] == (2, 1)
    assert total(memory, money)[month(5)] == (2, 20.0)


def test_older_shapes_say_the_same():
    """Events keep the shape of the version that they happened under: plans in place of prices, periods at the top."""
    account = Account(T)
    name = account.subscribe(T - 40 * DAY, "cus_1", BASIC)
    account.end(T - DAY, name, "payment_failed")
    old = account.events[-1]["data"]["object"]
    plan = {
        "id": "gold",
        "amount": 2400,
        "interval": "year",
        "interval_count": 1,
        "currency": "usd",
        "product": "prod_x",
    }
    old["items"]["data"] = [{"id": "si_1", "plan": plan | {"usage_type": "licensed"}, "quantity": 2}]
    old |= {"customer": {"id": "cus_1", "object": "customer"}, "current_period_start": T - 22 * DAY}
    old["status"] = "active"
    with account.serve() as vendor:
        pages = pull(vendor)
    ids = [i for p in pages for i in p.upserts.ids]
    last = {name: [v for p in pages for v in p.upserts.fields[name]][ids.index(ids[-1])] for name in ("mrr", "product")}
    assert last == {"mrr": 4.0, "product": "prod_x"}
    assert len({c for p in pages for c in p.upserts.customers}) == 1


@pytest.mark.parametrize(
    ("before", "mrr"),
    [
        ({"quantity": 5}, 50.0),
        ({"plan": {"amount": 700, "interval": "month", "currency": "usd"}, "quantity": 2}, 14.0),
        ({"items": {"data": [{"id": "si_1", "price": PRO, "quantity": 1}]}}, 60.0),
        ({"status": "trialing"}, 0.0),
    ],
)
def test_what_was_before_is_read_however_it_is_written(before, mrr):
    account = Account(T)
    name = account.subscribe(at(1), "cus_1", BASIC)
    account._happened(T - DAY, name, "updated", before)
    with account.serve() as vendor:
        rows = pull(vendor)[-1].upserts
    found = dict(zip(rows.fields["after"], rows.fields["mrr"], strict=True))
    assert found == {0: mrr, 1: 10.0}


def test_a_pull_that_was_cut_short_goes_on_where_it_stopped(sqlite_store):
    account, metric = Account(T), logo()
    for i in range(7):
        account.subscribe(at(1, 2 + i), f"cus_{i}", BASIC)
    with account.serve() as vendor:
        billing = of(vendor, [metric], page_size=2)
        vendor.faults = [None, None, None, None, Reply({"error": {"message": "no more today"}}, 402)]
        assert "no more today" in collect(billing, sqlite_store, now=NOW)[0].error
        vendor.seen.clear()
        assert collect(billing, sqlite_store, now=NOW)[0].error == ""
        first = vendor.seen[0]
        assert (first[1], first[2]["starting_after"]) == ("/v1/subscriptions", "sub_0002")
        assert total(sqlite_store, metric)[month(2)] == (7, 0)
        # Where what was read last is gone at the vendor, the list is read again.
        vendor.faults = [None, None, None, Reply({}, 402)]
        again = replace(metric, id="again")
        collect(of(vendor, [again], page_size=2), sqlite_store, now=NOW)
        del account.subs["sub_0004"]
        assert collect(of(vendor, [again], page_size=2), sqlite_store, now=NOW)[0].error == ""
        assert total(sqlite_store, again)[month(2)][0] >= 6


def test_a_pull_that_stood_still_for_longer_than_events_are_kept_begins_anew(sqlite_store):
    account, metric = Account(T), logo()
    names = [account.subscribe(at(1, 2 + i), f"cus_{i}", BASIC) for i in range(4)]
    with account.serve() as vendor:
        vendor.faults = [None, None, None, Reply({}, 402)]
        assert not collect(of(vendor, [metric], page_size=2), sqlite_store, now=NOW)[0].ok
        account.now = T + 35 * DAY
        account.end(T + 2 * DAY, names[3])
        done = collect(of(vendor, [metric], page_size=2), sqlite_store, now=NOW + timedelta(days=35))
        assert done[0].note.startswith("not read since 03 Jun 2026")
    assert total(sqlite_store, metric)[month(6)] == (4, 1)


def test_events_that_come_while_older_ones_are_read_are_not_taken_for_known(sqlite_store):
    account, metric = Account(T), logo()
    for i in range(4):
        account.subscribe(T - DAY * (2 + i), f"cus_{i}", BASIC)
    with account.serve() as vendor:

        def run(days):
            account.now = T + days * DAY
            return collect(of(vendor, [metric], page_size=2), sqlite_store, now=NOW + timedelta(days=days))[0]

        vendor.faults = [None, None, None, None, Reply({}, 402)]
        assert not run(0).ok
        account.end(T + 5 * DAY, "sub_0001")
        assert (run(20).error, run(45).note[:26]) == ("", "not read since 03 Jun 2026")
    assert total(sqlite_store, metric)[month(7)] == (3, 0)


@pytest.mark.parametrize("fault", [THROTTLED, RESET])
def test_what_passes_is_waited_for(memory, fault):
    account = Account(T)
    account.subscribe(at(1), "cus_1", BASIC)
    with account.serve() as vendor:
        vendor.faults = [None, fault]
        assert len(pull(vendor)) == 2


def test_a_key_that_may_not_read_events_is_told_before_anything_is_read():
    account = Account(T)
    words = "The provided key 'rk_test' does not have the required permissions for this endpoint"
    with account.serve() as vendor:
        vendor.faults = [Reply({"error": {"type": "invalid_request_error", "message": words}}, 403)]
        with pytest.raises(AccessError, match="a first look of GET v1/events: answered 403"):
            pull(vendor)
        assert [s[1] for s in vendor.seen] == ["/v1/events"]
        vendor.faults = [Reply({"error": {"message": "Invalid API Key provided"}}, 401)]
        with pytest.raises(AccessError, match="the credentials were not accepted"):
            pull(vendor)
        vendor.faults = [PAGE] * 3
        with pytest.raises(SourceError, match="a web page where JSON belongs"):
            pull(vendor)


def test_a_list_that_has_more_and_shows_nothing_is_no_end():
    account = Account(T)
    with account.serve() as vendor:
        vendor.faults = [None, Reply({"object": "list", "url": "/v1/subscriptions", "has_more": True, "data": []})]
        with pytest.raises(SourceError, match="billing: an empty page of a list that has more"):
            pull(vendor)


def test_no_name_of_a_customer_and_no_words_reach_the_store(tmp_path):
    account, metric = Account(T), logo()
    account.subscribe(at(1), "cus_Secret", BASIC)
    with account.serve() as vendor, Store.open(f"sqlite:///{tmp_path}/s.db") as store:
        collected(vendor, store, [metric])
        with sa.create_engine(f"sqlite:///{tmp_path}/s.db").connect() as conn:
            rows = [*conn.execute(sa.select(schema.fact)), *conn.execute(sa.select(schema.fact_series))]
    assert rows
    assert not any(word in str(rows) for word in ("cus_Secret", "Private"))


def test_a_look_tells_what_metrics_make_of_it():
    account = Account(T)
    account.subscribe(at(1), "cus_1", BASIC)
    with account.serve() as vendor:
        looks = probe(of(vendor, [logo()]), "billing", now=NOW)
    assert [(x.what, x.error, x.records) for x in looks] == [("stream subscriptions", "", 2)]
    assert (looks[0].metrics[0].count, looks[0].metrics[0].rejected) == (2, 0)


def test_options_are_checked():
    given = {"key": Token("rk"), "currency": "USD"}
    for wrong, words in (
        ({"key": Token("")}, "key: found nothing"), ({"page_size": 101}, "page_size: found 101, expected 1 to 100"),
        ({"base_url": "http://api.stripe.com"}, "base_url: found http"), ({"currency": "$"}, "currency: found"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=words):
            Stripe(**(given | wrong))


def test_a_price_that_comes_with_another_amount_under_its_id_is_worked_out_anew(memory):
    account = Account(T)
    for i, amount in enumerate((1000, 1000, 2500)):
        account.subscribe(at(5, 20), f"cus_{i}", price(amount) | {"id": "price_one"})
    with account.serve() as vendor:
        assert amounts(pull(vendor)) == {"sub_0001": {10.0}, "sub_0002": {10.0}, "sub_0003": {25.0}}
