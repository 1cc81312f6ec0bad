"""Seeded stores, and a board served by a real process."""

import os
import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import worlds
from board_served import PATIENCE_S, serving

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
