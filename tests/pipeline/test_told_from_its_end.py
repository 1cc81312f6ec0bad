"""A verdict's or an allowance's end that nobody heard the begin of says so, and what kept it quiet."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from fresh import fresh
from judge_world import csat
from notify_world import plan

from cxmon.alerts.parts import news_key
from cxmon.model import (
    EVERYONE,
    Category,
    Change,
    Code,
    Declared,
    Grade,
    Harm,
    Incident,
    IncidentState,
    Interval,
    Message,
    Silence,
    Step,
    Tone,
    Transition,
    Verdict,
)
from cxmon.pipeline.check_telling import told_from_its_end
from cxmon.pipeline.judge_telling import keep

NOW = datetime(2026, 3, 2, 6, tzinfo=UTC)
INCIDENT = Incident(
    id="i1", check="verdict", subject="cut", root=EVERYONE, members=(EVERYONE,), state=IncidentState.OPEN,
    opened_at=NOW, since=NOW, last_breach_at=NOW,
)  # fmt: skip
KEPT = (
    Step.NOTED,
    "silenced: that it opened was not sent, a silence until 2026-04-01 00:00 UTC by CX (known) covers it",
)
OVER = (Step.NOTED, "silence over: that it opened is told now")
OPENED, WORSENED = (Step.OPENED, "It fell"), (Step.WORSENED, "It fell more")
SEEN = (Step.ACKNOWLEDGED, "acknowledged by CX")

CUT = Change(id="cut", title="Desk closed", category=Category.COST_CUT, starts=NOW, owner="Operations")


def judged(code, estimate, version):
    found = Interval(estimate=estimate, low=estimate - 0.01, high=estimate + 0.01)
    harm = Harm(
        metric="csat", code=code, reason="why", unit="pt", limit=0.015, so_far=found, now=found, actual=0.85,
        expected=0.88, grade=Grade.CONTROLLED, p_value=0.01, confidence=0.92, n_pre=300, n_post=68, answers=9000.0,
        window_start=NOW, window_end=NOW + timedelta(days=68), scope="chat",
    )  # fmt: skip
    at = NOW + timedelta(days=version)
    return Verdict(change="cut", as_of=at, code=code, grade=Grade.CONTROLLED, harms=(harm,), version=version)


def lines(tmp_path, history, step=Step.ENDED):
    with fresh(tmp_path / "store.db") as store:
        for hours, (kind, reason) in enumerate(history):
            at = NOW + timedelta(hours=hours)
            store.incidents.amend(INCIDENT, Transition(incident="i1", step=kind, at=at, reason=reason))
        ended = Message(
            key=news_key("change:cut", step, "2"), thread="change:cut", tone=Tone.GREY, badge="Held", title="Held",
            text="Held", lines=("Before: worse.",),
        )  # fmt: skip
        return told_from_its_end(ended, store, INCIDENT).lines


@pytest.mark.parametrize("history", [[OPENED, KEPT], [OPENED, KEPT, WORSENED, KEPT], [OPENED, KEPT, SEEN]])
def test_where_every_step_was_kept_back_the_end_says_what_kept_it(tmp_path, history):
    why = "Nobody was told while it lasted: a silence until 2026-04-01 00:00 UTC by CX (known) covered it."
    assert lines(tmp_path, history) == (why, "Before: worse.")
    assert lines(tmp_path, [], Step.CORRECTED) == (why, "Before: worse.")


@pytest.mark.parametrize(
    "history", [[OPENED], [OPENED, WORSENED, KEPT], [OPENED, KEPT, OVER], [OPENED, KEPT, WORSENED]]
)
def test_where_one_was_told_it_says_nothing_of_that(tmp_path, history):
    assert lines(tmp_path, history) == ("Before: worse.",)


def test_news_that_is_no_end_is_left_as_it_is(tmp_path):
    assert lines(tmp_path, [OPENED, KEPT], Step.WORSENED) == ("Before: worse.",)


def test_a_verdict_that_a_silence_covered_from_its_begin_ends_in_these_words(tmp_path):
    quiet = Silence(id="q", metric="csat", segment=None, starts=NOW, ends=NOW + timedelta(days=9), by="CX", why="known")
    declared = Declared(change=CUT, declared_at=NOW, origin="yaml")
    worse = judged(Code.HARMED, 0.05, version=1)
    held = judged(Code.SAFE, 0.0, version=2)
    given = replace(plan("http://127.0.0.1:9"), metrics={"csat": csat()})
    with fresh(tmp_path / "store.db") as store:
        store.changes.put_silence(quiet, origin="cli")
        assert keep(given, store, declared, worse, [], now=worse.as_of)
        assert store.outbox.rows() == []
        assert keep(given, store, declared, held, [worse], now=held.as_of)
        (row,) = store.outbox.rows()
    assert row.message.lines[0].startswith("Nobody was told while it lasted: a silence until ")
    assert row.message.lines[0].endswith(" by CX (known) covered it.")
