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
# Seconds; a test may take 300.
PATIENCE_S = 150
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# What Playwright says where a tab of the browser itself went down.
CRASHED = "Target crashed|Page crashed"


def pytest_collection_modifyitems(items):
    """A tab that crashes says nothing of the board: its test is tried once more, and any other failure stands."""
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1, only_rerun=[CRASHED]))


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
        if _wait(f"{address}/_stcore/health", process):
            return process, address
    raise AssertionError("the board ended by itself, three times")


def _wait(address, process):
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


class Patient:
    """A browser whose pages wait long for what a test asks: a loaded machine is slow, and not wrong."""

    def __init__(self, opened):
        self.opened = opened

    def new_page(self, **look):
        page = self.opened.new_page(**look)
        # Of the context: a page that a link opens waits as long.
        page.context.set_default_timeout(1000 * PATIENCE_S)
        return page


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
        yield Patient(opened)
        opened.close()
