"""The sketch: its error bound, exact merging, honest variances and its bytes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxmon import sketch

finite = st.floats(min_value=-1e12, max_value=1e12, allow_nan=False)


@given(st.lists(finite, min_size=1, max_size=60), st.floats(0.01, 0.99))
def test_a_quantile_is_within_one_percent_of_the_value(values, q):
    low, counts = sketch.decode(sketch.encode(values))
    found = float(sketch.quantiles(counts, low, q)[0])
    rank = min(len(values), max(1, int(np.ceil(q * len(values) - 1e-9))))
    true = float(np.sort(values)[rank - 1])
    assert abs(found - true) <= max(0.01 * abs(true), sketch.TINY)


@given(st.lists(finite, max_size=40), st.lists(finite, max_size=40))
def test_merging_two_sketches_is_the_sketch_of_all_values(some, others):
    low, counts = sketch.stack([sketch.encode(some), sketch.encode(others)])
    assert sketch.encode_counts(low, counts.sum(0)) == sketch.encode([*some, *others])


@given(st.lists(finite, max_size=40))
def test_a_sketch_survives_its_bytes(values):
    low, counts = sketch.decode(sketch.encode(values))
    assert counts.sum() == len(values)
    assert sketch.encode_counts(low, counts) == sketch.encode(values)


def test_zero_and_negative_values_keep_their_place():
    low, counts = sketch.decode(sketch.encode([-30.0, -2.0, 0.0, 3.0, 50.0]))
    found = [float(sketch.quantiles(counts, low, q)[0]) for q in (0.1, 0.3, 0.5, 0.7, 0.9)]
    assert found == pytest.approx([-30.0, -2.0, 0.0, 3.0, 50.0], rel=0.01)
    assert sketch.share_below(counts, low, 0.0) == pytest.approx(0.5, abs=0.1)


def test_values_without_measure_are_refused():
    with pytest.raises(ValueError, match="finite values only"):
        sketch.encode([1.0, float("nan")])
    with pytest.raises(ValueError, match="finite values only"):
        sketch.encode([float("inf")])


@pytest.mark.parametrize("data", [b"", b"x", b"\x01\x01\x00\x00\x00\x00no zlib", b"\x01\x03\x00\x00\x00\x00" + b"x"])
def test_bytes_that_are_no_sketch_are_refused(data):
    with pytest.raises(ValueError, match="no sketch"):
        sketch.decode(data)


def test_a_sketch_of_a_newer_version_is_refused_by_its_number():
    with pytest.raises(ValueError, match="sketch of version 9; this code knows version 1"):
        sketch.decode(b"\x09" + sketch.encode([1.0])[1:])


def test_an_empty_histogram_has_no_quantile_and_no_variance():
    low, counts = sketch.stack([b"", sketch.encode([]), sketch.encode([5.0])])
    value, variance = sketch.quantiles(counts, low, 0.5)
    assert np.isnan(value).tolist() == [True, True, False]
    assert np.isnan(variance).all(), "one value tells nothing of its variance"
    assert np.isnan(sketch.share_below(counts, low, 1.0)[:2]).all()


@pytest.mark.parametrize("n", [50, 200, 1000])
@pytest.mark.parametrize("q", [0.5, 0.9])
def test_the_variance_is_that_of_repeated_samples(n, q):
    rng = np.random.default_rng(7)
    low, counts = sketch.stack([sketch.encode(row) for row in rng.lognormal(3, 1, (2000, n))])
    value, variance = sketch.quantiles(counts, low, q)
    assert 0.7 < variance.mean() / value.var() < 1.3


@given(st.lists(st.floats(0.01, 1e4), min_size=1, max_size=60), st.floats(0.01, 1e4))
def test_the_share_below_is_right_up_to_the_bucket_of_the_limit(values, x):
    low, counts = sketch.decode(sketch.encode(values))
    found = float(sketch.share_below(counts, low, x))
    x_low, x_high = x / sketch.GAMMA, x * sketch.GAMMA
    assert np.mean(np.array(values) <= x_low) - 1e-9 <= found <= np.mean(np.array(values) <= x_high) + 1e-9


def test_a_stack_of_any_shape_gives_quantiles_of_that_shape():
    rng = np.random.default_rng(3)
    low, counts = sketch.stack([sketch.encode(row) for row in rng.lognormal(0, 2, (6, 30))])
    value, variance = sketch.quantiles(counts.reshape(2, 3, -1), low, 0.9)
    assert value.shape == variance.shape == (2, 3)
    assert np.array_equal(value.ravel(), sketch.quantiles(counts, low, 0.9)[0])


def test_values_beyond_the_largest_count_as_the_largest():
    low, counts = sketch.decode(sketch.encode([1e200, -1e200, 1.0]))
    assert len(counts) <= 2 * sketch.LAST_BUCKET + 1
    assert float(sketch.quantiles(counts, low, 0.99)[0]) == pytest.approx(sketch.LARGEST, rel=0.02)
