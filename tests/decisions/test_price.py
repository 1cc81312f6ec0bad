"""The price of a change: what its range holds, what only changes with the unit, and when it says nothing."""

import math
from dataclasses import replace
from datetime import date, timedelta

import pytest
from decision_examples import NOW, START, change, duration, harm, interval, metric
from hypothesis import given
from hypothesis import strategies as st

from cxmon.decisions import Known, Reach, Volume, full_days, price
from cxmon.model import (
    Amount,
    Better,
    Code,
    Exchange,
    Grade,
    Kind,
    Money,
    PriceCode,
    Saving,
    Scope,
    Stage,
    Worth,
)

DECLARED = date(2026, 9, 13)
DAYS = 68.0
CHURN = metric(
    id="churn", label="Churn", kind=Kind.RATE, better=Better.LOWER, per=1000.0, dimensions=("channel", "tier"),
    matters=Amount(0.1, relative=True, text="10%"),
)  # fmt: skip
CONTACTS = metric(id="contacts", label="Contacts", kind=Kind.LEVEL, better=Better.LOWER, unit="tickets")
SAVING = Saving(1_200_000.0, "USD", "year", "Operations")
ONE = Worth(metric="churn", amounts={"": 600.0}, currency="USD", source="Finance", as_of=DECLARED)
TIERS = Worth(
    metric="churn", amounts={"basic": 300.0, "pro": 1000.0, "top": 9000.0}, by="tier", currency="EUR", source="Finance",
    as_of=DECLARED,
)  # fmt: skip
CONTACT = Worth(metric="contacts", amounts={"": 6.0}, currency="USD", source="CX team", as_of=DECLARED)
RATES = Exchange(rates={"EUR": 1.25}, source="Treasury", as_of=DECLARED)
MONEY = Money(currency="USD", customers=ONE, contacts=CONTACT, exchange=RATES)

# 20,000 customers of whom one in a thousand leaves a day.
BY_ONE = Volume(
    days=DAYS, exposure={"": 20_000 * DAYS}, events={"": 20 * DAYS}, exposure_before={"": 20_000 * DAYS},
    events_before={"": 20 * DAYS},
)  # fmt: skip
BY_TIER = Volume(
    days=DAYS,
    exposure={"basic": 10_000 * DAYS, "pro": 7_000 * DAYS, "top": 3_000 * DAYS},
    events={"basic": 13 * DAYS, "pro": 6 * DAYS, "top": 1 * DAYS},
    exposure_before={"basic": 10_000 * 28, "pro": 7_000 * 28, "top": 3_000 * 28},
    events_before={"basic": 13 * 28, "pro": 6 * 28, "top": 1 * 28},
)
LEVEL = Volume(
    days=DAYS, exposure={"": DAYS}, events={"": 1000 * DAYS}, exposure_before={"": 28.0}, events_before={"": 28_000.0}
)  # fmt: skip


def churned(low, high, volume=BY_ONE, code=Code.UNDECIDED, **more):
    found = harm(code, low, high, metric="churn", unit="%", expected=0.001, actual=0.0011, limit=0.1, **more)
    return Known(metric=CHURN, harm=found, volume=volume)


def valued(known, low, high, expected):
    """With the harm to the money itself, in parts of what was to be lost a customer and day."""
    money = replace(known.harm, so_far=interval(low, high), expected=expected)
    return replace(known, volume=BY_TIER, valued=money)


def contacted(low, high, **more):
    found = harm(Code.UNDECIDED, low, high, metric="contacts", unit="%", expected=1000.0, limit=0.1, **more)
    return Known(metric=CONTACTS, harm=found, volume=LEVEL)


def priced(*known, money=MONEY, saving=SAVING, **more):
    cut = change(saving=saving, **more)
    return price(cut, {k.metric.id: k for k in known}, money, now=NOW, claimed_on=DECLARED)


def test_a_rise_is_customers_times_their_value_and_contacts_times_their_cost():
    found = priced(churned(0.05, 0.15), contacted(0.01, 0.03))
    # 10 % of 20 a day are 2 customers of 600; 2 % of 1,000 contacts are 20 of 6.
    assert found.loss.estimate == pytest.approx(DAYS * (2 * 600 + 20 * 6))
    assert (found.loss.low, found.loss.high) == pytest.approx((DAYS * (600 + 60), DAYS * (1800 + 180)))
    assert found.saving == pytest.approx(1_200_000 * DAYS / 365.25)
    assert found.net.estimate == pytest.approx(found.saving - found.loss.estimate)
    assert found.code is PriceCode.PAYS
    assert found.confidence == pytest.approx(0.9)  # two ranges of 95 % that need not hang together


@pytest.mark.parametrize(
    ("rise", "code"), [((-0.1, 0.1), "pays"), ((0.1, 0.9), "open"), ((0.4, 0.9), "costs_more"), ((-0.9, -0.1), "pays")]
)
def test_the_code_says_what_is_ruled_out(rise, code):
    found = priced(churned(*rise), contacted(-0.01, 0.0), money=replace(MONEY, contacts=None))
    assert found.code == code
    assert (found.net_year.low > 0, found.net_year.high < 0) == (code == "pays", code == "costs_more")


sizes = st.floats(-0.6, 1.5)
rates = st.floats(0.05, 20.0)


@given(sizes, sizes, st.floats(-0.3, 0.3), rates)
def test_another_currency_of_the_board_changes_nothing_but_the_unit(a, b, more, rate):
    known = (valued(churned(min(a, b), max(a, b)), min(a, b), max(a, b), 0.3), contacted(more, more + 0.1))
    dollars = replace(MONEY, customers=TIERS, exchange=replace(RATES, rates={"EUR": rate}))
    euros = replace(dollars, currency="EUR", exchange=replace(RATES, rates={"USD": 1 / rate}))
    first, second = priced(*known, money=dollars), priced(*known, money=euros)
    assert (first.code, first.days, first.confidence) == (second.code, second.days, second.confidence)
    for x, y in zip(first.parts, second.parts, strict=True):
        assert x.events == y.events
        assert (x.break_even, x.break_even_events) == pytest.approx((y.break_even, y.break_even_events), nan_ok=True)
        assert x.loss.estimate == pytest.approx(y.loss.estimate * rate)
    for name in ("loss", "loss_year", "net", "net_year"):
        for end in ("estimate", "low", "high"):
            pair = getattr(getattr(first, name), end), getattr(getattr(second, name), end) * rate
            assert pair[0] == pytest.approx(pair[1], rel=1e-9, abs=1e-5)


@given(sizes, sizes)
def test_the_same_amount_per_another_period_changes_nothing(a, b):
    known = churned(min(a, b), max(a, b))
    yearly = replace(ONE, amounts={"": 240.0}, per="year", horizon_days=730.5)
    monthly = replace(ONE, amounts={"": 20.0}, per="month", horizon_days=730.5)
    first = priced(known, money=replace(MONEY, customers=yearly, contacts=None))
    second = priced(
        known, money=replace(MONEY, customers=monthly, contacts=None), saving=replace(SAVING, amount=1e5, per="month")
    )
    assert first.code is second.code
    assert first.net_year.low == pytest.approx(second.net_year.low, abs=1e-6)
    assert first.parts[0].each == pytest.approx(480.0)


@given(sizes, sizes)
def test_the_unit_that_a_harm_is_told_in_changes_nothing(a, b):
    low, high = min(a, b), max(a, b)
    own = harm(Code.UNDECIDED, low * 0.001, high * 0.001, metric="churn", unit="", expected=0.001, limit=0.0001)
    only = replace(MONEY, contacts=None)
    first = priced(churned(low, high), money=only)
    second = priced(Known(metric=CHURN, harm=own, volume=BY_ONE), money=only)
    assert first.loss.high == pytest.approx(second.loss.high, abs=1e-9)
    assert first.parts[0].break_even_events == pytest.approx(second.parts[0].break_even_events)


@given(st.floats(-0.4, 1.0), st.sampled_from(["rate", "ratio"]), st.floats(1e4, 3e6))
def test_a_harm_of_the_break_even_leaves_nothing(other, how, amount):
    """Told in a harm or in customers a month, it is the point where the code turns."""
    saving, only = replace(SAVING, amount=amount), replace(MONEY, contacts=None)

    def at(size):
        known = churned(size, size)
        if how == "ratio":
            counts = duration(id="churn", kind=Kind.MEAN, label="Leavers a case")
            known = Known(metric=counts, harm=replace(known.harm, unit="%"), volume=BY_ONE)
        return priced(known, money=only, saving=saving)

    even = at(other).parts[0].break_even
    if math.isfinite(even):
        found = at(even)
        assert found.net_year.estimate == pytest.approx(0.0, abs=amount * 1e-9)
        assert found.parts[0].events.estimate / found.days * 365.25 / 12 == pytest.approx(
            found.parts[0].break_even_events
        )


def test_with_values_by_tier_the_loss_is_that_of_the_money_and_the_mean_value_that_of_who_usually_leaves():
    known = valued(churned(0.05, 0.15), -0.1, 0.5, expected=0.4)
    found = priced(known, money=replace(MONEY, customers=TIERS, contacts=None))
    (part,) = found.parts
    assert part.each == pytest.approx(1.25 * (0.65 * 300 + 0.3 * 1000 + 0.05 * 9000))
    assert part.events.estimate == pytest.approx(0.1 * 20 * DAYS)
    ends = [share * 0.4 * 20_000 * DAYS * 1.25 for share in (0.2, -0.1, 0.5)]
    assert (found.loss.estimate, found.loss.low, found.loss.high) == pytest.approx(ends)


def test_while_churn_is_immature_the_contact_part_stands_alone_with_a_projection():
    late = replace(MONEY, customers=replace(ONE, counts_after_days=90))
    found = priced(churned(0.05, 0.15), contacted(0.01, 0.03), money=late)
    assert found.code is PriceCode.WAITING
    assert "count from day 90 on" in found.reason
    assert found.loss.estimate == pytest.approx(DAYS * 20 * 6)
    assert found.confidence == pytest.approx(0.95)
    assert found.projection.estimate == pytest.approx(1_200_000 - 365.25 * (2 * 600 + 20 * 6))
    assert [p.ready for p in found.parts] == [(START + timedelta(days=90)).date(), None]
    assert found.parts[0].break_even_events > 0


def test_a_figure_that_does_not_know_the_scope_says_whom_it_counts():
    """A change of one plan, priced by the churn of all customers: nobody would guess it from the number."""
    note = "judged on all customers: Churn is not known by plan"
    found = priced(churned(0.05, 0.15, notes=(note, "past begins with New roster (1 Aug)")))
    assert found.parts[0].reason == note


def test_fewer_contacts_are_not_added_to_a_claim_that_probably_counts_them():
    found = priced(churned(-0.01, 0.01), contacted(-0.3, -0.2))
    assert (found.loss.low, found.parts[1].loss.low) == (pytest.approx(-DAYS * 0.2 * 600), 0.0)
    assert "probably counts them" in found.parts[1].reason
    assert priced(churned(-0.01, 0.01), contacted(-0.3, -0.2), saving=None).parts[1].loss.low < 0


@pytest.mark.parametrize(
    ("known", "money", "saving", "reason"),
    [
        (churned(0.1, 0.2, code=Code.ENTANGLED), MONEY, SAVING, "customers not known yet: why"),
        (churned(0.1, 0.2), MONEY, replace(SAVING, currency="GBP"), "no exchange rate from GBP to USD"),
        (churned(0.1, 0.2), replace(MONEY, customers=replace(ONE, currency="GBP")), SAVING, "from GBP to USD"),
        (
            churned(0.1, 0.2, BY_TIER),
            replace(MONEY, customers=replace(TIERS, amounts={"basic": 1.0, "pro": 2.0})),
            SAVING,
            "no value for tier top",
        ),
        (churned(0.1, 0.2), MONEY, SAVING, "contacts not known yet: no figures"),
    ],
)
def test_what_is_not_known_is_a_reason_and_never_a_price(known, money, saving, reason):
    found = priced(known, money=money, saving=saving)
    assert found.code is PriceCode.WAITING
    assert reason in found.reason


def stages(*starts):
    return tuple(Stage(starts=at, scope=Scope.of({"region": f"r{i}"})) for i, at in enumerate(starts))


def rolled(low, high, shares, starts, **more):
    """Churn of a roll-out whose stages began so many days after the start, judged to day 68; the volume is that of the
    20,000 customers for as many full days."""
    reach = tuple(
        Reach(starts=START + timedelta(days=d), ends=None, share=s) for d, s in zip(starts, shares, strict=True)
    )
    days = full_days(reach, START + timedelta(days=DAYS))
    volume = replace(BY_ONE, days=days, exposure={"": 20_000 * days}, events={"": 20 * days})
    known = replace(churned(low, high, volume, window_end=START + timedelta(days=DAYS)), reach=reach)
    return known, stages(*(one.starts for one in reach)), days


ONLY = replace(MONEY, contacts=None)


@given(
    low=st.floats(-0.2, 0.3), width=st.floats(0.01, 0.5), late=st.floats(1, 60), share=st.floats(0.05, 0.95),
    wait=st.floats(100, 300),
)  # fmt: skip
def test_a_roll_out_costs_by_the_volume_it_reached_and_answers_as_the_whole_would(low, width, late, share, wait):
    """A stage more, later or never begun, changes what is saved and lost so far by as much, and not the answer."""
    whole = priced(churned(low, low + width, window_end=START + timedelta(days=DAYS)), money=ONLY)
    for starts in ((0.0, late), (0.0, wait)):
        known, made, days = rolled(low, low + width, (share, 1 - share), starts)
        found = priced(known, money=ONLY, stages=made)
        assert (found.code, found.full_days) == (whole.code, pytest.approx(days))
        assert found.loss.estimate == pytest.approx(whole.loss.estimate * days / DAYS, rel=1e-9, abs=1e-6)
        assert found.saving == pytest.approx(whole.saving * days / DAYS)
        assert found.net_year.low == pytest.approx(whole.net_year.low)
        assert found.reached == pytest.approx(1.0 if starts[1] < DAYS else share)


def test_a_stage_that_never_began_loses_and_saves_nothing():
    known, made, _ = rolled(0.1, 0.2, (0.4, 0.6), (0.0, 400.0))
    found = priced(known, money=ONLY, stages=made, saving=replace(SAVING, per="once"))
    assert found.saving == pytest.approx(0.4 * 1_200_000)
    assert found.saving_year == 1_200_000


def test_a_large_young_stage_keeps_people_who_leave_late_from_counting():
    late = replace(ONLY, customers=replace(ONE, counts_after_days=45))
    for share, code in ((0.9, PriceCode.PAYS), (0.1, PriceCode.WAITING)):
        known, made, _ = rolled(0.0, 0.05, (share, 1 - share), (0.0, 60.0))
        found = priced(known, money=late, stages=made)
        assert found.code is code
    age = 0.1 * 68 + 0.9 * 8
    assert found.parts[0].ready == (START + timedelta(days=DAYS + 45 - age) + CHURN.matures_after).date()


def test_a_change_that_ended_is_held_against_what_it_saved_until_then():
    ended = START + timedelta(days=30)
    known = churned(0.0, 0.2, window_end=ended, closed=True)
    found = priced(known, money=replace(MONEY, contacts=None), saving=replace(SAVING, per="once"), ends=ended)
    assert (found.days, found.saving, found.saving_year) == (30.0, 1_200_000, 1_200_000)
    assert found.net.low == pytest.approx(1_200_000 - 30 * 4 * 600)


def test_every_input_has_its_source_and_date_or_is_illustrative():
    found = priced(valued(churned(0.0, 0.1), 0.0, 0.1, 0.3), money=replace(MONEY, customers=TIERS, contacts=None))
    assert [(i.name, i.of, i.amount, i.currency) for i in found.inputs] == [
        ("saving", "", 1_200_000.0, "USD"),
        ("customers", "basic", 300.0, "EUR"),
        ("customers", "pro", 1000.0, "EUR"),
        ("customers", "top", 9000.0, "EUR"),
        ("rate", "EUR", 1.25, "USD"),
    ]
    assert not found.illustrative
    unsaid = replace(MONEY, customers=replace(TIERS, as_of=None), contacts=None)
    assert priced(valued(churned(0.0, 0.1), 0.0, 0.1, 0.3), money=unsaid).illustrative
    assert priced(churned(0.0, 0.1), saving=replace(SAVING, claimed_by="")).illustrative


def test_the_weakest_evidence_grades_it():
    found = priced(churned(0.1, 0.2), contacted(0.0, 0.1, grade=Grade.BEFORE_AFTER))
    assert found.grade is Grade.BEFORE_AFTER
