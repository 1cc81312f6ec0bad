"""Freshdesk: tickets with their stats and SLA marks, and satisfaction ratings.

Deleted tickets and spam leave the list of tickets and stand in lists of their own, which are read first.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from cxmon import feeds
from cxmon.contracts import Batch, Request
from cxmon.errors import SourceError
from cxmon.feeds.fields import MISSING, minutes, within
from cxmon.feeds.reach import checked_base, opened
from cxmon.model import Token

# Plans allow as few as twenty lists a minute, and say how long to wait.
LIMITS = feeds.Limits(most_wait_s=900.0)
# Freshdesk ends a list of tickets after so many pages.
MOST_PAGES = 300
# How far before a run its lists of what is gone begin: longer than any run takes.
_GONE_LOOKBACK = timedelta(days=7)

_STATUS = {2: "open", 3: "pending", 4: "resolved", 5: "closed"}
_PRIORITY = {1: "low", 2: "medium", 3: "high", 4: "urgent"}
_CHANNEL = {1: "email", 2: "portal", 3: "phone", 7: "chat", 9: "feedback widget", 10: "outbound email"}
_OUTBOUND = 10
_MOMENTS = ("first_responded_at", "resolved_at", "closed_at", "reopened_at")  # Of a ticket's stats.
_RATINGS = feeds.path("ratings.default_question")
_SCORES = ("ratings.default_question", "rating")
# Where the stats do not come, all tickets would look as if nobody had answered them.
_NEVER_MISSING = frozenset({
    "created_at", "status", "first_reply_at", "first_reply_min", "first_reply_in_time", "resolved_at", "resolution_min",
    "resolution_in_time", "closed_at", "reopened_at", "reopened",
})  # fmt: skip
_SENTIMENT = {
    103: "happy", 102: "happy", 101: "happy", 100: "neutral", -101: "unhappy", -102: "unhappy", -103: "unhappy",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Freshdesk:
    """Freshdesk. `domain` is the name before .freshdesk.com, `api_key` the key of an agent who may see all tickets.

    `base_url` is another address for the account. `custom` maps your field names to the names of ticket fields, such as
    cf_region, for dimensions. `lookback` is how far back ratings are read again, because they change. `allow_private`
    allows addresses that are not on the internet, and http.
    `ca_file` holds the certificates of a company's own authority, in PEM form: only what it signed is taken then.
    """

    type: Literal["freshdesk"] = "freshdesk"
    api_key: Token
    domain: str = ""
    base_url: str = ""
    custom: Mapping[str, str] = field(default_factory=dict)
    lookback: timedelta = timedelta(days=30)
    page_size: int = 100
    allow_private: bool = False
    ca_file: str = ""

    def __post_init__(self) -> None:
        if not self.api_key:
            raise ValueError("api_key: found nothing, expected the API key of an agent")
        if bool(self.domain) == bool(self.base_url):
            raise ValueError("domain: found both or neither of domain and base_url, expected one of them")
        if self.domain and not self._name.replace("-", "").isalnum():
            raise ValueError(f"domain: found {self.domain!r}, expected the name before .freshdesk.com")
        checked_base(self._base, allow_private=self.allow_private)
        if not 1 <= self.page_size <= 100:
            raise ValueError(f"page_size: found {self.page_size}, expected 1 to 100")
        taken = sorted(set(self.custom) & set(_ticket_fields({})))
        if taken:
            raise ValueError(f"custom: found {taken[0]}, expected a name that tickets do not have already")

    @property
    def links(self) -> Mapping[str, str]:
        """A ticket's page for agents, which a rating of it leads to."""
        page = f"{self._base.rstrip('/')}/a/tickets"
        return {"tickets": f"{page}/{{id}}", "satisfaction_ratings": f"{page}/{{first}}"}

    @property
    def _name(self) -> str:
        return self.domain.removesuffix(".freshdesk.com")

    @property
    def _base(self) -> str:
        # The documentation names addresses with /api/v2 behind them.
        return self.base_url.rstrip("/").removesuffix("/api/v2") or f"https://{self._name}.freshdesk.com"

    @property
    def streams_offered(self) -> Mapping[str, Collection[str]]:
        return {name: tuple(make(self).fields) for name, make in _STREAMS.items()}

    def fetch(self, request: Request) -> Iterator[Batch]:
        """Pages of the records of the metric's stream."""
        name = request.metric.read.stream or ""
        if name not in _STREAMS:
            raise SourceError(f"{request.metric.id}: source {request.metric.source} has no stream {name!r}")
        # The key is the user, and any password will do.
        auth = feeds.Basic(user=self.api_key, password=Token("X"))
        reach = opened(
            request.metric.source, self._base, auth, limits=LIMITS, allow_private=self.allow_private,
            ca_file=self.ca_file,
        )  # fmt: skip
        with reach as client:
            yield from feeds.read(client, _STREAMS[name](self), request)


def _tickets(source: Freshdesk) -> feeds.Stream:
    return _list_of_tickets(
        source, {"include": "stats"}, customer=feeds.path("requester_id"), required=_NEVER_MISSING,
        lookback=timedelta(hours=1),
        deleted=feeds.reads(
            lambda ticket: ticket.get("deleted") is True or ticket.get("spam") is True, "deleted", "spam"
        ),
        gone=tuple(
            _list_of_tickets(source, {"filter": name}, lookback=_GONE_LOOKBACK, deleted=feeds.reads(lambda _: True))
            for name in ("deleted", "spam")
        ),
    )  # fmt: skip


def _list_of_tickets(source: Freshdesk, params: Mapping[str, str], **more: Any) -> feeds.Stream:
    asked = {
        "updated_since": "{since}", "order_by": "updated_at", "order_type": "asc", "per_page": str(source.page_size),
    }  # fmt: skip
    return feeds.Stream(
        name="tickets", path="api/v2/tickets", params={**asked, **params}, records=feeds.path("."),
        fields=_ticket_fields(source.custom), record_id=feeds.path("id"), changed=feeds.path("updated_at"),
        paging=feeds.LinkHeader(), ascending=True, window_pages=MOST_PAGES, by_change=True, **more,
    )  # fmt: skip


def _ratings(source: Freshdesk) -> feeds.Stream:
    return feeds.Stream(
        name="satisfaction_ratings",
        path="api/v2/surveys/satisfaction_ratings",
        params={"created_since": "{since}", "per_page": str(source.page_size)},
        records=feeds.path("."),
        record_id=feeds.belonging(feeds.path("ticket_id"), "id"),
        changed=feeds.path("updated_at"),
        customer=feeds.path("user_id"),
        fields={
            "created_at": feeds.path("created_at"),
            "updated_at": feeds.path("updated_at"),
            "satisfied": feeds.reads(lambda rating: _satisfied(_sentiment(rating)), *_SCORES),
            "sentiment": feeds.reads(_sentiment, *_SCORES),
            "score": feeds.reads(_scored, *_SCORES),
            "survey": feeds.path("survey_id"),
        },
        required=frozenset({"created_at", "score", "satisfied", "sentiment"}),
        paging=feeds.LinkHeader(),
        # The list is asked by creation, and an answer may be changed later.
        lookback=source.lookback,
        swept_by=frozenset({"created_at"}),
    )


_STREAMS: Mapping[str, Callable[[Freshdesk], feeds.Stream]] = {"tickets": _tickets, "satisfaction_ratings": _ratings}


def _ticket_fields(custom: Mapping[str, str]) -> dict[str, feeds.Getter]:
    created, replied, resolved, closed, reopened = feeds.path("created_at"), *map(_of_stats, _MOMENTS)
    fields: dict[str, feeds.Getter] = {
        "created_at": created,
        "updated_at": feeds.path("updated_at"),
        "first_reply_at": replied,
        "resolved_at": resolved,
        "closed_at": closed,
        "reopened_at": reopened,
        "first_reply_due_at": feeds.path("fr_due_by"),
        "resolution_due_at": feeds.path("due_by"),
        "first_reply_min": minutes(created, replied),
        "resolution_min": minutes(created, resolved),
        "first_reply_in_time": _in_time("fr_escalated", minutes(replied, feeds.path("fr_due_by"))),
        "resolution_in_time": _in_time("is_escalated", minutes(resolved, feeds.path("due_by"))),
        "reopened": _from_stats(_reopened, *(f"stats.{name}_at" for name in ("reopened", "resolved", "closed"))),
        "status": _named("status", _STATUS),
        "channel": _named("source", _CHANNEL),
        "direction": feeds.reads(lambda one: "outbound" if one.get("source") == _OUTBOUND else "inbound", "source"),
        "priority": _named("priority", _PRIORITY),
        "kind": feeds.path("type"),
        "product": feeds.path("product_id"),
    }
    for name, key in custom.items():
        # A bracket or a point in a field's name is no path.
        fields[name] = _of_custom(key)
    return fields


def _of_stats(name: str) -> feeds.Getter:
    return within("stats", feeds.path(f"stats.{name}"))


def _named(key: str, words: Mapping[int, str]) -> feeds.Getter:
    """The word for a number; an account's own numbers stay numbers."""
    get = feeds.path(key)

    def found(ticket: Any) -> Any:
        value = get(ticket)
        return words.get(value, str(value)) if isinstance(value, int) and not isinstance(value, bool) else value

    return feeds.reads(found, get)


def _of_custom(key: str) -> feeds.Getter:
    def found(ticket: Any) -> Any:
        fields = ticket.get("custom_fields")
        return fields.get(key) if isinstance(fields, dict) else None

    return feeds.reads(found, "custom_fields")


def _in_time(mark: str, left: feeds.Getter) -> feeds.Getter:
    """1 or 0 for a target that was met or missed, None while that is open: missed is what Freshdesk marks, or what came
    after it was due."""

    def found(ticket: Any) -> int | None:
        if ticket.get(mark) is True:
            return 0
        minutes_left = left(ticket)
        return int(minutes_left >= 0) if isinstance(minutes_left, float) else None

    return _from_stats(found, mark, left)


def _from_stats(get: feeds.Getter, *of: feeds.Getter | str) -> feeds.Getter:
    """What is made of a ticket's stats by a getter that looks at `of`; MISSING where the ticket has none."""
    return feeds.reads(lambda ticket: get(ticket) if "stats" in ticket else MISSING, *of)


def _reopened(ticket: Any) -> int | None:
    """Whether a ticket was opened again; None while it has never been resolved."""
    stats = ticket.get("stats")
    if not isinstance(stats, dict):
        return None
    if stats.get("reopened_at"):
        return 1
    return 0 if stats.get("resolved_at") or stats.get("closed_at") else None


def _score(rating: Any) -> Any:
    """The answer to the first question; accounts with one question only may get it without its name."""
    found = _RATINGS(rating)
    return rating.get("rating", MISSING) if found is MISSING else found


def _sentiment(rating: Any) -> Any:
    score = _score(rating)
    if score is None or score is MISSING:
        return score
    if not isinstance(score, int) or score not in _SENTIMENT:
        raise ValueError("a score that is not on the scale from -103 to 103")
    return _SENTIMENT[score]


def _scored(rating: Any) -> Any:
    """The score. ValueError where it is not on the scale."""
    _sentiment(rating)
    return _score(rating)


def _satisfied(sentiment: Any) -> Any:
    """As Freshdesk counts: the happy ones of all who rated, the neutral ones among them."""
    return int(sentiment == "happy") if isinstance(sentiment, str) else sentiment
