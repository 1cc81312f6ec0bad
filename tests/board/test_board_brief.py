"""The brief: word for word, the board's figures in it, on paper, and safe from what data say."""

import os
import re
import sys
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
import worlds

from cxmon.charts import paper
from cxmon.charts.brief import brief_page
from cxmon.store import Store
from cxmon.store.briefing import briefing, by_the_end_of
from cxmon.wording.briefing import answer, head, sections

VIEWS = Path(__file__).parents[2] / "dashboards" / "views"
GOLDEN = Path(__file__).with_name("golden_brief.txt")


def known(url):
    with Store.open(url, read_only=True) as store:
        return briefing(store)


def text_of(one):
    lines = [head(one), *answer(one)[:2]]
    for section in sections(one):
        lines += ["", section.heading]
        if section.table is not None:
            lines += [" | ".join(row) for row in (section.table.headers, *section.table.rows)]
        lines += [f"- {line}" for line in section.on_page]
    return "\n".join(lines) + "\n"


def test_it_reads_word_for_word_as_agreed(seeded_url):
    said = text_of(known(seeded_url))
    if os.environ.get("CXMON_WRITE_GOLDEN"):
        GOLDEN.write_text(said)
    assert said == GOLDEN.read_text()


def test_a_saving_without_a_price_is_not_called_unjudged(seeded_url):
    one = known(seeded_url)
    priced = next(d for d in one.decided if d.verdict and d.verdict.price and d.change.saving)
    bare = replace(priced, number=99, verdict=replace(priced.verdict, price=None))
    (row,) = [r for r in sections(replace(one, decided=(priced, bare)))[2].table.rows if r[0].startswith("99 ")]
    assert row[-1] == "no price"


def test_an_incident_is_called_as_on_the_board(seeded_url):
    one = known(seeded_url)
    (first, *rest) = (i for i in one.incidents if i.check != "verdict")
    wider = replace(first, members=(first.root, worlds.PHONE))
    assert "chat and 1 more segment, since" in text_of(replace(one, incidents=(wider, *rest)))
    # Where it is may have been found after the day of a brief of the past.
    assert "median, since" in text_of(replace(one, incidents=(wider, *rest), again=True))


def test_its_figures_are_those_of_the_ledger(seeded_url, monkeypatch):
    from dashboards import figures, reading

    monkeypatch.setenv("CXMON_STORE_URL", seeded_url)
    world, one = reading.world(reading.version()), known(seeded_url)
    (table,) = [s.table for s in sections(one) if s.heading.startswith("2.")]
    rows = figures.ledger(world)
    assert [row[0] for row in table.rows] == [f"{r.number} {r.title}" for r in rows if r.grade]
    for mine, row in zip(table.rows, rows, strict=False):
        assert mine[2] == f"{row.words}; {row.grade}"
        figure = r"\d+(?:\.\d+)?"
        assert re.findall(figure, row.harm)[:1] == re.findall(figure, mine[3])[:1]
    assert figures.complete_to(world) in head(one)


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def test_the_page_runs_nothing_asks_nobody_and_shows_data_as_text(tmp_path):
    url = f"sqlite:///{tmp_path / 'world.db'}"
    worlds.seed(url, phone_title='<script>alert(1)</script> <img src="https://evil.example/x"> &amp; \u202e')
    page = brief_page(known(url))
    tags = Tags()
    tags.feed(page)
    tables = {"table", "caption", "thead", "tbody", "tr", "th", "td"}
    texts = {"h1", "h2", "p", "span", "div", "ul", "li", "header", "main", "section", "footer"}
    assert {tag for tag, _ in tags.found} == {"html", "head", "meta", "title", "style", "body"} | tables | texts
    assert not [a for _, attrs in tags.found for a in attrs if a in {"src", "href", "srcset"} or a.startswith("on")]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "\u202e" not in page


def test_without_the_extra_a_pdf_is_refused_in_a_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(paper.PaperError, match="a PDF needs WeasyPrint; install cxmon with the extra `pdf`"):
        paper.pdf("<p>x</p>")


def test_on_paper_it_is_one_sheet(seeded_url):
    if not paper.can_pdf():
        pytest.skip("a PDF needs the extra pdf")
    found = paper.pdf(brief_page(known(seeded_url)))
    assert found.startswith(b"%PDF-")
    assert re.findall(rb"/Count (\d+)", found) in ([b"1"], [])


def test_the_board_shows_it_and_offers_it_as_a_file(seeded_url, monkeypatch):
    from streamlit.testing.v1 import AppTest

    monkeypatch.setenv("CXMON_STORE_URL", seeded_url)
    monkeypatch.delenv("CXMON_CONFIG", raising=False)
    app = AppTest.from_file(str(VIEWS / "brief.py"), default_timeout=120).run()
    assert not app.exception
    said = "\n".join(m.value for m in app.markdown).replace("\\", "")
    one = known(seeded_url)
    for section in sections(one):
        assert section.heading in said
        assert all(line in said for line in section.on_page)
    assert answer(one)[0] in said
    # The day of the last meeting is told whole, as `cxmon brief --since` takes it.
    day = (one.as_of - timedelta(days=40)).date()
    app.date_input[0].set_value(day).run()
    with Store.open(seeded_url, read_only=True) as store:
        then = briefing(store, since=by_the_end_of(day, one.zone))
    assert then.since.isoformat() == f"{day}T23:59:59+00:00"
    said = "\n".join(m.value for m in app.markdown).replace("\\", "")
    assert all(line in said for line in sections(then)[0].on_page)
