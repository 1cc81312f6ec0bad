"""A red verdict says where its harm happens, in the store, the story and the messages."""

from dataclasses import replace

import numpy as np
import pytest
from judge_world import LEAVES, World, built, change, csat, day, first_reply

from cxmon.alerts.message import for_verdict
from cxmon.decisions import Share, scale
from cxmon.decisions.scoping import Sides
from cxmon.decisions.span import Span
from cxmon.model import Interval, Kind, WhereAnswer
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
    assert [line for line in message.lines if ", where: " in line] == lines


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


def test_what_cannot_be_weighed_says_so(judged):
    store, _, _ = judged
    leaves = store.panel(csat(), as_known_at=NOW)
    T, S = len(leaves.starts), len(leaves.segments)
    sides = Sides(treated=None, controls=None, treated_leaves=np.ones(S, bool), free_leaves=np.zeros(S, bool), label="")
    span = Span(first=0, at=200, until=T, last=T, out=np.zeros(T, bool))
    whole = Interval(estimate=5.0, low=4.0, high=6.0)
    for more in ({"kind": Kind.LEVEL}, {"additive": False}):
        panel = replace(leaves, metric=csat(**more))
        found = where_of(panel, sides, span, whole, scale(panel.metric, None, expected=1.0, log=False), {})
        assert found.answer is WhereAnswer.CANNOT_SAY
        assert found.reason
        assert not found.places
