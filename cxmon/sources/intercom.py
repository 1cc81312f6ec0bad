"""Intercom: conversations with their statistics, ratings, SLA and what its AI agent did, by one search.

Ratings of people and of the AI agent are two figures of one conversation: a stream of its own has them as two records.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from cxmon import feeds
from cxmon.contracts import Batch, Request
from cxmon.errors import SourceError
from cxmon.feeds.reach import checked_base, checked_ticket_url, opened
from cxmon.model import Token

PEOPLE, AI, BOTH = "people", "ai", "both"

# Seconds that leave out what is outside of office hours, as Intercom counts them.
_OFFICE = {
    "first_reply": "time_to_admin_reply",
    "first_close": "time_to_first_close",
    "last_close": "time_to_last_close",
    "median_reply": "median_time_to_reply",
}
# Seconds on the clock.
_CLOCK = {
    "assignment": "time_to_assignment",
    "handling": "handling_time",
    "adjusted_handling": "adjusted_handling_time",
}
# Instants, from which what the clock says is worked out.
_MOMENTS = {"first_reply": "first_admin_reply_at", "first_close": "first_close_at", "last_close": "last_close_at"}
_KEPT = frozenset({"assumed_resolution", "confirmed_resolution"})
_PASSED_ON = frozenset({"escalated", "negative_feedback", "procedure_handoff"})
_MET = {"hit": 1, "missed": 0}
# Since this version of the API there is a list of conversations that were deleted.
_TELLS_OF_DELETED = (2, 16)
# How long after it happened a deletion may come into that list.
_TOLD_LATE = timedelta(days=1)
# Where in a conversation something is read: not its texts, nor who of the team wrote them.
_LOOKS_AT = (
    "id", "created_at", "updated_at", "state", "priority", "source.type", "source.delivered_as", "statistics",
    "contacts.contacts[0].id", "ai_agent_participated", "sla_applied.sla_name", "sla_applied.sla_status",
    "ai_agent.resolution_state",
    *(f"{of}.{name}" for of in ("conversation_rating", "ai_agent") for name in ("rating", "created_at", "updated_at")),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Intercom:
    """Intercom, by an access `token` that may read conversations.

    `base_url` is that of the workspace's region: https://api.intercom.io, https://api.eu.intercom.io or
    https://api.au.intercom.io. `version` is the version of the API that is asked for. `custom` maps your field names to
    custom attributes of conversations, for dimensions such as a region. `lookback` is how far back conversations are
    read again, because ratings and SLAs change. `page_size` is how many conversations a page has, at most 150.
    `ticket_url` is the address of a conversation in your inbox with {id} in it, for evidence.
    `allow_private` allows addresses that are not on the internet, and http.
    `ca_file` holds the certificates of a company's own authority, in PEM form: only what it signed is taken then.
    """

    type: Literal["intercom"] = "intercom"
    token: Token
    base_url: str = "https://api.intercom.io"
    version: str = "2.15"
    custom: Mapping[str, str] = field(default_factory=dict)
    lookback: timedelta = timedelta(days=14)
    page_size: int = 150
    allow_private: bool = False
    ca_file: str = ""
    ticket_url: str = ""

    def __post_init__(self) -> None:
        if not self.token:
            raise ValueError("token: found nothing, expected an access token")
        checked_base(self.base_url, allow_private=self.allow_private)
        checked_ticket_url(self.ticket_url)
        if not re.fullmatch(r"\d+\.\d+", self.version):
            raise ValueError(f"version: found {self.version!r}, expected one such as 2.15")
        if not 1 <= self.page_size <= 150:
            raise ValueError(f"page_size: found {self.page_size}, expected 1 to 150")
        taken = sorted(set(self.custom) & {*_conversation_fields({}), *_rating_fields({})})
        if taken:
            raise ValueError(f"custom: found {taken[0]}, expected a name that conversations do not have already")

    @property
    def streams_offered(self) -> Mapping[str, Collection[str]]:
        return {name: tuple(make(self).fields) for name, make in _STREAMS.items()}

    @property
    def links(self) -> Mapping[str, str]:
        """A conversation's page; a rating has that of its conversation, whose id comes after whom it is of."""
        mine = self.ticket_url
        return {"conversations": mine, "ratings": mine.replace("{id}", "{last}")} if mine else {}

    def fetch(self, request: Request) -> Iterator[Batch]:
        """Pages of the records of the metric's stream."""
        name = request.metric.read.stream or ""
        if name not in _STREAMS:
            raise SourceError(f"{request.metric.id}: source {request.metric.source} has no stream {name!r}")
        reach = opened(
            request.metric.source, self.base_url, feeds.Bearer(token=self.token), limits=feeds.Limits(),
            allow_private=self.allow_private, headers={"Intercom-Version": self.version},
            ca_file=self.ca_file,
        )  # fmt: skip
        with reach as client:
            yield from feeds.read(client, _STREAMS[name](self), request)


def _search(source: Intercom, name: str, **more: Any) -> feeds.Stream:
    """Conversations that changed, the oldest change first; a change at the very second of `since` is among them."""
    changed = [{"field": "updated_at", "operator": sign, "value": "{since}"} for sign in (">", "=")]
    return feeds.Stream(
        name=name,
        path="conversations/search",
        method="POST",
        body={
            "query": {"operator": "OR", "value": changed},
            "sort": {"field": "updated_at", "order": "ascending"},
            "pagination": {"per_page": source.page_size},
        },
        time_format="epoch",
        looks_at=(*_LOOKS_AT, *(["custom_attributes"] if source.custom else [])),
        # Lists of older versions name the next page by a link.
        paging=feeds.CursorPages(
            param="pagination.starting_after", cursor="pages.next.starting_after", link="pages.next"
        ),
        lookback=source.lookback,
        ascending=True,
        # The guide has it, the published schema has not.
        spare=("sort",),
        **more,
    )


def _conversations(source: Intercom) -> feeds.Stream:
    return _search(
        source,
        "conversations",
        records=feeds.path("conversations"),
        record_id=feeds.path("id"),
        changed=feeds.path("updated_at"),
        customer=feeds.path("contacts.contacts[0].id"),
        fields=_conversation_fields(source.custom),
        required=frozenset({"created_at", "state"}),
        swept_by=frozenset({"created_at", "updated_at", "first_contact_at", *(f"{name}_at" for name in _MOMENTS)}),
        gone=_gone(source, feeds.path("conversations")),
    )


def _ratings(source: Intercom) -> feeds.Stream:
    return _search(
        source,
        "ratings",
        records=feeds.reads(_apart, "conversations"),
        entries="conversations",
        record_id=feeds.path("id"),
        changed=feeds.path("of.updated_at"),
        customer=feeds.path("of.contacts.contacts[0].id"),
        fields=_rating_fields(source.custom),
        required=frozenset({"created_at"}),
        swept_by=frozenset({"created_at"}),
        gone=_gone(source, _both_halves),
    )


def _gone(source: Intercom, records: feeds.Getter) -> tuple[feeds.Stream, ...]:
    """The list of conversations that were deleted, the last one first, which older versions of the API do not have."""
    if tuple(map(int, source.version.split("."))) < _TELLS_OF_DELETED:
        return ()
    return (
        feeds.Stream(
            name="deleted", path="conversations/deleted", params={"order": "desc", "per_page": "60"},
            records=records, record_id=feeds.path("id"), changed=feeds.path("deleted_at"), fields={},
            newest_first=feeds.path("deleted_at"), deleted=lambda _one: True, lookback=_TOLD_LATE, optional=True,
            paging=feeds.PageNumber(param="page", pages="pages.total_pages"),
        ),
    )  # fmt: skip


def _both_halves(data: Any) -> Any:
    """Of each conversation that was deleted both ratings."""
    found = feeds.path("conversations")(data)
    if not isinstance(found, list):
        return found
    return [
        one | {"id": f"{rated}/{one['id']}"}
        for one in found if isinstance(one, dict) and one.get("id") for rated in (PEOPLE, AI)
    ]  # fmt: skip


_STREAMS: Mapping[str, Callable[[Intercom], feeds.Stream]] = {"conversations": _conversations, "ratings": _ratings}


def _conversation_fields(custom: Mapping[str, str]) -> dict[str, feeds.Getter]:
    begun = feeds.first("statistics.first_contact_reply_at", "created_at")
    fields: dict[str, feeds.Getter] = {
        "created_at": feeds.path("created_at"),
        "updated_at": feeds.path("updated_at"),
        "first_contact_at": _first_contact_at,
        "asked_at": feeds.path("conversation_rating.created_at"),
        "state": feeds.path("state"),
        **_segments(feeds.path("."), custom),
        "reopens": feeds.path("statistics.count_reopens"),
        "reopened": _reopened,
        "assignments": feeds.path("statistics.count_assignments"),
        "rating": _rating("conversation_rating.rating"),
        "satisfied": _satisfied(_rating("conversation_rating.rating")),
        "answered": _answered,
        "ai_rating": _rating("ai_agent.rating"),
        "ai_satisfied": _satisfied(_rating("ai_agent.rating")),
        "ai_took_part": lambda one: int(bool(one.get("ai_agent_participated"))),
        "ai_resolution": feeds.path("ai_agent.resolution_state"),
        "contained": _contained,
        "sla": feeds.path("sla_applied.sla_name"),
        "sla_status": feeds.path("sla_applied.sla_status"),
        "sla_met": lambda one: _MET.get(_sla(one)),
        # What is not decided counted as missed: the least that it can turn out to be.
        "sla_met_at_least": lambda one: {"active": 0, **_MET}.get(_sla(one)),
        "sla_open": lambda one: {"active": 1, "hit": 0, "missed": 0}.get(_sla(one)),
    }
    for name, key in _MOMENTS.items():
        fields[f"{name}_at"] = feeds.path(f"statistics.{key}")
        fields[f"{name}_min"] = feeds.minutes(begun, fields[f"{name}_at"])
    for name, key in _OFFICE.items():
        fields[f"{name}_office_min"] = feeds.Field(path=f"statistics.{key}", divide=60).getter()
    for name, key in _CLOCK.items():
        fields[f"{name}_min"] = feeds.Field(path=f"statistics.{key}", divide=60).getter()
    return fields


def _rating_fields(custom: Mapping[str, str]) -> dict[str, feeds.Getter]:
    rating = _rating("rating")
    return {
        "created_at": feeds.path("of.created_at"),
        "updated_at": feeds.path("of.updated_at"),
        "asked_at": feeds.path("asked_at"),
        "rated_at": lambda one: (
            feeds.first("rated_at", "asked_at", "of.created_at")(one) if one["rating"] is not None else None
        ),
        "rated": feeds.path("rated"),
        "rating": rating,
        "satisfied": _satisfied(rating),
        "answered": lambda one: None if one["asked_at"] is None else int(rating(one) is not None),
        **_segments(feeds.path("of"), custom),
    }


def _segments(of: feeds.Getter, custom: Mapping[str, str]) -> dict[str, feeds.Getter]:
    """What conversations are told apart by."""
    places = {"channel": "source.type", "started": "source.delivered_as", "priority": "priority"}
    # An attribute's name may hold points, which would lead astray.
    named = {name: _attribute(attribute) for name, attribute in custom.items()}
    found = {name: feeds.path(place) for name, place in places.items()} | {"handled": _handled} | named
    return {name: _inside(of, get) for name, get in found.items()}


def _inside(of: feeds.Getter, get: feeds.Getter) -> feeds.Getter:
    return lambda record: get(of(record))


def _attribute(name: str) -> feeds.Getter:
    attributes = feeds.path("custom_attributes")

    def found(conversation: Any) -> Any:
        held = attributes(conversation)
        return held.get(name) if isinstance(held, dict) else None

    return found


def _apart(data: Any) -> Any:
    """Of each conversation two records, one of the people's rating and one of the AI agent's."""
    found = feeds.path("conversations")(data)
    return [half for one in found for half in _halves(one)] if isinstance(found, list) else found


def _halves(conversation: Any) -> list[Any]:
    if not isinstance(conversation, dict) or conversation.get("id") in (None, ""):
        return [conversation]
    halves = []
    for rated, place in ((PEOPLE, "conversation_rating"), (AI, "ai_agent")):
        held = conversation.get(place)
        rating = held if isinstance(held, dict) else {}
        # Of the AI agent it is not said whether it was asked for a rating; whoever gave one was asked.
        given = rating.get("rating") is not None
        asked = rating.get("created_at") if rated == PEOPLE or given else None
        if asked is None and given:
            asked = rating.get("updated_at") or conversation.get("created_at")
        halves.append(
            {"id": f"{rated}/{conversation['id']}", "rated": rated, "of": conversation, "rating": rating.get("rating"),
             "asked_at": asked, "rated_at": rating.get("updated_at")}
        )  # fmt: skip
    return halves


def _rating(place: str) -> feeds.Getter:
    """A rating of 1 to 5, or nothing; what is off that scale is no rating."""
    get = feeds.path(place)

    def found(record: Any) -> int | None:
        value = get(record)
        if not isinstance(value, int) or isinstance(value, bool):
            return None
        if not 1 <= value <= 5:
            raise ValueError("off the scale of 1 to 5")
        return value

    return found


def _satisfied(rating: feeds.Getter) -> feeds.Getter:
    """As Intercom counts: 4 and 5 are satisfied, the middle is not."""

    def found(record: Any) -> int | None:
        value = rating(record)
        return None if value is None else int(value >= 4)

    return found


def _answered(conversation: Any) -> int | None:
    """Of conversations in which a rating was asked for, whether one was given."""
    held = conversation.get("conversation_rating")
    if not isinstance(held, dict) or (held.get("created_at") is None and held.get("rating") is None):
        return None
    return int(held.get("rating") is not None)


def _statistic(conversation: Any, name: str) -> Any:
    held = conversation.get("statistics")
    return held.get(name) if isinstance(held, dict) else None


def _first_contact_at(conversation: Any) -> Any:
    """When the customer wrote first; nothing where a message of ours was never answered."""
    if (at := _statistic(conversation, "first_contact_reply_at")) is not None:
        return at
    source = conversation.get("source")
    ours = not isinstance(source, dict) or source.get("delivered_as") != "customer_initiated"
    return None if ours else conversation.get("created_at")


def _reopened(conversation: Any) -> int | None:
    count = _statistic(conversation, "count_reopens")
    return int(count > 0) if isinstance(count, int) else None


def _resolution(conversation: Any) -> str:
    held = conversation.get("ai_agent")
    return str(held.get("resolution_state") or "") if isinstance(held, dict) else ""


def _contained(conversation: Any) -> int | None:
    """Whether the AI agent's answers were enough; None where it gave none."""
    state = _resolution(conversation)
    return 1 if state in _KEPT else 0 if state in _PASSED_ON else None


def _handled(conversation: Any) -> str:
    """Whose conversation it was. One that the AI agent passed on is also that of people, before they have replied."""
    if not conversation.get("ai_agent_participated"):
        return PEOPLE
    replied = _statistic(conversation, "first_admin_reply_at") is not None
    return BOTH if replied or _resolution(conversation) in _PASSED_ON else AI


def _sla(conversation: Any) -> str:
    held = conversation.get("sla_applied")
    return str(held.get("sla_status") or "") if isinstance(held, dict) else ""
