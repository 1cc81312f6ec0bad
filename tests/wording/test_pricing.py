"""A price in words: the answer, where it stops to pay, what is no answer yet, and every figure behind it."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from word_examples import CHURN, METRICS, START

from cxmon import wording
from cxmon.model import Grade, Input, Interval, Part, Price, PriceCode

ON = date(2026, 6, 30)
SAVING = Input(
    name="saving", amount=1.2e6, currency="USD", per="year", source="claimed by Operations, not verified", as_of=ON
)  # fmt: skip
VALUE = Input(
    name="customers", of="pro", amount=540.0, currency="EUR", per="year", horizon_days=731.0, source="Finance", as_of=ON
)  # fmt: skip
RATE = Input(name="rate", of="EUR", amount=1.08, currency="USD", source="", as_of=ON)


def interval(low, estimate, high):
    return Interval(estimate=estimate, low=low, high=high)


def part(**more):
    given = {
        "name": "customers", "metric": "churn", "known": True, "counted": True, "by_segment": True,
        "events": interval(-110, 138, 363),
        "each": 1280.0, "loss": interval(-237_000, 176_650, 784_000), "unit": "%",
        "grade": Grade.CONTROLLED, "confidence": 0.97, "break_even": 0.1096, "break_even_events": 78.1,
    }  # fmt: skip
    return Part(**(given | more))


def price(code=PriceCode.OPEN, low=-237_000, estimate=176_650, high=784_000, **more):
    loss = interval(low, estimate, high)
    given = {
        "currency": "USD", "code": code, "since": START, "until": START + timedelta(days=74), "days": 74.0,
        "saving": 243_121.0, "saving_year": 1.2e6, "claimed_by": "Operations", "verified_by": "", "loss": loss,
        "loss_year": loss, "net": loss, "net_year": loss, "parts": (part(),), "projection": None, "missing": (),
        "grade": Grade.CONTROLLED, "confidence": 0.97, "inputs": (SAVING, VALUE),
    }  # fmt: skip
    return Price(**(given | more))


@pytest.mark.parametrize(
    ("events", "harm", "said"),
    [
        (78.1, 0.1096, "fewer than 78 lost customers a month (Churn 11 % worse)"),
        (0.0064, 0.000052, "fewer than 0.006 lost customers a month (Churn 0.005 % worse)"),
        (0.34, 0.004, "fewer than 0.3 lost customers a month (Churn 0.4 % worse)"),
    ],
)
def test_a_break_even_that_is_tiny_is_not_told_as_none(events, harm, said):
    told = wording.price_story(price(parts=(part(break_even_events=events, break_even=harm),)), METRICS)
    assert said in told[1]


def test_few_customers_are_told_with_the_digits_that_their_range_supports():
    few = part(events=interval(-47.1856, 11.787, 68.2311), each=35.25, by_segment=False)
    [told, *_] = wording.price_details(price(parts=(few,)), METRICS)
    assert told.startswith("Customers (Churn): 11.8 more (47.2 fewer to 68.2 more) than expected, 35.25 USD each: ")


def test_contacts_that_are_not_added_are_no_gain_of_nothing():
    told = wording.price_story(price(low=0.0, estimate=0.0, high=97_700.0), METRICS)[0]
    assert "; no loss was found, up to 97,700 USD is not ruled out, compared with" in told


def test_what_is_open_says_both_ends_and_where_it_stops_to_pay():
    assert wording.price_story(price(), METRICS) == (
        (
            "Price: Open whether it pays (open): said to save 243,000 USD in 74 days (1,200,000 a year, claimed by "
            "Operations, not verified); a loss of 177,000 USD is not beyond chance (237,000 gained to 784,000 lost), "
            "compared with untouched segments"
        ),
        (
            "It pays while it costs fewer than 78 lost customers a month (Churn 11 % worse); found so far: 57 more (45 "
            "fewer to 149 more) a month; whether that is more or less than it saves is not known yet"
        ),
        (
            "A year at the pace of these 74 days, no forecast: 177,000 USD lost (237,000 gained to 784,000 lost); a "
            "harm that grows or fades makes another year"
        ),
    )


def test_a_roll_out_says_how_much_of_it_there_is_and_what_its_saving_is_taken_to_come_with():
    story = wording.price_story(price(full_days=37.0, reached=0.6), METRICS)
    assert "in 74 days with 60 % of it rolled out (1,200,000 a year once all of it is, claimed by" in story[0]
    assert "found so far: 114 more (90 fewer to 299 more) a month" in story[1]
    assert story[2].startswith("A year with all of it rolled out at the pace of these 74 days, no forecast: ")
    assert (
        "the saving comes with the volume that the stages reach"
        in wording.price_details(price(full_days=37.0), METRICS)[-1]
    )
    assert "once all of it is" not in wording.price_line(price(full_days=37.0, reached=1.0))


@pytest.mark.parametrize(
    ("grade", "words", "said"),
    [
        (Grade.CONTROLLED, "Costs more than it saves", "it cost 400,000 USD (300,000 to 500,000)"),
        (Grade.BEFORE_AFTER, "More lost since than it saves", "consistent with a loss of 400,000 USD (300,000 to"),
        (Grade.DISPUTED, "More lost since than it saves", "consistent with a loss of"),
    ],
)
def test_the_cause_is_named_only_where_untouched_segments_were_compared(grade, words, said):
    found = price(PriceCode.COSTS_MORE, 300_000, 400_000, 500_000, grade=grade)
    line = wording.price_line(found)
    assert line.startswith(words)
    assert said in line
    assert "a loss smaller than the saving is ruled out" in wording.price_story(found, METRICS)[1]


def test_what_waits_says_what_stands_alone_and_marks_the_projection():
    contacts = part(name="contacts", metric="cost", loss=interval(0, 4000, 9000))
    left = interval(-1_084_000, 1_057_000, 3_671_000)
    found = price(
        PriceCode.WAITING, 0, 4000, 9000, parts=(part(counted=False, ready=date(2026, 11, 13)), contacts),
        projection=left, reason="customers not known yet: people leave late, so those who left count from day 60 on",
    )  # fmt: skip
    first, even, projected = wording.price_story(found, METRICS)
    assert "count from day 60 on (13 Nov 2026); contacts alone: a loss of 4,000 USD is not beyond chance" in first
    assert even.endswith("a month, which is no answer yet")
    assert projected == (
        "Projection, not an answer: at the pace so far a year ends with 1,060,000 USD left over (range 1,080,000 lost "
        "to 3,670,000 left over)"
    )


def test_without_a_claim_the_loss_stands_alone():
    found = price(PriceCode.UNCLAIMED, 300_000, 400_000, 500_000, inputs=(VALUE,))
    assert wording.price_line(found) == "No saving was claimed: in 74 days; it cost 400,000 USD (300,000 to 500,000)"
    once = price(inputs=(replace(SAVING, per="once"),), saving=9e4, saving_year=9e4, claimed_by="")
    assert "said to save 90,000 USD once (claimed, not verified)" in wording.price_line(once)


def test_every_figure_stands_with_its_source_and_date_or_is_called_illustrative():
    assert wording.price_details(price(inputs=(SAVING, VALUE, RATE)), METRICS) == (
        (
            "Customers (Churn): 138 more (110 fewer to 363 more) than expected, 1,280 USD on average of those who "
            "usually leave: 177,000 USD lost (237,000 gained to 784,000 lost), compared with untouched segments"
        ),
        "Rests on: the saving 1,200,000 USD a year; claimed by Operations, not verified, 30 Jun 2026",
        "Rests on: a lost customer (pro) 540 EUR a year for 24 months; Finance, 30 Jun 2026",
        "Rests on: 1 EUR = 1.08 USD; illustrative, no source",
    )
    assert "(illustrative)" in wording.price_line(price(inputs=(RATE,)))
    assert "illustrative: a value has no source" in wording.price_story(price(inputs=(RATE,)), METRICS)[0]


def test_a_price_is_told_without_a_metric_that_is_no_longer_in_the_catalogue():
    assert not any("Churn" in line for line in wording.price_story(price(), {}))
    assert wording.price_details(price(), {CHURN.id: CHURN})[0].startswith("Customers (Churn)")
