"""Keep, amend, roll back, accept: recorded from a verdict's message, told in its thread, reminded of there."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from fakeslack.views import view_problems
from form_world import CUT, done, place, request, seed, told_verdict, verdict
from slack_world import NOW, incident
from test_buttons import answered, buttons, opened_view, words_of

from cxmon import actions
from cxmon.errors import ActionError
from cxmon.model import EVERYONE, Decision, Response, Step, Transition, Where, WhereAnswer
from cxmon.pipeline.remind import remind
from cxmon.slack_app.contract import Kind


def test_an_answer_is_recorded_told_and_reminded_of_in_the_thread_of_the_verdict(world, listening_slack):
    slack = listening_slack
    message = told_verdict(world)
    assert buttons(message) == ["respond"]
    day = (datetime.now(UTC) + timedelta(days=3)).date()
    with world.listening():
        view = opened_view(slack, "respond", message)
        assert "Weekend desk closed" in words_of(view)
        assert "Over the limit" in words_of(view)
        assert slack.acked(slack.submit(view, {"decision": "roll_back", "why": " "})) == {
            "response_action": "errors", "errors": {"why": "Give a reason."},
        }  # fmt: skip
        given = {"decision": "roll_back", "why": "customers leave", "owner": "Planning", "due": day.isoformat()}
        assert slack.acked(slack.submit(view, given)) is None
        said = answered(slack)
    assert said == (
        f"Recorded for Support EMEA: Roll back by {day.day} {day:%b}. Planning is reminded on that day. "
        "It is told in the thread."
    )
    # At once in the message itself, then in its thread.
    assert "customers leave" in str(message["blocks"])
    world.deliver()
    told = f"Decided by Support EMEA: Roll back by {day.day} {day:%b} (Planning). Why: customers leave"
    assert [reply["text"] for reply in slack.replies(message["ts"])] == [told]
    with world.store() as store:
        (kept,) = store.changes.responses("desk")
        assert (kept.decision, kept.by, kept.owner) == (Decision.ROLL_BACK, "Support EMEA", "Planning")
        assert len(remind(world.plan, store, now=kept.due + timedelta(hours=1))) == 1
    world.deliver()
    assert [r["text"].partition(":")[0] for r in slack.replies(message["ts"])] == [
        "Decided by Support EMEA",
        "Reminder",
    ]
    assert len(slack.posts()) == 1
    assert "customers leave" in str(message["blocks"])


@pytest.mark.parametrize(
    ("given", "errors"),
    [
        ({"decision": "roll_back", "why": "x", "due": "2026-09-14"}, {"due": "Name a day to come."}),
        ({"decision": "keep", "why": "x", "owner": "a@b.c"}, {"owner": "A role or department, not a person."}),
        ({"why": ""}, {"decision": "Choose what is decided.", "why": "Give a reason."}),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_its_field(world, given, errors):
    with world.store() as store:
        asked = request(Kind.VIEW_SUBMISSION, "respond", private='{"subject": "desk"}', inputs=given)
        assert done(asked, place(world, store)) == {"response_action": "errors", "errors": errors}


def test_a_decision_that_is_not_there_any_more_is_said_so(world):
    with world.store() as store:
        for asked in (
            request(Kind.BLOCK_ACTIONS, "respond", value="gone"),
            request(Kind.VIEW_SUBMISSION, "respond", private="{}", inputs={"decision": "keep", "why": "x"}),
        ):
            (told,) = done(asked, place(world, store))
            assert told.text == "This decision is not known here any more, so nothing was done."


def test_show_segments_of_a_verdict_claims_nothing_where_segments_were_not_compared(world):
    one = Where(
        metric="csat",
        answer=WhereAnswer.EVERYWHERE_ALIKE,
        whole=0.05,
        unit="pt",
        looked_at=4,
        largest=0.01,
        false_discovery=0.1,
    )
    with world.store() as store:
        told = incident(id="v1", check=actions.VERDICT, subject="desk", root=EVERYONE, members=(EVERYONE,))
        store.incidents.amend(told, Transition(incident="v1", step=Step.OPENED, at=NOW, reason="opened: worse"))
        asked = request(Kind.BLOCK_ACTIONS, "show_segments", value="v1")
        store.verdicts.put(verdict())
        (shown,) = done(asked, place(world, store))
        assert "Not known: segments are compared where" in str(shown.blocks)
        store.verdicts.put(replace(verdict(), version=2, where=(one,)))
        (shown,) = done(asked, place(world, store))
        assert "CSAT, where: everywhere alike, 5.0 points worse in all" in str(shown.blocks)


def test_what_was_decided_before_and_the_price_stand_in_the_form(world):
    with world.store() as store:
        seed(store)
        store.verdicts.put(verdict())
        actions.respond(
            store, Response(subject=CUT.id, decision=Decision.AMEND, by="CX", why="Saturdays only", at=NOW)
        )  # fmt: skip
        (call,) = done(request(Kind.BLOCK_ACTIONS, "respond", value=CUT.id, trigger="t"), place(world, store))
        assert view_problems(call.arguments["view"]) == []
        assert "Decided before: Amend (CX): Saturdays only" in words_of(call.arguments["view"])


def test_an_owner_is_a_role_by_every_door(world):
    with world.store() as store:
        seed(store)
        said = Response(subject=CUT.id, decision=Decision.KEEP, by="CX", why="x", at=NOW, owner="ana@example.com")
        with pytest.raises(ActionError, match="owner is an address"):
            actions.respond(store, said)
