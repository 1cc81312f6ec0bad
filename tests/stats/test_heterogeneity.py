"""Parts of a whole: like compared with like, shrunk towards the whole, and no more believed than the rule allows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxmon.stats import Cells, believed, contrast, shrunk

gaps = st.floats(-0.2, 0.2, allow_nan=False)
parts = st.lists(st.tuples(gaps, st.floats(0.001, 0.1), st.floats(0.01, 1.0)), min_size=1, max_size=9)


def of(rows):
    gap, se, size = np.array(rows, float).T
    return gap, se, size / size.sum()


@given(parts, st.floats(0.001, 0.3))
def test_a_shrunk_deviation_lies_between_the_whole_and_its_own(rows, scale):
    gap, se, weight = of(rows)
    found = shrunk(gap, se, weight, scale)
    assert (found.deviation * gap >= 0).all()
    assert (np.abs(found.deviation) <= np.abs(gap) + 1e-12).all()
    assert (found.sd >= 0).all()
    assert found.spread >= 0
    assert 0 <= found.p_value <= 1


@given(parts, st.randoms(use_true_random=False))
def test_the_order_of_the_parts_does_not_matter(rows, random):
    mixed = list(range(len(rows)))
    random.shuffle(mixed)
    a, b = shrunk(*of(rows), 0.05), shrunk(*of([rows[i] for i in mixed]), 0.05)
    assert a.deviation[mixed] == pytest.approx(b.deviation, abs=1e-12)
    assert a.sd[mixed] == pytest.approx(b.sd, abs=1e-12)
    assert (a.spread, a.p_value) == pytest.approx((b.spread, b.p_value), abs=1e-9)


def test_far_apart_parts_are_hardly_shrunk_and_close_ones_much():
    weight, se = np.full(4, 0.25), np.full(4, 0.01)
    far = shrunk(np.array([0.2, -0.1, 0.05, -0.15]), se, weight, 0.1)
    near = shrunk(np.array([0.005, -0.003, 0.002, -0.004]), se, weight, 0.1)
    assert far.deviation[0] > 0.19
    assert far.p_value < 1e-6
    assert near.deviation[0] < 0.002
    assert near.spread == 0


def test_the_spread_of_many_parts_is_the_planted_one():
    rng = np.random.default_rng(5)
    K = 400
    se = rng.uniform(0.01, 0.03, K)
    found = shrunk(rng.normal(0, 0.04, K) + se * rng.standard_normal(K), se, np.full(K, 1 / K), 0.05)
    assert found.spread == pytest.approx(0.04, rel=0.1)


@given(st.lists(st.floats(0, 1, allow_nan=False), max_size=30), st.floats(0.01, 0.5))
def test_what_is_believed_is_the_smallest_and_less_than_one_by_one(p_values, rate):
    p = np.array(p_values)
    chosen, line = believed(p, rate)
    assert (chosen == (p <= line)).all() or not chosen.any()
    assert line <= rate
    assert not chosen.any() or chosen[p.argmin()]


def test_one_p_value_is_believed_below_the_rate():
    assert believed(np.array([0.09]), 0.1)[0].all()
    assert not believed(np.array([0.11]), 0.1)[0].any()
    assert believed(np.zeros(0), 0.1)[1] == 0


cell = st.tuples(st.integers(0, 40), st.floats(-1, 1, allow_nan=False))


@settings(max_examples=50)
@given(st.lists(cell, min_size=4, max_size=12), st.floats(-0.5, 0.5))
def test_what_all_cells_share_cancels(rows, shared):
    n, y = np.array(rows, float).T
    inside, strata = np.arange(len(n)) % 2 == 0, np.arange(len(n)) // 4
    everyone = np.ones(len(n), bool)

    def gap(values):
        cells = Cells(values=values[:, None], n=n[:, None], variance=np.ones((len(n), 1)))
        return contrast(cells, inside, everyone, strata)[0]

    assert gap(y + shared) == pytest.approx(gap(y), abs=1e-9, nan_ok=True)


def test_a_part_that_serves_a_hard_stratum_does_not_differ_from_others_in_it():
    """Simpson's case: the first part has most of the stratum that fell, and is no worse within it."""
    cells = Cells(
        values=np.array([[-0.1], [0.0], [-0.1], [0.0]]), n=np.array([[90.0], [10.0], [10.0], [90.0]]),
        variance=np.full((4, 1), 0.01),
    )  # fmt: skip
    inside, everyone = np.array([True, True, False, False]), np.ones(4, bool)
    assert contrast(cells, inside, everyone, np.array([0, 1, 0, 1]))[0] == pytest.approx(0)
    assert contrast(cells, inside, everyone, np.zeros(4, int))[0] == pytest.approx(-0.08)


def test_a_shift_between_cells_of_another_level_moves_nothing_once_they_are_centred():
    n = np.array([[90.0] * 6 + [10.0] * 4, [50.0] * 10, [30.0] * 10])
    level = np.array([[0.9], [0.6], [0.8]]) * np.ones((3, 10))
    past = np.arange(10) < 6
    cells = Cells(values=level, n=n, variance=np.full((3, 10), 0.01)).centred(past)
    value, _ = contrast(cells, np.array([True, True, False]), np.ones(3, bool), np.zeros(3, int))
    assert value == pytest.approx(0, abs=1e-12)
    new = Cells(values=level, n=n * ~past, variance=np.full((3, 10), 0.01)).centred(past)
    assert not new.n.any()
