"""Which early figures ran ahead: laws of the numerics, and planted worlds that are hard to get right."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxmon.stats.leading import LEAST_HELD_OUT, LEAST_SEGMENTS, _fits, discoveries, ran_ahead

S, T = 12, 30


def world(seed, lead=0.0, lag=2, season=0.0):
    rng = np.random.default_rng(seed)
    own, late = np.zeros((S, T)), np.zeros((S, T))
    for t in range(1, T):
        own[:, t] = 0.5 * own[:, t - 1] + rng.standard_normal(S)
        late[:, t] = 0.5 * late[:, t - 1] + 0.15 * rng.standard_normal(S)
    late[:, lag:] -= 0.15 * lead * own[:, :-lag]
    common = season * np.sin(2 * np.pi * np.arange(T) / 12)
    n = np.repeat(rng.uniform(500, 4000, S)[:, None], T, axis=1).round()
    y = rng.binomial(n.astype(int), 0.02 * np.exp(late + common)) / n
    return y, n, 0.02 * own + 0.01 * rng.standard_normal((S, T)) - common


def test_a_figure_that_runs_ahead_by_two_months_is_found_at_two_months_with_its_direction():
    found = {one.lag: one for one in ran_ahead(*world(1, lead=1.0))}
    assert min(found.values(), key=lambda one: one.p_value).lag == 2
    best = found[2]
    assert best.p_value < 0.001
    assert (best.sign, best.segments, best.months) == (-1, S, T - 4)
    assert 0 < best.low < best.gain < best.high < 1


def test_a_season_that_all_share_is_no_lead():
    quiet, seasonal = world(2), world(2, season=0.4)
    assert all(one.p_value > 0.01 for one in ran_ahead(*seasonal))
    # What all segments share changes nothing but the noise of counting.
    for plain, same in zip(ran_ahead(*quiet), ran_ahead(quiet[0] + 0.01, quiet[1], quiet[2] + 5.0), strict=True):
        assert same.p_value == pytest.approx(plain.p_value)
        assert same.gain == pytest.approx(plain.gain)


@given(
    shift=st.floats(-5, 5), scale=st.floats(0.01, 100), flip=st.booleans(), of_n=st.floats(0.1, 10),
    order=st.permutations(range(S)),
)  # fmt: skip
@settings(max_examples=15, deadline=None)
def test_units_direction_and_order_of_segments_do_not_matter(shift, scale, flip, of_n, order):
    y, n, x = world(3, lead=0.5)
    plain = ran_ahead(y, n, x, lags=(2,))[0]
    turned = ran_ahead(y[order], of_n * n[order], (-scale if flip else scale) * x[order] + shift, lags=(2,))[0]
    assert turned.p_value == pytest.approx(plain.p_value, rel=1e-6)
    assert turned.gain == pytest.approx(plain.gain, rel=1e-6, abs=1e-9)
    assert turned.sign == (-plain.sign if flip else plain.sign)


def test_a_month_is_forecast_by_slopes_that_its_own_figure_did_not_teach():
    n = world(4)[1]
    target, features = (rng.standard_normal((2, S, T)) for rng in map(np.random.default_rng, (1, 2)))
    again = target.copy()
    again[0, :, 20] += 5.0
    one, two = (_fits(t[0], features, n)[0](2) for t in (target, again))
    assert one[20] == pytest.approx(two[20])
    assert abs(one[-1] - two[-1]).max() > 1e-6
    by_hand = np.delete(np.arange(T), 20)
    rows, root = features[:, :, by_hand].reshape(2, -1), np.sqrt(n[:, by_hand].ravel())
    expected = np.linalg.lstsq((rows * root).T, target[0][:, by_hand].ravel() * root, rcond=None)[0]
    assert one[20] == pytest.approx(expected)


def test_too_little_is_an_answer_with_numbers():
    y, n, x = world(5)
    few = ran_ahead(y[: LEAST_SEGMENTS - 1], n[: LEAST_SEGMENTS - 1], x[: LEAST_SEGMENTS - 1])[0]
    assert few.reason == "3 segments, 4 are needed to tell a season from a lead"
    short = ran_ahead(y[:, :15], n[:, :15], x[:, :15])[0]
    assert short.reason == "15 complete months, 16 are needed"
    assert math.isnan(short.p_value)
    gone = ran_ahead(np.full((S, T), np.nan), n, x)[0]
    assert gone.reason.startswith("0 segments")
    assert ran_ahead(np.zeros((0, T)), np.zeros((0, T)), np.zeros((0, T)))[0].reason.startswith("0 segments")


def test_gaps_and_segments_without_figures_are_left_out_and_a_constant_says_nothing():
    y, n, x = world(6, lead=1.0)
    y[0], x[1], y[2, 7] = np.nan, np.nan, np.nan
    found = ran_ahead(y, n, x, lags=(2,))[0]
    assert (found.segments, found.p_value < 0.01) == (S - 2, True)
    flat = ran_ahead(y, n, np.ones((S, T)), lags=(1,))[0]
    assert (flat.gain, flat.p_value) == (0.0, 1.0)
    lost = np.where(np.arange(T) < T - LEAST_HELD_OUT + 1, y, np.nan)
    assert ran_ahead(lost, n, x, lags=(2,))[0].months == T - 4 - (LEAST_HELD_OUT - 1)


def test_benjamini_and_hochberg_by_hand_and_what_was_not_asked_does_not_count():
    p = [0.001, 0.012, 0.03, 0.2, math.nan]
    assert discoveries(p).tolist() == [True, True, True, False, False]
    assert discoveries([0.02, 0.2, 0.2, 0.2]).tolist() == [False] * 4
    assert discoveries([math.nan]).tolist() == [False]
    assert discoveries([]).tolist() == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.floats(0.01, 0.2))
@settings(max_examples=60, deadline=None)
def test_what_is_named_is_the_same_as_the_library_names(p, q):
    from statsmodels.stats.multitest import multipletests

    assert discoveries(p, q).tolist() == multipletests(p, q, method="fdr_bh")[0].tolist()


def test_a_figure_that_does_not_run_ahead_is_rarely_called_so():
    hits = [one.p_value < 0.05 for seed in range(40) for one in ran_ahead(*world(100 + seed))]
    # 120 questions at 5 %.
    assert np.mean(hits) <= 0.09
