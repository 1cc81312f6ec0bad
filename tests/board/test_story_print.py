"""The one-page story on paper, in a real Chromium: one sheet for a usual story, two for the longest, nothing shrunk."""

import re
from dataclasses import replace

import pytest
import worlds

from cxmon import charts
from cxmon.store import Store
from cxmon.store.story import whole
from cxmon.wording.whole import Section, Table

pytestmark = pytest.mark.browser

# A4 less the margins of the style sheet, at 96 dots an inch.
WIDE = 726
SENTENCE = (
    "First response within 4.0 min, all customers: 7.8 points fewer than expected (range 4.0 to 11.5, compared with "
    "untouched segments): 7.4 points fewer from different kinds of contacts (6.3 to 8.6)"
)
CELL = "5.0 points worse (1.6 to 8.0), 54 % / 53 %"


# As large as the chart that is printed; drawing a real one takes seconds and another test does.
CHART = '<svg xmlns="http://www.w3.org/2000/svg" width="460" height="232"><rect width="460" height="232"/></svg>'
SIZES = [(theme, narrow) for theme in ("light", "dark") for narrow in (True, False)]
DRAWN = [charts.Drawing(caption="CSAT, phone", alt="CSAT", svg=dict.fromkeys(SIZES, CHART))] * 2


@pytest.fixture(scope="module")
def story(seeded_url):
    """The story of the seeded cut."""
    with Store.open(seeded_url, read_only=True) as store:
        return whole(store, "weekend-desk", {m.id: m for m in worlds.METRICS}, "UTC")


def printed(browser, text):
    """(sheets of A4, whether everything fits their width at its own size)."""
    page = browser.new_page(viewport={"width": WIDE, "height": 1000})
    page.set_content(text)
    page.emulate_media(media="print")
    fits = page.evaluate("document.documentElement.scrollWidth") <= WIDE
    sheets = len(re.findall(rb"/Type /Page\b(?!s)", page.pdf(prefer_css_page_size=True)))
    page.close()
    return sheets, fits


def test_a_usual_story_is_one_sheet(browser, story):
    assert printed(browser, charts.page(story, DRAWN)) == (1, True)


def test_the_longest_story_of_the_demo_is_two_sheets(browser, story):
    """As long as that of the closed phone desk: where, price, answers, and six versions."""
    rows = tuple((name, CELL, CELL, CELL) for name in ("eu", "us", "basic", "enterprise", "pro"))
    version = ("Version 2", "27 Nov", SENTENCE[:80], "Too early (undecided)", SENTENCE)
    more = (
        Section(heading="What else", lines=(SENTENCE,) * 8),
        Section(heading="Inside the scope", table=Table(headers=("Segment", "CSAT", "Churn", "Reopened"), rows=rows)),
        Section(heading="What the price is made of", lines=(SENTENCE, SENTENCE, SENTENCE * 4)),
        Section(heading="The year's harm allowance", lines=(SENTENCE,)),
        Section(heading="What it answers, and what answers it", lines=(SENTENCE,)),
        Section(heading="Versions", table=Table(headers=("", "Said", "What", "Before", "Why"), rows=(version,) * 6)),
    )
    sheets, fits = printed(browser, charts.page(replace(story, more=more), DRAWN * 2))
    assert fits
    assert sheets <= 2
