"""A Socket Mode envelope as a request. Pure; what comes in is anything at all, and what is not understood is None."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from cxmon.slack_app.contract import Kind, Request

_INTERACTIVE = {
    "block_actions": Kind.BLOCK_ACTIONS,
    "view_submission": Kind.VIEW_SUBMISSION,
    "shortcut": Kind.SHORTCUT,
    "message_action": Kind.MESSAGE_SHORTCUT,
}
# Where the state of an input keeps what was given, by the kind of its element.
_GIVEN = ("value", "selected_date", "selected_time", "selected_user", "selected_channel", "selected_conversation")
_SEVERAL = ("selected_users", "selected_channels", "selected_conversations")


def parse(envelope: Mapping[str, Any]) -> Request | None:
    """The request in an envelope (`type`, `envelope_id`, `payload`); None where it holds none that we know."""
    payload = envelope.get("payload")
    if not isinstance(payload, Mapping):
        return None
    if envelope.get("type") == "slash_commands":
        return _command(payload)
    kind = _INTERACTIVE.get(_text(payload, "type")) if envelope.get("type") == "interactive" else None
    return None if kind is None else _interactive(kind, payload)


def _command(payload: Mapping[str, Any]) -> Request:
    trigger = _text(payload, "trigger_id")
    return Request(
        kind=Kind.SLASH_COMMAND,
        name=_text(payload, "command"),
        key=_key(Kind.SLASH_COMMAND, _text(payload, "user_id"), trigger),
        user=_text(payload, "user_id"),
        user_name=_text(payload, "user_name"),
        team=_text(payload, "team_id"),
        channel=_text(payload, "channel_id"),
        trigger=trigger,
        response_url=_text(payload, "response_url"),
        text=_text(payload, "text"),
        payload=payload,
    )


def _interactive(kind: Kind, payload: Mapping[str, Any]) -> Request:
    user, view, message, container = (_part(payload, n) for n in ("user", "view", "message", "container"))
    action = next(iter(_parts(payload.get("actions"))), {})
    name = {Kind.BLOCK_ACTIONS: _text(action, "action_id"), Kind.VIEW_SUBMISSION: _text(view, "callback_id")}
    # A view can be sent twice on purpose (after errors), a button pressed twice; a repeated envelope has one of these.
    once = {
        Kind.BLOCK_ACTIONS: (_text(action, "action_id"), _text(action, "value"), _text(action, "action_ts")),
        Kind.VIEW_SUBMISSION: (_text(view, "id"), _text(view, "hash")),
    }.get(kind, (_text(payload, "trigger_id"), _text(payload, "action_ts")))
    return Request(
        kind=kind,
        name=name.get(kind, _text(payload, "callback_id")),
        key=_key(kind, _text(user, "id"), *once),
        user=_text(user, "id"),
        user_name=_text(user, "username") or _text(user, "name"),
        team=_text(_part(payload, "team"), "id") or _text(user, "team_id"),
        channel=_text(_part(payload, "channel"), "id") or _text(container, "channel_id"),
        message_ts=_text(message, "ts") or _text(container, "message_ts"),
        thread_ts=_text(message, "thread_ts") or _text(container, "thread_ts"),
        trigger=_text(payload, "trigger_id"),
        response_url=_text(payload, "response_url"),
        value=given if isinstance(given := _given(action), str) else ", ".join(given),
        inputs=dict(_inputs(_part(_part(view, "state") or _part(payload, "state"), "values"))),
        private=_text(view, "private_metadata"),
        view=_text(view, "id"),
        payload=payload,
    )


def _inputs(values: Mapping[str, Any]) -> Iterator[tuple[str, str | tuple[str, ...]]]:
    for block in values.values():
        for name, state in (block if isinstance(block, Mapping) else {}).items():
            given = _given(state) if isinstance(state, Mapping) else ""
            if given:
                yield str(name), given


def _given(state: Mapping[str, Any]) -> str | tuple[str, ...]:
    """What an element holds: a text, or a tuple where several can be chosen."""
    for name in _GIVEN:
        if found := _text(state, name):
            return found
    if option := _text(_part(state, "selected_option"), "value"):
        return option
    for name in _SEVERAL:
        if isinstance(state.get(name), list):
            return tuple(str(one) for one in state[name])
    return tuple(_text(one, "value") for one in _parts(state.get("selected_options")))


def _key(*parts: str) -> str:
    return hashlib.sha256("\x00".join(parts).encode(errors="replace")).hexdigest()[:32]


def _part(of: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = of.get(name)
    return found if isinstance(found, Mapping) else {}


def _parts(listed: Any) -> Iterator[Mapping[str, Any]]:
    yield from (one for one in (listed if isinstance(listed, list) else []) if isinstance(one, Mapping))


def _text(of: Mapping[str, Any], name: str) -> str:
    found = of.get(name)
    return found if isinstance(found, str) else ""
