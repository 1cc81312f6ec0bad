"""A support lead's way in a real Chromium: from a message to its incident, to the metric, a download, a tried file."""

import re
from pathlib import Path
from urllib.parse import quote

import pytest
import worlds

pytestmark = pytest.mark.browser


def test_from_a_message_to_the_incident_the_metric_its_figures_and_a_file_of_ones_own(browser, board_url):
    page = browser.new_page(viewport={"width": 1280, "height": 1400}, accept_downloads=True)
    errors, asked = [], []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda r: asked.append(r.url))

    page.goto(f"{board_url}/incident?incident=watch-reply-chat")
    page.get_by_role("heading", name=re.compile("First reply, median, chat")).wait_for()
    page.get_by_role("button", name="Acknowledge").wait_for()
    page.get_by_text("24 % worse since 23 Oct").first.wait_for()

    page.goto(f"{board_url}/metric?metric=csat&segment={quote(worlds.PHONE.key)}&by=channel&range=90d")
    page.get_by_text("CSAT, phone").first.wait_for()
    page.get_by_role("heading", name="Segments side by side").wait_for()
    page.get_by_role("button", name="Download").first.click()
    with page.expect_download() as taken:
        page.get_by_role("button", name="CSV, the figures").click()
    assert taken.value.suggested_filename == "csat_as_of_2026-11-22.csv"
    lines = Path(taken.value.path()).read_text().splitlines()
    assert (lines[0], len(lines)) == ("start_utc,value,n,average,expected,low,high,complete", worlds.DAYS + 1)

    page.goto(f"{board_url}/try")
    page.get_by_role("button", name="Try an example").click()
    page.get_by_role("button", name="Show the answer").click()
    page.get_by_role("heading", name=re.compile("csat, phone is 4.3 points worse than expected")).wait_for()
    ours = (board_url, board_url.replace("http", "ws"), "data:", "blob:")
    assert (errors, [url for url in asked if not url.startswith(ours)]) == ([], [])
    page.close()
