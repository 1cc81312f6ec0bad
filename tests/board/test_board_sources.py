"""Sources on the board: what came against the usual, and that a source in trouble looks like nothing else."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
import worlds

from cxmon.contracts import Cells, Observations, Rejected, Window
from cxmon.model import (
    EVERYONE,
    Delivery,
    Finding,
    Health,
    Incident,
    IncidentState,
    Measure,
    Measured,
    Message,
    OutboxRow,
    Pull,
    Receipt,
    Standing,
    State,
    Step,
    Tone,
    Transition,
)
from cxmon.store import Store
from cxmon.wording import terms
from cxmon.wording.source_health import standing_screen

NOW = worlds.NOW
NONE = np.zeros(0, dtype=np.int64)


def measure(standing, value, **more):
    given = {"usual": 480.0, "low": 430.0, "high": 520.0, "weeks": 8}
    return Measure(measured=Measured.RECORDS, standing=standing, value=value, **(given | more))


def pull(part, standing, value, **more):
    health = Health(standing=standing, measures=(measure(standing, value),), held=standing.strange)
    given = {"metrics": ("csat",), "ok": True, "rows": 40, "fresh": 20, "newest": NOW - timedelta(hours=3)}
    return Pull(source="desk", part=part, at=NOW, health=health, **(given | more))


PULLS = (
    pull("tickets", Standing.FEW, 12.0, filled={"score": 5}, offered=4, offerable=8, throttled=7, waited_s=42.0),
    pull("ratings", Standing.USUAL, 470.0, filled={"score": 20}),
)
REASON = (
    "tickets: 12 records came in the 24 hours to Sun 22 Nov 2026, 06:00 UTC; on a usual Sunday 480 (430 to 520 in 8 "
    "earlier weeks)"
)


def queued(outbox):
    """A message that waits, one that cannot arrive, and one that is there."""
    for channel in ("mail", "slack", "tty"):
        told = Message(key=channel, thread="t", title="CSAT fell", text="", tone=Tone.RED, badge="Worse", at=NOW)
        outbox.queue([OutboxRow(key=channel, channel=channel, message=told, state=Delivery.WAITING)], NOW)
    outbox.park("slack", "not_in_channel")
    outbox.sent("tty", Receipt(channel="tty", ref="1"), NOW)


def seed(url):
    worlds.seed(url)
    with Store.open(url) as store:
        for one in PULLS:
            store.pulls.record(one)
            store.pulls.record(
                replace(one, at=NOW - timedelta(hours=1), ok=False, error="503", throttled=0, waited_s=0.0)
            )
        window = Window(since=NOW - timedelta(days=1), until=NOW)
        aside = (Rejected(where="calls.csv:17", reason="value: neither 0 nor 1", value="7"),)
        nothing = Cells(segments=(), segment=NONE, start=NONE, known_at=NONE, n=NONE * 1.0, total=NONE * 1.0)
        figures = Observations(window=window, cells=nothing, rejected=aside)
        store.observations.apply(worlds.METRICS[0], figures, now=NOW)
        queued(store.outbox)
        run = replace(store.runs.latest()["csat"], held=True)
        store.runs.record(run)
        found = Finding(
            check="data", metric="desk", segment=EVERYONE, at=NOW, state=State.BREACH, reason=REASON, since=NOW
        )
        incident = Incident(
            id="data-desk", check="data", subject="desk", root=EVERYONE, members=(EVERYONE,), state=IncidentState.OPEN,
            opened_at=NOW, since=NOW, last_breach_at=NOW, latest=found, worst=found,
        )  # fmt: skip
        opened = Transition(incident=incident.id, step=Step.OPENED, at=NOW, reason="opened")
        store.incidents.commit(
            check="data", subject="desk", seen_through=None, through=NOW, incidents=[incident], transitions=[opened],
            outbox=[], now=NOW,
        )  # fmt: skip


@pytest.fixture
def page(monkeypatch, tmp_path):
    from streamlit.testing.v1 import AppTest
    from test_board_pages import VIEWS

    url = f"sqlite:///{tmp_path / 'world.db'}"
    seed(url)
    monkeypatch.setenv("CXMON_STORE_URL", url)

    def opened(name):
        app = AppTest.from_file(str(VIEWS / f"{name}.py"), default_timeout=120).run()
        assert not app.exception, app.exception
        return app

    return opened


def said(app):
    return "\n".join(m.value for kind in (app.markdown, app.warning, app.header) for m in kind).replace("\\", "")


def test_the_page_on_data_says_what_came_what_lacks_and_what_went_wrong(page):
    app = page("health")
    text = said(app)
    (aside,) = app.dataframe
    assert aside.value.to_numpy().tolist() == [["csat", "calls.csv:17", "value: neither 0 nor 1", "7"]]
    assert "**mail**\n:gray-badge[:material/pending: Waiting]\n1 waiting" in text
    assert "**slack**\n:orange-badge[:material/warning: Not delivered]\n1 not delivered" in text
    assert "CSAT fell: its channel takes nothing until somebody mends it; tried again every ten minutes, not" in text
    assert "**tty**\n:gray-badge[:material/check: All delivered]\n1 sent, newest of Sun 22 Nov 2026" in text
    assert "Sources" in text
    assert ":gray-badge[:material/cloud_off: Far too few]" in text
    assert "figures held back" in text
    assert "12 in 24 h, 480 usual" in text
    assert "newest 3 h old" in text
    assert "score empty in 75 %; survey sent for 50 % of 8" in text
    assert "slowed down 7 times, 42 s waited, 1 of 2 readings failed" in text
    assert REASON in text
    assert ":gray-badge[:material/check: As usual]" in text
    assert "470 in 24 h, 480 usual" in text
    assert "no field is empty" in text


def test_on_the_overview_a_source_in_trouble_looks_like_nothing_else(page):
    text = said(page("overview"))
    assert "Held back: desk brought far fewer data than usual; new figures are not judged" in text
    assert ":gray-badge[:material/cloud_off: Open] **[desk](incident?incident=" in text
    assert ":red-badge[:material/report: Open] **[First reply, median, chat](incident?incident=watch" in text


@pytest.mark.parametrize("standing", Standing)
def test_each_state_of_a_source_explains_itself(standing):
    words, _, _ = standing_screen(pull("tickets", standing, 12.0))
    assert terms.of(words)
