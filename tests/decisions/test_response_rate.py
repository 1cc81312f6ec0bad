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


# What each code says of the range of a harm.
CLAIMS = {
    Code.HARMED: lambda low, high, limit: low > limit,
    Code.WORSE: lambda low, high, limit: low > 0,
    Code.SAFE: lambda low, high, limit: high < limit,
    Code.IMPROVED: lambda low, high, limit: high < 0,
}


@given(low=small, width=st.floats(0.001, 0.1), a=st.floats(-0.1, 0), b=st.floats(0, 0.1))
def test_a_rate_that_is_not_sure_to_have_moved_takes_no_more_than_what_it_may_turn(low, width, a, b):
    before, unsure = judged_harm(low, low + width), rate(a, b)
    after = response_rate.judged(before, CSAT, unsure)
    assert (unsure.moved, unsure.missing) == (False, 0.0)
    assert after.unlike is None
    if after.code is before.code:
        assert after == replace(before, response_rate=unsure)
    else:
        assert after.code in {Code.UNDECIDED, Code.WORSE, Code.SAFE}
        assert after.code not in CLAIMS or CLAIMS[after.code](low, low + width, before.limit)
        worst = after.response_rate.bounds
        assert not CLAIMS[before.code](*worst, before.limit) or before.code is Code.IMPROVED
    if before.code is Code.UNDECIDED:
        assert after.code is Code.UNDECIDED


@given(low=st.sampled_from([-0.1, -0.04, 0.001, 0.02, 0.1]), width=st.floats(0.001, 0.03))
def test_a_rate_that_is_known_not_to_have_moved_changes_nothing(low, width):
    before, stable = judged_harm(low, low + width), rate(-1e-12, 1e-12)
    assert response_rate.judged(before, CSAT, stable) == replace(before, response_rate=stable)


def test_better_needs_a_rate_that_cannot_explain_it_and_harm_one_that_hardly_can():
    gain, harmed = judged_harm(-0.14, -0.056, actual=0.89), judged_harm(0.03, 0.06, actual=0.76)
    for before, wide, code in (
        (gain, rate(-0.002, 0.1), Code.UNDECIDED),
        (gain, rate(-0.02, 0.02), Code.IMPROVED),
        (gain, rate(-0.08, 0.08), Code.SAFE),
        (harmed, rate(-0.01, 0.01), Code.HARMED),
        (harmed, rate(-0.04, 0.04), Code.WORSE),
        (harmed, rate(-0.08, 0.08), Code.UNDECIDED),
        (harmed, rate(-0.03, 0.01), Code.WORSE),
    ):
        after = response_rate.judged(before, CSAT, wide)
        assert (after.code, after.unlike) == (code, None)


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
def test_a_verdict_says_what_holds_for_every_figure_between_the_bounds(of, unit, figure, at, width, gone, more):
    before = judged_harm(at, at + width, unit=unit, actual=figure, expected=figure)
    moved = rate(-gone, -gone) if more else rate(gone, gone)
    after = response_rate.judged(before, of, moved)
    low, high = after.response_rate.bounds
    assert low <= before.so_far.low
    assert high >= before.so_far.high
    holding = {code for code, claim in CLAIMS.items() if claim(low, high, before.limit)}
    if after.unlike is Unlike.ANSWERS:
        assert (after.code, holding) == (Code.NOT_COMPARABLE, set())
    elif after.code is Code.UNDECIDED:
        assert (before.code, holding) == (Code.UNDECIDED, set())
    else:
        assert after.code in holding
        assert CLAIMS[after.code](before.so_far.low, before.so_far.high, before.limit)


@given(low=small, width=st.floats(0.001, 0.05), gone=st.floats(0.001, 0.2), more=st.booleans(), apart=st.floats(0, 1))
def test_a_declared_difference_narrows_the_bounds_and_what_holds_up_to_it_is_told(low, width, gone, more, apart):
    before, moved = judged_harm(low, low + width), rate(-gone, -gone) if more else rate(gone, gone)
    worst = response_rate.judged(before, CSAT, moved)
    declared = replace(CSAT, missing_differ=Amount(apart, relative=False, text="declared"))
    after = response_rate.judged(before, declared, moved)
    wide, narrow = worst.response_rate.bounds, after.response_rate.bounds
    assert wide[0] - 1e-12 <= narrow[0] <= before.so_far.low <= before.so_far.high <= narrow[1] <= wide[1] + 1e-12
    to = worst.response_rate.holds_to
    assert (to is None) == (worst.unlike is None or before.code is Code.UNDECIDED)
    if to is not None and abs(apart - to) > 1e-6:
        assert (after.code is before.code) == (apart < to)


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
    found = response_rate.judged(whole, CSAT, rate(0.1, 0.15))
    assert [one.code for one in found.stages] == [Code.NOT_COMPARABLE, Code.WAITING]
    less = response_rate.judged(whole, CSAT, rate(0.05, 0.06))
    assert (less.code, [one.code for one in less.stages]) == (Code.WORSE, [Code.WORSE, Code.WAITING])


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
