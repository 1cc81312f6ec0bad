"""What a subscription is worth: tiers, currencies, discounts, and every shape that a version of the API has."""

from dataclasses import replace

import pytest
from stripe_fake import DAY, Fake
from stripe_stub import Account, price
from test_stripe_records import amounts, pull
from test_stripe_source import BASIC, T, at
from vendor_stub import Reply

from cxmon.contracts import Unfit
from cxmon.sources.stripe import amounts as money
from cxmon.sources.stripe.discounts import Line, Off, taken
from cxmon.sources.stripe.states import merged

LEVELS = [
    {"up_to": 5, "unit_amount": 700, "flat_amount": 1000}, {"up_to": 10, "unit_amount_decimal": "600.5"},
    {"up_to": None, "unit_amount": None, "flat_amount_decimal": "50"},
]  # fmt: skip


@pytest.mark.parametrize(
    ("mode", "quantity", "cents"),
    [
        ("graduated", 0, 1000), ("graduated", 5, 4500), ("graduated", 7, 4500 + 1201), ("graduated", 12, 4500 + 3052.5),
        ("volume", 0, 1000), ("volume", 5, 4500), ("volume", 6, 3603), ("volume", 11, 50), ("volume", None, 1700),
    ],
)  # fmt: skip
def test_tiers_are_those_of_all_units_or_of_each(mode, quantity, cents):
    one = price(None, unit_amount_decimal=None, billing_scheme="tiered", tiers_mode=mode, tiers=LEVELS)
    assert money.charged(one, quantity) == pytest.approx(cents)


@pytest.mark.parametrize(
    ("more", "quantity", "why"),
    [
        ({"billing_scheme": "tiered", "tiers": LEVELS[:1]}, 6, "more units than the tiers of its price"),
        ({"billing_scheme": "tiered"}, 6, "a price in tiers, whose amount is not in the subscription"),
        ({"custom_unit_amount": {"minimum": 100}}, 1, "a price that its customer chooses"),
        ({}, 1, "a price without an amount"), ({"unit_amount": "ten"}, 1, "that is no number"),
        ({"unit_amount": 5, "transform_quantity": {"divide_by": 0}}, 1, "that is no number"),
        ({"billing_scheme": "tiered", "tiers": ["?"]}, 1, "that is no number"),
    ],
)  # fmt: skip
def test_what_is_not_said_has_its_reason(more, quantity, why):
    one = price(None, unit_amount_decimal=None) | more
    with pytest.raises(ValueError, match=why):
        money.charged(one, quantity)


def bill(lines, *discounts):
    made = [Line(worth=worth, months=months, product=product) for worth, months, product in lines]
    taken(made, discounts)
    return [round(line.worth, 6) for line in made]


def test_discounts_are_taken_off_one_after_the_other():
    off = Off(share=0.0, amount=0.0, products=None, start=0, end=None)
    half, five = replace(off, share=0.5), replace(off, amount=5.0)
    lines = [(30.0, 1, "a"), (10.0, 1, "b")]
    assert bill(lines, half, five) == [11.25, 3.75]
    assert bill(lines, five, half) == [13.125, 4.375]
    assert bill(lines, replace(half, products=frozenset({"b"}))) == [30.0, 5.0]
    assert bill(lines, replace(five, amount=100.0)) == [0.0, 0.0], "never below nothing"
    assert bill([(10.0, 12, "a")], replace(five, amount=60.0)) == [5.0], "once a bill, which is for a year"
    assert bill([(0.0, 1, "a")], five) == [0.0]
    assert not replace(off, start=10**6).holds(5)
    assert replace(off, end=10).holds(9)
    assert not replace(off, end=10).holds(10)


def listed(fake, **more):
    with fake.serve() as vendor:
        found = amounts(pull(vendor, **more))
        assert fake.told == []
        return found, [s[1] for s in vendor.seen]


@pytest.mark.parametrize(
    ("counts", "worth"),
    [("none", 40.0), ("forever", 20.0), ("recurring", 18.0), ("all", 9.0)],
)
def test_the_configuration_chooses_which_discounts_count(counts, worth):
    fake = Fake(T - 60 * DAY)
    off = [
        fake.coupon(percent_off=50.0),
        fake.coupon("repeating", percent_off=10.0),
        fake.coupon("once", percent_off=50.0),
    ]
    name = fake.subscribe("cus_1", [(fake.price(2000), 2)], coupon=off[0])
    fake.subs[name]["discounts"] += [fake._discount(name, one) for one in off[1:]]
    fake.now = T
    found, asked = listed(fake, discounts=counts)
    assert found[name] == {worth}
    assert (f"/v1/coupons/{off[0]}" in asked) == (counts != "none")


def test_a_coupon_that_was_deleted_is_known_by_its_discount():
    fake = Fake(T - 60 * DAY)
    coupon = fake.coupon(percent_off=50.0)
    name = fake.subscribe("cus_1", [(fake.price(2000), 1)], coupon=coupon)
    fake.now = T
    with fake.serve() as vendor:
        gone = Reply({"error": {"code": "resource_missing", "message": "No such coupon"}}, 404)
        vendor.faults = [None, None, gone]
        assert amounts(pull(vendor, discounts="forever"))[name] == {10.0}
        assert vendor.seen[2][1] == f"/v1/coupons/{coupon}"


def test_a_discount_that_came_later_leaves_the_time_before_it_as_it_was():
    fake = Fake(T - 90 * DAY)
    name = fake.subscribe("cus_1", [(fake.price(2000), 1)])
    fake.advance(T - 40 * DAY)
    fake.change(name, discounts=[fake._discount(name, fake.coupon(amount_off=500, currency="usd"))])
    fake.now = T
    with fake.serve() as vendor:
        rows = pull(vendor, discounts="forever")[0].upserts
    worth = sorted(zip(rows.fields["at"], rows.fields["mrr"], strict=True))
    assert worth == [(T - 90 * DAY, 20.0), (T - 40 * DAY, 15.0), (T - DAY, 15.0)]


def test_a_price_in_another_currency_is_what_that_currency_says():
    fake = Fake(T - 60 * DAY)
    one = fake.price(1200, "year", options={"eur": {"unit_amount": 2400, "unit_amount_decimal": "2400"}})
    name = fake.subscribe("cus_1", [(one, 2)], currency="eur")
    fake.now = T
    found, asked = listed(fake, rates={"EUR": 1.5})
    assert found[name] == {6.0}
    assert asked.count(f"/v1/prices/{one}") == 1, "once for all that have it"


def test_a_key_that_may_not_read_prices_sets_aside_what_needs_them_and_reads_the_rest():
    fake = Fake(T - 60 * DAY)
    fake.subscribe("cus_1", [(fake.price(0, tiers=LEVELS[:1]), 2)])
    fake.subscribe("cus_2", [(fake.price(900), 1)])
    fake.now = T
    words = "The provided key does not have the required permissions for this endpoint"
    with fake.serve() as vendor:
        # The list of two, in which the newer one comes first.
        vendor.faults = [None, None, Reply({"error": {"message": words}}, 403)]
        page = pull(vendor)[0]
    assert page.rejected == ()
    assert set(page.upserts.fields["mrr"]) == {Unfit(reason="the key may not read prices"), 9.0}


def test_events_that_nobody_asked_for_are_passed_over():
    account = Account(T)
    account.subscribe(T - 40 * DAY, "cus_1", BASIC)
    plan = {"id": "plan_1", "object": "plan", "amount": 5}
    account.events.append({"id": "evt_x", "type": "plan.created", "created": T - DAY, "data": {"object": plan}})
    with account.serve() as vendor:
        pages = pull(vendor)
    assert [r for page in pages for r in page.rejected] == []
    assert not any(name.startswith("plan_1") for page in pages for name in page.upserts.ids)


def test_a_server_that_does_not_know_several_types_is_asked_for_all_of_them():
    account = Account(T)
    name = account.subscribe(T - 40 * DAY, "cus_1", BASIC)
    account.end(T - DAY, name)
    account.events.append({"id": "evt_x", "type": "plan.created", "created": T - DAY, "data": {"object": {}}})
    with account.serve() as vendor:
        vendor.faults = [None, None, Reply({"error": {"message": "Unexpected types"}}, 400)]
        pages = pull(vendor)
        asked = [request[2] for request in vendor.seen if request[1] == "/v1/events"]
    assert [sorted(params) for params in asked[1:]] == [["created[gte]", "limit", "types[]"], ["created[gte]", "limit"]]
    assert any(name.endswith(">") for page in pages for name in page.upserts.ids)


def test_an_account_that_stands_for_a_customer_is_one():
    account = Account(T)
    account.subscribe(at(5, 20), None, BASIC, customer_account="acct_1")
    account.subscribe(at(5, 20), {"id": "cus_1", "object": "customer", "deleted": True}, BASIC)
    with account.serve() as vendor:
        pages = pull(vendor)
    assert [r for page in pages for r in page.rejected] == []
    assert len({c for page in pages for c in page.upserts.customers}) == 2


ITEM = {"id": "si_1", "quantity": 2, "price": {"id": "p1", "unit_amount": 5, "recurring": {"interval": "month"}}}
NOW = {"id": "sub_1", "status": "active", "items": {"data": [ITEM], "has_more": False}, "metadata": {"a": "1"}}


@pytest.mark.parametrize(
    ("before", "was"),
    [
        ({"items": {"data": [{"quantity": 9}]}}, {"quantity": 9}),
        ({"items": {"data": [{"id": "si_1", "quantity": 9}]}}, {"quantity": 9}),
        (
            {"items": {"data": [{"id": "si_1", "price": {"unit_amount": 7}}]}},
            {"price": ITEM["price"] | {"unit_amount": 7}},
        ),
        ({"items": {"data": [{"id": "si_1", "price": {"id": "p0"}}]}}, {"price": {"id": "p0"}}),
        ({"items": {"data": [{"id": "si_1", "plan": {"id": "p0"}}]}}, {"plan": {"id": "p0"}, "price": None}),
        ({"plan": {"id": "p0"}, "quantity": 1}, {"plan": {"id": "p0"}, "price": None, "quantity": 1}),
        ({"quantity": 3}, {"quantity": 3}),
        ({"status": "trialing"}, {}),
    ],
)  # fmt: skip
def test_items_that_name_only_what_changed_are_completed(before, was):
    found = merged(NOW, before)
    assert found["items"] == {"data": [ITEM | was], "has_more": False}
    assert merged(NOW, {"items": {"data": [{"id": "si_0", "quantity": 1}]}})["items"]["data"] == [
        {"id": "si_0", "quantity": 1}
    ]
