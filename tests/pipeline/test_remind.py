"""Reminders through the outbox: when due and when overdue, once each, in the story they belong to."""

from dataclasses import replace
from datetime import timedelta

import pytest
from notify_world import NOW, news, plan, row

from cxmon import actions
from cxmon.errors import ActionError
from cxmon.model import (
    EVERYONE,
    Category,
    Change,
    Code,
    Decision,
    Grade,
    Incident,
    IncidentState,
    Metric,
    Response,
    Silence,
    Step,
    Transition,
    Verdict,
)
from cxmon.pipeline.remind import remind
from cxmon.pipeline.standing import standing
from cxmon.store import Store

DUE = NOW + timedelta(days=10)
CUT = Change(id="cut", title="Desk closed", category=Category.COST_CUT, starts=NOW, owner="Operations")
AMEND = Response(
    subject="cut", decision=Decision.AMEND, by="Operations", why="Saturdays only", at=NOW, due=DUE, owner="Planning"
)
PLAN = plan("http://127.0.0.1:9")


@pytest.fixture
def store(tmp_path):
    with Store.open(f"sqlite:///{tmp_path / 'store.db'}") as opened:
        actions.declare(opened, CUT, now=NOW, origin="cli")
        actions.respond(opened, AMEND)
        yield opened


def queued(store):
    return [r.message for r in reversed(store.outbox.rows())]


def test_one_message_when_due_and_one_when_overdue_however_often_it_is_asked(store):
    for hours in (-1, 0, 1, 23, 24, 25, 500):
        remind(PLAN, store, now=DUE + timedelta(hours=hours))
    due, overdue = queued(store)
    assert (due.badge, overdue.badge) == ("Due today", "Overdue")
    assert due.title == "Desk closed: amend by 12 Mar"
    assert due.lines[0].startswith('Planning: Desk closed is to be answered with "amend" until 12 Mar; due today')
    assert due.thread == overdue.thread == "change:cut"
    assert overdue.reply == "Reminder: Amend by 12 Mar (Planning), overdue by 1 day, and no fix has begun."


def test_what_is_kept_is_to_be_looked_at_again_and_misses_no_fix(store):
    actions.respond(store, replace(AMEND, decision=Decision.KEEP, at=NOW + timedelta(days=1)))
    remind(PLAN, store, now=DUE)
    (due,) = queued(store)
    assert due.title == "Desk closed: keep, look again by 12 Mar"
    assert (
        due.lines[0] == "Planning: Desk closed is to be looked at again by 12 Mar; due today, and not answered again."
    )
    assert due.reply == "Reminder: Keep, look again by 12 Mar (Planning), due today, and not answered again."


def test_it_is_a_reply_in_the_story_that_was_told(store):
    told = news(thread="change:cut", title="CSAT fell")
    store.outbox.queue([row(told)], NOW)
    remind(PLAN, store, now=DUE)
    newest = queued(store)[-1]
    assert (newest.title, newest.lines) == ("CSAT fell", told.lines)
    assert newest.reply.startswith("Reminder: Amend by 12 Mar (Planning)")


def test_a_fix_ends_the_reminders_and_a_silence_only_puts_them_off(store):
    store.changes.put_silence(
        Silence(id="q", metric=None, segment=None, starts=NOW, ends=DUE + timedelta(hours=5), by="CX", why="holiday"),
        origin="cli",
    )
    assert [one.channels for one in remind(PLAN, store, now=DUE)] == [()]
    assert queued(store) == []
    assert [one.channels for one in remind(PLAN, store, now=DUE + timedelta(hours=6))] == [("slack",)]
    fix = replace(CUT, id="fix", title="Saturday desk", starts=DUE + timedelta(hours=12), responds_to="cut")
    actions.declare(store, fix, now=NOW, origin="cli")
    assert remind(PLAN, store, now=DUE + timedelta(days=2)) == []
    assert len(queued(store)) == 1


def test_what_is_overdue_stands_on_the_first_screen_though_nothing_is_worse(store):
    store.verdicts.put(Verdict(change="cut", as_of=NOW, code=Code.SAFE, grade=Grade.CONTROLLED, harms=()))

    def said(**later):
        (item, *_) = standing(PLAN, store, now=DUE + timedelta(**later))[0].items
        return item.rank, item.texts[1:]

    assert said(days=-1) == (3, ())
    assert said(days=1) == (2, ("Amend by 12 Mar (Planning), overdue by 1 day, and no fix has begun: Saturdays only",))


def test_an_incident_reminds_in_its_own_story_and_why_says_how_it_stands(store):
    incident = Incident(
        id="i1", check="drift", subject="csat", root=EVERYONE, members=(EVERYONE,), state=IncidentState.OPEN,
        opened_at=NOW, since=NOW, last_breach_at=NOW,
    )  # fmt: skip
    opened = Transition(incident="i1", step=Step.OPENED, at=NOW, reason="below")
    store.incidents.amend(incident, opened)
    actions.respond(store, replace(AMEND, subject="i1"))
    known = replace(PLAN, metrics={"csat": metric()})
    remind(known, store, now=DUE + timedelta(days=3))
    assert [(m.thread, m.title) for m in queued(store) if m.thread != "change:cut"] == [
        ("incident:i1", "CSAT: amend by 12 Mar")
    ]
    last = actions.why(store, "i1", now=DUE + timedelta(days=3))[-1]
    assert last.endswith("Saturdays only (Amend by 12 Mar (Planning), overdue by 3 days, and no fix has begun)")
    with pytest.raises(ActionError, match="is past: name a day to come"):
        actions.respond(store, replace(AMEND, at=DUE + timedelta(days=1)))


def metric():
    from judge_world import csat

    found: Metric = csat()
    return found
