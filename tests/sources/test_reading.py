"""Columns that are read at once say what their fields say one by one."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cxmon.aggregate import reading
from cxmon.feeds import path

MOMENTS = st.one_of(
    st.datetimes().map("{:%Y-%m-%dT%H:%M:%SZ}".format),
    st.sampled_from([
        None, "", " ", "2026-02-30T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T10:20:60Z", "1899-12-31T23:59:59Z",
        "2026-01-01 10:20:30Z", "2026-01-01T10:20:30z", "2026-01-01T10:20:3\u0663Z", "1970-01-01T00:00:00Z",
        "0000-01-01T00:00:00Z", "2026-01-01T10:20:30+", "2026-13-01T10:20:30Z", "2026-1-001T10:20:30Z",
    ]),
)  # fmt: skip
NUMBERS = st.one_of(
    st.none(), st.integers(), st.floats(), st.sampled_from([True, 10**400, 1e200, "", "5", "1_0", " 7", "nan", "٣"])
)


@given(st.lists(MOMENTS, max_size=5))
def test_instants(values):
    found, problems = reading.moments(values, "Europe/Berlin")
    for i, value in enumerate(values):
        # Beside a date a column is not read at once.
        one, problem = reading.moments([value, "2026-01-01"], "Europe/Berlin")
        assert (found[i], problems.get(i)) == (one[0], problem.get(0))


@given(st.lists(NUMBERS, max_size=5))
def test_numbers(values):
    found, problems = reading.numbers(values)
    for i, value in enumerate(values):
        one, problem = reading.numbers([value, True])
        np.testing.assert_equal(found[i], one[0])
        assert problems.get(i) == problem.get(0)


INNER = st.recursive(
    st.sampled_from((None, "", "a", 0, 1)), lambda inner: st.dictionaries(st.sampled_from("abc"), inner), max_leaves=8
)


@given(st.dictionaries(st.sampled_from("abc"), INNER))
def test_names_with_points_are_one_step_after_another(record):
    for steps in ("a", "a.b", "a.b.c"):
        one_by_one = record
        for step in steps.split("."):
            # What is inside of null is null.
            one_by_one = None if one_by_one is None else path(step)(one_by_one)
        assert path(steps)(record) is one_by_one
