"""Exit codes follow one rule (docs/cli.md): how everything stands, whether something works, what cannot be done."""

import json
import re
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from test_noting import AT, CONFIG, desk

from cxmon.actions import accept
from cxmon.cli import Exit, main
from cxmon.model import EVERYONE, Band
from cxmon.store import Store

__all__ = ["desk"]

DOCS = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
SCREEN = ("status", "ask")
LISTS = (
    ["incidents"], ["incidents", "--all"], ["targets"], ["why", "i1"], ["ask", "csat"], ["change", "list"], ["changes"],
    ["alerts", "route", "--metric", "csat"], ["validate"], ["access"],
)  # fmt: skip


@pytest.fixture
def run(desk, monkeypatch, capsys):
    """A command as the shell starts it: how it ends, and what it prints."""
    shown = tuple(0.8 for _ in range(40))
    starts = tuple(int((AT - timedelta(days=40 - i)).timestamp()) for i in range(40))
    with Store.open("sqlite:///store.db") as store:
        store.bands.put([Band(
            metric="csat", key=EVERYONE.key, label="all customers", as_of=AT, value=shown, n=(90.0,) * 40, avg=shown,
            starts=starts, expected=shown, low=(0.7,) * 40, high=(0.9,) * 40, complete=(True,) * 40,
        )])  # fmt: skip

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["cxmon", *words, "-c", "cxmon.yaml"])
        with pytest.raises(SystemExit) as ended:
            main()
        return Exit(ended.value.code or 0), capsys.readouterr()

    return call


def test_how_everything_stands_ends_with_1_while_an_incident_is_open_and_alike_by_any_name(run):
    said = {name: run(name) for name in SCREEN}
    assert {code for code, _ in said.values()} == {Exit.BREACH}
    assert said["status"][1].out == said["ask"][1].out
    documents = [run(name, "--json") for name in SCREEN]
    assert {code for code, _ in documents} == {Exit.BREACH}
    assert [i["id"] for i in json.loads(documents[1][1].out)["incidents"]] == ["i1"]
    with Store.open("sqlite:///store.db") as store:
        accept(store, "i1", by="Operations", why="cheaper", now=AT)
    assert {run(name)[0] for name in SCREEN} == {Exit.OK}


def test_a_list_a_figure_or_a_story_ends_with_0_whatever_it_tells(run):
    assert {" ".join(words): run(*words)[0] for words in LISTS} == {" ".join(words): Exit.OK for words in LISTS}


def test_whether_something_works_ends_with_3_where_it_does_not(run):
    code, said = run("doctor")
    assert (code, "metric csat: never collected" in said.out) == (Exit.SOURCE, True)
    assert run("collect")[0] is Exit.SOURCE


@pytest.mark.parametrize(
    "words",
    [["why", "nobody"], ["ask", "weather"], ["incidents", "--what"], ["alerts", "route", "--metric", "weather"],
     ["ack", "nobody", "--by", "Ops"], ["change", "show", "nothing"], ["collect", "--metric", "weather"]],
)  # fmt: skip
def test_what_cannot_be_done_ends_with_2_and_says_so(run, words):
    code, said = run(*words)
    assert code is Exit.USAGE
    assert said.err
    assert "Traceback" not in said.err


def test_a_mistake_in_the_configuration_and_a_store_that_is_not_there(run):
    Path("cxmon.yaml").write_text(CONFIG.replace("proportion", "portion"), encoding="utf-8")
    assert {run(name)[0] for name in SCREEN} == {Exit.USAGE}
    Path("cxmon.yaml").write_text(CONFIG.replace("store.db", "other.db"), encoding="utf-8")
    assert {run(name)[0] for name in SCREEN} == {Exit.SOURCE}


def test_a_message_that_does_not_go_out_ends_with_4(run, monkeypatch):
    monkeypatch.setenv("HOOK", "0123456789abcdef")
    hook = '{type: webhook, url: "http://127.0.0.1:1/", secret: "${HOOK}", allow_private: true}'
    Path("cxmon.yaml").write_text(f"{CONFIG}channels: {{hook: {hook}}}\n", encoding="utf-8")
    assert run("alerts", "test")[0] is Exit.NOT_DELIVERED


def test_the_page_names_every_code():
    assert [int(code) for code in re.findall(r"^\| (\d) \|", DOCS, re.MULTILINE)] == [int(code) for code in Exit]
