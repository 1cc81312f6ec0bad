"""Alerts that people mark as not real: kept with who and why, told, counted, and no way to hide what follows."""

from dataclasses import replace

import pytest
from test_actions import NOW, opened_incident, store

from cxmon import actions
from cxmon.errors import ActionError
from cxmon.model import Ending, IncidentState, Step, Transition

__all__ = ["store"]
SAID = {"by": "Operations", "why": "test calls of the vendor", "now": NOW}


def test_a_mark_ends_it_says_who_and_why_and_is_told_in_its_thread(store):
    opened_incident(store)
    for _ in range(2):
        found = actions.mark_not_real(store, "i1", **SAID)
    assert (found.state, found.ending, found.ended_at) == (IncidentState.ENDED, Ending.CLOSED_UNKNOWN, NOW)
    assert (found.not_real.by, found.not_real.why, found.not_real.ended) == ("Operations", SAID["why"], True)
    # Twice is once.
    assert [t.step for t in store.incidents.history("i1")] == [Step.OPENED, Step.ENDED]
    message = store.outbox.rows()[0].message
    assert (message.badge, message.actions) == ("Marked as not real", ())
    assert message.title.endswith(": marked as not real by Operations")
    assert "Operations marked this as not real: test calls of the vendor. It is told again when" in message.reply
    assert {f.label: f.text for f in message.facts}["How sure"].startswith("the word of those who marked it")
    assert "not_real: Operations marked this as not real: test calls" in "\n".join(actions.why(store, "i1"))


def test_what_has_ended_stays_as_it_ended(store):
    opened_incident(store)
    actions.accept(store, "i1", by="Operations", why="cheaper", now=NOW)
    found = actions.mark_not_real(store, "i1", **SAID)
    assert (found.state, found.ending, found.not_real.ended) == (IncidentState.ENDED, Ending.ACCEPTED, False)
    assert [t.step for t in store.incidents.history("i1")] == [Step.OPENED, Step.ENDED, Step.MARKED]
    assert store.outbox.rows()[0].message.badge == "Accepted as the new level, marked as not real"


def test_a_mark_that_is_taken_back_opens_what_it_had_ended(store):
    opened_incident(store)
    actions.mark_not_real(store, "i1", **SAID)
    for _ in range(2):
        found = actions.take_mark_back(store, "i1", by="Support", why="it was an outage", now=NOW)
    assert (found.state, found.ending, found.ended_at, found.not_real) == (IncidentState.OPEN, None, None, None)
    assert [t.step for t in store.incidents.history("i1")] == [Step.OPENED, Step.ENDED, Step.REOPENED]
    assert "took the mark as not real back: it was an outage" in store.outbox.rows()[0].message.reply


def test_who_was_on_it_before_the_mark_is_on_it_after_it_is_taken_back(store):
    opened_incident(store)
    actions.acknowledge(store, "i1", by="Telephony", now=NOW)
    actions.mark_not_real(store, "i1", **SAID)
    found = actions.take_mark_back(store, "i1", by="Support", why="it was an outage", now=NOW)
    assert (found.state, found.acknowledged_by) == (IncidentState.ACKNOWLEDGED, "Telephony")
    offered = {a.name for a in store.outbox.newest(found.thread)["slack"].message.actions}
    assert "acknowledge" not in offered
    assert "we_know_why" in offered


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"check": "verdict", "subject": "cut"}, "is about the change cut: respond to the change instead"),
        ({"check": "allowance"}, "adds up the verdicts of a year"),
        ({"check": "error"}, "not about customers: mend it instead"),
        ({"check": "data", "subject": "desk"}, "is about desk, not about customers: mend it instead"),
        ({"state": IncidentState.PENDING}, "is not confirmed yet: nothing was told"),
    ],
)
def test_what_cannot_be_marked_is_refused_with_what_to_do_instead(store, change, said):
    real = opened_incident(store)
    found = replace(real, **change)
    # Nor is it offered.
    assert (actions.markable(real), actions.markable(found)) == (True, False)
    store.incidents.amend(found, Transition(incident="i1", step=Step.NOTED, at=NOW, reason="seen"))
    with pytest.raises(ActionError, match=said):
        actions.mark_not_real(store, "i1", **SAID)
    with pytest.raises(ActionError, match="why is empty: give a reason"):
        actions.mark_not_real(store, "i1", by="Operations", why=" ", now=NOW)
    assert store.incidents.get("i1").not_real is None
