"""What other changes leave of one change's evidence."""

from datetime import timedelta

import pytest
from decision_examples import NOW, START, change, metric

from cxmon import decisions
from cxmon.model import Category, Grain, Scope, Status


def other(days: int, **more):
    return change(**({"id": "other", "title": "Other", "starts": START + timedelta(days=days)} | more))


def placed(*others, mine=None, m=None, now=NOW):
    return decisions.place(mine or change(), others, m or metric(), now)


def test_alone_a_change_has_all_its_past_and_its_window():
    found = placed(change())
    assert (found.since, found.start, found.until, found.entangled_with) == (None, START, None, ())


def test_a_change_elsewhere_does_not_matter():
    assert placed(other(1, scope=Scope.of({"channel": "phone"}))) == placed()


def test_scopes_that_share_no_dimension_overlap():
    assert placed(other(1, scope=Scope.of({"region": "eu"}))).entangled_with == ("other",)


def test_drafts_and_changes_yet_to_come_do_not_matter():
    assert placed(other(1, status=Status.DRAFT)) == placed()
    assert placed(other(10), now=START + timedelta(days=5)) == placed()


def test_an_earlier_change_rebaselines_where_28_days_remain():
    assert placed(other(-28)).since == START - timedelta(days=28)


def test_a_later_change_cuts_the_window_where_14_days_remain():
    cut = placed(other(14))
    assert (cut.until, cut.data_until, cut.entangled_with) == (START + timedelta(days=14),) * 2 + ((),)


@pytest.mark.parametrize("days", [-27, -7, 7, 13])
def test_nearer_ones_a_week_apart_are_estimated_jointly(days):
    found = placed(other(days))
    assert [n.id for n in found.jointly_with] == ["other"]
    assert (found.since, found.start, found.until, found.entangled_with) == (None, START, None, ())
    day = f"{(START + timedelta(days=days)).day} {START + timedelta(days=days):%b}"
    assert found.notes == (f"estimated together with Other ({day}), which makes the range wider",)


@pytest.mark.parametrize("days", [-6, 0, 6])
def test_still_nearer_ones_are_entangled(days):
    found = placed(other(days))
    assert (found.entangled_with, found.jointly_with) == (("other",), ())
    assert found.start == START + timedelta(days=min(days, 0))


def test_where_nothing_can_be_estimated_jointly_a_week_apart_is_entangled_too():
    found = decisions.place(change(), [other(10)], metric(), NOW, together=False)
    assert (found.entangled_with, found.jointly_with) == (("other",), ())


@pytest.mark.parametrize(("days", "field"), [(10, "jointly_with"), (3, "entangled_with")])
def test_nearness_is_mutual(days, field):
    first, second = change(), other(days)
    assert getattr(decisions.place(first, [first, second], metric(), NOW), field)
    assert getattr(decisions.place(second, [first, second], metric(), NOW), field)


def test_a_neighbour_that_ends_within_a_week_of_the_start_is_entangled():
    assert placed(other(-20, ends=START + timedelta(days=3))).entangled_with == ("other",)


def test_an_earlier_change_that_ended_is_left_out_of_the_past():
    found = placed(other(-60, ends=START - timedelta(days=50)))
    assert found.left_out == ((START - timedelta(days=60), START - timedelta(days=50)),)
    assert (found.since, found.entangled_with) == (None, ())


def test_an_earlier_change_that_ends_within_the_window_cuts_it():
    found = placed(other(-60, ends=START + timedelta(days=20)))
    assert found.until == START + timedelta(days=20)
    assert found.since == START - timedelta(days=60)


def test_what_comes_after_the_change_has_ended_cuts_its_data_and_not_its_window():
    mine = change(ends=START + timedelta(days=7))
    found = placed(other(20), mine=mine)
    assert (found.until, found.data_until) == (START + timedelta(days=7), START + timedelta(days=20))
    assert not found.entangled_with


def test_the_order_in_which_changes_are_listed_does_not_matter():
    a, b = other(-40, id="a"), other(30, id="b")
    assert placed(a, b) == placed(b, a)


def test_monthly_figures_need_longer_stretches():
    assert placed(other(-60), m=metric(grain=Grain.MONTH)).entangled_with == ("other",)
    assert placed(other(-60)).entangled_with == ()


def test_a_survey_change_near_the_start_leaves_nothing_to_compare():
    survey = {"category": Category.MEASUREMENT, "title": "New scale"}
    near = placed(other(-5, **survey))
    said = "New scale changed the measurement (9 Sep), 5 days before the start: too near to compare across it"
    assert near.not_comparable == said
    assert near.entangled_with == ()
    assert placed(other(30, **survey)).until == START + timedelta(days=30)
    assert placed(other(-5, guards=("churn",), **survey)).not_comparable == ""


def test_neither_past_nor_window_reaches_across_a_changed_measurement_or_its_end():
    trial = {"category": Category.MEASUREMENT, "title": "Trial scale"}
    over = placed(other(-100, ends=START - timedelta(days=60), **trial))
    assert (over.since, over.not_comparable, over.left_out) == (START - timedelta(days=60), "", ())
    assert over.notes == ("past begins where Trial scale changed the measurement (16 Jul)",)
    late = placed(other(-100, ends=START - timedelta(days=10), **trial))
    assert "(4 Sep), 10 days before the start" in late.not_comparable
    inside = placed(other(-100, ends=START + timedelta(days=20), **trial))
    assert (inside.since, inside.until) == (START - timedelta(days=100), START + timedelta(days=20))
    assert inside.notes[1] == "window ends where Trial scale changed the measurement (4 Oct)"


def test_what_cannot_be_separated_is_not_compared_across_a_changed_measurement_either():
    pilot = other(-90, id="pilot", title="Pilot", ends=START + timedelta(days=3))
    assert placed(pilot).start == START - timedelta(days=90)
    found = placed(pilot, other(-40, category=Category.MEASUREMENT, title="New scale"))
    assert found.not_comparable.endswith("(5 Aug), after Pilot began")


def test_a_metric_without_the_dimension_is_judged_on_what_it_knows():
    scoped = change(scope=Scope.of({"channel": "chat", "region": "eu"}))
    assert decisions.scope_of(scoped, metric(dimensions=("region",))) == Scope.of({"region": "eu"})
    assert decisions.scope_of(scoped, metric(dimensions=())) == Scope()
    renamed = change(scope_by_metric={"csat": Scope.of({"region": "us"})})
    assert decisions.scope_of(renamed, metric()) == Scope.of({"region": "us"})
