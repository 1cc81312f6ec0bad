"""The machinery against brute force: dense matrices and plain simulation."""

import numpy as np
import pytest
from scipy import stats as sp

from cxmon.stats import boundary, effect
from cxmon.stats.filtering import Noise, ahead, crossed, gains, log_det, quadratic, whiten
from cxmon.stats.mixture import Mixture
from cxmon.stats.regression import Prior, add_steps, bent, solve
from cxmon.stats.watch_noise import freeze


def dense(ar, phi, rw, variance):
    """Covariance of AR(1) + random walk from zero + independent noise."""
    t = np.arange(len(variance))
    return ar * phi ** np.abs(t[:, None] - t) + rw * np.minimum(t[:, None], t) + np.diag(variance)


@pytest.mark.parametrize(("ar", "phi", "rw"), [(0.0, 0.0, 0.0), (0.8, 0.7, 0.0), (0.0, 0.0, 0.1), (1.5, 0.9, 0.02)])
def test_whitened_products_equal_generalised_least_squares_with_gaps(ar, phi, rw):
    rng = np.random.default_rng(1)
    X, variance, seen = rng.standard_normal((40, 3)), rng.uniform(0.5, 2, 40), rng.random(40) > 0.2
    noise = Noise(*(np.array([[v]]) for v in (ar, phi, rw)))
    filtered = gains(variance[None], seen[None], noise, 40)
    rows = whiten(X[:, :, None], filtered, 0).rows[0, 0]
    S = dense(ar, phi, rw, variance)[np.ix_(seen, seen)]
    np.testing.assert_allclose(rows @ rows.T, X[seen].T @ np.linalg.solve(S, X[seen]), rtol=1e-8)
    assert log_det(filtered, 40)[0, 0] == pytest.approx(np.linalg.slogdet(S)[1], rel=1e-8, abs=1e-9)


def test_forecast_means_and_variances_equal_conditioning_on_the_past():
    rng = np.random.default_rng(2)
    T, at, ar, phi, rw = 30, 22, 1.2, 0.8, 0.05
    variance, y = rng.uniform(0.5, 2, T), rng.standard_normal((T, 1))
    noise = Noise(*(np.array([[v]]) for v in (ar, phi, rw)))
    filtered = gains(variance[None], (np.arange(T) < at)[None], noise, at)
    found = whiten(y[:at, :, None], filtered, 0)
    w = rng.random(T - at)
    load, added = ahead(noise, w[None])
    S = dense(ar, phi, rw, variance)
    gain = S[at:, :at] @ np.linalg.inv(S[:at, :at])
    mean = (load * found.state[:, 0]).sum(0)
    assert mean[0, 0] == pytest.approx(float((w @ gain @ y[:at])[0]), rel=1e-8)
    cov = S[at:, at:] - np.diag(variance[at:]) - gain @ S[:at, at:]
    assert (quadratic(filtered.cov, load) + added)[0, 0] == pytest.approx(float(w @ cov @ w), rel=1e-8)


def test_many_series_and_one_and_a_longer_past_get_the_same_answers_to_the_last_bit():
    """Many are worked on in place, few in rows; gains of a past serve a shorter one."""
    rng = np.random.default_rng(8)
    S, T, m = 40, 30, 3
    noise = Noise(*(rng.uniform(0.1, 0.8, (1, 20)) for _ in range(3)))
    variance, seen, columns = rng.uniform(0.5, 2, (S, T)), rng.random((S, T)) > 0.1, rng.standard_normal((T, m, S))
    whole = whiten(columns, gains(variance, seen, noise, T), 0)
    for s in (0, S - 1):
        one = whiten(columns[:, :, s : s + 1], gains(variance[s : s + 1], seen[s : s + 1], noise, T), 0)
        assert np.array_equal(one.rows[0], whole.rows[s])
        assert np.array_equal(one.state[:, :, 0], whole.state[:, :, s])
    assert np.array_equal(
        gains(variance[:, :20], seen[:, :20], noise, 20).passed, gains(variance, seen, noise, T).passed[:20]
    )


@pytest.mark.parametrize("S", [1, 300])
def test_columns_that_nobody_pairs_get_the_same_answers(S):
    """300 series are worked on in parts, of which half of the products are enough; one is not."""
    rng = np.random.default_rng(7)
    T, p, B, D, at = 40, 4, 2, 3, 25
    noise = Noise(*(rng.uniform(0.1, 0.8, (S, 20)) for _ in range(3)))
    g = gains(rng.uniform(0.5, 2, (S, T)), rng.random((S, T)) > 0.1, noise, at)
    columns = rng.standard_normal((T, p + 1 + B + D, S))
    prior = Prior(
        mean=np.zeros((S, p)), precision=np.ones((S, p)), last=rng.uniform(1, 2, (S, 3, 1)),
        log_weight=np.zeros((S, 3)), nu0=np.ones(S), least=np.full(S, 0.1), flat=1,
    )  # fmt: skip
    found = []
    for head, alone in ((None, 0), (p + 1, D - 1)):
        before, state = crossed(columns[:at], g, 0, head=head, alone=alone)
        after, _ = crossed(columns[at:], g, at, state, head=head, alone=alone)
        fit = solve(before + after, p, log_det(g, T), np.full(S, T), prior, coefficients=False, alone=alone)
        found.append((add_steps(fit, slice(1 + B, None), prior), bent(fit, slice(1, 1 + B), 1.0)))
    (steps, bend), (theirs, same) = found
    np.testing.assert_allclose(bend, same, rtol=1e-9)
    for name in ("evidence", "mean", "scale", "information"):
        np.testing.assert_allclose(getattr(steps, name), getattr(theirs, name), rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(log_det(g, at) + log_det(g, T, at), log_det(g, T), rtol=1e-10, atol=1e-10)


def test_an_answer_leaves_numpy_as_it_was():
    size = np.getbufsize()
    effect(np.random.default_rng(8).standard_normal(60), 40)
    assert np.getbufsize() == size


def test_a_boundary_is_crossed_as_often_as_it_says():
    rng = np.random.default_rng(3)
    length, step, paths = 2.0, 0.05, 40_000
    z, keep = rng.standard_normal(paths), np.exp(-0.05 / 2)
    top = np.abs(z)
    for _ in range(int(length / step)):
        z = keep * z + np.sqrt(1 - keep**2) * rng.standard_normal(paths)
        top = np.maximum(top, np.abs(z))
    for c in (1.96, 2.5, 3.0, 3.5):
        said = boundary.overall(2 * sp.norm.sf(c), length, 1.0)
        share = (top > c).mean()
        assert said == pytest.approx(share, abs=4 * np.sqrt(share / paths) + 0.02 * share)


@pytest.mark.parametrize("alpha", [0.2, 0.05, 0.005])
@pytest.mark.parametrize("length", [0.0, 0.7, 3.0])
def test_level_and_overall_p_value_are_inverse(alpha, length):
    level = boundary.nominal(alpha, length, 0.8)
    assert boundary.overall(level, length, 0.8) == pytest.approx(alpha, rel=1e-6)
    assert level <= alpha * 0.8 * (1 + 1e-9)


def test_a_longer_watch_asks_for_more():
    levels = [boundary.nominal(0.05, length, 1.0) for length in (0.0, 1.0, 2.0, 4.0)]
    assert levels == sorted(levels, reverse=True)
    assert levels[0] == pytest.approx(0.05, rel=0.02)


def test_a_mixture_of_one_is_a_student_t():
    m = Mixture(*(np.array([[x]]) for x in (1.0, 2.0, 0.5, 7.0)))
    assert m.quantiles(np.array([[0.975]]))[0, 0] == pytest.approx(2 + 0.5 * sp.t.ppf(0.975, 7), rel=1e-6)
    assert m.p_value()[0] == pytest.approx(2 * sp.t.sf(4, 7), rel=1e-6)


@pytest.mark.parametrize("freedom", [2.0, 29.0, 31.0, 105.0, 1e6])
@pytest.mark.parametrize("away", [0.0, 0.3, 4.0, 6.9, 7.1, 20.0])
def test_fast_tails_are_student_tails(freedom, away):
    m = Mixture(*(np.array([[x]]) for x in (1.0, away, 1.0, freedom)))
    assert m.p_value()[0] == pytest.approx(2 * sp.t.sf(away, freedom), rel=1e-6)
    levels = np.array([[1e-3, 0.025, 0.5, 0.9]])
    assert m.quantiles(levels)[0] == pytest.approx(away + sp.t.ppf(levels[0], freedom), rel=1e-6, abs=1e-6)


def test_frozen_noise_finds_the_noise_it_was_drawn_from():
    rng = np.random.default_rng(4)
    S, T = 40, 400
    slow = np.zeros((S, T))
    for t in range(1, T):
        slow[:, t] = 0.75 * slow[:, t - 1] + np.sqrt(1.5 * (1 - 0.75**2)) * rng.standard_normal(S)
    y = slow + rng.standard_normal((S, T))
    none, known = np.zeros((T, 0)), np.zeros(S, bool)
    f = freeze(y, np.ones((S, T)), np.ones((S, T), bool), none, np.zeros((S, 0)), 0, known=known)
    weight = np.exp(f.log_weight)
    assert np.median((weight * f.phi).sum(1)) == pytest.approx(0.75, abs=0.17)
    total = (weight * f.scale2 * (1 + f.ar)).sum(1)
    assert np.median(total) == pytest.approx(2.5, rel=0.15)
    assert (weight * f.rw).sum(1).max() < 0.02


def simulated(rng, K, T, at, size):
    """A world of its own: AR(1) common movement and own days, weekday wave, binomial answers."""
    own = np.zeros((K + 1, T))
    shared = np.zeros(T)
    for t in range(1, T):
        own[:, t] = 0.6 * own[:, t - 1] + 0.01 * rng.standard_normal(K + 1)
        shared[t] = 0.85 * shared[t - 1] + 0.012 * rng.standard_normal()
    p = 0.75 + shared + own + 0.03 * np.cos(2 * np.pi * np.arange(T) / 7)
    p[0, at:] += size
    n = rng.poisson(120, (K + 1, T)) + 1
    return rng.binomial(n, np.clip(p, 0, 1)) / n, n.astype(float)


@pytest.mark.parametrize(("K", "at", "T"), [(0, 70, 90), (4, 70, 90), (0, 28, 42)])
def test_intervals_cover_the_truth(K, at, T):
    """At a true coverage of 0.95, under 0.82 in 60 worlds has a chance of 1 in 8,000 (binomial)."""
    rng = np.random.default_rng(5)
    covered, worlds = 0, 60
    for _ in range(worlds):
        Y, N = simulated(rng, K, T, at, -0.04)
        e = effect(Y[0], at, n=N[0], controls=Y[1:] if K else None, controls_n=N[1:] if K else None, kind="proportion")
        covered += e.low <= -0.04 <= e.high
    assert covered / worlds >= 0.82


def test_reading_twice_a_week_seldom_calls_a_harmless_change_harmful():
    """At a true rate of 0.05, more than 5 of 25 watched worlds has a chance of 1 in 800 (binomial)."""
    rng = np.random.default_rng(6)
    called = 0
    for _ in range(25):
        Y, N = simulated(rng, 0, 88, 60, 0.0)
        for day in range(4, 29, 4):
            e = effect(Y[0, : 60 + day], 60, n=N[0, : 60 + day], kind="proportion", sequential=True, horizon=28)
            if e.low > 0 or e.high < 0:
                called += 1
                break
    assert called <= 5


def test_far_out_more_looks_still_mean_more_chances():
    for p in (1e-3, 1e-5, 1e-8, 1e-14):
        said = [boundary.overall(p, length, 1.0) for length in (0.0, 0.5, 2.0, 8.0)]
        assert said == sorted(said)
        assert said[-1] > 5 * said[0]
