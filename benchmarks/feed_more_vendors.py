"""Freshdesk's tickets, Stripe's subscriptions and a survey's answers by `rest`, as `feed_speed.py` serves them."""

import json
from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import requests
from feed_vendors import CONFIG, NOW, when


def fresh_ticket(i, count):
    at, solved = when(i, count)
    updated = at + timedelta(days=7)
    stats = {
        "agent_responded_at": f"{solved:%Y-%m-%dT%H:%M:%SZ}", "requester_responded_at": None,
        "first_responded_at": f"{at + timedelta(minutes=5 + i * 7919 % 600):%Y-%m-%dT%H:%M:%SZ}",
        "status_updated_at": f"{solved:%Y-%m-%dT%H:%M:%SZ}", "reopened_at": None,
        "resolved_at": f"{solved:%Y-%m-%dT%H:%M:%SZ}", "closed_at": f"{solved:%Y-%m-%dT%H:%M:%SZ}",
        "pending_since": None,
    }  # fmt: skip
    return {
        "id": i, "cc_emails": ["someone@example.com"], "fwd_emails": [], "reply_cc_emails": [], "fr_escalated": False,
        "spam": False, "email_config_id": None, "group_id": 5, "priority": 1 + i % 4, "requester_id": i * 31 % 50_000,
        "responder_id": 7, "source": (1, 2, 7)[i % 3], "company_id": None, "status": 5, "subject": "Where is my order?",
        "association_type": None, "to_emails": None, "product_id": None, "type": "Question", "is_escalated": i % 9 == 0,
        "due_by": f"{at + timedelta(hours=48):%Y-%m-%dT%H:%M:%SZ}",
        "fr_due_by": f"{at + timedelta(hours=8):%Y-%m-%dT%H:%M:%SZ}", "tags": ["order", "late"],
        "created_at": f"{at:%Y-%m-%dT%H:%M:%SZ}", "updated_at": f"{updated:%Y-%m-%dT%H:%M:%SZ}",
        "custom_fields": {f"cf_{k}": None for k in range(8)}, "stats": stats,
    }  # fmt: skip


def texts(record, count, ready):
    """What gives the text of each of some records: they are written beforehand, or whenever they are asked for."""
    made = [json.dumps(record(i, count)).encode() for i in range(count)] if ready else None
    return lambda rows: made[rows.start : rows.stop] if made else [json.dumps(record(i, count)).encode() for i in rows]


def fresh_pages(count, size, ready):
    """The list from an instant on, which a link goes through and `updated_since` begins anew."""
    times, made = [fresh_ticket(i, count)["updated_at"] for i in range(count)], texts(fresh_ticket, count, ready)

    def answer(path, _body):
        asked = parse_qs(urlsplit(path).query)
        if "filter" in asked:
            return b"[]"
        since = datetime.fromisoformat(asked["updated_since"][0]).astimezone(UTC)
        begin, page = bisect_left(times, f"{since:%Y-%m-%dT%H:%M:%SZ}"), int(asked.get("page", ["1"])[0])
        first = begin + (page - 1) * size
        body = b"[" + b",".join(made(range(first, min(count, first + size)))) + b"]"
        following = f"/api/v2/tickets?updated_since={since:%Y-%m-%dT%H:%M:%SZ}&page={page + 1}"
        return body if first + size >= count else (body, {"Link": f'<{following}>; rel="next"'})

    return answer


def fresh_loop(url):
    session, following, count = requests.Session(), "/api/v2/tickets?updated_since=2000-01-01T00:00:00Z", 0
    while following:
        answer = session.get(url + following)
        count += len(answer.json())
        following = answer.links.get("next", {}).get("url")
    return count


def subscription(i, count):
    """Of ten, four have ended."""
    at = int((NOW - timedelta(days=1000) * (i + 1) / count).timestamp())
    ended = at + 86_400 * (20 + i * 7919 % 300) if i % 10 < 4 else None
    ended = ended if ended is not None and ended < NOW.timestamp() else None
    price = {
        "id": f"price_{i % 4}", "object": "price", "active": True, "billing_scheme": "per_unit", "created": 1,
        "currency": "usd", "custom_unit_amount": None, "livemode": True, "lookup_key": None, "metadata": {},
        "nickname": None, "product": f"prod_{i % 4}", "tax_behavior": "unspecified", "tiers_mode": None,
        "recurring": {"interval": "month", "interval_count": 1, "meter": None, "trial_period_days": None,
                      "usage_type": "licensed"},
        "transform_quantity": None, "type": "recurring", "unit_amount": 900 + 1000 * (i % 4),
        "unit_amount_decimal": str(900 + 1000 * (i % 4)),
    }  # fmt: skip
    item = {
        "id": f"si_{i}", "object": "subscription_item", "billing_thresholds": None, "created": at, "discounts": [],
        "current_period_start": at, "current_period_end": at + 30 * 86_400, "metadata": {}, "price": price,
        "plan": {**price, "object": "plan", "amount": price["unit_amount"], "interval": "month", "interval_count": 1},
        "quantity": 1 + i % 3, "subscription": f"sub_{i}", "tax_rates": [],
    }  # fmt: skip
    return {
        "id": f"sub_{i}", "object": "subscription", "application": None, "automatic_tax": {"enabled": False},
        "billing_cycle_anchor": at, "cancel_at": None, "cancel_at_period_end": False, "canceled_at": ended,
        "cancellation_details": {"comment": "words " * 5, "feedback": None, "reason": None},
        "collection_method": "charge_automatically", "created": at, "currency": "usd",
        "customer": f"cus_{i * 31 % count}",
        "days_until_due": None, "default_payment_method": "pm_1", "default_source": None, "default_tax_rates": [],
        "description": None, "discounts": [], "ended_at": ended, "invoice_settings": {"issuer": {"type": "self"}},
        "items": {"object": "list", "data": [item], "has_more": False, "total_count": 1, "url": "/v1/items"},
        "latest_invoice": f"in_{i}", "livemode": True, "metadata": {"country": "DE"},
        "next_pending_invoice_item_invoice": None,
        "on_behalf_of": None, "pause_collection": None, "payment_settings": {"payment_method_options": None},
        "pending_setup_intent": None, "pending_update": None, "schedule": None, "start_date": at,
        "status": "canceled" if ended else "active", "test_clock": None, "transfer_data": None, "trial_end": None,
        "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}}, "trial_start": None,
    }  # fmt: skip


def stripe_pages(count, size, ready):
    """Subscriptions, the newest one first, and no events."""
    made = texts(subscription, count, ready)

    def answer(path, _body):
        parts = urlsplit(path)
        if parts.path.endswith("events"):
            return b'{"object": "list", "url": "/v1/events", "has_more": false, "data": []}'
        after = parse_qs(parts.query).get("starting_after")
        first = 0 if after is None else int(after[0].removeprefix("sub_")) + 1
        more = b"true" if first + size < count else b"false"
        return (
            b'{"object": "list", "has_more": '
            + more
            + b', "data": ['
            + b",".join(made(range(first, min(count, first + size))))
            + b"]}"
        )

    return answer


def stripe_loop(url):
    session, asked, count = requests.Session(), {"status": "all", "limit": "100"}, 0
    while True:
        page = session.get(f"{url}/v1/subscriptions", params=asked).json()
        count += len(page["data"])
        if not page["has_more"]:
            return count
        asked["starting_after"] = page["data"][-1]["id"]


def response(i, count):
    at, answered = when(i, count)
    return {
        "id": f"{i:012}", "survey": {"id": "sv_1", "name": "After contact", "scale": 5, "language": "en"},
        "respondent": {"id": f"p{i * 31 % 50_000}", "name": "A name", "email": "someone@example.com",
                       "properties": {"region": ("eu", "us", "apac")[i % 3], "tier": ("basic", "pro")[i % 2],
                                      "signed_up": "2024-01-01", "note": "words " * 5}},
        "score": 1 + i * 17 % 5, "comment": "words " * 30, "channel": ("email", "web", "sms")[i % 3],
        "sent_at": f"{at:%Y-%m-%dT%H:%M:%SZ}", "answered_at": f"{answered:%Y-%m-%dT%H:%M:%SZ}",
        "updated_at": f"{at + timedelta(days=7):%Y-%m-%dT%H:%M:%SZ}", "tags": ["order", "late"],
        "reply_minutes": 5 + i * 7919 % 600, "agent": {"id": 7, "name": "A name"}, "ticket": {"id": i, "url": "https://x"},
        "answers": [{"question": f"q{k}", "value": None, "text": "words " * 3} for k in range(4)],
    }  # fmt: skip


def answers_page(rows, following):
    return {
        "data": rows,
        "meta": {"next": None if following is None else str(following), "more": following is not None},
    }


def answers_asked(path, _body):
    return int(parse_qs(urlsplit(path).query).get("cursor", ["0"])[0])


def answers_loop(url):
    session, asked, count = requests.Session(), {"since": "0"}, 0
    while True:
        page = session.get(f"{url}/responses", params=asked).json()
        count += len(page["data"])
        if not page["meta"]["more"]:
            return count
        asked["cursor"] = page["meta"]["next"]


FRESH = (
    CONFIG.replace("TYPE", "freshdesk").replace("token:", "api_key:")
    + """
  reply: {source: desk, kind: quantile, better: lower, matters: 10%, dimensions: [channel],
    read: {stream: tickets, time: created_at, value: first_reply_min, known_at: first_reply_at, censored: true}}
  resolution: {source: desk, kind: quantile, better: lower, matters: 10%, dimensions: [channel],
    read: {stream: tickets, time: resolved_at, value: resolution_min}}
  in_time: {source: desk, kind: proportion, better: higher, matters: 1pt, dimensions: [channel],
    read: {stream: tickets, time: created_at, value: first_reply_in_time}}
  reopened: {source: desk, kind: proportion, better: lower, matters: 1pt, dimensions: [channel],
    read: {stream: tickets, time: resolved_at, value: reopened}}
"""
)
STRIPE = (
    CONFIG.replace("TYPE", "stripe").replace("token:", "currency: USD, key:")
    + """
  logo_churn: {source: desk, kind: rate, standard: logo_churn, grain: day, matters: 10%, dimensions: [product],
    read: {stream: subscriptions, churn: start_of_period, time: lapsed_at, known_at: at, value: mrr}}
  revenue_churn: {source: desk, standard: revenue_churn, matters: 10%, dimensions: [product],
    read: {stream: subscriptions, churn: start_of_period, time: at, known_at: at, value: mrr}}
  subscriber_churn: {source: desk, kind: rate, standard: logo_churn, formula: stripe, grain: month, matters: 10%,
    dimensions: [product], read: {stream: subscriptions, churn: stripe, time: at, known_at: at, value: mrr}}
"""
)
REST = (
    CONFIG.replace(
        '{desk: {type: TYPE, base_url: URL, allow_private: true, token: "${TOKEN}"}}',
        """
  desk:
    type: rest
    base_url: URL
    allow_private: true
    auth: {type: bearer, token: "${TOKEN}"}
    streams:
      responses:
        path: responses
        params: {since: "{since}"}
        records: data
        changed: updated_at
        paging: {type: cursor, cursor: meta.next, param: cursor, more: meta.more}
        customer: respondent.id
        fields:
          sent_at: sent_at
          answered_at: answered_at
          score: score
          satisfied: {path: score, values: {"1": "0", "2": "0", "3": "0", "4": "1", "5": "1"}}
          reply_min: reply_minutes
          waited_min: {path: answered_at, minutes_after: sent_at}
          channel: channel""",
    )
    + """
  csat: {source: desk, kind: proportion, better: higher, matters: 1pt, dimensions: [channel],
    read: {stream: responses, time: answered_at, value: satisfied}}
  score: {source: desk, kind: mean, better: higher, matters: 5%, dimensions: [channel],
    read: {stream: responses, time: answered_at, value: score}}
  reply: {source: desk, kind: quantile, better: lower, matters: 10%, dimensions: [channel],
    read: {stream: responses, time: sent_at, value: reply_min}}
  waited: {source: desk, kind: quantile, better: lower, matters: 10%, dimensions: [channel],
    read: {stream: responses, time: sent_at, value: waited_min, known_at: answered_at}}
"""
)

# Who makes pages of their own, whose lists are as those of the others, and by vendor the bare loop and four metrics.
MADE = {"freshdesk": fresh_pages, "stripe": stripe_pages}
LISTS = {"rest": (response, answers_page, answers_asked)}
LOOPS = {"freshdesk": (fresh_loop, FRESH), "stripe": (stripe_loop, STRIPE), "rest": (answers_loop, REST)}
