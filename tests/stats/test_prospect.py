"""Laws of the planner's numbers: more answers are never later, a larger limit is never later, units change nothing."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxmon.stats import effects, prospect

seeds = st.integers(0, 10_000)
few = settings(max_examples=4, deadline=None)
AT, HORIZON = 90, 60


def desk(seed, *, n=150.0, own=0.006, controls=3):
    """Shares of one segment and its controls, with the last weeks' n to come."""
    rng = np.random.default_rng(seed)
    T, K = AT + HORIZON, controls
    shared, level = np.zeros(T), np.zeros((K + 1, T))
    for t in range(1, T):
        shared[t] = 0.6 * shared[t - 1] + 0.005 * rng.standard_normal()
        level[:, t] = 0.4 * level[:, t - 1] + own * rng.standard_normal(K + 1)
    counts = np.full((K + 1, T), n)
    p = np.clip(0.82 + shared + level + 0.01 * np.sin(2 * np.pi * np.arange(T) / 7), 0.02, 0.98)
    # Normal noise, so that more answers make the same path less noisy.
    values = np.clip(p + np.sqrt(p * (1 - p) / n) * rng.standard_normal(p.shape), 0, 1)
    asks = {"n": counts[0], "kind": "proportion", "horizon": HORIZON, "first": 3, "confidence": 0.92}
    return values[0], asks | ({"controls": values[1:], "controls_n": counts[1:]} if K else {})


def ordered(early, late, slack=1.0):
    """Days are whole and come from a few draws: one more may be chance."""
    return early <= late + slack


@few
@given(seeds)
def test_more_answers_are_not_later(seed):
    thin, thick = (prospect(y, AT, -0.05, **asks) for y, asks in (desk(seed, n=60.0), desk(seed, n=240.0)))
    assert ordered(thick.seen.median, thin.seen.median)
    assert ordered(thick.ruled_out.median, thin.ruled_out.median)
    assert thick.seen.smallest < thin.seen.smallest


@few
@given(seeds)
def test_a_larger_limit_is_not_later(seed):
    y, asks = desk(seed)
    small, large = (prospect(y, AT, size, **asks) for size in (-0.03, -0.06))
    assert ordered(large.seen.median, small.seen.median)
    assert ordered(large.ruled_out.median, small.ruled_out.median)
    assert large.seen.by_horizon >= small.seen.by_horizon - 0.01


@few
@given(seeds, st.floats(0.01, 1000.0), st.floats(-50.0, 50.0), st.sampled_from([1.0, -1.0]))
def test_another_unit_another_zero_and_the_other_direction_change_no_day(seed, unit, zero, turned):
    y, asks = desk(seed)
    asks = {k: x for k, x in asks.items() if k != "kind"}
    one = prospect(y, AT, -0.04, **asks)
    scale = unit * turned
    other = prospect(
        scale * y + unit * zero, AT, scale * -0.04, **(asks | {"controls": scale * asks["controls"] + unit * zero})
    )
    # A value drawn for the other direction is another draw.
    slack = 1.0 if turned > 0 else 3.0
    assert abs(one.seen.median - other.seen.median) <= slack or one.seen.median == other.seen.median
    assert other.spread == pytest.approx(unit * one.spread, rel=1e-3)


@few
@given(seeds)
def test_chances_only_grow_and_the_median_is_where_they_pass_one_half(seed):
    y, asks = desk(seed, controls=0)
    found = prospect(y, AT, -0.04, **asks)
    for chance in (found.seen, found.ruled_out):
        assert (np.diff(chance.by) >= 0).all()
        assert 0 <= chance.by[0] <= chance.by_horizon <= 1
        if math.isfinite(chance.median):
            assert chance.by[int(chance.median) - found.periods[0]] >= 0.5
            assert chance.smallest <= found.size
        else:
            assert chance.by_horizon < 0.5
            assert chance.smallest >= found.size


def test_the_same_question_has_the_same_answer_and_the_values_to_come_count_for_nothing():
    y, asks = desk(1)
    again = y.copy()
    again[AT:] = 0.1
    one, other = prospect(y, AT, -0.04, **asks), prospect(again, AT, -0.04, **asks)
    assert one.seen.median == other.seen.median
    np.testing.assert_array_equal(one.seen.by, other.seen.by)
    np.testing.assert_array_equal(one.half_width, other.half_width)


def test_the_stated_half_width_is_that_of_the_interval_that_comes():
    y, asks = desk(5)
    found = prospect(y, AT, -0.04, **asks)
    few_asks = {k: x for k, x in asks.items() if k not in {"horizon", "first", "confidence"}}
    for k in (7, 20, 45):
        cut = {name: x[..., : AT + k] if np.ndim(x) else x for name, x in few_asks.items()}
        came = effects(y[None, : AT + k], AT, sequential=True, horizon=HORIZON, confidence=0.92, **cut)[0]
        stated = found.half_width[k - found.periods[0]]
        assert stated == pytest.approx((came.high - came.low) / 2, rel=0.2)


def test_too_little_history_is_an_answer_with_numbers():
    y, asks = desk(2, controls=0)
    y[: AT - 5] = np.nan
    found = prospect(y, AT, -0.04, **asks)
    assert math.isnan(found.seen.median)
    assert found.n_pre == 5
    assert found.reason == "5 usable periods before the change, at least 8 are needed"


def test_nothing_is_said_before_anything_will_be_measured():
    y, asks = desk(2, controls=0)
    y[AT : AT + 10] = np.nan
    assert prospect(y, AT, -0.2, **asks).seen.median >= 11
    y[AT:] = np.nan
    found = prospect(y, AT, -0.2, **asks)
    assert math.isnan(found.seen.median)
    assert found.reason == "no usable period since the change, at least 1 is needed"


@pytest.mark.parametrize("size", [0.0, float("nan"), float("inf")])
def test_a_size_that_is_none_is_refused(size):
    y, asks = desk(2)
    with pytest.raises(ValueError, match="expected a size other than zero"):
        prospect(y, AT, size, **asks)


def test_the_stated_day_is_that_of_simulated_futures():
    """The small form of benchmarks/planner.py: one world that is plain enough for few futures."""
    rng, (n, harm, history, futures) = np.random.default_rng(11), (200, -0.05, 120, 40)
    past = rng.binomial(n, 0.8, history) / n
    T = history + 40
    given_n = np.full(T, float(n))
    y = np.concatenate([past, np.full(40, past.mean())])
    asks = {"kind": "proportion", "confidence": 0.92}
    found = prospect(y, history, harm, n=given_n, horizon=40, first=3, **asks)
    later = rng.binomial(n, 0.8 + harm, (futures, 40)) / n
    both = np.concatenate([np.repeat(past[None], futures, 0), later], axis=1)
    said = np.full(futures, np.inf)
    for day in range(3, 41):
        answers = effects(
            both[:, : history + day], history, n=given_n[: history + day], sequential=True, horizon=40, **asks
        )
        seen = np.array([a.high < 0 for a in answers])
        said[seen & np.isinf(said)] = day
    assert found.seen.median == pytest.approx(np.median(said), rel=0.35, abs=2)
