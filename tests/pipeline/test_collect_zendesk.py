"""Zendesk into the store: cycles of SLA whose events come in any order, and a survey system that goes quiet."""

import itertools
import random
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from collect_desk import NOW, everything, metric, plan
from hypothesis import given, settings
from hypothesis import strategies as st

from cxmon.cli.source_screen import screen
from cxmon.model import Kind, Read, Token
from cxmon.pipeline.check import check
from cxmon.pipeline.collect import collect
from cxmon.pipeline.probe import probe
from cxmon.sources import Zendesk
from cxmon.store import Store, schema

sys.path.insert(0, str(Path(__file__).parents[1] / "sources"))
from vendor_stub import RESET, Reply
from zendesk_stub import Clocks, clock, policy, stamp

H, DAY = 3600, 86_400
T0 = int(NOW.timestamp()) - 40 * DAY
READ = Read(stream="sla_cycles", time="decided_at", value="met")
SLA = metric("sla", source="helpdesk", read=READ, dimensions=("sla_metric",))
UNDECIDED = metric("open", source="helpdesk", read=replace(READ, time="started_at", value="open"), dimensions=())
TARGET = metric("target", Kind.MEAN, source="helpdesk", read=replace(READ, value="target_min"), dimensions=())
CSAT = {
    "satisfaction_ratings": Read(stream="satisfaction_ratings", time="created_at", value="satisfied"),
    "survey_responses": Read(stream="survey_responses", time="answered_at", value="satisfied"),
    "tickets": Read(stream="tickets", time="solved_at", value="satisfied"),
}


def of(vendor, *metrics, folder=Path(), **more):
    helpdesk = Zendesk(email="it@example.com", token=Token("t0ken"), base_url=vendor.url, allow_private=True)
    return plan(folder, list(metrics), sources={"helpdesk": helpdesk}, **({"backfill": timedelta(days=60)} | more))


def cycles(count, seed=1):
    """(events of so many cycles, {(metric, day): (decided, met)} of them)."""
    rng, events, truth = random.Random(seed), [], {}
    for i in range(count):
        name = ("reply_time", "requester_wait_time")[i % 2]
        one, begun, target = clock(i + 1, name), T0 + i * 11 * H, rng.choice([None, 60, 600])
        spent = rng.choice([None, 30 * 60, 5 * H, 3 * DAY])
        events.append(one("activate", begun))
        if target is not None:
            events.append(one("apply_sla", begun, **policy(15)))
            # The target moves, and with it the breach of the first one is withdrawn.
            events += [one("breach", begun + 900, deleted=True), one("apply_sla", begun + 60, **policy(target))]
        due = None if target is None or (spent is not None and spent <= 60 * target) else begun + 60 * target
        if due is not None and due <= NOW.timestamp():
            events.append(one("breach", due))
        if spent is not None:
            events += [one("fulfill", begun + spent), one("update_status", begun + spent)]
        decided = due if due is not None else begun + spent if spent is not None and target is not None else None
        if decided is not None:
            label = "first_reply_time" if name == "reply_time" else name
            key = f'{{"sla_metric": "{label}"}}', DAY * ((decided + 2 * H) // DAY) - 2 * H
            n, met = truth.get(key, (0, 0))
            truth[key] = n + 1, met + int(due is None)
    return events, truth


def before_now(events):
    return [e for e in events if e["time"] < stamp(NOW.timestamp() - 120)]


def test_sla_is_met_of_met_and_breached_cycles_and_open_ones_are_neither(tmp_path, store):
    events, truth = cycles(80)
    clocks = Clocks(before_now(events), now=NOW, size=50)
    with clocks.serve() as vendor:
        done = collect(of(vendor, SLA, UNDECIDED, TARGET), store, now=NOW)
        assert [(c.ok, c.error, c.rejected) for c in done] == [(True, "", 0)] * 3
        assert everything(store, SLA) == truth
        kept = everything(store, SLA, NOW)
        # A breach stays one, a cycle that was met runs again, and one that was open is fulfilled in time.
        met = clock(900, "agent_work_time")
        now = NOW + timedelta(hours=5)
        clocks.put(met("apply_sla", int(NOW.timestamp()), **policy(60)), met("activate", int(NOW.timestamp())))
        clocks.now = now
        collect(of(vendor, SLA, UNDECIDED, TARGET), store, now=now)
        assert everything(store, SLA) == truth
        clocks.put(met("fulfill", int(NOW.timestamp()) + 2 * H))
        collect(of(vendor, SLA, UNDECIDED, TARGET), store, now=now)
        today = DAY * ((int(NOW.timestamp()) + 4 * H) // DAY) - 2 * H
        assert everything(store, SLA) == truth | {('{"sla_metric": "agent_work_time"}', today): (1, 1)}
        # A ticket is deleted, and its events with it.
        clocks.put(*(e | {"deleted": True} for e in clocks.events.values() if e["ticket_id"] == 900))
        collect(of(vendor, SLA, UNDECIDED, TARGET), store, now=now + timedelta(hours=1))
        assert everything(store, SLA) == truth
    assert everything(store, SLA, NOW) == kept, "what was known then stays known"


NUMBER = itertools.count()


@pytest.fixture(scope="module")
def memory():
    with Store.open("sqlite://") as store:
        yield store


@settings(max_examples=4, deadline=None)
@given(
    spans=st.lists(st.integers(0, 45), max_size=2),
    size=st.integers(3, 40),
    faults=st.lists(st.sampled_from([None, RESET, Reply({}, 429, Retry_After="0")]), max_size=2),
    parts=st.integers(1, 3),
    seed=st.integers(0, 99),
)
def test_any_split_any_repetition_any_order_gives_the_same_store(memory, spans, size, faults, parts, seed):
    """Backfills of any reach over pages of any size, from a vendor that writes its events down in any order."""
    events, truth = cycles(18, seed)
    # Pieces are kept by stream, so each example has a source of its own.
    number = next(NUMBER)
    once, often = (replace(SLA, id=f"sla{number}{x}", source=f"helpdesk{number}{x}") for x in "ab")
    shuffled = random.Random(seed).sample(events, len(events))
    with Clocks(events, now=NOW).serve() as vendor:
        assert collect(named(vendor, once), memory, now=NOW)[0].ok
    clocks = Clocks([], now=NOW, size=size)
    with clocks.serve() as vendor:
        vendor.faults = [*faults]
        for part in range(parts):
            clocks.put(*shuffled[part::parts])
            for days in spans:
                collect(named(vendor, often), memory, now=NOW, since=NOW - timedelta(days=days))
        last = collect(named(vendor, often), memory, now=NOW, since=NOW - timedelta(days=46))
        assert last[0].error == ""
    assert everything(memory, often) == everything(memory, once) == truth
    assert pieces(memory, often) == pieces(memory, once)


def named(vendor, one):
    it = of(vendor, one)
    return replace(it, sources={one.source: it.sources["helpdesk"]})


def pieces(store, one):
    with store._db.read() as conn:
        t = schema.piece.c
        return conn.execute(sa.select(t.id, t.state, t.at_utc).where(t.source == one.source).order_by(t.id)).all()


def test_old_pieces_go_with_the_facts_and_the_figures_stay(tmp_path, sqlite_store):
    events, truth = cycles(60)
    with Clocks(before_now(events), now=NOW).serve() as vendor:
        collect(of(vendor, SLA), sqlite_store, now=NOW)
        held = len(pieces(sqlite_store, SLA))
        collect(of(vendor, SLA, keep_facts=timedelta(days=20)), sqlite_store, now=NOW)
    left = pieces(sqlite_store, SLA)
    assert 0 < len(left) < held
    assert min(at for _, _, at in left) >= (NOW - timedelta(days=20)).timestamp()
    assert everything(sqlite_store, SLA) == truth


def rating(i, at):
    return {
        "id": i,
        "score": "good",
        "created_at": stamp(at),
        "updated_at": stamp(at),
        "ticket_id": i,
        "requester_id": 1,
    }


def response(i, at):
    answer = {"type": "rating_scale", "rating": 5, "created_at": stamp(at), "updated_at": stamp(at)}
    return {"id": f"r{i}", "survey": {"id": "s"}, "responder_id": 4, "answers": [answer]}


def ticket(i, at, score):
    return {
        "id": i, "created_at": stamp(at), "updated_at": stamp(at), "generated_timestamp": at, "status": "solved",
        "satisfaction_rating": {"score": score}, "metric_set": {"solved_at": stamp(at)}, "via": {"channel": "email"},
    }  # fmt: skip


def account(stream, until, *, other=True):
    """Answers of a survey system up to some days before NOW, and since then of the other one."""
    clocks = Clocks(now=NOW)
    days = range(40, 0, -1)
    at = {d: int(NOW.timestamp()) - d * DAY for d in days}
    ours, theirs = (
        (clocks.ratings, clocks.responses) if stream != "survey_responses" else (clocks.responses, clocks.ratings)
    )
    make, others = (rating, response) if stream != "survey_responses" else (response, rating)
    ours += [make(d, at[d]) for d in days if d > until]
    theirs += [others(d, at[d]) for d in days if d <= until and other]
    tickets = [ticket(d, at[d], "good" if d > until else "unoffered") for d in days]

    def export(params, _):
        since = int(params.get("start_time", int(NOW.timestamp())))
        return {"tickets": [t for t in tickets if t["generated_timestamp"] >= since], "end_of_stream": True}

    return clocks.serve(api__v2__incremental__tickets__cursor=export)


def test_a_ticket_counts_once_and_as_it_was_last(sqlite_store):
    """A ticket on two pages, one from a clock that is wrong, a rating that changes, and a ticket that is gone."""
    csat = metric("csat", source="helpdesk", read=CSAT["tickets"], dimensions=())
    at = int(NOW.timestamp()) - 5 * DAY
    pages = {
        "": ([ticket(1, at, "good"), ticket(2, at, "bad")], "a"),
        "a": ([], "b"),
        "b": ([ticket(2, at, "bad"), ticket(3, at, "good"), ticket(4, at + 73 * 365 * DAY, "good")], "c"),
        "c": ([ticket(2, at, "good") | {"generated_timestamp": at + H}], "d"),
        "d": ([{"id": 3, "status": "deleted", "updated_at": stamp(at + H), "generated_timestamp": at + H}], "e"),
    }

    def export(params, _):
        rows, after = pages.get(params.get("cursor", ""), ([], "e"))
        return {"tickets": rows, "after_cursor": after, "end_of_stream": after in {"c", "e"}}

    with Clocks(now=NOW).serve(api__v2__incremental__tickets__cursor=export) as vendor:
        for rejected, figures in ((1, [3, 2]), (0, [2, 2])):
            (done,) = collect(of(vendor, csat), sqlite_store, now=NOW)
            assert (done.error, done.rejected) == ("", rejected)
            assert [sum(column) for column in zip(*everything(sqlite_store, csat).values(), strict=True)] == figures


def test_tickets_without_metric_sets_fail_the_metrics_that_read_these_and_no_others(tmp_path, sqlite_store):
    at, sets = int(NOW.timestamp()) - 5 * DAY, []

    def export(_params, _):
        rows = [ticket(i, at, "good") for i in range(25)]
        rows = rows if sets else [{k: v for k, v in row.items() if k != "metric_set"} for row in rows]
        return {"tickets": rows, "after_cursor": "a", "end_of_stream": True}

    made = Read(stream="tickets", time="created_at", value="satisfied")
    csat = metric("csat", source="helpdesk", read=made, dimensions=())
    waits = metric(
        "waits", Kind.QUANTILE, source="helpdesk", read=replace(made, value="requester_wait_min", censored=True)
    )
    reopened = metric("reopened", source="helpdesk", read=replace(made, value="reopened"))
    with Clocks(now=NOW).serve(api__v2__incremental__tickets__cursor=export) as vendor:
        the = of(vendor, waits, csat, reopened, folder=tmp_path)
        for _ in range(2):
            slow, fine, again = collect(the, sqlite_store, now=NOW)
            assert (fine.ok, everything(sqlite_store, csat)) == (True, {("{}", at - at % DAY - 2 * H): (25.0, 25.0)})
            assert (
                "none of 25 records has reopened (metric_set.reopens), requester_wait_min "
                "(metric_set.requester_wait_time_in_minutes.calendar), solved_at (metric_set.solved_at); they have "
            ) in slow.error
            assert (slow.error, slow.written, again.written) == (again.error, 0, 0)
        assert everything(sqlite_store, waits) == {}, "nobody counts as one who still waits"
        [seen] = probe(the, "helpdesk", now=NOW)
        assert [(one.metric, one.count) for one in seen.metrics] == [("csat", 25)]
        assert "none of 25 records has agent_wait_business_min" in seen.error
        assert len(seen.rows) == 10
        assert any(line.endswith("counts all the same: csat 25") for line in screen("helpdesk", [seen]))
        sets.append(1)
        assert [c.error for c in collect(the, sqlite_store, now=NOW)] == [""] * 3
    assert sum(n for n, _ in everything(sqlite_store, waits).values()) == 25


OWN = ["satisfaction_ratings", "survey_responses", "tickets"]
NEWER, OLDER = "{stream: survey_responses, time: answered_at, value: ", "{stream: tickets, time: solved_at, value: "


@pytest.mark.parametrize("stream", OWN)
def test_an_account_that_moves_to_the_other_surveys_is_told_as_a_quiet_source(tmp_path, sqlite_store, stream):
    csat = metric("csat", source="helpdesk", read=CSAT[stream], dimensions=())
    with account(stream, 9) as vendor:
        count = metric(
            "count", Kind.LEVEL, source="helpdesk", read=replace(CSAT["tickets"], value="one"), dimensions=()
        )
        the = of(vendor, csat, count, folder=tmp_path)
        collect(the, sqlite_store, now=NOW - timedelta(days=12))
        before = everything(sqlite_store, csat)
        done, *others = collect(the, sqlite_store, now=NOW)
    assert all(c.ok for c in others), "what reads nothing of surveys has come"
    newer = stream != "survey_responses"
    assert not done.ok
    assert done.error == (
        f"helpdesk: source went quiet: {stream} has had no answer to a survey since 2026-05-25, but "
        f"{'survey_responses' if newer else 'satisfaction_ratings'} has: the account has moved to the "
        f"{'newer' if newer else 'older'} surveys, so let it be read from {NEWER if newer else OLDER}satisfied}}; "
        "this is no change of satisfaction"
    )
    assert all(everything(sqlite_store, csat)[key] == figures for key, figures in before.items()), "nothing is lost"
    check(the, sqlite_store, now=NOW)
    [incident] = sqlite_store.incidents.open()
    assert (incident.check, incident.subject) == ("source", "helpdesk")
    assert "source went quiet" in incident.latest.reason


@pytest.mark.parametrize("stream", OWN)
@pytest.mark.parametrize(("until", "other"), [(0, True), (3, True), (9, False)])
def test_surveys_that_go_on_and_those_that_nobody_answers_at_all_are_no_move(
    tmp_path, sqlite_store, stream, until, other
):
    csat = metric("csat", source="helpdesk", read=CSAT[stream], dimensions=())
    with account(stream, until, other=other) as vendor:
        for _ in range(2):
            assert [c.error for c in collect(of(vendor, csat), sqlite_store, now=NOW)] == [""]


def test_a_host_that_answers_with_what_is_old_is_not_taken_for_the_other_surveys(tmp_path, sqlite_store):
    csat = metric("csat", source="helpdesk", read=CSAT["satisfaction_ratings"], dimensions=())
    with account("satisfaction_ratings", 9) as vendor:
        old = [response(1, int(NOW.timestamp()) - 30 * DAY), response(2, 0) | {"answers": []}]
        vendor.faults = [None, Reply({"survey_responses": old, "meta": {"has_more": False}})]
        assert [c.error for c in collect(of(vendor, csat), sqlite_store, now=NOW)] == [""]


def test_a_role_that_may_not_see_the_other_surveys_is_no_fault_of_these(tmp_path, sqlite_store):
    csat = metric("csat", source="helpdesk", read=CSAT["satisfaction_ratings"], dimensions=())
    with account("satisfaction_ratings", 9) as vendor:
        vendor.faults = [None, Reply({"error": "Forbidden"}, 403)]
        assert [c.error for c in collect(of(vendor, csat), sqlite_store, now=NOW)] == [""]
