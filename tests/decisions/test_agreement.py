"""What counts as a contradiction, and what it does to the grade."""

import math

import pytest
from decision_examples import NOW, change, harm, interval
from hypothesis import given
from hypothesis import strategies as st

from cxmon import decisions
from cxmon.model import Agreement, Code, Grade, Interval, Method, Opinion

LIMIT = 0.015
numbers = st.floats(-1, 1, allow_nan=False)
intervals = st.tuples(numbers, numbers).map(lambda pair: interval(min(pair), max(pair)))


def opinion(agreement: Agreement) -> Opinion:
    return Opinion(method=Method.BLOCKS, found=interval(0, 1), agreement=agreement)


@pytest.mark.parametrize(
    ("ours", "other", "found"),
    [
        (interval(0.02, 0.04), interval(-0.04, -0.01), Agreement.OPPOSITE),
        (interval(-0.04, -0.01), interval(0.02, 0.04), Agreement.OPPOSITE),
        (interval(0.02, 0.04), interval(0.001, 0.014), Agreement.ACROSS_LIMIT),
        (interval(-0.02, 0.014), interval(0.02, 0.04), Agreement.ACROSS_LIMIT),
        (interval(0.001, 0.004), interval(0.005, 0.04), Agreement.APART),
        (interval(0.001, 0.040), interval(-0.01, 0.01), Agreement.EXCLUDED),
        (interval(-0.01, 0.01), interval(0.001, 0.040), Agreement.EXCLUDED),
        (interval(-0.04, -0.001), interval(-0.01, 0.01), Agreement.EXCLUDED),
        # Wider, unsure, or of another size, and still no contradiction.
        (interval(0.02, 0.04), interval(-0.10, 0.14), Agreement.AGREES),
        (interval(0.02, 0.04), interval(-0.04, 0.035), Agreement.AGREES),
        (interval(0.001, 0.040), interval(-0.009, 0.01), Agreement.AGREES),
        (interval(-0.01, 0.03), interval(0.001, 0.02), Agreement.AGREES),
        (interval(math.nan, math.nan), interval(0.02, 0.04), Agreement.UNKNOWN),
        (interval(0.02, 0.04), interval(math.nan, math.nan), Agreement.UNKNOWN),
    ],
)
def test_each_contradiction_has_its_name(ours, other, found):
    assert decisions.agreement(ours, other, LIMIT) is found


@given(intervals, intervals)
def test_the_two_sides_and_the_two_directions_are_treated_alike(one, two):
    def turned(x):
        return Interval(estimate=-x.estimate, low=-x.high, high=-x.low)

    found = decisions.agreement(one, two, math.nan)
    assert decisions.agreement(two, one, math.nan) is found
    assert decisions.agreement(turned(one), turned(two), math.nan) is found


@given(intervals)
def test_nobody_contradicts_himself(found):
    assert decisions.agreement(found, found, LIMIT) is Agreement.AGREES


@given(intervals, intervals, st.floats(0, 1))
def test_being_less_sure_never_makes_a_contradiction(ours, other, more):
    wider = Interval(estimate=other.estimate, low=other.low - more, high=other.high + more)
    if decisions.agreement(ours, other, LIMIT) is Agreement.AGREES:
        assert decisions.agreement(ours, wider, LIMIT) is Agreement.AGREES


@pytest.mark.parametrize("why", sorted(set(Agreement) - {Agreement.AGREES, Agreement.UNKNOWN}))
def test_a_contradiction_lowers_the_grade_by_one_step_and_no_further(why):
    both = [opinion(why), opinion(why)]
    assert decisions.lowered(Grade.CONTROLLED, both) is Grade.BEFORE_AFTER
    assert decisions.lowered(Grade.BEFORE_AFTER, [opinion(Agreement.AGREES), opinion(why)]) is Grade.DISPUTED
    assert decisions.lowered(Grade.DISPUTED, both) is Grade.DISPUTED


@given(st.sampled_from(Grade), st.lists(st.sampled_from([Agreement.AGREES, Agreement.UNKNOWN])))
def test_agreement_and_silence_leave_the_grade(grade, said):
    assert decisions.lowered(grade, [opinion(x) for x in said]) is grade


def test_a_disputed_metric_makes_the_verdict_disputed_where_it_carries_the_code():
    disputed = harm(Code.HARMED, 0.02, 0.03, metric="a", grade=Grade.DISPUTED)
    plain = harm(Code.HARMED, 0.02, 0.03, metric="b", grade=Grade.BEFORE_AFTER)
    assert decisions.judge(change(), [disputed, plain], now=NOW).grade is Grade.DISPUTED
    held = harm(Code.SAFE, -0.01, 0.01, metric="c", grade=Grade.DISPUTED)
    assert decisions.judge(change(), [plain, held], now=NOW).grade is Grade.BEFORE_AFTER
