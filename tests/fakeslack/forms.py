"""What people do beside clicks and commands: shortcuts, choices inside a view; conversations with one person."""

from typing import Any

from fakeslack.server import METHODS, NEEDS, FakeSlack
from fakeslack.sockets import ListeningSlack, _state

PERSON = {"id": "U0ADA", "username": "ada.l", "team_id": "T0FAKE"}


def shortcut(slack: ListeningSlack, callback: str, *, user: str = "U0ADA") -> str:
    """A global shortcut; returns the envelope's id."""
    return slack.send("interactive", {
        "type": "shortcut", "callback_id": callback, "user": PERSON | {"id": user}, "team": {"id": "T0FAKE"},
        "trigger_id": slack._trigger(), "action_ts": "1.0",
    })  # fmt: skip


def message_shortcut(slack: ListeningSlack, callback: str, message: dict[str, Any], *, user: str = "U0ADA") -> str:
    """A shortcut on a message, ours or somebody's."""
    return slack.send("interactive", {
        "type": "message_action", "callback_id": callback, "user": PERSON | {"id": user}, "team": {"id": "T0FAKE"},
        "trigger_id": slack._trigger(), "action_ts": "1.0", "message_ts": message["ts"],
        "channel": {"id": message["channel"], "name": "cx-alerts"}, "message": message,
        "response_url": f"{slack.url.removesuffix('api/')}response/shortcut",
    })  # fmt: skip


def choose(slack: ListeningSlack, view: dict[str, Any], name: str, values: dict[str, Any]) -> str:
    """A choice in an input of an open view that dispatches; `values` are those of all inputs, by input."""
    state = {
        b["block_id"]: {b["element"]["action_id"]: _state(b["element"], values.get(b["block_id"]))}
        for b in view["blocks"]
        if b["type"] == "input"
    }
    block = next(b for b in view["blocks"] if b.get("block_id") == name)
    assert block.get("dispatch_action")
    action = {"action_id": name, "block_id": name, "action_ts": "1.0", **state[name][name]}
    return slack.send("interactive", {
        "type": "block_actions", "user": PERSON, "team": {"id": "T0FAKE"}, "trigger_id": slack._trigger(),
        "container": {"type": "view", "view_id": view["id"]}, "view": view | {"state": {"values": state}},
        "actions": [action],
    })  # fmt: skip


def press(slack: ListeningSlack, view: dict[str, Any], name: str, values: dict[str, Any]) -> str:
    """A button inside an open view; `values` are those of all inputs, by input."""
    state = {
        b["block_id"]: {b["element"]["action_id"]: _state(b["element"], values.get(b["block_id"]))}
        for b in view["blocks"]
        if b["type"] == "input"
    }
    action = {"type": "button", "action_id": name, "block_id": name, "value": name, "action_ts": f"{len(slack.sent)}.0"}
    return slack.send("interactive", {
        "type": "block_actions", "user": PERSON, "team": {"id": "T0FAKE"}, "trigger_id": slack._trigger(),
        "container": {"type": "view", "view_id": view["id"]}, "view": view | {"state": {"values": state}},
        "actions": [action],
    })  # fmt: skip


def _open(slack: FakeSlack, args: dict[str, Any]) -> dict[str, Any]:
    channel = f"D{args['users']}"
    slack.channels[channel] = f"conversation with {args['users']}"
    return {"ok": True, "channel": {"id": channel}}


METHODS["conversations.open"] = _open
NEEDS["conversations.open"] = "im:write"
