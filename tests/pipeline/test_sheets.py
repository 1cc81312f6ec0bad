"""What the pages show beside the bands: worked out once a day, in round bins, with small groups covered."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from judge_world import World, csat, day, falls, first_reply, plan

from cxmon import actions
from cxmon.checks import Watch
from cxmon.config.plan import CheckPlan
from cxmon.model import (
    Delivery,
    Ending,
    Incident,
    IncidentState,
    Message,
    OutboxRow,
    Segment,
    Step,
    Tone,
    Transition,
)
from cxmon.pipeline.alarms_kept import alarms_kept
from cxmon.pipeline.retrospect import retrospect
from cxmon.pipeline.sheets import between, rounded, sheets
from cxmon.store import Run, Store
from cxmon.store.alarms import alarms, since

NOW = day(121)
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    asked = plan(tmp_path_factory.mktemp("sheets"), [csat(), first_reply()], [])
    with Store.open(asked.store_url) as store:
        for metric in asked.metrics.values():
            World(days=120, answers=40).fill(store, metric)
        yield asked, store


def test_a_sheet_is_made_once_a_day_and_for_this_definition_alone(filled):
    asked, store = filled
    at = NOW + timedelta(days=1)
    assert [s.metric for s in sheets(asked, store, now=at)] == ["csat", "first_reply"]
    assert sheets(asked, store, now=at + timedelta(hours=2)) == []
    other = replace(asked, metrics={"csat": csat(dimensions=("channel",))})
    assert store.catalogue.sheet(other.metrics["csat"]) is None
    kept = store.catalogue.sheet(csat())
    assert (kept.past.looked_at > 0, kept.filling.declared_days, kept.spreads) == (True, 2.0, ())


def test_a_change_that_was_told_stays_told_while_days_are_added(tmp_path):
    """A small fall, which a look without memory tells of on some days and not on others."""
    asked = plan(tmp_path, [csat(by=((), ("channel",)))], [])
    days, plainly = range(254, 302, 8), []
    with Store.open(asked.store_url) as store:
        World(moves={"csat": falls(-0.035)}, seed=8).fill(store, csat())
        for metric in asked.metrics.values():
            plainly = [_of_phone(retrospect(store, metric, now=day(d))) for d in days]
            assert plainly[0]
            assert not all(plainly)
            for d in days:
                [sheet] = sheets(asked, store, now=day(d))
                [shift] = _of_phone(sheet.past)
                assert shift.began[0] <= day(200) <= shift.began[1]
                # The command says what the page says, and of an earlier day nothing that was told later.
                assert _of_phone(retrospect(store, metric, now=day(d))) == [shift]
            assert [_of_phone(retrospect(store, metric, now=day(d))) for d in days][:-1] == plainly[:-1]


def _of_phone(past):
    return [s for s in past.found if s.segment == Segment.of(channel="phone")]


def test_cases_lie_in_round_bins_whose_shares_tell_of_no_small_group(filled):
    asked, store = filled
    sheets(asked, store, now=NOW)
    whole = next(s for s in store.catalogue.sheet(first_reply()).spreads if s.segment == Segment())
    assert sum(whole.shares) == pytest.approx(1)
    assert len(whole.shares) == len(whole.edges) + 1 == len(whole.before)
    assert whole.n % asked.minimum_cell == 0
    counts = np.array(whole.shares) * whole.n
    assert np.allclose(counts, np.rint(counts / asked.minimum_cell) * asked.minimum_cell)
    # The world's durations are exp(2.5 + noise of 0.6): half are done within about 12 minutes.
    assert dict(whole.points)[0.5] == pytest.approx(np.exp(2.5), rel=0.1)
    few = World(days=120, answers=1)
    with Store.open(f"{asked.store_url}.few") as thin:
        few.fill(thin, first_reply())
        assert sheets(replace(asked, minimum_cell=50), thin, now=NOW)[1].spreads == ()


@given(st.floats(1e-3, 1e6), st.floats(1.01, 1e4))
def test_edges_are_round_few_and_inside(low, times):
    edges = between(low, low * times)
    assert len(edges) <= 24
    assert all(low <= edge <= low * times for edge in edges)
    assert edges == sorted(set(edges))
    assert all(len(f"{edge:.10g}".replace(".", "").strip("0")) <= 2 for edge in edges)


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=9), st.integers(1, 50))
def test_rounded_counts_are_multiples_and_no_further_than_half_a_group(counts, least):
    found = rounded(np.array(counts, float), least)
    assert (np.abs(found - counts) <= least / 2).all()
    assert (found % least == 0).all()


def incident(name, opened, **more):
    given = {
        "id": name, "check": "drift", "subject": "csat", "root": Segment.of(channel=name), "members": (),
        "state": IncidentState.OPEN, "opened_at": opened, "since": opened, "last_breach_at": opened,
    }  # fmt: skip
    return Incident(**(given | more))


def row(one):
    message = Message(
        key=f"{one.thread}|opened|1", thread=one.thread, tone=Tone.AMBER, badge="b", title="t", text="t", lines=(),
        facts=(), footer="f", at=one.opened_at,
    )  # fmt: skip
    return OutboxRow(key=f"{message.key}|slack", channel="slack", message=message, state=Delivery.SENT)


def test_of_what_was_told_it_is_known_what_was_taken_up_and_what_went_by_itself(tmp_path):
    checks = (CheckPlan(name="drift", metrics=("csat",), check=Watch()),)
    asked = plan(tmp_path, [csat()], [], checks=checks, alarm_budget=2.0)
    ended = {"state": IncidentState.ENDED, "ended_at": NOW}
    found = [
        incident("a", NOW, acknowledged_by="Support"),
        incident("b", NOW, **ended, ending=Ending.RECOVERED),
        incident("c", NOW, **ended, ending=Ending.ACCEPTED),
        incident("d", NOW),
        incident("e", NOW, state=IncidentState.PENDING),
        incident("f", NOW, check="verdict"),
        incident("g", day(10), **ended, ending=Ending.RECOVERED),
        incident("h", NOW - 2 * HOUR, acknowledged_by="Support"),
        incident("i", NOW - 2 * HOUR, check="floor"),
        incident("silent", NOW),
    ]
    with Store.open(asked.store_url) as store:
        store.runs.record(Run(metric="csat", source="desk", started_at=day(0), finished_at=day(0), ok=True))
        for one in found:
            opening = Transition(incident=one.id, step=Step.OPENED, at=one.opened_at, reason="x")
            store.incidents.amend(one, opening, [] if one.id == "silent" else [row(one)])
        kept = alarms_kept(asked, store, now=NOW)
        assert [(q.told, q.taken_up, q.gone, q.marked) for q in kept.quarters] == [(5, 3, 1, 0), (1, 0, 1, 0)]
        # People mark what was taken up, what went by itself, what another check found: each counts once.
        for id_ in ("h", "i", "g"):
            actions.mark_not_real(store, id_, by="Support", why="test calls", now=NOW)
        kept = alarms(store, now=NOW)
        assert [(q.told, q.taken_up, q.gone, q.marked) for q in kept.quarters] == [(5, 2, 1, 1), (1, 0, 0, 1)]
        assert (kept.quarters[0].others, kept.quarters[0].others_marked) == (1, 1)
        lately = since(store, kept, NOW - 3 * HOUR, now=NOW)
        assert (lately.told, lately.marked, lately.marked_late) == (5, 1, 1)
