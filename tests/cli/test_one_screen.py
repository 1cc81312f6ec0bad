"""One screen of the terminal: what is graver is told, of the rest how much there is."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from cxmon.cli.glance import Entry, Part, fitted

ENTRIES = st.lists(
    st.builds(Entry, rank=st.integers(0, 4), lines=st.lists(st.just("told"), min_size=1, max_size=6).map(tuple)),
    max_size=20,
)
PARTS = st.lists(st.builds(Part, heading=st.sampled_from(["", "Targets"]), entries=ENTRIES), max_size=4)


@settings(max_examples=40)
@given(PARTS, st.integers(18, 40))
def test_what_is_told_fits_and_what_is_not_is_counted(parts, room):
    lines = fitted(parts, room)
    assert len(lines) <= room
    left = sum(int(n) for n in re.findall(r"(\d+) (?:more, not|in all, none) shown", "\n".join(lines)))
    everything = sum(len(entry.lines) for part in parts for entry in part.entries)
    assert (left == 0) == (lines.count("told") == everything)


def test_all_is_told_in_its_order_where_there_is_room():
    parts = (Part(heading="", entries=[entry(3, "a"), entry(0, "b")]), Part(heading="Targets", entries=[entry(4, "c")]))
    assert fitted(parts, 20) == ["", "a", "b", "", "  Targets", "c"]


def test_the_gravest_is_told_first_and_nothing_lighter_instead_of_what_does_not_fit():
    parts = (
        Part(heading="", entries=[entry(3, "held"), entry(0, "over", "the limit")]),
        Part(heading="Targets", entries=[entry(2, "a", "long", "line"), entry(4, "not", "short")]),
    )
    over = ["", "over", "the limit", "    1 more, not shown", "", "  Targets"]
    assert fitted(parts, 1) == [*over, "    2 in all, none shown"]
    assert fitted(parts, 9) == [*over, "    2 in all, none shown"]
    assert fitted(parts, 10) == ["", "held", *over[1:3], *over[4:], "a", "long", "line", "    1 more, not shown"]


def entry(rank, *lines):
    return Entry(rank=rank, lines=lines)
