"""The t-test on blocks: against scipy, as laws, and how often it is wrong."""

import math
import warnings

import numpy as np
import pytest
import scipy.stats
from hypothesis import assume, given
from hypothesis import strategies as st

from cxmon.stats import block_test

T, AT = 140, 91
seeds = st.integers(0, 10_000)


def noise(seed=0, size=T):
    return np.random.default_rng(seed).standard_normal(size)


def weekly(values, begin, end):
    return values[begin:end].reshape(-1, 7).mean(1)


def alternating():
    """A series whose neighbouring blocks are correlated below zero, so that nothing is corrected."""
    sign = np.where(np.arange(T) // 7 % 2 == 0, 1.0, -1.0)
    return noise() + 0.7 * sign


def test_where_blocks_are_independent_it_is_the_textbook_test():
    y = alternating()
    found = block_test(y, AT, period=1, cycle=7)
    before, after = weekly(y, AT - 84, AT), weekly(y, AT, T)
    textbook = scipy.stats.ttest_ind(after, before)
    low, high = textbook.confidence_interval(0.95)
    assert (found.before, found.after, found.worth) == (12, 7, 19)
    assert (found.estimate, found.p_value) == pytest.approx((after.mean() - before.mean(), textbook.pvalue))
    assert (found.low, found.high) == pytest.approx((low, high))


def test_neighbours_that_hang_together_make_it_less_sure():
    drifting = np.cumsum(noise(3)) * 0.3
    found = block_test(drifting, AT, period=1, cycle=7)
    before, after = weekly(drifting, AT - 84, AT), weekly(drifting, AT, T)
    assert found.reason or found.p_value > scipy.stats.ttest_ind(after, before).pvalue
    assert not found.reason
    assert found.worth < 19


def test_an_effect_is_found_and_what_controls_share_is_not_taken_for_one():
    shared = np.where(np.arange(T) >= AT, 3.0, 0.0) + np.sin(np.arange(T) / 9)
    X = shared + 0.5 * np.random.default_rng(1).standard_normal((4, T))
    y = 0.5 * noise(2) + shared
    assert block_test(y, AT, controls=X).low < 0 < block_test(y, AT, controls=X).high
    y[AT:] -= 2
    found = block_test(y, AT, controls=X)
    assert found.low < -2 < found.high < 0


def test_the_profile_is_taken_out_so_that_gaps_on_one_weekday_do_no_harm():
    y = 0.1 * noise(4) + np.where(np.arange(T) % 7 == 6, -2.0, 0.0)
    whole = block_test(y, AT)
    y[AT + 6 :: 7] = np.nan
    # Left in, the profile would make the days after the change 2/7 higher.
    assert block_test(y, AT).estimate == pytest.approx(whole.estimate, abs=0.03)


def test_blocks_that_are_half_empty_do_not_count():
    y = noise(5)
    y[AT + 7 : AT + 11] = np.nan
    assert block_test(y, AT).after == 6
    y[AT - 1 : AT - 5 : -1] = np.nan
    assert block_test(y, AT).before == 11


def test_the_end_of_the_change_ends_the_blocks():
    y = noise(6)
    y[AT : AT + 21] -= 5
    found = block_test(y, AT, until=AT + 21)
    assert found.after == 3
    assert found.low < -5 < found.high < -3


@pytest.mark.parametrize(
    ("at", "size", "reason"),
    [
        (20, 40, "2 blocks of 7 periods before the change and 2 since, at least 4 and 1 are needed"),
        (70, 75, "10 blocks of 7 periods before the change and 0 since, at least 4 and 1 are needed"),
        (0, 0, "0 blocks of 7 periods before the change and 0 since, at least 4 and 1 are needed"),
    ],
)
def test_too_few_blocks_are_a_reason_with_the_numbers(at, size, reason):
    found = block_test(noise(size=size), at, cycle=7)
    assert found.reason == reason
    assert math.isnan(found.estimate)


def test_a_series_that_only_drifts_is_worth_too_few_independent_blocks():
    found = block_test(np.linspace(0, 40, 49), 35, period=1, cycle=7)
    assert "independent ones, at least 3 are needed" in found.reason
    assert math.isnan(found.low)


def test_constant_and_empty_series_survive_without_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        same = block_test(np.full(T, 0.4), AT)
        assert (same.estimate, same.low, same.high, same.p_value) == pytest.approx((0, 0, 0, 1), abs=1e-12)
        assert block_test(np.full(T, np.nan), AT).reason
        assert block_test(noise(), AT, controls=np.full((2, T), np.nan)).reason


@given(seeds, st.floats(0.1, 50), st.floats(-100, 100))
def test_shift_and_scale_and_sign_carry_over(seed, scale, shift):
    y = noise(seed)
    one, other, turned = (block_test(x, AT) for x in (y, shift + scale * y, -y))
    assume(not one.reason)
    assert (other.estimate, other.low, other.high) == pytest.approx(
        (scale * one.estimate, scale * one.low, scale * one.high), rel=1e-6, abs=1e-6
    )
    assert (turned.low, turned.high, turned.p_value) == pytest.approx((-one.high, -one.low, one.p_value))


@given(seeds, st.floats(0.5, 0.99))
def test_interval_and_p_value_agree(seed, confidence):
    found = block_test(noise(seed), AT, confidence=confidence)
    assume(not found.reason)
    assert (found.low > 0 or found.high < 0) == (found.p_value < 1 - confidence)


def test_without_a_change_it_is_rarely_sure_of_one_also_where_days_hang_together():
    def wrong(phi):
        sure = 0
        for seed in range(300):
            e = noise(seed)
            y = np.zeros(T)
            for t in range(1, T):
                y[t] = phi * y[t - 1] + e[t]
            found = block_test(y, AT)
            sure += not found.reason and not found.low <= 0 <= found.high
        return sure / 300

    # Nominal is 0.05; two standard errors are 0.025. A naive t-test on days is wrong in over half at phi = 0.9.
    assert wrong(0.0) < 0.08
    assert wrong(0.9) < 0.12
