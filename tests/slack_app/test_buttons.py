"""From a click to the store and back to the message, over real HTTP and a real WebSocket."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from slack_world import CSAT, NOW, incident

from cxmon import actions
from cxmon.model import Access, Act, Category, Change, Ending, IncidentState, Outcome, State, Step
from cxmon.slack_app.modals import opaque
from cxmon.wording.clicking import hidden_by_accepting


def buttons(message):
    return [e["action_id"] for b in message["blocks"] if b["type"] == "actions" for e in b["elements"]]


def words_of(view):
    return " ".join(b["text"]["text"] for b in view["blocks"] if b["type"] == "section")


@pytest.fixture
def app(world):
    """The world, its message in Slack, and an app that listens."""
    message = world.told()
    with world.listening():
        yield world, world.slack, message


def answered(slack, count=1):
    slack.until(lambda: len(slack.answers) >= count, what="an answer")
    return slack.answers[-1]["text"]


def opened_view(slack, name, message, **more):
    before = len(slack.views)
    slack.acked(slack.click(name, message, **more))
    slack.until(lambda: len(slack.views) > before, what="a view")
    return slack.newest_view()


def sent_on(slack, view, **values):
    """The second of two views."""
    before = len(slack.views)
    body = slack.acked(slack.submit(view, values))
    assert body["response_action"] == "update"
    assert len(slack.views) > before
    return slack.newest_view()


def test_a_click_acknowledges_and_the_message_says_so_at_once(app):
    world, slack, message = app
    assert buttons(message) == ["acknowledge", "silence", "we_know_why", "assign", "add_note", "show_segments"]
    assert slack.acked(slack.click("acknowledge", message)) is None
    slack.until(lambda: "acknowledged" in str(message["blocks"]), what="the new message")
    found = world.incident()
    assert (found.state, found.acknowledged_by) == (IncidentState.ACKNOWLEDGED, "Support EMEA")
    assert "acknowledge" not in buttons(message)
    world.deliver()
    (reply,) = slack.replies(message["ts"])
    assert "Support EMEA is on it" in reply["text"]
    assert slack.answers == []
    assert [step for step, _ in world.history()] == [Step.OPENED, Step.ACKNOWLEDGED]
    with world.store() as store:
        trail = [(s.act, s.who, s.by, s.outcome) for s in store.audit.all("i1")]
    assert trail == [(Act.ACKNOWLEDGE, "U0ADA", "Support EMEA", Outcome.DONE)]


def test_the_same_envelope_twice_is_done_once(app):
    world, slack, message = app
    view = opened_view(slack, "add_note", message)
    envelope = slack.submit(view, {"text": "called the vendor"})
    slack.acked(envelope)
    answered(slack)
    for _ in range(2):
        slack.acked(slack.again(envelope))
    slack.acked(slack.click("show_segments", message))
    answered(slack, 2)
    assert [step for step, _ in world.history()] == [Step.OPENED, Step.REMARKED]
    assert len(slack.answers) == 2


def test_of_two_who_acknowledge_at_once_one_is_first_and_the_other_is_told(world, listening_slack):
    slack = listening_slack
    both = Access(editors=("U0ADA", "U0BEN"), departments={"U0ADA": "Support EMEA", "U0BEN": "Operations"})
    message = world.told()
    seen = dict(message)
    with world.listening(access=both), world.listening(holder="two", access=both):
        for user, via in (("U0ADA", 0), ("U0BEN", 1)):
            slack.click("acknowledge", seen, user=user, via=via)
        told = answered(slack)
    assert told == f"Already acknowledged by {world.incident().acknowledged_by}: nothing was changed."
    assert [step for step, _ in world.history()] == [Step.OPENED, Step.ACKNOWLEDGED]


def test_the_same_envelope_to_two_instances_is_done_once(world, listening_slack):
    slack = listening_slack
    message = world.told()
    with world.listening(), world.listening(holder="two"):
        envelope = slack.click("add_note", message, via=0)
        slack.until(lambda: slack.views)
        for via in (0, 1, 0):
            slack.acked(slack.again(envelope, via=via))
        sent = slack.submit(slack.newest_view(), {"text": "once"}, via=0)
        slack.acked(sent)
        slack.acked(slack.again(sent, via=1))
        answered(slack)
    assert len(slack.views) == 1
    assert [reason for _, reason in world.history()][1:] == ["remarked: Note from Support EMEA: once"]


def test_a_viewer_is_told_that_only_editors_may(app):
    world, slack, message = app
    slack.scopes |= {"users:read", "users:read.email"}
    for count, name in enumerate(("acknowledge", "silence", "we_know_why", "assign", "add_note"), 1):
        slack.acked(slack.click(name, message, user="U0BEN"))
        told = answered(slack, count)
        assert told.startswith("Only editors may ")
        assert "you are a viewer. Your Slack user id is U0BEN" in told
    assert slack.views == {}
    assert [step for step, _ in world.history()] == [Step.OPENED]


def test_a_viewer_may_see_the_segments_and_nobody_else_may_see_anything(app):
    _, slack, message = app
    slack.scopes |= {"users:read", "users:read.email"}
    slack.click("show_segments", message, user="U0BEN")
    assert answered(slack).startswith("Where it happens: CSAT")
    slack.people["U0EVE"] = "eve@elsewhere.com"
    slack.click("show_segments", message, user="U0EVE")
    assert "you are not among them" in answered(slack, 2)


def test_somebody_of_another_company_in_a_shared_channel_is_nobody(app):
    world, slack, message = app
    slack.people["U0FAR"] = "far@example.com"
    slack.scopes |= {"users:read", "users:read.email"}
    slack.click("acknowledge", message, user="U0FAR", team="T0OTHER")
    assert "you are not among them" in answered(slack)
    assert world.incident().state is IncidentState.OPEN


def test_an_address_makes_an_editor_where_the_bot_may_ask_for_it(world, listening_slack):
    slack = listening_slack
    message = world.told()
    with world.listening(access=Access(editors=("Ben@Example.com",))):
        slack.click("acknowledge", message, user="U0BEN")
        assert "you are not among them" in answered(slack)
        slack.scopes |= {"users:read", "users:read.email"}
        slack.click("acknowledge", message, user="U0BEN")
        slack.until(lambda: world.incident().state is IncidentState.ACKNOWLEDGED)
    assert world.incident().acknowledged_by == "an editor"


def test_an_incident_that_has_ended_is_said_and_its_message_is_put_right(app):
    world, slack, message = app
    with world.store() as store:
        actions.accept(store, "i1", by="Operations", why="cheaper", now=NOW + timedelta(hours=1))
    slack.click("acknowledge", message)
    told = answered(slack)
    assert told.startswith("Nothing was done: this incident has ended on Mon 14 Sep 2026, 10:00 UTC (accepted as")
    slack.until(lambda: buttons(message) == [], what="the message without buttons")


def test_a_button_of_an_incident_that_no_longer_exists(app):
    _, slack, message = app
    for count, name in enumerate(("acknowledge", "silence", "show_segments"), 1):
        slack.press(name, "gone", message)
        assert answered(slack, count) == "This incident is not known here any more, so nothing was done."


def test_a_silence_has_an_end_and_a_reason(app):
    world, slack, message = app
    view = opened_view(slack, "silence", message)
    assert "Ends and corrections are told all the same" in words_of(view)
    said = slack.acked(slack.submit(view, {"until": "2020-01-01", "why": "  "}))
    assert said == {
        "response_action": "errors",
        "errors": {
            "until": "A silence needs an end within a year of its start, and one that is to come.",
            "why": "Give a reason.",
        },
    }
    assert slack.acked(slack.submit(view, {"for": "4h", "why": "fire drill"})) is None
    assert answered(slack).startswith("Quiet about CSAT in phone and what is inside it until ")
    with world.store() as store:
        (made,) = store.changes.silences()
    assert (made.metric, made.segment, made.by, made.why) == ("csat", incident().root, "Support EMEA", "fire drill")
    assert timedelta(hours=3.9) < made.ends - datetime.now(UTC) < timedelta(hours=4.1)
    world.deliver()
    assert [s for s, _ in world.history()] == [Step.OPENED, Step.SILENCED]
    assert "Silenced until" in slack.replies(message["ts"])[-1]["text"]


def test_a_one_off_is_left_out_of_what_is_expected(app):
    world, slack, message = app
    view = sent_on(slack, opened_view(slack, "we_know_why", message), kind="one_off")
    said = slack.acked(slack.submit(view, {"first": "2026-09-14", "last": "2026-12-24", "why": "flood"}))
    assert list(said["errors"]) == ["last"]
    slack.acked(slack.submit(view, {"first": "2026-09-12", "last": "2026-09-14", "why": "flood in the data centre"}))
    assert "12 Sep to 14 Sep are left out of what is expected" in answered(slack)
    with world.store() as store:
        (found,) = store.left_out.all("csat")
    assert (found.since, found.until) == (datetime(2026, 9, 12, tzinfo=UTC), datetime(2026, 9, 15, tzinfo=UTC))
    assert (found.by, found.why, found.segments) == ("Support EMEA", "flood in the data centre", incident().members)
    assert world.incident().state is IncidentState.ACKNOWLEDGED


def test_the_new_normal_shows_first_what_it_hides(app):
    world, slack, message = app
    view = sent_on(slack, opened_view(slack, "we_know_why", message), kind="new_normal")
    assert "That hides 70 % instead of 78 %: nobody is alerted of it any more." in words_of(view).replace(" ", " ")
    assert list(slack.acked(slack.submit(view, {}))["errors"]) == ["why"]
    slack.acked(slack.submit(view, {"why": "the desk is smaller now"}))
    assert answered(slack).startswith("Accepted as the new level")
    found = world.incident()
    assert (found.state, found.ending) == (IncidentState.ENDED, Ending.ACCEPTED)
    slack.until(lambda: buttons(message) == [], what="the message of the end")


@pytest.mark.parametrize("kind", ["new_normal", "one_off"])
def test_what_a_viewer_sends_of_an_editors_form_is_refused(app, kind):
    world, slack, message = app
    slack.scopes |= {"users:read", "users:read.email"}
    view = sent_on(slack, opened_view(slack, "we_know_why", message), kind=kind)
    slack.acked(slack.submit(view, {"why": "cheaper", "first": "2026-09-14", "last": "2026-09-14"}, user="U0BEN"))
    assert answered(slack).startswith("Only editors may ")
    assert [step for step, _ in world.history()] == [Step.OPENED]


def test_a_quiet_look_is_not_what_the_new_normal_hides():
    bad = incident()
    quiet = replace(bad.latest, state=State.OK, value=0.81, expected=math.nan, low=math.nan, high=math.nan)
    assert "That hides 70 % instead of 78 %" in hidden_by_accepting(replace(bad, latest=quiet), CSAT)[1]


def test_an_alert_is_marked_as_not_real_after_reading_what_that_does(app):
    world, slack, message = app
    view = sent_on(slack, opened_view(slack, "we_know_why", message), kind="not_real")
    assert "No figure changes: these days stay in what is expected, in verdicts and on the board." in words_of(view)
    assert list(slack.acked(slack.submit(view, {}))["errors"]) == ["why"]
    slack.acked(slack.submit(view, {"why": "test calls of the vendor"}))
    assert answered(slack).startswith("Marked as not real by Support EMEA: the incident has ended.")
    found = world.incident()
    assert (found.state, found.not_real.why) == (IncidentState.ENDED, "test calls of the vendor")
    slack.until(lambda: buttons(message) == [], what="the message of the end")
    assert "Marked as not real" in str(message["blocks"])
    with world.store() as store:
        trail = [(s.act, s.who, s.by, s.why, s.outcome) for s in store.audit.all("i1")]
    assert trail == [(Act.NOT_REAL, "U0ADA", "Support EMEA", "test calls of the vendor", Outcome.DONE)]


def test_an_exceeded_allowance_is_answered_by_its_decisions_and_is_no_false_alarm(world):
    """A message that offers more than there is, as an older version may have sent it."""
    message = world.told(incident(check="allowance"))
    with world.listening():
        world.slack.acked(world.slack.click("we_know_why", message))
        assert answered(world.slack).startswith("Nothing was done: a decision is answered instead")
    assert not world.slack.views


def test_it_is_assigned_to_a_department_and_never_to_an_address(app):
    world, slack, message = app
    view = opened_view(slack, "assign", message)
    said = slack.acked(slack.submit(view, {"other": "ada@example.com"}))
    assert said["errors"] == {"other": "A role or department, not a person."}
    with world.store() as store:
        # Who is known may change while the form is open: what was chosen is what was read.
        later = Change(id="later", title="Later", category=Category.POLICY, starts=NOW, owner="Accounts")
        actions.declare(store, later, now=NOW, origin="cli")
    assert slack.acked(slack.submit(view, {"known": opaque("Nobody")}))["errors"] == {
        "other": "Choose or name a role or department."
    }
    slack.acked(slack.submit(view, {"known": opaque("Support EMEA")}))
    assert answered(slack) == "Support EMEA sees to it now."
    slack.until(lambda: "*Assigned to*\\nSupport EMEA" in str(message["blocks"]), what="the new message")
    assert world.incident().assigned_to == "Support EMEA"


def test_a_view_sent_when_its_incident_has_ended_says_so(app):
    world, slack, message = app
    view = opened_view(slack, "silence", message)
    with world.store() as store:
        actions.accept(store, "i1", by="Operations", why="cheaper", now=NOW)
    slack.acked(slack.submit(view, {"why": "drill"}))
    assert answered(slack).startswith("Nothing was done: this incident has ended")


def test_a_picture_stays_in_the_message_that_is_shown_anew(app):
    world, slack, message = app
    slack.files["F1"] = {"id": "F1", "mimetype": "image/png", "channels": ["C0ALERTS"]}
    image = {"type": "image", "slack_file": {"id": "F1"}, "alt_text": "chart"}
    message["blocks"] = [*message["blocks"][:-1], image, message["blocks"][-1]]
    slack.acked(slack.submit(opened_view(slack, "assign", message), {"other": "Operations"}))
    answered(slack)
    assert "F1" in str(message["blocks"])
    world.deliver()
    assert "F1" in str(message["blocks"])


def test_without_an_app_token_there_are_no_buttons(world):
    plain = replace(world.channel, app_token=type(world.channel.token)(""))
    world.plan = replace(world.plan, channels={"slack": plain})
    message = world.told()
    assert buttons(message) == []
    assert "cxmon ack i1" in str(message["blocks"])
