"""Streamlit's own scripts, sooner in the browser: from memory, and asked for before the page needs them."""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import streamlit
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

STATIC = Path(streamlit.__file__).parent / "static"
# What cards, choices and charts are drawn by. A browser asks for them one after the other, once the page names them.
DRAWN_BY = (
    "Metric",
    "Html",
    "ButtonGroup",
    "Selectbox",
    "ArrowVegaLiteChart",
    "loadVegaEmbed",
    "embed",
    "vega-interpreter",
)
# Names of finite number, so that nobody can fill the memory.
_FILE = re.compile(r"/static/(?:js|css|media)/[\w.~-]+")
_PARTIAL = ("range", "if-none-match", "if-modified-since", "if-range")
_IMPORTED = re.compile(rb'(?:from|import)\s*"\./([\w.~-]+\.js)"')


def hints(static: Path = STATIC) -> bytes:
    """Links that let a browser fetch these scripts and all that they import beside the first ones; nothing of a
    Streamlit that calls them otherwise."""
    folder = static / "static" / "js"
    known = {path.name for path in folder.glob("*.js")}
    todo = [name for part in DRAWN_BY for name in sorted(known) if name.startswith(f"{part}.")]
    wanted = dict.fromkeys(todo)
    while todo:
        for found in _IMPORTED.findall((folder / todo.pop()).read_bytes()):
            name = found.decode()
            if name in known and name not in wanted:
                wanted[name] = None
                todo.append(name)
    page = (static / "index.html").read_text("utf-8") if wanted else ""
    return b"".join(
        f'<link rel="modulepreload" crossorigin fetchpriority="low" href="./static/js/{name}">'.encode()
        for name in wanted
        if name not in page
    )


class Shelf:
    """Answers again what Streamlit answered once for a file that never changes, and adds `more` to its page.

    To read such a file costs the server two milliseconds each time, and a first visit needs 130 of them.
    """

    def __init__(self, app: ASGIApp, more: bytes) -> None:
        self.app = app
        self.more = more
        self.kept: dict[str, tuple[Message, Message]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = Headers(scope=scope) if scope["type"] == "http" and scope["method"] == "GET" else Headers()
        if "text/html" in asked.get("accept", ""):
            # Compressed it could not be added to, and it is small.
            plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
            await self.app({**scope, "headers": plain}, receive, _Whole(send, self._add).take)
        elif not asked or not _FILE.fullmatch(scope["path"]) or any(name in asked for name in _PARTIAL):
            await self.app(scope, receive, send)
        elif kept := self.kept.get(scope["path"]):
            for message in kept:
                await send(message)
        else:
            await self.app(scope, receive, _Whole(send, partial(self._keep, scope["path"])).take)

    def _keep(self, path: str, start: Message, body: Message) -> None:
        headers = Headers(raw=start["headers"])
        if start["status"] == 200 and "immutable" in headers.get("cache-control", "") and "vary" not in headers:
            self.kept[path] = (start, body)

    def _add(self, start: Message, body: Message) -> None:
        headers = MutableHeaders(raw=list(start["headers"]))
        if start["status"] == 200 and headers.get("content-type", "").startswith("text/html"):
            body["body"] = body["body"].replace(b"</head>", self.more + b"</head>", 1)
            headers["content-length"] = str(len(body["body"]))
            start["headers"] = headers.raw


class _Whole:
    """Waits for a whole answer, shows it to `see`, which may change it, and passes it on."""

    def __init__(self, send: Send, see: Callable[[Message, Message], None]) -> None:
        self.send = send
        self.see = see
        self.start: Message = {}
        self.parts: list[bytes] = []

    async def take(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start = message
        elif message["type"] == "http.response.body":
            self.parts.append(message.get("body", b""))
            if not message.get("more_body", False):
                body = {"type": "http.response.body", "body": b"".join(self.parts)}
                self.see(self.start, body)
                await self.send(self.start)
                await self.send(body)
        else:
            await self.send(message)
