"""Several changes on one series: each one's own effect, or a plain word that they cannot be told apart."""

import numpy as np
import pytest

from cxmon.stats import correlations, effect


def series(seed, steps, T=110):
    """Mean values with a little memory and steps of (at, size)."""
    rng = np.random.default_rng(seed)
    y = np.zeros(T)
    for t in range(1, T):
        y[t] = 0.4 * y[t - 1] + 0.4 * rng.standard_normal()
    for at, size in steps:
        y[at:] += size
    return 50 + y + rng.standard_normal(T)


@pytest.mark.parametrize("sequential", [False, True])
def test_two_changes_ten_days_apart_are_each_told_with_their_own_size(sequential):
    held, near = 0, []
    for seed in range(40):
        y = series(seed, [(70, 3.0), (80, -4.0)])
        first = effect(y, 70, others=[(80, 110)], sequential=sequential, horizon=40)
        second = effect(y, 80, others=[(70, 110)], sequential=sequential, horizon=40)
        held += (first.low <= 3 <= first.high) + (second.low <= -4 <= second.high)
        near.append((first.estimate - 3, second.estimate + 4))
    # At a true coverage of 0.95 under 68 of 80 has a chance of 1 in 2,000 (binomial).
    assert held >= 68
    assert np.abs(np.mean(near, axis=0)).max() < 0.5


def test_a_neighbour_that_is_not_told_about_spoils_the_answer():
    off = [effect(series(s, [(70, 3.0), (80, -4.0)]), 70).estimate for s in range(10)]
    assert np.mean(off) < 1.5


def test_a_change_before_is_taken_out_of_the_past():
    y = series(3, [(60, 6.0)])
    told = effect(y, 85, others=[(60, 110)])
    assert told.low < 0 < told.high
    assert told.high - told.low < effect(y, 85).high - effect(y, 85).low


def test_on_the_same_day_nothing_tells_them_apart():
    assert correlations(np.ones(110), 70, [(70, 110)])[0] == 1.0
    e = effect(series(1, [(70, 3.0)]), 70, others=[(70, 110)])
    alone = effect(series(1, [(70, 3.0)]), 70)
    assert e.high - e.low > 2 * (alone.high - alone.low)


def test_correlation_falls_with_the_days_between_and_rises_with_gaps():
    r = [correlations(np.ones(110), 70, [(70 + days, 110)])[0] for days in (1, 3, 7, 14, 30)]
    assert r == sorted(r, reverse=True)
    gap = np.ones(110)
    gap[71:83] = 0
    assert correlations(gap, 70, [(84, 110)])[0] > correlations(np.ones(110), 70, [(84, 110)])[0]


def test_correlation_is_that_of_least_squares():
    seen, period = np.ones(60), 1
    index = np.arange(60)
    X = np.stack([np.ones(60), index >= 30, (index >= 40) & (index < 50)], axis=1)
    cov = np.linalg.inv(X.T @ X)
    r = abs(cov[1, 2]) / np.sqrt(cov[1, 1] * cov[2, 2])
    assert correlations(seen, 30, [(40, 50)], period=period)[0] == pytest.approx(r, rel=1e-9)


def test_three_at_once():
    r = correlations(np.ones(110), 70, [(40, 110), (85, 100)])
    assert r.shape == (2,)
    assert ((r >= 0) & (r < 0.8)).all()


@pytest.mark.parametrize("wrong", [[(5, 5)], [(-1, 4)]])
def test_wrong_dates_are_named(wrong):
    with pytest.raises(ValueError, match=r"others is .*expected"):
        effect(np.arange(40.0), 20, others=wrong)
