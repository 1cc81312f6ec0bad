"""Controls as they come: stuck, thin, noisier than the treated segment, ending early, in another unit."""

import numpy as np
import pytest

from cxmon.stats import effect, effects
from cxmon.stats.mixture import Mixture

WORLDS, T, AT = 80, 90, 62


def walking(seed, noise=1.0, K=5):
    """Treated (S, T) and controls (S, K, T) that follow one walk; no effect."""
    rng = np.random.default_rng(seed)
    shared = np.cumsum(rng.standard_normal((WORLDS, T)), axis=1)
    return shared + rng.standard_normal((WORLDS, T)), shared[:, None] + noise * rng.standard_normal((WORLDS, K, T))


def covered(found, truth=0.0):
    return np.mean([e.low <= truth <= e.high for e in found if np.isfinite(e.estimate)])


@pytest.mark.parametrize("kept", [28, 14, 7, 1])
def test_where_controls_end_only_what_can_be_compared_is_judged(kept):
    """At a true coverage of 0.95 under 0.86 of 80 has a chance of 1 in 1,000 (binomial)."""
    y, X = walking(1)
    X[:, :, AT + kept :] = np.nan
    found = effects(y, AT, controls=X)
    assert {e.n_post for e in found} == {kept}
    assert covered(found) >= 0.86


def test_periods_in_which_only_a_dropped_mover_was_measured_are_not_taken_for_the_level_of_all():
    y, X = walking(2)
    X[:, 0, AT:] += 40
    X[:, 1:, AT + 2 : AT + 6] = np.nan
    assert covered(effects(y, AT, controls=X)) >= 0.86


def test_controls_that_are_noisier_than_the_treated_segment_leave_their_error_in_the_interval():
    y, X = walking(3, noise=10.0)
    assert covered(effects(y, AT, controls=X)) >= 0.86


def test_thin_controls_beside_thick_ones_do_no_harm():
    y, X = walking(4, K=3)
    rng = np.random.default_rng(5)
    thin = X[:, :1] + 10 * rng.standard_normal((WORLDS, 4, T))
    alone, beside = (
        np.sqrt(np.mean([e.estimate**2 for e in effects(y, AT, controls=x)]))
        for x in (X, np.concatenate([X, thin], axis=1))
    )
    assert beside < 1.25 * alone


@pytest.mark.parametrize("stuck", [0.0, 1.0])
def test_a_control_that_never_varied_before_the_change_says_nothing(stuck):
    rng = np.random.default_rng(6)
    n = np.full(T, 200.0)
    y, X = rng.poisson(20, T) / n, rng.poisson(20, (4, T)) / n
    dead = np.full((1, T), stuck)
    dead[0, [AT + 3, AT + 9]] += 1 / 200
    one = effect(y, AT, n=n, controls=X, controls_n=np.tile(n, (4, 1)), kind="rate")
    other = effect(y, AT, n=n, controls=np.r_[X, dead], controls_n=np.tile(n, (5, 1)), kind="rate")
    assert not other.controls_used[4]
    assert (other.estimate, other.low, other.high) == pytest.approx((one.estimate, one.low, one.high), rel=1e-6)


@pytest.mark.parametrize("unit", [1e-3, 1e3])
def test_a_control_whose_error_is_not_known_has_no_unit_of_its_own(unit):
    rng = np.random.default_rng(7)
    y, X = 5 + rng.standard_normal(T), 5 + rng.standard_normal((4, T))
    se = np.ones((4, T))
    se[2] = np.nan
    one, other = (
        effect(y, AT, controls=X, controls_se=se),
        effect(unit * y, AT, controls=unit * X, controls_se=unit * se),
    )
    assert other.estimate / unit == pytest.approx(one.estimate, rel=1e-6)
    assert (other.high - other.low) / unit == pytest.approx(one.high - one.low, rel=1e-6)


def test_a_neighbour_after_the_window_changes_nothing():
    y = 5 + np.random.default_rng(8).standard_normal(80)
    alone, beside = effect(y, 50, until=70), effect(y, 50, until=70, others=[(85, 89)])
    assert beside.p_value == pytest.approx(alone.p_value, rel=1e-6)


def test_controls_that_are_calm_do_not_overrule_a_series_that_wanders():
    """The treated one has a walk of its own; beside calm controls that was covered in half of the worlds."""
    rng = np.random.default_rng(9)
    X = rng.standard_normal((WORLDS, 6, T))
    y = np.cumsum(0.3 * rng.standard_normal((WORLDS, T)), axis=1) + rng.standard_normal((WORLDS, T))
    assert covered(effects(y, AT, controls=X)) >= 0.75


@pytest.mark.parametrize("apart", [0.5, 6.0, 40.0])
def test_quantiles_of_mixtures_with_two_modes_are_quantiles(apart):
    rng = np.random.default_rng(10)
    size = (50, 6)
    m = Mixture(
        rng.dirichlet(np.ones(6), 50), apart * rng.standard_normal(size), np.exp(2 * rng.standard_normal(size)),
        rng.uniform(2, 100, size),
    )  # fmt: skip
    q = np.tile([0.005, 0.025, 0.5, 0.975], (50, 1))
    np.testing.assert_allclose(m.below(m.quantiles(q)), q, rtol=1e-5)
