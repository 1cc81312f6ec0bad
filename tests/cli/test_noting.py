"""assign, note and leave-out do what the buttons do."""

from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from cxmon.cli.app import build
from cxmon.model import EVERYONE, Finding, Incident, IncidentState, State, Step, Transition
from cxmon.store import Store

CONFIG = """
zone: Europe/Berlin
store: sqlite:///store.db
sources: {files: {type: csv, path: a.csv}}
metrics:
  csat: {source: files, kind: proportion, better: higher, matters: 1pt, read: {time: at, value: good}}
"""
AT = datetime(2026, 3, 28, 23, tzinfo=UTC)


@pytest.fixture
def desk(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cxmon.yaml").write_text(CONFIG)
    finding = Finding(check="drift", metric="csat", segment=EVERYONE, at=AT, state=State.BREACH, reason="x", value=0.7,
                      expected=0.8, since=AT)  # fmt: skip
    incident = Incident(
        id="i1", check="drift", subject="csat", root=EVERYONE, members=(EVERYONE,), state=IncidentState.OPEN,
        opened_at=AT, since=AT, last_breach_at=AT, worst=finding, latest=finding,
    )  # fmt: skip
    with Store.open("sqlite:///store.db") as store:
        store.incidents.amend(incident, Transition(incident="i1", step=Step.OPENED, at=AT, reason="opened"))
    return tmp_path


def test_an_alert_is_marked_as_not_real_and_the_mark_taken_back(desk):
    why = ("--why", "test calls")
    assert ran("not-real", "i1", *why).output.startswith("Marked as not real by Operations: the incident has ended.")
    with Store.open("sqlite:///store.db") as store:
        assert store.incidents.get("i1").not_real.why == "test calls"
    assert ran("not-real", "i1", *why).output == "Already marked as not real by Operations: nothing was changed.\n"
    back = ran("not-real", "i1", *why, "--take-back").output
    assert back == "The mark is taken back: the incident is open again.\n"
    assert ran("not-real", "i1", *why, "--take-back").output == "It is not marked as not real: nothing was changed.\n"
    assert ran("not-real", "other", *why).exit_code != 0


def ran(*words):
    return CliRunner().invoke(build(), [*words, "--by", "Operations", "-c", "cxmon.yaml"])


def test_assign_note_and_leave_out_are_kept_in_the_incidents_history(desk):
    assert ran("assign", "i1", "--to", "Planning").output == "Planning sees to it.\n"
    assert ran("note", "i1", "vendor called").output == "Noted.\n"
    left = ran("leave-out", "i1", "--first", "2026-03-29", "--last", "2026-03-29", "--why", "flood")
    assert "the incident ends by itself" in left.output
    with Store.open("sqlite:///store.db") as store:
        (found,) = store.left_out.all()
        steps = [t.step for t in store.incidents.history("i1")]
    # The day on which the clocks go forward has 23 hours.
    assert (found.since, found.until - found.since) == (AT, (datetime(2026, 3, 29, 22, tzinfo=UTC) - AT))
    assert steps == [Step.OPENED, Step.ASSIGNED, Step.REMARKED, Step.LEFT_OUT]
