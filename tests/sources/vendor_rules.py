"""What requests each vendor's published reference allows: method, path, parameters, headers and bodies, as a table.

Zendesk's, Intercom's, HubSpot's and Atlassian's OpenAPI files and their guides, and the reference pages of Freshdesk,
Gorgias, Help Scout, Delighted and ChartMogul say so. What the table does not name is not legal.
"""

import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Test = Callable[[Any], bool]


def text(pattern: str = ".+") -> Test:
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value, re.DOTALL) is not None


def whole(low: int, high: int) -> Test:
    """A whole number, which a query parameter writes out."""
    return lambda value: re.fullmatch(r"\d+", str(value)) is not None and low <= int(value) <= high


def number(low: int, high: int) -> Test:
    """A whole number in a JSON body, and no text."""
    return lambda value: type(value) is int and low <= value <= high


def one_of(*values: str) -> Test:
    return lambda value: value in values


def listed(of: Test, least: int = 0, most: int = 10**6) -> Test:
    return lambda value: isinstance(value, list) and least <= len(value) <= most and all(map(of, value))


def holds(required: str = "", **parts: Test) -> Test:
    """An object with these parts and no others."""

    def found(value: Any) -> bool:
        sound = isinstance(value, dict) and set(required.split()) <= value.keys() <= parts.keys()
        return sound and all(parts[name](part) for name, part in value.items())

    return found


def either(*tests: Test) -> Test:
    return lambda value: any(test(value) for test in tests)


def instant(value: Any) -> bool:
    return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None


def bounded(value: Any) -> bool:
    """JQL with a condition, in the order of seven fields at most."""
    condition, _, order = str(value).partition("ORDER BY")
    return isinstance(value, str) and condition.strip() != "" and len(order.split(",")) <= 7


EPOCH, EPOCH_MS = whole(10**9, 10**10), whole(10**12, 10**13)
DAY, BOOL = text(r"\d{4}-\d\d-\d\d"), one_of("true", "false")
SECRET = text(r"Bearer [\x21-\x7e]+")


def basic(pattern: str) -> Test:
    """HTTP basic authentication with a pair that looks like this."""
    return lambda value: value.startswith("Basic ") and text(pattern)(b64decode(value[6:]).decode())


@dataclass(frozen=True)
class Rule:
    """One operation: `some` are parameters of which a request has exactly one."""

    method: str
    path: str
    auth: Test
    query: Mapping[str, Test] = field(default_factory=dict)
    required: str = ""
    some: str = ""
    body: Test | None = None
    headers: Mapping[str, Test] = field(default_factory=dict)

    def faults(self, params: Mapping[str, Any], document: Any, headers: Mapping[str, str]) -> list[str]:
        found = [f"no parameter {name}" for name in self.required.split() if name not in params]
        if self.some and len(params.keys() & set(self.some.split())) != 1:
            found.append(f"not one of {self.some}")
        found += [f"parameter {k}={v!r}" for k, v in params.items() if k not in self.query or not self.query[k](v)]
        wanted = {"Authorization": self.auth, "Accept": text("application/json"), **self.headers}
        found += [f"header {name}" for name, test in wanted.items() if not test(headers.get(name, ""))]
        if self.body is None:
            return found + (["a body"] if document is not None else [])
        json = headers.get("Content-Type") == "application/json"
        return found + ([] if json else ["no JSON"]) + ([] if self.body(document) else [f"body {document!r}"])


_AGENT = basic(r"[^/:]+@[^/:]+/token:.+")
_AFTER = {"page[size]": whole(1, 100), "page[after]": text(), "page[before]": text(), "sort": text()}
_SCORES = one_of("offered", "unoffered", "received", "good", "bad")
_FILTER = holds(
    "field operator value",
    field=one_of("updated_at", "created_at", "id", "state"),
    operator=one_of("=", "!=", "IN", "NIN", "<", ">", "~", "!~", "^", "$"),
    value=either(number(0, 10**10), text(), listed(either(number(0, 10**10), text()))),
)
_GROUP = holds("operator value", operator=one_of("AND", "OR"), value=listed(_FILTER, 1, 15))
_STARTING = holds(per_page=number(1, 150), starting_after=text())
_TICKETS = {
    "filter": one_of("new_and_my_open", "watching", "spam", "deleted"), "updated_since": instant, "page": whole(1, 300),
    "order_by": one_of("created_at", "due_by", "updated_at", "status"), "order_type": one_of("asc", "desc"),
    "include": text(r"(stats|requester|description|company)(,(stats|requester|description|company))*"),
    "per_page": whole(1, 100),
}  # fmt: skip
_HUBSPOT = holds(
    query=text(),
    limit=number(1, 200),
    after=text(r"\d+"),
    sorts=listed(text(r"-?\w+"), 0, 1),
    properties=listed(text(r"\w+")),
    filterGroups=listed(
        holds(
            "filters",
            filters=listed(holds("propertyName operator", propertyName=text(r"\w+"), operator=one_of("GTE", "GT", "EQ"),
                                 value=text()), 1, 6),
        ),
        0,
        5,
    ),
)  # fmt: skip
# A search has to be bounded by a condition, and is ordered by seven fields at most. What the schema does not name, such
# as the startAt of the search that was removed, is refused, and so is a null page token or number.
_JIRA = holds(
    "jql",
    jql=bounded,
    maxResults=number(1, 5000), nextPageToken=text(), fields=listed(text(r"-?[\w*]+")), expand=text(),
    fieldsByKeys=lambda value: type(value) is bool, properties=listed(text(), 0, 5),
    reconcileIssues=listed(number(1, 2**63), 0, 50),
)  # fmt: skip
_HAPPY = {
    "start": instant, "end": instant, "page": whole(1, 10**6), "rating": one_of("great", "ok", "all", "not-good"),
    "sortField": one_of("number", "modifiedAt", "rating"), "sortOrder": one_of("ASC", "DESC"), "types": text(),
}  # fmt: skip

RULES: dict[str, tuple[Rule, ...]] = {
    "zendesk": (
        Rule("GET", "/api/v2/incremental/tickets/cursor", _AGENT,
             {"start_time": EPOCH, "cursor": text(), "include": one_of("metric_sets"), "per_page": whole(1, 1000),
              "exclude_deleted": BOOL, "support_type_scope": one_of("all", "agent", "ai_agent")},
             some="start_time cursor"),
        Rule("GET", "/api/v2/incremental/ticket_metric_events", _AGENT,
             {"start_time": EPOCH, "include_changes": BOOL, "exclude_deleted": BOOL}, required="start_time"),
        Rule("GET", "/api/v2/satisfaction_ratings", _AGENT,
             {"start_time": EPOCH, "end_time": EPOCH, "score": _SCORES, **_AFTER}),
        Rule("GET", "/api/v2/guide/survey_responses", _AGENT,
             {"filter[created_at_start]": EPOCH_MS, "filter[created_at_end]": EPOCH_MS, **_AFTER}),
    ),
    "intercom": (
        Rule("POST", "/conversations/search", SECRET, headers={"Intercom-Version": text(r"2\.\d+")},
             body=holds("query", query=either(_FILTER, _GROUP), pagination=_STARTING,
                        # Of the guide to searching: the published schema leaves it out.
                        sort=holds("field order", field=text(), order=one_of("ascending", "descending")))),
    ),
    "freshdesk": (
        Rule("GET", "/api/v2/tickets", basic(r".+:X"), _TICKETS),
        Rule("GET", "/api/v2/surveys/satisfaction_ratings", basic(r".+:X"),
             {"created_since": instant, "user_id": whole(1, 10**12), "page": whole(1, 10**6),
              "per_page": whole(1, 100)}),
    ),
    "jira-service-management": (
        Rule("POST", "/rest/api/3/search/jql", basic(r"[^:]+:.+"), body=_JIRA),
    ),
    "hubspot": (
        Rule("POST", "/crm/v3/objects/feedback_submissions/search", SECRET, body=_HUBSPOT),
    ),
    "gorgias": (
        Rule("GET", "/api/satisfaction-surveys", basic(r"[^:]+:.+"),
             {"cursor": text(), "limit": whole(1, 100), "ticket_id": whole(1, 10**12),
              "order_by": text(r"created_datetime(:asc|:desc)?")}),
    ),
    "help-scout": (
        Rule("GET", "/v2/reports/happiness/ratings", SECRET, _HAPPY, required="start end rating"),
    ),
    "delighted": (
        Rule("GET", "/v1/survey_responses.json", basic(r"[^:]+:"),
             {"per_page": whole(1, 100), "page": whole(1, 10**6), "since": EPOCH, "until": EPOCH,
              "updated_since": EPOCH, "updated_until": EPOCH, "trend": text(),
              "expand[]": listed(one_of("person", "notes")), "person_id": text(), "person_email": text(),
              "order": one_of("asc", "desc", "asc:updated_at", "desc:updated_at")}),
    ),
    "chartmogul": (
        Rule("GET", "/v1/metrics/mrr", basic(r"[^:]+:"),
             {"start-date": DAY, "end-date": DAY, "geo": text(),
              "interval": one_of("day", "week", "month", "quarter", "year"), "plans": text(), "filters": text()},
             required="start-date end-date"),
        Rule("GET", "/v1/activities", basic(r"[^:]+:"),
             {"start-date": instant, "end-date": instant, "order": one_of("date", "-date"), "per_page": whole(1, 200),
              "type": one_of("new_biz", "reactivation", "expansion", "contraction", "churn"), "cursor": text()}),
    ),
}  # fmt: skip


# What the version that tells of deleted conversations has besides.
RULES["intercom 2.16"] = (
    *RULES["intercom"],
    Rule("GET", "/conversations/deleted", SECRET, {"page": whole(1, 10**6), "per_page": whole(1, 60),
                                                   "order": one_of("asc", "desc")},
         headers={"Intercom-Version": one_of("2.16")}),
)  # fmt: skip


def judged(
    vendor: str, seen: list[tuple[str, str, Mapping[str, Any], Any, Mapping[str, str]]]
) -> tuple[list[str], set[str]]:
    """(what is not legal in requests as `vendor_stub` has seen them, the paths that were asked)."""
    by = {(rule.method, rule.path): rule for rule in RULES[vendor]}
    found: list[str] = []
    for method, path, params, document, headers in seen:
        if path.endswith("/oauth2/token"):
            continue
        rule = by.get((method, path))
        faults = ["no such operation"] if rule is None else rule.faults(params, document, headers)
        found += [f"{method} {path}: {fault}" for fault in faults]
    return found, {path for _, path, *_ in seen}
