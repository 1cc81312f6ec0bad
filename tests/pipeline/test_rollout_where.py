"""Places in a roll-out: what hits everybody on some days is no stage's harm, and the order says nothing."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from judge_world import change, csat, day, first_reply

from cxmon import sketch
from cxmon.decisions import Share
from cxmon.model import Amount, Better, Kind, Scope, Segment, Stage, WhereAnswer
from cxmon.panel import Panel
from cxmon.pipeline.judge_staged import staged_evidence

STARTS = {"de": 100, "fr": 112, "uk": 131}
DAYS = 165
NOW = day(DAYS) + timedelta(days=3)
SHARE = Share(so_far=0.04, now=0.01)
TOUCHED = tuple(Segment.of(channel=c, region=r) for c in ("phone", "chat") for r in STARTS)
UNTOUCHED = tuple(Segment.of(channel=c, region=r) for c in ("phone", "chat") for r in ("us", "es"))


def rollout(order=tuple(STARTS)):
    stages = tuple(Stage(starts=day(STARTS[r]), scope=Scope.of({"region": r})) for r in order)
    return change(100, scope=Scope.of({"region": list(STARTS)}), stages=stages)


def panel(harm, shock=0.0, cells=TOUCHED + UNTOUCHED, seed=4):
    """`shock` hits everybody for ten days, at another age of each stage."""
    rng, days = np.random.default_rng(seed), np.arange(DAYS)
    begins = np.array([STARTS.get(s.get("region"), 10**6) for s in cells])
    fall = np.array([harm(s) for s in cells])[:, None] * (days >= begins[:, None])
    share = 0.8 + 0.02 * np.sin(days / 7) - shock * ((days >= 135) & (days < 145)) - fall
    n = rng.poisson(250, share.shape).astype(float)
    starts = np.array([int(day(int(t)).timestamp()) for t in days])
    total = rng.binomial(n.astype(int), share).astype(float)
    return Panel(metric=csat(), segments=cells, starts=starts, n=n, total=total)


def where(leaves, told=None):
    told = told or rollout()
    return staged_evidence(told, told.parts(), leaves, SHARE, now=NOW).where


def named(found):
    return [p.segment.label for p in found.named]


@pytest.mark.parametrize("cells", [TOUCHED + UNTOUCHED, TOUCHED])
def test_what_hits_everybody_on_some_days_is_no_place(cells):
    """Set back by their starts without taking it off, the stages would differ by it."""
    found = where(panel(lambda _: 0.06, shock=0.15, cells=cells))
    assert (named(found), found.answer) == ([], WhereAnswer.EVERYWHERE_ALIKE)
    regions = [p for p in found.places if p.segment.dimensions == ("region",)]
    assert all(p.low < 0.06 < p.high for p in found.places)
    assert len(regions) == (3 if cells != TOUCHED else 2)


def test_a_stage_that_fares_worse_at_the_same_age_is_named():
    found = where(panel(lambda s: 0.12 if s.get("region") == "fr" else 0.04, shock=0.1))
    assert named(found) == ["fr"]
    assert found.named[0].low < 0.12 < found.named[0].high


def test_the_order_of_the_declared_stages_says_nothing():
    leaves = panel(lambda s: 0.12 if s.get("channel") == "phone" else 0.04)
    one, other = where(leaves), where(leaves, rollout(("uk", "de", "fr")))
    assert named(one) == named(other) == ["phone"]
    assert [p.harm for p in one.places] == pytest.approx([p.harm for p in other.places], abs=1e-9)


def test_a_brief_look_finds_no_place_and_knows_when_each_stage_was_judged():
    leaves = panel(lambda _: 0.06)
    told = rollout()
    brief = staged_evidence(told, told.parts(), leaves, SHARE, now=NOW, brief=True)
    assert (brief.where, brief.band) == (None, None)
    assert [w.stage for w in brief.windows] == [0, 1, 2]


@pytest.mark.parametrize("place", [None, "phone"])
def test_a_level_has_its_place_by_the_age_of_each_stage(place):
    """Contacts a day: everybody's rise of a tenth for ten days is no place, nor is which stage began first."""
    fall = panel(lambda s: 0.25 if place in {None, s.get("channel")} else 0.0, shock=-0.08)
    contacts = csat(
        id="contacts", label="Contacts", kind=Kind.LEVEL, better=Better.HIGHER, unit="contacts",
        matters=Amount(0.05, relative=True, text="5%"),
    )  # fmt: skip
    leaves = replace(fall, metric=contacts, n=np.ones_like(fall.n), total=fall.total)
    told = replace(rollout(), limits={"contacts": Amount(0.05, relative=True, text="5%")})
    found = where(leaves, told)
    assert (named(found), found.unit) == ([place] if place else [], "%")
    if place is None:
        assert found.answer is WhereAnswer.EVERYWHERE_ALIKE
        assert all(p.low < 0.25 / 0.8 < p.high for p in found.places)
    assert where(leaves.select(TOUCHED), told) is None


def test_waiting_times_that_rise_because_the_quick_contacts_left_are_no_harm_of_any_place():
    """From each stage on two thirds of the chats stay away: nobody waits longer, and the median does."""
    rng, cells, days = np.random.default_rng(6), TOUCHED + UNTOUCHED, np.arange(DAYS)
    begins = np.array([STARTS.get(s.get("region"), 10**6) for s in cells])[:, None]
    quick = np.array([s.get("channel") == "chat" for s in cells])[:, None]
    n = rng.poisson(np.where(quick & (days >= begins), 15, 45) * np.ones((1, DAYS)))
    counts = np.zeros((*n.shape, 1 + int(sketch.buckets(2000.0) - sketch.buckets(0.05))))
    for s, t in np.ndindex(n.shape):
        times = np.clip(rng.lognormal(1.2 if quick[s, 0] else 2.5, 0.8, n[s, t]), 0.05, 2000.0)
        np.add.at(counts[s, t], sketch.buckets(times) - int(sketch.buckets(0.05)), 1.0)
    leaves = Panel(
        metric=first_reply(quantiles=(0.5,)), segments=cells, n=n.astype(float), total=n.astype(float), counts=counts,
        bucket0=int(sketch.buckets(0.05)), starts=np.array([int(day(int(t)).timestamp()) for t in days]),
    )  # fmt: skip
    tenth = Amount(0.1, relative=True, text="10%")
    found = where(leaves, replace(rollout(), limits={"first_reply": tenth}))
    assert found.mixed > 0.2
    assert (named(found), found.answer) == ([], WhereAnswer.CANNOT_SAY)
    assert all(p.low < 0 < p.high for p in found.places)
