"""Vendors' lists as `feed_speed.py` serves them: the pages, the configuration of a backfill, and the bare loop."""

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import requests

NOW = datetime(2026, 6, 1, tzinfo=UTC)
PER_DAY = 500


def when(i, count):
    """(when a ticket came, when it was solved)."""
    at = NOW - timedelta(days=8) - timedelta(days=1 / PER_DAY) * (count - i)
    return at, at + timedelta(hours=1 + i * 104729 % 150)


def ticket(i, count):
    at, solved = when(i, count)
    minutes = 5 + i * 7919 % 600
    both = {"calendar": minutes, "business": minutes // 2}
    iso, solved = f"{at:%Y-%m-%dT%H:%M:%SZ}", f"{solved:%Y-%m-%dT%H:%M:%SZ}"
    return {
        "id": i, "created_at": iso, "updated_at": solved, "generated_timestamp": int(at.timestamp()) + 600_000,
        "status": "closed", "priority": "normal", "requester_id": i * 31 % 50_000, "brand_id": 1,
        "via": {"channel": ("email", "web", "chat")[i % 3], "source": {"from": {}, "to": {}, "rel": None}},
        "subject": "Where is my order?", "description": "words " * 60, "tags": ["order", "late"], "assignee_id": 5,
        "satisfaction_rating": {"score": ("good", "bad", "offered", "unoffered")[i * 17 % 4]},
        "custom_fields": [{"id": k, "value": None} for k in range(12)],
        "metric_set": {
            "ticket_id": i, "solved_at": solved, "reopens": int(i % 11 == 0), "replies": 2,
            "reply_time_in_minutes": both, "first_resolution_time_in_minutes": both,
            "full_resolution_time_in_minutes": both, "agent_wait_time_in_minutes": both,
            "requester_wait_time_in_minutes": both, "on_hold_time_in_minutes": both,
        },
    }  # fmt: skip


def conversation(i, count):
    at, closed = (int(moment.timestamp()) for moment in when(i, count))
    return {
        "type": "conversation", "id": str(i), "created_at": at, "updated_at": at + 600_000, "state": "closed",
        "title": None, "priority": "not_priority", "open": False, "read": True, "waiting_since": None,
        "snoozed_until": None, "admin_assignee_id": 5, "team_assignee_id": 7,
        "source": {
            "type": ("email", "conversation", "whatsapp")[i % 3], "id": "3", "delivered_as": "customer_initiated",
            "subject": "", "body": "<p>" + "words " * 60 + "</p>", "attachments": [], "url": None,
            "author": {"type": "user", "id": "5", "name": "A name", "email": "someone@example.com"},
        },
        "contacts": {"type": "contact.list", "contacts": [{"type": "contact", "id": f"c{i * 31 % 50_000}"}]},
        "teammates": {"type": "admin.list", "admins": [{"type": "admin", "id": "5"}]},
        "tags": {"type": "tag.list", "tags": [{"type": "tag", "id": "9", "name": "order"}]},
        "custom_attributes": {f"attribute {k}": None for k in range(6)},
        "conversation_rating": {
            "rating": 1 + i * 17 % 5, "remark": "words " * 5, "created_at": closed, "updated_at": closed,
            "contact": {"type": "contact", "id": "4"}, "teammate": {"type": "admin", "id": 5},
        },
        "statistics": {
            "type": "conversation_statistics", "time_to_assignment": 60, "time_to_admin_reply": 300 + i * 7919 % 36_000,
            "time_to_first_close": closed - at, "time_to_last_close": closed - at, "median_time_to_reply": 400,
            "first_contact_reply_at": at, "first_assignment_at": at + 60, "first_admin_reply_at": at + 300,
            "first_close_at": closed, "last_assignment_at": at + 60, "last_contact_reply_at": at + 900,
            "last_admin_reply_at": at + 1000, "last_close_at": closed, "last_closed_by_id": 5,
            "count_reopens": int(i % 11 == 0), "count_assignments": 1, "count_conversation_parts": 8,
        },
        "ai_agent_participated": False, "ai_agent": None, "sla_applied": None,
    }  # fmt: skip


def tickets_page(rows, following):
    return {"tickets": rows, "after_cursor": str(following), "end_of_stream": following is None}


def conversations_page(rows, following):
    goes_on = {} if following is None else {"next": {"page": following + 1, "starting_after": f"p{following}"}}
    return {
        "type": "conversation.list",
        "total_count": 0,
        "conversations": rows,
        "pages": {"type": "pages", "page": 1} | goes_on,
    }


def tickets_asked(path, _body):
    return int(parse_qs(urlsplit(path).query).get("cursor", ["0"])[0])


def conversations_asked(_path, body):
    return int(json.loads(body).get("pagination", {}).get("starting_after", "p0")[1:])


def tickets_loop(url):
    session, cursor, count = requests.Session(), None, 0
    while True:
        asked = {"cursor": cursor} if cursor else {"start_time": "0"}
        page = session.get(f"{url}/api/v2/incremental/tickets/cursor", params=asked).json()
        count += len(page["tickets"])
        cursor = page["after_cursor"]
        if page["end_of_stream"]:
            return count


def conversations_loop(url):
    session, pagination, count = requests.Session(), {"per_page": 150}, 0
    query = {"field": "updated_at", "operator": ">", "value": 0}
    while True:
        page = session.post(f"{url}/conversations/search", json={"query": query, "pagination": pagination}).json()
        count += len(page["conversations"])
        if "next" not in page["pages"]:
            return count
        pagination["starting_after"] = page["pages"]["next"]["starting_after"]


CONFIG = """
as_of: 2026-06-01
store: sqlite:///store.db
backfill: 1500d
hash_key: ${KEY}
sources: {desk: {type: TYPE, base_url: URL, allow_private: true, token: "${TOKEN}"}}
metrics:
"""
TICKETS = """
  csat: {source: desk, kind: proportion, better: higher, matters: 1pt, dimensions: [channel],
    read: {stream: tickets, time: solved_at, value: satisfied}}
  reply: {source: desk, kind: quantile, better: lower, matters: 10%, dimensions: [channel],
    read: {stream: tickets, time: created_at, value: first_reply_min, known_at: first_reply_at, censored: true}}
  resolution: {source: desk, kind: quantile, better: lower, matters: 10%, dimensions: [channel],
    read: {stream: tickets, time: solved_at, value: resolution_business_min}}
  reopened: {source: desk, kind: proportion, better: lower, matters: 1pt, dimensions: [channel],
    read: {stream: tickets, time: solved_at, value: reopened}}
"""
CONVERSATIONS = """
  csat: {source: desk, kind: proportion, better: higher, matters: 1pt, dimensions: [channel],
    read: {stream: conversations, time: last_close_at, value: satisfied}}
  reply: {source: desk, kind: quantile, better: lower, matters: 10%, dimensions: [channel],
    read: {stream: conversations, time: created_at, value: first_reply_min, known_at: first_reply_at, censored: true}}
  resolution: {source: desk, kind: quantile, better: lower, matters: 10%, dimensions: [channel],
    read: {stream: conversations, time: last_close_at, value: last_close_office_min}}
  reopened: {source: desk, kind: proportion, better: lower, matters: 1pt, dimensions: [channel],
    read: {stream: conversations, time: last_close_at, value: reopened}}
"""
# By vendor: a record, a page of them, which page is asked for, the bare loop, and the configuration of four metrics.
VENDORS = {
    "zendesk": (ticket, tickets_page, tickets_asked, tickets_loop, CONFIG.replace("TYPE", "zendesk") + TICKETS),
    "intercom": (
        conversation, conversations_page, conversations_asked, conversations_loop,
        CONFIG.replace("TYPE", "intercom") + CONVERSATIONS,
    ),
}  # fmt: skip


def pages_of(vendor, count, size, ready):
    """What answers a request for a page; `ready`: all pages are made before the first is asked for."""
    # They build on what is above.
    import feed_more_vendors as more

    if vendor in more.MADE:
        return more.MADE[vendor](count, size, ready)
    record, wrapped, asked = (VENDORS | more.LISTS)[vendor][:3]
    last = -(-count // size) - 1

    def page(p):
        rows = [record(i, count) for i in range(p * size, min(count, (p + 1) * size))]
        return json.dumps(wrapped(rows, None if p == last else p + 1)).encode()

    made = [page(p) for p in range(last + 1)] if ready else None

    def answer(path, body):
        number = min(asked(path, body), last)
        return made[number] if made else page(number)

    return answer
