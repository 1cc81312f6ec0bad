"""`cxmon run` in a process of its own: it works at once, ends on SIGTERM, and survives kill -9."""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest

from cxmon.store import Store

CONFIG = """\
version: 1
store: sqlite:///store.db
sources:
  calls: {type: csv, path: calls.csv}
metrics:
  abandoned:
    source: calls
    kind: proportion
    better: lower
    matters: 1pt
    read: {time: day, n: calls, total: abandoned}
channels: {console: {type: console}}
schedule: {collect_every: 1h, judge_every: 1h, deliver_every: 1s}
digest: {day: TODAY, at: "00:00", channel: console}
"""


@pytest.fixture
def config(tmp_path):
    rows = "\n".join(f"2026-0{1 + i // 28}-{1 + i % 28:02d},200,{5 + i % 7}" for i in range(100))
    (tmp_path / "calls.csv").write_text(f"day,calls,abandoned\n{rows}\n")
    path = tmp_path / "cxmon.yaml"
    path.write_text(CONFIG.replace("TODAY", f"{datetime.now(UTC):%A}".lower()))
    return path


def start(config):
    command = [sys.executable, "-m", "cxmon", "run", "--config", str(config)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=dict(os.environ))


def collected(config):
    """Wait until the service has collected, and say when."""
    url = f"sqlite:///{config.parent / 'store.db'}"
    for _ in range(300):
        if (config.parent / "store.db").exists():
            with Store.open(url) as store:
                runs = store.runs.latest()
            if "abandoned" in runs:
                return runs["abandoned"]
        time.sleep(0.2)
    raise AssertionError("nothing was collected within 60 s")


def digests(config):
    """Wait until the digest of the week, which is due, is queued, and give its keys."""
    for _ in range(100):
        with Store.open(f"sqlite:///{config.parent / 'store.db'}") as store:
            found = [row.key for row in store.outbox.rows() if row.key.startswith("digest:*:")]
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError("no digest was queued within 20 s")


def test_it_collects_at_once_and_ends_clean_on_sigterm(config):
    with start(config) as process:
        run = collected(config)
        assert (run.ok, run.written) == (True, 100)
        assert len(digests(config)) == 1
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "started" in log
    assert "stopped clean=True" in log


def test_after_kill_9_the_next_start_goes_on_with_the_same_store(config):
    with start(config) as process:
        first = collected(config)
        process.kill()
        process.communicate()
    with start(config) as process:
        time.sleep(4)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    # Collected a moment ago, so the restart did not collect again: overdue work runs at once, work that is not waits.
    assert collected(config).finished_at == first.finished_at
    with Store.open(f"sqlite:///{config.parent / 'store.db'}") as store:
        assert store.observations.watermark is not None
