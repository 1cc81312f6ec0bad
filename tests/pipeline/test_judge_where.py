"""A red verdict says where its harm happens, in the store, the story and the messages."""

from dataclasses import replace

import numpy as np
import pytest
from judge_world import LEAVES, World, built, change, csat, day, first_reply

from cxmon import sketch, wording
from cxmon.alerts.message import for_verdict
from cxmon.decisions import Share, scale
from cxmon.decisions.scoping import Sides
from cxmon.decisions.span import Span
from cxmon.model import Amount, Better, Interval, Kind, WhereAnswer
from cxmon.panel import Panel
from cxmon.pipeline.judge import judge
from cxmon.pipeline.judge_evidence import evidence
from cxmon.pipeline.judge_where import where_of

NOW = day(275)


def in_eu(size, begins=200):
    """A move of the phone desk's figure in one region alone."""
    return lambda s, t: size if t >= begins and s.get("channel") == "phone" and s.get("region") == "eu" else 0.0


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    world = World(moves={"csat": in_eu(-0.09)}, answers=60, days=280)
    plan, store = built(tmp_path_factory.mktemp("where"), world, [csat()], [change()])
    with store:
        judge(plan, store, now=NOW)
        yield store, store.verdicts.latest("phone-cut"), plan


def test_the_region_that_carries_the_harm_is_named_and_kept(judged):
    _, verdict, _ = judged
    (where,) = verdict.where
    (place,) = where.named
    assert (where.metric, where.answer, place.segment.label) == ("csat", WhereAnswer.HERE, "eu")
    assert place.share > 0.7
    assert place.low <= place.harm <= place.high
    assert sum(p.share for p in where.places) == pytest.approx(1)


def test_story_and_message_say_it_in_one_line(judged):
    store, verdict, plan = judged
    lines = [line for line in verdict.story if ", where: " in line]
    assert lines[0].startswith("CSAT, where: mostly eu, ")
    assert lines[0].endswith("; 2 segments looked at")
    message = for_verdict(verdict=verdict, previous=None, declared=store.changes.get("phone-cut"), metrics=plan.metrics)
    assert not [line for line in message.lines if ", where: " in line]
    told = [fact.text for fact in message.facts if fact.label == "Where"]
    assert told == [f"phone; {lines[0].removeprefix('CSAT, where: ').replace('looked at', 'compared')}"]


def test_a_brief_look_and_one_that_is_not_red_look_for_no_place(judged):
    store, _, _ = judged
    leaves = store.panel(csat(), as_known_at=NOW)
    share = Share(so_far=0.04, now=0.01)
    asked = {"others": [], "leaves": leaves, "share": share, "now": NOW}
    assert evidence(change(), brief=True, **asked).where is None
    chat = replace(change(), id="chat", scope=type(change().scope).of({"channel": "chat"}))
    assert evidence(chat, opinions=True, **asked).where is None


def test_waiting_times_are_compared_as_ratios(tmp_path):
    begins, days = 80, 120
    phones = [s for s in LEAVES if s.get("channel") == "phone"]
    world = World(moves={"first_reply": in_eu(0.7, begins)}, answers=30, days=days, leaves=phones)
    _, store = built(tmp_path, world, [first_reply()], [])
    with store:
        leaves = store.panel(first_reply(), as_known_at=NOW)
    everyone = np.ones(len(phones), bool)
    sides = Sides(treated=None, controls=None, treated_leaves=everyone, free_leaves=~everyone, label="phone")
    span = Span(first=0, at=begins, until=days, last=days, out=np.zeros(days, bool))
    whole = Interval(estimate=0.35, low=0.25, high=0.45)
    judged_as = scale(leaves.metric, None, expected=12.0, log=True)
    found = where_of(leaves, sides, span, whole, judged_as, {"sequential": True, "horizon": 90, "confidence": 0.95})
    (place,) = found.named
    assert (place.segment.label, found.unit) == ("eu", "%")
    assert place.low < np.expm1(0.7) < place.high


def test_what_slower_kinds_of_contacts_bring_to_a_waiting_time_is_no_segments():
    """Each segment waits as long as ever; of the quick ones two thirds stay away."""
    rng, begins, days, edges = np.random.default_rng(6), 80, 130, np.arange(0, 500)
    slow = np.array([np.log(20.0 if s.get("channel") == "phone" else 8.0) for s in LEAVES])
    counts = np.zeros((len(LEAVES), days, len(edges)))
    for s, t in np.ndindex(len(LEAVES), days):
        few = 0.3 if t >= begins and LEAVES[s].get("channel") != "phone" else 1.0
        times = rng.lognormal(slow[s], 0.6, rng.poisson(80 * few))
        counts[s, t] = np.bincount(sketch.buckets(times) - sketch.buckets(0.5), minlength=len(edges))[: len(edges)]
    n = counts.sum(-1)
    starts = np.array([int(day(t).timestamp()) for t in range(days)])
    panel = Panel(
        metric=first_reply(), segments=LEAVES, starts=starts, n=n, total=n, counts=counts,
        bucket0=int(sketch.buckets(0.5)),
    )  # fmt: skip
    everyone = np.ones(len(LEAVES), bool)
    sides = Sides(treated=None, controls=None, treated_leaves=everyone, free_leaves=~everyone, label="all")
    span = Span(first=0, at=begins, until=days, last=days, out=np.zeros(days, bool))
    pooled = panel.pooled(LEAVES[0].along(()), everyone).judged().values[0]
    rise = float(pooled[begins:].mean() - pooled[:begins].mean())
    whole = Interval(estimate=rise, low=rise - 0.1, high=rise + 0.1)
    judged_as = scale(panel.metric, None, expected=12.0, log=True)
    found = where_of(panel, sides, span, whole, judged_as, {"sequential": True, "horizon": 90, "confidence": 0.95})
    assert rise > 0.2
    assert found.mixed == pytest.approx(np.expm1(rise), rel=0.15)
    assert found.whole == pytest.approx(0.0, abs=0.04)
    assert (found.named, found.answer) == ((), WhereAnswer.CANNOT_SAY)
    assert all(p.low < 0 < p.high for p in found.places)


def level(size, begins=100, days=150, seed=2):
    """Tickets a day by channel and region; `size` is by how much a leaf's rise, as a part of what it usually has."""
    rng = np.random.default_rng(seed)
    usual = np.array([20.0 + 30 * i for i in range(len(LEAVES))])[:, None]
    shared = np.exp(0.05 * np.sin(np.arange(days) / 8))
    rise = 1 + np.array([size(s) for s in LEAVES])[:, None] * (np.arange(days) >= begins)
    metric = csat(id="tickets", label="Tickets", kind=Kind.LEVEL, better=Better.LOWER, unit="tickets")
    total = rng.poisson(usual * shared * rise).astype(float)
    starts = np.array([int(day(t).timestamp()) for t in range(days)])
    panel = Panel(metric=metric, segments=LEAVES, starts=starts, n=np.ones(total.shape), total=total)
    everyone = np.ones(len(LEAVES), bool)
    sides = Sides(treated=None, controls=None, treated_leaves=everyone, free_leaves=~everyone, label="all")
    part = float((usual * (rise[:, -1:] - 1)).sum() / usual.sum())
    whole = Interval(estimate=part * usual.sum(), low=0.7 * part * usual.sum(), high=1.3 * part * usual.sum())
    span = Span(first=0, at=begins, until=days, last=days, out=np.zeros(days, bool))
    return panel, sides, span, whole, part


@pytest.mark.parametrize("relative", [True, False])
def test_a_level_is_told_as_a_part_of_what_is_usual_in_each_segment(relative):
    """However small a segment's level is; the unit in which the whole is judged does not matter."""
    panel, sides, span, whole, part = level(lambda s: 0.4 if s.get("channel") == "phone" else 0.0)
    metric = panel.metric if relative else replace(panel.metric, matters=Amount(5.0, relative=False, text="5"))
    as_judged = scale(metric, Amount(0.1, relative=True, text="10%") if relative else None, expected=570.0, log=False)
    found = where_of(panel, sides, span, whole, as_judged, {"sequential": True, "horizon": 90, "confidence": 0.95})
    (place,) = found.named
    assert (place.segment.label, found.unit, found.answer) == ("phone", "%", WhereAnswer.HERE)
    assert found.whole == pytest.approx(part, rel=0.02)
    assert place.low < 0.4 < place.high
    assert sum(p.share for p in found.places if p.segment.dimensions == ("channel",)) == pytest.approx(1)
    assert "of the usual volume" in wording.places(found, metric)[0]


def test_a_level_that_rises_alike_names_no_segment():
    panel, sides, span, whole, _ = level(lambda _: 0.2)
    found = where_of(panel, sides, span, whole, scale(panel.metric, None, expected=570.0, log=False),
                     {"sequential": True, "horizon": 90, "confidence": 0.95})  # fmt: skip
    assert found.answer is WhereAnswer.EVERYWHERE_ALIKE


def test_what_cannot_be_weighed_says_so(judged):
    store, _, _ = judged
    leaves = store.panel(csat(), as_known_at=NOW)
    T, S = len(leaves.starts), len(leaves.segments)
    sides = Sides(treated=None, controls=None, treated_leaves=np.ones(S, bool), free_leaves=np.zeros(S, bool), label="")
    span = Span(first=0, at=200, until=T, last=T, out=np.zeros(T, bool))
    whole = Interval(estimate=5.0, low=4.0, high=6.0)
    panel = replace(leaves, metric=csat(additive=False))
    found = where_of(panel, sides, span, whole, scale(panel.metric, None, expected=1.0, log=False), {})
    assert found.answer is WhereAnswer.CANNOT_SAY
    assert found.reason.endswith(
        "segments that overlap: neither a place nor a move by other kinds of contacts can be told"
    )
    assert not found.places
