"""What other changes leave of one change's evidence."""

from datetime import timedelta

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


def test_an_earlier_change_rebaselines_where_28_days_remain_and_entangles_where_not():
    assert placed(other(-28)).since == START - timedelta(days=28)
    near = placed(other(-27))
    assert near.entangled_with == ("other",)
    assert near.start == START - timedelta(days=27)


def test_a_later_change_cuts_the_window_where_14_days_remain_and_entangles_where_not():
    cut = placed(other(14))
    assert (cut.until, cut.data_until, cut.entangled_with) == (START + timedelta(days=14),) * 2 + ((),)
    assert placed(other(13)).entangled_with == ("other",)
    assert placed(other(0)).entangled_with == ("other",)


def test_entanglement_is_mutual():
    first, second = change(), other(10)
    assert decisions.place(first, [first, second], metric(), NOW).entangled_with == ("other",)
    assert decisions.place(second, [first, second], metric(), NOW).entangled_with == ("outsourced",)


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
    assert near.not_comparable == "New scale changed the measurement too near to the start"
    assert near.entangled_with == ()
    assert placed(other(30, **survey)).until == START + timedelta(days=30)
    assert placed(other(-5, guards=("churn",), **survey)).not_comparable == ""


def test_a_metric_without_the_dimension_is_judged_on_what_it_knows():
    scoped = change(scope=Scope.of({"channel": "chat", "region": "eu"}))
    assert decisions.scope_of(scoped, metric(dimensions=("region",))) == Scope.of({"region": "eu"})
    assert decisions.scope_of(scoped, metric(dimensions=())) == Scope()
    renamed = change(scope_by_metric={"csat": Scope.of({"region": "us"})})
    assert decisions.scope_of(renamed, metric()) == Scope.of({"region": "us"})
