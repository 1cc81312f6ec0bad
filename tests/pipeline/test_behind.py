"""Behind an incident: the vendor's records by id with their addresses, and the reasons that grew, no small group."""

import csv
import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from collect_desk import metric, plan

from cxmon import actions, feeds, wording
from cxmon.checks import Threshold
from cxmon.config.loader import parse
from cxmon.config.plan import CheckPlan
from cxmon.contracts import Facts, Linked, Records
from cxmon.errors import ConfigError
from cxmon.model import (
    EVERYONE,
    Category,
    Change,
    Code,
    Grade,
    Harm,
    Incident,
    IncidentState,
    Interval,
    Kind,
    Read,
    Scope,
    Secret,
    Segment,
    Token,
    Verdict,
)
from cxmon.pipeline.behind import _address, behind
from cxmon.pipeline.check import check
from cxmon.pipeline.collect import collect
from cxmon.pipeline.register import register
from cxmon.sources import Csv, Freshdesk, Intercom, Rest, Sql, Zendesk
from cxmon.sources.rest import RestStream
from cxmon.store import Store

NOW = datetime(2026, 6, 1, tzinfo=UTC)
BAD = NOW - timedelta(days=7)
READ = Read(stream="answers", time="at", value="value")
CSAT = metric("csat", source="desk", read=READ, dimensions=("channel", "reason"), zone="UTC", by=((), ("channel",)))
WAIT = metric(
    "wait", Kind.QUANTILE, source="desk", read=READ, dimensions=("channel",), zone="UTC", better="lower", min_n=1
)
PHONE = Segment.of(channel="phone")
DESK = Rest(
    base_url="https://api.example.com",
    streams={"answers": RestStream(
        path="answers", fields={"at": feeds.Field(path="at")}, ticket_url="https://desk.example.com/t/{id}",
    )},
)  # fmt: skip


def desk(folder, *metrics, **more):
    return plan(folder, list(metrics), sources={"desk": DESK}, **({"minimum_cell": 1} | more))


def answers(days=50, refunds=4, others=6):
    """Answers by phone and chat: in the last week refunds are three times as many, and all of them bad."""
    rows = []
    for d in range(days):
        at, bad = NOW - timedelta(days=days - d), d >= days - 7
        for channel in ("phone", "chat"):
            hit = bad and channel == "phone"
            rows += [
                (f"{channel}-r{d}-{i}", at + timedelta(minutes=i), channel, "refund", 0 if hit else 1)
                for i in range(refunds * 3 if hit else refunds)
            ]
            rows += [
                (f"{channel}-o{d}-{i}", at + timedelta(hours=1, minutes=i), channel, "login", 1) for i in range(others)
            ]
    return rows


def take(store, of, rows):
    ids, at, channel, reason, value = (list(c) for c in zip(*rows, strict=True))
    fields = {"at": [a.isoformat() for a in at], "channel": channel, "reason": reason, "value": value}
    store.facts.begin([of], NOW - timedelta(days=100))
    store.facts.take([of], Facts(upserts=Records(ids=ids, fields=fields), complete=True), now=NOW)
    store.facts.settle(of, now=NOW)


@pytest.fixture
def store(tmp_path):
    with Store.open(f"sqlite:///{tmp_path}/s.db") as opened:
        yield opened


def incident(of=CSAT, root=PHONE, since=BAD):
    return Incident(
        id="i1", check="floor", subject=of.id, root=root, members=(root,), state=IncidentState.OPEN, opened_at=NOW,
        since=since, last_breach_at=NOW - timedelta(days=1),
    )  # fmt: skip


def test_the_bad_records_are_named_with_their_addresses_and_the_reason_that_grew(store, tmp_path):
    take(store, CSAT, answers())
    found = behind(desk(tmp_path, CSAT), store, incident(), now=NOW, most=3)
    assert (found.count, found.all_of_them, found.note) == (84, False, "")
    assert [r.link for r in found.records] == [f"https://desk.example.com/t/phone-r49-{i}" for i in (11, 10, 9)]
    assert [(g.reason, g.count, g.before) for g in found.grown] == [("refund", 84, 28)]
    (grew,) = found.grown
    assert (found.looked_at, round(grew.low, 1), round(grew.high, 1)) == (2, 2.1, 4.2)
    told = wording.behind_lines(found, CSAT, CSAT, "UTC")
    assert told[-2:] == [
        "  refund 84 (usually 28; 2.1 to 4.2 times as often)",
        "The ranges hold with 95 % confidence for both reasons together; no cause is claimed.",
    ]
    few = replace(found, grown=(replace(grew, count=34, low=0.9, high=1.6),))
    assert wording.behind_short(few).endswith(
        "More about: refund 34 (usually 28; may be chance: up to 1.6 times as often)"
    )
    bare = replace(found, grown=(replace(grew, low=float("nan"), high=float("nan")),))
    assert wording.behind_lines(bare, CSAT, CSAT, "UTC")[-2:] == [
        "  refund 84 (usually 28)", "Counts only; no cause is claimed.",
    ]  # fmt: skip
    assert (found.counted_in, found.dimension, found.kept_back) == ("csat", "reason", 0)
    # Where single days are too small to be told, whole weeks are, roughly.
    covered = behind(desk(tmp_path, CSAT, minimum_cell=10), store, incident(), now=NOW, most=3)
    assert [(g.reason, g.count, g.before) for g in covered.grown] == [("refund", 80, 30)]
    # In chat nothing is bad and nothing grew.
    chat = behind(desk(tmp_path, CSAT), store, incident(root=Segment.of(channel="chat")), now=NOW)
    assert (chat.count, chat.records, chat.grown) == (0, (), ())


def test_the_longest_waits_come_first_and_open_ones_before_them(store, tmp_path):
    of = replace(WAIT, read=replace(READ, censored=True))
    rows = [(str(i), BAD + timedelta(hours=i), "phone", "", float(i % 10) if i else None) for i in range(40)]
    take(store, of, [*rows, ("open", BAD + timedelta(hours=9), "phone", "", None)])
    found = behind(desk(tmp_path, of), store, incident(of), now=NOW, most=4)
    assert [r.id for r in found.records] == ["0", "open", "39", "29"]
    assert found.all_of_them
    assert found.counted_in == ""


def test_a_small_group_is_not_listed_and_a_small_reason_not_counted(store, tmp_path):
    rows = answers()
    take(store, CSAT, [*rows, ("few", NOW - timedelta(days=1), "mail", "refund", 0)])
    world = desk(tmp_path, CSAT, minimum_cell=5)
    found = behind(world, store, incident(root=Segment.of(channel="mail")), now=NOW)
    assert (found.records, found.grown, found.note) == ((), (), "too few records to be told")
    assert found.count != found.count
    rare = [("odd", NOW - timedelta(days=1), "phone", "odd", 0)]
    take(store, CSAT, rare)
    found = behind(world, store, incident(), now=NOW)
    assert found.kept_back >= 1
    assert "odd" not in [g.reason for g in found.grown]


def test_deleted_records_are_said_to_be_deleted(store, tmp_path):
    take(store, CSAT, answers())
    world = desk(tmp_path, CSAT, keep_facts=timedelta(days=3))
    store.facts.purge([CSAT], NOW - timedelta(days=3))
    found = behind(world, store, incident(), now=NOW)
    assert found.note == "those before 29 May have been deleted (keep_facts: 3 days)"
    assert found.count == 36
    store.facts.purge([CSAT], NOW)
    found = behind(world, store, incident(), now=NOW)
    assert found.note == "the records of this time have been deleted, as all are after 3 days (keep_facts)"
    assert [g.reason for g in found.grown] == ["refund"]


def test_rows_that_are_only_added_up_have_nothing_behind_them(store, tmp_path):
    of = metric("csat")
    assert "no record is kept" in behind(plan(tmp_path, [of]), store, incident(of), now=NOW).note
    assert behind(plan(tmp_path, [of]), store, replace(incident(of), subject="desk"), now=NOW) is None


ROWS_URL = "https://desk.example.com/t/{id}"


@pytest.mark.parametrize("source", ["files", "desk", "query"])
def test_rows_with_ids_are_read_once_more_and_have_their_addresses(store, tmp_path, source):
    """84 refunds by phone are bad in the last week; whoever has an address for an id is counted and not listed."""
    rows = [(a.isoformat(), c, r, v, i if i != "phone-r49-11" else "ann@example.com") for i, a, c, r, v in answers()]
    with (tmp_path / "calls.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([("at", "channel", "reason", "value", "case_id"), *rows])
    with closing(sqlite3.connect(tmp_path / "desk.db")) as conn, conn:
        conn.execute("CREATE TABLE ratings (at, channel, reason, value, case_id)")
        conn.executemany("INSERT INTO ratings VALUES (?, ?, ?, ?, ?)", rows)
    ids = {"ticket_url": ROWS_URL}
    database = Secret(f"sqlite:///{tmp_path}/desk.db")
    sources = {"files": Csv(path=str(tmp_path / "calls.csv"), **ids), "desk": Sql(url=database, **ids)}
    reads = {"files": {}, "desk": {"table": "ratings"}, "query": {"query": "SELECT * FROM ratings WHERE at >= :since"}}
    name = "desk" if source == "query" else source
    of = replace(CSAT, source=name, read=Read(time="at", value="value", ticket="case_id", **reads[source]))
    world = plan(tmp_path, [of], sources=sources, minimum_cell=1)
    register(world, store, now=NOW)
    assert [c.error for c in collect(world, store, now=NOW)] == [""]
    found = behind(world, store, incident(of), now=NOW, most=3)
    assert (found.count, found.all_of_them, found.note) == (84, False, "")
    assert [r.link for r in found.records] == [f"https://desk.example.com/t/phone-r49-{i}" for i in (10, 9, 8)]
    assert [g.reason for g in found.grown] == ["refund"]
    # A message waits for no source, and small groups are covered as everywhere.
    assert behind(world, store, incident(of), now=NOW, live=False).records == ()
    covered = behind(replace(world, minimum_cell=200), store, incident(of), now=NOW)
    assert (covered.records, covered.note) == ((), "too few records to be told")
    lost, plain = (replace(of, read=replace(of.read, ticket=ticket)) for ticket in ("no_such", ""))
    # The name of that column is in no figure.
    assert of.definition_hash == lost.definition_hash == plain.definition_hash
    for other, said in ((lost, "the rows cannot be read now: "), (plain, "no record is kept")):
        assert said in behind(replace(world, metrics={"csat": other}), store, incident(of), now=NOW).note


def test_rows_have_a_sound_address_and_no_person_for_an_id():
    said = re.escape("ticket_url: found 'ftp://x/{id}', expected an https")
    with pytest.raises(ValueError, match=said):
        Csv(path="calls.csv", ticket_url="ftp://x/{id}")
    with pytest.raises(ValueError, match=said):
        Sql(url=Secret("sqlite://"), ticket_url="ftp://x/{id}")
    config = b"""
sources: {calls: {type: csv, path: calls.csv, ticket_url: "https://desk.example.com/t/{id}"}}
metrics:
  csat: {source: calls, kind: proportion, better: higher, matters: 2pt, read: {time: at, value: v, ticket: agent_id}}
"""
    with pytest.raises(ConfigError, match=r"read\.ticket: found the person field agent_id, expected the id of a case"):
        parse(config, path=Path("cxmon.yaml"), environ={})


def test_behind_a_loss_of_subscriptions_stands_no_single_record(store, tmp_path):
    read = Read(stream="answers", time="at", value="value", known_at="at", churn="start_of_period")
    of = metric("lost", Kind.RATE, source="desk", read=read, dimensions=(), zone="UTC")
    found = behind(desk(tmp_path, of), store, incident(of), now=NOW)
    assert (found.records, found.note) == (
        (), "losses are counted from all states of subscriptions; none stands behind one alone",
    )  # fmt: skip


def test_an_alert_names_them_and_goes_on_naming_them(store, tmp_path):
    take(store, CSAT, answers())
    floor = CheckPlan(name="floor", check=Threshold(floor=0.7), metrics=("csat",))
    world = desk(tmp_path, CSAT, checks=(floor,))
    check(world, store, now=NOW)
    (opened,) = store.incidents.open("floor")
    (row,) = [r for r in store.outbox.rows() if r.message.thread == f"incident:{opened.id}"][-1:]
    told = next(f.text for f in row.message.facts if f.label == "Behind it")
    assert told.startswith(
        f"84 records on the bad side; `cxmon evidence {opened.id}` has the links. More about: refund"
    )
    # Messages are kept for longer than records: none is named in one.
    assert "phone-r" not in repr(row.message)
    actions.acknowledge(store, opened.id, by="Support", now=NOW)
    newest = store.outbox.newest(f"incident:{opened.id}")
    assert all(next(f.text for f in r.message.facts if f.label == "Behind it") == told for r in newest.values())


def test_behind_a_verdict_stands_what_its_change_touches_while_it_is_judged(store, tmp_path):
    take(store, CSAT, answers())
    cut = Change(
        id="cut", title="Phone desk cut", category=Category.COST_CUT, starts=BAD, owner="Operations",
        scope=Scope.of({"channel": "phone"}),
    )  # fmt: skip
    store.changes.put(cut, now=NOW, origin="yaml")
    fall = Interval(estimate=0.6, low=0.5, high=0.7)
    harm = Harm(
        metric="csat", code=Code.HARMED, reason="why", unit="pt", limit=0.015, so_far=fall, now=fall, actual=0.3,
        expected=0.9, grade=Grade.CONTROLLED, p_value=0.01, confidence=0.92, n_pre=40, n_post=7, answers=126.0,
        window_start=BAD, window_end=NOW, scope="phone",
    )  # fmt: skip
    verdict = Verdict(change="cut", as_of=NOW, code=Code.HARMED, grade=Grade.CONTROLLED, harms=(harm,), headline="Fell")
    of = replace(incident(root=EVERYONE), check="verdict", subject="cut")
    found = behind(desk(tmp_path, CSAT), store, of, now=NOW, verdict=verdict)
    assert (found.where, found.count, [g.reason for g in found.grown]) == ("phone", 84, ["refund"])
    assert behind(desk(tmp_path, CSAT), store, of, now=NOW) is None


def test_where_vendors_show_their_records():
    zendesk = Zendesk(token=Token("t"), subdomain="acme")
    assert isinstance(zendesk, Linked)
    assert zendesk.links["tickets"] == "https://acme.zendesk.com/agent/tickets/{id}"
    assert _address(zendesk.links["sla_cycles"], "48211/reply_time/1") == "https://acme.zendesk.com/agent/tickets/48211"
    page = "https://acme.zendesk.com/agent/tickets/208"
    for stream in ("satisfaction_ratings", "survey_responses"):
        assert _address(zendesk.links[stream], "208/7") == page
    assert _address(zendesk.links["satisfaction_ratings"], "35436") == "", "the id of a rating is that of no ticket"
    assert Intercom(token=Token("t")).links == {}
    inbox = Intercom(token=Token("t"), ticket_url="https://app.intercom.com/a/inbox/abc/inbox/conversation/{id}").links
    assert _address(inbox["conversations"], "515") == "https://app.intercom.com/a/inbox/abc/inbox/conversation/515"
    assert _address(inbox["ratings"], "people/515") == _address(inbox["conversations"], "515")
    with pytest.raises(ValueError, match=r"ticket_url: found .https://app\.example\.com/7., expected an https address"):
        Intercom(token=Token("t"), ticket_url="https://app.example.com/7")
    freshdesk = Freshdesk(domain="acme", api_key=Token("x")).links
    assert freshdesk["tickets"] == "https://acme.freshdesk.com/a/tickets/{id}"
    assert _address(freshdesk["satisfaction_ratings"], "432/102") == "https://acme.freshdesk.com/a/tickets/432"
    assert DESK.links == {"answers": "https://desk.example.com/t/{id}"}
    with pytest.raises(ValueError, match="ticket_url: found 'javascript:x', expected an https address"):
        RestStream(path="a", fields={}, ticket_url="javascript:x")
