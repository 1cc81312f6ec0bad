"""Bounds for answers that came no more: they hold the truth, and turn a verdict only where they could."""

import math
from dataclasses import replace

import pytest
from decision_examples import harm, interval, metric
from hypothesis import assume, given
from hypothesis import strategies as st

from cxmon import decisions
from cxmon.decisions import response_rate
from cxmon.model import Amount, Better, Code, Interval, Kind, StageHarm, Unlike

CSAT = metric()
CES = metric(kind=Kind.MEAN, scale=(1.0, 5.0), matters=Amount(0.1, relative=False, text="0.1"))
EFFORT = metric(
    kind=Kind.MEAN, better=Better.LOWER, scale=(1.0, 7.0), matters=Amount(0.05, relative=True, text="5%")
)  # fmt: skip
KINDS = [(CSAT, "pt", 0.8), (CES, "", 4.1), (EFFORT, "%", 3.2)]
small = st.floats(-0.1, 0.1)


def rate(fewer_low, fewer_high, actual=0.5):
    """A response rate with `fewer_low` to `fewer_high` fewer answers (points 0..1) than expected."""
    expected = actual + (fewer_low + fewer_high) / 2
    found = harm(Code.WORSE, fewer_low, fewer_high, actual=actual, expected=expected)
    return response_rate.rate_of("solved", found)


def judged_harm(low, high, limit=0.015, **more):
    found = interval(low, high)
    return harm(decisions.code_of(found, limit), low, high, limit=limit, **more)


@given(low=small, width=st.floats(0, 0.1), a=st.floats(-0.05, 0), b=st.floats(0, 0.05))
def test_a_stable_rate_never_turns_a_verdict(low, width, a, b):
    before, stable = judged_harm(low, low + width), rate(a, b)
    assert response_rate.judged(before, CSAT, stable) == replace(before, response_rate=stable)
    assert (stable.moved, stable.missing, stable.bounds) == (False, 0.0, None)


@given(
    answers=st.lists(st.integers(1, 5), min_size=2, max_size=40),
    kept=st.data(),
    kind=st.sampled_from(["share", "mean"]),
)
def test_the_truth_lies_between_the_bounds_whoever_stops_or_starts_to_answer(answers, kept, kind):
    if kind == "share":
        answers = [int(x > 2) for x in answers]
    subset = kept.draw(st.lists(st.booleans(), min_size=len(answers), max_size=len(answers)))
    some = [x for x, stays in zip(answers, subset, strict=True) if stays]
    assume(0 < len(some) < len(answers))
    whole, part = (sum(x) / len(x) for x in (answers, some))
    asked, of = 2 * len(answers), CSAT if kind == "share" else CES
    gone = (len(answers) - len(some)) / asked
    fell = rate(gone, gone, actual=len(some) / asked)
    low, high = response_rate.extremes(of, part, fell)
    assert low - 1e-9 <= whole <= high + 1e-9
    rose = rate(-gone, -gone, actual=len(answers) / asked)
    low, high = response_rate.extremes(of, whole, rose)
    assert low - 1e-9 <= part <= high + 1e-9


@given(at=st.floats(-0.2, 0.2), width=st.floats(0.001, 0.1), gone=st.floats(0.001, 0.2), more=st.booleans())
@pytest.mark.parametrize(("of", "unit", "figure"), KINDS)
def test_a_verdict_stands_only_where_every_figure_between_the_bounds_brings_it(of, unit, figure, at, width, gone, more):
    before = judged_harm(at, at + width, unit=unit, actual=figure, expected=figure)
    moved = rate(-gone, -gone) if more else rate(gone, gone)
    after = response_rate.judged(before, of, moved)
    low, high = after.response_rate.bounds
    assert low <= before.so_far.low
    assert high >= before.so_far.high
    shifts = [low - before.so_far.low, high - before.so_far.high]
    between = [shifts[0] + k / 10 * (shifts[1] - shifts[0]) for k in range(11)]
    codes = {decisions.code_of(interval(at + s, at + width + s), before.limit) for s in between}
    assert (after.code is before.code) or (after.code, after.unlike) == (Code.NOT_COMPARABLE, Unlike.ANSWERS)
    if unit != "%":
        # Of logarithms the two ends have other widths than the middle.
        assert (after.unlike is None) == (codes == {before.code})


@given(gone=st.floats(0.001, 0.2), spread=st.floats(0, 0.05), extra=st.floats(0.001, 0.05))
def test_the_missing_share_is_taken_at_the_far_end_and_grows_with_it(gone, spread, extra):
    near, far = rate(gone, gone + spread), rate(gone, gone + spread + extra)
    assert near.missing == pytest.approx((gone + spread) / (0.5 + gone + spread))
    assert 0 < near.missing < far.missing < 1
    assert response_rate.extremes(CSAT, 0.8, far)[0] < response_rate.extremes(CSAT, 0.8, near)[0]


def test_what_is_not_judged_yet_has_its_rate_beside_it_and_no_bounds():
    waits = harm(Code.WAITING)
    assert response_rate.judged(waits, CSAT, rate(0.1, 0.2)).code is Code.WAITING
    unknown = response_rate.rate_of("solved", harm(Code.WAITING, reason="no figures of Solved yet"))
    assert (unknown.moved, unknown.reason) == (False, "no figures of Solved yet")
    over = judged_harm(0.03, 0.05)
    assert response_rate.judged(over, CSAT, unknown).code is Code.HARMED


def test_everybody_who_answers_may_be_an_additional_one():
    assert response_rate.extremes(CSAT, 0.8, rate(-0.6, -0.5)) == (0.0, 1.0)


def test_what_came_late_still_counts_where_the_limit_is_held_on_average():
    late = harm(Code.UNDECIDED, -0.004, 0.006, now=interval(0.002, 0.02))
    stands = response_rate.judged(late, CSAT, rate(0.0005, 0.001, actual=0.6))
    assert (stands.code, stands.response_rate.bounds is not None) == (Code.UNDECIDED, True)


def test_no_stage_of_a_verdict_that_cannot_be_compared_says_more_than_the_whole():
    stage = StageHarm(
        scope="de", starts=harm(Code.SAFE).window_start, code=Code.HARMED, so_far=interval(0.03, 0.05), limit=0.015,
        grade=harm(Code.SAFE).grade, n_post=20, answers=100.0,
    )  # fmt: skip
    whole = judged_harm(0.03, 0.05, stages=(stage, replace(stage, code=Code.WAITING)))
    found = response_rate.judged(whole, CSAT, rate(0.1, 0.12))
    assert [one.code for one in found.stages] == [Code.NOT_COMPARABLE, Code.WAITING]


def test_a_promised_gain_is_shown_only_where_it_would_be_whoever_is_missing():
    gained = judged_harm(-0.05, -0.03, actual=0.85, expected=0.81)
    aim = decisions.aim_result("csat", "pt", 0.02, gained.so_far)
    assert aim.code == "shown"
    for fewer, code in ((0.005, "shown"), (0.1, "not_shown")):
        after = response_rate.judged(gained, CSAT, rate(fewer, fewer))
        assert response_rate.aimed(aim, after, CSAT).code == code
    assert response_rate.aimed(aim, gained, CSAT) == aim
    open_ = replace(aim, gain=Interval(estimate=math.nan, low=math.nan, high=math.nan))
    assert response_rate.aimed(open_, response_rate.judged(gained, CSAT, rate(0.1, 0.1)), CSAT) == open_
