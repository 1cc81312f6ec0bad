"""Every page of the board for everybody: axe-core in light and dark, a screen reader's tree, and the keyboard."""

import pytest
from seeing import AT_REST, RULES, against, heard, out_of_reach, rested, unheard

pytestmark = pytest.mark.browser

# As the navigation names them, after the overview: going there by click spares each page a start of its own.
PAGES = ("Decisions", "Metrics", "Incidents", "Plan a change", "Brief", "Try a file", "Data health")
GROUND = "getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"
LOOKS = {"light": "rgb(255, 255, 255)", "dark": "rgb(15, 21, 32)"}


def test_no_page_keeps_anybody_out(browser, board_url):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    errors = heard(page)
    page.goto(board_url)
    rested(page, "Northwind Support")
    found = _against(page, "Overview")
    for name in PAGES:
        page.get_by_role("link", name=name, exact=True).first.click()
        rested(page, name)
        found += _against(page, name)
    page.get_by_role("link", name="Incidents", exact=True).click()
    page.get_by_role("button", name="First reply, median, chat").click()
    page.get_by_text("What happened", exact=True).wait_for()
    found += _against(page, "An incident")
    page.close()
    assert (found, errors) == ([], []), found


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
    page.close()
