"""axe-core on every page of the board, in light and dark: nothing serious or critical of ours. And the keyboard."""

import pytest
from axe_playwright_python.base import AXE_SCRIPT

pytestmark = pytest.mark.browser

# As the navigation names them, after the overview: going there by click spares each page a start of its own.
PAGES = ("Decisions", "Metrics", "Incidents", "Plan a change", "Brief", "Try a file", "Data health")
# What Streamlit itself draws so, as docs/board.md lists it: (rule, a part of the element).
SHELL = (("target-size", 'role="spinbutton"'),)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RESTS = "[data-testid=stApp][data-test-script-state=notRunning]"
GROUND = "getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"
LOOKS = {"light": "rgb(255, 255, 255)", "dark": "rgb(15, 21, 32)"}


def test_no_page_keeps_anybody_out(browser, board_url):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(board_url)
    page.locator("[data-testid=stVegaLiteChart] svg path").first.wait_for(state="attached")
    page.evaluate(AXE_SCRIPT)
    found = _both(page, "Overview")
    for name in PAGES:
        page.get_by_role("link", name=name, exact=True).first.click()
        page.get_by_role("heading", name=name, level=1).wait_for()
        found += _both(page, name)
    page.get_by_role("link", name="Incidents", exact=True).click()
    page.get_by_role("button", name="First reply, median, chat").click()
    page.get_by_text("What happened", exact=True).wait_for()
    found += _both(page, "An incident")
    page.close()
    assert found == [], found


def _both(page, name):
    """What stands against a page; in dark only the colours are others."""
    found = []
    for scheme, rules in (("light", RULES), ("dark", ["color-contrast"])):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(f"{GROUND} === '{LOOKS[scheme]}' && document.querySelector('{RESTS}')")
        found += [(name, scheme, *one) for one in _against(page, rules)]
    return found


def _against(page, rules):
    """(rule, element) of what is serious or critical, without what is Streamlit's own."""
    asked = {"resultTypes": ["violations"], "runOnly": rules}
    return [
        (one["id"], node["html"][:200])
        for one in page.evaluate("asked => axe.run(document, asked)", asked)["violations"]
        for node in one["nodes"]
        if one["impact"] in {"serious", "critical"}
        and not any(one["id"] == rule and part in node["html"] for rule, part in SHELL)
    ]


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
