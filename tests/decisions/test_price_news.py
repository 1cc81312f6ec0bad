"""A price that turned is news: what stands, what takes it back, how often it is told, and in which words."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from decision_examples import NOW, START, change, harm
from hypothesis import given, settings
from hypothesis import strategies as st
from price_examples import priced

from cxmon import decisions
from cxmon.decisions.price_news import FIRM, price_day, price_due, standing
from cxmon.decisions.versions import versions
from cxmon.model import Cause, Code, FirstSaid, PriceCode, Saving
from cxmon.wording import price_turn
from cxmon.wording.versions import why

CUT = change(saving=Saving(1_200_000.0, "USD", "year", "Operations"))
RANGES = st.tuples(st.floats(-2, 2), st.floats(0.01, 2)).map(lambda pair: priced(*pair))


def judged(prices, code=Code.SAFE, first=START + timedelta(days=30), step=timedelta(days=1)):
    """The versions of one verdict that is looked at with these prices, as they are stored."""
    history = []
    for i, one in enumerate(prices):
        now = first + i * step
        found = decisions.judge(CUT, [harm(code, -0.01, 0.005)], now=now, history=history, price=one)
        same = bool(history) and history[-1].version == found.version
        found = replace(found, first=history[-1].first if same else FirstSaid(at=now))
        history = [*history[: len(history) - same], found]
    return history


@given(st.lists(RANGES, min_size=1, max_size=30))
def test_a_firm_answer_stands_until_the_estimate_contradicts_it_or_the_opposite_is_firm(found):
    said = None
    for one in found:
        before, said = said, standing(said, one, ended=False)
        if one.code in FIRM:
            assert said is one.code
        elif before in FIRM:
            left = one.net_year.estimate
            contradicted = left <= 0 if before is PriceCode.PAYS else left >= 0
            assert said is (PriceCode.OPEN if contradicted else before)
        else:
            assert said is before


@settings(max_examples=12)
@given(st.lists(st.tuples(RANGES, st.integers(1, 21)), min_size=2, max_size=8))
def test_daily_looks_tell_a_price_at_most_once_a_week_and_call_for_it_once_in_four(runs):
    history = judged([one for one, days in runs for _ in range(days)])
    turned = [v.first.at for v in history[1:]]
    assert all((b - a) >= timedelta(days=7) for a, b in pairwise(turned))
    loud = []
    for i, one in enumerate(replace(v, as_of=v.first.at) for v in history):
        news = decisions.telling(decisions.last_told(history[:i]), one)
        if news.told and not decisions.price_swings(history[:i], one):
            loud.append(one.first.at)
            assert news.price
    assert all((b - a) > timedelta(days=28) for a, b in pairwise(loud))


def test_what_only_widens_or_is_not_known_for_a_while_takes_nothing_back():
    pays, wide, unknown = priced(1.0, 0.5), priced(0.2, 0.5), None
    for one in (wide, unknown, priced(1.0, 0.5, code=PriceCode.WAITING)):
        history = judged([pays, *[one] * 20])
        assert [v.price_said for v in history] == [PriceCode.PAYS]


def test_a_price_that_turned_makes_a_version_and_says_why_in_story_and_message():
    history = judged([priced(1.0, 0.5), *[priced(-0.1, 0.5)] * 8, *[priced(-1.0, 0.5)] * 8])
    assert [v.price_said for v in history] == [PriceCode.PAYS, PriceCode.OPEN, PriceCode.COSTS_MORE]
    told = [decisions.telling(decisions.last_told(history[:i]), v) for i, v in enumerate(history)]
    assert [t.reason for t in told] == [
        "price turned from not known to pays",
        "price turned from pays to open",
        "price turned from open to costs_more",
    ]
    made = versions(history)
    assert [r.cause for v in made for r in v.reasons] == [Cause.FIRST, Cause.PRICE, Cause.PRICE]
    assert made[1].reasons[0].decisive
    assert why(made[1], {}) == ("the price “pays” is taken back, “open whether it pays” again",)
    assert why(made[2], {}) == ("the price turned from “open whether it pays” to “costs more than it saves”",)
    assert price_turn(None, history[0]).startswith("The price is known now, “pays”: said to save ")
    assert price_turn(history[2], history[2]) == ""


def test_with_other_news_the_price_is_told_on_any_day():
    first = decisions.judge(CUT, [harm(Code.SAFE, -0.01, 0.005)], now=NOW, price=priced(1.0, 0.5))
    for code, version, said in ((Code.SAFE, 1, PriceCode.PAYS), (Code.WORSE, 2, PriceCode.COSTS_MORE)):
        found = decisions.judge(
            CUT, [harm(code, -0.01, 0.005)], now=NOW + timedelta(hours=1), history=[first], price=priced(-1.0, 0.5)
        )
        assert (found.version, found.price_said) == (version, said)
        assert not decisions.telling(first, found).price


@pytest.mark.parametrize(("every", "asked"), [(1, 52), (3, 52), (7, 52), (10, 36)])
def test_however_often_somebody_looks_the_price_is_due_once_a_week_at_most(every, asked):
    looks = [START + timedelta(days=i, hours=6) for i in range(0, 364, every)]
    due = [b for a, b in zip([None, *looks], looks, strict=False) if price_due(CUT, a, b)]
    assert len(due) in {asked, asked + 1}
    if every == 1:
        assert due[1:] == [look for look in looks if price_day(CUT, look)][1:]
    assert not any(price_day(replace(CUT, saving=None), look) for look in looks)
