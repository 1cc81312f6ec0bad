"""A strict stand-in for Slack's Web API over real HTTP, on a free loopback port, that remembers everything.

Strict: block and length rules, one message a second per channel, scopes, archived channels, revoked tokens, files that
are not ready at once. Faults are planned with `fail(method, kind)`, each for one call (or `times`):

``500`` server error · ``html`` a page with status 200 · ``hang`` no answer for `hang_s` · ``drop`` done, but the
connection breaks before the answer · ``refuse`` the connection breaks before anything is done · ``429`` with
`retry_after` · ``slow`` arrives `slow_s` late · any other kind is an error name of Slack's, such as ``fatal_error``.
"""

import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from fakeslack.rules import block_problems, length

SCOPES = frozenset({"chat:write", "channels:history", "channels:read", "files:write", "files:read"})
NEEDS = {
    "chat.postMessage": "chat:write",
    "chat.update": "chat:write",
    "conversations.history": "channels:history",
    "conversations.replies": "channels:history",
    "conversations.list": "channels:read",
    "files.getUploadURLExternal": "files:write",
    "files.completeUploadExternal": "files:write",
    "files.info": "files:read",
}


@dataclass
class Fault:
    kind: str
    times: int
    retry_after: str


@dataclass
class Call:
    method: str
    args: dict[str, Any]
    at: float


@dataclass
class FakeSlack:
    """The workspace. Everything public may be changed by a test while the server runs."""

    token: str = "xoxb-good"
    scopes: set[str] = field(default_factory=lambda: set(SCOPES))
    channels: dict[str, str] = field(default_factory=lambda: {"C0ALERTS": "cx-alerts", "C0OPS": "ops"})
    archived: set[str] = field(default_factory=set)
    outside: set[str] = field(default_factory=set)
    revoked: bool = False
    pace_s: float = 1.0
    hang_s: float = 2.0
    slow_s: float = 0.6
    polls_until_ready: int = 2
    calls: list[Call] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    edits: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    refused: list[tuple[str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    url: str = ""
    clock: Callable[[], float] = time.time

    def __post_init__(self) -> None:
        self._faults: dict[str, list[Fault]] = defaultdict(list)
        self._last_post: dict[str, float] = {}
        self._lock = threading.RLock()
        self._serial = 0
        self._server: ThreadingHTTPServer | None = None
        self._port = 0

    def start(self) -> "FakeSlack":
        """Listen; after `stop` on the same port again, as a Slack that comes back from an outage does."""
        self._server = _Server(("127.0.0.1", self._port), _Handler)
        self._server.slack = self
        self._port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self._port}/api/"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def fail(self, method: str, kind: str, *, times: int = 1, retry_after: str = "1") -> None:
        with self._lock:
            self._faults[method].append(Fault(kind, times, retry_after))

    def fault(self, method: str) -> Fault | None:
        with self._lock:
            waiting = self._faults[method]
            if not waiting:
                return None
            waiting[0].times -= 1
            return waiting[0] if waiting[0].times > 0 else waiting.pop(0)

    def posts(self, channel: str = "C0ALERTS") -> list[dict[str, Any]]:
        """The channel's own messages, replies in threads and shared files left out."""
        return [m for m in self.messages if m["channel"] == channel and "thread_ts" not in m and "files" not in m]

    def replies(self, ts: str) -> list[dict[str, Any]]:
        return [m for m in self.messages if m.get("thread_ts") == ts and "files" not in m]

    def pictures(self, ts: str) -> list[dict[str, Any]]:
        return [m for m in self.messages if m.get("thread_ts") == ts and "files" in m]

    def count(self, method: str) -> int:
        return sum(1 for c in self.calls if c.method == method)

    def answer(self, method: str, token: str, args: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            self.calls.append(Call(method, args, time.monotonic()))
            error = self._door(method, token)
            if error is None:
                handler = METHODS.get(method)
                result = handler(self, args) if handler else {"ok": False, "error": "unknown_method"}
            else:
                result = error
            if not result["ok"]:
                self.refused.append((method, result["error"]))
            return result

    def _door(self, method: str, token: str) -> dict[str, Any] | None:
        if not token:
            return {"ok": False, "error": "not_authed"}
        if token != self.token:
            return {"ok": False, "error": "invalid_auth"}
        if self.revoked:
            return {"ok": False, "error": "token_revoked"}
        needed = NEEDS.get(method)
        if needed and needed not in self.scopes:
            return {"ok": False, "error": "missing_scope", "needed": needed, "provided": ",".join(sorted(self.scopes))}
        return None

    def _channel(self, name: str, *, by_name: bool = False) -> str | None:
        if name in self.channels:
            return name
        named = {v: k for k, v in self.channels.items()}
        return named.get(name.removeprefix("#")) if by_name else None

    def _content_error(self, args: dict[str, Any], channel: str) -> dict[str, Any] | None:
        text, blocks = args.get("text"), args.get("blocks")
        if isinstance(blocks, str):
            blocks = json.loads(blocks)
        if not text and not blocks:
            return {"ok": False, "error": "no_text"}
        if length(text or "") > 40_000:
            return {"ok": False, "error": "msg_too_long"}
        problems = block_problems(blocks) if blocks else []
        problems += [p for i, b in enumerate(blocks or []) for p in self._file_problems(b, i, channel)]
        if problems:
            self.problems += problems
            return {"ok": False, "error": "invalid_blocks", "errors": problems}
        metadata = args.get("metadata")
        if metadata and not (isinstance(metadata, dict) and set(metadata) == {"event_type", "event_payload"}):
            return {"ok": False, "error": "invalid_metadata_format"}
        return None

    def _file_problems(self, block: dict[str, Any], i: int, channel: str) -> list[str]:
        wanted = block.get("slack_file")
        if wanted is None:
            return []
        file = self.files.get(wanted.get("id", ""))
        usable = file is not None and file["mimetype"] and channel in file["channels"]
        return [] if usable else [f"invalid slack file [json-pointer:/blocks/{i}/slack_file]"]

    def _ts(self) -> str:
        self._serial += 1
        return f"{self.clock():.0f}.{self._serial:06d}"

    def _post_message(self, args: dict[str, Any]) -> dict[str, Any]:
        channel = self._channel(args.get("channel", ""), by_name=True)
        if channel is None:
            return {"ok": False, "error": "channel_not_found"}
        if channel in self.outside:
            return {"ok": False, "error": "not_in_channel"}
        if channel in self.archived:
            return {"ok": False, "error": "is_archived"}
        since = self.clock() - self._last_post.get(channel, -1e9)
        if since < self.pace_s:
            return {"ok": False, "error": "ratelimited", "_status": 429, "_retry_after": "1"}
        if error := self._content_error(args, channel):
            return error
        thread = args.get("thread_ts")
        if thread and not any(m["ts"] == thread and m["channel"] == channel for m in self.messages):
            return {"ok": False, "error": "thread_not_found"}
        self._last_post[channel] = self.clock()
        message = {k: v for k, v in args.items() if k not in {"channel", "token"}}
        message |= {"channel": channel, "ts": self._ts()}
        self.messages.append(message)
        return {"ok": True, "channel": channel, "ts": message["ts"], "message": {"text": args.get("text", "")}}

    def _update_message(self, args: dict[str, Any]) -> dict[str, Any]:
        channel = self._channel(args.get("channel", ""))
        if channel is None:
            return {"ok": False, "error": "channel_not_found"}
        if channel in self.archived:
            return {"ok": False, "error": "is_archived"}
        found = [m for m in self.messages if m["ts"] == args.get("ts") and m["channel"] == channel]
        if not found:
            return {"ok": False, "error": "message_not_found"}
        if error := self._content_error(args, channel):
            return error
        changed = {k: v for k, v in args.items() if k in {"text", "blocks", "metadata"}}
        if "text" in args and "blocks" not in args:
            found[0].pop("blocks", None)
        found[0].update(changed)
        self.edits.append({"ts": args["ts"], **changed})
        return {"ok": True, "channel": channel, "ts": args["ts"], "text": args.get("text", "")}

    def _page(self, messages: list[dict[str, Any]], args: dict[str, Any]) -> dict[str, Any]:
        limit, start = int(args.get("limit", 100)), int(args.get("cursor") or 0)
        page = [self._seen(m, args) for m in messages[start : start + limit]]
        more = start + limit < len(messages)
        cursor = str(start + limit) if more else ""
        return {"ok": True, "messages": page, "has_more": more, "response_metadata": {"next_cursor": cursor}}

    @staticmethod
    def _seen(message: dict[str, Any], args: dict[str, Any]) -> dict[str, Any]:
        asked = str(args.get("include_all_metadata", "")) in {"1", "True", "true"}
        return {k: v for k, v in message.items() if k != "channel" and (asked or k != "metadata")}

    def _history(self, args: dict[str, Any]) -> dict[str, Any]:
        channel = self._channel(args.get("channel", ""))
        if channel is None:
            return {"ok": False, "error": "channel_not_found"}
        oldest = float(args.get("oldest", 0))
        mine = [
            m for m in self.messages if m["channel"] == channel and "thread_ts" not in m and float(m["ts"]) >= oldest
        ]
        return self._page(mine[::-1], args)

    def _replies(self, args: dict[str, Any]) -> dict[str, Any]:
        channel = self._channel(args.get("channel", ""))
        if channel is None:
            return {"ok": False, "error": "channel_not_found"}
        thread = [
            m for m in self.messages if m["channel"] == channel and args.get("ts") in {m["ts"], m.get("thread_ts")}
        ]
        if not thread:
            return {"ok": False, "error": "thread_not_found"}
        return self._page(thread, args)

    def _list_channels(self, args: dict[str, Any]) -> dict[str, Any]:
        listed = [{"id": k, "name": v, "is_archived": k in self.archived} for k, v in self.channels.items()]
        limit, start = int(args.get("limit", 100)), int(args.get("cursor") or 0)
        cursor = str(start + limit) if start + limit < len(listed) else ""
        return {"ok": True, "channels": listed[start : start + limit], "response_metadata": {"next_cursor": cursor}}

    def _upload_url(self, args: dict[str, Any]) -> dict[str, Any]:
        if not args.get("filename") or int(args.get("length", 0)) <= 0:
            return {"ok": False, "error": "invalid_arguments"}
        self._serial += 1
        name = f"F{self._serial:06d}"
        self.files[name] = {
            "id": name, "name": args["filename"], "length": int(args["length"]), "alt_txt": args.get("alt_txt", ""),
            "data": b"", "mimetype": "", "channels": [], "polls": 0, "complete": False,
        }  # fmt: skip
        return {"ok": True, "file_id": name, "upload_url": f"{self.url.removesuffix('api/')}upload/{name}"}

    def upload(self, name: str, data: bytes) -> int:
        with self._lock:
            self.calls.append(Call("upload", {"file": name, "bytes": len(data)}, time.monotonic()))
            file = self.files.get(name)
            if file is None or len(data) != file["length"]:
                return 400
            file["data"] = data
            return 200

    def _complete_upload(self, args: dict[str, Any]) -> dict[str, Any]:
        files = args.get("files", [])
        files = json.loads(files) if isinstance(files, str) else files
        found = [self.files[f["id"]] for f in files if self.files.get(f["id"], {}).get("data")]
        if not found or len(found) != len(files):
            return {"ok": False, "error": "file_not_found"}
        channel = args.get("channel_id")
        if channel and (self._channel(channel) is None or channel in self.outside):
            return {"ok": False, "error": "channel_not_found"}
        for file in found:
            file["complete"] = True
            if channel:
                file["channels"].append(channel)
        if channel:
            shared = {"channel": channel, "ts": self._ts(), "files": [f["id"] for f in found]}
            if args.get("thread_ts"):
                shared["thread_ts"] = args["thread_ts"]
            self.messages.append(shared)
        return {"ok": True, "files": [{"id": f["id"], "title": f["name"]} for f in found]}

    def _file_info(self, args: dict[str, Any]) -> dict[str, Any]:
        file = self.files.get(args.get("file", ""))
        if file is None:
            return {"ok": False, "error": "file_not_found"}
        file["polls"] += 1
        if file["complete"] and file["polls"] >= self.polls_until_ready:
            file["mimetype"] = "image/png"
        return {"ok": True, "file": {"id": file["id"], "mimetype": file["mimetype"]}}

    def _auth(self, _args: dict[str, Any]) -> dict[str, Any]:
        return {"ok": True, "team": "Fake", "team_id": "T0FAKE", "user": "cxmon", "user_id": "U0BOT", "bot_id": "B0BOT"}


METHODS = {
    "auth.test": FakeSlack._auth,
    "chat.getPermalink": lambda _, a: {
        "ok": True,
        "permalink": f"https://f.slack.com/{a['channel']}/p{a['message_ts']}",
    },
    "chat.postMessage": FakeSlack._post_message,
    "chat.update": FakeSlack._update_message,
    "conversations.history": FakeSlack._history,
    "conversations.list": FakeSlack._list_channels,
    "conversations.replies": FakeSlack._replies,
    "files.completeUploadExternal": FakeSlack._complete_upload,
    "files.getUploadURLExternal": FakeSlack._upload_url,
    "files.info": FakeSlack._file_info,
}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    slack: FakeSlack

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients of these tests hang up in mid-answer on purpose; that is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def log_message(self, *_args: Any) -> None:
        """Tests print nothing."""

    def do_POST(self) -> None:
        slack = self.server.slack
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = urlsplit(self.path).path
        if path.startswith("/upload/"):
            fault = slack.fault("upload")
            self._send(500 if fault else slack.upload(path.removeprefix("/upload/"), body), b"OK")
            return
        method = path.removeprefix("/api/")
        fault = slack.fault(method)
        if fault is not None and fault.kind == "slow":
            time.sleep(slack.slow_s)
        elif fault is not None and self._broken(fault, method, body):
            return
        result = self._result(method, body)
        status, retry = result.pop("_status", 200), result.pop("_retry_after", None)
        self._send(status, json.dumps(result).encode(), retry=retry)

    def _result(self, method: str, body: bytes) -> dict[str, Any]:
        kind = self.headers.get("Content-Type", "")
        args = json.loads(body or b"{}") if kind.startswith("application/json") else dict(parse_qsl(body.decode()))
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        return self.server.slack.answer(method, token, args)

    def _broken(self, fault: Fault, method: str, body: bytes) -> bool:
        """Play one fault; True where it was the whole answer."""
        if fault.kind == "500":
            self._send(500, b"internal trouble", content="text/plain")
        elif fault.kind == "html":
            self._send(200, b"<html>please log in</html>", content="text/html")
        elif fault.kind == "hang":
            self._result(method, body)
            time.sleep(self.server.slack.hang_s)
            self.close_connection = True
        elif fault.kind == "drop":
            self._result(method, body)
            self._hang_up()
        elif fault.kind == "refuse":
            self._hang_up()
        elif fault.kind == "429":
            self._send(429, b'{"ok": false, "error": "ratelimited"}', retry=fault.retry_after)
        else:
            self._send(200, json.dumps({"ok": False, "error": fault.kind}).encode())
        return True

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.close()

    def _send(self, status: int, body: bytes, *, content: str = "application/json", retry: str | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content)
        self.send_header("Content-Length", str(len(body)))
        if retry is not None:
            self.send_header("Retry-After", retry)
        self.end_headers()
        self.wfile.write(body)
