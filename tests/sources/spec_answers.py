"""Each vendor as somebody would imitate it who has only the published reference, in three tempers.

`least`: what a record cannot be counted without, and nothing else. `nulls`: all that may be null is. `more`: fields and
words that nobody knows today, ids as texts and instants written in the other form. `end` is the way in which lists end,
of those that are documented.
"""

import base64
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from vendor_stub import Reply

NOW = datetime(2026, 6, 1, tzinfo=UTC)
T0 = NOW - timedelta(days=20)
COUNT = 26  # More than the number of records from which a missing field is told.
SIZE = 10
TEMPERS = ("least", "nulls", "more")


class Imitation(NamedTuple):
    """`routes` as `Vendor` takes them, and how many records each metric counts."""

    routes: Mapping[str, Callable[..., Any]]
    counts: Mapping[str, int]


def hours(i: float) -> datetime:
    return T0 + timedelta(hours=i)


def iso(i: float) -> str:
    return hours(i).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(i: float) -> int:
    return int(hours(i).timestamp())


def stranger(temper: str, record: dict[str, Any]) -> dict[str, Any]:
    """With what a later version of an API may bring."""
    return record | {"brand_new": {"nested": [1, {"deep": None}]}, "$odd key": "words"} if temper == "more" else record


def page(rows: list[Any], at: int) -> tuple[list[Any], bool]:
    return rows[at : at + SIZE], at + SIZE < len(rows)


def zendesk(temper: str, end: int) -> Imitation:
    other = temper == "more"
    when: Callable[[float], Any] = seconds if other else iso

    def ticket(i: int) -> dict[str, Any]:
        spent = {"calendar": 30 + i, "business": 20 + i}
        solved = i % 2 == 0
        times = {f"{name}_in_minutes": spent for name in ("reply_time", "full_resolution_time")}
        held: dict[str, Any] = {"id": str(i) if other else i, "status": "solved" if solved else "open",
                                "created_at": when(i), "updated_at": when(i + 9)}  # fmt: skip
        sets: dict[str, Any] = times | ({"solved_at": when(i + 9), "reopens": 0, "replies": 1} if solved else {})
        if solved:
            held["satisfaction_rating"] = {"score": "good"}
        if temper == "nulls":
            names = ("assignee_id", "brand_id", "priority", "type", "requester_id", "ticket_form_id", "subject", "via")
            held = (
                dict.fromkeys(names) | {"satisfaction_rating": None, "custom_fields": [{"id": 1, "value": None}]} | held
            )
            sets = {"solved_at": None, "reopens": None, "replies": None, "on_hold_time_in_minutes": None,
                    "agent_wait_time_in_minutes": {"calendar": None, "business": None}} | sets  # fmt: skip
        if other:
            held |= {"via": {"channel": "hologram"}, "priority": "cosmic"}
            held |= {} if solved else {"satisfaction_rating": {"score": "superb"}}
        return stranger(temper, held | {"metric_set": stranger(temper, sets)})

    def tickets(params: Mapping[str, str], _: Any) -> Any:
        at = int(params.get("cursor", "c0")[1:])
        rows, more = page([ticket(i) for i in range(COUNT)], at)
        if more:
            return stranger(temper, {"tickets": rows, "after_cursor": f"c{at + SIZE}", "end_of_stream": False})
        last = ({"after_cursor": f"c{COUNT}"}, {"after_cursor": None}, {})[end % 3]
        return {"tickets": rows, "end_of_stream": True} | last

    def events(params: Mapping[str, str], _: Any) -> Any:
        def event(i: int, kind: str, at: float, **more: Any) -> dict[str, Any]:
            return {"id": 10 * i + len(kind), "ticket_id": i, "metric": "reply_time", "instance_id": 1, "type": kind,
                    "time": when(at)} | more  # fmt: skip

        found = []
        for i in range(COUNT):
            sla = {"target": 60, "business_hours": False, "policy": {"id": 1, "title": "Gold"}}
            sla = {"target": 60} if temper == "least" else sla
            found += [event(i, "apply_sla", i, sla=sla), event(i, "fulfill", i + 0.5)]
            found += [event(i, "levitate", i + 0.6)] if other else []
        since = int(params["start_time"])
        rows = [e for e in found if seconds(0) + 3600 * (e["ticket_id"] + 1) > since]
        ways = ({"end_of_stream": True}, {"next_page": None}, {"next_page": "x", "end_time": since}, {})
        return {"ticket_metric_events": rows, "count": len(rows)} | ways[end % 4]

    def ratings(_: Any, __: Any) -> Any:
        return {"satisfaction_ratings": []} | ({}, {"meta": {"has_more": False, "after_cursor": None}})[end % 2]

    def surveys(_: Any, __: Any) -> Any:
        return {"survey_responses": []} | ({}, {"meta": {"has_more": False}})[end % 2]

    routes = {
        "api__v2__incremental__tickets__cursor": tickets, "api__v2__incremental__ticket_metric_events": events,
        "api__v2__satisfaction_ratings": ratings, "api__v2__guide__survey_responses": surveys,
    }  # fmt: skip
    counts = {"csat": 13, "first_reply": COUNT, "resolution": COUNT, "reopened": 13, "sla": COUNT}
    return Imitation(routes, counts)


def intercom(temper: str, end: int) -> Imitation:
    other = temper == "more"
    when: Callable[[float], Any] = iso if other else seconds

    def conversation(i: int) -> dict[str, Any]:
        held: dict[str, Any] = {
            "id": i if other else str(i), "created_at": when(i), "updated_at": when(i + 9), "state": "closed",
            "source": {"delivered_as": "customer_initiated"},
        }  # fmt: skip
        if i % 2 == 0:
            held |= {
                "conversation_rating": {"rating": 5},
                "sla_applied": {"sla_status": "hit"},
                "statistics": {"first_admin_reply_at": when(i + 1), "last_close_at": when(i + 2), "count_reopens": 0},
            }
        if temper == "nulls":
            names = (
                "title",
                "waiting_since",
                "snoozed_until",
                "admin_assignee_id",
                "team_assignee_id",
                "sla_applied",
                "statistics",
                "conversation_rating",
                "teammates",
                "first_contact_reply",
                "company",
                "ai_agent",
            )
            held = dict.fromkeys(names) | {"contacts": {"contacts": []}, "custom_attributes": {}} | held
            if i % 2 == 0:
                held["statistics"] |= {"adjusted_handling_time": None, "time_to_admin_reply": None}
                held["sla_applied"] |= {"sla_name": None}
            if i == 1:
                held["ai_agent"] = dict.fromkeys(("rating", "created_at", "updated_at", "resolution_state"))
        if other:
            held |= {"priority": "cosmic", "ai_agent_participated": True, "ai_agent": {"resolution_state": "pondering"}}
            held["source"] |= {"type": "hologram"}
        return stranger(temper, held)

    def search(_: Any, body: Mapping[str, Any]) -> Any:
        at = int(body["pagination"].get("starting_after", "p0")[1:])
        since = min(f["value"] for f in body["query"]["value"])
        rows, more = page([conversation(i) for i in range(COUNT) if seconds(i + 9) >= since], at)
        if more:
            return {"conversations": rows, "pages": {"next": {"page": 2, "starting_after": f"p{at + SIZE}"}}}
        ways = ({"pages": {"type": "pages", "page": 3}}, {"pages": {"next": None}}, {"pages": None}, {},
                {"pages": {"next": {"per_page": 150, "starting_after": None}}})  # fmt: skip
        return {"conversations": rows} | ways[end % 5]

    counts = {"csat": 13, "sla": 13, "reopened": 13, "contained": 0, "ai_csat": 0}
    counts["first_reply"] = 13 if other else COUNT
    return Imitation({"conversations__search": search}, counts)


def freshdesk(temper: str, end: int) -> Imitation:
    other = temper == "more"
    when: Callable[[float], Any] = seconds if other else iso

    def ticket(i: int) -> dict[str, Any]:
        stats: dict[str, Any] = {"resolved_at": when(i + 5), "first_responded_at": when(i + 1)} if i % 2 == 0 else {}
        held: dict[str, Any] = {"id": str(i) if other else i, "created_at": when(i), "updated_at": when(i + 9),
                                "status": 4, "fr_due_by": when(i + 2)}  # fmt: skip
        if temper == "nulls":
            names = ("type", "product_id", "responder_id", "group_id", "company_id", "source", "priority", "due_by")
            moments = ("closed_at", "reopened_at", "pending_since", "resolved_at", "first_responded_at")
            held, stats = dict.fromkeys(names) | {"custom_fields": None} | held, dict.fromkeys(moments) | stats
        if other:
            held |= {"source": 99, "status": 42, "priority": 9, "deleted": False, "spam": False}
        return stranger(temper, held | {"stats": stats})

    def tickets(params: Mapping[str, str], _: Any) -> Any:
        since = datetime.fromisoformat(params["updated_since"])
        rows = [] if "filter" in params else [ticket(i) for i in range(COUNT) if hours(i + 9) >= since]
        number, size = int(params.get("page", 1)), int(params["per_page"])
        return rows[(number - 1) * size : number * size]

    def ratings(_: Any, __: Any) -> Any:
        scores = ({"rating": 103}, {"ratings": {"default_question": 100}}, {"ratings": {"default_question": -103}})
        least = [
            {"id": i, "created_at": when(i), "updated_at": when(i)} | scores[i % 3 if other else i % 2 + 1]
            for i in range(COUNT)
        ]
        nulls = dict.fromkeys(("agent_id", "feedback", "group_id", "user_id", "survey_id"))
        return [stranger(temper, (nulls if temper == "nulls" else {}) | one) for one in least]

    routes = {"api__v2__tickets": tickets, "api__v2__surveys__satisfaction_ratings": ratings}
    # Where the channel is not said nobody knows that an agent opened it.
    counts = {"csat": COUNT, "first_reply": COUNT, "resolution": COUNT, "first_reply_sla": 13, "reopened": 13}
    return Imitation(routes, counts)


def jira(temper: str, end: int) -> Imitation:
    def cycle(i: int) -> dict[str, Any]:
        return {"breached": False, "elapsedTime": {"millis": 60_000 * (i + 1)}}

    def request(i: int) -> dict[str, Any]:
        rated = i % 2 == 0
        held: dict[str, Any] = {"created": iso(i), "updated": iso(i + 9)}
        if rated:
            held |= {"customfield_10035": {"rating": 5}, "customfield_10036": iso(i + 8), "resolutiondate": iso(i + 7),
                     "customfield_10031": {"completedCycles": [cycle(i)]},
                     "customfield_10030": {"completedCycles": [cycle(i)]}}  # fmt: skip
        if temper == "nulls":
            names = ("reporter", "priority", "resolutiondate", "issuetype", "status", "customfield_10010",
                     "customfield_10035", "customfield_10036", "customfield_10030", "customfield_10031")  # fmt: skip
            held = dict.fromkeys(names) | held
            clock = {"id": "7", "name": "Time to resolution", "completedCycles": [], "ongoingCycle": None}
            held |= {} if rated else {"customfield_10030": clock, "customfield_10031": clock}
        if temper == "more":
            held |= {"priority": {"name": "Cosmic"}}
            held |= {} if rated else {"customfield_10035": {"rating": 7}, "customfield_10036": iso(i + 8)}
        return stranger(temper, {"id": i if temper == "more" else str(i), "fields": stranger(temper, held)})

    def search(_: Any, body: Mapping[str, Any]) -> Any:
        at = int(body.get("nextPageToken", "t0")[1:])
        rows, more = page([request(i) for i in range(COUNT)], at)
        if more:
            return {"issues": rows, "nextPageToken": f"t{at + SIZE}"} | ({}, {"isLast": False})[end % 2]
        ways = ({"isLast": True}, {"nextPageToken": None}, {}, {"isLast": True, "nextPageToken": "spent"})
        return {"issues": rows} | ways[end % 4]

    counts = {"csat": 13, "first_reply": COUNT, "first_reply_sla": 13, "resolution_sla": 13}
    return Imitation({"rest__api__3__search__jql": search}, counts)


def hubspot(temper: str, end: int) -> Imitation:
    def submission(i: int) -> dict[str, Any]:
        kind = ("CSAT", "NPS", "CES")[i % 3]
        when = f"{seconds(i)}000" if temper == "more" else iso(i)
        held: dict[str, Any] = {"hs_survey_type": kind, "hs_submission_timestamp": when, "hs_value": str(i % 5 + 1)}
        held |= {} if kind == "CES" else {"hs_response_group": "PROMOTER"}
        if temper == "nulls":
            names = ("hs_survey_channel", "hs_survey_name", "hs_response_group", "hs_content")
            held = dict.fromkeys(names) | held
        if temper == "more":
            held |= {"hs_survey_channel": "HOLOGRAM"} | ({"hs_response_group": "SKEPTIC"} if kind == "CES" else {})
        held = {"id": i if temper == "more" else str(i), "properties": held, "createdAt": iso(i), "updatedAt": when}
        held |= {"updatedAt": iso(i)} if i % 2 else {}
        return stranger(temper, held)

    def search(_: Any, body: Mapping[str, Any]) -> Any:
        since = datetime.fromtimestamp(int(body["filterGroups"][0]["filters"][0]["value"]) / 1000, UTC)
        at, rows = int(body["after"]), [submission(i) for i in range(COUNT) if hours(i) >= since]
        shown = rows[at : at + SIZE]
        if at + SIZE < len(rows):
            return {"total": len(rows), "results": shown, "paging": {"next": {"after": str(at + SIZE)}}}
        ways = ({}, {"paging": None}, {"paging": {}}, {"paging": {"next": None}})
        return {"total": len(rows), "results": shown} | ways[end % 4]

    return Imitation({"crm__v3__objects__feedback_submissions__search": search}, {"csat": 9, "nps": 9, "ces": 8})


def gorgias(temper: str, end: int) -> Imitation:
    def survey(i: int) -> dict[str, Any]:
        held: dict[str, Any] = {"id": i, "created_datetime": iso(-i), "sent_datetime": iso(-i), "score": None,
                                "scored_datetime": None}  # fmt: skip
        held |= {"score": 5, "scored_datetime": iso(1 - i)} if i % 2 == 0 else {}
        if temper == "least" and i % 2:
            held = {name: value for name, value in held.items() if not name.startswith("scored")}
        if temper == "nulls":
            held |= dict.fromkeys(("body_text", "meta", "customer_id", "should_send_datetime", "uri"))
        if temper == "more":
            held |= {"id": str(i), "score": 9 if i % 2 else 5}
        return stranger(temper, held)

    def surveys(params: Mapping[str, str], _: Any) -> Any:
        at = int(params.get("cursor", "s0")[1:])
        rows, more = page([survey(i) for i in range(COUNT)], at)
        last = ({"next_cursor": None}, {}, {"next_cursor": ""})[end % 3]
        return {"data": rows, "meta": {"next_cursor": f"s{at + SIZE}"} if more else last}

    rate = 13 if temper == "more" else COUNT
    return Imitation({"api__satisfaction-surveys": surveys}, {"csat": 13, "response_rate": rate})


def help_scout(temper: str, end: int) -> Imitation:
    def rating(i: int) -> dict[str, Any]:
        held: dict[str, Any] = {"threadid": i, "ratingId": i % 3 + 1, "ratingCreatedAt": iso(i)}
        if temper == "nulls":
            held |= dict.fromkeys(("ratingCustomerId", "ratingComments", "ratingUserId", "type"))
        if temper == "more":
            held |= {"threadid": str(i), "ratingId": str(i % 3 + 1), "type": "hologram"}
        return stranger(temper, held)

    def ratings(params: Mapping[str, str], _: Any) -> Any:
        number = int(params["page"])
        rows = [rating(i) for i in range(COUNT)]
        return {"results": rows[(number - 1) * SIZE : number * SIZE], "page": number, "pages": -(-COUNT // SIZE)}

    def token(_: Any, __: Any) -> Any:
        return {"access_token": "abc"} | ({}, {"token_type": "bearer", "expires_in": 172_800})[end % 2]

    routes = {"v2__reports__happiness__ratings": ratings, "v2__oauth2__token": token}
    return Imitation(routes, {"happiness_score": COUNT, "great": COUNT})


def delighted(temper: str, end: int) -> Imitation:
    def answer(i: int) -> dict[str, Any]:
        held: dict[str, Any] = {"id": str(i), "survey_type": ("nps", "csat")[i % 2], "score": i % 5 + 1,
                                "created_at": seconds(i), "updated_at": seconds(i)}  # fmt: skip
        if temper == "nulls":
            # The reference shows an answer that nobody has changed without the time of a change.
            held |= dict.fromkeys(("person", "comment", "permalink", "person_properties", "notes", "tags"))
            held |= {"updated_at": None} if i % 3 else {}
        if temper == "more":
            held |= {"id": i, "created_at": iso(i), "updated_at": iso(i)}
            held |= {"survey_type": "thumbs_up_down"} if i == 25 else {}
        return stranger(temper, held)

    def answers(params: Mapping[str, str], _: Any) -> Any:
        rows = [answer(i) for i in range(COUNT) if seconds(i) >= int(params["updated_since"])]
        number, size = int(params["page"]), int(params["per_page"])
        return rows[(number - 1) * size : number * size]

    return Imitation({"v1__survey_responses.json": answers}, {"nps": 13, "csat": 12 if temper == "more" else 13})


def chartmogul(temper: str, end: int) -> Imitation:
    def entry(i: int) -> dict[str, Any]:
        held: dict[str, Any] = {
            "date": f"{hours(24 * i):%Y-%m-%d}",
            "mrr": 500_000,
            "mrr-churn": -1000,
            "mrr-contraction": 0,
        }
        if temper == "nulls":
            held |= dict.fromkeys(("percentage-change", "mrr-expansion"))
        return stranger(temper, held)

    def activity(i: int) -> dict[str, Any]:
        held: dict[str, Any] = {"uuid": f"u{i}", "date": iso(i), "activity-mrr-movement": -6000, "type": "churn"}
        # The vendor's own client is tested with times that name no zone.
        held |= {"date": iso(i).removesuffix("Z")} if temper == "more" else {}
        if temper == "nulls":
            held |= dict.fromkeys(("plan-external-id", "customer-uuid", "customer-name", "subscription-external-id"))
        return stranger(temper, held)

    def mrr(_: Any, __: Any) -> Any:
        return {"entries": [entry(i) for i in range(19)]}

    def activities(params: Mapping[str, str], _: Any) -> Any:
        at = int(params.get("cursor", "a0")[1:])
        rows, more = page([activity(i) for i in range(COUNT)], at)
        if more:
            return {"entries": rows, "has_more": True, "cursor": f"a{at + SIZE}"}
        ways = ({"has_more": False, "cursor": f"a{COUNT}"}, {"has_more": False}, {"has_more": False, "cursor": None})
        return {"entries": rows} | ways[end % 3]

    return Imitation(
        {"v1__metrics__mrr": mrr, "v1__activities": activities}, {"revenue_churn": 19, "customers_lost": COUNT}
    )


def secret(name: str) -> str:
    """Something for every variable of a configuration."""
    return base64.b32encode(name.encode()).decode().rstrip("=").lower() if "EMAIL" not in name else "it@example.com"


# Of each vendor: the configuration that is shipped, what its base address ends with, and who imitates it.
VENDORS: Mapping[str, tuple[str, str, Callable[[str, int], Imitation]]] = {
    "zendesk": ("first-zendesk.yaml", "", zendesk),
    "intercom": ("first-intercom.yaml", "", intercom),
    "freshdesk": ("first-freshdesk.yaml", "", freshdesk),
    "jira-service-management": ("recipes/jira-service-management.yaml", "", jira),
    "hubspot": ("recipes/hubspot.yaml", "", hubspot),
    "gorgias": ("recipes/gorgias.yaml", "/api", gorgias),
    "help-scout": ("recipes/help-scout.yaml", "/v2", help_scout),
    "delighted": ("recipes/delighted.yaml", "/v1", delighted),
    "chartmogul": ("recipes/chartmogul.yaml", "/v1", chartmogul),
}

_STAMP = {"Date": "Mon, 01 Jun 2026 00:00:00 GMT"}
# A vendor that is asked too much, or down for a moment, in each form that one of them documents.
TURNED_AWAY = {
    "seconds": Reply({"error": "rate_limited"}, 429, Retry_After="0"),
    "http date": Reply("", 429, Retry_After="Mon, 01 Jun 2026 00:00:00 GMT", **_STAMP),
    "help scout": Reply({"message": "slow down"}, 429, X_RateLimit_Retry_After="0"),
    "reset, epoch": Reply({"errors": []}, 429, X_RateLimit_Reset="1780272000.01", X_RateLimit_Remaining="0", **_STAMP),
    "reset, iso": Reply({"errorMessages": []}, 429, X_RateLimit_Reset="2026-06-01T00:00:00.010Z", **_STAMP),
    "reset, seconds": Reply("too many", 429, ratelimit_reset="0.01", X_Rate_Limit="700", X_Rate_Limit_Remaining="0"),
    "503": Reply("<html>maintenance</html>", 503, kind="text/html", Retry_After="0"),
    "500": Reply({"status": "error", "message": "internal"}, 500, Retry_After="0"),
}
