"""From a list of decisions to a declared change, as its user types it."""

import json

import pytest
from typer.testing import CliRunner

from cxmon.cli.app import build
from cxmon.config import load, parse_change
from cxmon.errors import ActionError, ConfigError
from cxmon.model import Scope, Status

CONFIG = """\
as_of: 2026-11-10
zone: Europe/Berlin
store: sqlite:///store.db
sources: {files: {type: csv, path: answers.csv}}
metrics:
  csat:
    source: files
    kind: proportion
    better: higher
    matters: 1pt
    dimensions: [channel]
    read: {time: at, value: good}
change_feeds:
  list:
    type: csv
    path: plans.csv
    owner: Operations
    scopes: {phone: {channel: phone}}
  calendar: {type: ical, path: none.ics, owner: Operations}
"""
LIST = (
    'id,title,start,labels\nCX-1,"Weekend desk: ""closed"" #1 {a}",2026-11-03,phone\nCX-2,Refunds slower,2026-11-04,\n'
)


@pytest.fixture
def run(tmp_path, monkeypatch):
    (tmp_path / "cxmon.yaml").write_text(CONFIG)
    (tmp_path / "plans.csv").write_text(LIST)
    monkeypatch.chdir(tmp_path)
    app = build()

    def command(*arguments, ends=0):
        done = CliRunner().invoke(app, [*arguments, "-c", "cxmon.yaml"])
        if ends is None:
            raise done.exception
        assert (done.exit_code, done.exception if done.exit_code != ends else None) == (ends, None)
        return done.output

    return command


def test_from_a_list_to_a_declaration(run, tmp_path):
    # The calendar is not there, which is told and stops nothing.
    assert "no file matches" in run("changes", "import", ends=3)
    told = run("changes")
    assert "list-CX-1" in told
    assert "phone" in told
    drafts = json.loads(run("changes", "--json"))
    assert [d["change"]["id"] for d in drafts] == ["list-CX-1", "list-CX-2"]
    assert "2 drafts are not judged" in run("status")
    text = run("change", "adopt", "list-CX-1")
    made = parse_change(text, "-", load(tmp_path / "cxmon.yaml"))
    assert (made.id, made.title, made.scope) == (
        "list-CX-1",
        'Weekend desk: "closed" #1 {a}',
        Scope.of({"channel": "phone"}),
    )
    assert "#   csat: 1pt" in text
    (tmp_path / "desk.yaml").write_text(text.replace("# limits:", "limits:").replace("#   csat", "  csat"))
    assert "list-CX-1: live, hash " in run("change", "add", "--file", "desk.yaml")
    assert "taken over, not judged until it goes live" in run("change", "adopt", "list-CX-2", "--store")
    imported = json.loads(run("changes", "import", "--feed", "list", "--json"))
    assert imported[0]["brought"]["taken_over"] == 2
    assert "draft" in run("change", "list")
    assert Status.LIVE in run("change", "list", "--json")


def test_what_cannot_be_meant_is_said(run, tmp_path):
    run("changes", "import", "--feed", "list")
    with pytest.raises(ActionError, match="the draft x is not known; `cxmon changes` lists the drafts"):
        run("change", "adopt", "x", ends=None)
    with pytest.raises(ConfigError, match="no change feed 'lsit'; there are list, calendar"):
        run("changes", "import", "--feed", "lsit", ends=None)
    (tmp_path / "more.txt").write_text(LIST)
    with pytest.raises(ConfigError, match="name the feed that it is for with --feed"):
        run("changes", "import", "--from", "more.txt", ends=None)
    (tmp_path / "more.csv").write_text(LIST)
    assert "list" in run("changes", "import", "--from", "more.csv")
    with pytest.raises(ConfigError, match="--owner: found an address, expected a role or department"):
        run("changes", "import", "--from", "more.csv", "--owner", "anna@example.com", ends=None)
    with pytest.raises(ConfigError, match=r"found the ending '\.txt', expected one of \.csv, \.ics"):
        run("changes", "import", "--from", "more.txt", "--owner", "Operations", ends=None)
    run("changes", "import", "--from", "more.csv", "--owner", "Operations")
    assert "file-CX-2" in run("changes")
