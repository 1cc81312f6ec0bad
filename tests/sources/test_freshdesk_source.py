"""Freshdesk as it is documented: tickets with stats and SLA marks, its lists of what is gone, and ratings."""

import itertools
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pytest
from freshdesk_stub import NOW, Account, iso, rating, ticket
from source_cases import metric
from vendor_stub import PAGE, RESET, THROTTLED, Reply

from cxmon.aggregate import Page
from cxmon.config import load
from cxmon.config.loader import parse
from cxmon.contracts import Request, Unfit
from cxmon.errors import AccessError, ConfigError, DriftError, SourceError
from cxmon.model import EVERYONE, Kind, Read, Secret, Token, Window
from cxmon.pipeline.collect import collect
from cxmon.pipeline.probe import probe
from cxmon.pipeline.register import register
from cxmon.sources import Freshdesk
from cxmon.store import Store

START = NOW - timedelta(days=20)


def hours(n):
    return START + timedelta(hours=n)


def source(vendor, **more):
    given = {"api_key": Token("k3y"), "base_url": vendor.url, "allow_private": True}
    return Freshdesk(**(given | more))


def asked(stream="tickets", cursor=None, days=30):
    of = metric(Kind.QUANTILE, read=Read(stream=stream, time="created_at", value="first_reply_min"), source="desk")
    window = Window(NOW - timedelta(days=days), NOW)
    return Request(metric=of, window=window, now=NOW, cursor=cursor, hash_key=Secret("a key of some length"))


def pull(source_, stream="tickets", cursor=None, days=30):
    return list(source_.fetch(asked(stream, cursor, days)))


def columns(batches):
    names = next(b.upserts.fields for b in batches if b.upserts.fields)
    return {name: [v for b in batches for v in b.upserts.fields.get(name, [])] for name in names}


def ids(batches):
    return [name for b in batches for name in b.upserts.ids]


def end(batches):
    return [b.cursor for b in batches if b.cursor is not None][-1]


def test_tickets_come_with_their_stats_and_what_freshdesk_marks():
    tickets = [
        ticket(1, hours(0)),
        ticket(2, hours(1), source=10, status=2, priority=1,
               stats={"first_responded_at": None, "resolved_at": None}),
        ticket(3, hours(2), source=2, status=7, fr_escalated=True, stats={"reopened_at": iso(hours(9))}),
        ticket(4, hours(3), due_by=iso(hours(4)), fr_due_by=None, source=15),
    ]  # fmt: skip
    with Account(tickets).serve() as vendor:
        vendor.faults = [THROTTLED]
        found = pull(source(vendor, custom={"region": "cf_region"}))
    got = columns(found)
    wanted = {
        "created_at": [iso(hours(n)) for n in range(4)], "first_reply_min": [12.0, None, 12.0, 12.0],
        "resolution_min": [120.0, None, 120.0, 120.0], "first_reply_in_time": [1, None, 0, None],
        "resolution_in_time": [1, None, 1, 0], "reopened": [0, None, 1, 0],
        "status": ["resolved", "open", "7", "resolved"], "channel": ["email", "outbound email", "portal", "15"],
        "direction": ["inbound", "outbound", "inbound", "inbound"], "priority": ["high", "low", "high", "high"],
        "kind": ["Refund"] * 4, "region": ["eu"] * 4, "first_reply_due_at": [*(iso(hours(n)) for n in (1, 2, 3)), None],
    }  # fmt: skip
    assert {name: got[name] for name in wanted} == wanted
    for private in ("words", "ann@", "vip", "'77'", "901"):
        assert private not in str(found)
    sent = vendor.seen[-1]
    assert sent[4]["Authorization"] == "Basic azN5Olg="
    assert sent[1:3] == ("/api/v2/tickets", {
        "updated_since": iso(NOW - timedelta(days=30)), "order_by": "updated_at", "order_type": "asc",
        "per_page": "100", "include": "stats",
    })  # fmt: skip


def test_what_was_deleted_or_is_spam_leaves_and_what_came_back_is_there_again():
    account = Account([ticket(n, hours(n)) for n in range(4)])
    with account.serve() as vendor:
        first = pull(source(vendor))
        assert ids(first) == ["0", "1", "2", "3"]
        account.put(1, hours(50), deleted=True)
        account.put(2, hours(51), spam=True)
        again = pull(source(vendor), cursor=end(first))
        assert [b.deletes for b in again if b.deletes] == [("1",), ("2",)]
        assert [b.cursor is None for b in again] == [True, True, False]
        account.put(1, hours(52), deleted=False)
        back = pull(source(vendor), cursor=end(again))
        assert ("1" in ids(back), [b.deletes for b in back if b.deletes]) == (True, [("2",)])
        flagged = [s[2].get("filter") for s in vendor.seen]
    assert flagged == ["deleted", "spam", None] * 3


@pytest.mark.parametrize("strict", [False, True])
def test_a_list_that_ends_after_so_many_pages_is_begun_anew(strict):
    rolls = random.Random(3)
    account = Account([ticket(n, hours(rolls.randrange(40))) for n in range(150)])
    account.strict, account.most_pages = strict, 3
    with account.serve() as vendor:
        found = pull(source(vendor, page_size=10))
        assert set(ids(found)) == {str(n) for n in range(150)}
        assert max(int(s[2].get("page", 1)) for s in vendor.seen) <= 3
        assert (found[-1].complete, [b.complete for b in found].count(True)) == (True, 1)
    # A bulk update: more tickets of one second than Freshdesk gives.
    account = Account([ticket(n, hours(0)) for n in range(50)])
    account.most_pages = 300
    with account.serve() as vendor:
        assert len(set(ids(pull(source(vendor, page_size=10))))) == 50


def test_tickets_that_move_while_the_list_is_read_do_not_slip_between_its_pages():
    account = Account([ticket(n, hours(n)) for n in range(60)])
    moves = iter(range(0, 60, 2))

    def work():
        number = next(moves, None)
        if number is not None:
            account.put(number, hours(100 + number))

    account.between = work
    with account.serve() as vendor:
        found = pull(source(vendor, page_size=5))
    assert set(ids(found)) == {str(n) for n in range(60)}


@pytest.mark.parametrize("seed", range(3))
def test_whatever_agents_do_while_runs_are_cut_short_the_store_holds_what_is_there(seed):
    rolls, clock = random.Random(seed), itertools.count(400)
    account = Account([ticket(n, hours(rolls.randrange(30))) for n in range(40)])
    account.strict = seed == 1

    def work():
        for _ in range(rolls.randrange(3)):
            number, at = rolls.randrange(45), hours(next(clock) / 10)
            if number not in account.tickets:
                account.tickets[number] = ticket(number, at, updated_at=iso(at))
            elif rolls.random() < 0.3:
                account.put(number, at, **{rolls.choice(["deleted", "spam"]): True})
            else:
                account.put(number, at, deleted=False, spam=False, status=rolls.choice([2, 4]))

    held, cursor = {}, None
    with account.serve() as vendor:
        for run in range(9):
            account.between = work if run < 8 else lambda: None
            for batch in source(vendor, page_size=4).fetch(asked(cursor=cursor)):
                found = batch.upserts
                for name, status, changed in zip(found.ids, found.fields["status"], found.changed, strict=True):
                    if held.get(name, ("", 0))[1] <= changed:
                        held[name] = status, changed
                for name in batch.deletes:
                    held.pop(name, None)
                cursor = batch.cursor or cursor
                if run < 8 and rolls.random() < 0.1:
                    break
    there = [t for t in account.tickets.values() if not t.get("deleted") and not t.get("spam")]
    assert {n: s for n, (s, _) in held.items()} == {
        str(t["id"]): {2: "open", 4: "resolved"}[t["status"]] for t in there
    }


def test_a_host_that_does_not_sort_is_read_page_by_page():
    account = Account([ticket(n, hours((n * 37) % 60)) for n in range(60)])
    account.unordered = True
    with account.serve() as vendor:
        assert sorted(ids(pull(source(vendor, page_size=7))), key=int) == [str(n) for n in range(60)]
        assert max(int(s[2].get("page", 1)) for s in vendor.seen) == 9


def test_an_empty_page_with_a_link_to_the_next_one_is_not_the_end():
    """All tickets have one time, so that their list is begun anew there once and then read page by page."""
    account = Account([ticket(n, hours(0)) for n in range(9)], [rating(n, hours(n), 103) for n in range(9)])
    account.empty, nine = True, [str(n) for n in range(9)]
    with account.serve() as vendor:
        found = pull(source(vendor, page_size=4))
        asked = [s[2].get("page", "1") for s in vendor.seen if "filter" not in s[2]]
        assert (ids(found), asked) == (nine[:4] + nine, ["1", "1", "2", "3", "4"])
        vendor.seen.clear()
        found = pull(source(vendor, page_size=4), "satisfaction_ratings")
        assert ids(found) == [f"{n}/{n}" for n in nine]
        assert [s[2].get("page", "1") for s in vendor.seen] == ["1", "2", "3", "4"]
        assert [(len(b.upserts), b.complete) for b in found] == [(4, False), (0, False), (4, False), (1, True)]


def test_a_pull_that_is_cut_short_goes_on_and_one_that_ended_begins_a_little_before():
    account = Account([ticket(n, hours(n)) for n in range(20)])
    with account.serve() as vendor:
        cut = []
        for batch in source(vendor, page_size=5).fetch(asked()):
            cut.append(batch)
            if len(ids(cut)) >= 10:
                break
        rest = pull(source(vendor, page_size=5), cursor=end(cut))
        assert set(ids(cut)) | set(ids(rest)) == {str(n) for n in range(20)}
        assert len(ids(cut)) + len(ids(rest)) < 30
        vendor.seen.clear()
        pull(source(vendor), cursor=end(rest))
        assert vendor.seen[-1][2]["updated_since"] == iso(hours(21) - timedelta(hours=1))
        assert vendor.seen[0][2]["updated_since"] == iso(hours(20) - timedelta(days=7))


def test_ratings_are_counted_as_freshdesk_counts_and_read_again_because_they_change():
    scores = [103, 102, 101, 100, -101, -103, 5, None]
    account = Account(ratings=[rating(n, hours(n), score) for n, score in enumerate(scores)])
    del account.ratings[1]["ratings"]
    account.ratings[1]["rating"] = 102
    with account.serve() as vendor:
        found = pull(source(vendor, page_size=3), "satisfaction_ratings")
        got = columns(found)
        assert [v for v in got["satisfied"] if not isinstance(v, Unfit)] == [1, 1, 1, 0, 0, 0, None]
        assert got["sentiment"][3:5] == ["neutral", "unhappy"]
        assert got["score"][6] == Unfit(reason="a score that is not on the scale from -103 to 103")
        assert "words" not in str(found)
        account.ratings[4] = rating(4, hours(4), 101, updated_at=iso(hours(30)))
        again = pull(source(vendor, lookback=timedelta(days=2)), "satisfaction_ratings", end(found))
        assert vendor.seen[-1][2]["created_since"] == iso(hours(7) - timedelta(days=2))
        assert dict(zip(ids(again), columns(again)["satisfied"], strict=True))["4/4"] == 1


FAULTS = [
    (Reply({"code": "invalid_credentials", "message": "You have to be logged in"}, 401), AccessError,
     r"answered 401 \(You have to be logged in\): the credentials were not accepted"),
    (Reply({"code": "access_denied", "message": "You are not authorized"}, 403), AccessError,
     r"answered 403 \(You are not authorized\): .*a scope or a role is missing"),
    (Reply({}, 429, Retry_After="4000"), SourceError, r"asked to wait 4,000 s, where 900 s are the most"),
    (Reply({"description": "Validation failed", "errors": [{"field": "x", "message": "Unexpected/invalid field"}]},
           400), SourceError, r"answered 400 \(Unexpected/invalid field\)"),
]  # fmt: skip


@pytest.mark.parametrize(("reply", "error", "said"), FAULTS)
def test_what_is_wrong_is_said_once(reply, error, said):
    with Account([ticket(1, hours(0))]).serve() as vendor:
        vendor.faults = [reply]
        with pytest.raises(error, match=said) as told:
            pull(source(vendor))
    assert "k3y" not in str(told.value)


@pytest.mark.parametrize("fault", [THROTTLED, Reply("", 500, Retry_After="0"), RESET, PAGE])
def test_what_passes_costs_an_attempt_only(fault):
    with Account([ticket(1, hours(0))]).serve() as vendor:
        vendor.faults = [fault]
        assert ids(pull(source(vendor))) == ["1"]


def test_stats_that_do_not_come_are_no_silence_of_agents():
    plain = [{k: v for k, v in ticket(n, hours(n)).items() if k != "stats"} for n in range(25)]
    with Account(plain).serve() as vendor, pytest.raises(DriftError, match="none of 25 records has closed_at") as told:
        pull(source(vendor))
    assert told.value.fields == {
        "first_reply_at", "first_reply_min", "first_reply_in_time", "resolved_at", "resolution_min",
        "resolution_in_time", "closed_at", "reopened_at", "reopened",
    }  # fmt: skip


def test_options_that_cannot_be_are_refused():
    key = Token("k")
    assert Freshdesk(api_key=key, domain="acme.freshdesk.com")._base == "https://acme.freshdesk.com"
    assert Freshdesk(api_key=key, base_url="https://proxy.example.com/api/v2/")._base == "https://proxy.example.com"
    for options, said in (
        ({}, "domain: found both or neither"),
        ({"domain": "acme", "base_url": "https://x.example.com"}, "domain: found both or neither"),
        ({"domain": "acme.example.com"}, "domain: found 'acme.example.com', expected the name before .freshdesk.com"),
        ({"base_url": "http://acme.example.com"}, "base_url: found http"),
        ({"domain": "acme", "page_size": 101}, "page_size: found 101"),
        ({"domain": "acme", "custom": {"status": "cf_x"}}, "custom: found status"),
        ({"domain": "acme", "api_key": Token("")}, "api_key: found nothing"),
    ):
        with pytest.raises(ValueError, match=said):
            Freshdesk(**({"api_key": key} | options))


def test_business_minutes_are_made_by_a_calendar_of_the_configuration():
    """As docs/sources/freshdesk.md has it: Freshdesk tells instants only."""
    text = (Path(__file__).parents[2] / "docs/sources/freshdesk.md").read_text(encoding="utf-8")
    (shown,) = [block for block in text.split("```")[1::2] if "calendars:" in block]
    account = 'sources: {helpdesk: {type: freshdesk, domain: acme, api_key: "${KEY}"}}'
    plan = parse(f"{account}\n{shown.removeprefix('yaml')}".encode(), path=Path("cxmon.yaml"), environ={"KEY": "k3y"})
    friday, monday = (datetime.fromisoformat(f"2026-05-{day}+02:00") for day in ("15T17:30", "18T09:10"))
    tickets = [ticket(1, friday, stats={"first_responded_at": iso(monday.astimezone(UTC))}),
               ticket(2, friday, stats={"first_responded_at": None})]  # fmt: skip
    for one in tickets:
        one["created_at"] = iso(friday.astimezone(UTC))
    with Account(tickets).serve() as vendor:
        (found,) = (page for page in pull(source(vendor)) if len(page.upserts))
    of = plan.metrics["first_reply"]
    value = Page(records=found.upserts, now=NOW).counted(of).value.tolist()
    assert (of.unit, value[0], value[1] != value[1]) == ("min", 40, True)


def test_a_ticket_field_that_names_a_person_is_no_dimension_by_another_name():
    config = b"""
sources: {desk: {type: freshdesk, domain: acme, api_key: "${KEY}", custom: {who: cf_agent_name}}}
metrics:
  first_reply:
    {source: desk, kind: quantile, better: lower, matters: 10%, dimensions: [who],
     read: {stream: tickets, time: created_at, value: first_reply_min}}
"""
    with pytest.raises(ConfigError, match=r"dimensions\[0\]: found the person field cf_agent_name"):
        parse(config, path=Path("cxmon.yaml"), environ={"KEY": "k3y"})


def whole(store, of):
    """(answers, total) of a metric over all periods and segments."""
    found = store.panel(of, [EVERYONE])
    return int(found.n.sum()), int(found.total.sum())


def test_what_init_writes_reads_an_account(tmp_path):
    text = files("cxmon.config").joinpath("first-freshdesk.yaml").read_text(encoding="utf-8")
    tickets = [ticket(n, hours(n), source=(1, 7)[n % 2]) for n in range(30)]
    tickets += [ticket(40, hours(3), stats={"first_responded_at": None, "resolved_at": None}),
                ticket(41, hours(3), source=10)]  # fmt: skip
    account = Account(tickets, [rating(n, hours(n), (103, 100, -103)[n % 3]) for n in range(30)])
    with account.serve() as vendor:
        text = text.replace("domain: acme ", f"base_url: {vendor.url}\n    allow_private: true ")
        (tmp_path / "cxmon.yaml").write_text(text + f"\nstore: sqlite:///{tmp_path}/store.db\nas_of: {iso(NOW)}\n")
        plan = load(tmp_path / "cxmon.yaml", environ={"FRESHDESK_API_KEY": "k3y", "CXMON_HASH_KEY": "k" * 16})
        looks = {look.what: look for look in probe(plan, "helpdesk", now=NOW)}
        assert [look.error for look in looks.values()] == ["", ""]
        assert [(m.metric, m.count) for m in looks["stream tickets"].metrics][:2] == [
            ("first_reply", 31),
            ("resolution", 31),
        ]
        assert looks["stream satisfaction_ratings"].records == 30
        with Store.open(plan.store_url) as store:
            register(plan, store, now=NOW)
            assert [c.error for c in collect(plan, store, now=NOW)] == [""] * 5
            counts = {name: whole(store, plan.metrics[name]) for name in ("csat", "first_reply_sla", "reopened")}
            assert counts == {"csat": (30, 10), "first_reply_sla": (30, 30), "reopened": (31, 0)}
            account.put(2, hours(90), deleted=True)
            account.put(3, hours(91), stats=account.tickets[3]["stats"] | {"reopened_at": iso(hours(91))})
            collect(plan, store, now=NOW)
            assert whole(store, plan.metrics["reopened"]) == (30, 1)


def test_what_a_ticket_cannot_be_is_set_aside_with_its_reason():
    tickets = [ticket(n, hours(n)) for n in range(5)]
    tickets[1]["stats"]["first_responded_at"] = iso(hours(0))
    tickets[2] |= {"created_at": "2099-01-01T00:00:00Z", "stats": tickets[2]["stats"] | {"first_responded_at": None}}
    tickets[3]["stats"]["first_responded_at"] = "soon"
    tickets[4]["custom_fields"]["cf_region"] = ["eu", "us"]
    with Account(tickets).serve() as vendor:
        vendor.routes["/api/v2/tickets"] = lambda params, _: [] if "filter" in params else [*tickets, {"id": None}]
        found = pull(source(vendor, custom={"region": "cf_region"}))[-1]
    assert (found.complete, found.upserts.ids) == (True, ["0", "1", "2", "3", "4"])
    assert [(r.where, r.reason) for r in found.rejected] == [("page 1, row 6", "no id")]
    of = metric(
        Kind.QUANTILE,
        read=Read(stream="tickets", time="created_at", value="first_reply_min", censored=True),
        dimensions=("region",),
    )
    page = Page(records=found.upserts, now=NOW)
    assert sorted((r.where, r.reason) for r in page.counted(of).rejected) == [
        ("page 1, row 2", "value: a negative duration"),
        ("page 1, row 3", "created_at: in the future (now is 2026-06-01 00:00 UTC)"),
        ("page 1, row 4", "first_reply_min: no instant in ISO 8601 and no epoch seconds"),
        ("page 1, row 5", "region: a list where a value belongs"),
    ]
    # A metric that does not read what is wrong counts the ticket.
    assert page.counted(replace(of, dimensions=())).row.tolist() == [0, 4]
