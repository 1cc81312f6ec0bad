"""How fast a backfill of tickets is against a bare loop over the same pages of the same server, and what it holds.

    python benchmarks/feed_speed.py [pages] [rounds]

The server is a process of its own with ready-made pages of 1,000 tickets in Zendesk's shape; ours takes four metrics of
them into an SQLite file. Loop and backfill take turns, each in a process of its own, so that neither has the other's
objects beside it; the loop runs once more in the backfill's process, where Python's search for cycles costs it more.
Then the backfill reads ten times as much, for its memory.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import mean, stdev
from urllib.parse import parse_qs, urlsplit

import requests
from served import served

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


def page(p, pages):
    rows = [ticket(i, pages * PER_PAGE) for i in range(p * PER_PAGE, (p + 1) * PER_PAGE)]
    return json.dumps({"tickets": rows, "after_cursor": str(p + 1), "end_of_stream": p == pages - 1}).encode()


def pages_of(pages, ready):
    """What answers each cursor; `ready`: all pages are made before the first is asked for."""
    made = [page(p, pages) for p in range(pages)] if ready else None

    def answer(path):
        asked = parse_qs(urlsplit(path).query)
        number = min(int(asked.get("cursor", ["0"])[0]), pages - 1)
        return made[number] if made else page(number, pages)

    return answer


CONFIG = """
as_of: 2026-06-01
store: sqlite:///store.db
backfill: 1500d
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


def timed(work):
    """(seconds, seconds of CPU)."""
    begun = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - begun[0], time.process_time() - begun[1]


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
    """(seconds, seconds of CPU) of a backfill."""
    # Not where the bare loop is alone.
    from cxmon.config import load
    from cxmon.pipeline.collect import collect
    from cxmon.store import Store

    path = Path(folder) / "cxmon.yaml"
    path.write_text(CONFIG.replace("URL", url))
    plan = load(path, environ={"KEY": "chance chance chance", "TOKEN": "x"})
    done = []
    with Store.open(plan.store_url) as store:
        spent = timed(lambda: done.extend(collect(plan, store, now=NOW)))
    assert all(c.ok for c in done), done
    return spent


def alone(what, url):
    """One run, in this process of its own; prints what it took."""
    if what == "loop":
        found = {"loop": timed(lambda: bare(url))}
    else:
        with tempfile.TemporaryDirectory() as folder:
            found = {"backfill": ours(url, folder)}
        found["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        found["beside"] = timed(lambda: bare(url)) if what == "both" else None
    print(json.dumps(found))


def run(what, url):
    command = [sys.executable, __file__, "alone", what, url]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)


def told(name, ratios):
    error = stdev(ratios) / len(ratios) ** 0.5
    print(f"{name}: {mean(ratios):.2f} (standard error {error:.2f}) of the loop's speed")


def main(pages, rounds):
    server, url = served(pages_of, pages, True)
    found = [run("loop", url) | run("both", url) for _ in range(rounds)]
    server.terminate()
    print(f"{pages * PER_PAGE:,} tickets in {pages} pages, {rounds} rounds")
    for k, clock in enumerate(("elapsed", "CPU")):
        took = {name: mean(f[name][k] for f in found) / pages * 1000 for name in ("loop", "backfill", "beside")}
        print(
            f"{clock}: bare loop {took['loop']:.1f} ms a page, backfill of four metrics {took['backfill']:.1f}, "
            f"bare loop in the backfill's process {took['beside']:.1f}"
        )
        told(f"{clock}, backfill against the bare loop", [f["loop"][k] / f["backfill"][k] for f in found])
        told(f"{clock}, in one process", [f["beside"][k] / f["backfill"][k] for f in found])
    for size in (pages, 10 * pages):
        server, url = served(pages_of, size, False)
        print(f"largest memory of a backfill of {size * PER_PAGE:,} tickets: {run('backfill', url)['peak']:.0f} MB")
        server.terminate()


if __name__ == "__main__":
    if sys.argv[1:2] == ["alone"]:
        alone(*sys.argv[2:])
    else:
        main(*(int(given) for given in (*sys.argv[1:], *("40", "8")[len(sys.argv) - 1 :])))
