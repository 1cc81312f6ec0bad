"""The price through a real store: a planted fall costs what it costs, and nothing that is only priced is judged."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from judge_world import World, built, change, csat, day, falls

from cxmon.model import EVERYONE, Better, Code, Exchange, Kind, Money, PriceCode, Saving, Segment, Worth
from cxmon.panel import Panel
from cxmon.pipeline.judge import Depth, judge
from cxmon.pipeline.judge_price import valued

# Of 150 customers a day and region on the phone a share of 0.80 stays; 0.02 fewer in the EU and 0.10 in the US are 18 a
# day, of whom those who are worth more are the most: with the usual mean value the loss would be a quarter smaller.
STAYS = csat()
ASKS = csat(id="asks", label="Asks again", better=Better.LOWER)
MONEY = Money(
    currency="EUR",
    customers=Worth(
        metric="csat", amounts={"eu": 100.0, "us": 300.0}, by="region", currency="USD", source="Finance",
        as_of=date(2025, 12, 1), counts_after_days=45,
    ),
    contacts=Worth(metric="asks", amounts={"": 5.0}, currency="EUR", source="CX team", as_of=date(2025, 12, 1)),
    exchange=Exchange(rates={"USD": 0.5}, source="Treasury", as_of=date(2025, 12, 1)),
)  # fmt: skip
SAVING = Saving(300_000.0, "EUR", "year", "Operations")
DAY_LOSS = 150 * (0.02 * 100 + 0.10 * 300) * 0.5


def leave(segment, at):
    return falls(-0.02 if segment.get("region") == "eu" else -0.10)(segment, at)


@pytest.fixture(scope="module")
def store_and_plan(tmp_path_factory):
    world = World(days=300, moves={"csat": leave})
    plan, store = built(tmp_path_factory.mktemp("price"), world, [STAYS, ASKS], [change(saving=SAVING)], money=MONEY)
    with store:
        yield plan, store


def test_a_planted_fall_costs_more_than_it_saves(store_and_plan):
    plan, store = store_and_plan
    (verdict,) = judge(plan, store, now=day(292))
    found = store.verdicts.latest("phone-cut").price
    assert (found.loss, found.net, found.inputs) == (verdict.price.loss, verdict.price.net, verdict.price.inputs)
    assert found.code is PriceCode.COSTS_MORE
    assert found.days == 90.0  # the share matures two days later
    assert found.loss.low <= 90 * DAY_LOSS <= found.loss.high
    assert found.parts[0].events.low <= 90 * 18 <= found.parts[0].events.high
    assert found.saving == pytest.approx(300_000 * 90 / 365.25)
    assert "it cost" in "".join(verdict.story)


def test_what_is_only_priced_is_no_part_of_the_verdict(store_and_plan):
    plan, store = store_and_plan
    (with_price,) = judge(plan, store, now=day(292), depth=Depth.FIGURES)
    (without,) = judge(replace(plan, money=None), store, now=day(292), depth=Depth.FIGURES)
    assert [h.metric for h in with_price.harms] == ["csat"]
    assert [p.metric for p in with_price.price.parts] == ["csat", "asks"]
    assert (with_price.harms, with_price.code, with_price.sentence) == (
        without.harms,
        without.code,
        without.sentence,
    )


def test_before_people_have_had_time_to_leave_it_waits_with_a_projection(store_and_plan):
    plan, store = store_and_plan
    (verdict,) = judge(plan, store, now=day(235), depth=Depth.FIGURES)
    assert verdict.price.code is PriceCode.WAITING
    assert verdict.price.projection.high < verdict.price.net_year.low
    assert [p.counted for p in verdict.price.parts] == [False, True]


def test_a_look_that_tells_nobody_is_not_priced(store_and_plan):
    plan, store = store_and_plan
    (verdict,) = judge(plan, store, now=day(203), depth=Depth.TOLD)
    assert verdict.code is Code.WAITING
    assert verdict.price is None


def test_a_price_that_became_known_is_a_version_and_a_reply_on_the_next_seventh_day(tmp_path):
    """Over the limit since long, so its code is no news; a brief look on any other day does not ask for the price."""
    world = World(days=300, moves={"csat": leave})
    plan, store = built(tmp_path, world, [STAYS, ASKS], [change(saving=SAVING)], money=MONEY)
    looks = {}
    with store:
        for at in (235, 248, 249, 250, 256):
            (looks[at],) = judge(plan, store, now=day(at), depth=Depth.TOLD)
        rows = [row.message for row in reversed(store.outbox.rows())]
        history = store.verdicts.history("phone-cut")
    assert {at: v.price is not None for at, v in looks.items()} == {
        235: True, 248: False, 249: True, 250: False, 256: True,
    }  # fmt: skip
    assert [v.price_said for v in history] == [None, PriceCode.COSTS_MORE]
    assert (history[0].code, history[1].code, history[1].first.at) == (Code.HARMED, Code.HARMED, day(249))
    first, second = rows
    assert first.thread == second.thread
    assert "price" not in first.reply
    assert second.reply.startswith("The price is known now, “costs more than it saves”: said to save ")
    assert second.lines[0].startswith("The price is known now, ")
    assert "What changed since version 1: the price is known now, “costs more than it saves”." in second.lines


@pytest.mark.parametrize("kind", [Kind.PROPORTION, Kind.RATE, Kind.MEAN, Kind.LEVEL, Kind.RATIO])
def test_lost_money_is_a_figure_of_its_own(kind):
    """Each event with the amount of its group, on the exposure of all; the scatter is that of a compound count."""
    better = Better.HIGHER if kind is Kind.PROPORTION else Better.LOWER
    rng, segments = np.random.default_rng(3), (Segment.of(region="eu"), Segment.of(region="us"))
    n = np.full((2, 50), 1.0 if kind is Kind.LEVEL else 400.0)
    events = rng.poisson(20.0, n.shape).astype(float)
    more = {"base": n, "base_squares": n, "squares": events, "cross": events} if kind is Kind.RATIO else {}
    more |= {"squares": events} if kind is Kind.MEAN else {}
    leaves = Panel(
        metric=csat(kind=kind, better=better), segments=segments, starts=86_400 * np.arange(50),
        n=n, total=n - events if kind is Kind.PROPORTION else events, **more,
    )  # fmt: skip
    money = valued(leaves, MONEY.customers).pooled(EVERYONE, np.array([True, True]))
    assert money.total[0] == pytest.approx(100 * events[0] + 300 * events[1])
    assert money.metric.better is Better.LOWER
    if kind is not Kind.LEVEL:
        drawn = money.total[0] / money.n[0]
        assert np.sqrt(np.mean(money.variances())) == pytest.approx(np.std(drawn), rel=0.25)
