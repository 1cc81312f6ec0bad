"""An account of Freshdesk as its documentation describes it: what it does not name is refused."""

from datetime import UTC, datetime, timedelta

from vendor_stub import Reply, Vendor

TICKETS = {
    "filter", "requester_id", "email", "unique_external_id", "company_id", "updated_since", "order_by", "order_type",
    "include", "page", "per_page",
}  # fmt: skip
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def iso(at):
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def refused(field, message):
    return Reply({"description": "Validation failed", "errors": [{"field": field, "message": message}]}, 400)


class Account:
    """Tickets and ratings by id. `strict`: `updated_since` means later ones only. `unordered`: order_by does nothing.

    `empty`: the second page of every list has nothing, and a link to the third.

    `between` is called before each page of tickets, as agents who go on working.
    """

    def __init__(self, tickets=(), ratings=()):
        self.tickets = {t["id"]: t for t in tickets}
        self.ratings = list(ratings)
        self.strict = self.unordered = self.empty = False
        self.most_pages, self.between = 300, lambda: None

    def serve(self):
        self.vendor = Vendor(api__v2__tickets=self._tickets, api__v2__surveys__satisfaction_ratings=self._ratings)
        return self.vendor

    def put(self, number, at, **more):
        self.tickets[number] = self.tickets[number] | {"updated_at": iso(at)} | more

    def _tickets(self, params, _):
        self.between()
        if unknown := params.keys() - TICKETS:
            return refused(unknown.pop(), "Unexpected/invalid field in request")
        page, size = int(params.get("page", 1)), int(params.get("per_page", 30))
        if not 1 <= size <= 100:
            return refused("per_page", "It should be a Positive Integer less than or equal to 100")
        if page > self.most_pages:
            return refused("page", f"You cannot access tickets beyond the {self.most_pages}th page")
        if params.get("order_by", "created_at") not in {"created_at", "due_by", "updated_at", "status"}:
            return refused("order_by", "It should be one of these values")
        if not set(params.get("include", "stats").split(",")) <= {"stats", "requester", "description", "company"}:
            return refused("include", "It should be one of these values")
        rows = [t for t in self.tickets.values() if self._chosen(t, params)]
        if not self.unordered:
            key = params.get("order_by", "created_at")
            rows.sort(key=lambda t: (t[key], t["id"]), reverse=params.get("order_type", "desc") == "desc")
        shown = [t if params.get("include") else {k: v for k, v in t.items() if k != "stats"} for t in rows]
        return self._page("api/v2/tickets", shown, params, page, size)

    def _chosen(self, ticket, params):
        asked = params.get("filter", "")
        state = "deleted" if ticket.get("deleted") else "spam" if ticket.get("spam") else ""
        since = params.get("updated_since")
        if since is None:
            return state == asked and ticket["created_at"] >= iso(NOW - timedelta(days=30))
        return state == asked and (ticket["updated_at"] > since if self.strict else ticket["updated_at"] >= since)

    def _ratings(self, params, _):
        if unknown := params.keys() - {"created_since", "user_id", "page", "per_page"}:
            return refused(unknown.pop(), "Unexpected/invalid field in request")
        rows = [r for r in self.ratings if r["created_at"] >= params["created_since"]]
        page, size = int(params.get("page", 1)), int(params.get("per_page", 30))
        return self._page("api/v2/surveys/satisfaction_ratings", rows, params, page, size)

    def _page(self, path, rows, params, page, size):
        shown = page - 1 if self.empty and page > 1 else page
        found = [] if self.empty and page == 2 else rows[(shown - 1) * size : shown * size]
        query = "&".join(f"{k}={v}" for k, v in (params | {"page": page + 1}).items())
        link = {"Link": f'<{self.vendor.url}/{path}?{query}>; rel="next"'} if shown * size < len(rows) else {}
        return Reply(found, **link)


def ticket(number, at, **more):
    """A ticket that was created at `at`, answered after 12 minutes and resolved after two hours."""
    stats = {
        "agent_responded_at": iso(at + timedelta(minutes=90)), "requester_responded_at": None,
        "first_responded_at": iso(at + timedelta(minutes=12)), "status_updated_at": iso(at + timedelta(hours=2)),
        "reopened_at": None, "resolved_at": iso(at + timedelta(hours=2)), "closed_at": None, "pending_since": None,
    }  # fmt: skip
    given = {
        "id": number, "created_at": iso(at), "updated_at": iso(at + timedelta(hours=2)), "status": 4, "priority": 3,
        "source": 1, "type": "Refund", "product_id": None, "requester_id": 900 + number, "responder_id": 77,
        "group_id": 5, "company_id": 6, "subject": "Private words", "cc_emails": ["ann@example.com"],
        "fr_due_by": iso(at + timedelta(hours=1)), "due_by": iso(at + timedelta(hours=8)), "fr_escalated": False,
        "is_escalated": False, "spam": False, "tags": ["vip"], "custom_fields": {"cf_region": "eu", "cf_note": None},
        "stats": stats,
    }  # fmt: skip
    stats = stats | more.pop("stats", {})
    return given | more | {"stats": stats}


def rating(number, at, score, **more):
    return {
        "id": number, "survey_id": 3, "user_id": 900 + number, "agent_id": 77, "feedback": "Private words",
        "group_id": 5, "ticket_id": number, "created_at": iso(at), "updated_at": iso(at),
        "ratings": {"default_question": score},
    } | more  # fmt: skip
