"""How fast a backfill of tickets is against a bare loop over the same pages of the same server, and what it holds.

    python benchmarks/feed_speed.py [pages]

The server is a process of its own with ready-made pages of 1,000 tickets in Zendesk's shape; ours takes four metrics of
them into an SQLite file. Both are measured in turn, three times; the best of each counts.
"""

import json
import multiprocessing
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import requests

from cxmon.config import load
from cxmon.pipeline.collect import collect
from cxmon.store import Store

PER_PAGE = 1000
NOW = datetime(2026, 6, 1, tzinfo=UTC)
PER_DAY = 500


def ticket(i, count):
    at = NOW - timedelta(days=8) - timedelta(days=1 / PER_DAY) * (count - i)
    minutes = 5 + i * 7919 % 600
    both = {"calendar": minutes, "business": minutes // 2}
    iso = f"{at:%Y-%m-%dT%H:%M:%SZ}"
    solved = f"{at + timedelta(hours=1 + i * 104729 % 150):%Y-%m-%dT%H:%M:%SZ}"
    return {
        "id": i, "created_at": iso, "updated_at": solved, "generated_timestamp": int(at.timestamp()) + 600_000,
        "status": "closed", "priority": "normal", "requester_id": i * 31 % 50_000, "brand_id": 1,
        "via": {"channel": ("email", "web", "chat")[i % 3], "source": {"from": {}, "to": {}, "rel": None}},
        "subject": "Where is my order?", "description": "words " * 60, "tags": ["order", "late"], "assignee_id": 5,
        "satisfaction_rating": {"score": ("good", "bad", "offered", "unoffered")[i * 17 % 4]},
        "custom_fields": [{"id": k, "value": None} for k in range(12)],
        "metric_set": {
            "ticket_id": i, "solved_at": solved, "reopens": int(i % 11 == 0), "replies": 2,
            "reply_time_in_minutes": both, "first_resolution_time_in_minutes": both,
            "full_resolution_time_in_minutes": both, "agent_wait_time_in_minutes": both,
            "requester_wait_time_in_minutes": both, "on_hold_time_in_minutes": both,
        },
    }  # fmt: skip


def serve(pages, port):
    count = pages * PER_PAGE
    ready = []
    for p in range(pages):
        rows = [ticket(i, count) for i in range(p * PER_PAGE, (p + 1) * PER_PAGE)]
        page = {"tickets": rows, "after_cursor": str(p + 1), "end_of_stream": p == pages - 1}
        ready.append(json.dumps(page).encode())

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            asked = parse_qs(urlsplit(self.path).query)
            body = ready[min(int(asked.get("cursor", ["0"])[0]), pages - 1)]
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    port.put((server.server_port, sum(map(len, ready))))
    server.serve_forever()


CONFIG = """
as_of: 2026-06-01
store: sqlite:///store.db
backfill: 500d
hash_key: ${KEY}
sources: {desk: {type: zendesk, base_url: URL, allow_private: true, token: "${TOKEN}"}}
metrics:
  csat: {source: desk, kind: proportion, better: higher, matters: 1pt, dimensions: [channel],
    read: {stream: tickets, time: solved_at, value: satisfied}}
  reply: {source: desk, kind: quantile, better: lower, matters: 10%, dimensions: [channel],
    read: {stream: tickets, time: created_at, value: first_reply_min, known_at: first_reply_at, censored: true}}
  resolution: {source: desk, kind: quantile, better: lower, matters: 10%, dimensions: [channel],
    read: {stream: tickets, time: solved_at, value: resolution_business_min}}
  reopened: {source: desk, kind: proportion, better: lower, matters: 1pt, dimensions: [channel],
    read: {stream: tickets, time: solved_at, value: reopened}}
"""


def clocks():
    return time.perf_counter(), time.process_time()


def since(begun):
    return tuple(now - then for now, then in zip(clocks(), begun, strict=True))


def bare(url):
    session, cursor, count = requests.Session(), None, 0
    while True:
        asked = {"cursor": cursor} if cursor else {"start_time": "0"}
        page = session.get(f"{url}/api/v2/incremental/tickets/cursor", params=asked).json()
        count += len(page["tickets"])
        cursor = page["after_cursor"]
        if page["end_of_stream"]:
            return count


def ours(url, folder):
    path = Path(folder) / "cxmon.yaml"
    path.write_text(CONFIG.replace("URL", url))
    plan = load(path, environ={"KEY": "chance chance chance", "TOKEN": "x"})
    with Store.open(plan.store_url) as store:
        begun = clocks()
        done = collect(plan, store, now=NOW)
        spent = since(begun)
    assert all(c.ok for c in done), done
    return spent


def main():
    pages = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    port = multiprocessing.Queue()
    server = multiprocessing.Process(target=serve, args=(pages, port), daemon=True)
    server.start()
    number, size = port.get()
    url = f"http://127.0.0.1:{number}"
    loops, backfills = [], []
    for _ in range(3):
        begun = clocks()
        count = bare(url)
        loops.append(since(begun))
        with tempfile.TemporaryDirectory() as folder:
            backfills.append(ours(url, folder))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{count:,} tickets in {pages} pages, {size / 1e6:.0f} MB of JSON")
    for k, kind in enumerate(("elapsed", "CPU")):
        loop, backfill = (min(times[k] for times in found) for found in (loops, backfills))
        print(f"{kind}: bare loop {loop:.2f} s, backfill of four metrics {backfill:.2f} s, ratio {loop / backfill:.2f}")
    print(f"largest memory {peak:.0f} MB")
    server.terminate()


if __name__ == "__main__":
    main()
