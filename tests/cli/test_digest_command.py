"""`cxmon digest` where nothing has happened yet, and where it is asked for what there is not."""

import json

import pytest
from typer.testing import CliRunner

from cxmon.cli.app import build
from cxmon.errors import ActionError, ConfigError
from cxmon.store import Store

CONFIG = """\
version: 1
title: Northwind Support
store: sqlite:///store.db
as_of: 2026-11-25T12:00
sources: {calls: {type: csv, path: calls.csv}}
metrics:
  abandoned:
    {source: calls, kind: proportion, better: lower, matters: 1pt, read: {time: day, n: calls, total: abandoned}}
digest: {day: monday, at: "08:00", channel: console}
views: {calls: {metrics: [abandoned]}}
"""


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "cxmon.yaml"
    path.write_text(CONFIG)
    Store.open(f"sqlite:///{tmp_path / 'store.db'}").close()
    return path


def run(config, *arguments):
    return CliRunner().invoke(build(), ["digest", *arguments, "--config", str(config)])


def test_nothing_needs_a_decision_and_what_is_not_known_is_said(config):
    done = run(config)
    assert done.output == (
        "The week of Northwind Support · as of Wed 25 Nov 2026, 12:00 UTC, news since 18 Nov\n"
        "Nothing needs a decision\n\n"
        "  What is worse, what is better\n    - Not known: abandoned.\n\n"
        "  How the data came in\n    - Data: 0 metrics collected, 0 rows set aside in the last runs.\n"
    )
    told = json.loads(run(config, "--json").output)
    assert (told["headline"], told["needs"]) == ("Nothing needs a decision", [])


def test_it_is_sent_once_a_week(config):
    done = run(config, "--send")
    assert done.exit_code == 0
    assert "The week of Northwind Support: Nothing needs a decision" in done.output
    assert "late: it was due Mon 23 Nov 2026, 08:00 UTC" in done.output
    assert run(config, "--send").output == "The digest of this week was queued before; nothing is sent twice.\n"


def test_what_there_is_not_is_told(config, tmp_path):
    assert isinstance((found := run(config, "--view", "fax").exception), ActionError)
    assert str(found) == "view 'fax' is not in the configuration; expected one of: calls"
    assert isinstance((found := run(config, "--view", "calls", "--send").exception), ConfigError)
    assert "`views.calls.digest: {day: monday, at: 08:00, channel: ...}` says when and to whom" in str(found)
    done = run(config, "--out", str(tmp_path / "nowhere" / "digest.html"))
    assert (done.exit_code, "there is no such folder" in done.output) == (2, True)
