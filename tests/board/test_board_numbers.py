"""One number format on every page, in every message and in every picture: no figure is left that is written another
way."""

import json
import re
import threading
from contextvars import copy_context
from dataclasses import replace
from pathlib import Path

import pytest
import worlds
from english_figures import english
from opening import opened, unexplained
from test_board_ask import CONFIG
from test_board_brief import known
from test_board_brief import text_of as brief_of
from test_digest import NOW, SINCE, plan

from cxmon import charts
from cxmon.alerts import letter, text
from cxmon.alerts.digest_message import for_digest
from cxmon.charts.brief import brief_page
from cxmon.charts.picture import render, vector
from cxmon.charts.week_page import week_page
from cxmon.config.plan import Plan
from cxmon.model import NumberFormat, number_format, using, written
from cxmon.pipeline.digest import read
from cxmon.service import Service
from cxmon.store import Store

COMMA = NumberFormat(decimal=",", thousands="\u202f")
PAGES = (
    ("overview", {}),
    ("decision", {"change": "weekend-desk"}),
    ("metric", {"metric": "csat"}),
    ("incident", {"incident": "watch-reply-chat"}),
    ("brief", {}),
    ("health", {}),
)
CSAT, REPLY, CHURN = worlds.METRICS


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """The board's own world, of a configuration with a decimal comma."""
    found = f"sqlite:///{tmp_path_factory.mktemp('numbers') / 'store.db'}"
    with using(COMMA):
        worlds.seed(found)
    written_as(found, COMMA)
    return found


def written_as(url, format_):
    with Store.open(url) as store:
        store.catalogue.save(replace(store.catalogue.load(), number_format=format_))


def said(app):
    """All that a page shows to people: words, tables, and the words in its charts."""
    found, todo = [], [app._tree]
    while todo:
        one = todo.pop()
        if hasattr(one, "children"):
            todo += one.children.values()
        elif one.type in {"table", "arrow_table", "dataframe", "arrow_data_frame"}:
            found += [str(x) for x in [*one.value, *one.value.to_numpy().ravel()]]
        elif one.type == "vega_lite_chart":
            found += words(json.loads(one.proto.spec))
        elif one.type == "metric":
            found += [one.label, one.value, one.delta, one.help]
        elif isinstance(getattr(one, "value", None), str) and one.type not in {"html", "text_input"}:
            found += [one.value, getattr(one, "help", "") or ""]
    return "\n".join(found).replace("\\", "")


def words(spec):
    """The texts in a chart's data, titles and labels; its numbers are Vega's to write."""
    if isinstance(spec, dict):
        return [
            text for key, value in spec.items() if key not in {"$schema", "domain", "expr"} for text in words(value)
        ]
    if isinstance(spec, list):
        return [text for value in spec for text in words(value)]
    return [spec] if isinstance(spec, str) else []


def specs(app):
    return [json.loads(one.proto.spec) for one in app.get("vega_lite_chart")]


@pytest.mark.parametrize(("page", "params"), PAGES, ids=[name for name, _ in PAGES])
def test_no_page_shows_a_figure_the_english_way_or_a_term_without_its_meaning(url, monkeypatch, page, params):
    monkeypatch.setenv("CXMON_STORE_URL", url)
    app = opened(page, **params)
    shown = said(app)
    assert english(shown) == []
    assert unexplained(app) == []
    # There are figures, so that it is their marks that are right.
    assert page == "health" or re.search(r"\d,\d", shown)
    locales = [(spec.get("config", {}).get("locale") or {}).get("number", {}) for spec in specs(app)]
    assert [one.get("decimal") for one in locales] == [","] * len(locales)


def test_what_was_drawn_in_one_format_is_not_shown_in_another(seeded_url, monkeypatch, tmp_path):
    url = f"sqlite:///{tmp_path / 'store.db'}"
    with Store.open(seeded_url) as store:
        store.backup(tmp_path / "store.db")
    monkeypatch.setenv("CXMON_STORE_URL", url)
    before = opened("overview")
    written_as(url, COMMA)
    after = opened("overview")
    assert {app.metric[0].value for app in (before, after)} == {before.metric[0].value, after.metric[0].value}
    assert after.metric[0].value == before.metric[0].value.replace(".", ",") != before.metric[0].value
    assert ["locale" in spec["config"] for spec in [*specs(before), *specs(after)]] == [False] * 2 + [True] * 2


def test_brief_and_digest_have_the_format_as_text_page_and_letter(url):
    with using(COMMA):
        brief = known(url)
        pages = [brief_of(brief), brief_page(brief).partition("</style>")[2]]
        with Store.open(url, read_only=True) as store:
            week = read(plan(), store, None, since=SINCE, now=NOW)
        message = for_digest(week, key="k", thread="t", board_url="http://127.0.0.1:8501")
        pages += [text.render(message), week_page(week).partition("</style>")[2]]
        pages += [re.sub(r'style="[^"]*"', "", letter.page(message))]
    assert [english(page) for page in pages] == [[]] * len(pages)
    assert [bool(re.search(r"\d,\d", page)) for page in pages] == [True] * len(pages)


def command(*arguments, **more):
    """What a command prints; the format that it sets for its process ends here."""
    from typer.testing import CliRunner

    from cxmon.cli.app import build

    return copy_context().run(CliRunner().invoke, build(), [*arguments], **more).stdout


def test_a_command_prints_in_the_format_of_its_configuration(seeded_url, tmp_path):
    config = tmp_path / "cxmon.yaml"
    config.write_text(CONFIG.format(url=seeded_url) + 'number_format: {decimal: ",", thousands: "."}\n')
    told = command("ask", "csat", "channel=phone", "-c", str(config))
    assert told.splitlines()[0] == "■ Over its limit: CSAT, phone: 83,9 %, 4,1 points worse than expected"
    found = json.loads(command("ask", "csat", "channel=phone", "-c", str(config), "--json"))
    # What other programs read is a number, whatever people read.
    assert isinstance(found["value"], float)
    assert number_format() == NumberFormat()


def test_a_file_that_is_tried_on_the_board_is_answered_in_its_format(url, monkeypatch):
    monkeypatch.setenv("CXMON_STORE_URL", url)
    store = Path(url.removeprefix("sqlite:///"))
    before = store.read_bytes()
    app = opened("trying")
    app.button(key="use_example").click().run()
    app.button(key="try_go").click().run()
    assert unexplained(app) == []
    shown = said(app)
    # The figures of the file stand as they are in it.
    mine = [cell for table in app.table for cell in table.value.to_numpy().ravel()]
    for cell in mine:
        shown = shown.replace(str(cell).replace("\\", ""), "")
    assert english(shown) == []
    assert re.search(r"\d,\d points", shown)
    # Nothing of it is kept: the readers leave an empty log beside the store, and no other file.
    left = {path.name: path.stat().st_size for path in store.parent.iterdir() if path.suffix != ".db-shm"}
    assert {"store.db-wal": 0} | left == {"store.db": len(before), "store.db-wal": 0}
    assert store.read_bytes() == before


def test_each_job_of_the_service_has_the_format_in_its_own_thread(tmp_path):
    service = Service(
        Plan(path=tmp_path / "cxmon.yaml", store_url=f"sqlite:///{tmp_path / 's.db'}", number_format=COMMA)
    )
    service._beat()
    seen = []
    job = threading.Thread(target=service._guarded, args=("deliver", lambda _: seen.append(written(1234.5, ",.1f"))))
    job.start()
    job.join()
    assert seen == ["1\u202f234,5"]
    assert written(1234.5, ",.1f") == "1,234.5"


def drawings():
    """Every sort of chart with an axis of figures."""
    found = charts.points(worlds.band("reply", worlds.PHONE), REPLY)
    yield charts.trend(found, REPLY, hover=False, width=640)
    line = charts.Line(name="now", points=[(0.0, 0.5, ""), (1.0, 2.0, "")])
    yield charts.lines([line], dates=False, suffix=" per 1'000", width=640)
    yield charts.spread([charts.Bin(label="1", share=0.004)], unit="min", what="cases", width=640)


@pytest.mark.parametrize(
    ("format_", "decimal", "thousands"),
    [(NumberFormat(), ".", ","), (COMMA, ",", "\u202f"), (NumberFormat(thousands="'", lakhs=True), ".", "'")],
    ids=["default", "comma", "lakhs"],
)
def test_axes_in_pictures_have_the_format(format_, decimal, thousands):
    with using(format_):
        drawn = [vector(chart) for chart in drawings()]
    for svg in drawn:
        labels = re.findall(r">(\d[^<>]*)</text>", svg)
        assert any(re.match(rf"\d+{re.escape(decimal)}\d", one) for one in labels), labels
        assert not any(re.match(rf"\d+[{'.,'.replace(decimal, '')}]\d", one) for one in labels), labels
    assert "per 1'000</text>" in drawn[1]
    big = charts.Line(name="now", points=[(0.0, 1_200_000.0, ""), (1.0, 2_600_000.0, "")])
    with using(format_):
        tall = vector(charts.lines([big], dates=False, width=640))
    groups = ("20", "00", "000") if format_.lakhs else ("2", "000", "000")
    assert f">{thousands.join(groups)}</text>" in tall


def test_a_picture_for_slack_has_the_format():
    found = charts.points(worlds.band("reply", worlds.PHONE), REPLY)
    with using(COMMA):
        comma = render(charts.trend(found, REPLY, hover=False, width=640))
    assert comma != render(charts.trend(found, REPLY, hover=False, width=640))


def test_axes_on_the_board_have_the_format_in_a_browser(seeded_url, board_url, browser):
    written_as(seeded_url, COMMA)
    try:
        page = browser.new_page()
        page.goto(f"{board_url}/metric?metric=churn")
        page.locator("svg.marks text").first.wait_for()
        labels = page.locator("svg.marks text").all_text_contents()
        page.close()
    finally:
        # Other tests look at the same store.
        written_as(seeded_url, NumberFormat())
    assert [one for one in labels if re.fullmatch(r"\d,\d", one)] != []
    assert english("\n".join(labels)) == []
