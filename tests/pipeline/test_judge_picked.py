"""A fix that begins where things were worst is not credited for their return to the usual."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from judge_world import World, built, change, csat, day, falls

from cxmon.decisions import shares
from cxmon.decisions.picked import Picked, beyond_before, both, clearly_above, fallen_since, got_worse, persistence
from cxmon.decisions.span import Span
from cxmon.model import EVERYONE, RED, AimCode, Amount, Category, Code, Interval, Scope, Stage
from cxmon.panel import Panel
from cxmon.pipeline.judge import Depth, judge
from cxmon.pipeline.judge_evidence import evidence
from cxmon.pipeline.judge_staged import staged_evidence

CSAT = csat(by=((),))
TWO = {"csat": Amount(0.02, relative=False, text="2pt")}
FIX = change(200, id="fix", title="Desk coached", category=Category.INVESTMENT, aims=TWO, limits={})
CUT = change(100, id="cut")
SHARE = shares(("csat",), {})["csat"]


def dips(size=-0.04, days=21, works=0.0, lasting=False):
    """The phone desk is low in the three weeks before day 200; the fix itself `works`."""

    def move(segment, t):
        low = size if segment.get("channel") == "phone" and (200 - days <= t < 200 or (lasting and t >= 200)) else 0.0
        return low + (works if segment.get("channel") == "phone" and t >= 200 else 0.0)

    return {"csat": move}


def panel(path, moves, days=262, seed=1):
    _, store = built(path, World(moves=moves, days=days, seed=seed), [CSAT], [])
    with store:
        return store.panel(CSAT)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Evidence on a fix in a world, judged at day 260."""

    def judged(moves, fix=FIX, others=(), seed=1):
        leaves = panel(tmp_path_factory.mktemp("picked"), moves, seed=seed)
        return evidence(fix, [fix, *others], leaves, SHARE, now=day(261), opinions=False)

    return judged


def test_a_passing_dip_before_the_fix_is_not_credited_and_the_verdict_says_so(found):
    plain = found(dips(), replace(FIX, aims={}, category=Category.POLICY))
    fix = found(dips())
    assert not any("return to the usual" in note for note in plain.harm.notes)
    assert fix.harm.notes[-1].startswith("its segments had fallen the most of all compared, so a return to the usual")
    assert fix.aim.code is not AimCode.SHOWN
    assert fix.aim.gain.estimate < -plain.harm.so_far.estimate
    assert fix.aim.gain.high - fix.aim.gain.low >= plain.harm.so_far.high - plain.harm.so_far.low


def test_a_fix_that_works_is_credited_with_what_it_does_and_not_with_the_return(found):
    fix = found(dips(works=0.05))
    assert fix.harm.code is Code.IMPROVED
    assert fix.aim.code is AimCode.SHOWN
    assert fix.aim.gain.low < 0.05 < fix.aim.gain.high
    assert fix.aim.gain.estimate == pytest.approx(0.05, abs=0.015)


def test_a_level_that_fell_before_the_fix_is_charged_to_it_no_surer_than_to_any_change(found):
    plain = found(dips(lasting=True), replace(FIX, aims={}, category=Category.POLICY))
    assert found(dips(lasting=True)).harm.so_far.low <= plain.harm.so_far.low


def test_a_fall_that_is_sure_and_lasted_is_taken_for_what_the_fix_answers_though_nobody_declared_it(found):
    def fell(works):
        return lambda s, t: (t >= 160) * -0.06 + (t >= 200) * works if s.get("channel") == "phone" else 0.0

    fix = replace(FIX, responds_to="i1")
    mends, idle = (found({"csat": fell(works)}, fix) for works in (0.06, 0.0))
    for one in (mends, idle):
        assert one.harm.notes[-1].startswith("figures had become worse around ")
        assert "Nov, before it and undeclared, so it is compared with the level since then" in one.harm.notes[-1]
    assert mends.aim.code is AimCode.SHOWN
    assert mends.aim.gain.low < 0.06 < mends.aim.gain.high
    assert idle.harm.code not in RED | {Code.IMPROVED}
    assert idle.harm.so_far.low < 0 < idle.harm.so_far.high


def test_a_fall_counts_as_a_level_once_it_has_lasted_and_only_while_it_lasts():
    rng = np.random.default_rng(3)
    calm, days = rng.standard_normal(300), np.arange(300)

    def on(first, last):
        return np.where((days >= first) & (days < last), 4.0, 0.0)

    assert abs(fallen_since(calm + on(255, 300), 244) - 255) <= 2
    assert fallen_since(calm, 244) is fallen_since(calm - on(255, 300), 244) is None
    # Too short to be a level, over before the fix, and longer ago than what a fix is picked by.
    assert fallen_since(calm + on(285, 300), 244) is None
    assert fallen_since(calm + on(200, 270), 244) is None
    assert fallen_since(calm + on(200, 300), 244) is None


def test_a_fix_of_a_declared_change_is_credited_for_taking_its_harm_back(found):
    fell = falls(-0.05, 100)
    back = {"csat": lambda s, t: fell(s, t) if t < 200 else 0.0}
    fix = found(back, replace(FIX, responds_to="cut"), [CUT])
    assert fix.harm.notes[-1].startswith("it answers what another change was seen to do, so a return")
    assert fix.aim.code is AimCode.SHOWN
    assert fix.aim.gain.low < 0.05 < fix.aim.gain.high
    idle = found({"csat": fell}, replace(FIX, responds_to="cut"), [CUT])
    assert idle.aim.code is not AimCode.SHOWN


def test_what_answers_an_incident_is_always_suspect_and_a_calm_segment_never(found):
    calm = found({}, replace(FIX, scope=Scope.of({"channel": "chat"})), seed=3)
    answer = found({}, replace(FIX, scope=Scope.of({"channel": "chat"}), responds_to="i1", aims={}), seed=3)
    assert answer.harm.notes[-1].startswith("it answers what was seen before it")
    assert len(calm.harm.notes) <= len(answer.harm.notes)
    assert answer.harm.so_far.high >= calm.harm.so_far.high - 1e-12


def alone(level):
    """One segment's figures whose share on day t is `level(t)`, and a stretch of time with a change on day 100."""
    days = np.arange(160)
    n = np.full((1, 160), 400.0)
    share = np.array([level(t) for t in days]) + 0.01 * np.sin(days * 1.7)
    starts = np.array([int(day(int(t)).timestamp()) for t in days], np.int64)
    series = Panel(metric=CSAT, segments=(EVERYONE,), starts=starts, n=n, total=n * share)
    return series, Span(first=0, at=100, until=160, last=160, out=np.zeros(160, bool))


def on(first, last):
    periods = np.zeros(160, bool)
    periods[first:last] = True
    return Picked(periods=periods, why="it answers what was seen before it")


def test_a_fix_is_not_called_worse_for_a_level_that_had_fallen_before_it(found):
    before, span = alone(lambda t: 0.8 if t < 72 else 0.7)
    since, _ = alone(lambda t: 0.8 if t < 100 else 0.7)
    assert not got_worse(before, None, span, on(44, 100))
    assert got_worse(since, None, span, on(44, 100))
    # What fell for everyone alike fell for this one no further.
    assert not got_worse(since, since, span, on(44, 100))
    # Of weeks long before it nothing is known of the time between.
    assert got_worse(before, None, span, on(20, 48))
    assert found(dips(0.0, works=-0.06), replace(FIX, responds_to="i1", aims={})).harm.code is Code.HARMED


def low_then(deep, apart, seed=5):
    """300 figures, larger being worse, the last 28 of which lie `deep` standard errors above the others; and 60 after
    them that lie `apart` standard errors above those 28."""
    rng = np.random.default_rng(seed)
    calm, low, after = (((x := rng.standard_normal(k)) - x.mean()) / x.std(ddof=1) for k in (272, 28, 60))
    low = low + deep * np.sqrt(1 / 28 + 1 / 272)
    return np.concatenate([calm, low]), after + low.mean() + apart * np.sqrt(1 / 28 + 1 / 60)


def test_after_a_fall_that_bad_luck_does_not_explain_more_is_asked_before_a_fix_is_called_worse():
    # The worst of twenty is two standard errors low by luck: what follows needs not be as low without a harm.
    assert beyond_before(*low_then(2.0, 1.5), compared=20)
    assert not beyond_before(*low_then(2.0, 0.5), compared=20)
    # Five are a fall, and that it stays is no harm of the fix; that it goes on is.
    assert not beyond_before(*low_then(5.0, 1.5), compared=20)
    assert beyond_before(*low_then(5.0, 3.0), compared=20)
    # What is a fall of one alone is luck where it is the worst of many.
    assert not beyond_before(*low_then(2.9, 1.5), compared=1)
    assert beyond_before(*low_then(2.9, 1.5), compared=200)
    # A past shorter than three spells cannot tell, and with nothing after it nothing is held back.
    assert beyond_before(np.zeros(10), np.ones(9), compared=5)
    assert beyond_before(np.zeros(300), np.zeros(0), compared=5)


def test_a_fix_in_stages_is_not_credited_for_the_return_either(tmp_path):
    stages = tuple(
        Stage(starts=day(at), scope=Scope.of({"channel": "phone", "region": region}))
        for region, at in (("eu", 200), ("us", 214))
    )
    leaves = panel(tmp_path, dips(-0.05))
    told = {}
    for name, more in (("policy", {"category": Category.POLICY, "aims": {}}), ("fix", {"responds_to": "i1"})):
        fix = replace(FIX, stages=stages, **more)
        told[name] = staged_evidence(fix, list(fix.parts()), leaves, SHARE, now=day(261)).harm
    plain, fix = told["policy"], told["fix"]
    assert fix.notes[-1].startswith("it answers what was seen before it")
    assert fix.so_far.low <= plain.so_far.low <= plain.so_far.high <= fix.so_far.high
    assert fix.so_far.estimate > plain.so_far.estimate
    assert fix.code is not Code.IMPROVED
    assert all(a.so_far.high >= b.so_far.high for a, b in zip(fix.stages, plain.stages, strict=True))


def ar(phi, seed, series=20, days=300):
    rng = np.random.default_rng(seed)
    out = rng.standard_normal((series, days))
    for t in range(1, days):
        out[:, t] = phi * out[:, t - 1] + np.sqrt(max(1 - phi**2, 0.01)) * out[:, t]
    return out


def test_what_passes_within_days_is_told_from_what_stays():
    passing = [persistence(ar(0.5, seed), 56, 60) for seed in range(8)]
    staying = [persistence(ar(1.0, seed), 56, 60) for seed in range(8)]
    assert np.mean(passing) < 0.12
    assert np.mean(staying) > 0.3
    assert all(0 <= x <= 1 for x in passing + staying)
    gone = ar(0.5, 1)
    gone[:, ::9] = np.nan
    assert persistence(gone, 56, 60) < 0.3
    assert persistence(gone[:3], 56, 60) == persistence(gone[:, :160], 56, 60) == 0.0
    assert clearly_above(np.array([1.0, 2.0]), np.array([0.0] * 9))
    assert not clearly_above(np.arange(9.0), np.arange(9.0))


reals = st.floats(-1, 1)


@given(st.tuples(reals, reals, reals), st.tuples(reals, reals, reals), st.floats(0, 1))
def test_what_both_show_is_never_surer_than_either(a, b, lasting):
    one, two = (Interval(low=x[0], estimate=x[1], high=x[2]) for x in (np.sort(a), np.sort(b)))
    joint = both(one, two, lasting=lasting)
    assert min(one.estimate, two.estimate) - 1e-12 <= joint.estimate <= max(one.estimate, two.estimate) + 1e-12
    assert joint.low == min(one.low, two.low) <= joint.estimate + 1e-12
    assert joint.estimate - 1e-12 <= max(one.high, two.high) == joint.high


def test_a_decision_judged_together_with_its_fix_says_how_the_fix_stands(tmp_path):
    fix = replace(FIX, responds_to="cut")
    moves = {"csat": falls(-0.1, begins=100)}
    plan, store = built(tmp_path, World(moves=moves, days=262), [CSAT], [CUT, fix])
    with store:
        verdicts = judge(plan, store, now=day(240), depth=Depth.TOLD)
        assert [v.change for v in verdicts] == ["cut", "fix"]
        told = [fact.text for row in store.outbox.rows() for fact in row.message.facts if fact.label == "Fix"]
    [stands] = [text for text in told if text.startswith("Answered by Desk coached, since ")]
    assert not stands.endswith("not judged yet")
