"""A vendor of our own over real HTTP: pages of records that change, and every fault that real ones have."""

import gzip
import json
import socket
import struct
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit


class Vendor:
    """Answers requests by `routes` ({path: function of (params, document) -> document or Reply}).

    `faults` are answered first, one a request: a Reply, or RESET for a connection that breaks. `seen` is what came.
    """

    def __init__(self, **routes):
        self.routes = {f"/{name.replace('__', '/')}": answer for name, answer in routes.items()}
        self.faults, self.seen = [], []

    def __enter__(self):
        vendor = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                vendor._answer(self, None)

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                form = "form-urlencoded" in self.headers.get("Content-Type", "")
                vendor._answer(self, dict(parse_qsl(body)) if form else json.loads(body))

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.server_port}"

    def _answer(self, handler, document):
        parts = urlsplit(handler.path)
        params = {}
        for name, value in parse_qsl(parts.query):
            params[name] = [*params.get(name, []), value] if name.endswith("[]") else value
        self.seen.append((handler.command, parts.path, params, document, dict(handler.headers)))
        fault = self.faults.pop(0) if self.faults else None
        if fault is RESET:
            # An abrupt end, not an orderly one: the other side gets a reset.
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            handler.close_connection = True
            handler.connection.close()
            return
        reply = fault
        if reply is None:
            route = self.routes.get(parts.path)
            reply = Reply("{}", 404) if route is None else route(params, document)
        (reply if isinstance(reply, Reply) else Reply(reply)).send(handler)


RESET = object()


class Reply:
    def __init__(self, body, status=200, kind="application/json", zipped=False, length=None, **headers):
        text = body if isinstance(body, bytes | str) else json.dumps(body)
        self.body = text.encode() if isinstance(text, str) else text
        self.status, self.headers, self.length = status, {"Content-Type": kind} | headers, length
        if zipped:
            self.body, self.headers["Content-Encoding"] = gzip.compress(self.body), "gzip"

    def send(self, handler):
        # A reply with a date of its own has one only.
        (handler.send_response_only if "Date" in self.headers else handler.send_response)(self.status)
        for name, value in self.headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(self.length or len(self.body)))
        handler.end_headers()
        handler.wfile.write(self.body)
        handler.close_connection = self.length is not None


THROTTLED = Reply({"error": "rate_limit"}, 429, Retry_After="0")
BROKEN = Reply("oops", 503, kind="text/plain")
PAGE = Reply("<!DOCTYPE html><html><body>Please sign in</body></html>", kind="text/html")


class Desk:
    """A list of records by id, served in the order of their change: what changed at or after `since`, in pages.

    `empty` inserts a page without records before the second one; `overlap` repeats the last record of each page.
    """

    def __init__(self, rows=(), size=3):
        self.rows = {row["id"]: row for row in rows}
        self.size, self.empty, self.overlap, self.expired = size, False, False, False

    def put(self, **row):
        self.rows[row["id"]] = self.rows.get(row["id"], {}) | row

    def pages(self, since):
        found = sorted((r for r in self.rows.values() if r["updated"] >= since), key=lambda r: (r["updated"], r["id"]))
        step = self.size - (1 if self.overlap else 0)
        pages = [found[i : i + self.size] for i in range(0, max(1, len(found)), step)]
        return [pages[0], [], *pages[1:]] if self.empty and len(pages) > 1 else pages

    def cursor(self, params, document):
        """`since` and then `cursor`: since|number."""
        asked = (document or {}) | params
        since, number = float(asked.get("since", 0)), 0
        if "cursor" in asked:
            if self.expired:
                return Reply({"error": {"message": "cursor expired"}}, 400)
            since, number = (float(x) for x in str(asked["cursor"]).split("|"))
        pages = self.pages(since)
        number = int(number)
        more = number + 1 < len(pages)
        return {"data": pages[number], "meta": {"next": f"{since}|{number + 1}" if more else None, "more": more}}


@contextmanager
def serving(desk, **routes):
    with Vendor(answers=desk.cursor, **routes) as vendor:
        yield vendor
