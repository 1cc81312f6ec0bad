"""`cxmon change show` by the command line: the whole story as words, as JSON and as one page."""

import base64
import html.parser
import json
import re
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from command import cxmon

from cxmon.charts import PALETTES
from cxmon.config import load
from cxmon.model import Decision, Response
from cxmon.pipeline.collect import collect
from cxmon.pipeline.judge import judge
from cxmon.store import Store

FIRST, DAYS = date(2026, 1, 1), 150
HOSTILE = "Cut <script>alert(1)</script> & \"'><img src=http://evil.example/p.png onerror=x>"
CONFIG = """\
version: 1
as_of: 2026-05-28
sources: {answers: {type: csv, path: answers.csv}}
metrics:
  csat:
    label: CSAT
    source: answers
    kind: proportion
    better: higher
    matters: 2pt
    dimensions: [channel, region]
    by: [[]]
    matures_after: 2d
    read: {time: day, n: asked, total: satisfied}
changes:
  - id: phone-cut
    title: TITLE
    category: cost_cut
    starts: 2026-04-15
    owner: Operations
    scope: {channel: phone}
    limits: {csat: 2pt}
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A cut that costs 12 points, judged twice: too early, and a fortnight later."""
    folder = tmp_path_factory.mktemp("desk")
    rng = np.random.default_rng(4)
    rows = ["day,channel,region,asked,satisfied"]
    for t in range(DAYS):
        for channel in ("phone", "chat", "email", "web"):
            share = 0.85 - 0.12 * (channel == "phone" and t >= 104)
            day = FIRST + timedelta(days=t)
            rows += [f"{day},{channel},{r},100,{rng.binomial(100, share)}" for r in ("eu", "us")]
    (folder / "answers.csv").write_text("\n".join(rows))
    (folder / "cxmon.yaml").write_text(CONFIG.replace("TITLE", json.dumps(HOSTILE)))
    plan = load(folder / "cxmon.yaml")
    early, late = datetime(2026, 4, 18, tzinfo=UTC), datetime(2026, 5, 28, tzinfo=UTC)
    with Store.open(plan.store_url) as store:
        collect(plan, store, now=late, since=datetime(2026, 1, 1, tzinfo=UTC))
        for now in (early, late):
            judge(plan, store, now=now)
        store.changes.respond(Response(
            subject="phone-cut", decision=Decision.AMEND, by="Operations", why="open on Sundays <b>", at=late
        ))  # fmt: skip
    return folder


def test_the_terminal_tells_the_declaration_the_verdict_its_versions_and_what_was_decided(desk):
    said = " ".join(cxmon(desk, "change", "show", "phone-cut").stdout.split())
    for words in (
        "verdict version 2", "Over the limit (harmed)", "Cost cut, from 15 Apr", "Harm accepted: CSAT 2pt", "Version 1",
        "Waiting for data", "Opened", "open on Sundays",
    ):  # fmt: skip
        assert words in said
    assert "turned from" in said


def test_json_has_all_of_it_by_codes(desk):
    found = json.loads(cxmon(desk, "change", "show", "phone-cut", "--json").stdout)
    assert found["declared"]["change"]["id"] == "phone-cut"
    assert [v["code"] for v in found["verdicts"]] == ["waiting", "harmed"]
    first, second = found["versions"]
    assert (first["reasons"][0]["cause"], second["before"], second["code"]) == ("first", "waiting", "harmed")
    assert second["turned"] == [{"metric": "csat", "before": "waiting", "after": "harmed", "within": [False, False]}]
    assert found["incident"][0]["step"] == "opened"
    assert found["responses"][0]["decision"] == "amend"


class Page(html.parser.HTMLParser):
    """Tags and attributes of a document, and whether every element that must be closed is."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.links, self.alts = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        given = dict(attrs)
        self.links += [given[k] for k in ("src", "href", "srcset") if k in given]
        self.alts += [given.get("alt")] if tag == "img" else []
        if tag not in {"meta", "img", "source"}:
            self.open.append(tag)
        assert not any(name.startswith("on") for name in given)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_stands_alone_and_what_comes_from_data_is_text(desk):
    pytest.importorskip("vl_convert")
    done = cxmon(desk, "change", "show", "phone-cut", "--html", "story.html")
    assert done.returncode == 0, done.stderr
    text = (desk / "story.html").read_text()
    page = Page(text)
    assert page.open == []
    assert "script" not in page.tags
    assert page.links
    assert all(link.startswith("data:image/svg+xml;base64,") for link in page.links)
    assert len(page.alts) == 2
    assert "CSAT" in page.alts[0]
    assert page.alts[1].startswith("eu: ")
    assert "CSAT, segments inside phone" in text
    assert "Filled: the harm drawn towards that of the whole" in text
    forest = [base64.b64decode(x.rpartition(",")[2]).decode() for x in page.links[5:]]
    assert all("worse than expected" in one for one in forest)
    papers = [{PALETTES[t].paper for t in ("light", "dark") if PALETTES[t].paper in one} for one in forest]
    assert papers == [{PALETTES[t].paper} for t in ("light", "dark", "dark", "light", "light")]
    assert (page.tags.count("h1"), page.tags.count("main"), page.tags.count("header")) == (1, 1, 1)
    assert "default-src 'none'" in text
    assert "&lt;script&gt;" in text
    assert text.count("verdict version 2 · compared with untouched segments") >= 2
    assert len(re.findall(r"<th scope=\"col\"", text)) >= 10
    assert "open on Sundays &lt;b&gt;" in text


def test_an_unknown_change_and_a_file_that_cannot_be_written_are_told(desk):
    assert "expected one of: phone-cut" in cxmon(desk, "change", "show", "nope").stderr
    refused = cxmon(desk, "change", "show", "phone-cut", "--html", "no/such/folder.html")
    assert refused.returncode == 2
    assert "no/such/folder.html" in refused.stderr
