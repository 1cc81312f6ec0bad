"""Which segments are one story is found without trying all pairs, and is what trying all pairs finds."""

from hypothesis import given
from hypothesis import strategies as st

from cxmon.incidents import comparable, components
from cxmon.model import Segment

NAMES = {"channel": "pce", "region": "eu", "tier": "bx"}
SEGMENTS = st.fixed_dictionaries({}, optional={k: st.sampled_from(v) for k, v in NAMES.items()}).map(Segment.of)


def by_pairs(segments):
    groups = [{s} for s in set(segments)]
    while True:
        near = next(
            ((a, b) for i, a in enumerate(groups) for b in groups[:i] if any(comparable(x, y) for x in a for y in b)),
            None,
        )
        if near is None:
            return {tuple(sorted(g)) for g in groups}
        groups = [g for g in groups if g not in near] + [near[0] | near[1]]


@given(st.lists(SEGMENTS, max_size=12), st.randoms())
def test_stories_are_the_connected_parts_in_whatever_order(segments, random):
    found = components(segments)
    assert set(found) == by_pairs(segments)
    assert found == components(random.sample(segments, len(segments))) == sorted(found)
