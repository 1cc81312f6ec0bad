"""Intercom as its OpenAPI says: a search of conversations that refuses what is not in there, and pages with faults."""

from vendor_stub import Reply, Vendor

FIELDS = {"updated_at"}
# Of the published search request, and of what the guide to searching says of `sort`.
OPERATORS = {"=", "!=", "IN", "NIN", ">", "<", "~", "!~", "^", "$"}


def error(code, message, status):
    return Reply({"type": "error.list", "request_id": "r1", "errors": [{"code": code, "message": message}]}, status)


class Inbox:
    """Conversations by id, in pages of at most `most`. `empty` inserts a page without any after the first one,
    `overlap` repeats the last conversation of each page. `unsorted` refuses `sort`, `newest_first` does not heed it,
    `links` names the next page by a link, as older versions do."""

    def __init__(self, conversations=(), most=3):
        self.held = {c["id"]: c for c in conversations}
        self.most, self.empty, self.overlap, self.expired = most, False, False, False
        self.unsorted = self.newest_first = self.links = False
        self.deleted, self.lists_deleted = [], True

    def put(self, **conversation):
        self.held[conversation["id"]] = self.held.get(conversation["id"], {}) | conversation

    def delete(self, name, at):
        """Deletes a conversation; searches leave it out from then on."""
        del self.held[name]
        self.deleted.insert(0, {"id": name, "type": "conversation", "metrics_retained": False, "deleted_at": at})

    def gone(self, params, _body):
        if not self.lists_deleted:
            return error("intercom_version_invalid", "Requested resource is not available in current API version.", 400)
        size, number = int(params.get("per_page", 20)), int(params.get("page", 1))
        if not params.keys() <= {"page", "per_page", "order"} or not 1 <= size <= 60:
            return error("parameter_invalid", "page", 400)
        size = min(size, self.most)
        pages = max(1, -(-len(self.deleted) // size))
        return {
            "type": "conversations.list", "total_count": len(self.deleted),
            "conversations": self.deleted[(number - 1) * size : number * size],
            "pages": {"type": "pages", "page": number, "per_page": size, "total_pages": pages},
        }  # fmt: skip

    def search(self, _params, body):
        if self.unsorted and "sort" in body:
            return error("parameter_invalid", "sort is not a known parameter", 400)
        if problem := _illegal(body):
            return error("parameter_invalid", problem, 400)
        pagination = body.get("pagination", {})
        after = pagination.get("starting_after")
        if after is not None and self.expired:
            return error("parameter_invalid", "starting_after is not valid", 400)
        found = sorted(
            (c for c in self.held.values() if _matches(c, body["query"])), key=lambda c: (c["updated_at"], c["id"])
        )
        found = found[::-1] if self.newest_first else found
        size = min(self.most, pagination.get("per_page", 20))
        step = size - (1 if self.overlap else 0)
        pages = [found[i : i + size] for i in range(0, max(1, len(found)), step)]
        pages = [pages[0], [], *pages[1:]] if self.empty else pages
        number = int(after or "p0", 36) - int("p0", 36)
        following = {"page": number + 2, "starting_after": f"p{number + 1}"} if number + 1 < len(pages) else None
        if following and self.links:
            following = f"https://api.intercom.io/conversations/search?starting_after=p{number + 1}&per_page={size}"
        return {
            "type": "conversation.list", "total_count": len(found), "conversations": pages[number],
            "pages": {"type": "pages", "page": number + 1, "per_page": size, "total_pages": len(pages)}
            | ({"next": following} if following else {}),
        }  # fmt: skip

    def serve(self):
        return Vendor(conversations__search=self.search, conversations__deleted=self.gone)


def _illegal(body):
    if not body.keys() <= {"query", "pagination", "sort"} or "query" not in body:
        return "query"
    pagination, sort = body.get("pagination", {}), {"field": "updated_at", "order": "ascending"}
    if not pagination.keys() <= {"per_page", "starting_after"} or not 1 <= pagination.get("per_page", 20) <= 150:
        return "pagination"
    if not isinstance(pagination.get("starting_after", ""), str):
        return "starting_after"
    if body.get("sort", sort) != sort:
        return "sort"
    return _illegal_query(body["query"], 0)


def _illegal_query(query, depth):
    if query["operator"] in {"AND", "OR"}:
        if depth > 1 or len(query["value"]) > 15:
            return "too many filters"
        return next((p for q in query["value"] if (p := _illegal_query(q, depth + 1))), None)
    sound = query["operator"] in OPERATORS and query["field"] in FIELDS and type(query["value"]) in {int, str}
    return None if sound and query.keys() == {"field", "operator", "value"} else "filter"


def _matches(conversation, query):
    """`>` is taken as strictly greater here, which the documentation leaves open."""
    if query["operator"] in {"AND", "OR"}:
        each = [_matches(conversation, q) for q in query["value"]]
        return all(each) if query["operator"] == "AND" else any(each)
    value, wanted = conversation[query["field"]], int(query["value"])
    return value == wanted if query["operator"] == "=" else value > wanted
