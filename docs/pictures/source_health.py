"""Draws docs/pictures/source_health.png: the board's page on data, of a made-up desk whose tickets have run dry.

    .venv/bin/python docs/pictures/source_health.py

Needs a Chromium (CXMON_CHROMIUM, or on the path).
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
from make import FLAGS, HERE, _wait
from playwright.sync_api import sync_playwright

from cxmon.decisions.source_health import assess
from cxmon.model import Amount, Better, Kind, Metric, Pull, Read
from cxmon.store import Catalogue, Run, Store

NOW = datetime(2026, 11, 23, 14, tzinfo=UTC)
ZONE = "Europe/Berlin"
# By part: records a day, in the last day as a part of that, and the share of tickets that a survey is sent for.
PARTS = {("helpdesk", "tickets"): (480, 0.025, 0.8), ("helpdesk", "satisfaction_ratings"): (90, 1.0, 0.0)}
METRICS = {"tickets": "first_response", "satisfaction_ratings": "csat"}
LABELS = {"first_response": "First response", "csat": "CSAT"}


def pulls(source: str, part: str, per_day: float, left: float, surveyed: float) -> list[Pull]:
    """Nine weeks of hourly pulls, quieter at weekends."""
    rng, found = np.random.default_rng(len(part)), []
    for k in range(9 * 7 * 24, -1, -1):
        at = NOW - timedelta(hours=k)
        level = (0.4 if at.weekday() >= 5 else 1.0) * (left if k < 30 else 1.0)
        came = int(rng.poisson(per_day * level / 24))
        found.append(
            Pull(
                source=source, part=part, metrics=(METRICS[part],), at=at, ok=True, rows=came, fresh=came,
                newest=at - timedelta(minutes=7), filled={"first_reply_min": came - came // 10},
                offerable=came * (surveyed > 0), offered=round(surveyed * came), requests=2,
                throttled=int(k in {3, 4}), waited_s=21.0 * (k in {3, 4}),
            )
        )  # fmt: skip
    last = replace(found[-1], health=assess(found[:-1], found[-1], zone=ZONE))
    return [*found[-30:-1], last]


def seed(url: str) -> None:
    metrics = tuple(
        Metric(
            id=name, label=label, kind=Kind.MEAN, better=Better.HIGHER, matters=Amount(0.1, True, "10%"),
            source="helpdesk", read=Read(time="at", stream=part), zone=ZONE,
        )
        for (part, name), label in zip(METRICS.items(), LABELS.values(), strict=True)
    )  # fmt: skip
    with Store.open(url) as store:
        store.catalogue.save(Catalogue(title="Northwind Support", zone=ZONE, metrics=metrics))
        for (source, part), (per_day, left, surveyed) in PARTS.items():
            of_part = pulls(source, part, per_day, left, surveyed)
            for one in of_part:
                store.pulls.record(one)
            held = of_part[-1].health is not None and of_part[-1].health.held
            store.runs.record(
                Run(metric=METRICS[part], source=source, started_at=NOW, finished_at=NOW, ok=True, written=3, held=held)
            )


def main() -> None:
    with socket.socket() as probe, tempfile.TemporaryDirectory() as folder:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        url = f"sqlite:///{folder}/store.db"
        seed(url)
        command = [sys.executable, "-m", "dashboards", "--port", str(port)]
        with subprocess.Popen(command, env=os.environ | {"CXMON_STORE_URL": url}) as process:
            try:
                _wait(f"http://127.0.0.1:{port}/_stcore/health")
                with sync_playwright() as playwright:
                    chromium = os.environ.get("CXMON_CHROMIUM") or shutil.which("chromium")
                    page = playwright.chromium.launch(executable_path=chromium, args=FLAGS).new_page(
                        viewport={"width": 1200, "height": 620}
                    )
                    page.goto(f"http://127.0.0.1:{port}/health")
                    page.get_by_text("Far too few").wait_for(timeout=60_000)
                    time.sleep(2)
                    page.screenshot(path=str(HERE / "source_health.png"))
            finally:
                process.terminate()


if __name__ == "__main__":
    main()
