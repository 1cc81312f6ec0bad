"""The ratio of two rates: what it takes for usual, and that its range holds what it says."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxmon.stats import growth

WEEK = np.arange(28) % 7


def test_what_is_usual_goes_by_weekdays():
    before = np.where(WEEK == 6, 0.0, 10.0)
    of = growth.usual(before, WEEK, np.array([5, 6]))
    assert (of.expected, of.noise, of.freedom) == (10, 1, 21)
    # A label that was never seen has the average of all.
    assert growth.usual(before, WEEK, np.array([9])).expected == pytest.approx(before.mean())


@given(st.lists(st.integers(0, 60), min_size=28, max_size=28), st.integers(0, 400), st.floats(0.5, 0.99))
@settings(max_examples=60, deadline=None)
def test_a_range_lies_about_its_ratio_and_widens_with_confidence_and_noise(counts, count, confidence):
    of = growth.usual(np.array(counts, float), WEEK, WEEK[:7])
    low, high = growth.ratio(count, of.expected, of, confidence)
    if not of.freedom:
        assert math.isnan(low)
        return
    assert 0 < low < (count + 0.5) / (of.expected + 0.5) < high
    wider = growth.ratio(count, of.expected, of, 0.995)
    assert wider[0] < low
    assert wider[1] > high
    assert of.noise >= 1


@pytest.mark.parametrize("before", [np.zeros(28), np.full(5, 3.0)])
def test_too_little_is_known_where_nothing_was_counted_or_hardly_any_days(before):
    of = growth.usual(before, WEEK[: len(before)], WEEK[:7])
    assert (of.freedom, math.isnan(growth.ratio(9, of.expected, of, 0.95)[1])) == (0, True)


@pytest.mark.parametrize(("noise", "least"), [(1, 0.94), (3, 0.92)])
def test_where_nothing_grew_the_range_says_so(noise, least):
    """Poisson counts, and such that wander three times as much; benchmarks/contact_reasons.py has more."""
    rng, inside = np.random.default_rng(5), 0
    level = 20 * np.array([1, 1.1, 1, 0.95, 0.9, 0.5, 0.4])[np.arange(35) % 7]
    for _ in range(400):
        own = level if noise == 1 else level * rng.gamma(level / (noise - 1), (noise - 1) / level)
        counts = rng.poisson(own).astype(float)
        of = growth.usual(counts[:28], WEEK, np.arange(28, 35) % 7)
        low, high = growth.ratio(counts[28:].sum(), of.expected, of, 0.95)
        inside += low <= 1 <= high
    assert inside / 400 >= least
