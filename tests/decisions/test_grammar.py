"""The grammar of verdicts, at each of its boundaries and as laws."""

import math
from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
from decision_examples import NOW, START, change, duration, harm, interval, metric, verdict
from hypothesis import given
from hypothesis import strategies as st

from cxmon import decisions
from cxmon.model import GRAVITY, AimCode, AimResult, Amount, Better, Category, Code, Grade, Grain, Interval, Kind

LIMIT = 0.015
TINY = 1e-9

numbers = st.floats(-1, 1, allow_nan=False)
intervals = st.tuples(numbers, numbers).map(lambda pair: interval(min(pair), max(pair)))
limits = st.floats(1e-6, 1, allow_nan=False)
codes = st.sampled_from(Code)


@pytest.mark.parametrize(
    ("low", "high", "code"),
    [
        (LIMIT + TINY, 0.03, Code.HARMED),
        (LIMIT, 0.03, Code.WORSE),
        (TINY, LIMIT - TINY, Code.WORSE),
        (TINY, 0.03, Code.WORSE),
        (0.0, LIMIT - TINY, Code.SAFE),
        (0.0, LIMIT, Code.UNDECIDED),
        (-0.02, LIMIT - TINY, Code.SAFE),
        (-0.02, LIMIT, Code.UNDECIDED),
        (-0.02, 0.0, Code.SAFE),
        (-0.02, -TINY, Code.IMPROVED),
        (-0.02, 0.03, Code.UNDECIDED),
        (math.nan, math.nan, Code.WAITING),
    ],
)
def test_each_boundary_belongs_to_one_code(low, high, code):
    assert decisions.code_of(Interval(estimate=0.0, low=low, high=high), LIMIT) is code


def test_without_a_limit_in_its_unit_a_metric_waits():
    assert decisions.code_of(interval(0.02, 0.03), math.nan) is Code.WAITING


@given(intervals, limits)
def test_an_interval_entirely_above_the_limit_is_harmed_and_nothing_else_is(found, limit):
    assert (decisions.code_of(found, limit) is Code.HARMED) == (found.low > limit)


@given(intervals, limits)
def test_held_and_better_always_rule_out_a_harm_above_the_limit(found, limit):
    if decisions.code_of(found, limit) in {Code.SAFE, Code.IMPROVED}:
        assert found.high < limit


@given(intervals, intervals, limits)
def test_the_last_periods_hold_back_what_is_held_and_nothing_else(found, now, limit):
    alone, both = decisions.code_of(found, limit), decisions.code_of(found, limit, now)
    held_back = alone is Code.SAFE and now.low > 0
    assert both is (Code.UNDECIDED if held_back else alone)


@given(intervals, limits)
def test_red_and_amber_need_certainty(found, limit):
    if decisions.code_of(found, limit) in {Code.HARMED, Code.WORSE}:
        assert found.low > 0


@given(st.lists(codes, min_size=1))
def test_the_gravest_code_wins_in_any_order(listed):
    assert decisions.gravest(listed) is min(listed, key=GRAVITY.index) is decisions.gravest(reversed(listed))


@given(st.lists(codes, min_size=1))
def test_held_is_never_said_while_one_watched_metric_is_open(listed):
    still_open = {Code.UNDECIDED, Code.WAITING, Code.ENTANGLED, Code.NOT_COMPARABLE}
    if decisions.gravest(listed) in {Code.SAFE, Code.IMPROVED}:
        assert not still_open & set(listed)


def test_no_metric_at_all_means_waiting():
    assert decisions.gravest([]) is Code.WAITING


def test_the_order_of_the_metrics_does_not_matter():
    harms = [
        harm(Code.SAFE, -0.01, 0.01, metric="a"),
        harm(Code.WORSE, 0.001, 0.03, metric="b", grade=Grade.BEFORE_AFTER),
        harm(Code.WORSE, 0.001, 0.02, metric="c"),
    ]
    judged = {decisions.judge(change(), order, now=NOW) for order in permutations(harms)}
    assert len(judged) == 1
    assert judged.pop().code is Code.WORSE


def test_the_grade_is_the_weakest_among_the_metrics_that_carry_the_code():
    weak = harm(Code.HARMED, 0.02, 0.03, metric="a", grade=Grade.BEFORE_AFTER)
    strong = harm(Code.HARMED, 0.02, 0.03, metric="b")
    elsewhere = harm(Code.SAFE, -0.01, 0.01, metric="c", grade=Grade.BEFORE_AFTER)
    assert decisions.judge(change(), [weak, strong], now=NOW).grade is Grade.BEFORE_AFTER
    assert decisions.judge(change(), [strong, elsewhere], now=NOW).grade is Grade.CONTROLLED
    assert decisions.judge(change(), [], now=NOW).grade is Grade.BEFORE_AFTER


def test_a_measurement_change_judges_nothing():
    moved = change(category=Category.MEASUREMENT)
    assert decisions.judge(moved, [harm(Code.HARMED, 0.02, 0.03)], now=NOW).code is Code.NOT_COMPARABLE


def test_the_day_is_that_of_the_longest_window():
    short = harm(Code.SAFE, -0.01, 0.01, metric="a", window_end=START + timedelta(days=63))
    assert decisions.judge(change(), [short, harm(Code.SAFE, -0.01, 0.01)], now=NOW).day == 68
    assert decisions.judge(change(), [harm(Code.WAITING, window_start=None, window_end=None)], now=NOW).day == 0


def test_versions_grow_with_news_only():
    first = decisions.judge(change(), [harm(Code.UNDECIDED, -0.01, 0.02)], now=NOW)
    same = decisions.judge(change(), [harm(Code.UNDECIDED, -0.009, 0.02)], now=NOW, history=[first])
    turned = decisions.judge(change(), [harm(Code.WORSE, 0.001, 0.02)], now=NOW, history=[first, same])
    assert (first.version, same.version, turned.version) == (1, 1, 2)


@pytest.mark.parametrize(
    ("gain_low", "gain_high", "code"),
    [
        (0.01, 0.06, AimCode.SHOWN),
        (0.01, 0.05, AimCode.SHOWN),
        (0.01, 0.049, AimCode.MISSED),
        (0.0, 0.06, AimCode.NOT_SHOWN),
        (-0.01, 0.06, AimCode.NOT_SHOWN),
        (-0.03, -0.01, AimCode.MISSED),
        (math.nan, math.nan, AimCode.NOT_SHOWN),
    ],
)
def test_aims_are_shown_missed_or_not_shown(gain_low, gain_high, code):
    promised = 0.05
    harmed = Interval(estimate=-(gain_low + gain_high) / 2, low=-gain_high, high=-gain_low)
    result = decisions.aim_result("csat", "pt", promised, harmed)
    assert result.code is code
    assert (result.gain.low, result.gain.high) == pytest.approx((gain_low, gain_high), nan_ok=True)


def scaled(m, amount, effect, *, expected, log=False):
    found = decisions.scale(m, amount, expected=expected, log=log)
    return found, found.harm(effect)


def test_a_fall_of_a_share_is_harm_in_points():
    scale, found = scaled(metric(), None, interval(-0.03, -0.01), expected=0.85)
    assert (scale.unit, scale.limit) == ("pt", 0.01)
    assert (found.low, found.high) == pytest.approx((0.01, 0.03))


def test_a_longer_duration_is_harm_in_percent_of_what_was_expected():
    scale, found = scaled(duration(), None, interval(math.log(1.05), math.log(1.25)), expected=20.0, log=True)
    assert (scale.unit, scale.limit) == ("%", 0.1)
    assert (found.low, found.high) == pytest.approx((0.05, 0.25))


def test_minutes_accepted_on_a_duration_become_a_share_of_the_expectation():
    scale, _ = scaled(duration(), Amount(5.0, relative=False, text="5min"), interval(0, 0.1), expected=20.0, log=True)
    assert (scale.unit, scale.limit) == ("%", 0.25)


def test_a_longer_time_that_is_better_turns_the_logarithm_around():
    longer_is_better = duration(better=Better.HIGHER)
    _, found = scaled(longer_is_better, None, interval(math.log(0.8), math.log(0.9)), expected=20.0, log=True)
    assert (found.low, found.high) == pytest.approx((0.1, 0.2))


def test_a_relative_limit_on_a_share_is_judged_in_percent():
    scale, found = scaled(metric(), Amount(0.1, relative=True, text="10%"), interval(-0.08, -0.04), expected=0.8)
    assert (scale.unit, scale.limit) == ("%", 0.1)
    assert (found.low, found.high) == pytest.approx((0.05, 0.1))


def test_a_mean_is_judged_in_its_own_unit():
    cost = metric(kind=Kind.MEAN, better=Better.LOWER, unit="EUR", matters=Amount(2.0, relative=False, text="2"))
    scale, found = scaled(cost, None, interval(-1, 3), expected=40.0)
    assert (scale.unit, scale.limit, found.low, found.high) == ("EUR", 2.0, -1.0, 3.0)


def test_a_limit_of_nothing_is_refused():
    with pytest.raises(ValueError, match="expected a size above zero"):
        decisions.scale(metric(), Amount(0.0, relative=False, text="0pt"), expected=0.8, log=False)


@given(intervals, st.sampled_from(Better), st.booleans())
def test_harms_keep_their_order_and_nothing_remains_nothing(effect, better, log):
    scale = decisions.scale(metric(better=better), None, expected=0.8, log=log)
    found = scale.harm(effect)
    assert found.low <= found.estimate <= found.high
    assert scale.harm(interval(0, 0)) == interval(0, 0)


@given(st.floats(0.1, 100), st.floats(-0.5, 0.5), st.booleans())
def test_value_expectation_and_gap_add_up(actual, effect, log):
    expected = decisions.expected_from(actual, effect, log=log)
    assert (math.log(actual / expected) if log else actual - expected) == pytest.approx(effect, abs=1e-9)


weights = st.dictionaries(st.sampled_from("abcdef"), st.floats(0.1, 10))


@given(st.lists(st.sampled_from("abcdef"), min_size=1, unique=True), weights)
def test_shares_of_the_error_sum_to_five_percent(listed, given_weights):
    found = decisions.shares(listed, given_weights)
    assert math.fsum(s.so_far + s.now for s in found.values()) == pytest.approx(0.05, rel=1e-12)
    assert all(0.9 <= s.confidence < s.confidence_now < 1 for s in found.values())


def test_one_metric_alone_is_read_at_92_percent_two_sided_and_a_double_weight_gets_a_double_share():
    assert decisions.shares(["csat"], {})["csat"].confidence == pytest.approx(0.92)
    found = decisions.shares(["csat", "churn"], {"csat": 2})
    assert found["csat"].so_far == pytest.approx(2 * found["churn"].so_far)


def test_a_weight_of_nothing_is_refused():
    with pytest.raises(ValueError, match="weights: csat: found 0"):
        decisions.shares(["csat"], {"csat": 0})


def test_an_answer_is_due_when_the_interval_is_projected_to_decide():
    # Half width 2 points at 10 days around 0.75: it must shrink to 0.75, so (2 / 0.75)^2 times as long.
    assert decisions.periods_needed(interval(-0.0125, 0.0275), LIMIT, 10) == pytest.approx(10 * (2 / 0.75) ** 2)
    early = harm(Code.UNDECIDED, -0.0125, 0.0275, n_post=10)
    assert decisions.due_date(early, metric(), START) == (START + timedelta(days=72)).date()


@given(intervals, limits, st.integers(1, 400))
def test_an_answer_is_never_due_before_the_periods_it_rests_on(found, limit, n_post):
    assert decisions.periods_needed(found, limit, n_post) >= n_post


def test_waiting_for_maturity_is_part_of_the_wait_and_weeks_count_as_weeks():
    early = harm(Code.UNDECIDED, -0.0125, 0.0275, n_post=10)
    later = decisions.due_date(early, metric(matures_after=timedelta(days=8)), START)
    assert later == (START + timedelta(days=80)).date()
    assert decisions.due_date(early, metric(grain=Grain.WEEK), START) is None


def test_no_answer_is_promised_that_is_more_than_a_year_away():
    assert decisions.due_date(harm(Code.UNDECIDED, -0.5, 0.5), metric(), NOW) is None
    assert decisions.due_date(harm(Code.WAITING, window_start=None), metric(), NOW) is None
    assert decisions.due_date(harm(Code.WAITING), metric(), NOW) is None


def test_the_same_again_is_no_news_and_each_turn_has_its_reason():
    before = verdict(harm(Code.UNDECIDED, -0.01, 0.02))
    assert decisions.is_news(None, before) == "first verdict"
    assert not decisions.is_news(before, verdict(harm(Code.UNDECIDED, -0.008, 0.018)))
    assert decisions.is_news(before, verdict(harm(Code.SAFE, -0.01, 0.01))) == "turned from undecided to safe"
    moved = verdict(harm(Code.UNDECIDED, 0.0, 0.06))
    assert decisions.is_news(before, moved) == "csat left the range that was told"
    weaker = verdict(harm(Code.UNDECIDED, -0.01, 0.02, grade=Grade.BEFORE_AFTER))
    assert decisions.is_news(before, weaker) == "evidence changed from controlled to before_after"
    more = verdict(harm(Code.UNDECIDED, -0.01, 0.02), harm(Code.SAFE, -0.01, 0.01, metric="churn"))
    assert decisions.is_news(before, more) == "churn is watched now"
    assert decisions.is_news(more, before) == "churn is no longer watched"


def test_only_verdicts_that_need_telling_are_told_once_and_taken_back_visibly():
    said = [Code.WAITING, Code.UNDECIDED, Code.WORSE, Code.WORSE, Code.HARMED, Code.UNDECIDED, Code.SAFE]
    verdicts = [verdict(harm(code, 0.001, 0.02)) for code in said]
    told = [decisions.telling(decisions.last_told(verdicts[:i]), v) for i, v in enumerate(verdicts)]
    assert [t.told for t in told] == [False, False, True, False, True, True, False]
    assert [t.correction for t in told] == [False, False, False, False, False, True, False]


def test_a_harm_that_comes_to_be_within_the_limit_is_an_end_and_no_correction():
    over, held = verdict(harm(Code.HARMED, 0.02, 0.03)), verdict(harm(Code.SAFE, -0.01, 0.01))
    better = verdict(harm(Code.IMPROVED, -0.03, -0.02))
    assert decisions.telling(over, held) == decisions.Telling(told=True, reason="turned from harmed to safe")
    assert decisions.telling(better, held).correction


@pytest.mark.parametrize(
    ("said", "quiet"),
    [
        ([Code.WORSE, Code.HARMED], [False, False]),
        ([Code.HARMED, Code.WORSE, Code.HARMED, Code.WORSE], [False, True, True, True]),
        ([Code.HARMED, Code.SAFE, Code.HARMED], [False, False, False]),
        ([Code.HARMED, Code.UNDECIDED, Code.WORSE], [False, False, False]),
    ],
)
def test_a_verdict_that_swings_about_its_limit_calls_nobody_twice(said, quiet):
    verdicts = [verdict(harm(code, 0.02, 0.03), as_of=NOW + i * timedelta(days=2)) for i, code in enumerate(said)]
    assert [decisions.swings(verdicts[:i], v) for i, v in enumerate(verdicts)] == quiet


@pytest.mark.parametrize(
    ("said", "quiet"),
    [
        ([AimCode.NOT_SHOWN, AimCode.MISSED], [False, False]),
        ([AimCode.MISSED, AimCode.NOT_SHOWN, AimCode.MISSED], [False, True, True]),
        ([AimCode.MISSED, AimCode.SHOWN, AimCode.MISSED], [False, False, False]),
    ],
)
def test_an_aim_that_swings_about_what_was_promised_calls_nobody_twice(said, quiet):
    def aimed(code, as_of):
        aim = AimResult(metric="csat", code=code, unit="pt", promised=0.03, gain=interval(-0.01, 0.03))
        return verdict(harm(Code.SAFE, -0.02, 0.01), aims=(aim,), on_aims=True, as_of=as_of)

    verdicts = [aimed(code, as_of=NOW + i * timedelta(days=4)) for i, code in enumerate(said)]
    assert [decisions.answer_of(v) for v in verdicts] == said
    assert [decisions.swings(verdicts[:i], v) for i, v in enumerate(verdicts)] == quiet
    assert not decisions.swings(verdicts[:1], aimed(AimCode.MISSED, as_of=NOW + timedelta(days=36)))


def test_a_second_metric_over_its_limit_is_told_once_and_aloud():
    one, other = harm(Code.HARMED, 0.02, 0.03), harm(Code.HARMED, 0.02, 0.03, metric="churn")
    swung = replace(other, code=Code.WORSE)
    said = [(one, swung), (one, other), (one, swung), (one, other)]
    verdicts = [verdict(*harms, as_of=NOW + i * timedelta(days=2)) for i, harms in enumerate(said)]
    told = [decisions.telling(decisions.last_told(verdicts[:i]), v) for i, v in enumerate(verdicts)]
    assert [t.told for t in told] == [True, True, False, False]
    assert told[1].reason == "over its limit, too: churn"
    assert not decisions.swings(verdicts[:1], verdicts[1])


def test_a_harm_that_comes_back_over_the_limit_after_five_weeks_is_told_again():
    days = [(Code.HARMED, 0), (Code.WORSE, 1), (Code.HARMED, 36)]
    verdicts = [verdict(harm(code, 0.02, 0.03), as_of=NOW + timedelta(days=day)) for code, day in days]
    assert not decisions.swings(verdicts[:2], verdicts[2])
