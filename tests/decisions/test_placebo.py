"""How often the figures moved as much when nothing was changed."""

import numpy as np

from cxmon.decisions import placebo, rank_among
from cxmon.model import Rank
from cxmon.stats.gap import gap, shared_movement

DAYS = np.arange(300) % 7


def asked(values, at=200, until=230, shared=None, sign=-1):
    return placebo(values, at, until, labels=DAYS, shared=shared, sign=sign, back=56)


def noise(seed=1):
    return np.random.default_rng(seed).normal(0, 1, 300)


def test_a_fall_far_beyond_the_past_never_happened_before():
    values = noise()
    values[200:] -= 5
    found = asked(values)
    assert (found.as_large, found.windows, found.separate) == (0, 200 - 30 - 56 + 1, 4)


def test_without_a_move_the_rank_is_uniform():
    shares = [asked(noise(seed)) for seed in range(200)]
    mean = np.mean([found.as_large / found.windows for found in shares])
    assert 0.4 < mean < 0.6


def test_the_weekly_profile_and_the_shared_movement_are_no_moves():
    week = np.where(DAYS >= 5, -8.0, 0.0)
    shared = np.cumsum(noise(2))
    plain, dressed = asked(noise()), asked(noise() + week + shared, until=230, shared=shared)
    assert abs(plain.as_large - dressed.as_large) <= 6


def test_the_sign_says_what_counts_as_large():
    values = noise()
    values[200:] += 5
    assert asked(values, sign=-1).as_large == asked(values, sign=-1).windows
    assert asked(values, sign=1).as_large == 0


def test_too_short_a_past_is_no_comparison():
    assert asked(noise(), at=110, until=140) is None
    assert placebo(np.full(300, np.nan), 200, 230, labels=DAYS, shared=None, sign=1, back=56) is None


def test_missing_periods_count_for_nothing():
    values = noise()
    values[200:] -= 5
    values[::3] = np.nan
    assert asked(values).as_large == 0


def test_the_shared_movement_is_the_controls_mean_around_their_own_levels():
    controls = np.array([[1.0, 1.0, 2.0], [5.0, 5.0, 7.0], [np.nan, np.nan, np.nan]])
    assert shared_movement(controls, 2).tolist() == [0.0, 0.0, 1.5]


def test_a_gap_to_nobody_is_the_series_itself_and_needs_both_sides():
    values = np.array([1.0, 2.0, 3.0])
    assert gap(values, None, 2).tolist() == [1.0, 2.0, 3.0]
    blank = np.array([[0.0, 2.0, np.nan]])
    np.testing.assert_array_equal(gap(values, blank, 2), [2.0, 1.0, np.nan])


def test_the_rank_counts_who_moved_as_much_the_same_way_and_ties_count_against_it():
    assert rank_among(-4.0, [-3.0, 2.0, 5.0], sign=-1) == Rank(place=1, of=4)
    assert rank_among(-4.0, [-4.0, 2.0, 5.0], sign=-1) == Rank(place=2, of=4)
    assert rank_among(-4.0, [-3.0, 2.0, 5.0], sign=1) == Rank(place=4, of=4)


def test_fewer_than_three_untouched_segments_are_no_ranking():
    assert rank_among(-4.0, [-3.0, 2.0, np.nan], sign=-1) is None
    assert rank_among(np.nan, [-3.0, 2.0, 1.0], sign=-1) is None
