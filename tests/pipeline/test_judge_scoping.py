"""Which series a change touches, and what it is compared with."""

import numpy as np
from judge_world import LEAVES, change, csat, day

from cxmon.decisions import scoping
from cxmon.model import EVERYONE, Kind, Scope, Segment
from cxmon.panel import Panel

DAYS = 100


def panel(leaves=LEAVES, answers=100.0, metric=None):
    n = np.full((len(leaves), DAYS), 1.0) * np.reshape(answers, (-1, 1))
    starts = np.array([day(t).timestamp() for t in range(DAYS)], np.int64)
    return Panel(metric=metric or csat(), segments=tuple(leaves), starts=starts, n=n, total=0.8 * n)


def sides(leaves, mine=None, others=()):
    return scoping.sides(mine or change(60), others, leaves, at=60, until=day(DAYS))


def labels(found):
    return [s.label for s in found.controls.segments]


def test_the_treated_leaves_are_pooled_and_the_others_are_controls():
    found = sides(panel())
    assert found.treated.n[0, 0] == 200
    assert labels(found) == ["chat · eu", "chat · us", "email · eu", "email · us"]
    assert found.label == "phone"


def test_thin_leaves_are_rolled_up_until_they_have_enough_answers():
    found = sides(panel(answers=6.0))
    # Six answers a leaf: below the minimum of 10, so channels or regions, of which two are left.
    assert found.controls.n[:, 0].tolist() == [12.0, 12.0]


def test_many_leaves_are_rolled_up_to_twenty_series_at_most():
    leaves = [Segment.of(channel=f"c{c}", region=f"r{r}") for c in range(12) for r in range(5)]
    mine = change(60, scope=Scope.of({"channel": "c0"}))
    found = sides(panel(leaves), mine)
    assert len(found.controls.segments) == 11
    assert found.controls.n[:, 0].tolist() == [500.0] * 11


def test_of_a_hundred_organisations_the_twenty_largest_are_the_controls():
    leaves = [Segment.of(channel=f"c{c:03}") for c in range(100)]
    answers = 20.0 + np.arange(100) % 50
    found = sides(panel(leaves, answers), change(60, scope=Scope.of({"channel": "c000"})))
    assert len(found.controls.segments) == 20
    assert found.controls.n[:, 0].min() == 60.0
    assert labels(found) == sorted(labels(found))


def test_one_leaf_that_is_left_is_no_comparison():
    found = sides(panel(LEAVES[:3]))
    assert found.controls is None


def test_why_nobody_is_left_to_compare_with_is_told_with_titles():
    elsewhere = Scope.of({"channel": ["chat", "email"]})
    near = change(70, id="desk", title="Weekend phone desk closed", scope=elsewhere)
    few = "fewer than two untouched segments have answers enough to compare with"
    assert sides(panel(), others=[near]).alone == (
        "no untouched segments left to compare with: the others were touched by Weekend phone desk closed"
    )
    spilt = sides(panel(), change(60, spills_to=(elsewhere,)))
    assert spilt.alone == "no untouched segments left to compare with: it may spill over to the others"
    assert sides(panel(LEAVES[:3])).alone == few
    assert sides(panel(LEAVES[:1])).alone == "no untouched segments to compare with: CSAT is known as one total only"
    assert sides(panel()).alone == ""


def test_a_scope_of_several_values_and_dimensions_touches_only_its_own_leaves():
    mine = change(60, scope=Scope.of({"channel": ["phone", "chat"], "region": "eu"}))
    found = sides(panel(), mine)
    assert found.treated_leaves.tolist() == [s.get("region") == "eu" and s.get("channel") != "email" for s in LEAVES]


def test_a_change_long_before_leaves_a_segment_as_a_control_and_one_near_does_not():
    early = change(0, id="early", scope=Scope.of({"channel": "chat"}))
    assert "chat · eu" in labels(sides(panel(), change(61), [early]))
    late = change(30, id="late", scope=Scope.of({"channel": "chat"}))
    assert labels(sides(panel(), others=[late])) == ["email · eu", "email · us"]


def test_a_change_that_ends_within_the_window_spoils_a_control_as_one_that_begins_there():
    over = change(-90, id="over", scope=Scope.of({"channel": "chat"}), ends=day(75))
    assert labels(sides(panel(), others=[over])) == ["email · eu", "email · us"]
    assert len(labels(sides(panel(), others=[change(-90, id="on", scope=Scope.of({"channel": "chat"}))]))) == 4


def test_where_a_metric_lacks_the_dimension_of_a_spill_all_it_could_reach_is_no_control():
    gold = Scope.of({"channel": "chat", "tier": "gold"})
    other = change(70, id="other", scope=Scope.of({"channel": "phone"}), spills_to=(gold,))
    assert labels(sides(panel(), others=[other])) == ["email · eu", "email · us"]
    assert labels(sides(panel(), change(60, spills_to=(gold,)))) == ["email · eu", "email · us"]


def test_overlapping_segments_are_never_added_up():
    totals = csat(additive=False)
    stored = (EVERYONE, Segment.of(channel="phone"), Segment.of(region="eu"))
    found = sides(panel(stored, metric=totals))
    assert (found.treated.n[0, 0], found.label, found.controls) == (100, "phone", None)
    both = sides(panel(stored, metric=totals), change(60, scope=Scope.of({"channel": ["phone", "chat"]})))
    assert both.label == "all customers"
    assert both.note == "judged on all customers: segments of it overlap"
    none = sides(panel(stored[2:], metric=totals))
    assert none.treated is None
    assert none.reason == "no stored total of CSAT for phone, and its segments overlap"


def test_snapshots_count_as_measured_and_not_as_thin():
    backlog = csat(kind=Kind.LEVEL)
    found = sides(panel(answers=1.0, metric=backlog))
    assert len(found.controls.segments) == 4


def test_what_a_change_covers_of_a_segment_is_its_share_of_the_volume():
    leaves = panel(answers=[300.0, 100.0, 100.0, 100.0, 100.0, 100.0])
    scope = Scope.of({"channel": "phone"})
    assert scoping.covered(scope, leaves, EVERYONE) == 0.5
    assert scoping.covered(scope, leaves, Segment.of(region="eu")) == 0.6
    assert scoping.covered(scope, leaves, Segment.of(channel="phone")) == 1.0
    assert scoping.covered(scope, leaves, Segment.of(channel="fax")) == 0.0
