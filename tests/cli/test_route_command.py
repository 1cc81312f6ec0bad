"""Who would hear of it, as its user asks."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cxmon.cli.app import build

CONFIG = """\
zone: UTC
store: sqlite:///store.db
sources: {files: {type: csv, path: answers.csv}}
calendars: {desk: {hours: {monday-friday: 08:00-18:00}}}
mutes: {nights: {outside: desk, except: over_limit}}
metrics:
  csat:
    source: files
    kind: proportion
    better: higher
    matters: 1pt
    dimensions: [channel]
    read: {time: at, value: good}
checks:
  drift: {type: watch}
  floor: {type: threshold, floor: 70%}
channels: {all: {type: console, group_wait: 30min, repeat_interval: 8h}, team: {type: console}, cuts: {type: console}}
views: {phone: {segment: {channel: phone}, channel: team, mute: [nights]}}
routes:
  - {channel: cuts, owners: [Operations]}
  - {channel: [all, cuts], severity: over_limit, group_wait: 5min, group_interval: 1h}
changes:
  - {id: desk, title: Desk closed, category: policy, starts: 2026-03-01, owner: Operations, scope: {channel: phone}}
silences:
  - {id: quiet, metric: csat, segment: {channel: chat}, starts: 2026-03-01, ends: 2026-04-01, by: CX, why: known}
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cxmon.yaml").write_text(CONFIG)

    def call(*arguments):
        done = CliRunner().invoke(build(), ["alerts", "route", *arguments, "-c", "cxmon.yaml"])
        return done.exit_code, done.output

    return call


def test_it_says_where_and_why_and_what_holds_it_back(run):
    code, said = run("--metric", "csat", "--segment", "channel=phone", "--at", "2026-03-04T22:00")
    assert code == 0
    assert said.splitlines()[0] == "csat, phone, worse, found by drift, at Wed 4 Mar 2026, 22:00 UTC"
    assert "Goes to team: view phone sends it to team; waits in team until 2026-03-05 08:00 UTC (nights)." in said
    assert "route 2     to all and cuts: only severity over_limit" in said
    assert "Mutes: team waits until" in said
    # The store is made by the first collection, not by a question.
    assert not Path("store.db").exists()


def test_it_says_how_news_is_told_together_and_again_and_who_says_so(run):
    _, said = run("--metric", "csat", "--severity", "over_limit")
    again = "what is open is told again after 8 h until somebody acknowledges (by the channel)"
    waits = "first news waits 5 min for others (by the route); comes 1 h after the channel's last (by the route)"
    assert f"  Company in all: {waits}; {again}" in said
    assert f"  Company in cuts: {waits}\n" in said
    _, said = run("--metric", "csat")
    assert f"  Company in all: first news waits 30 min for others (by the channel); {again}" in said


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (["--severity", "over_limit"], "Goes to all and cuts"),
        (["--owner", "Operations"], "Goes to cuts"),
        (["--check", "floor"], "Goes to all and cuts"),
        ([], "no route matches, so it goes to the first channel, all"),
        (["--segment", "channel=chat", "--at", "2026-03-04"], "Goes to nobody: silenced until 2026-04-01"),
    ],
)
def test_options_ask_of_other_news(run, asked, answer):
    code, said = run("--metric", "csat", *asked)
    assert code == 0
    assert answer in said


def test_all_is_a_dry_run_of_the_configuration(run):
    code, said = run("--all", "--json")
    assert code == 0
    heard = {(h["about"], h["check"]): h["routed"]["channels"] for h in json.loads(said)}
    assert heard == {
        ("csat", "drift"): ["all"],
        ("csat", "floor"): ["all", "cuts"],
        ("desk", "verdict"): ["cuts", "team"],
        ("files", "source"): ["all"],
    }
    assert "No route fits 2 of 4; the first channel hears them" in run("--all")[1]


def test_wrong_questions_have_clear_answers(run):
    assert "expected either a metric or --all" in run()[1]
    assert "found 'nps'" in run("--metric", "nps")[1]
    assert "found 'shop'" in run("--metric", "csat", "--segment", "shop=a")[1]
    assert "found 'red'" in run("--metric", "csat", "--severity", "red")[1]
