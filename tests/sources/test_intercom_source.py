"""Intercom as it is documented: conversations by search, two kinds of ratings, two kinds of minutes, an SLA."""

from datetime import UTC, datetime, timedelta

import pytest
from intercom_stub import Inbox, error
from source_cases import metric
from vendor_stub import BROKEN, PAGE, RESET, Reply

from cxmon.contracts import Meter, Request, Unfit
from cxmon.errors import AccessError, SourceError
from cxmon.model import Kind, Read, Secret, Token, Window
from cxmon.sources import Intercom

NOW = datetime(2026, 6, 1, tzinfo=UTC)
OFF = Unfit(reason="off the scale of 1 to 5")
T0 = int((NOW - timedelta(days=20)).timestamp())


def conversation(i, **more):
    """What the published schema holds, with texts and names in it."""
    begun = T0 + 3600 * i
    statistics = {
        "type": "conversation_statistics", "time_to_admin_reply": 600, "time_to_first_close": 1200,
        "time_to_last_close": 2400, "median_time_to_reply": 300, "time_to_assignment": 60, "handling_time": 900,
        "adjusted_handling_time": 450, "first_contact_reply_at": begun, "first_admin_reply_at": begun + 7200,
        "first_close_at": begun + 10_800, "last_close_at": begun + 14_400, "count_reopens": i % 2,
        "count_assignments": 2, "last_closed_by_id": "c3po", "count_conversation_parts": 9,
    }  # fmt: skip
    return {
        "type": "conversation", "id": str(500 + i), "title": "Private words", "created_at": begun,
        "updated_at": begun + 20_000, "state": "closed", "open": False, "read": True, "priority": "not_priority",
        "source": {"type": "email", "delivered_as": "customer_initiated", "subject": "Private words",
                   "author": {"type": "user", "name": "Ann", "email": "ann@example.com"}},
        "contacts": {"type": "contact.list", "contacts": [{"type": "contact", "id": f"c{i}", "external_id": "70"}]},
        "teammates": {"type": "admin.list", "teammates": [{"type": "admin", "id": "7"}]}, "admin_assignee_id": 7,
        "conversation_rating": {"rating": 5, "remark": "Thank you Ann", "created_at": begun + 15_000,
                                "updated_at": begun + 16_000, "teammate": {"type": "admin", "id": "7"}},
        "custom_attributes": {"Region v1.2": "eu", "Name": "Ann"}, "statistics": statistics,
        "sla_applied": {"type": "conversation_sla_summary", "sla_name": "gold", "sla_status": "hit"},
        "ai_agent_participated": False, "ai_agent": None,
    } | more  # fmt: skip


def fin(state, rating=None, **more):
    return {"ai_agent_participated": True, "ai_agent": {
        "source_type": "workflow", "resolution_state": state, "rating": rating, "rating_remark": "words",
        "created_at": T0 + 500, "updated_at": T0 + 900} | more}  # fmt: skip


def source(vendor, **more):
    return Intercom(**({"token": Token("t0ken"), "base_url": vendor.url, "allow_private": True} | more))


def pull(source_, stream="conversations", cursor=None, now=NOW, days=30, meter=None):
    of = metric(Kind.QUANTILE, read=Read(stream=stream, time="created_at", value="first_reply_min"), source="inbox")
    window = Window(now - timedelta(days=days), now)
    request = Request(
        metric=of, window=window, now=now, cursor=cursor, hash_key=Secret("a key of some length"),
        meter=meter or Meter(),
    )  # fmt: skip
    return list(source_.fetch(request))


def columns(batches, *names):
    found = {name: [v for b in batches for v in b.upserts.fields[name]] for name in batches[0].upserts.fields}
    return found if not names else [found[name] for name in names]


def ids(batches):
    return [name for b in batches for name in b.upserts.ids]


def test_a_conversation_brings_what_is_on_the_list_and_nothing_else():
    inbox = Inbox([conversation(0), conversation(1)])
    with inbox.serve() as vendor:
        found = pull(source(vendor, custom={"region": "Region v1.2"}))
        _, path, params, body, headers = vendor.seen[0]
    got = columns(found)
    wanted = {
        "created_at": T0, "first_contact_at": T0, "first_reply_at": T0 + 7200, "last_close_at": T0 + 14_400,
        "asked_at": T0 + 15_000, "state": "closed", "channel": "email", "started": "customer_initiated",
        "first_reply_min": 120, "first_close_min": 180, "last_close_min": 240,
        "first_reply_office_min": 10, "first_close_office_min": 20, "last_close_office_min": 40,
        "median_reply_office_min": 5, "assignment_min": 1, "handling_min": 15, "adjusted_handling_min": 7.5,
        "reopens": 0, "reopened": 0, "assignments": 2, "rating": 5, "satisfied": 1, "answered": 1,
        "ai_rating": None, "ai_took_part": 0, "contained": None, "handled": "people",
        "sla": "gold", "sla_status": "hit", "sla_met": 1, "sla_open": 0, "region": "eu",
    }  # fmt: skip
    assert {name: got[name][0] for name in wanted} == wanted
    assert got["reopened"] == [0, 1]
    for private in ("words", "Ann", "ann@", "c3po", "'c0'", "teammate"):
        assert private not in str(found)
    assert (path, params) == ("/conversations/search", {})
    assert (headers["Intercom-Version"], headers["Authorization"]) == ("2.15", "Bearer t0ken")
    assert headers["Content-Type"] == "application/json"
    since = int((NOW - timedelta(days=30)).timestamp())
    assert [f["value"] for f in body["query"]["value"]] == [since, since]
    assert body["pagination"] == {"per_page": 150}


def test_pages_go_on_past_an_empty_one_and_equal_times_and_repeats_lose_nothing():
    inbox = Inbox([conversation(i, updated_at=T0 + 50) for i in range(8)])
    inbox.empty = inbox.overlap = True
    with inbox.serve() as vendor:
        found = pull(source(vendor))
        assert sorted(set(ids(found))) == [str(500 + i) for i in range(8)]
        assert [b.complete for b in found] == [False] * (len(found) - 1) + [True]
        assert vendor.seen[1][3]["pagination"] == {"per_page": 150, "starting_after": "p1"}
        # The next run begins at the very second of the newest change, and a conversation of that second is new.
        inbox.put(**conversation(9, updated_at=T0 + 50))
        again = pull(source(vendor, lookback=timedelta(0)), cursor=found[-1].cursor)
        assert "509" in ids(again)


def test_a_link_to_the_next_page_is_taken_for_its_cursor():
    inbox = Inbox([conversation(i) for i in range(7)])
    inbox.links = True
    with inbox.serve() as vendor:
        assert ids(pull(source(vendor))) == [str(500 + i) for i in range(7)]
        asked = [(path, params, body["pagination"].get("starting_after")) for _, path, params, body, _ in vendor.seen]
    assert asked == [("/conversations/search", {}, after) for after in (None, "p1", "p2")]


def test_ratings_of_people_and_of_the_ai_agent_are_records_of_their_own():
    inbox = Inbox(
        [
            conversation(0),
            conversation(1, conversation_rating={"rating": 3, "created_at": T0, "updated_at": T0 + 9})
            | fin("escalated", 4),
            conversation(2, conversation_rating=None, **fin("confirmed_resolution", 2)),
            conversation(3, conversation_rating={"rating": None, "created_at": T0 + 7}),
            conversation(4, conversation_rating=None),
            conversation(5, conversation_rating={"rating": 9, "created_at": T0 + 7}),
        ],
        most=150,
    )  # fmt: skip
    with inbox.serve() as vendor:
        found = pull(source(vendor), "ratings")
    rated, satisfied, answered, at = columns(found, "rated", "satisfied", "answered", "rated_at")
    told = dict(zip(ids(found), zip(rated, satisfied, answered, at, strict=True), strict=True))
    assert told == {
        "people/500": ("people", 1, 1, T0 + 16_000), "ai/500": ("ai", None, None, None),
        "people/501": ("people", 0, 1, T0 + 9), "ai/501": ("ai", 1, 1, T0 + 900),
        "people/502": ("people", None, None, None), "ai/502": ("ai", 0, 1, T0 + 900),
        "people/503": ("people", None, 0, None), "ai/503": ("ai", None, None, None),
        "people/504": ("people", None, None, None), "ai/504": ("ai", None, None, None),
        "people/505": ("people", OFF, OFF, T0 + 7), "ai/505": ("ai", None, None, None),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("more", "contained", "handled"),
    [
        (fin("assumed_resolution"), 1, "both"),
        (fin("confirmed_resolution") | {"statistics": None}, 1, "ai"),
        (fin("escalated") | {"statistics": None}, 0, "both"),
        (fin("procedure_handoff"), 0, "both"),
        (fin("negative_feedback"), 0, "both"),
        (fin(None) | {"statistics": None}, None, "ai"),
        ({}, None, "people"),
    ],
)
def test_what_became_of_the_ai_agents_answers(more, contained, handled):
    with Inbox([conversation(0, **more)]).serve() as vendor:
        assert columns(pull(source(vendor)), "contained", "handled") == [[contained], [handled]]


def test_an_sla_that_is_not_decided_is_open_and_one_that_was_taken_back_is_none():
    states = ["hit", "missed", "active", "cancelled", None]
    held = [conversation(i, sla_applied=None if s is None else {"sla_status": s}) for i, s in enumerate(states)]
    with Inbox(held, most=9).serve() as vendor:
        got = columns(pull(source(vendor)), "sla_met", "sla_open", "sla_met_at_least")
    assert got == [[1, 0, None, None, None], [0, 0, 1, None, None], [1, 0, 0, None, None]]


def test_without_a_reply_it_is_open_and_without_a_message_of_the_customer_it_waits_for_nothing():
    ours = {"type": "email", "delivered_as": "admin_initiated"}
    held = [conversation(0, statistics=None), conversation(1, statistics=None, source=ours)]
    with Inbox(held).serve() as vendor:
        found = pull(source(vendor))
    assert columns(found, "first_contact_at", "first_reply_min", "first_reply_office_min") == [
        [T0, None],
        [None] * 2,
        [None] * 2,
    ]


def test_a_rating_that_changes_is_read_again():
    inbox = Inbox([conversation(i) for i in range(4)])
    with inbox.serve() as vendor:
        found = pull(source(vendor), "ratings")
        inbox.put(id="502", conversation_rating={"rating": 1, "created_at": T0, "updated_at": T0 + 99})
        vendor.seen.clear()
        again = pull(source(vendor, lookback=timedelta(days=5)), "ratings", found[-1].cursor)
        newest = conversation(3)["updated_at"]
        assert vendor.seen[0][3]["query"]["value"][0]["value"] == newest - 5 * 86_400
    assert columns(again, "satisfied")[0][ids(again).index("people/502")] == 0


def test_a_limit_is_waited_out_and_what_is_broken_is_asked_again():
    told = {"type": "error.list", "errors": [{"code": "rate_limit_exceeded"}]}
    again = Reply(told, 429, X_RateLimit_Reset="1780272000.25", Date="Mon, 01 Jun 2026 00:00:00 GMT")
    meter = Meter()
    with Inbox([conversation(i) for i in range(4)]).serve() as vendor:
        vendor.faults = [again]
        assert len(set(ids(pull(source(vendor), meter=meter)))) == 4
        # Until the vendor counts anew, and not the second of other errors.
        assert (meter.throttled, meter.waited_s) == (1, 0.25)
        vendor.faults = [RESET, None, BROKEN]
        assert len(set(ids(pull(source(vendor))))) == 4


@pytest.mark.parametrize(
    ("reply", "kind", "said"),
    [
        (
            error("unauthorized", "Access Token Invalid", 401),
            AccessError,
            "401 .*credentials were not accepted",
        ),
        (
            error("api_plan_restricted", "Active subscription needed.", 403),
            AccessError,
            "403 .*a scope or a role is missing",
        ),
        (error("parameter_invalid", "query is wrong", 400), SourceError, "400 "),
    ],
)
def test_refusals_are_told(reply, kind, said):
    with Inbox([]).serve() as vendor:
        vendor.faults = [reply]
        with pytest.raises(kind, match=f"inbox: page 1 of POST conversations/search: answered {said}"):
            pull(source(vendor))
        assert len(vendor.seen) == 1


def test_a_web_page_in_place_of_an_answer_is_told():
    with Inbox([]).serve() as vendor:
        vendor.faults = [PAGE] * 3
        with pytest.raises(SourceError, match="a web page"):
            pull(source(vendor))


def test_a_cursor_that_has_run_out_is_replaced_by_the_time_it_stood_for():
    inbox = Inbox([conversation(i) for i in range(8)])
    with inbox.serve() as vendor:
        found = pull(source(vendor))
        inbox.expired = True
        inbox.most = 100
        vendor.seen.clear()
        again = pull(source(vendor, lookback=timedelta(0)), cursor=found[1].cursor)
        assert [s[3]["pagination"].get("starting_after") for s in vendor.seen] == ["p2", None]
        assert set(ids(again)) == {str(500 + i) for i in range(5, 8)}


def test_an_order_that_was_not_kept_loses_nothing_when_the_cursor_runs_out():
    """The published schema does not name `sort`, so whoever goes by it alone may list the newest change first."""
    inbox = Inbox([conversation(i) for i in range(8)])
    inbox.newest_first = True
    with inbox.serve() as vendor:
        found = pull(source(vendor))
        assert ids(found)[0] == "507"
        inbox.expired, inbox.most = True, 100
        again = pull(source(vendor, lookback=timedelta(0)), cursor=found[0].cursor)
        assert set(ids(again)) == {str(500 + i) for i in range(8)}


def test_where_the_order_may_not_be_asked_for_it_is_left_out():
    inbox = Inbox([conversation(i) for i in range(8)])
    inbox.unsorted = True
    with inbox.serve() as vendor:
        assert set(ids(pull(source(vendor)))) == {str(500 + i) for i in range(8)}
        assert ["sort" in s[3] for s in vendor.seen] == [True, False, False, False]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"token": Token("")}, "token: found nothing"),
        ({"base_url": "http://api.intercom.io"}, "base_url: found http"),
        ({"version": "Unstable"}, "version: found 'Unstable'"),
        ({"page_size": 200}, "page_size: found 200, expected 1 to 150"),
        ({"custom": {"state": "x"}}, "custom: found state"),
    ],
)
def test_options_that_do_not_go_together_are_refused(options, said):
    with pytest.raises(ValueError, match=said):
        Intercom(**({"token": Token("x")} | options))
