"""Who may what, and who did, as the keeper of the configuration asks; and what the board refuses to start with."""

import json
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from cxmon.cli.app import build
from cxmon.model import Act, Outcome, Role, Signed
from cxmon.store import Store

CONFIG = """\
store: sqlite:///store.db
sources: {answers: {type: csv, path: answers.csv}}
metrics:
  csat: {source: answers, kind: proportion, better: higher, matters: 2pt, read: {time: day, value: satisfied}}
access:
  editors: [ana@example.com]
  viewers: ["*@example.com"]
  departments: {ana@example.com: CX team}
"""


@pytest.fixture
def run(tmp_path):
    path = tmp_path / "cxmon.yaml"
    path.write_text(CONFIG)
    return lambda *words: CliRunner().invoke(build(), [*words, "-c", str(path)])


def test_everybody_with_their_role(run):
    rows = [line.split() for line in run("access").output.splitlines()]
    assert ["ana@example.com", "editor", "CX", "team"] in rows
    assert ["*@example.com", "viewer"] in rows


def test_one_person_and_what_they_may(run):
    may_do = "viewer: may see the figures, ask for a figure, ask what could be seen, and when, propose a change"
    assert run("access", "bo@example.com").output == f"bo@example.com, {may_do}\n"
    assert "none: sees nothing and may do nothing" in run("access", "eve@evil.net").output
    assert json.loads(run("access", "ana@example.com", "--json").output) == [
        {"who": "ana@example.com", "role": "editor", "department": "CX team"}
    ]


def test_the_trail(run, tmp_path):
    url = f"sqlite:///{tmp_path / 'store.db'}"
    with Store.open(url) as store:
        store.audit.put(Signed(
            subject="desk", act=Act.SIGN, who="ana@example.com", role=Role.EDITOR, by="CX team", why="agreed",
            at=datetime(2026, 11, 27, 9, 30, tzinfo=UTC), origin="board", content="ab12", outcome=Outcome.DONE,
        ))  # fmt: skip
    told = run("access", "--trail").output
    assert "ana@example.com" in told
    assert "sign the limits of a change and put it live (ab12)" in told
    assert "Nobody who is signed in has changed anything yet." in run("access", "--trail", "--about", "bot").output


def test_beyond_loopback_the_board_needs_a_sign_in(run):
    refused = run("board", "--address", "0.0.0.0")
    assert refused.exit_code == 2
    told = " ".join(refused.output.replace("│", " ").split())
    assert "0.0.0.0 is reachable by others and the configuration does not say how people sign in" in told
