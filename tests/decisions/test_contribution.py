"""A total's gap splits into rate, mix, entry and exit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxmon.decisions import contribution

counts = st.integers(0, 5000)
shares = st.floats(0, 1, allow_nan=False)
segments = st.lists(st.tuples(counts, shares, counts, shares), min_size=1, max_size=12)


def split(rows):
    n0, r0, n1, r1 = np.array(rows, float).T
    return contribution(n0, n0 * r0, n1, n1 * r1)


@given(segments)
def test_the_parts_add_up_to_the_gap(rows):
    found = split(rows)
    if np.isnan(found.total):
        assert not sum(r[0] for r in rows) or not sum(r[2] for r in rows)
        return
    assert found.rate + found.mix + found.entry_exit == pytest.approx(found.total, abs=1e-12)
    assert found.by_segment.sum() == pytest.approx(found.total, abs=1e-12)
    assert found.total == found.after - found.before


@given(segments, st.randoms(use_true_random=False))
def test_the_order_of_the_segments_does_not_matter(rows, random):
    mixed = list(rows)
    random.shuffle(mixed)
    a, b = split(rows), split(mixed)
    assert (a.rate, a.mix, a.entry_exit) == pytest.approx((b.rate, b.mix, b.entry_exit), abs=1e-12, nan_ok=True)


@given(segments)
def test_going_back_undoes_each_part(rows):
    there, back = split(rows), split([(n1, r1, n0, r0) for n0, r0, n1, r1 in rows])
    expected = (-there.rate, -there.mix, -there.entry_exit)
    assert (back.rate, back.mix, back.entry_exit) == pytest.approx(expected, abs=1e-12, nan_ok=True)


def test_fewer_happy_chats_lower_the_total_by_mix_alone():
    found = split([(600, 0.9, 200, 0.9), (400, 0.8, 400, 0.8)])
    assert found.rate == 0
    assert found.mix == pytest.approx(found.total)
    assert found.total == pytest.approx((180 + 320) / 600 - 0.86)
    assert found.by_segment[0, 1] < 0


def test_the_same_mix_faring_worse_is_rate_alone():
    found = split([(600, 0.9, 300, 0.85), (400, 0.8, 200, 0.75)])
    assert (found.rate, found.mix, found.entry_exit) == pytest.approx((-0.05, 0, 0), abs=1e-12)


def test_a_segment_that_goes_is_exit_and_one_that_comes_is_entry():
    found = split([(500, 0.9, 0, 0.0), (500, 0.8, 500, 0.8), (0, 0.0, 500, 0.6)])
    assert found.rate == 0
    assert found.entry_exit < 0
    assert found.by_segment[1, 2] == 0


def test_an_empty_window_has_no_gap_and_odd_input_is_refused():
    assert np.isnan(split([(0, 0.5, 10, 0.5)]).total)
    with pytest.raises(ValueError, match="one shape"):
        contribution(np.ones(2), np.ones(2), np.ones(3), np.ones(3))
    with pytest.raises(ValueError, match="negative n"):
        contribution(-np.ones(2), np.ones(2), np.ones(2), np.ones(2))
