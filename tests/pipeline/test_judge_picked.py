"""A fix that begins where things were worst is not credited for their return to the usual."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from judge_world import World, built, change, csat, day, falls

from cxmon.decisions import shares
from cxmon.decisions.picked import both
from cxmon.model import AimCode, Amount, Category, Code, Interval, Scope
from cxmon.pipeline.judge_evidence import evidence

CSAT = csat(by=((),))
TWO = {"csat": Amount(0.02, relative=False, text="2pt")}
FIX = change(200, id="fix", title="Desk coached", category=Category.INVESTMENT, aims=TWO, limits={})
CUT = change(100, id="cut")


def dips(size=-0.04, days=21, works=0.0, lasting=False):
    """The phone desk is low in the three weeks before day 200; the fix itself `works`."""

    def move(segment, t):
        low = size if segment.get("channel") == "phone" and (200 - days <= t < 200 or (lasting and t >= 200)) else 0.0
        return low + (works if segment.get("channel") == "phone" and t >= 200 else 0.0)

    return {"csat": move}


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Evidence on a fix in a world, judged at day 260."""

    def judged(moves, fix=FIX, others=(), seed=1):
        path = tmp_path_factory.mktemp("picked")
        _, store = built(path, World(moves=moves, days=262, seed=seed), [CSAT], [])
        with store:
            leaves = store.panel(CSAT)
        share = shares(("csat",), {})["csat"]
        return evidence(fix, [fix, *others], leaves, share, now=day(261), opinions=False)

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


reals = st.floats(-1, 1)


@given(st.lists(reals, min_size=3, max_size=3), st.lists(reals, min_size=3, max_size=3))
def test_what_both_show_is_never_surer_than_either(a, b):
    one, two = (Interval(low=x[0], estimate=x[1], high=x[2]) for x in (np.sort(a), np.sort(b)))
    joint = both(one, two)
    assert joint.low <= min(one.low, two.low) <= joint.estimate <= max(one.high, two.high) <= joint.high
