"""What people do about an incident beside acknowledging it: who sees to it, notes, one-offs, and who was first."""

from dataclasses import replace
from datetime import timedelta

import pytest
from test_actions import NOW, PHONE, opened_incident, store

from cxmon import actions
from cxmon.errors import ActionError
from cxmon.model import IncidentState, OutboxRow, Picture, Step, Transition
from cxmon.pipeline.check_telling import kept_back

__all__ = ["store"]


def watched(store):
    """An incident about an expected level."""
    found = opened_incident(store)
    known = replace(found, worst=replace(found.worst, expected=0.78), latest=replace(found.latest, expected=0.78))
    store.incidents.amend(known, Transition(incident="i1", step=Step.NOTED, at=NOW, reason="seen"))
    return known


def test_a_note_is_kept_told_in_the_thread_and_brings_no_picture_of_its_own(store):
    opened_incident(store)
    (first,) = store.outbox.rows()
    drawn = Picture(metric="csat", segment="{}", change=None, title="t", subtitle=(), alt="a")
    store.outbox.queue([OutboxRow(key="p", channel="slack", message=replace(first.message, picture=drawn),
                                  state=first.state)], NOW)  # fmt: skip
    actions.add_note(store, "i1", text="vendor called", by="Operations", now=NOW)
    newest = store.outbox.rows()[0].message
    assert (newest.reply, newest.picture) == ("Note from Operations: vendor called", None)
    assert store.incidents.history("i1")[-1].step is Step.REMARKED
    assert "remarked: Note from Operations: vendor called" in "\n".join(actions.why(store, "i1"))


def test_it_is_assigned_once_and_stands_in_the_message(store):
    opened_incident(store)
    for _ in range(2):
        found = actions.assign(store, "i1", to="Planning", by="Operations", now=NOW)
    assert found.assigned_to == "Planning"
    assert [t.step for t in store.incidents.history("i1")] == [Step.OPENED, Step.ASSIGNED]
    assert ("Assigned to", "Planning") in [(f.label, f.text) for f in store.outbox.rows()[0].message.facts]
    with pytest.raises(ActionError, match="by is an address"):
        actions.assign(store, "i1", to="Planning", by="a@example.com", now=NOW)
    with pytest.raises(ActionError, match=r"to is an address \(a@example.com\): name a role or department"):
        actions.assign(store, "i1", to="a@example.com", by="Operations", now=NOW)
    with pytest.raises(ActionError, match="to is empty: name a role"):
        actions.assign(store, "i1", to=" ", by="Operations", now=NOW)


def test_a_one_off_is_kept_once_and_acknowledges(store):
    watched(store)
    days = {"since": NOW - timedelta(days=2), "until": NOW + timedelta(days=1)}
    for _ in range(2):
        left = actions.leave_out(store, "i1", **days, by="Operations", why="flood", now=NOW)
    assert store.left_out.all("csat") == [left]
    assert store.left_out.all("csat", known_at=NOW - timedelta(seconds=1)) == []
    assert store.left_out.all("other") == []
    assert (left.root, left.incident) == (PHONE, "i1")
    found = store.incidents.get("i1")
    assert (found.state, found.acknowledged_by) == (IncidentState.ACKNOWLEDGED, "Operations")
    assert [t.step for t in store.incidents.history("i1")].count(Step.LEFT_OUT) == 1


def test_days_that_are_none_too_many_or_to_come_are_refused(store):
    watched(store)
    for since, until in ((1, 1), (-40, 1), (1, 3)):
        with pytest.raises(ActionError, match="expected days that have begun, in order, 31 at most"):
            actions.leave_out(store, "i1", since=NOW + timedelta(days=since), until=NOW + timedelta(days=until),
                              by="Operations", why="x", now=NOW)  # fmt: skip


def test_an_incident_without_an_expected_level_has_no_days_to_leave_out(store):
    opened_incident(store)
    with pytest.raises(ActionError, match="not about an expected level"):
        actions.leave_out(store, "i1", since=NOW, until=NOW + timedelta(days=1), by="Operations", why="x", now=NOW)


def test_what_somebody_else_did_meanwhile_is_never_written_over(store):
    seen = opened_incident(store)
    actions.assign(store, "i1", to="Planning", by="Operations", now=NOW)
    late = Transition(incident="i1", step=Step.NOTED, at=NOW, reason="late")
    assert not store.incidents.amend(replace(seen, acknowledged_by="x"), late, seen=seen)
    assert not store.incidents.commit(check="floor", subject="csat", seen_through=None, through=NOW, incidents=[seen],
                                      transitions=[late], outbox=[], now=NOW, seen=[seen])  # fmt: skip
    assert store.incidents.evaluated_through("floor", "csat") is None
    assert store.incidents.get("i1").assigned_to == "Planning"


def test_neither_a_note_nor_who_is_on_it_keeps_silenced_news_from_being_told_later(store):
    found = opened_incident(store)
    quiet = Transition(incident="i1", step=Step.NOTED, at=NOW, reason="silenced: that it opened was not sent")
    store.incidents.amend(found, quiet)
    actions.add_note(store, "i1", text="vendor called", by="Operations", now=NOW)
    assert kept_back(store, found).transition.step is Step.OPENED
    actions.acknowledge(store, "i1", by="Operations", now=NOW)
    assert kept_back(store, found).transition.step is Step.OPENED
