"""Laws every effect obeys, whatever the data."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxmon.stats import effect, effects, estimate

seeds = st.integers(0, 10_000)
few = settings(max_examples=12, deadline=None)


def world(seed, *, T=84, at=60, K=3, size=0.0, level=50.0):
    """Values, controls and counts of one segment: shared movement, weekday wave, AR(1) own noise."""
    rng = np.random.default_rng(seed)
    own = np.zeros((K + 1, T))
    for t in range(1, T):
        own[:, t] = 0.5 * own[:, t - 1] + rng.standard_normal(K + 1)
    shared = np.cumsum(rng.standard_normal(T)) * 0.4
    Y = level + shared + own + 2 * np.sin(2 * np.pi * np.arange(T) / 7) + rng.standard_normal((K + 1, T))
    Y[0, at:] += size
    return Y[0], Y[1:], rng.poisson(100, T).astype(float)


def numbers(e):
    return np.array([e.estimate, e.low, e.high, e.p_value])


def in_units(e):
    return np.array([e.estimate, e.low, e.high])


@few
@given(seeds)
def test_adding_a_constant_to_the_values_changes_no_effect(seed):
    y, X, _ = world(seed)
    np.testing.assert_allclose(
        in_units(effect(y + 1000.0, 60, controls=X)), in_units(effect(y, 60, controls=X)), rtol=1e-5, atol=1e-5
    )


@few
@given(seeds, st.sampled_from([0.001, 60.0]))
def test_another_unit_scales_the_effect_and_leaves_the_p_value(seed, unit):
    y, X, _ = world(seed)
    one, other = effect(y, 60, controls=X), effect(unit * y, 60, controls=unit * X)
    np.testing.assert_allclose(in_units(other) / unit, in_units(one), rtol=1e-5, atol=1e-5)
    assert other.p_value == pytest.approx(one.p_value, rel=1e-5)


@few
@given(seeds, st.booleans())
def test_turning_the_sign_turns_the_interval_around(seed, sequential):
    y, X, _ = world(seed)
    one = effect(y, 60, controls=X, sequential=sequential, horizon=28 if sequential else None)
    other = effect(-y, 60, controls=-X, sequential=sequential, horizon=28 if sequential else None)
    np.testing.assert_allclose([-other.estimate, -other.high, -other.low], in_units(one), rtol=1e-5, atol=1e-5)
    assert other.p_value == pytest.approx(one.p_value, rel=1e-5)


@few
@given(seeds, st.permutations(range(4)))
def test_the_order_of_the_controls_does_not_matter(seed, order):
    y, X, _ = world(seed, K=4)
    one, other = effect(y, 60, controls=X), effect(y, 60, controls=X[list(order)])
    np.testing.assert_allclose(numbers(other), numbers(one), rtol=1e-6, atol=1e-8)
    np.testing.assert_array_equal(other.controls_used, one.controls_used[list(order)])


@few
@given(seeds)
def test_a_missing_value_is_the_same_as_no_answers(seed):
    y, X, n = world(seed)
    y, gaps = y / 100, np.random.default_rng(seed).choice(84, 12, replace=False)
    without, silent = y.copy(), n.copy()
    without[gaps], silent[gaps] = np.nan, 0
    one = effect(without, 60, n=n, controls=X / 100, kind="proportion")
    other = effect(y, 60, n=silent, controls=X / 100, kind="proportion")
    np.testing.assert_allclose(numbers(other), numbers(one), rtol=1e-9, atol=1e-12)
    assert one.n_pre + one.n_post == 72


@few
@given(seeds, st.floats(0.5, 0.999), st.booleans(), st.floats(-4, 4))
def test_zero_is_outside_the_interval_exactly_when_the_p_value_says_so(seed, confidence, sequential, size):
    y, X, _ = world(seed, size=size)
    e = effect(y, 60, controls=X, confidence=confidence, sequential=sequential, horizon=28)
    assert e.low < e.estimate < e.high
    assert (e.low > 0 or e.high < 0) == (e.p_value < 1 - confidence)


@few
@given(seeds)
def test_more_confidence_and_more_looks_both_widen_the_interval(seed):
    y, X, _ = world(seed)
    plain, sure = effect(y, 60, controls=X), effect(y, 60, controls=X, confidence=0.98)
    often = effect(y, 60, controls=X, sequential=True, horizon=28)
    late = effect(y, 60, controls=X, sequential=True, horizon=10)
    assert sure.low < plain.low < plain.high < sure.high
    assert often.high - often.low > plain.high - plain.low
    assert late.high - late.low > often.high - often.low


@few
@given(seeds)
def test_values_minus_expected_average_to_the_estimate(seed):
    y, X, _ = world(seed, size=3.0)
    y[[65, 70]] = np.nan
    e = effect(y, 60, controls=X, until=80)
    assert np.nanmean((y - e.expected)[60:80]) == pytest.approx(e.estimate, abs=1e-8)
    assert np.all(e.expected_low < e.expected)
    assert np.all(e.expected < e.expected_high)


def test_a_batch_equals_its_series_one_by_one():
    rows = [world(s, size=s * 1.0) for s in range(3)]
    Y, X, N = (np.stack([r[i] for r in rows]) for i in range(3))
    at = np.array([60, 55, 70])
    batch = effects(Y / 100, at, n=N, controls=X / 100, kind="proportion", sequential=True, horizon=20)
    shared = effects(Y, 60, controls=X[0])
    for s in range(3):
        one = effect(
            Y[s] / 100, int(at[s]), n=N[s], controls=X[s] / 100, kind="proportion", sequential=True, horizon=20
        )
        np.testing.assert_allclose(numbers(batch[s]), numbers(one), rtol=1e-8)
        np.testing.assert_allclose(numbers(shared[s]), numbers(effect(Y[s], 60, controls=X[0])), rtol=1e-8)


def test_what_happens_after_a_look_does_not_change_the_look():
    y, X, n = world(4)
    cut, full = y[:70], y.copy()
    full[70:] = np.nan
    now = effect(cut / 100, 60, n=n[:70], controls=X[:, :70] / 100, kind="proportion", sequential=True, horizon=20)
    X[:, 70:] = np.nan
    later = effect(full / 100, 60, n=n, controls=X / 100, kind="proportion", sequential=True, horizon=20)
    np.testing.assert_allclose(numbers(later), numbers(now), rtol=1e-6)


def test_labels_say_the_same_as_a_period():
    y, _, _ = world(5)
    labels = np.array(list("mtwhfsu") * 12)
    np.testing.assert_allclose(numbers(effect(y, 60, period=labels)), numbers(effect(y, 60, period=7)), rtol=1e-6)


def test_immature_periods_are_not_judged_and_half_ripe_ones_count_less():
    y, X, _ = world(6)
    complete = np.ones(84)
    complete[-5:] = [0.9, 0.7, 0.4, 0.2, 0.1]
    wild = y.copy()
    wild[-3:] = 900.0
    e = effect(wild, 60, controls=X, complete=complete)
    assert e.n_post == 21
    np.testing.assert_allclose(numbers(e), numbers(effect(y, 60, controls=X, complete=complete)), rtol=1e-9)


def test_the_band_holds_the_values_and_narrows_when_smoothed():
    y, X, _ = world(7)
    one, week = estimate(y, 60, controls=X), estimate(y, 60, controls=X, smooth=7)
    inside = (one.band_low <= y) & (y <= one.band_high)
    assert inside.mean() > 0.95
    assert np.mean(week.band_high - week.band_low) < np.mean(one.band_high - one.band_low)
    np.testing.assert_allclose(numbers(one.effect), numbers(effect(y, 60, controls=X)))


def test_shares_and_rates_keep_their_bands_where_shares_and_rates_can_be():
    rng = np.random.default_rng(1)
    y = rng.binomial(20, 0.97, 80) / 20
    e = effect(y, 60, n=np.full(80, 20.0), kind="proportion")
    assert e.expected_high.max() <= 1
    r = effect(rng.poisson(0.3, 80) / 100, 60, n=np.full(80, 100.0), kind="rate")
    assert r.expected_low.min() >= 0


def test_wrong_arguments_are_refused_by_name():
    y = np.arange(30.0)
    with pytest.raises(ValueError, match=r"^kind is 'share', expected one of mean, proportion, quantile, rate$"):
        effect(y, 20, kind="share")
    with pytest.raises(ValueError, match=r"^until is 20, expected more than at = 20$"):
        effect(y, 20, until=20)
    with pytest.raises(ValueError, match=r"^n has shape \(3,\), expected \(30,\)$"):
        effect(y, 20, n=[1, 2, 3])
    with pytest.raises(ValueError, match=r"^confidence is 95, expected between 0 and 1$"):
        effect(y, 20, confidence=95)
    with pytest.raises(ValueError, match=r"^controls has shape \(2, 5\), expected \(K, 30\)$"):
        effect(y, 20, controls=np.zeros((2, 5)))
