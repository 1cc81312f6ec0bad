"""`cxmon collect --backfill`: how far it is, and what a kill leaves."""

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

from test_sources_command import CONFIG, SECRETS, T0

sys.path.insert(0, str(Path(__file__).parents[1] / "sources"))
from vendor_stub import Desk, serving

COMMAND = [sys.executable, "-m", "cxmon", "collect", "--backfill", "18mo", "--source", "desk", "-c", "cxmon.yaml"]


def test_a_killed_backfill_goes_on_where_it_stopped_and_shows_how_far_it_is(tmp_path):
    rows = [
        {"id": i, "created": T0 + 90 * i, "updated": T0 + 90 * i, "channel": "chat", "satisfied": i % 2,
         "person": "p", "note": ""}
        for i in range(6000)
    ]  # fmt: skip
    # The list is in the order of change, so that how far it has come is known. A page of a thousand is a transaction.
    text = CONFIG.replace("customer: person", "customer: person\n        ascending: true")
    with serving(Desk(rows, size=1000)) as vendor:
        (tmp_path / "cxmon.yaml").write_text(text.replace("URL", vendor.url))
        env = os.environ | SECRETS
        killed = subprocess.run(
            COMMAND, cwd=tmp_path, env=env | {"CXMON_FAILPOINT": "collect-page-before-commit:4"}, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        assert killed.returncode == -signal.SIGKILL
        told = killed.stderr.splitlines()
        assert told[0] == "collect csat: 0 of 548 days"
        assert all(line.startswith("collect csat: ") and line.endswith(" of 548 days") for line in told)
        assert len(told) <= 11, "a line for each tenth"
        read = len(vendor.seen)
        # On a terminal it is a bar.
        ours, theirs = pty.openpty()
        done = subprocess.run(
            COMMAND, cwd=tmp_path, env=env | {"COLUMNS": "100", "TERM": "xterm"}, stdout=subprocess.PIPE, stderr=theirs,
            text=True, check=False,
        )  # fmt: skip
        os.close(theirs)
        shown = os.read(ours, 65_536).decode()
        os.close(ours)
    assert done.returncode == 0
    assert "collect csat" in shown
    assert "/548" in shown
    assert [params.get("cursor", "").rpartition("|")[2] for _, _, params, *_ in vendor.seen[read:]] == ["3", "4", "5"]
