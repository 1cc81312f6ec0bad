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
@given(seeds)
def test_a_control_that_is_missing_is_the_same_as_one_without_answers(seed):
    y, X, n = world(seed)
    gaps, theirs = np.random.default_rng(seed).random(X.shape) < 0.15, np.full(X.shape, 90.0)
    without, silent = np.where(gaps, np.nan, X / 100), np.where(gaps, 0.0, theirs)
    one = effect(y / 100, 60, n=n, controls=without, controls_n=theirs, kind="proportion")
    other = effect(y / 100, 60, n=n, controls=X / 100, controls_n=silent, kind="proportion")
    np.testing.assert_allclose(numbers(other), numbers(one), rtol=1e-9, atol=1e-12)


@few
@given(seeds, st.floats(-500, 500))
def test_controls_may_stand_at_another_level(seed, level):
    y, X, _ = world(seed)
    moved = X + np.array([[level], [0.0], [-level]])
    np.testing.assert_allclose(
        in_units(effect(y, 60, controls=moved)), in_units(effect(y, 60, controls=X)), rtol=1e-5, atol=1e-5
    )


def answers(seed, p, n, *, controls=2):
    """Shares of n answers drawn at the levels `p` (S, T), and controls of the same kind."""
    rng = np.random.default_rng(seed)
    counts = np.full(p.shape, float(n))
    theirs = np.full((len(p), controls, p.shape[1]), float(n))
    return rng.binomial(n, p) / n, counts, rng.binomial(n, 0.85, theirs.shape) / n, theirs


@few
@given(seeds, st.booleans())
def test_the_dissatisfied_tell_the_same_story_as_the_satisfied(seed, sequential):
    p = np.full((1, 84), 0.9)
    y, n, X, nX = answers(seed, p, 60)
    options = {"n": n, "controls_n": nX, "kind": "proportion", "sequential": sequential, "horizon": 28}
    one, other = effects(y, 60, controls=X, **options)[0], effects(1 - y, 60, controls=1 - X, **options)[0]
    np.testing.assert_allclose([-other.estimate, -other.high, -other.low], in_units(one), rtol=1e-8, atol=1e-10)
    assert other.p_value == pytest.approx(one.p_value, rel=1e-8)


@few
@given(seeds)
def test_events_per_head_and_per_thousand_are_the_same_rate(seed):
    rng = np.random.default_rng(seed)
    n = rng.uniform(900, 1100, 84)
    y = rng.poisson(0.01 * n) / n
    one, other = effect(y, 60, n=n, kind="rate"), effect(1000 * y, 60, n=n / 1000, kind="rate")
    np.testing.assert_allclose(in_units(other) / 1000, in_units(one), rtol=0, atol=1e-6 * (one.high - one.low))


def median_width(seed, p, n):
    found = effects(answers(seed, p, n)[0], 60, n=np.full(p.shape[1], float(n)), kind="proportion")
    return np.median([e.high - e.low for e in found])


@settings(max_examples=4, deadline=None)
@given(seeds)
def test_a_hundred_times_the_answers_shrink_the_sampling_part_only(seed):
    """Medians of 120 worlds, because those of 40 scatter too much. Without own movement all of the width is sampling,
    and it shrinks tenfold (the noise beyond the counts is estimated, so not to the last digit); with it, what is left
    is what an AR(1) that is seen without any sampling noise leaves: its long-run standard deviation 0.02 / (1 - 0.6)
    over the days before and after. It may be up to 1.7 times as wide: figures that counts know so well are held to
    wander (as they do in reality.md)."""
    still = np.full((120, 84), 0.8)
    rng, moving = np.random.default_rng(seed), np.zeros((120, 84))
    for t in range(1, 84):
        moving[:, t] = 0.6 * moving[:, t - 1] + 0.02 * rng.standard_normal(120)
    left = 2 * 1.96 * 0.02 / (1 - 0.6) * np.sqrt(1 / 60 + 1 / 24)
    assert 7 < median_width(seed, still, 100) / median_width(seed, still, 10_000) < 13
    thick = median_width(seed, still + moving, 10_000)
    assert median_width(seed, still + moving, 100) > 1.15 * thick
    assert 0.85 * left < thick < 1.7 * left


@few
@given(seeds, st.integers(0, 12), st.integers(0, 3), st.booleans())
def test_too_little_data_is_a_reason_with_the_numbers(seed, before, after, profile):
    """`before` and `after` usable periods among sixty and twenty."""
    rng = np.random.default_rng(seed)
    y = np.full(80, np.nan)
    y[rng.choice(60, before, replace=False)] = rng.standard_normal(before)
    y[60 + rng.choice(20, after, replace=False)] = rng.standard_normal(after)
    least = 8 if profile else 5
    e = effect(y, 60, period=7 if profile else 1)
    assert (e.n_pre, e.n_post) == (before, after)
    if before < least:
        periods = "period" if before == 1 else "periods"
        assert e.reason == f"{before} usable {periods} before the change, at least {least} are needed"
    elif after == 0:
        assert e.reason == "no usable period since the change, at least 1 is needed"
    else:
        assert e.reason == ""
        assert e.low < e.estimate < e.high
    assert np.isnan(numbers(e)).all() == (e.reason != "")


@few
@given(seeds, st.sampled_from(["mean", "proportion", "rate"]), st.sampled_from([-1.0, 1.0]), st.booleans())
def test_a_plain_change_is_called_in_its_direction_and_its_p_value_agrees(seed, kind, sign, sequential):
    y, X, n = world(seed, size=12.0 * sign)
    # These are shares of about 0.8: a rate of that size scatters as little only with five times the exposure.
    n = 5 * n if kind == "rate" else n
    e = effect(y / 100, 60, n=n, controls=X / 100, kind=kind, sequential=sequential, horizon=28)
    near, far = (e.low, e.high) if sign > 0 else (-e.high, -e.low)
    assert 0 < near < far
    assert e.p_value < 0.05


@few
@given(seeds, st.floats(0.5, 0.999), st.booleans(), st.floats(-4, 4))
def test_zero_is_outside_the_interval_exactly_when_the_p_value_says_so(seed, confidence, sequential, size):
    y, X, _ = world(seed, size=size)
    e = effect(y, 60, controls=X, confidence=confidence, sequential=sequential, horizon=28)
    assert e.low < e.estimate < e.high
    assert (e.low > 0 or e.high < 0) == (e.p_value < 1 - confidence)


@few
@given(seeds)
def test_more_confidence_and_looks_after_the_horizon_widen_the_interval(seed):
    y, X, _ = world(seed)
    plain, sure = effect(y, 60, controls=X), effect(y, 60, controls=X, confidence=0.98)
    often = effect(y, 60, controls=X, sequential=True, horizon=28)
    late = effect(y, 60, controls=X, sequential=True, horizon=10)
    assert sure.low < plain.low < plain.high < sure.high
    assert late.high - late.low > often.high - often.low


def test_an_interval_that_may_be_read_daily_is_wider_than_one_that_is_read_once():
    """In a rare world it is not: its noise is learnt before the change only, the other's from all periods, which may
    have been livelier since."""
    wider = []
    for seed in range(20):
        y, X, _ = world(seed)
        once, daily = effect(y, 60, controls=X), effect(y, 60, controls=X, sequential=True, horizon=28)
        wider.append((daily.high - daily.low) / (once.high - once.low))
    assert np.median(wider) > 1.05
    assert min(wider) > 1.0


@few
@given(seeds)
def test_values_minus_expected_average_to_the_estimate(seed):
    y, X, _ = world(seed, size=3.0)
    y[[65, 70]] = np.nan
    e = effect(y, 60, controls=X, until=80)
    assert np.nanmean((y - e.expected)[60:80]) == pytest.approx(e.estimate, abs=1e-8)
    assert np.all(e.expected_low < e.expected)
    assert np.all(e.expected < e.expected_high)


def same(one, other, rel=1e-8):
    """Everything that two answers say, to a relative error of `rel` of the interval's width."""
    reach = rel * max(abs(other.high - other.low), 1e-12) if other.reason == "" else 0.0
    np.testing.assert_allclose(in_units(one), in_units(other), rtol=rel, atol=reach)
    np.testing.assert_allclose(one.p_value, other.p_value, rtol=rel)
    for name in ("expected", "expected_low", "expected_high"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=rel, atol=reach)
    for name in ("controls_used", "controls_moved", "n_pre", "n_post", "pre_fit_ok", "shape", "reason"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


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
        same(batch[s], one)
        same(shared[s], effect(Y[s], 60, controls=X[0]))


@few
@given(
    seeds, st.sampled_from(["mean", "proportion", "rate", "quantile"]), st.booleans(), st.booleans(), st.booleans(),
    st.sampled_from([0.0, 0.1, 0.4]),
)  # fmt: skip
def test_a_batch_of_broken_series_equals_them_one_by_one(seed, kind, sequential, controlled, ripening, lost):
    """Gaps in values and controls, controls that are empty, dates of their own, ends, ripening, and one row with too
    little data."""
    rng = np.random.default_rng(seed)
    rows = [world(seed + s, size=s * 2.0) for s in range(4)]
    Y, X, N = (np.stack([r[i] for r in rows]) for i in range(3))
    Y, X = np.clip(Y, 1, 99) / 100, np.clip(X, 1, 99) / 100
    Y[rng.random(Y.shape) < lost] = np.nan
    X[rng.random(X.shape) < lost] = np.nan
    X[1, 0] = np.nan
    Y[3, :56] = np.nan
    at, until = np.array([60, 50, 60, 60]), np.array([84, 70, 84, 75])
    asks = {"n": N} if kind in {"proportion", "rate"} else {"se": rng.uniform(0.005, 0.03, Y.shape)}
    asks |= {"complete": np.where(np.arange(84) < 80, 1.0, rng.uniform(0.3, 1, (4, 84)))} if ripening else {}
    asks |= {"controls": X} if controlled else {}
    asks |= {"controls_n": rng.poisson(80, X.shape) * 1.0} if controlled and "n" in asks else {}
    options = {"kind": kind, "sequential": sequential, "horizon": 25 if sequential else None}
    batch = effects(Y, at, until=until, **asks, **options)
    for s, found in enumerate(batch):
        its = {name: x[s] for name, x in asks.items()}
        same(found, effect(Y[s], int(at[s]), until=int(until[s]), **its, **options))
    assert batch[3].reason.endswith("before the change, at least 8 are needed")


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


@pytest.mark.parametrize("sequential", [False, True])
def test_an_effect_that_is_not_drawn_is_the_same_without_the_picture(sequential):
    y, controls, n = world(4, size=3.0)
    asks = {"controls": controls, "n": n, "sequential": sequential}
    drawn, bare = effect(y, 60, **asks), effect(y, 60, drawn=False, **asks)
    np.testing.assert_array_equal(numbers(bare), numbers(drawn))
    assert (bare.se, bare.shape, bare.pre_fit_ok, bare.n_post) == (
        drawn.se,
        drawn.shape,
        drawn.pre_fit_ok,
        drawn.n_post,
    )
    assert np.isfinite(drawn.expected).all()
    for left_out in (bare.expected, bare.expected_low, bare.expected_high):
        assert left_out.shape == y.shape
        assert np.isnan(left_out).all()
