"""What churn out of Stripe's lists costs: a backfill, the next day's run, and a bare loop over the same pages.

    python benchmarks/churn_speed.py [subscriptions]

The server is a process of its own with ready-made pages of 100 subscriptions of two years, of which two in five have
ended, a third of those after payments that failed for three weeks. Three metrics, one of them by day over 18 months.
"""

import json
import random
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import requests
from served import served

from cxmon.config import load
from cxmon.pipeline.collect import collect
from cxmon.store import Store

NOW = datetime(2026, 6, 1, tzinfo=UTC)
T, DAY, PER_PAGE = int(NOW.timestamp()), 86_400, 100

CONFIG = """
as_of: 2026-06-01
store: sqlite:///store.db
backfill: 18mo
hash_key: ${KEY}
sources: {billing: {type: stripe, base_url: URL, allow_private: true, key: "${TOKEN}", currency: USD}}
metrics:
  logo: {source: billing, kind: rate, better: lower, matters: 10%, dimensions: [product],
    read: {stream: subscriptions, churn: start_of_period, time: lapsed_at, known_at: at, value: mrr}}
  revenue: {source: billing, kind: ratio, better: lower, matters: 10%, grain: month, dimensions: [product],
    read: {stream: subscriptions, churn: start_of_period, time: at, known_at: at, value: mrr}}
  stripes: {source: billing, kind: rate, better: lower, matters: 10%, grain: month, dimensions: [product],
    read: {stream: subscriptions, churn: stripe, time: at, known_at: at, value: mrr}}
"""


def subscription(rng, i):
    begins = T - rng.randrange(1, 730 * DAY)
    ends = begins + rng.randrange(30, 500) * DAY if rng.random() < 0.45 else T
    gone, failed = ends < T, rng.random() < 1 / 3
    price = {
        "id": f"price_{i % 3}", "product": f"prod_{i % 3}", "currency": "usd", "unit_amount": (1900, 4900, 9900)[i % 3],
        "recurring": {"interval": "month", "interval_count": 1, "usage_type": "licensed"}, "billing_scheme": "per_unit",
    }  # fmt: skip
    item = {"id": f"si_{i}", "price": price, "quantity": 1 + i % 4, "current_period_start": ends - 21 * DAY}
    return {
        "id": f"sub_{i:08}", "object": "subscription", "customer": f"cus_{rng.randrange(10**9)}", "created": begins,
        "start_date": begins, "status": "canceled" if gone else "active", "ended_at": ends if gone else None,
        "cancellation_details": {"reason": "payment_failed" if failed else "cancellation_requested"},
        "items": {"object": "list", "has_more": False, "data": [item]}, "metadata": {}, "trial_end": None,
    }  # fmt: skip


def pages_of(count):
    rng, ready = random.Random(1), []
    rows = [subscription(rng, i) for i in range(count)]
    for first in range(0, count, PER_PAGE):
        page = {"object": "list", "url": "/v1/subscriptions", "data": rows[first : first + PER_PAGE]}
        ready.append(json.dumps(page | {"has_more": first + PER_PAGE < count}).encode())
    none = json.dumps({"object": "list", "url": "/v1/events", "data": [], "has_more": False}).encode()

    def answer(path, _body):
        parts = urlsplit(path)
        after = parse_qs(parts.query).get("starting_after", ["sub_-1"])[0]
        return none if parts.path == "/v1/events" else ready[(int(after[4:]) + 1) // PER_PAGE]

    return answer


def timed(work):
    wall, cpu = time.perf_counter(), time.process_time()
    found = work()
    return time.perf_counter() - wall, time.process_time() - cpu, found


def bare(url):
    session, after, count = requests.Session(), {}, 0
    while True:
        page = session.get(f"{url}/v1/subscriptions", params={"status": "all", "limit": "100"} | after).json()
        count += len(page["data"])
        if not page["has_more"]:
            return count
        after = {"starting_after": page["data"][-1]["id"]}


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    server, url = served(pages_of, count)
    rows = [("a bare loop", timed(lambda: bare(url)))]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cxmon.yaml"
        path.write_text(CONFIG.replace("URL", url))
        plan = load(path, environ={"KEY": "chance chance chance", "TOKEN": "x"})
        with Store.open(plan.store_url) as store:
            for name, now in (("the backfill", NOW), ("the next day's run", NOW + timedelta(days=1))):
                rows.append((name, timed(partial(collect, plan, store, now=now))))
                assert all(c.ok for c in rows[-1][1][2]), rows[-1]
    print(f"{count:,} subscriptions, 3 metrics")
    for name, (wall, cpu, _) in rows:
        print(f"  {name:18} {wall:6.2f} s, {cpu:6.2f} s of CPU")
    server.terminate()


if __name__ == "__main__":
    main()
