"""People's ways in a real Chromium: an editor from a message to the end of it, a viewer who may only look.

A proxy in front of the board says who they are; both are on one board, whose store the editor's click changes.
"""

import re
import shutil
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
import worlds
from board_served import serving
from seeing import heard, rested

from cxmon.model import Access, Grade, Segment, Split, handed_over
from cxmon.store import Store

pytestmark = pytest.mark.browser

HOSTILE = "=1+1 ![x](http://evil.example/p.png) <b>bold</b> $a$ :red[y]"
INCIDENT = "/incident?incident=watch-reply-chat"
ACCESS = Access(
    editors=("ana@example.com",), viewers=("*@example.com",), departments={"ana@example.com": "CX team"},
    proxy_header="X-Forwarded-Email", trusted_proxies=("127.0.0.1/32",),
)  # fmt: skip


@pytest.fixture(scope="module")
def desk(seeded_url, tmp_path_factory):
    """A board on a copy of the seeded store: the gravest decision knows where, and a segment has a hostile name."""
    path = tmp_path_factory.mktemp("ways") / "store.db"
    shutil.copy(seeded_url.removeprefix("sqlite:///"), path)
    url = f"sqlite:///{path}"
    segment = Segment.of(channel=HOSTILE)
    worlds.placed(url, segment)
    with Store.open(url) as store:
        known = store.verdicts.latest("weekend-desk")
        split = Split(
            metric="csat", total=0.02, rate=0.005, mix=0.015, entry_exit=0.0, unit="pt", grade=Grade.CONTROLLED
        )
        store.verdicts.touch(replace(known, splits=(split,)))
        store.bands.put([replace(worlds.band("csat", worlds.PHONE), key=segment.key, label=segment.label)])
    with serving(url, CXMON_ACCESS=handed_over(ACCESS)) as address:
        yield address


@pytest.fixture(scope="module")
def room(browser):
    """One page for all, so that Streamlit's scripts are asked for once; what went wrong, and what it asked for."""
    page = browser.new_page(viewport={"width": 1280, "height": 1400}, accept_downloads=True)
    asked = []
    page.context.on("request", lambda r: asked.append(r.url))
    yield page, heard(page), asked
    page.close()


@pytest.fixture
def visit(room, desk):
    """The page as somebody sees it."""
    page, errors, asked = room

    def as_(who):
        page.context.set_extra_http_headers({"X-Forwarded-Email": f"{who}@example.com"})
        return page

    yield as_
    ours = (desk, desk.replace("http", "ws"), "data:", "blob:")
    # Streamlit asks below each page's own address too, where nothing answers.
    bad = [said for said in errors if "404" not in said]
    assert (bad, [url for url in asked if not url.startswith(ours)]) == ([], [])


def test_a_decision_is_drawn_in_full_and_its_folds_explain_themselves(visit, desk):
    page = visit("leo")
    page.goto(f"{desk}/decision?change=weekend-desk")
    rested(page, "Decisions")
    for key in ("where", "mix", "unusual"):
        # By the keyboard: a pointer may miss a page that still moves.
        page.locator(f".st-key-fold_{key} summary").first.press("Enter")
    drawn = (
        ("trend", "limit 1.5 points"), ("fold_where", "worse than expected, points"), ("fold_mix", "In all"),
    )  # fmt: skip
    for key, words in drawn:
        chart = page.locator(f".st-key-{key}")
        chart.locator("svg text").filter(has_text=words).first.wait_for()
        assert chart.locator("svg path").count() > 3
    unusual = page.locator(".st-key-fold_unusual")
    unusual.get_by_text("in 211 comparable windows without a change, a fall this large never happened").wait_for()
    unusual.get_by_test_id("stTooltipIcon").last.hover()
    page.get_by_role("tooltip").get_by_text("How often a move as large came without any decision").wait_for()


def to(page, name):
    page.get_by_role("link", name=name, exact=True).first.click()
    page.get_by_role("heading", name=name, level=1).wait_for()


def taken(page, label):
    with page.expect_download() as found:
        page.get_by_role("button", name=label).click()
    return found.value.suggested_filename, Path(found.value.path()).read_bytes()


def test_an_editor_acknowledges_what_a_message_led_to_and_a_viewer_is_refused(visit, desk):
    page = visit("ana")
    page.goto(desk + INCIDENT)
    page.get_by_role("heading", name=re.compile("First reply, median, chat")).wait_for()
    page.get_by_text("24 % worse since 23 Oct").first.wait_for()
    page.get_by_role("button", name="Acknowledge").click()
    # For whom she decides is not hers to type.
    page.locator("input[disabled][value='CX team'][aria-label='For which role or department']:visible").wait_for()
    page.get_by_role("button", name="Acknowledge", exact=True).last.click()
    page.get_by_text("Acknowledged: whoever was told hears it.").wait_for()
    page.get_by_text("CX team is on it.").wait_for()

    page = visit("bo")
    page.goto(desk + INCIDENT)
    page.get_by_text("CX team is on it.").wait_for()
    page.get_by_text("Only editors may acknowledge an incident; you are a viewer.").wait_for()
    assert page.get_by_role("button", name=re.compile("Acknowledge|Silence|Not real")).count() == 0
    to(page, "Decisions")
    page.get_by_text("Only editors may answer a decision; you are a viewer.").wait_for()


def test_from_the_sentence_to_the_worst_decision_its_interval_and_segment_and_the_figures_of_it(visit, desk):
    page = visit("bo")
    page.goto(desk)
    page.get_by_role("heading", name="CSAT fell more than the limit of 1.5 points").wait_for()
    # The gravest stands first, and its link leads to it.
    worst = page.locator(".st-key-ledger").get_by_role("link").first
    assert worst.inner_text() == "Weekend phone desk closed"
    with page.expect_popup() as opened:
        worst.click()
    told = opened.value
    told.get_by_text("CSAT 3.9 points worse (2.8 to 5.0), limit 1.5 points").wait_for()
    told.get_by_text("seen 88.0", exact=False).first.wait_for()
    told.get_by_text("Where it happens", exact=True).click()
    # By the keyboard: a fold within one that is still opening moves away from a pointer.
    told.locator("summary").filter(has_text="CSAT: segments inside the scope").press("Enter")
    # A name that would be a picture, bold and a formula is words, wherever it stands.
    told.get_by_text(f"{HOSTILE}: 4 points worse (range 2 to 6), 85 % of the harm").wait_for()
    to(told, "Metrics")
    card = told.get_by_test_id("stMetric").filter(has_text=HOSTILE)
    card.wait_for()
    assert told.locator("b:text-is('bold'), img[src*=evil]").count() == 0
    beside = told.locator(".st-key-take_beside").get_by_role("button", name="Download")
    beside.click()
    name, figures = taken(told, "CSV, the figures")
    assert (name, figures.decode().count(f'\n"\'{HOSTILE}"') + figures.decode().count(f"\n'{HOSTILE},")) == (
        "csat_by_channel.csv", 1,
    )  # fmt: skip


def test_a_link_restores_the_view_whose_chart_and_figures_are_taken_along_and_a_file_is_tried(visit, desk):
    page = visit("bo")
    page.goto(f"{desk}/metric?metric=csat&segment={quote(worlds.PHONE.key)}&by=channel&range=90d")
    page.get_by_text("CSAT, phone").first.wait_for()
    page.get_by_role("heading", name="Segments side by side").wait_for()
    page.locator(".st-key-take_metric").get_by_role("button", name="Download").click()
    name, figures = taken(page, "CSV, the figures")
    lines = figures.decode().splitlines()
    assert (name, lines[0]) == ("csat_as_of_2026-11-22.csv", "start_utc,value,n,average,expected,low,high,complete")
    assert len(lines) == worlds.DAYS + 1
    name, picture = taken(page, "SVG, the picture")
    assert name == "csat_as_of_2026-11-22.svg"
    assert all(words in picture.decode() for words in ("CSAT, phone", "as of Sun 22 Nov 2026"))
    name, picture = taken(page, "PNG, the picture")
    assert (name, picture[:8]) == ("csat_as_of_2026-11-22.png", b"\x89PNG\r\n\x1a\n")

    page.keyboard.press("Escape")
    to(page, "Try a file")
    page.get_by_role("button", name="Try an example").click()
    page.get_by_role("button", name="Show the answer").click()
    page.get_by_role("heading", name=re.compile("csat, phone is 4.3 points worse than expected")).wait_for()
