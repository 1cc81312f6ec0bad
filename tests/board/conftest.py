"""Seeded stores, and a board served by a real process."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import worlds

ROOT = Path(__file__).parents[2]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def seeded_url(tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('board') / 'store.db'}"
    worlds.seed(url)
    return url


@pytest.fixture(scope="session")
def board_url(seeded_url):
    """Address of the board on the seeded store, started as `cxmon board` starts it."""
    with serving(seeded_url) as address:
        yield address


@contextmanager
def serving(store_url, **environment):
    """Address of a board on a store, with these variables in its environment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "dashboards", "--port", str(port)]
    named = {"CXMON_STORE_URL": store_url, "CXMON_BOARD_URL": f"http://127.0.0.1:{port}"}
    with subprocess.Popen(command, env=os.environ | named | environment, cwd=ROOT) as process:
        try:
            _wait(f"http://127.0.0.1:{port}/_stcore/health", process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=20)


def _wait(address, process):
    for _ in range(150):
        assert process.poll() is None, "the board ended by itself"
        try:
            with urllib.request.urlopen(address, timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("the board did not answer within 30 s")


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium. Skipped with a message where there is none; in CI there has to be one."""
    found = os.environ.get("CXMON_CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no Chromium was found, and in CI the browser tests must run")
        pytest.skip("no Chromium was found (chromium, chromium-browser, google-chrome or CXMON_CHROMIUM)")
    from playwright.sync_api import sync_playwright

    flags = ["--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=flags)
        yield opened
        opened.close()
