"""One number for one thing: what a question is answered with is what the board shows."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import worlds
from test_board_pages import page, text  # noqa: F401 - a fixture.

from cxmon.config.plan import Plan
from cxmon.model import Segment
from cxmon.pipeline.answering import ask
from cxmon.pipeline.asking import Unclear
from cxmon.store import Store
from cxmon.wording.numbers import suffix

PLAN = Plan(path=Path("cxmon.yaml"), store_url="", metrics={m.id: m for m in worlds.METRICS})
CONFIG = """
store: {url}
as_of: 2026-11-22T06:00
sources: {{desk: {{type: csv, path: "*.csv"}}}}
metrics:
  csat: {{source: desk, kind: proportion, better: higher, matters: 1pt, label: CSAT, dimensions: [channel],
         read: {{time: t, value: v}}}}
"""


def answered(url, *said):
    with Store.open(url, read_only=True) as store:
        return ask(PLAN, store, said, now=worlds.NOW)


def test_the_answer_is_what_cards_and_trend_of_the_board_say(page, seeded_url):  # noqa: F811
    shown = page("overview", metric="csat", segment=worlds.PHONE.key)
    facts = facts_of(answered(seeded_url, "csat", "channel=phone"))
    caption = next(line for line in text(shown).splitlines() if line.startswith("**CSAT**, phone: "))
    state, detail = facts["Against expected"].split(", ", 1)
    window, n = facts["Figure"].partition("(")[2].rstrip(")").split(", n ")
    assert f"**{state}** than expected ({window}, {detail}; n {n})" in caption
    cards = {card.label: card for card in shown.metric}
    for metric in worlds.METRICS:
        facts = facts_of(answered(seeded_url, metric.id))
        # A card has a long unit below its figure.
        figure, shown = facts["Figure"].partition(" (")[0], cards[metric.label].value
        assert figure in (shown, shown + suffix(metric))
        assert facts["Against expected"].startswith(cards[metric.label].delta)


def facts_of(found):
    return {f.label: f.text for f in found.message.facts}


def test_what_is_off_says_since_when_over_which_limit_and_what_is_near(seeded_url):
    found = answered(seeded_url, "csat", "phone")
    facts = facts_of(found)
    assert found.message.title == "CSAT, phone: 83.9 %, 4.1 points worse than expected"
    assert (found.message.badge, found.message.tone) == ("Over its limit", "red")
    assert facts["Since"] == "outside that range since 16 Sep (the average of the 7 days to it)"
    assert facts["Over its limit"] == "#2 Weekend phone desk closed, since 15 Sep (limit of #2: 1.5 points)"
    assert facts["Declared near by"].startswith("Weekend phone desk closed (15 Sep, phone)")
    assert found.message.link.endswith("/?metric=csat&segment=%7B%22channel%22%3A%20%22phone%22%7D")
    assert (found.over, found.near, found.incidents) == ("weekend-desk", ("weekend-desk",), ())


def test_an_incident_stands_above_a_newest_average_that_looks_fine(seeded_url):
    found = answered(seeded_url, "reply", "chat")
    assert found.message.title == "First reply, median, chat: 18.4 min, as expected; an incident is open since 23 Oct"
    assert (found.message.badge, found.message.tone) == ("Incident open", "amber")
    assert found.incidents == ("watch-reply-chat",)
    whole = answered(seeded_url, "reply")
    assert (whole.message.badge, whole.incidents) == ("As expected", ("watch-reply-chat",))


def test_a_small_group_is_answered_without_figures(tmp_path):
    url = f"sqlite:///{tmp_path / 'store.db'}"
    tiny = Segment.of(channel="fax")
    nothing = (float("nan"),) * worlds.DAYS
    band = replace(
        worlds.band("csat", worlds.CHAT), key=tiny.key, label="fax", value=nothing, n=nothing, avg=nothing,
        expected=nothing, low=nothing, high=nothing, reason="too few answers to show",
    )  # fmt: skip
    with Store.open(url) as store:
        store.bands.put([band])
    found = answered(url, "csat", "fax")
    said = json.dumps([found.document(), found.message.title, [f.text for f in found.message.facts]], default=str)
    assert found.message.title == "CSAT, fax: not known, too little data"
    assert "too few answers to show" in said
    assert "value" not in found.document()
    assert "%" not in said.replace("%7B", "").replace("%22", "").replace("%3A", "").replace("%20", "").replace(
        "%7D", ""
    )
    assert found.message.picture is None


def test_the_command_answers_in_words_as_json_and_as_a_picture(tmp_path, seeded_url):
    from typer.testing import CliRunner

    from cxmon.cli.app import build

    config = tmp_path / "cxmon.yaml"
    config.write_text(CONFIG.format(url=seeded_url))
    png = tmp_path / "csat.png"

    def run(*arguments):
        return CliRunner().invoke(build(), ["ask", *arguments, "-c", str(config)])

    told = run("csat", "channel=phone", "--picture", str(png))
    assert (told.exit_code, told.stdout.splitlines()[0]) == (
        0, "■ Over its limit: CSAT, phone: 83.9 %, 4.1 points worse than expected",
    )  # fmt: skip
    assert png.read_bytes().startswith(b"\x89PNG")
    found = json.loads(run("csat in phone", "--json").stdout)
    assert (found["state"], found["over_limit_of"], found["n"]) == ("worse", "weekend-desk", 980.0)
    assert found["until"] < worlds.NOW.isoformat() < (worlds.NOW + timedelta(days=1)).isoformat()
    wrong = run("csta")
    assert (wrong.exit_code, wrong.stdout) == (2, "")
    assert wrong.stderr.startswith("There is no metric 'csta'. Did you mean csat?")
    state = run()
    assert "Weekend phone desk closed (weekend-desk): Over the limit (harmed)" in state.stdout


def test_a_series_that_is_gone_meanwhile_is_said_so(seeded_url):
    assert isinstance(answered(seeded_url, "csat", "channel=fax"), Unclear)
