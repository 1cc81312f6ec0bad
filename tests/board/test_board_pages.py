"""The pages' content and logic, without a browser."""

import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import worlds
from opening import opened, text

from cxmon import wording
from cxmon.decisions.drafting import draft
from cxmon.model import (
    Agreement,
    Ahead,
    Announced,
    Code,
    Drafting,
    Early,
    Grade,
    Interval,
    LeadingAnswer,
    Method,
    Opinion,
    Placebo,
    Segment,
    StageHarm,
    TierAnswer,
    Unlike,
)
from cxmon.store import Store
from cxmon.wording import ledger as ledgers
from cxmon.wording import terms
from cxmon.wording.aiming import _SCREEN as AIMS
from cxmon.wording.aiming import SMALLER
from cxmon.wording.screen import CHOSEN, LATELY
from dashboards.text import md

ROOT = Path(__file__).parents[2]
VIEWS = ROOT / "dashboards" / "views"


@pytest.fixture
def page(monkeypatch, seeded_url):
    def on(name, url=seeded_url, **params):
        monkeypatch.setenv("CXMON_STORE_URL", url)
        return opened(name, **params)

    return on


def test_headline_says_what_fell_how_much_and_how_sure(page):
    said = text(page("overview"))
    assert "CSAT fell more than the limit of 1.5 points" in said
    assert "Because of Weekend phone desk closed, CSAT is 3.9 points worse than expected" in said
    assert "compared with untouched segments" in said
    assert "Still open: Churn, up to 30 % worse is still possible" in said


def test_a_card_gives_no_all_clear_while_an_incident_of_its_metric_is_open(page):
    said = [m.value for m in page("overview").markdown if " in full](metric?metric=" in m.value]
    links = ["[1 open incident of First reply, median](incident?incident=watch-reply-chat)" in one for one in said]
    assert links.count(True) == 1


@pytest.mark.parametrize(("name", "params"), [("overview", {}), ("metric", {"metric": "csat"})])
def test_links_that_read_alike_lead_to_one_place(page, name, params):
    """Who hears the links of a page one after the other knows them apart."""
    links = re.findall(r"\[([^\[\]]+)\]\(([^)\s]+)\)", text(page(name, **params)))
    assert sum(words.endswith(" in full") for words, _ in links) > 1
    leads = {}
    for words, to in links:
        leads.setdefault(words, set()).add(to)
    assert {words: to for words, to in leads.items() if len(to) > 1} == {}


def test_the_card_of_a_survey_says_who_answers(page, tmp_path):
    url = f"sqlite:///{tmp_path / 'world.db'}"
    worlds.seed(url)
    with Store.open(url) as store:
        known = store.catalogue.load()
        metrics = tuple(replace(m, response_of="reply") if m.id == "csat" else m for m in known.metrics)
        store.catalogue.save(replace(known, metrics=metrics))
        band = store.bands.get("reply", "{}")
        store.bands.put([replace(band, n=tuple(280.0 if i < 390 else 350.0 for i in range(len(band.n))))])
    assert "response rate 40.0 %, 50.0 % in the 12 weeks before" in text(page("overview", url))
    assert "response rate" not in text(page("overview"))
    # The bars have a rate of their own days: 84 of which 280 were asked, and 7 with 350.
    said = text(page("metric", url, metric="csat"))
    assert "Bars: the 91 complete days to 18 Nov, n 12,740, response rate 49.1 %; short lines" in said
    assert said.count("response rate 40.0 %, 50.0 % in the 12 weeks before") >= 2


def test_the_unusual_and_the_claim_stand_beside_the_headline(page):
    said = text(page("overview"))
    assert "CSAT: in 211 comparable windows without a change, a fall this large never happened" in said
    assert "claimed by Operations, not verified" in said
    assert "Open whether it pays (illustrative): said to save" in said


def test_the_decision_page_names_who_disagrees_and_which_segments_moved(page, tmp_path):
    url = f"sqlite:///{tmp_path / 'world.db'}"
    worlds.seed(url)
    with Store.open(url) as store:
        known = store.verdicts.latest("weekend-desk")
        other = Opinion(
            method=Method.BLOCKS, found=Interval(estimate=0, low=-0.01, high=0.01), agreement=Agreement.ACROSS_LIMIT
        )
        csat = replace(
            known.harms[0], grade=Grade.BEFORE_AFTER, opinions=(other,), controls=("chat",), controls_moved=("email",)
        )
        agreed = replace(known.harms[1], opinions=(replace(other, agreement=Agreement.AGREES),))
        again = replace(known, grade=Grade.BEFORE_AFTER, harms=(csat, agreed), version=known.version + 1)
        change = store.changes.get("weekend-desk").change
        metrics = {m.id: m for m in worlds.METRICS}
        store.verdicts.put(replace(
            again, sentence=wording.sentence(again, change, metrics), story=wording.story(again, change, metrics)
        ))  # fmt: skip
    said = text(page("decision", url=url, change="weekend-desk"))
    assert "compared with untouched segments, but a second method disagrees" in said
    assert "CSAT: a t-test on whole weeks disagrees: it sees 1.0 points better to 1.0 points worse" in said
    assert "with chat; of the untouched segments email moved by itself since then" in said
    assert "another method agrees" in said
    assert said.lower().count("of the untouched segments email moved") == 1


def test_the_unusual_is_that_of_the_metric_that_the_sentence_tells_first(page, tmp_path):
    url = f"sqlite:///{tmp_path / 'world.db'}"
    worlds.seed(url)
    with Store.open(url) as store:
        known = store.verdicts.latest("weekend-desk")
        less = Placebo(as_large=2, windows=237)
        reply = worlds.harm("reply", Code.HARMED, (0.12, 0.11, 0.13), 0.1, "%", placebo=less)
        store.verdicts.put(replace(known, harms=(reply, *known.harms), version=known.version + 1))
    said = text(page("overview", url=url))
    assert "CSAT: in 211 comparable windows" in said
    assert "237" not in said


def test_each_stage_of_a_roll_out_stands_once_under_its_metric(page, tmp_path):
    url = f"sqlite:///{tmp_path / 'world.db'}"
    worlds.seed(url)
    with Store.open(url) as store:
        known = store.verdicts.latest("weekend-desk")
        begun, later = worlds.NOW - timedelta(days=60), worlds.NOW + timedelta(days=20)
        first = StageHarm(
            scope="phone, de", starts=begun, code=Code.SAFE, so_far=Interval(estimate=0, low=-0.01, high=0.01),
            limit=0.015, grade=Grade.CONTROLLED, n_post=57, answers=900.0,
        )  # fmt: skip
        waits = replace(first, scope="phone, fr", starts=later, code=Code.WAITING, reason="not begun yet")
        csat = replace(known.harms[0], stages=(first, waits))
        again = replace(known, harms=(csat, known.harms[1]), version=known.version + 1)
        change, metrics = store.changes.get("weekend-desk").change, {m.id: m for m in worlds.METRICS}
        store.verdicts.put(replace(again, story=wording.story(again, change, metrics)))
    said = text(page("decision", url=url, change="weekend-desk"))
    # The words of the screen, without the code that stands beside them on the terminal.
    assert said.count("phone, de since 23 Sep: Limit held so far, ") == 1
    assert "(safe)" not in said
    assert said.count(":small[phone, fr waits until 12 Dec]") == 1
    assert "Churn: Too early (undecided)" not in said
    assert "It pays while it costs fewer than" in said
    assert "Rests on: a lost customer 600 USD; illustrative, no date" in said


def test_states_that_hold_a_comma_are_listed_with_semicolons():

    verdicts = [worlds.judged(worlds.change("a", "A", 9), code, ()) for code in (Code.UNDECIDED, Code.WORSE)]
    assert ledgers.calm_of(verdicts) == "1 worse, limit still open; 1 too early"


def test_the_decision_page_says_where_and_lists_the_segments(page, tmp_path):
    url = f"sqlite:///{tmp_path / 'world.db'}"
    worlds.seed(url)
    worlds.placed(url, Segment.of(region="eu"))
    app = page("decision", url=url, change="weekend-desk")
    assert "CSAT, where: mostly eu, 4 points worse" in text(app)
    assert "eu: 4 points worse (range 2 to 6), 85 % of the harm with 40 % of the answers; stands out" in text(app)
    assert "CSAT: segments inside the scope" in [x.label.replace("\\", "") for x in app.expander]


def test_a_decision_names_what_cannot_be_separated_by_its_title(page, tmp_path):
    url = f"sqlite:///{tmp_path / 'world.db'}"
    worlds.seed(url)
    with Store.open(url) as store:
        known = store.verdicts.latest("bot")
        both = replace(known.harms[0], code=Code.ENTANGLED, entangled_with=("refunds",))
        store.verdicts.put(replace(known, code=Code.ENTANGLED, harms=(both,), version=known.version + 1))
    said = text(page("decision", url=url, change="bot"))
    assert "Cannot be separated from Refunds auto-approved" in said
    assert "separated from refunds" not in said


def test_card_and_trend_caption_say_the_same_number(page):
    app = page("overview")
    cards = {m.label: m for m in app.metric}
    assert cards["CSAT"].delta.endswith("worse")
    assert f"**{cards['CSAT'].delta}** than expected" in text(app)


def test_card_and_trend_say_on_hover_what_the_figure_means(page):
    app = page("overview")
    (card,) = (m for m in app.metric if m.label == "CSAT")
    assert card.proto.help.startswith("Satisfied answers")
    meant = next(m.proto.help for m in app.markdown if m.proto.help.startswith("Satisfied answers\\."))
    assert all(md(one) in meant for one in (terms.EXPECTED, terms.N, terms.RANGE, terms.LIMIT, terms.SPAN))


def test_a_grey_card_says_the_largest_harm_still_possible(page):
    app = page("overview")
    assert {m.label: m.delta for m in app.metric}["Churn"] == "as expected"
    assert "worse still possible" in text(app)


def test_a_source_that_failed_is_named(page):
    assert "Churn: not collected, billing.db: no such table: subscriptions" in text(page("overview"))


def test_open_incidents_say_where_and_since(page):
    said = text(page("overview"))
    assert "First reply, median, chat" in said
    assert "24 % worse since 23 Oct" in said


def test_a_deep_link_restores_metric_segment_and_range(page):
    app = page("overview", metric="reply", segment=worlds.CHAT.key, range="90d")
    assert app.selectbox(key="segment").value == worlds.CHAT.key
    assert "**First reply, median**, chat" in text(app)


def test_a_link_to_what_does_not_exist_falls_back(page):
    app = page("overview", metric="nonsense", segment="{}]", range="<script>")
    assert "**CSAT**, all customers" in text(app)


def test_a_decision_shows_its_story_and_metrics_and_on_hover_its_hash(page):
    app = page("decision", change="bot")
    said = text(app)
    assert "Chat bot" in said
    assert "up to 3 points worse is still possible" in said
    assert [("Hash" in one.help) for one in app.caption if one.value.startswith("Declared ")] == [True]
    assert "hash" not in said


def test_health_lists_collections(page):
    app = page("health")
    assert len(app.table) == 1


def test_a_missing_store_is_one_sentence(page, tmp_path):
    said = text(page("overview", f"sqlite:///{tmp_path / 'absent.db'}"))
    assert "absent.db" in said
    assert "The store cannot be read" in said
    assert "Waiting for data" not in said


def test_a_store_that_lacks_a_table_is_one_sentence_on_every_page(page, tmp_path):
    url = f"sqlite:///{tmp_path / 'broken.db'}"
    worlds.seed(url)
    with closing(sqlite3.connect(tmp_path / "broken.db")) as raw:
        raw.execute("drop table band")
        raw.commit()
    for name in ("overview", "decision", "health"):
        told = text(page(name, url))
        assert "The store cannot be read" in told
        assert "no such table: band" in told


def test_hostile_names_are_shown_as_text(page, tmp_path):
    url = f"sqlite:///{tmp_path / 'hostile.db'}"
    hostile = "![x](http://evil.example/p.png) <b>**x**</b> $a$ :red[y] `z`"
    worlds.seed(url, phone_title=hostile)
    app = page("overview", url)
    shown = "\n".join(m.value for m in app.markdown)
    assert "![x](http" not in shown
    assert "<b>" not in shown
    assert not any(m.allow_html for m in app.markdown)


def test_the_board_never_imports_statistics():
    pages = (
        "figures trending beside spreading yearly shifting maturing budgets deliveries deeds story viewing uploading"
    )
    names = ", ".join(f"dashboards.{name}" for name in pages.split())
    code = f"import {names}, sys; print([m for m in sys.modules if m in ('statsmodels', 'scipy', 'vl_convert')])"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]"


def test_the_decision_page_tells_the_versions_with_what_was_said_before_and_why(page, tmp_path):
    url = f"sqlite:///{tmp_path / 'world.db'}"
    worlds.seed(url)
    with Store.open(url) as store:
        known = store.verdicts.latest("weekend-desk")
        less = replace(known.harms[0], code=Code.WORSE, n_post=known.harms[0].n_post + 5)
        store.verdicts.put(replace(
            known, version=2, code=Code.WORSE, harms=(less, known.harms[1]), as_of=known.as_of + timedelta(days=5)
        ))  # fmt: skip
    said = text(page("decision", url=url, change="weekend-desk"))
    assert "What was said when" in said
    assert "CSAT turned from “over the limit” to “worse, limit still open”; 5 more days of CSAT are judged" in said
    assert ":gray[Before:] Over the limit  \n" in said
    assert "the first verdict" in said


def test_early_figures_stand_on_the_overview_once_they_were_asked_for(page, tmp_path, seeded_url):
    assert "ran ahead" not in text(page("overview"))
    url = f"sqlite:///{tmp_path / 'world.db'}"
    worlds.seed(url)
    lead = Early(
        metric="csat", lag=2, gain=0.11, low=0.06, high=0.16, p_value=1e-4, falls_first=True, months=20, segments=12,
        named=True,
    )  # fmt: skip
    none = replace(lead, gain=0.001, low=-0.04, high=0.04, p_value=0.4, named=False)
    with Store.open(url) as store:
        store.catalogue.keep_leading(LeadingAnswer(
            late="churn", dimension="tier", as_of=worlds.NOW, figures=("csat",), lags=(2,),
            tiers=(
                TierAnswer(tier="pro", answer=Ahead.NAMED, asked=(lead,)),
                TierAnswer(tier="basic", answer=Ahead.NONE, asked=(none,)),
                TierAnswer(tier="free", answer=Ahead.UNKNOWN, asked=(), reason="9 complete months, 16 are needed"),
            ),
        ))  # fmt: skip
    said = text(page("overview", url=url))
    assert "pro: CSAT fell 2 months before Churn got worse: forecasts missed by 11 % less" in said.replace("*", "")
    assert "basic: None of 1 figure" in said.replace("*", "")
    assert "free: Not known: 9 complete months, 16 are needed" in said.replace("*", "")


def test_drafts_of_feeds_stand_below_what_was_declared_the_nearest_of_them(page, tmp_path):
    url = f"sqlite:///{tmp_path / 'world.db'}"
    worlds.seed(url)
    with Store.open(url) as store:
        rules, before = Drafting(owner="Operations"), len(store.changes.all())
        entries = [Announced(id=f"E-{i}", title=f"Plan {i}", starts=worlds.NOW - timedelta(days=i)) for i in range(20)]
        entries.append(Announced(id="off", title="Called off", starts=worlds.NOW, cancelled=True))
        drafts = [draft(entry, "calendar", rules) for entry in entries]
        store.drafts.bring({d.id: d for d in drafts}, "calendar", now=worlds.NOW, whole=None)
    said = text(page("overview", url=url))
    assert "Draft, nobody has declared it" in said
    assert [f"Plan {i}" in said for i in (0, 11, 12)] == [True, True, False]
    assert "Called off" not in said
    # The numbers of declared decisions are what they were without drafts.
    assert f"**{before + 1} · [Plan 11]" in said
    told = text(page("decision", url=url, change="calendar-E-0"))
    assert "Draft, nobody has declared it" in told
    assert "Came in from calendar" in told


@pytest.mark.parametrize(("name", "params"), [("overview", {}), ("decision", {"change": "weekend-desk"})])
def test_the_words_of_each_verdict_and_of_each_grade_explain_themselves_on_hover(page, name, params):
    app = page(name, **params)
    shown = [words for m in app.markdown for words in re.findall(r"-badge\[:material/\w+: (.*?)\]", m.value)]
    helps = "\n".join(m.proto.help for kind in (app.markdown, app.header) for m in kind)
    grades = [wording.grade(Grade.CONTROLLED)]
    meant = {words: terms.of(words.replace("\\", "")) for words in (*shown, *grades)}
    assert {"Over the limit", *grades} <= meant.keys()
    # An incident's state is explained at its heading.
    assert [words for words, said in meant.items() if words != "Open" and (not said or md(said) not in helps)] == []
    assert md(terms.EXPECTED) in helps
    assert md(terms.RANGE) in helps
    assert (md(terms.STATES) in helps) is (name == "overview")


def test_the_board_has_one_place_that_opens_a_store_to_write():
    opens = {
        (path.name, line.strip())
        for path in (ROOT / "dashboards").rglob("*.py")
        for line in path.read_text().splitlines()
        if re.search(r"\b(Store\.open|Database|create_engine|connect)\(", line) and "read_only=True" not in line
    }
    assert {name for name, _ in opens} == {"session.py"}
    assert len(opens) == 1


def test_no_word_of_a_verdict_is_left_without_a_meaning():
    harms = [worlds.harm("csat", Code.UNDECIDED, (0.0, -0.01, 0.01), 0.015, "pt", unlike=unlike) for unlike in Unlike]
    shown = [wording.screen(what)[0] for what in (*Code, *harms)]
    shown += [LATELY, CHOSEN, SMALLER, *(words for words, _, _ in AIMS.values()), *map(wording.grade, Grade)]
    assert [words for words in shown if not terms.of(words)] == []
    assert terms.of("As expected") == ""
    disputed = terms.of(wording.grade(Grade.DISPUTED))
    assert disputed.endswith("it counts as less sure.")
    assert terms.explained(["Better", "Better", "As expected"]) == f"Better: {terms.of('Better')}"
