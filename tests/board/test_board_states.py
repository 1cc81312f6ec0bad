"""One open page while its store goes through its states: nothing, one metric, two hundred, a broken migration.

Nobody reloads it: the page follows the store by itself, and where nothing is new nothing on it moves.
"""

import re
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest
import worlds
from board_served import serving
from seeing import AT_REST, against, heard, rested, unheard

from cxmon.store import Store
from dashboards.following import EVERY_S

pytestmark = pytest.mark.browser

OTHERS = ("Decisions", "Metrics", "Incidents", "Plan a change", "Brief", "Data health")
# Whatever leaves the page or joins it, and how pale the palest of its parts becomes.
WATCHED = """() => { window.moved = []; window.palest = 1; window.states = 0;
  const main = document.querySelector('[data-testid=stMain]');
  new MutationObserver((all) => { states += all.length; }).observe(document.querySelector('[data-testid=stApp]'),
    {attributeFilter: ['data-test-script-state']});
  new MutationObserver((all) => all.forEach((one) => [...one.removedNodes, ...one.addedNodes].forEach((node) =>
    moved.push((node.outerHTML ?? node.textContent).slice(0, 120))))).observe(document.body,
    {childList: true, subtree: true});
  window.kept = [...main.querySelectorAll('[data-testid=stMetric], .st-key-trend [data-testid=stVegaLiteChart] svg')];
  const look = () => { main.querySelectorAll('[data-testid=stElementContainer]').forEach((one) =>
    { palest = Math.min(palest, +getComputedStyle(one).opacity); }); requestAnimationFrame(look); }; look(); }"""


@pytest.fixture
def page(browser, tmp_path):
    url = f"sqlite:///{tmp_path / 'store.db'}"
    Store.open(url).close()
    with serving(url) as address:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.store, page.errors = url, heard(page)
        page.clock.install()
        page.goto(address)
        yield page
        page.close()


def wait_a_while(page):
    """The time after which an open page has looked at its store again."""
    page.clock.fast_forward(1000 * (EVERY_S + 1))


def sound(page, heading):
    """Nothing went wrong, for nobody: no exception box, no error in the console, nothing grave by axe-core."""
    rested(page, heading)
    assert page.get_by_test_id("stException").count() == 0
    assert (page.errors, unheard(page), against(page)) == ([], [], [])


def test_an_open_page_follows_its_store_from_nothing_to_one_metric_to_many_to_one_that_cannot_be_read(page):
    page.get_by_text("Nothing has been collected yet. Run cxmon collect, then cxmon judge.").wait_for()
    for name in OTHERS:
        page.get_by_role("link", name=name, exact=True).click()
        page.get_by_role("heading", name=name, level=1).wait_for()
        page.get_by_text("Waiting for data").wait_for()
    page.get_by_role("link", name="Overview", exact=True).click()
    sound(page, "Customer experience")

    worlds.single(page.store)
    wait_a_while(page)
    page.get_by_role("heading", name="No decision has been judged yet").wait_for()
    page.get_by_text("No decision has been declared yet.").wait_for()
    sound(page, "One")
    assert page.get_by_test_id("stMetric").all_inner_texts() == ["CSAT\n\n88.0 %\n\nas expected"]

    worlds.many(page.store, 30)
    wait_a_while(page)
    page.get_by_role("heading", name="CSAT fell more than the limit of 1.5 points").wait_for()
    sound(page, "Northwind Support")
    assert page.get_by_test_id("stMetric").count() == 12
    rest = page.get_by_text("188 more metrics: 20 to look at, 165 as expected, 3 waiting for data")
    # It is open, since some of them need a look; names are text.
    page.get_by_role("link", name="Queue 0 | <b>", exact=True).wait_for()
    rest.click()
    moves_only_what_is_new(page)

    with closing(sqlite3.connect(page.store.removeprefix("sqlite:///"))) as raw:
        raw.execute("update alembic_version set version_num = '9999'")
        raw.commit()
    wait_a_while(page)
    page.get_by_text("The store cannot be read").wait_for()
    page.get_by_text("newer than this cxmon knows").wait_for()
    sound(page, "Customer experience")


def moves_only_what_is_new(page):
    main = page.get_by_test_id("stMain")
    main.evaluate("one => one.scrollTo(0, 700)")
    folded = page.locator(".st-key-rest details")
    page.wait_for_function("!document.querySelector('.st-key-rest details').open")
    page.evaluate(WATCHED)
    wait_a_while(page)
    # It has looked once it was at work and rests again.
    page.wait_for_function("states >= 2")
    assert page.evaluate("[moved, palest]") == [[], 1]

    with Store.open(page.store) as store:
        store.catalogue.save(replace(store.catalogue.load(), title="Southwind Support"))
        reply = store.bands.get("reply", worlds.EVERYONE.key)
        store.bands.put([replace(reply, avg=tuple(1.5 * x for x in reply.avg))])
    wait_a_while(page)
    page.get_by_role("heading", name="Southwind Support").wait_for()
    page.get_by_test_id("stMetric").filter(has_text=re.compile(r"2[78]\.\d.min")).wait_for()
    page.locator(AT_REST).wait_for()
    # The other cards and the trend are what they were, and nothing has paled meanwhile.
    assert page.evaluate("[kept.length, kept.filter((one) => !one.isConnected).length, palest]") == [13, 0, 1]
    assert (main.evaluate("one => one.scrollTop"), folded.evaluate("one => one.open")) == (700, False)
