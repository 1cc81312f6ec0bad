"""Investments and programmes are told by their aims, wherever no limit is exceeded."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from word_examples import CSAT, harm

from cxmon import decisions, wording
from cxmon.decisions.news import CALM
from cxmon.model import AimCode, Category, Change, Code, Interval, Tone

NOW = datetime(2026, 9, 14, tzinfo=UTC)
COACHING = Change(
    id="coaching", title="Coaching for chat", category=Category.INVESTMENT, starts=NOW, owner="CX", aims={}
)
METRICS = {CSAT.id: CSAT}


def judged(low, estimate, high, promised=0.02, category=Category.INVESTMENT, code=None, history=()):
    """A verdict whose harm on CSAT is low..high; the gain is its mirror image."""
    so_far = Interval(estimate=estimate, low=low, high=high)
    one = harm(so_far=so_far, now=so_far, limit=0.015, code=code or decisions.code_of(so_far, 0.015))
    aim = decisions.aim_result(CSAT.id, "pt", promised, so_far)
    change = replace(COACHING, category=category)
    return decisions.judge(change, [one], now=NOW, aims=[aim], history=history)


def test_no_gain_shown_says_what_is_ruled_out_and_the_limit_is_guarded_all_the_same():
    verdict = judged(-0.031, -0.004, 0.012)
    assert verdict.code is Code.SAFE
    headline = wording.headline(verdict, COACHING, METRICS)
    assert headline == (
        "Coaching for chat: no gain shown for CSAT, more than 3 points is ruled out (2 points promised)"
    )
    assert wording.screen(verdict)[:2] == ("No gain shown", Tone.GREY)
    assert wording.sentence(verdict, COACHING, METRICS).startswith("No gain shown for CSAT, more than 3 points")
    cut = judged(-0.031, -0.004, 0.012, category=Category.COST_CUT)
    assert wording.screen(cut)[0].startswith("Limit held so far")
    over = judged(0.02, 0.03, 0.04)
    assert wording.screen(over)[0] == "Over the limit"
    assert wording.headline(over, COACHING, METRICS) == "CSAT fell more than the limit of 1.5 points"


@pytest.mark.parametrize(
    ("low", "estimate", "high", "says", "badge", "tone"),
    [
        (-0.034, -0.023, -0.012, "CSAT better by at least 1.2 points, promised 2 points", "Gain shown", Tone.TEAL),
        (-0.014, -0.009, -0.004, "CSAT better by 0.4 to 1.4 points, less than the 2 points promised",
         "Gain smaller than promised", Tone.AMBER),
        (-0.014, -0.002, 0.012, "no gain shown for CSAT, more than 1.4 points is ruled out (2 points promised)",
         "Aim missed", Tone.AMBER),
    ],
)  # fmt: skip
def test_shown_smaller_and_missed_each_have_their_words(low, estimate, high, says, badge, tone):
    verdict = judged(low, estimate, high)
    assert wording.headline(verdict, COACHING, METRICS) == f"Coaching for chat: {says}"
    assert wording.screen(verdict)[:2] == (badge, tone)


def test_a_gain_beside_an_open_limit_is_not_shown_as_fine():
    verdict = replace(judged(-0.034, -0.023, -0.012), code=Code.UNDECIDED)
    assert wording.screen(verdict)[:2] == ("Gain shown, a limit still open", Tone.GREY)


def test_what_is_told_are_aims_shown_or_missed_and_what_takes_them_back():
    calm, shown, over = judged(-0.031, -0.004, 0.012), judged(-0.034, -0.023, -0.012), judged(0.02, 0.03, 0.04)
    assert not decisions.telling(None, calm).told
    assert decisions.telling(None, shown).told
    assert decisions.telling(calm, shown).reason == "turned from not_shown to shown"
    assert not decisions.telling(shown, shown).told
    back = decisions.telling(shown, calm)
    assert (back.told, back.correction) == (True, True)
    assert decisions.telling(shown, over).told
    ended = decisions.telling(over, calm)
    assert (ended.told, ended.correction) == (True, False)


@given(st.sampled_from(list(Code)), st.sampled_from(list(AimCode)))
def test_aims_decide_only_where_no_limit_is_exceeded(code, aim):
    verdict = judged(-0.031, -0.004, 0.012)
    verdict = replace(verdict, code=code, aims=tuple(replace(a, code=aim) for a in verdict.aims))
    decided = decisions.aims_answer_of(verdict)
    assert decided == (aim if code in CALM else None)
