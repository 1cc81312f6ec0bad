"""The arrival curve from the reporting triangle: nothing that the young cannot know, and slowing seen early."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cxmon.stats import arrivals

AGES = (0, 1, 2, 3, 5, 8, 14, 30, 45, 60, 90)


def triangle(seed, S, T, now, lag=1.5, *, slow_from=None, slow=6.0, n=60, slow_row=None):
    """Answers known at each age (S, T, A) as on day `now`; exponential delays with the mean `lag`, later `slow`."""
    rng = np.random.default_rng(seed)
    found = np.zeros((S, T, len(AGES)))
    for s in range(S):
        for t in range(T):
            mean = slow if slow_from is not None and t >= slow_from and slow_row in {None, s} else lag
            age = rng.exponential(mean, rng.poisson(n)) - 0.5
            found[s, t] = (age[:, None] <= np.array(AGES)).sum(0)
    late = np.arange(T)[:, None] + 1 + np.array(AGES) > now
    found[:, late] = np.nan
    return found


def test_the_curve_is_the_share_that_is_in_and_young_periods_bend_nothing():
    found = arrivals(triangle(1, 2, 120, 120), AGES)
    truth = 1 - np.exp(-(np.array(AGES[:6]) + 0.5) / 1.5)
    assert np.abs(found.earlier.share[:6] - truth).max() < 0.02
    assert found.usual == 8
    assert found.since is None
    assert found.wait.tolist() == [8.0] * 120


def test_answers_that_slow_down_are_seen_before_the_first_slow_period_counts():
    for seed in range(5):
        for now in (109, 114, 122):
            found = arrivals(triangle(seed, 1, now, now, slow_from=100), AGES)
            assert found.since is not None
            assert found.since <= 100
            counted = np.flatnonzero(np.arange(now) + 1 + found.wait <= now)
            assert not (counted >= 100).any()


def test_once_the_slow_curve_is_known_periods_count_again_when_they_are_complete():
    found = arrivals(triangle(1, 1, 160, 160, slow_from=100, slow=4.0), AGES)
    old = np.flatnonzero(np.arange(160) + 1 + found.wait <= 160)
    assert (old >= 100).sum() >= 20
    assert 14 <= found.wait[-1] <= 30


def test_one_slow_series_among_many_is_seen():
    found = arrivals(triangle(1, 6, 112, 112, slow_from=100, slow_row=3), AGES)
    assert found.since is not None


def test_steady_answers_raise_no_alarm():
    alarms = sum(arrivals(triangle(seed, 3, 100, 100, n=25), AGES).since is not None for seed in range(40))
    assert alarms <= 1


def test_too_few_answers_teach_nothing():
    found = arrivals(triangle(1, 1, 30, 30, n=3), AGES)
    assert np.isnan(found.usual)
    assert np.isnan(found.wait).all()
    assert found.earlier.periods == 29
    assert np.isnan(arrivals(np.full((2, 10, 11), np.nan), AGES).usual)
    assert np.isnan(arrivals(np.zeros((1, 0, 11)), AGES).usual)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.2, 5.0), st.integers(1, 40))
def test_the_answer_never_needs_what_comes_later(seed, lag, cut):
    """The wait found as of a day is that of the triangle cut at that day, and no curve leaves 0 to 1."""
    whole = triangle(seed, 1, 80, 80, lag=lag)
    last = 80 - cut
    known = whole[:, :last].copy()
    known[:, np.arange(last)[:, None] + 1 + np.array(AGES) > last] = np.nan
    shorter = arrivals(known, AGES)
    padded = np.full_like(whole, np.nan)
    padded[:, :last] = known
    assert np.array_equal(arrivals(padded, AGES).wait[:last], shorter.wait, equal_nan=True)
    share = shorter.earlier.share[np.isfinite(shorter.earlier.share)]
    assert ((share >= 0) & (share <= 1)).all()
    assert (np.diff(share) >= -1e-12).all()


def retried(seed, now, *, longer_from=None, n=40):
    """Half is known at once, half after 7 to 21 days; from a day on after 14 to 35."""
    rng = np.random.default_rng(seed)
    found = np.zeros((1, now, len(AGES)))
    for t in range(now):
        low, high = (14, 35) if longer_from is not None and t >= longer_from else (7, 21)
        m = rng.poisson(n)
        age = np.where(rng.random(m) < 0.5, 0, rng.integers(low, high + 1, m))
        found[0, t] = (age[:, None] <= np.array(AGES)).sum(0)
    found[:, np.arange(now)[:, None] + 1 + np.array(AGES) > now] = np.nan
    return found


def test_payments_that_are_tried_for_longer_are_seen_before_their_first_day_counts():
    """Nothing comes more slowly at first: what used to come in the second week does not come at all."""
    for seed in range(3):
        for now in (185, 195, 215, 250):
            found = arrivals(retried(seed, now, longer_from=160), AGES)
            counted = np.flatnonzero(np.arange(now) + 1 + found.wait <= now)
            assert not ((counted >= 160) & (np.arange(now)[counted] + 1 + 35 > now)).any()
        assert found.usual == 30
        assert abs(found.since - 160) <= 2
        assert found.wait[-1] == 45
        assert (counted >= 160).sum() >= 40


def test_a_slow_curve_is_learnt_from_slow_periods_alone():
    """The oldest slow periods have just reached 30 days; those of before reached it fast."""
    for seed in range(4):
        found = arrivals(triangle(seed, 1, 192, 192, slow_from=160, n=150), AGES)
        assert abs(found.since - 160) <= 1
        assert found.slowed.share[6] < 0.95
        assert (found.shares[:159] == 1).all()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_a_reload_that_takes_back_as_much_as_it_brings_makes_no_old_period_wait(seed):
    """All that was known is loaded anew on one day, with other rows: 10 more or fewer a day."""
    rng = np.random.default_rng(seed)
    now, found = 150, np.tile(rng.poisson(100, 150)[None, :, None], (1, 1, len(AGES))).astype(float)
    for t in range(now - 1):
        reached = np.flatnonzero(t + 1 + np.array(AGES) <= now)
        found[0, t, reached[-1] :] += rng.normal(0, 10)
    found[:, np.arange(now)[:, None] + 1 + np.array(AGES) > now] = np.nan
    wait = arrivals(found, AGES).wait
    assert (np.arange(now)[:90] + 1 + wait[:90] <= now).all() or np.isfinite(wait[:90]).all()
