"""The board in a real Chromium: what it shows, that it is drawn, and that nothing leaves the machine."""

import re

import pytest

pytestmark = pytest.mark.browser
# Whether ones are as wide as eights, here and in a line of text.
WIDTHS = """(value) => [value, document.querySelector('[data-testid=stMarkdown] p')].map((one) => {
  const [narrow, wide] = ['111111', '888888'].map((text) => { const line = document.createElement('span');
    line.textContent = text; one.append(line);
    const width = line.getBoundingClientRect().width; line.remove(); return width; });
  return Math.abs(narrow - wide) < 0.01; })"""


@pytest.fixture
def visit(browser, board_url):
    pages = []

    def opened(path="/", *, width=1280, scheme="light"):
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        page.errors, page.outside = [], []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on("request", lambda r: page.outside.append(r.url) if not _ours(r.url, board_url) else None)
        page.goto(board_url + path)
        pages.append(page)
        return page

    yield opened
    for page in pages:
        page.close()


def _ours(url, board_url):
    return url.startswith((board_url, board_url.replace("http", "ws"), "data:", "blob:"))


def test_the_overview_is_readable_and_drawn_in_light_in_dark_and_on_a_phone(visit):
    page = visit()
    for width, scheme in ((1280, "light"), (1280, "dark"), (400, "light")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        page.get_by_text("CSAT fell more than the limit of 1.5 points").wait_for()
        page.locator("[data-testid=stVegaLiteChart] svg path").first.wait_for(state="attached")
        # Where the map has no room its cells are words below each other.
        phone = width < 640
        assert page.locator(".st-key-mapped").is_visible() is not phone
        listed = page.locator(".st-key-listed").get_by_text(re.compile(r"CSAT: [\d.]+ points worse"))
        assert (listed.count() > 0, listed.first.is_visible()) == (True, phone)
        assert len(page.screenshot(full_page=True)) > 20_000
    # Figures below each other have one width, so that they can be compared.
    value = page.get_by_test_id("stMetricValue").first
    assert value.evaluate(WIDTHS) == [True, True]
    assert page.errors == []
    assert page.outside == []


def test_charts_follow_the_theme_that_is_chosen_while_the_page_is_open(visit):
    page = visit()
    page.locator("[data-testid=stVegaLiteChart] .role-axis-label text").first.wait_for(state="attached")
    page.get_by_test_id("stMainMenu").get_by_role("button").click()
    for name, ink, line in (
        ("Dark", "rgb(155, 166, 182)", "rgb(127, 178, 255)"), ("Light", "rgb(104, 113, 127)", "rgb(34, 81, 204)")
    ):  # fmt: skip
        page.get_by_test_id(f"stMainMenuItem-theme-{name}").click()
        page.wait_for_function(
            """([ink, line]) => [...document.querySelectorAll('[data-testid=stVegaLiteChart]')].every((one) =>
                 [...one.querySelectorAll('.role-axis-label text')].some((t) => getComputedStyle(t).fill === ink))
               && [...document.querySelectorAll('[data-testid=stVegaLiteChart] path')].some((p) =>
                 getComputedStyle(p).stroke === line)""",
            arg=[ink, line],
        )  # fmt: skip
    assert page.errors == []
