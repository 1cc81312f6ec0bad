"""What comes in is anything at all: it becomes a named request, or nothing; views stay within Slack's limits whatever
names are in them."""

import zlib
from dataclasses import replace
from pathlib import Path

import hypothesis.strategies as st
import pytest
from fakeslack.views import view_problems
from form_world import CUT, done, request
from hypothesis import given, settings
from slack_world import CSAT, NOW, PHONE, incident

from cxmon.config.plan import Plan
from cxmon.model import Access, Role, Route, Segment
from cxmon.slack_app import incident_views, modals
from cxmon.slack_app.contract import Kind, Place, Request
from cxmon.slack_app.envelope import parse
from cxmon.slack_app.modals import Origin, origin
from cxmon.store import Store

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
NAMES = ("type", "user", "view", "message", "container", "actions", "team", "channel", "state", "id", "callback_id")
HOSTILE = st.one_of(
    st.sampled_from(
        ["<!channel>", "<@U0ADA>", "a&b<c>", "`x` *y* _z_", "\u202eevil", "🏳️‍🌈" * 40, "x" * 10_000, "[a](http://b)"]
    ),
    st.text(min_size=1, max_size=60),
)


@settings(max_examples=30, deadline=None)
@given(
    kind=st.sampled_from(["interactive", "slash_commands", "events_api", ""]),
    payload=JSON | st.dictionaries(st.sampled_from(NAMES), JSON),
    what=st.sampled_from(["block_actions", "view_submission", "shortcut", "message_action", "view_closed"]),
)
def test_anything_at_all_is_a_request_or_none(kind, payload, what):
    if isinstance(payload, dict):
        payload = payload | {"type": what}
    found = parse({"type": kind, "payload": payload})
    assert found is None or isinstance(found, Request)


def test_a_request_has_one_name_for_each_thing():
    shortcut = parse({"type": "interactive", "payload": {
        "type": "message_action", "callback_id": "declare", "user": {"id": "U1", "name": "a"}, "trigger_id": "t",
        "channel": {"id": "C1"}, "message": {"ts": "1.2", "thread_ts": "1.1"}, "response_url": "http://x/r",
    }})  # fmt: skip
    assert (shortcut.kind, shortcut.name) == (Kind.MESSAGE_SHORTCUT, "declare")
    assert (shortcut.user, shortcut.channel, shortcut.message_ts, shortcut.thread_ts) == ("U1", "C1", "1.2", "1.1")
    command = parse({"type": "slash_commands", "payload": {
        "command": "/cxmon", "text": "csat channel=chat", "user_id": "U1", "trigger_id": "t1", "channel_id": "C1",
    }})  # fmt: skip
    assert (command.kind, command.name, command.text) == (Kind.SLASH_COMMAND, "/cxmon", "csat channel=chat")
    values = {"why": {"why": {"type": "plain_text_input", "value": " drill "}},
              "for": {"for": {"type": "radio_buttons", "selected_option": {"value": "4h"}}},
              "who": {"who": {"type": "multi_static_select", "selected_options": [{"value": "a"}, {"value": "b"}]}},
              "until": {"until": {"type": "datepicker", "selected_date": None}}}  # fmt: skip
    view = {"callback_id": "silence", "id": "V1", "hash": "1", "private_metadata": '{"subject": "i1", "x": 3}',
            "state": {"values": values}}  # fmt: skip
    sent = parse({"type": "interactive", "payload": {"type": "view_submission", "user": {"id": "U1"}, "view": view}})
    assert dict(sent.inputs) == {"why": " drill ", "for": "4h", "who": ("a", "b")}
    assert (sent.input("why"), sent.input("until"), sent.input("who")) == ("drill", "", "a, b")
    assert origin(sent) == Origin(subject="i1")
    again = parse({"type": "interactive", "payload": {"type": "view_submission", "user": {"id": "U1"}, "view": view}})
    assert (sent.key == again.key, sent.key == command.key) == (True, False)


@settings(max_examples=25, deadline=None)
@given(name=HOSTILE, value=HOSTILE)
def test_hostile_names_leave_every_view_valid_and_mention_nobody(name, value):
    segment = Segment.of(channel=value)
    metric = replace(CSAT, label=name)
    found = incident(root=segment, members=(segment, PHONE), assigned_to=value)
    at = Origin(subject="i1", channel="C0ALERTS", message_ts="1.2")
    views = [
        incident_views._one_off_view(found, metric, at, NOW),
        incident_views._normal_view(found, metric, at, NOW),
        modals.modal(title="T", callback="c", blocks=[
            modals.words(name, value), modals.choice("a", name, {"x": value, "y": name}, hint=value),
            modals.text_input("t", value, initial=name), modals.several("s", name, {"x": value}),
        ]),
    ]  # fmt: skip
    for view in views:
        assert view_problems(view) == []
        # What stands in an input is text, which comes back as it went.
        shown = str([{**b, "element": {**b.get("element", {}), "initial_value": ""}} for b in view["blocks"]])
        assert "<!channel>" not in shown
        assert "<@U0ADA>" not in shown


@pytest.fixture(scope="module")
def hostile_store(tmp_path_factory):
    with Store.open(f"sqlite:///{tmp_path_factory.mktemp('hostile')}/store.db") as store:
        yield store


@settings(max_examples=15, deadline=None)
@given(name=HOSTILE, value=HOSTILE)
def test_hostile_names_leave_every_form_behind_a_button_valid(hostile_store, name, value):
    """Silence, we know why, assign, add note, and the answer to a decision: each as its button opens it."""
    segment, where = Segment.of(channel=value), Origin(subject="i1", channel="C0ALERTS", message_ts="1.2")
    plan = Plan(
        path=Path("cxmon.yaml"), store_url="", metrics={"csat": replace(CSAT, label=name)},
        access=Access(departments={"U0ADA": name}), routes=(Route(channel="slack", owners=(value,)),),
    )  # fmt: skip
    place = Place(plan=plan, store=hostile_store, by=name, role=Role.EDITOR)
    change = replace(CUT, id=f"c{zlib.crc32((name + value).encode('utf-8', 'replace'))}", title=name, owner=value)
    hostile_store.changes.put(change, now=change.starts, origin="yaml")
    found = incident(root=segment, members=(segment, PHONE), assigned_to=value)
    views = [
        made(place, found, where, NOW)
        for made in (
            incident_views._silence_view, incident_views._why_view, incident_views._assign_view,
            incident_views._note_view,
        )
    ]  # fmt: skip
    (call,) = done(request(Kind.BLOCK_ACTIONS, "respond", value=change.id, trigger="t"), place)
    for view in (*views, call.arguments["view"]):
        assert view_problems(view) == []
        shown = str([{**b, "element": {**b.get("element", {}), "initial_value": ""}} for b in view["blocks"]])
        assert "<!channel>" not in shown
        assert "<@U0ADA>" not in shown


def test_a_plan_without_listening_channels_has_no_ears(tmp_path):
    from cxmon.slack_app.listening import listenings

    assert listenings(Plan(path=tmp_path, store_url="sqlite://"), holder="x", clock=lambda: NOW) == []


def test_the_manifest_asks_for_what_the_app_uses_and_names_what_is_handled():
    import yaml

    from cxmon.slack_app.registry import HANDLERS

    manifest = yaml.safe_load((Path(__file__).parents[2] / "docs" / "slack-app.yaml").read_text())
    assert manifest["settings"]["socket_mode_enabled"]
    assert manifest["settings"]["interactivity"] == {"is_enabled": True}
    assert {"chat:write", "users:read.email", "files:write"} <= set(manifest["oauth_config"]["scopes"]["bot"])
    features = manifest["features"]
    named = {(Kind.SLASH_COMMAND, one["command"]) for one in features.get("slash_commands", [])}
    kinds = {"global": Kind.SHORTCUT, "message": Kind.MESSAGE_SHORTCUT}
    named |= {(kinds[one["type"]], one["callback_id"]) for one in features.get("shortcuts", [])}
    assert named == {key for key in HANDLERS if key[0] in {Kind.SLASH_COMMAND, *kinds.values()}}
