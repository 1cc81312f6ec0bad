"""The machinery beside statsmodels, where both compute the same thing."""

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.tsa.statespace.kalman_filter import KalmanFilter

from cxmon.stats import effects
from cxmon.stats.filtering import Noise, ahead, gains, log_det, quadratic, whiten
from cxmon.stats.mixture import Mixture
from cxmon.stats.regression import Prior, add_steps, products, solve

few = settings(max_examples=15, deadline=None)
sets = st.tuples(st.floats(0, 5), st.floats(0, 0.97), st.floats(0, 1))
T, AT = 60, 45


def state_space(y, variance, ar, phi, rw):
    """AR(1) from its stationary law plus a random walk from zero, seen with noise of known variance."""
    kf = KalmanFilter(
        k_endog=1, k_states=2, design=np.ones((1, 2)), transition=np.diag([phi, 1.0]), selection=np.eye(2),
        state_cov=np.diag([ar * (1 - phi**2), rw]),
    )  # fmt: skip
    kf.bind(y)
    kf["obs_cov"] = variance[None, None]
    kf.initialize_known(np.zeros(2), np.diag([ar, 0.0]))
    return kf.filter()


def drawn(seed):
    """Values with gaps, their variances, and the gaps."""
    rng = np.random.default_rng(seed)
    y = np.cumsum(0.3 * rng.standard_normal(T)) + rng.standard_normal(T)
    seen = (rng.random(T) > 0.15) & (np.arange(T) < AT)
    return np.where(seen, y, np.nan), rng.uniform(0.3, 3, T), seen


def noise_of(ar, phi, rw):
    return Noise(*(np.array([[x]]) for x in (ar, phi, rw)))


@few
@given(st.integers(0, 10_000), sets)
def test_the_likelihood_is_that_of_statsmodels_state_space(seed, noise):
    y, variance, seen = drawn(seed)
    g = gains(variance[None], seen[None], noise_of(*noise), AT)
    rows = whiten(np.where(seen, y, 0.0)[:, None, None], g, 0).rows
    ours = -0.5 * (seen.sum() * np.log(2 * np.pi) + log_det(g, T)[0, 0] + products(rows)[0, 0, 0, 0])
    assert ours == pytest.approx(state_space(y, variance, *noise).llf, rel=1e-9, abs=1e-7)


@few
@given(st.integers(0, 10_000), sets)
def test_forecasts_are_those_of_statsmodels_state_space(seed, noise):
    """Each period ahead alone, and mean and variance of what is expected there, without its own sampling noise."""
    y, variance, seen = drawn(seed)
    theirs = state_space(y, variance, *noise)
    g = gains(variance[None], seen[None], noise_of(*noise), AT)
    state = whiten(np.where(seen, y, 0.0)[:AT, None, None], g, 0).state[:, 0]
    for h in range(0, T - AT, 4):
        load, added = ahead(noise_of(*noise), np.eye(T - AT)[h][None])
        assert (load * state).sum() == pytest.approx(theirs.forecasts[0, AT + h], rel=1e-8, abs=1e-9)
        spread = quadratic(g.cov, load)[0, 0] + added[0, 0] + variance[AT + h]
        assert spread == pytest.approx(theirs.forecasts_error_cov[0, 0, AT + h], rel=1e-8)


@few
@given(st.integers(0, 10_000), sets)
def test_with_flat_priors_the_posterior_is_generalised_least_squares(seed, noise):
    """Coefficients, covariance, scale and freedom; and the Student-t interval of an effect column that is added."""
    rng = np.random.default_rng(seed)
    ar, phi, rw = noise
    variance, t = rng.uniform(0.3, 3, T), np.arange(T)
    Z = np.stack([np.ones(T), rng.standard_normal(T), np.sin(t)], axis=1)
    step = (t >= AT) * 1.0
    y = Z @ rng.standard_normal(3) + 2 * step + rng.standard_normal(T)
    sigma = ar * phi ** np.abs(t[:, None] - t) + rw * np.minimum(t[:, None], t) + np.diag(variance)
    g = gains(variance[None], np.ones((1, T), bool), noise_of(*noise), AT)
    columns = np.column_stack([Z, y, step])[:, :, None]
    flat = Prior(
        mean=np.zeros((1, 3)), precision=np.zeros((1, 3)), last=np.empty((1, 1, 0)), log_weight=np.zeros((1, 1)),
        nu0=np.zeros(1), least=np.zeros(1), flat=3,
    )  # fmt: skip
    M = products(whiten(columns, g, 0).rows)
    ours, theirs = solve(M, 3, log_det(g, T), np.array([T]), flat), sm.GLS(y, Z, sigma=sigma).fit()
    np.testing.assert_allclose(ours.coefficients[:, 0, 0, 0], theirs.params, rtol=1e-6, atol=1e-8)
    found = (ours.covariance() * ours.scale2)[:, :, 0, 0, 0]
    np.testing.assert_allclose(found, theirs.cov_params(), rtol=1e-6, atol=1e-9)
    assert ours.freedom[0] == theirs.df_resid
    with_step = sm.GLS(y, np.column_stack([Z, step]), sigma=sigma).fit()
    added = add_steps(ours, slice(4, 5), flat)
    one = Mixture(np.ones((1, 1)), *(x[0, 0, 0].reshape(1, 1) for x in (added.mean, added.scale)), added.freedom[None])
    ends = one.quantiles(np.array([[0.025, 0.975]]))[0]
    np.testing.assert_allclose(ends, with_step.conf_int()[3], rtol=1e-5, atol=1e-7)
    assert one.p_value()[0] == pytest.approx(with_step.pvalues[3], rel=1e-5, abs=1e-12)


def evidence(variance, noise, Z, y):
    """Log evidence of the regression of y on Z, up to a constant that the noise parameters do not touch."""
    g = gains(variance[None], np.ones((1, len(y)), bool), noise_of(*noise), AT)
    flat = Prior(
        mean=np.zeros((1, Z.shape[1])), precision=np.zeros((1, Z.shape[1])), last=np.empty((1, 1, 0)),
        log_weight=np.zeros((1, 1)), nu0=np.zeros(1), least=np.zeros(1), flat=Z.shape[1],
    )  # fmt: skip
    M = products(whiten(np.column_stack([Z, y])[:, :, None], g, 0).rows)
    return float(solve(M, Z.shape[1], log_det(g, len(y)), np.array([len(y)]), flat).evidence[0, 0, 0])


def test_noise_parameters_are_weighed_by_the_restricted_likelihood_of_statsmodels():
    """The evidence is the likelihood of what the regressors leave, integrated over the noise scale: statsmodels' GLS
    gives the same once its profile likelihood is corrected for the regressors (Harville 1974)."""
    rng = np.random.default_rng(3)
    variance, t = rng.uniform(0.5, 2, T), np.arange(T)
    Z = np.stack([np.ones(T), np.cos(t)], axis=1)
    y = Z @ [1.0, 2.0] + np.cumsum(0.3 * rng.standard_normal(T)) + rng.standard_normal(T)
    choices = [(0.0, 0.0, 0.0), (1.0, 0.5, 0.0), (0.0, 0.0, 0.1), (2.0, 0.9, 0.05)]
    ours, theirs = [], []
    for ar, phi, rw in choices:
        sigma = ar * phi ** np.abs(t[:, None] - t) + rw * np.minimum(t[:, None], t) + np.diag(variance)
        fit = sm.GLS(y, Z, sigma=sigma).fit()
        # Its log likelihood is -T/2 log(ssr) - 1/2 log|sigma|; the restricted one has T - p for T, and |Z' sigma^-1 Z|.
        spread = np.linalg.slogdet(fit.normalized_cov_params)[1]
        theirs.append(fit.llf + Z.shape[1] / 2 * np.log(fit.ssr) + 0.5 * spread)
        ours.append(evidence(variance, (ar, phi, rw), Z, y))
    np.testing.assert_allclose(np.diff(ours), np.diff(theirs), rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("size", [0.0, -0.06])
def test_on_white_noise_the_effect_is_that_of_weighted_least_squares(size):
    """Known counts, a step, no profile. Least squares is told that the noise is white and that nothing drifts; we are
    not, and pay for it: an interval up to twice as wide, an error up to half as large again. On average both agree."""
    rng = np.random.default_rng(4)
    worlds, periods, at = 120, 120, 80
    n = rng.integers(40, 400, (worlds, periods)).astype(float)
    level = 0.7 + size * (np.arange(periods) >= at)
    y = rng.binomial(n.astype(int), level) / n
    ours = effects(y, at, n=n, kind="proportion", period=1)
    design = np.column_stack([np.ones(periods), np.arange(periods) >= at]).astype(float)
    fits = [sm.WLS(y[s], design, weights=n[s]).fit() for s in range(worlds)]
    theirs, error = (np.array([getattr(f, name)[1] for f in fits]) for name in ("params", "bse"))
    estimate, low, high = (np.array([getattr(e, name) for e in ours]) for name in ("estimate", "low", "high"))
    wider = (high - low) / np.array([np.ptp(f.conf_int()[1]) for f in fits])
    gap = (estimate - theirs) / error
    assert abs(gap.mean()) < 3 * gap.std() / np.sqrt(worlds)
    assert wider.min() > 1
    assert np.median(wider) < 2.1
    assert np.std(estimate) < 1.5 * np.std(theirs)
    assert ((low <= size) & (size <= high)).mean() >= 0.92
