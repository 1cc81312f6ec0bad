"""The second opinion agrees where the case is plain, and is only loaded when asked."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxmon.stats import effect, second_opinion


def test_two_houses_agree_on_a_plain_step():
    rng = np.random.default_rng(1)
    y = 40 + 2 * np.sin(2 * np.pi * np.arange(120) / 7) + rng.standard_normal(120)
    y[90:] -= 5
    y[[20, 95]] = np.nan
    X = 10 + rng.standard_normal((2, 120))
    X[0, 33] = np.nan
    other, ours = second_opinion(y, 90, controls=X), effect(y, 90, controls=X)
    assert other.reason == ""
    assert other.low < -5 < other.high
    assert other.estimate == pytest.approx(ours.estimate, abs=1.0)


def world(seed=1, size=150):
    rng = np.random.default_rng(seed)
    return 40 + 2 * np.sin(2 * np.pi * np.arange(size) / 7) + rng.standard_normal(size)


def test_where_every_period_counts_alike_it_is_the_model_of_the_book():
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    from cxmon.stats.profiles import columns

    y = world()
    y[120:] -= 3
    y[[20, 130]] = np.nan
    X = np.column_stack([np.arange(150) >= 120, columns(7, 150)]).astype(float)
    book = UnobservedComponents(y, "llevel", exog=X, mle_regression=False).fit(disp=0, maxiter=200)
    where = book.model.state_names.index("beta.x1")
    error = 1.959964 * np.sqrt(book.filtered_state_cov[where, where, -1])
    found = second_opinion(y, 120)
    assert found.estimate == pytest.approx(book.filtered_state[where, -1], abs=0.02)
    assert (found.high - found.low) / 2 == pytest.approx(error, rel=0.03)


def test_periods_with_few_answers_count_less():
    y, n = world(3), np.full(150, 400.0)
    y[120:] -= 3
    n[120::2] = 20
    y[120::2] += 4 * np.random.default_rng(9).standard_normal(15)
    alike, weighed = second_opinion(y, 120), second_opinion(y, 120, n=n)
    known = second_opinion(y, 120, se=1 / np.sqrt(n))
    assert weighed.high - weighed.low < 0.8 * (alike.high - alike.low)
    assert abs(weighed.estimate + 3) < abs(alike.estimate + 3)
    assert (known.low, known.high) == pytest.approx((weighed.low, weighed.high))


def test_the_end_of_a_change_is_a_step_back():
    y = world(4)
    y[100:114] -= 4
    found = second_opinion(y, 100, until=114)
    assert found.low < -4 < found.high < -2
    # Taken for a change that goes on, the days after it would only show that the level wanders.
    lasting = second_opinion(y, 100)
    assert lasting.high - lasting.low > 2 * (found.high - found.low)


def test_periods_without_answers_and_without_controls_are_left_out():
    y, n = world(5), np.full(150, 100.0)
    spoilt, none = y.copy(), n.copy()
    spoilt[125], none[125] = 1e6, 0
    left_out = np.where(np.arange(150) == 125, np.nan, y)
    assert second_opinion(spoilt, 120, n=none) == second_opinion(left_out, 120, n=n)
    X = 10 + np.random.default_rng(6).standard_normal((2, 150))
    X[:, 125] = np.nan
    assert second_opinion(spoilt, 120, controls=X) == second_opinion(left_out, 120, controls=X)
    X[1] = np.nan
    assert second_opinion(y, 120, controls=X) == second_opinion(y, 120, controls=X[:1])


def test_a_yearly_wave_is_not_taken_for_a_step():
    t = np.arange(800)
    y = world(7, 800) + 6 * np.sin(2 * np.pi * t / 365.25)
    with_wave, without = second_opinion(y, 740, yearly=365.25), second_opinion(y, 740)
    assert with_wave.low < 0 < with_wave.high
    assert with_wave.high - with_wave.low < without.high - without.low


@given(st.integers(0, 1000), st.floats(0.01, 50), st.floats(-100, 100))
@settings(max_examples=15, deadline=None)
def test_shift_and_scale_carry_over(seed, scale, shift):
    y = world(seed)
    one, other = second_opinion(y, 120), second_opinion(shift + scale * y, 120)
    assert other.estimate == pytest.approx(scale * one.estimate, rel=1e-3, abs=1e-3 * scale)


@pytest.mark.parametrize(
    ("values", "at", "reason"),
    [
        (np.arange(12.0), 8, "8 usable periods before the change, at least 14 are needed"),
        (np.r_[np.arange(30.0), np.full(5, np.nan)], 30, "no usable period since the change, at least 1 is needed"),
        (np.full(60, 3.0), 40, "all values are the same"),
        (np.full(60, np.nan), 40, "0 usable periods before the change, at least 14 are needed"),
    ],
)
def test_what_cannot_be_answered_is_a_reason(values, at, reason):
    said = second_opinion(values, at)
    assert np.isnan([said.estimate, said.low, said.high]).all()
    assert said.reason == reason


def test_importing_the_room_loads_neither_scipy_nor_statsmodels():
    code = "import sys, cxmon, cxmon.stats; print({'scipy', 'statsmodels'} & set(sys.modules) or 'neither')"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "neither\n"
    )
    code = "import sys; from cxmon.stats import effect, shifts, watch; print('statsmodels' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
