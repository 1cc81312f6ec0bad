"""A board served by a real process."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Seconds; a test may take 300.
PATIENCE_S = 150


@contextmanager
def serving(store_url, **environment):
    """Address of a board on a store, with these variables in its environment."""
    process, address = _started(store_url, environment)
    with process:
        try:
            yield address
        finally:
            process.terminate()
            process.wait(timeout=PATIENCE_S)


def _started(store_url, environment):
    """(process, address) of a board that answers. Somebody else may take the port before it does: then another one."""
    for _ in range(3):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            address = f"http://127.0.0.1:{probe.getsockname()[1]}"
        command = [sys.executable, "-m", "dashboards", "--port", address.rpartition(":")[2]]
        named = {"CXMON_STORE_URL": store_url, "CXMON_BOARD_URL": address}
        process = subprocess.Popen(command, env=os.environ | named | environment, cwd=ROOT)
        if answers(f"{address}/_stcore/health", process):
            return process, address
    raise AssertionError("the board ended by itself, three times")


def answers(address, process):
    """Whether it answers, False where it ended; it is asked again and again, since nothing tells when it is ready."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if process.poll() is not None:
            return False
        try:
            with urllib.request.urlopen(address, timeout=PATIENCE_S) as answer:
                if answer.status == 200:
                    return True
        except OSError:
            time.sleep(0.1)
    process.kill()
    process.wait()
    raise AssertionError(f"the board did not answer within {PATIENCE_S} s")
