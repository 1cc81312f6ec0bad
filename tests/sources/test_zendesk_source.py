"""Zendesk as it is documented: the incremental export with metric sets, and both survey systems."""

from datetime import UTC, datetime, timedelta

import pytest
from source_cases import metric
from vendor_rules import judged
from vendor_stub import PAGE, THROTTLED, Reply, Vendor

from cxmon.aggregate import Page
from cxmon.contracts import Request, Unfit
from cxmon.errors import AccessError, SourceError
from cxmon.model import Kind, Read, Secret, Token, Window
from cxmon.sources import Zendesk

NOW = datetime(2026, 6, 1, tzinfo=UTC)
T0 = int((NOW - timedelta(days=20)).timestamp())


def iso(seconds):
    return datetime.fromtimestamp(T0 + seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def both(calendar, business):
    return {"calendar": calendar, "business": business}


def ticket(i, **more):
    return {
        "id": 100 + i, "created_at": iso(3600 * i), "updated_at": iso(3600 * i + 9000), "status": "solved",
        "generated_timestamp": T0 + 3600 * i + 9060, "via": {"channel": "email"}, "priority": "high",
        "brand_id": 7, "ticket_form_id": 8, "requester_id": 900 + i, "assignee_id": 5, "subject": "Private words",
        "satisfaction_rating": {"score": "good", "id": 1, "comment": "Thank you Ann"},
        "custom_fields": [{"id": 360, "value": "eu"}, {"id": 361, "value": None}],
        "description": "Private words", "tags": ["vip"], "type": "incident",
    } | more  # fmt: skip


def metric_set(i, **more):
    return {
        "ticket_id": 100 + i, "solved_at": iso(3600 * i + 7200), "reopens": i % 2, "replies": 1 + i % 3,
        "reply_time_in_minutes": both(12, 10), "first_resolution_time_in_minutes": both(60, 55),
        "full_resolution_time_in_minutes": both(120, 115), "requester_wait_time_in_minutes": both(30, 29),
        "agent_wait_time_in_minutes": both(20, 19), "on_hold_time_in_minutes": both(0, 0),
    } | more  # fmt: skip


class Account:
    """Refuses what the documentation refuses: a start less than a minute ago, and parameters that it does not name."""

    def __init__(self, tickets, sets=(), inline=False):
        self.tickets, self.sets, self.inline = tickets, {s["ticket_id"]: s for s in sets}, inline
        self.ratings, self.surveys, self.suffix, self.by_ai = [], [], "", []

    def serve(self):
        def cursor(params, _):
            assert params.keys() <= {"start_time", "cursor", "include", "per_page", "support_type_scope"}
            scope = params.get("support_type_scope", "agent")
            held = {"agent": self.tickets, "ai_agent": self.by_ai}[scope]
            assert ("start_time" in params) != ("cursor" in params)
            assert params["include"] == "metric_sets"
            if "start_time" in params and int(params["start_time"]) > NOW.timestamp() - 60:
                return Reply({"error": "StartTimeTooRecent", "description": "Too recent start_time"}, 422)
            at = int(params.get("cursor", "c0")[1:])
            # The second page is empty and yet not the last.
            rows = [] if at == 1 else held[:2] if at == 0 else held[2:] if at == 2 else []
            sets = [self.sets[t["id"]] for t in rows if t["id"] in self.sets]
            if self.inline:
                rows, sets = [t | {"metric_set": self.sets.get(t["id"])} for t in rows], None
            shown = {"tickets": rows, "after_cursor": f"c{at + 1}", "end_of_stream": at >= 2, "before_cursor": None}
            shown["after_url"] = (
                f"https://elsewhere.example.com/api/v2/incremental/tickets/cursor.json?cursor=c{at + 1}"
            )
            return shown | ({} if sets is None else {"metric_sets": sets})

        def listed(name, rows, since, unit):
            def answer(params, _):
                assert params.keys() <= {since, "page[size]", "page[after]"}
                assert params["page[size]"] == "100"
                assert len(params[since]) == {"s": 10, "ms": 13}[unit]
                second = params.get("page[after]") == "more"
                meta = {"has_more": not second, "after_cursor": "end" if second else "more"}
                return {name: rows()[1:] if second else rows()[:1], "meta": meta}

            return answer

        return Vendor(
            **{
                f"api__v2__incremental__tickets__cursor{self.suffix}": cursor,
                "api__v2__satisfaction_ratings": listed(
                    "satisfaction_ratings", lambda: self.ratings, "start_time", "s"
                ),
                "api__v2__guide__survey_responses": listed(
                    "survey_responses", lambda: self.surveys, "filter[created_at_start]", "ms"
                ),
            }
        )


def source(vendor, **more):
    given = {"email": "it@example.com", "token": Token("t0ken"), "base_url": vendor.url, "allow_private": True}
    return Zendesk(**(given | more))


def pull(source_, stream, cursor=None, now=NOW, days=30):
    of = metric(Kind.QUANTILE, read=Read(stream=stream, time="created_at", value="first_reply_min"), source="zendesk")
    window = Window(now - timedelta(days=days), now)
    request = Request(metric=of, window=window, now=now, cursor=cursor, hash_key=Secret("a key of some length"))
    return list(source_.fetch(request))


def columns(batches):
    names = batches[0].upserts.fields
    return {name: [v for b in batches for v in b.upserts.fields[name]] for name in names}


def test_metric_sets_that_do_not_come_are_no_silence_of_agents():
    with (
        Account([ticket(i) for i in range(25)]).serve() as vendor,
        pytest.raises(SourceError, match=r"none of 2\d records has agent_wait_business_min.* and 13 more"),
    ):
        pull(source(vendor), "tickets")


@pytest.mark.parametrize("inline", [False, True])
def test_tickets_come_with_their_metric_sets_past_an_empty_page(inline):
    tickets = [ticket(0), ticket(1, satisfaction_rating={"score": "offered"}), ticket(2, status="new"), ticket(3)]
    tickets[3] = {"id": 103, "status": "deleted"}
    sets = [metric_set(0), metric_set(1), metric_set(2, solved_at=None, reply_time_in_minutes=both(None, None))]
    with Account(tickets, sets, inline).serve() as vendor:
        vendor.faults = [THROTTLED]
        found = pull(source(vendor, custom={"region": "360"}), "tickets")
    assert [b.complete for b in found] == [False, False, True]
    assert [b.deletes for b in found] == [(), (), ("103",)]
    got = columns(found)
    wanted = {
        "created_at": [iso(0), iso(3600), iso(7200)], "solved_at": [iso(7200), iso(10800), None],
        "first_reply_at": [T0 + 720, T0 + 4320, None],
        "first_reply_min": [12, 12, None], "first_reply_business_min": [10, 10, None],
        "first_resolution_min": [60] * 3, "resolution_min": [120] * 3, "resolution_business_min": [115] * 3,
        "requester_wait_min": [30] * 3, "on_hold_min": [0] * 3, "reopens": [0, 1, 0], "reopened": [0, 1, 0],
        "one_touch": [1, 0, None], "satisfied": [1, None, 1], "answered": [1, 0, 1], "channel": ["email"] * 3,
        "priority": ["high"] * 3, "brand": [7] * 3, "region": ["eu"] * 3, "status": ["solved", "solved", "new"],
    }  # fmt: skip
    assert {name: got[name] for name in wanted} == wanted
    for private in ("words", "Ann", "vip", "900"):
        assert private not in str(found)
    assert vendor.seen[0][4]["Authorization"] == "Basic aXRAZXhhbXBsZS5jb20vdG9rZW46dDBrZW4="


def test_the_cursor_is_where_the_next_run_goes_on_and_one_that_has_run_out_is_replaced_by_time():
    account = Account([ticket(i) for i in range(4)], [metric_set(i) for i in range(4)])
    with account.serve() as vendor:
        found = pull(source(vendor), "tickets")
        vendor.seen.clear()
        pull(source(vendor), "tickets", found[-1].cursor)
        assert [s[2].get("cursor") for s in vendor.seen] == ["c3"]
        vendor.seen.clear()
        vendor.faults = [Reply({"error": "InvalidCursor"}, 400)]
        pull(source(vendor), "tickets", found[-1].cursor)
        newest = ticket(3)["generated_timestamp"]
        assert vendor.seen[1][2]["start_time"] == str(newest - 3600)


def test_tickets_of_the_ai_agent_are_a_segment_of_their_own():
    """One that the agent passes on is a ticket of people from then on, whatever list says so first."""
    account = Account([ticket(1), ticket(2)], [metric_set(i) for i in range(1, 6)])
    account.by_ai = [ticket(3), ticket(4), ticket(5)]
    with account.serve() as vendor:
        plain = pull(source(vendor), "tickets")
        assert (columns(plain)["handled"], len(vendor.seen)) == (["people"] * 2, 3)
        vendor.seen.clear()
        both = pull(source(vendor, ai_tickets=True), "tickets")
        assert [name for b in both for name in b.upserts.ids] == ["103", "104", "105", "101", "102"]
        assert columns(both)["handled"] == ["ai"] * 3 + ["people"] * 2
        assert [b.complete for b in both] == [False] * 5 + [True]
        scopes = [params.get("support_type_scope") for _, _, params, *_ in vendor.seen]
        assert scopes == ["ai_agent"] * 3 + [None] * 3
        assert judged("zendesk", vendor.seen)[0] == []
        # Cut short in either list it goes on there; a cursor of people's tickets alone is one of theirs.
        vendor.seen.clear()
        pull(source(vendor, ai_tickets=True), "tickets", both[3].cursor)
        asked = [(p.get("support_type_scope"), p.get("cursor")) for _, _, p, *_ in vendor.seen]
        assert asked == [("ai_agent", "c3"), (None, "c1"), (None, "c2")]
        vendor.seen.clear()
        pull(source(vendor, ai_tickets=True), "tickets", plain[-1].cursor)
        pull(source(vendor), "tickets", both[-1].cursor)
        asked = [(p.get("support_type_scope"), p.get("cursor")) for _, _, p, *_ in vendor.seen]
        assert asked == [("ai_agent", None), ("ai_agent", "c1"), ("ai_agent", "c2"), (None, "c3"), (None, "c3")]


def test_a_host_that_goes_by_the_schema_alone_is_told_the_start_with_every_page():
    """The published schema requires `start_time`; the guide gives it with the first request only."""

    def cursor(params, _):
        if "start_time" not in params:
            missing = {"location": ["query"], "message": "must have required property 'start_time'"}
            return Reply({"title": "Invalid request", "validation": [missing]}, 422)
        at = int(params.get("cursor", "0"))
        return {"tickets": [ticket(at)], "after_cursor": str(at + 1), "end_of_stream": at >= 2}

    with Vendor(api__v2__incremental__tickets__cursor=cursor) as vendor:
        found = pull(source(vendor), "tickets")
        asked = [("start_time" in params, params.get("cursor")) for _, _, params, *_ in vendor.seen]
    assert [b.upserts.ids for b in found] == [["100"], ["101"], ["102"]]
    assert asked == [(True, None), (False, "1"), (True, "1"), (True, "2")]


def test_a_host_that_knows_the_paths_with_json_only_is_asked_for_these():
    account = Account([ticket(i) for i in range(4)])
    account.suffix = ".json"
    with account.serve() as vendor:
        found = pull(source(vendor), "tickets")
        assert [name for b in found for name in b.upserts.ids] == ["100", "101", "102", "103"]
        assert [s[1].endswith(".json") for s in vendor.seen] == [False, True, True, True]


def test_a_first_run_of_the_last_minutes_starts_no_later_than_the_export_allows():
    with Account([]).serve() as vendor:
        assert pull(source(vendor), "tickets", days=0)[-1].complete


def test_the_older_ratings_say_who_was_asked_and_who_answered():
    account = Account([])
    scores = ["good", "bad_with_comment", "offered", "unoffered"]
    account.ratings = [
        {"id": i, "score": s, "created_at": iso(0), "updated_at": iso(60 * i), "ticket_id": 5, "requester_id": 1,
         "comment": "words", "assignee_id": 9}
        for i, s in enumerate(scores)
    ]  # fmt: skip
    with account.serve() as vendor:
        found = pull(source(vendor), "satisfaction_ratings")
        got = columns(found)
        assert (got["satisfied"], got["answered"]) == ([1, 0, None, None], [1, 1, 0, None])
        assert [name for page in found for name in page.upserts.ids] == ["5/0", "5/1", "5/2", "5/3"]
        vendor.seen.clear()
        pull(source(vendor, lookback=timedelta(days=2)), "satisfaction_ratings", found[-1].cursor)
        assert vendor.seen[0][2]["start_time"] == str(T0 + 180 - 2 * 86_400), "ratings change: they are read again"


def test_the_newer_surveys_are_counted_as_zendesk_counts_them():
    def response(i, *answers):
        stamps = {"created_at": iso(i), "updated_at": iso(i + 60)}
        return {"id": f"01J{i}", "survey": {"id": "s1"}, "responder_id": 4, "answers": [a | stamps for a in answers],
                "subject_zrns": ["zen:ticket:99"], "expires_at": iso(99)}  # fmt: skip

    words = {"type": "open_ended", "value": "words"}
    account = Account([])
    account.surveys = [
        response(0, words, {"type": "rating_scale", "rating": 4, "rating_category": "good"}),
        response(1, {"type": "rating_scale", "rating": 3}),
        response(2, {"type": "rating_scale", "rating": 5}),
        response(3, {"type": "skipped"}, words),
    ]
    account.surveys[1] |= {"subject_zrns": ["zen:conversation:4295a81b", "zen:request:98", "zen:ticket:98"]}
    account.surveys[2] |= {"subject_zrns": None, "subjects": [{"id": "97", "type": "ticket", "zrn": "zen:ticket:97"}]}
    account.surveys[3] |= {"subject_zrns": ["zen:conversation:4295a81b"]}
    with account.serve() as vendor:
        found = pull(source(vendor), "survey_responses")
        got = columns(found)
        assert [name for page in found for name in page.upserts.ids] == ["99/01J0", "98/01J1", "97/01J2", "01J3"]
        assert (got["satisfied"], got["rating"]) == ([1, 0, 1, None], [4, 3, 5, None])
        assert got["answered_at"] == [iso(0), iso(1), iso(2), None]
        assert got["survey"] == ["s1"] * 4
        off = Unfit(reason="off the scale of 1 to 3")
        assert columns(pull(source(vendor, scale=3), "survey_responses"))["satisfied"] == [1, 1, off, None]


def test_a_rating_off_the_scale_is_neither_satisfied_nor_unsatisfied():
    rated = [{"rating": rating, "created_at": iso(0), "updated_at": iso(0)} for rating in (5, 1, 9, 0, -1, 1e999)]
    account = Account([])
    account.surveys = [{"id": f"r{i}", "answers": [answer]} for i, answer in enumerate(rated)]
    of = metric(read=Read(stream="survey_responses", time="answered_at", value="satisfied"), dimensions=())
    with account.serve() as vendor:
        pages = [Page(records=b.upserts, now=NOW).counted(of) for b in pull(source(vendor), "survey_responses")]
    assert [v for page in pages for v in page.value.tolist()] == [1, 0]
    assert [r.reason for page in pages for r in page.rejected] == ["satisfied: off the scale of 1 to 5"] * 4


def test_what_passes_costs_an_attempt_only():
    with Account([ticket(i) for i in range(4)]).serve() as vendor:
        vendor.faults = [PAGE, Reply("", 503, Retry_After="0"), None, THROTTLED]
        found = pull(source(vendor), "tickets")
        assert [name for b in found for name in b.upserts.ids] == ["100", "101", "102", "103"]
        assert len(vendor.seen) == 6


@pytest.mark.parametrize(
    ("status", "words", "said"),
    [
        (401, "Couldn't authenticate you", "the credentials were not accepted"),
        (403, "You do not have access to this page", "a scope or a role is missing"),
    ],
)
def test_credentials_that_do_not_suffice_are_told_at_once(status, words, said):
    with Account([]).serve() as vendor:
        vendor.faults = [Reply({"error": words}, status)]
        with pytest.raises(AccessError, match=rf"answered {status} \({words}\): .*{said}") as told:
            pull(source(vendor), "tickets")
        assert len(vendor.seen) == 1
    assert "t0ken" not in str(told.value)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"subdomain": "acme"}, "subdomain: found both or neither"),
        ({"base_url": ""}, "subdomain: found both or neither"),
        ({"base_url": "", "subdomain": "acme.evil.com/"}, "expected the name before .zendesk.com"),
        ({"token": Token("")}, "token: found nothing"),
        ({"custom": {"status": "1"}}, "custom: found status"),
        ({"page_size": 5000}, "page_size: found 5000, expected 1 to 1000"),
    ],
)
def test_options_that_do_not_go_together_are_refused(options, said):
    with pytest.raises(ValueError, match=said):
        Zendesk(**({"token": Token("x"), "base_url": "https://acme.zendesk.com"} | options))


def test_an_account_is_asked_with_an_oauth_token_too_and_a_stream_that_is_not_there_is_told():
    with Account([]).serve() as vendor:
        pull(source(vendor, email=""), "tickets")
        assert vendor.seen[0][4]["Authorization"] == "Bearer t0ken"
        with pytest.raises(SourceError, match="csat: source zendesk has no stream 'calls'"):
            pull(source(vendor), "calls")
    assert {name: len(fields) for name, fields in source(vendor).streams_offered.items()}.keys() == {
        "tickets", "satisfaction_ratings", "survey_responses", "sla_cycles",
    }  # fmt: skip
