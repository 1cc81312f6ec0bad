"""Series that break estimators: constant, empty, tiny, huge, full of gaps. Warnings are errors in this suite."""

import numpy as np
import pytest

from cxmon.stats import effect, estimate

N80 = np.full(80, 50.0)


@pytest.mark.parametrize("level", [0.0, 1.0, 0.4])
@pytest.mark.parametrize("kind", ["mean", "proportion", "rate", "quantile"])
@pytest.mark.parametrize("counted", [True, False])
@pytest.mark.parametrize("sequential", [True, False])
def test_a_constant_series_shows_no_effect(level, kind, counted, sequential):
    e = effect(np.full(80, level), 60, n=N80 if counted else None, kind=kind, sequential=sequential, horizon=30)
    assert e.reason == ""
    assert e.estimate == pytest.approx(0, abs=1e-6)
    assert e.low <= 0 <= e.high
    assert e.p_value > 0.9


def test_an_all_zero_series_with_few_answers_still_leaves_room_for_harm():
    e = effect(np.zeros(80), 60, n=np.full(80, 5.0), kind="proportion")
    assert 0.0001 < e.high < 0.1


@pytest.mark.parametrize(
    ("values", "at", "reason"),
    [
        ([], 0, "0 usable periods before the change, at least 5 are needed"),
        ([1.0], 0, "0 usable periods before the change, at least 5 are needed"),
        ([1.0, 2.0, 3.0], 2, "2 usable periods before the change, at least 8 are needed"),
        ([np.nan] * 40, 30, "0 usable periods before the change, at least 8 are needed"),
        (list(np.arange(30.0)) + [np.nan] * 5, 30, "no usable period since the change, at least 1 is needed"),
        (list(np.arange(30.0)), 30, "no usable period since the change, at least 1 is needed"),
    ],
)
def test_too_little_data_gives_no_number_and_says_what_is_missing(values, at, reason):
    assert effect(np.array(values, float), at).reason.endswith("needed")
    e = effect(np.array(values, float), at, until=at + 10)
    assert np.isnan([e.estimate, e.low, e.high, e.p_value, e.se]).all()
    assert e.reason == reason
    assert len(e.expected) == len(values)
    assert np.isnan(estimate(np.array(values, float), at, until=at + 10).band_low).all()


@pytest.mark.parametrize("post", [1, 2, 3])
@pytest.mark.parametrize("sequential", [True, False])
def test_very_few_periods_since_the_change_give_a_wide_honest_interval(post, sequential):
    y = 10 + np.random.default_rng(post).standard_normal(60 + post)
    e = effect(y, 60, sequential=sequential, horizon=28)
    assert e.n_post == post
    assert 1.0 / np.sqrt(post) < e.high - e.low < 30


def test_a_monthly_series_of_a_year_is_enough():
    rng = np.random.default_rng(2)
    y = 0.05 + 0.01 * rng.standard_normal(16)
    y[12:] += 0.15
    e = effect(y, 12, n=np.full(16, 90_000.0), kind="proportion", period=1)
    assert e.low > 0.05
    assert e.high < 0.25


def test_a_week_long_change_uses_the_weeks_after_it_as_well():
    rng = np.random.default_rng(3)
    y = 10 + rng.standard_normal(120)
    y[60:67] -= 6
    e = effect(y, 60, until=67)
    assert e.n_post == 7
    assert -8 < e.low < e.high < -4


def test_the_last_fortnight_can_be_asked_alone():
    rng = np.random.default_rng(4)
    y = 10 + rng.standard_normal(140)
    y[126:] += 5
    asked = y.copy()
    asked[100:126] = np.nan
    now, ever = (effect(v, 100, sequential=True, horizon=90) for v in (asked, y))
    assert now.n_post == 14
    assert now.low > 2
    assert ever.estimate < now.estimate - 1


def test_twenty_controls_with_gaps_help():
    rng = np.random.default_rng(5)
    shared = np.cumsum(rng.standard_normal(90))
    X = shared + rng.standard_normal((20, 90))
    y = shared + 0.3 * rng.standard_normal(90)
    X[rng.random((20, 90)) < 0.2] = np.nan
    X[3] = np.nan
    X[4, 60:] = np.nan
    X[:, 17] = np.nan
    e, alone = effect(y, 60, controls=X), effect(y, 60)
    assert e.controls_used.sum() >= 15
    assert not e.controls_used[[3, 4]].any()
    assert e.pre_fit_ok
    assert e.high - e.low < 0.5 * (alone.high - alone.low)
    assert e.low < 0 < e.high


def test_controls_that_say_nothing_leave_the_estimate_as_without_controls():
    y = 10 + np.random.default_rng(6).standard_normal(80)
    one, none = effect(y, 60, controls=np.full((3, 80), np.nan)), effect(y, 60)
    assert (one.estimate, one.low, one.high) == pytest.approx((none.estimate, none.low, none.high), rel=1e-9)
    assert not one.controls_used.any()
    assert not one.pre_fit_ok


def test_a_control_that_moved_at_the_change_loses_its_voice():
    rng = np.random.default_rng(7)
    shared = np.cumsum(rng.standard_normal(120)) * 0.3
    X = shared + rng.standard_normal((6, 120))
    X[2, 90:] -= 6
    e = effect(shared + rng.standard_normal(120), 90, controls=X)
    assert not e.controls_used[2]
    assert e.controls_used.sum() == 5
    assert e.low < 0 < e.high


def test_a_series_that_left_its_controls_before_the_change_does_not_pass_the_fit():
    rng = np.random.default_rng(8)
    X = rng.standard_normal((5, 120))
    y = rng.standard_normal(120)
    y[70:] += 15
    assert not effect(y, 90, controls=X).pre_fit_ok


def test_ten_thousand_periods_are_answered():
    rng = np.random.default_rng(9)
    y = 10 + rng.standard_normal(10_000)
    e = effect(y, 9_900)
    assert abs(e.estimate) < 0.6
    assert e.low < 0 < e.high


def test_known_standard_errors_are_used():
    rng = np.random.default_rng(10)
    se = np.full(90, 0.5)
    y = 3 + se * rng.standard_normal(90)
    thin = np.where(np.arange(90) < 45, 0.5, 5.0)
    y[:45] += 0.0
    e = effect(y, 60, se=se, period=1)
    assert 0.15 < e.se < 0.6
    wild = np.where(np.arange(90) % 10 == 9, y + 20, y)
    told = np.where(np.arange(90) % 10 == 9, 20.0, 0.5)
    assert effect(wild, 60, se=told, period=1).se < effect(wild, 60, period=1).se / 2
    assert np.isfinite(effect(y, 60, se=thin, period=1).se)


def test_hourly_weeks_have_a_profile():
    hours = np.arange(24 * 7 * 6)
    wave = 5 * np.sin(2 * np.pi * hours / 24) + np.where(hours % 168 >= 120, -3, 0)
    y = 20 + wave + 0.5 * np.random.default_rng(11).standard_normal(len(hours))
    y[840:] += 2
    e = effect(y, 840, period=168)
    assert e.low > 1
    assert e.high < 3


def test_a_yearly_wave_is_not_taken_for_an_effect():
    t = np.arange(730)
    y = 10 + 3 * np.sin(2 * np.pi * t / 365.25) + 0.5 * np.random.default_rng(12).standard_normal(730)
    e = effect(y, 640, yearly=365.25)
    assert e.low < 0 < e.high
    assert e.high - e.low < 2


def test_a_moving_fortnight_is_judged_more_strictly_than_all_periods_so_far():
    """A window that moves along forgets, so it gets more chances to err until the horizon."""
    y = 10 + np.random.default_rng(13).standard_normal(160)
    now = y.copy()
    now[100:146] = np.nan
    window = effect(now, 100, sequential=True, horizon=90)
    moved = effect(now, 146, sequential=True, horizon=90)
    short = effect(np.r_[y[:100], now[146:]], 100, sequential=True, horizon=14)
    assert window.n_post == short.n_post == 14
    assert window.high - window.low > short.high - short.low
    assert moved.high - moved.low > short.high - short.low
