"""Zendesk's export of metric events as it is documented: by time, in pages that overlap, without the last minute."""

from datetime import UTC, datetime

from vendor_stub import Reply, Vendor


def stamp(seconds):
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Clocks:
    """Events in the order of their time. A page ends with a second, at which the next one begins again.

    `ends`: whether an answer says `end_of_stream`, which not every account's does.
    """

    def __init__(self, events=(), *, now, size=1000, ends=False):
        self.events, self.now, self.size, self.ends = {e["id"]: e for e in events}, now, size, ends
        # The list goes by when a response was made: by default as soon as it is answered.
        self.ratings, self.responses, self.made = [], [], {}

    def put(self, *events):
        self.events |= {e["id"]: e for e in events}

    def export(self, params, _):
        if params.keys() - {"start_time", "include_changes", "exclude_deleted"} or "start_time" not in params:
            return Reply({"error": "InvalidParameter"}, 400)
        start = int(params["start_time"])
        if start > self.now.timestamp() - 60:
            return Reply({"error": "StartTimeTooRecent", "description": "Too recent start_time"}, 422)
        found = sorted((e for e in self.events.values() if _at(e) >= start), key=lambda e: (_at(e), e["id"]))
        page = found[: self.size]
        end = _at(page[-1]) if page else start
        url = f"https://acme.zendesk.com/api/v2/incremental/ticket_metric_events.json?start_time={end}"
        answer = {"ticket_metric_events": page, "count": len(page), "end_time": end, "next_page": url}
        return answer | ({"end_of_stream": len(found) <= self.size} if self.ends else {})

    def rated(self, params, _):
        since = int(params["start_time"])
        return {
            "satisfaction_ratings": [r for r in self.ratings if _at(r, "updated_at") >= since],
            "meta": {"has_more": False},
        }

    def answered(self, params, _):
        since = int(params["filter[created_at_start]"]) / 1000
        held = [r for r in self.responses if self.made.get(r["id"], _at(r["answers"][0], "created_at")) >= since]
        return {"survey_responses": held, "meta": {"has_more": False}}

    def serve(self, **routes):
        return Vendor(
            **{
                "api__v2__incremental__ticket_metric_events": self.export,
                "api__v2__satisfaction_ratings": self.rated,
                "api__v2__guide__survey_responses": self.answered,
            }
            | routes
        )


def ulid(seconds, number):
    """An id of a survey response that was made at an instant."""
    digits, value, found = "0123456789ABCDEFGHJKMNPQRSTVWXYZ", (seconds * 1000 << 80) + number, ""
    for _ in range(26):
        value, digit = divmod(value, 32)
        found = digits[digit] + found
    return found


def _at(event, name="time"):
    return int(datetime.fromisoformat(event[name]).timestamp())


def clock(ticket, metric="reply_time", instance=1, number=None):
    """Makes the events of one cycle, each with an id of its own: `clock(7)("breach", at)`."""
    ids = iter(range(number or 1000 * ticket + 100 * instance, 10**9))

    def event(kind, at, **more):
        made = {
            "id": next(ids),
            "ticket_id": ticket,
            "metric": metric,
            "instance_id": instance,
            "type": kind,
            "time": stamp(at),
        }
        return made | more

    return event


def policy(minutes, title="Gold", *, business=False):
    """What an event of type apply_sla has besides."""
    if minutes is None:
        return {"sla": None}
    return {
        "sla": {
            "target": minutes,
            "business_hours": business,
            "policy": {"id": 25, "title": title, "description": "Private words"},
        }
    }
