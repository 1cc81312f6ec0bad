"""Coverage in simulated worlds at the edges: few events, shares near one, given standard errors, heavy tails.

A true coverage of 0.95 falls under 0.92 in 200 worlds by chance in 1 of 42 cases, one of 0.97 in 1 of 7,700 (binomial);
the seeds are fixed, so that a red test is a change of the estimator.
"""

import numpy as np
import pytest
from scipy import stats as sp

from cxmon.stats import effects

WORLDS, T, AT = 200, 88, 60
AFTER = np.arange(T) >= AT


def ask(y, **options):
    """Estimates, interval ends and p-values (WORLDS,)."""
    found = effects(y, AT, **options)
    return np.array([[e.estimate, e.low, e.high, e.p_value] for e in found]).T


def covered(y, truth, **options):
    _, low, high, _ = ask(y, **options)
    return np.mean((low <= truth) & (truth <= high))


@pytest.mark.parametrize("a_day", [0.2, 1.0, 3.0])
@pytest.mark.parametrize("factor", [1.0, 1.5])
def test_rates_with_a_handful_of_events_are_covered(a_day, factor):
    rng = np.random.default_rng(1)
    n = rng.poisson(500, (WORLDS, T)) + 1.0
    rate = a_day / 500 * np.where(AFTER, factor, 1.0)
    assert covered(rng.poisson(rate * n) / n, a_day / 500 * (factor - 1), n=n, kind="rate") >= 0.92


@pytest.mark.parametrize("answers", [15, 800])
@pytest.mark.parametrize(("before", "after"), [(0.995, 0.995), (0.995, 0.98), (0.005, 0.015), (0.999, 0.999)])
def test_shares_near_zero_and_one_are_covered(answers, before, after):
    rng = np.random.default_rng(2)
    n = rng.poisson(answers, (WORLDS, T)) + 1
    y = rng.binomial(n, np.where(AFTER, after, before)) / n
    assert covered(y, after - before, n=n, kind="proportion") >= 0.92


def quantiles(rng, tail):
    """Logarithms of the 90th percentile of lognormal durations, with the standard error a sketch would give."""
    n = rng.poisson(80, (WORLDS, T)) + 20
    se = np.sqrt(0.09 / n) / sp.norm.pdf(sp.norm.ppf(0.9))
    return se * tail(rng), se


def incidents(rng):
    """One day in thirty is far off, always to the bad side."""
    return rng.binomial(1, 1 / 30, (WORLDS, T)) * rng.exponential(6, (WORLDS, T))


@pytest.mark.parametrize(
    "tail",
    [
        lambda rng: rng.standard_normal((WORLDS, T)),
        lambda rng: rng.standard_t(3, (WORLDS, T)),
        lambda rng: rng.standard_normal((WORLDS, T)) + incidents(rng),
        # The standard errors that came with the values are half of what they should be.
        lambda rng: 2 * rng.standard_normal((WORLDS, T)),
    ],
    ids=["as told", "heavy tails", "incidents", "told too small"],
)  # fmt: skip
@pytest.mark.parametrize("size", [0.0, 0.1])
def test_quantiles_with_a_given_error_are_covered(tail, size):
    y, se = quantiles(np.random.default_rng(3), tail)
    assert covered(y + size * AFTER, size, se=se, kind="quantile") >= 0.92


@pytest.mark.parametrize("kind", ["mean", "proportion", "rate"])
@pytest.mark.parametrize("sequential", [False, True])
def test_p_values_are_small_no_more_often_than_they_say(kind, sequential):
    """Own movement with memory, nothing else: at most `level` of the p-values lie under `level`, with three standard
    errors of room."""
    rng = np.random.default_rng(4)
    own = np.zeros((WORLDS, T))
    for t in range(1, T):
        own[:, t] = 0.6 * own[:, t - 1] + rng.standard_normal(WORLDS)
    n = rng.poisson(150, (WORLDS, T)) + 1
    y = {
        "mean": own + rng.standard_normal((WORLDS, T)), "proportion": rng.binomial(n, 0.8 + 0.015 * own) / n,
        "rate": rng.poisson(0.05 * np.exp(0.1 * own) * n) / n,
    }[kind]  # fmt: skip
    p = ask(y, n=None if kind == "mean" else n, kind=kind, sequential=sequential, horizon=28)[3]
    for level in (0.01, 0.05, 0.2, 0.5):
        assert np.mean(p < level) <= level + 3 * np.sqrt(level * (1 - level) / WORLDS)
    assert p.min() > 0
    assert p.max() <= 1
