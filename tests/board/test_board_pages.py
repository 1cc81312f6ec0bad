"""The pages' content and logic, without a browser."""

import subprocess
import sys
from pathlib import Path

import pytest
import worlds

from cxmon.store import Store

ROOT = Path(__file__).parents[2]
VIEWS = ROOT / "dashboards" / "views"


@pytest.fixture
def page(monkeypatch, seeded_url):
    from streamlit.testing.v1 import AppTest

    def opened(name, url=seeded_url, **params):
        monkeypatch.setenv("CXMON_STORE_URL", url)
        app = AppTest.from_file(str(VIEWS / f"{name}.py"), default_timeout=60)
        for key, value in params.items():
            app.query_params[key] = value
        app.run()
        assert not app.exception, app.exception
        return app

    return opened


def text(app):
    parts = [m.value for kind in (app.markdown, app.caption, app.title, app.warning) for m in kind]
    return "\n".join(parts).replace("\\", "")


def test_headline_says_what_fell_how_much_and_how_sure(page):
    said = text(page("overview"))
    assert "CSAT fell more than the limit of 1.5 points" in said
    assert "Because of Weekend phone desk closed, CSAT is 3.9 points worse than expected" in said
    assert "compared with untouched segments" in said
    assert "Still open: Churn, up to 30 % worse is still possible" in said


def test_the_unusual_and_the_claim_stand_beside_the_headline(page):
    said = text(page("overview"))
    assert "In 211 comparable windows without a change, a fall this large never happened" in said
    assert "claimed by Operations, not verified" in said


def test_the_decision_page_names_who_disagrees_and_which_segments_moved(page, tmp_path):
    from dataclasses import replace

    from cxmon import wording
    from cxmon.model import Agreement, Grade, Interval, Method, Opinion

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
    assert "with chat; of the untouched segments email moved at the same date" in said
    assert "another method agrees" in said


def test_card_and_trend_caption_say_the_same_number(page):
    app = page("overview")
    cards = {m.label: m for m in app.metric}
    assert cards["CSAT"].delta.endswith("worse")
    assert f"**{cards['CSAT'].delta}** than expected" in text(app)


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


def test_a_decision_shows_its_story_metrics_and_hash(page):
    said = text(page("decision", change="bot"))
    assert "Chat bot" in said
    assert "up to 3.0 points worse is still possible" in said
    assert "hash" in said


def test_health_lists_collections(page):
    app = page("health")
    assert len(app.table) == 1


def test_a_store_without_data_says_what_to_do(page, tmp_path):
    url = f"sqlite:///{tmp_path / 'empty.db'}"
    Store.open(url).close()
    assert "Run `cxmon collect`" in text(page("overview", url))


def test_a_missing_store_is_one_sentence(page, tmp_path):
    said = text(page("overview", f"sqlite:///{tmp_path / 'absent.db'}"))
    assert "absent.db" in said


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
    code = "import dashboards.figures, dashboards.trending, sys; print([m for m in sys.modules if 'statsmodels' in m])"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]"
