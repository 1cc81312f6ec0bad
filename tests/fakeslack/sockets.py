"""The other half of the strict stand-in: Socket Mode over real WebSockets, views, ephemeral answers, clicks.

A test does what people do (`click`, `submit`, `command`), and what Slack does to a socket: `disconnect`, a `deaf` one
(which says hello and then nothing, not even a pong), a `mute` one that says no hello, the same envelope `again`. An
envelope must be acknowledged within three seconds; a trigger opens one view and dies after three seconds.
"""

import base64
import hashlib
import json
import socket
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fakeslack.rules import length
from fakeslack.server import METHODS, NEEDS, Call, FakeSlack
from fakeslack.views import view_problems
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

ACK_S = 3.0
HELLO = {"type": "hello", "num_connections": 1, "connection_info": {"app_id": "A0FAKE"}}
_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


@dataclass
class Sent:
    """An envelope on its way: when it was sent and acknowledged, and with which body."""

    envelope: dict[str, Any]
    at: float
    acked_at: float | None = None
    body: Any = None


@dataclass
class ListeningSlack(FakeSlack):
    """The workspace with its people: U0ADA and U0BEN, with addresses, and U0FAR of another company."""

    app_token: str = "xapp-good"
    people: dict[str, str] = field(default_factory=lambda: {"U0ADA": "ada@example.com", "U0BEN": "ben@example.com"})
    deaf: int = 0
    mute: int = 0
    connections: list[ServerConnection] = field(default_factory=list)
    opened: int = 0
    sent: dict[str, Sent] = field(default_factory=dict)
    views: dict[str, dict[str, Any]] = field(default_factory=dict)
    answers: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._triggers: dict[str, float] = {}
        self._socket: Server | None = None
        self._deaf: list[socket.socket] = []

    def start(self) -> "ListeningSlack":
        super().start()
        self._socket = serve(self._connected, "127.0.0.1", 0)
        threading.Thread(target=self._socket.serve_forever, daemon=True).start()
        return self

    def stop(self) -> None:
        for connection in list(self.connections):
            connection.close()
        if self._socket is not None:
            self._socket.shutdown()
            self._socket = None
        for one in self._deaf:
            one.close()
        super().stop()

    # What people do.

    def click(
        self, name: str, message: dict[str, Any], *, user: str = "U0ADA", team: str = "T0FAKE", **more: Any
    ) -> str:
        """Presses the button `name` of a message as it is shown now; returns the envelope's id."""
        buttons = [e for b in message.get("blocks", []) if b["type"] == "actions" for e in b["elements"]]
        button = next(e for e in buttons if e["action_id"] == name)
        return self.press(name, button["value"], message, user=user, team=team, **more)

    def press(self, name: str, value: str, message: dict[str, Any], *, user: str = "U0ADA", team: str = "T0FAKE",
              via: int = -1) -> str:  # fmt: skip
        """The same, also of a button that is not there any more: what people see may be old."""
        action = {
            "type": "button",
            "action_id": name,
            "block_id": "b",
            "value": value,
            "action_ts": f"{time.time():.6f}",
        }
        shown = [self._as_given(b) for b in message.get("blocks", [])]
        return self.send("interactive", {
            "type": "block_actions", "user": {"id": user, "username": "ada.l", "name": "ada.l", "team_id": team},
            "team": {"id": "T0FAKE", "domain": "fake"}, "trigger_id": self._trigger(),
            "container": {"type": "message", "message_ts": message["ts"], "channel_id": message["channel"]},
            "channel": {"id": message["channel"], "name": "cx-alerts"},
            "message": {"ts": message["ts"], "text": message.get("text", ""), "blocks": shown},
            "response_url": f"{self.url.removesuffix('api/')}response/{uuid.uuid4().hex}", "actions": [action],
        }, via=via)  # fmt: skip

    def submit(self, view: dict[str, Any], values: dict[str, Any], *, user: str = "U0ADA", via: int = -1) -> str:
        """Sends a view with values by input: a text, an option's value, or a date."""
        state: dict[str, Any] = {}
        for block in view["blocks"]:
            if block["type"] == "input":
                element = block["element"]
                given = values.get(element["action_id"], _initial(element))
                state[block["block_id"]] = {element["action_id"]: _state(element, given)}
        body = {k: v for k, v in view.items() if k != "type"} | {"type": "modal", "state": {"values": state}}
        return self.send("interactive", {
            "type": "view_submission", "user": {"id": user, "username": "ada.l", "team_id": "T0FAKE"},
            "team": {"id": "T0FAKE"}, "trigger_id": self._trigger(), "view": body, "response_urls": [],
        }, via=via)  # fmt: skip

    def command(self, command: str, text: str, *, user: str = "U0ADA", channel: str = "C0ALERTS", via: int = -1) -> str:
        return self.send("slash_commands", {
            "command": command, "text": text, "user_id": user, "user_name": "ada.l", "team_id": "T0FAKE",
            "channel_id": channel, "channel_name": "cx-alerts", "trigger_id": self._trigger(),
            "response_url": f"{self.url.removesuffix('api/')}response/{uuid.uuid4().hex}",
        }, via=via)  # fmt: skip

    # What Slack does.

    def send(self, kind: str, payload: dict[str, Any], *, via: int = -1) -> str:
        envelope = {
            "type": kind,
            "envelope_id": str(uuid.uuid4()),
            "payload": payload,
            "accepts_response_payload": True,
        }
        return self.again(envelope, via=via)

    def again(self, envelope: dict[str, Any] | str, *, via: int = -1) -> str:
        """Sends an envelope, or one that was sent before, by the newest connection or by the one numbered `via`."""
        found = self.sent[envelope].envelope if isinstance(envelope, str) else envelope
        self.sent[found["envelope_id"]] = Sent(found, time.monotonic())
        self.connections[via].send(json.dumps(found))
        return str(found["envelope_id"])

    def disconnect(self, reason: str = "refresh_requested", *, via: int = -1) -> None:
        self.connections[via].send(json.dumps({"type": "disconnect", "reason": reason, "debug_info": {}}))

    def acked(self, envelope: str, within: float = ACK_S) -> Any:
        """The body of an acknowledgement; AssertionError where there was none in time."""
        self.until(lambda: self.sent[envelope].acked_at is not None, within, "an acknowledgement")
        return self.sent[envelope].body

    def until(self, true: Callable[[], Any], within: float = 20.0, what: str = "it") -> Any:
        end = time.monotonic() + within
        while time.monotonic() < end:
            if found := true():
                return found
            time.sleep(0.02)
        raise AssertionError(f"{what} did not come within {within} s; refused: {self.refused}, {self.problems}")

    def newest_view(self) -> dict[str, Any]:
        return list(self.views.values())[-1]

    def answer(self, method: str, token: str, args: dict[str, Any]) -> dict[str, Any]:
        if not method.startswith("/response/"):
            return super().answer(method, token, args)
        with self._lock:
            self.calls.append(Call("response", args, time.monotonic()))
            error = self._content_error(args, "C0ALERTS")
            if error is None:
                self.answers.append(args)
        return error or {"ok": True}

    def _door(self, method: str, token: str) -> dict[str, Any] | None:
        if method != "apps.connections.open":
            return super()._door(method, token)
        if token != self.app_token:
            return {"ok": False, "error": "not_allowed_token_type" if token == self.token else "invalid_auth"}
        return None

    def _as_given(self, block: dict[str, Any]) -> dict[str, Any]:
        return block | {"block_id": block.get("block_id", "x")}

    def _trigger(self) -> str:
        made = f"{uuid.uuid4().hex}.{time.time():.0f}"
        self._triggers[made] = time.monotonic()
        return made

    def _connections_open(self, _args: dict[str, Any]) -> dict[str, Any]:
        assert self._socket is not None
        self.opened += 1
        if self.deaf > 0:
            self.deaf -= 1
            return {"ok": True, "url": f"ws://127.0.0.1:{self._deaf_port()}/link/?ticket=deaf"}
        port = self._socket.socket.getsockname()[1]
        return {"ok": True, "url": f"ws://127.0.0.1:{port}/link/?ticket={uuid.uuid4().hex}"}

    def _connected(self, connection: ServerConnection) -> None:
        if self.mute > 0:
            self.mute -= 1
        else:
            connection.send(json.dumps(HELLO))
            self.connections.append(connection)
        try:
            for text in connection:
                self._acknowledged(json.loads(text))
        except ConnectionClosed:
            pass
        finally:
            if connection in self.connections:
                self.connections.remove(connection)

    def _acknowledged(self, told: dict[str, Any]) -> None:
        sent = self.sent.get(told.get("envelope_id", ""))
        if sent is None:
            self.problems.append(f"an acknowledgement of no envelope: {told}")
            return
        if time.monotonic() - sent.at > ACK_S:
            self.problems.append("an acknowledgement after three seconds")
        sent.body = told.get("payload")
        view = (sent.body or {}).get("view")
        if view is not None:
            self.problems += view_problems(view)
            self._keep(view)
        for block in (sent.body or {}).get("errors", {}):
            shown = {b.get("block_id") for b in sent.envelope["payload"].get("view", {}).get("blocks", [])}
            if block not in shown:
                self.problems.append(f"an error at no block of the view: {block}")
        sent.acked_at = time.monotonic()

    def _deaf_port(self) -> int:
        """A socket that shakes hands, says hello, and then neither reads nor answers."""
        listening = socket.create_server(("127.0.0.1", 0))
        self._deaf.append(listening)

        def run() -> None:
            taken, _ = listening.accept()
            self._deaf.append(taken)
            asked = b""
            while b"\r\n\r\n" not in asked:
                asked += taken.recv(4096)
            key = next(h.split(b": ")[1] for h in asked.split(b"\r\n") if h.lower().startswith(b"sec-websocket-key"))
            accept = base64.b64encode(hashlib.sha1(key.strip() + _GUID.encode(), usedforsecurity=False).digest())
            hello = json.dumps({"type": "hello"}).encode()
            taken.sendall(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n" + bytes([0x81, len(hello)]) + hello
            )

        threading.Thread(target=run, daemon=True).start()
        return int(listening.getsockname()[1])

    def _keep(self, view: dict[str, Any]) -> dict[str, Any]:
        self._serial += 1
        kept = view | {"id": f"V{self._serial:06d}", "hash": f"{self._serial}.h"}
        self.views[kept["id"]] = kept
        return kept

    def _open_view(self, args: dict[str, Any]) -> dict[str, Any]:
        made = self._triggers.pop(args.get("trigger_id", ""), None)
        if made is None:
            return {"ok": False, "error": "exchanged_trigger_id" if args.get("trigger_id") else "invalid_arguments"}
        if time.monotonic() - made > ACK_S:
            return {"ok": False, "error": "expired_trigger_id"}
        return self._shown(args)

    def _update_view(self, args: dict[str, Any]) -> dict[str, Any]:
        named = args.get("external_id")
        known = args.get("view_id") in self.views or any(
            named and v.get("external_id") == named for v in self.views.values()
        )
        return self._shown(args) if known else {"ok": False, "error": "not_found"}

    def _shown(self, args: dict[str, Any]) -> dict[str, Any]:
        view = args.get("view")
        view = json.loads(view) if isinstance(view, str) else view
        if problems := view_problems(view):
            self.problems += problems
            return {"ok": False, "error": "invalid_arguments", "response_metadata": {"messages": problems}}
        return {"ok": True, "view": self._keep(view)}

    def _ephemeral(self, args: dict[str, Any]) -> dict[str, Any]:
        channel = self._channel(args.get("channel", ""))
        if channel is None:
            return {"ok": False, "error": "channel_not_found"}
        if args.get("user") not in self.people:
            return {"ok": False, "error": "user_not_in_channel"}
        if error := self._content_error(args, channel):
            return error
        self.answers.append(args)
        return {"ok": True, "message_ts": self._ts()}

    def _user(self, args: dict[str, Any]) -> dict[str, Any]:
        if args.get("user") not in self.people:
            return {"ok": False, "error": "user_not_found"}
        profile = {"email": self.people[args["user"]]} if "users:read.email" in self.scopes else {}
        return {"ok": True, "user": {"id": args["user"], "team_id": "T0FAKE", "profile": profile}}


def _initial(element: dict[str, Any]) -> Any:
    return element.get("initial_value") or element.get("initial_date") or element.get("initial_option", {}).get("value")


def _state(element: dict[str, Any], given: Any) -> dict[str, Any]:
    kind = element["type"]
    if kind == "plain_text_input":
        assert length(given or "") <= element.get("max_length", 3000)
        return {"type": kind, "value": given}
    if kind == "datepicker":
        return {"type": kind, "selected_date": given}
    if kind == "timepicker":
        return {"type": kind, "selected_time": given}
    if kind == "multi_static_select":
        return {"type": kind, "selected_options": [o for o in element["options"] if o["value"] in (given or ())]}
    chosen = next((o for o in element.get("options", []) if o["value"] == given), None)
    return {"type": kind, "selected_option": chosen}


METHODS.update(
    {
        "apps.connections.open": ListeningSlack._connections_open,
        "chat.postEphemeral": ListeningSlack._ephemeral,
        "users.info": ListeningSlack._user,
        "views.open": ListeningSlack._open_view,
        "views.push": ListeningSlack._open_view,
        "views.update": ListeningSlack._update_view,
    }
)  # type: ignore[arg-type]
NEEDS.update({"chat.postEphemeral": "chat:write", "users.info": "users:read"})
