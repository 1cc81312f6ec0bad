"""SLA: the events of the clocks of tickets, put together to one record for each cycle of a clock.

A clock of a ticket, such as its reply time, begins anew with each question: a cycle. Its events come one by one, on
any page: applied, fulfilled, breached, a breach withdrawn because the target moved. All of them are kept, and what
became of the cycle is read of all that are known.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from cxmon import feeds

# Events are asked for by when they happened, and a breach may be withdrawn after that: so far back they are read again.
AGAIN = timedelta(days=2)
FULL = 1000  # Events on a full page of a time-based export.

_ACTIVATE, _FULFILL, _APPLY, _BREACH = "activate", "fulfill", "apply", "breach"
# What a clock is stopped and read off by decides nothing: `pause`, `update_status`, `measure`, and what comes later.
_TYPES = {
    "activate": _ACTIVATE, "fulfill": _FULFILL, "apply_sla": _APPLY, "apply_group_sla": _APPLY, "breach": _BREACH,
}  # fmt: skip
_FIELDS = (
    "sla_metric", "policy", "target_min", "business", "met", "open", "started_at", "fulfilled_at", "breached_at",
    "decided_at",
)  # fmt: skip


def cycles(settles: timedelta) -> feeds.Stream:
    return feeds.Stream(
        name="sla_cycles",
        path="api/v2/incremental/ticket_metric_events",
        params={"start_time": "{since}"},
        time_format="epoch",
        records=feeds.path("ticket_metric_events"),
        record_id=_cycle,
        changed=feeds.path("time"),
        fields={name: feeds.path(name) for name in _FIELDS},
        paging=feeds.TimePages(param="start_time", end="end_time", next="next_page", ends="end_of_stream", full=FULL),
        lookback=AGAIN,
        settles=settles,
        ascending=True,
        piece=feeds.Piece(key=feeds.path("id"), value=_said, whole=_whole),
    )


def _cycle(event: Any) -> str | None:
    parts = [event.get(name) for name in ("ticket_id", "metric", "instance_id")]
    return None if any(part is None for part in parts) else "/".join(map(str, parts))


def _said(event: Any) -> list[Any] | None:
    """[withdrawn, type, when, target in minutes or -1, whether these are in business hours, policy]."""
    kind = _TYPES.get(str(event.get("type")))
    if event.get("id") is None or kind is None:
        return None
    target, business, policy = _policy(event) if kind == _APPLY else (-1, 0, "")
    return [int(event.get("deleted") is True), kind, feeds.epoch(event.get("time")), target, business, policy]


def _policy(event: Any) -> tuple[int, int, str]:
    found = event.get("sla") or event.get("group_sla")
    sla = found if isinstance(found, dict) else {}
    target, policy = sla.get("target"), sla.get("policy")
    if not isinstance(target, int) and isinstance(sla.get("target_in_seconds"), int):
        target = sla["target_in_seconds"] // 60
    named = policy.get("title") or policy.get("id") or "" if isinstance(policy, dict) else ""
    return target if isinstance(target, int) else -1, int(sla.get("business_hours") is True), str(named)


def _whole(name: str, pieces: Mapping[str, list[Any]], now: datetime) -> dict[str, Any]:
    """What became of a cycle: breached where a breach stands, in time or not yet; met where it was fulfilled before.

    A cycle without a target has neither: it has no SLA, or none any more.
    """
    live = sorted(
        (when, int(key) if key.isdigit() else 0, kind, more)
        for key, (gone, kind, when, *more) in pieces.items()
        if not gone
    )
    _, metric, instance = name.split("/", 2)
    if metric == "reply_time":
        metric = "first_reply_time" if instance == "1" else "next_reply_time"
    target, business, policy = next((more for _, _, kind, more in reversed(live) if kind == _APPLY), (-1, 0, ""))
    breached = next((when for when, _, kind, _ in live if kind == _BREACH and when <= now.timestamp()), None)
    # One that runs again, because the ticket was opened again, is not fulfilled any more.
    last = next(((when, kind) for when, _, kind, _ in reversed(live) if kind in {_ACTIVATE, _FULFILL}), (None, ""))
    fulfilled = last[0] if last[1] == _FULFILL else None
    applies = target >= 0
    decided = breached if breached is not None else fulfilled if applies else None
    return {
        "sla_metric": metric, "policy": policy or None, "target_min": target if applies else None,
        "business": business if applies else None,
        "met": None if decided is None else int(breached is None),
        "open": None if decided is None and not applies else int(decided is None),
        "started_at": next((when for when, _, kind, _ in live if kind == _ACTIVATE), None),
        "fulfilled_at": fulfilled, "breached_at": breached, "decided_at": decided,
    }  # fmt: skip
