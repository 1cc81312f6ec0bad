"""A roll-out through a real store: where its harm happens, and what it costs with the volume that it reached."""

from dataclasses import replace
from datetime import date

import pytest
from judge_world import World, built, change, csat, day

from cxmon.model import Code, Kind, Money, PriceCode, Saving, Scope, Segment, Stage, WhereAnswer, Worth
from cxmon.pipeline.judge import Depth, judge
from cxmon.pipeline.judge_price import reach_of

STARTS = {"de": 200, "fr": 214, "uk": 240}
LEAVES = tuple(Segment.of(channel=c, region=r) for c in ("phone", "chat", "email") for r in (*STARTS, "us", "es"))
# One of a hundred customers more leaves a day where it is rolled out, three of a hundred on the phone; 150 a segment.
LOST = {"phone": 0.09, "chat": 0.03, "email": 0.03}
WORTH = Worth(metric="csat", amounts={"": 100.0}, currency="EUR", source="Finance", as_of=date(2025, 12, 1))
MONEY = Money(currency="EUR", customers=WORTH)
SAVING = Saving(400_000.0, "EUR", "year", "Operations")
ROLLOUT = change(
    scope=Scope.of({"region": list(STARTS)}), saving=SAVING,
    stages=tuple(Stage(starts=day(at), scope=Scope.of({"region": r})) for r, at in STARTS.items()),
)  # fmt: skip
A_DAY = 150 * sum(LOST.values()) * 100.0


def leave(segment, at):
    return -LOST[segment.get("channel")] if at >= STARTS.get(segment.get("region"), 10**9) else 0.0


@pytest.fixture(scope="module")
def rolled(tmp_path_factory):
    world = World(days=300, moves={"csat": leave}, leaves=LEAVES)
    plan, store = built(tmp_path_factory.mktemp("rolled"), world, [csat()], [ROLLOUT], money=MONEY)
    with store:
        yield plan, store


def test_its_price_holds_what_was_planted_with_the_volume_of_its_stages(rolled):
    plan, store = rolled
    (verdict,) = judge(plan, store, now=day(292), depth=Depth.FIGURES)
    found = verdict.price
    assert found.code is PriceCode.COSTS_MORE
    reached = 90 + 76 + 50
    assert found.loss.low < A_DAY * reached < found.loss.high
    assert found.loss_year.low < 3 * A_DAY * 365.25 < found.loss_year.high
    assert found.full_days == pytest.approx(reached / 3, rel=0.02)
    assert found.saving == pytest.approx(400_000 / 365.25 * found.full_days)
    assert found.reached == pytest.approx(1)
    assert store.verdicts.latest("phone-cut").price == found


def test_with_two_stages_of_three_the_saving_is_that_of_two(rolled):
    plan, store = rolled
    (verdict,) = judge(plan, store, now=day(232), depth=Depth.FIGURES)
    assert verdict.price.reached == pytest.approx(2 / 3, rel=0.05)
    assert verdict.price.loss.low < A_DAY * (30 + 16) < verdict.price.loss.high
    assert "% of it rolled out" in "".join(verdict.story)


def test_the_channel_that_carries_its_harm_is_named_and_no_stage(rolled):
    plan, store = rolled
    (verdict,) = judge(plan, store, now=day(292), depth=Depth.FIGURES)
    (where,) = verdict.where
    assert (verdict.code, where.answer) == (Code.HARMED, WhereAnswer.HERE)
    assert [p.segment.label for p in where.named] == ["phone"]
    assert {p.segment.label for p in where.places} == {"phone", "chat", "email", "de", "fr", "uk"}
    phone = where.named[0]
    assert phone.low < LOST["phone"] < phone.high
    assert any(line.startswith("CSAT, where: mostly phone, ") for line in verdict.story)


def test_shares_are_alike_where_the_metric_does_not_know_who_is_in_which_stage(rolled):
    _, store = rolled
    leaves = store.panel(csat(), as_known_at=day(292))
    assert [r.share for r in reach_of(ROLLOUT, leaves)] == pytest.approx([1 / 3] * 3, rel=0.02)
    total = leaves.roll_up([Segment.of(channel=c) for c in LOST])
    blind = replace(total, metric=csat(dimensions=("channel",), kind=Kind.LEVEL))
    assert [r.share for r in reach_of(ROLLOUT, blind)] == pytest.approx([1 / 3] * 3)
