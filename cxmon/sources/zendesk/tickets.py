"""Tickets: the incremental export by cursor, with the metric set of each beside it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from cxmon import feeds
from cxmon.sources.zendesk.surveys import score_fields

# Zendesk withholds the last minute of an export, and refuses a later start.
SETTLES = timedelta(seconds=90)

_DURATIONS = {
    "first_reply": "reply_time_in_minutes",
    "first_resolution": "first_resolution_time_in_minutes",
    "resolution": "full_resolution_time_in_minutes",
    "agent_wait": "agent_wait_time_in_minutes",
    "requester_wait": "requester_wait_time_in_minutes",
    "on_hold": "on_hold_time_in_minutes",
}


def tickets(custom: Mapping[str, str], page_size: int) -> feeds.Stream:
    return feeds.Stream(
        name="tickets",
        path="api/v2/incremental/tickets/cursor",
        params={"start_time": "{since}", "include": "metric_sets", "per_page": str(page_size)},
        time_format="epoch",
        records=_with_metric_sets,
        record_id=feeds.path("id"),
        # A ticket's own time of change stays where only the system touches it; what was generated last is newest.
        changed=feeds.first("generated_timestamp", "updated_at"),
        customer=feeds.path("requester_id"),
        fields=ticket_fields(custom),
        required=frozenset({"created_at", "status"}),
        deleted=lambda ticket: ticket.get("status") == "deleted",
        paging=feeds.CursorPages(
            param="cursor", cursor="after_cursor", ends="end_of_stream", keep=True, drops=("start_time",)
        ),
        lookback=timedelta(hours=1),
        settles=SETTLES,
    )


def ticket_fields(custom: Mapping[str, str]) -> dict[str, feeds.Getter]:
    fields: dict[str, feeds.Getter] = {
        "created_at": feeds.path("created_at"),
        "updated_at": feeds.path("updated_at"),
        "solved_at": feeds.path("metric_set.solved_at"),
        "first_reply_at": _first_reply_at,
        "status": feeds.path("status"),
        "channel": feeds.path("via.channel"),
        "priority": feeds.path("priority"),
        "kind": feeds.path("type"),
        "brand": feeds.path("brand_id"),
        "form": feeds.path("ticket_form_id"),
        "reopens": feeds.path("metric_set.reopens"),
        "reopened": lambda ticket: _above(ticket, "reopens", 0),
        "replies": feeds.path("metric_set.replies"),
        "one_touch": _one_touch,
        **score_fields(feeds.path("satisfaction_rating.score")),
    }
    for name, key in _DURATIONS.items():
        fields[f"{name}_min"] = feeds.path(f"metric_set.{key}.calendar")
        fields[f"{name}_business_min"] = feeds.path(f"metric_set.{key}.business")
    for name, number in custom.items():
        fields[name] = feeds.path(f"custom_fields[id={number}].value")
    return fields


def _with_metric_sets(data: Any) -> Any:
    """The tickets of an answer, each with its metric set, which comes inside of it or in a list of its own."""
    tickets = feeds.path("tickets")(data)
    sets = data.get("metric_sets") if isinstance(data, dict) else None
    if not isinstance(tickets, list) or not isinstance(sets, list):
        return tickets
    by_ticket = {s.get("ticket_id"): s for s in sets if isinstance(s, dict)}
    return [
        ticket | {"metric_set": by_ticket[ticket.get("id")]}
        if isinstance(ticket, dict) and "metric_set" not in ticket and ticket.get("id") in by_ticket
        else ticket
        for ticket in tickets
    ]


def _metric(ticket: Any, name: str) -> Any:
    found = ticket.get("metric_set")
    return found.get(name) if isinstance(found, dict) else None


def _above(ticket: Any, name: str, bound: int) -> int | None:
    found = _metric(ticket, name)
    return None if not isinstance(found, int) else int(found > bound)


def _one_touch(ticket: Any) -> int | None:
    """Whether a solved ticket took one reply and was not opened again; None while it is not solved."""
    replies, reopens = _metric(ticket, "replies"), _metric(ticket, "reopens")
    if not _metric(ticket, "solved_at") or not isinstance(replies, int) or not isinstance(reopens, int):
        return None
    return int(replies <= 1 and reopens == 0)


def _first_reply_at(ticket: Any) -> int | None:
    """When the first reply came, in epoch seconds: its calendar minutes after the ticket was created."""
    spent = _metric(ticket, _DURATIONS["first_reply"])
    minutes = spent.get("calendar") if isinstance(spent, dict) else None
    if not isinstance(minutes, int | float) or isinstance(minutes, bool) or not 0 <= minutes < 1e8:
        return None
    try:
        return int(datetime.fromisoformat(str(ticket.get("created_at"))).timestamp() + 60 * minutes)
    except (ValueError, OverflowError):
        return None
