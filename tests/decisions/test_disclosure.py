"""No withheld cell can be worked out from what is shown: linear programming tries, as somebody would who wants to."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from cxmon.decisions.disclosure import BLOCKS, NOTHING, PERIODS, Showing, cover, withheld
from cxmon.decisions.swaps import Lattice
from cxmon.model import EVERYONE, Segment

LEAST = 10.0
NAMES = ("channel", "region", "tier")
SIZES = st.sampled_from([0, 0, 1, 2, 4, 7, 9, 10, 14, 25, 60, 200])


@st.composite
def lattices(draw, deep=3, beside=True):
    """Leaves along up to `deep` dimensions, the tables that are shown of them, and perhaps a sum of some leaves."""
    dims = NAMES[: draw(st.integers(1, deep))]
    values = [[f"{name}{i}" for i in range(draw(st.integers(1, 4 if len(dims) < 3 else 3)))] for name in dims]
    leaves = [Segment.of(dict(zip(dims, v, strict=True))) for v in product(*values)]
    tables = [t for size in range(1, len(dims) + 1) for t in product(dims, repeat=size) if sorted(set(t)) == list(t)]
    by = draw(st.lists(st.sampled_from(tables), min_size=1, unique=True))
    segments = [leaf.along(dims) for leaf in leaves for dims in by]
    masks = {"scope": np.array(draw(st.lists(st.booleans(), min_size=len(leaves), max_size=len(leaves))))}
    return leaves, [EVERYONE, *segments], masks if beside and draw(st.booleans()) else {}


def tables(draw_leaves, segments, masks):
    lattice = Lattice.of(segments, draw_leaves, masks)
    holds = [[s.holds(leaf) for leaf in draw_leaves] for s in lattice.segments]
    return lattice, np.array([*holds, *masks.values()], float)


def reach(goal, shown, known):
    """How far apart two tables without negative counts can lie in `goal`, both with the sums that are shown."""
    ends = []
    for sign in (1, -1):
        asked = {"A_eq": shown, "b_eq": known} if len(known) else {}
        found = linprog(sign * goal, **asked, bounds=(0, None), method="highs")
        ends.append(np.inf if found.status == 3 else -sign * found.fun)
    return abs(ends[0] + ends[1]) if np.isfinite(ends).all() else np.inf


@settings(max_examples=10, deadline=None)
@given(lattices(), st.data())
def test_no_withheld_cell_is_known_closer_than_to_the_minimum(built, data):
    leaves, segments, masks = built
    lattice, holds = tables(leaves, segments, masks)
    x = np.array(data.draw(st.lists(SIZES, min_size=len(leaves), max_size=len(leaves))), float)
    sizes = holds @ x
    hidden = withheld(lattice, sizes[:, None], LEAST)[:, 0]
    assert hidden[(sizes > 0) & (sizes < LEAST)].all()
    for row in np.flatnonzero(hidden):
        assert reach(holds[row], holds[~hidden], sizes[~hidden]) >= LEAST - 1e-6


@settings(max_examples=5, deadline=None)
@given(lattices(deep=2, beside=False), st.data())
def test_no_small_period_is_known_closer_from_sums_over_weeks(built, data):
    leaves, segments, _ = built
    lattice, holds = tables(leaves, segments, {})
    T, L = 3, len(leaves)
    x = np.array(data.draw(st.lists(st.lists(SIZES, min_size=T, max_size=T), min_size=L, max_size=L)), float)
    sizes = holds @ x
    found = cover(lattice, sizes, {}, blocks=np.zeros(T, int), complete=np.ones(T, bool), least=LEAST)
    shown, known = [], []
    for row, level in enumerate(found.level):
        asked = [level == BLOCKS] if (level == BLOCKS).any() else []
        for when in (*asked, *(np.arange(T) == t for t in np.flatnonzero(level == PERIODS))):
            shown.append(np.outer(holds[row], when).ravel())
            known.append(sizes[row, when].sum())
    small = np.argwhere((sizes > 0) & (sizes < LEAST))
    assert (found.level[tuple(small.T)] != PERIODS).all()
    for row, t in small:
        goal = np.outer(holds[row], np.arange(T) == t).ravel()
        assert reach(goal, np.array(shown).reshape(-1, L * T), np.array(known)) >= LEAST - 1e-6


@settings(max_examples=15, deadline=None)
@given(lattices(), st.data())
def test_nothing_is_withheld_where_all_cells_are_large(built, data):
    leaves, segments, masks = built
    lattice, holds = tables(leaves, segments, masks)
    large = st.sampled_from([0, 10, 11, 500])
    sizes = holds @ np.array(data.draw(st.lists(large, min_size=len(leaves), max_size=len(leaves))), float)
    assert not withheld(lattice, sizes[:, None], LEAST).any()


@settings(max_examples=15, deadline=None)
@given(lattices(), st.data())
def test_the_order_of_segments_and_leaves_is_of_no_account(built, data):
    leaves, segments, masks = built
    x = np.array(data.draw(st.lists(SIZES, min_size=len(leaves), max_size=len(leaves))), float)
    order = data.draw(st.permutations(range(len(leaves))))
    lattice, holds = tables(leaves, segments, masks)
    turned = [leaves[i] for i in order]
    other, same = tables(turned, segments[::-1], {name: mask[order] for name, mask in masks.items()})
    assert other.segments == lattice.segments
    first, second = withheld(lattice, (holds @ x)[:, None], LEAST), withheld(other, (same @ x[order])[:, None], LEAST)
    assert (first == second).all()


def test_one_small_channel_takes_the_smallest_other_with_it_and_two_protect_each_other():
    leaves = [Segment.of(channel=name) for name in ("chat", "email", "letter", "phone")]
    lattice = Lattice.of([EVERYONE, *leaves], leaves)

    def gone(*counts):
        hidden = withheld(lattice, np.array([sum(counts), *counts], float)[:, None], LEAST)[:, 0]
        return [s.label for s, h in zip(lattice.segments, hidden, strict=True) if h]

    assert gone(90, 70, 4, 80) == ["email", "letter"]
    assert gone(90, 6, 4, 80) == ["email", "letter"]
    assert gone(90, 3, 4, 80) == ["email", "letter", "phone"]
    assert gone(90, 0, 4, 80) == ["letter", "phone"]
    assert gone(90, 70, 0, 80) == []
    assert gone(0, 0, 4, 0) == ["all customers", "letter"]


def test_a_rectangle_keeps_the_totals_of_rows_and_columns():
    leaves = [Segment.of(channel=c, region=r) for c in ("chat", "email", "phone") for r in ("eu", "us")]
    by = [(), ("channel",), ("region",), ("channel", "region")]
    lattice = Lattice.of([leaf.along(dims) for leaf in leaves for dims in by], leaves)
    x = np.array([50, 60, 5, 30, 40, 45], float)
    sizes = np.array([[s.holds(leaf) for leaf in leaves] for s in lattice.segments]) @ x
    hidden = withheld(lattice, sizes[:, None], LEAST)[:, 0]
    gone = [s.label for s, h in zip(lattice.segments, hidden, strict=True) if h]
    assert gone == ["email · eu", "email · us", "phone · eu", "phone · us"]


def days(*counts, complete=None, of=7):
    """The cover of one small channel beside a large one, in blocks of `of` days."""
    letter = np.array(counts, float)
    leaves = [Segment.of(channel="letter"), Segment.of(channel="phone")]
    sizes = np.stack([letter + 100, letter, np.full(len(letter), 100.0)])
    T = len(letter)
    done = np.ones(T, bool) if complete is None else np.arange(T) < complete
    lattice = Lattice.of([EVERYONE, *leaves], leaves)
    return cover(lattice, sizes, {}, blocks=np.arange(T) // of, complete=done, least=LEAST)


def test_a_week_with_a_small_day_is_shown_as_a_whole_and_a_small_week_not_at_all():
    found = days(20, 20, 20, 4, 20, 20, 20, *[20] * 7, *[1] * 7)
    assert found.level[1].tolist() == [BLOCKS] * 7 + [PERIODS] * 7 + [NOTHING] * 7
    assert (found.level[2] == found.level[1]).all()
    assert (found.level[0] == PERIODS).all()


def test_days_that_are_not_complete_are_withheld_one_by_one():
    found = days(*[20] * 7, 20, 20, 3, 0, complete=7)
    assert found.level[1].tolist() == [PERIODS] * 9 + [NOTHING, PERIODS]


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [
        (7, 14, Showing.SHOWN),
        (0, 7, Showing.SHOWN),
        (3, 4, Showing.WITHHELD),
        (3, 14, Showing.ROUNDED),
        (6, 14, Showing.ROUNDED),
        (1, 14, Showing.WITHHELD),
    ],
)
def test_a_window_tells_nothing_of_a_small_part_of_a_week(first, last, told):
    # The first day alone holds 4 answers: a window from the second day on would tell them.
    found = days(4, 20, 20, 4, 20, 20, 20, *[20] * 7)
    letter = Segment.of(channel="letter")
    assert found.window(letter, first, last) is told


def test_figures_that_overlap_are_withheld_by_themselves_only():
    leaves = [Segment.of(channel=name) for name in ("chat", "letter")]
    lattice = Lattice.of([EVERYONE, *leaves], leaves, additive=False)
    assert withheld(lattice, np.array([[90.0], [88.0], [4.0]]), LEAST)[:, 0].tolist() == [False, False, True]
