"""Which findings are one story, and by which segment it is told."""

from datetime import UTC, datetime
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cxmon.incidents import comparable, components, fold, root_of
from cxmon.incidents.lifecycle import decide
from cxmon.model import EVERYONE, Finding, IncidentPolicy, Segment, State

AT = datetime(2026, 9, 1, tzinfo=UTC)
CHANNELS, REGIONS = ("phone", "chat", "email"), ("eu", "us")
VOLUME = {("phone", "eu"): 900, ("phone", "us"): 700, ("chat", "eu"): 500, ("chat", "us"): 800}
VOLUME |= {("email", "eu"): 400, ("email", "us"): 300}


def lattice(shifts: dict[tuple[str, str], float], state_at: float = 2.5) -> dict[Segment, Finding]:
    """Findings of all segments of channel x region when the leaves shift by `shifts`: gaps add up by volume."""
    found = {}
    for channel in (None, *CHANNELS):
        for region in (None, *REGIONS):
            cells = [c for c in VOLUME if channel in {None, c[0]} and region in {None, c[1]}]
            n = sum(VOLUME[c] for c in cells)
            gap = sum(VOLUME[c] * shifts.get(c, 0.0) for c in cells) / n
            se = 0.4 / np.sqrt(n)
            named = {k: v for k, v in (("channel", channel), ("region", region)) if v}
            found[Segment.of(named)] = Finding(
                check="w",
                metric="csat",
                segment=Segment.of(named),
                at=AT,
                state=State.BREACH if -gap > state_at * se else State.OK,
                reason="",
                value=0.8 + gap,
                expected=0.8,
                low=0.8 + gap - 1.96 * se,
                high=0.8 + gap + 1.96 * se,
                n=n,
                score=-gap / 0.01,
            )
    return found


def told_by(found: dict[Segment, Finding]) -> list[Segment]:
    breaches = [s for s, f in found.items() if f.state is State.BREACH]
    return [root_of(group, found) for group in components(breaches)]


def test_a_fall_in_one_channel_is_told_by_the_channel_and_not_by_everyone_or_its_regions():
    found = lattice({("phone", "eu"): -0.06, ("phone", "us"): -0.06})
    assert found[EVERYONE].state is State.BREACH
    assert told_by(found) == [Segment.of(channel="phone")]


def test_a_fall_in_one_leaf_is_told_by_the_leaf_although_all_its_parents_are_in_breach():
    found = lattice({("phone", "eu"): -0.10})
    assert {s for s, f in found.items() if f.state is State.BREACH} >= {EVERYONE, Segment.of(channel="phone")}
    assert told_by(found) == [Segment.of(channel="phone", region="eu")]


def test_a_fall_everywhere_is_one_story_told_by_everyone():
    assert told_by(lattice(dict.fromkeys(VOLUME, -0.05))) == [EVERYONE]


def test_a_fall_in_one_region_over_all_channels_is_told_by_the_region():
    assert told_by(lattice({c: -0.06 for c in VOLUME if c[1] == "us"})) == [Segment.of(region="us")]


def test_a_story_keeps_its_name_until_another_explains_clearly_more():
    phone, eu = Segment.of(channel="phone"), Segment.of(channel="phone", region="eu")
    near = lattice({("phone", "eu"): -0.07, ("phone", "us"): -0.06})
    breaches = [s for s, f in near.items() if f.state is State.BREACH]
    other = next(s for s in breaches if s.holds(phone) and s != phone)
    clear = root_of(breaches, near)
    assert clear == phone
    # By far more is explained by the phone than by everybody or by one of its parts.
    assert root_of(breaches, near, held=other) == root_of(breaches, near, held=eu) == phone
    # What is left unexplained is 15 by the phone and 11 by its part in the EU: no new name, either way.
    slight = lattice({("phone", "eu"): -0.1, ("phone", "us"): -0.035})
    breaches = [s for s, f in slight.items() if f.state is State.BREACH]
    assert root_of(breaches, slight) == eu
    assert root_of(breaches, slight, held=phone) == phone
    assert root_of(breaches, slight, held=eu) == eu
    # The name of a segment that is in breach no more is held by nobody.
    assert root_of(breaches, slight, held=Segment.of(channel="chat")) == eu


def test_two_leaves_without_a_parent_in_breach_are_two_stories():
    phone, chat = Segment.of(channel="phone", region="eu"), Segment.of(channel="chat", region="us")
    assert components([phone, chat]) == [(chat,), (phone,)]


def test_findings_without_numbers_are_told_by_the_most_general_of_them():
    found = {
        s: Finding(check="c", metric="m", segment=s, at=AT, state=State.BREACH, reason="", value=1.0)
        for s in (Segment.of(channel="phone"), EVERYONE)
    }
    assert root_of(tuple(found), found) == EVERYONE


def test_a_finding_that_speaks_about_its_parts_is_the_root():
    found = lattice({("phone", "eu"): -0.10})
    parent = Finding(check="c", metric="m", segment=EVERYONE, at=AT, state=State.BREACH, reason="1 of 6 lie outside")
    found[EVERYONE] = parent
    assert told_by(found) == [EVERYONE]


SEGMENTS = st.builds(
    lambda c, r, t: Segment.of({k: v for k, v in (("channel", c), ("region", r), ("tier", t)) if v}),
    st.sampled_from((None, *CHANNELS)),
    st.sampled_from((None, *REGIONS)),
    st.sampled_from((None, "gold", "basic")),
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(SEGMENTS, max_size=12))
def test_components_part_the_segments_whatever_their_order(segments):
    groups = components(segments)
    assert sorted(s for g in groups for s in g) == sorted(set(segments))
    assert groups == components(list(reversed(segments)))
    for one, two in combinations(groups, 2):
        assert not any(comparable(a, b) for a in one for b in two)


@pytest.mark.parametrize(
    ("root", "leaf", "says"),
    [
        (State.OK, State.BREACH, State.BREACH),
        (State.OK, State.UNKNOWN, State.OK),
        (State.UNKNOWN, State.OK, State.UNKNOWN),
        (State.BREACH, State.OK, State.BREACH),
    ],
)
def test_one_member_in_breach_keeps_the_incident_and_an_unknown_root_is_not_quiet(root, leaf, says):
    phone = Segment.of(channel="phone")

    def finding(segment, state):
        return Finding(check="c", metric="m", segment=segment, at=AT, state=state, reason="")

    incident, _, _ = decide(None, finding(EVERYONE, State.BREACH), IncidentPolicy(), AT)
    incident = type(incident)(**{**vars(incident), "members": (EVERYONE, phone)})
    assert fold(incident, {EVERYONE: finding(EVERYONE, root), phone: finding(phone, leaf)}).state is says


def test_an_incident_of_which_nothing_is_said_folds_to_nothing():
    incident, _, _ = decide(
        None,
        Finding(check="c", metric="m", segment=EVERYONE, at=AT, state=State.BREACH, reason=""),
        IncidentPolicy(),
        AT,
    )
    assert fold(incident, {}) is None
