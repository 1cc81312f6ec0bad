"""Kept quantiles say what a fresh look says, however the histograms change."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cxmon import sketch
from cxmon.kept_quantiles import MOST, KeptQuantiles


@given(
    st.integers(0, 10_000), st.integers(1, 3), st.integers(1, 12), st.integers(1, 40),
    st.lists(st.sampled_from(["day", "revised", "emptied", "back", "other"]), max_size=8),
)  # fmt: skip
def test_they_are_those_of_a_fresh_look_whatever_changed_in_between(seed, S, T, B, steps):
    rng, kept = np.random.default_rng(seed), KeptQuantiles()
    counts, group = rng.poisson(0.7, (S, T, B)).astype(float), "one"
    before = counts
    for step in ["", *steps]:
        now = counts.copy()
        match step:
            case "day":
                now = np.concatenate([now, rng.poisson(0.7, (S, 1, B))], axis=1).astype(float)
            case "revised":
                now[rng.integers(S), rng.integers(now.shape[1]), rng.integers(B)] += 1
            case "emptied":
                now[rng.integers(S), rng.integers(now.shape[1])] = 0
            case "back":
                now = before.copy()
            case "other":
                now = rng.poisson(0.7, now.shape).astype(float)
        before, counts = counts, now
        found = kept.quantiles(counts, 3, 0.5, np.arange(counts.shape[1]), group)
        np.testing.assert_array_equal(found, np.array(sketch.quantiles(counts, 3, 0.5)))


def test_one_count_moved_by_one_bucket_is_another_histogram():
    kept, counts = KeptQuantiles(), np.zeros((1, 400, 30))
    counts[..., 10] = 5
    kept.quantiles(counts, 0, 0.9, np.arange(400), "one")
    moved = counts.copy()
    moved[0, 17, 10], moved[0, 17, 11] = 4, 1
    found = kept.quantiles(moved, 0, 0.9, np.arange(400), "one")
    assert found[0, 0, 17] > found[0, 0, 16]
    np.testing.assert_array_equal(found, np.array(sketch.quantiles(moved, 0, 0.9)))


def test_what_is_given_out_is_not_what_is_kept_and_the_oldest_groups_are_forgotten():
    kept, counts = KeptQuantiles(), np.ones((1, 5, 8))
    starts = np.arange(5)
    for group in range(MOST + 10):
        kept.quantiles(counts, 0, 0.5, starts, group)[...] = -1
    found = kept.quantiles(counts, 0, 0.5, starts, MOST + 9)
    np.testing.assert_array_equal(found, np.array(sketch.quantiles(counts, 0, 0.5)))
    assert len(kept._kept) == MOST
