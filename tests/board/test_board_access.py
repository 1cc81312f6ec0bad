"""Every page of the board for everybody: axe-core in light and dark, a screen reader's tree, and the keyboard."""

import pytest
from seeing import AT_REST, RULES, against, heard, missed, out_of_reach, read_out, rested, unheard

pytestmark = pytest.mark.browser

# As the navigation names them, after the overview: going there by click spares each page a start of its own.
PAGES = ("Decisions", "Metrics", "Incidents", "Plan a change", "Brief", "Try a file", "Data health")
# The figures of the cards with their pills, and whether any of them is wider than its place.
FIGURES = """() => [...document.querySelectorAll('[data-testid=stMetric]')].map((card) => [
  card.querySelector('[data-testid=stMetricValue]').innerText,
  [...card.querySelectorAll(':is([data-testid=stMetricValue], [data-testid=stMetricDelta]), '
    + ':is([data-testid=stMetricValue], [data-testid=stMetricDelta]) *')]
    .some((one) => one.scrollWidth > one.clientWidth && getComputedStyle(one).display !== 'inline')])"""
# The overview as it is heard: the answer, each card with name, figure, word and line, the chart in words, the ledger.
READ_OUT = (
    ("heading", "Northwind Support"), ("StaticText", "CSAT fell more than the limit of 1.5 points"),
    ("StaticText", "CSAT"), ("StaticText", "86.8 %"), ("StaticText", "1.2 points worse"), ("image", "CSAT, the last"),
    ("StaticText", "First reply, median"), ("StaticText", "18.8 min"), ("StaticText", "as expected"),
    ("image", "First reply, median, the last"),
    ("StaticText", "Churn"), ("StaticText", "3.19"), ("StaticText", "as expected"), ("StaticText", "per 1,000"),
    ("graphics-document", "CSAT, all customers: 1.2 points worse"),
    ("heading", "Decisions and their verdicts"), ("StaticText", "Weekend phone desk closed"),
    ("StaticText", "Over the limit"), ("heading", "Where it happens"), ("graphics-document", "Gap to expected"),
    ("heading", "Open incidents"),
)  # fmt: skip
GROUND = "getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"
LOOKS = {"light": "rgb(255, 255, 255)", "dark": "rgb(15, 21, 32)"}


def test_no_page_keeps_anybody_out(browser, board_url):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    errors = heard(page)
    page.goto(board_url)
    rested(page, "Northwind Support")
    found = _against(page, "Overview")
    assert missed(READ_OUT, read_out(page)) == []
    for name in PAGES:
        # Streamlit's link to skip to the content lies over the first pages while it has the keyboard, as it has where
        # the keys have gone once round.
        page.evaluate("document.activeElement?.blur()")
        page.get_by_role("link", name=name, exact=True).first.click()
        rested(page, name)
        found += _against(page, name)
        if name == "Brief":
            _tables(read_out(page))
    page.get_by_role("link", name="Incidents", exact=True).click()
    page.get_by_role("button", name="First reply, median, chat").click()
    page.get_by_text("What happened", exact=True).wait_for()
    found += _against(page, "An incident")
    page.close()
    assert (found, errors) == ([], []), found


def _tables(told):
    """A table is told with its name, and its heads before its cells."""
    roles = [role for role, _ in told]
    first = [roles.index(role) for role in ("table", "columnheader", "rowheader", "cell")]
    assert first == sorted(first)
    assert roles.count("columnheader") >= 3 * roles.count("table") > 0


def _against(page, name):
    """What stands against a page; in dark only the colours are others."""
    found = [(name, one) for one in unheard(page)]
    if name in {"Overview", "Plan a change"}:
        # The two with the most controls: nowhere does one of ours ask to be passed over.
        found += [(name, "not reached", one) for one in out_of_reach(page)]
    for scheme, rules in (("light", RULES), ("dark", ["color-contrast"])):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(f"{GROUND} === '{LOOKS[scheme]}' && document.querySelector('{AT_REST}')")
        found += [(name, scheme, *one) for one in against(page, rules)]
    return found


def test_the_choices_of_the_trend_are_reached_and_made_by_keyboard(browser, board_url):
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(board_url)
    chosen = page.locator(".st-key-trend").get_by_role("radio", name="CSAT")
    chosen.wait_for()
    chosen.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    page.wait_for_url("**metric=reply**")
    # Nothing on a phone is wider than the phone.
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 390
    # No figure of a card, and nothing beside it, is cut.
    page.locator(AT_REST).wait_for()
    shown = page.evaluate(FIGURES)
    assert [text for text, _ in shown][:3] == ["86.8 %", "18.8 min", "3.19"], shown
    assert [text for text, cut in shown if cut] == []
    page.close()
