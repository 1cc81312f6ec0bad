"""Zendesk Support: tickets with their metric sets, and both of its survey systems.

The incremental ticket export with metric sets beside it holds nearly everything in one list; satisfaction ratings are
the older surveys, survey responses the newer ones, of which an account has one at a time.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from cxmon import feeds
from cxmon.contracts import Batch, Facts, Request
from cxmon.errors import RefusedError, SourceError
from cxmon.feeds.fields import MISSING, within
from cxmon.feeds.reach import checked_base, opened
from cxmon.model import Token
from cxmon.sources.zendesk import apart, quiet
from cxmon.sources.zendesk.born import born
from cxmon.sources.zendesk.sla import cycles

if TYPE_CHECKING:
    from cxmon.feeds.client import Client

TICKETS = "tickets"
# A page of the export holds so many, unless fewer are asked for.
MOST_TICKETS = 1000
# Zendesk withholds the last minute of an export, and refuses a later start.
SETTLES = timedelta(seconds=90)
# The export allows ten requests a minute: a turned-away request waits for a minute at most, several times over.
LIMITS = feeds.Limits(most_wait_s=900.0)
# Of a question beside that nothing depends on.
BRIEFLY = feeds.Limits(timeout_s=20.0, retries=1, most_wait_s=10.0)
# A request is what its customer sees of a ticket, and has the ticket's number.
_TICKET = re.compile(r"z(?:en|rn):(?:ticket|request):(\d+)", re.ASCII)

_DURATIONS = {
    "first_reply": "reply_time_in_minutes",
    "first_resolution": "first_resolution_time_in_minutes",
    "resolution": "full_resolution_time_in_minutes",
    "agent_wait": "agent_wait_time_in_minutes",
    "requester_wait": "requester_wait_time_in_minutes",
    "on_hold": "on_hold_time_in_minutes",
}
# Where the metric sets do not come, all tickets would look as if nobody had answered them.
_OF_SETS = frozenset({"solved_at", "first_reply_at", "reopens", "reopened", "replies", "one_touch"}).union(
    *({f"{name}_min", f"{name}_business_min"} for name in _DURATIONS)
)
# How the lists of both survey systems go on.
# Who knows no such cursors has pages by number, and a link to the next one.
_AFTER = feeds.CursorPages(param="page[after]", cursor="meta.after_cursor", more="meta.has_more", link="next_page")
_SATISFIED = {"good": 1, "bad": 0}
_ANSWERED = {"good": 1, "bad": 1, "offered": 0}


@dataclass(frozen=True, kw_only=True)
class Zendesk:
    """Zendesk Support. `subdomain` is the name before .zendesk.com; `email` with an API token as `token`, or without
    `email` an OAuth token.

    `base_url` is another address for the account. `custom` maps your field names to the ids of ticket fields, for
    dimensions such as a region. `scale` is the number of answers that a newer survey gives to choose from: of five the
    upper two are satisfied, of fewer the best one. `lookback` is how far back ratings are read again. With `ai_tickets`
    also those tickets are read that an AI agent handled alone, told apart by the field handled. `allow_private`
    allows addresses that are not on the internet, and http. `ca_file` holds the certificates of a company's own
    authority, in PEM form: only what it signed is taken then.
    """

    type: Literal["zendesk"] = "zendesk"
    token: Token
    subdomain: str = ""
    email: str = ""
    base_url: str = ""
    custom: Mapping[str, str] = field(default_factory=dict)
    scale: int = 5
    lookback: timedelta = timedelta(days=30)
    page_size: int = MOST_TICKETS
    ai_tickets: bool = False
    allow_private: bool = False
    ca_file: str = ""

    def __post_init__(self) -> None:
        if not self.token:
            raise ValueError("token: found nothing, expected an API token or an OAuth token")
        if bool(self.subdomain) == bool(self.base_url):
            raise ValueError("subdomain: found both or neither of subdomain and base_url, expected one of them")
        if self.subdomain and not self.subdomain.replace("-", "").isalnum():
            raise ValueError(f"subdomain: found {self.subdomain!r}, expected the name before .zendesk.com")
        checked_base(self._base, allow_private=self.allow_private)
        if not 1 <= self.page_size <= MOST_TICKETS:
            raise ValueError(f"page_size: found {self.page_size}, expected 1 to {MOST_TICKETS}")
        if not 2 <= self.scale <= 10:
            raise ValueError(f"scale: found {self.scale}, expected 2 to 10")
        taken = sorted(set(self.custom) & {*_ticket_fields({}), "handled"})
        if taken:
            raise ValueError(f"custom: found {taken[0]}, expected a name that tickets do not have already")

    @property
    def _base(self) -> str:
        return self.base_url or f"https://{self.subdomain}.zendesk.com"

    @property
    def streams_offered(self) -> Mapping[str, Collection[str]]:
        return {name: tuple(make(self).fields) for name, make in _STREAMS.items()}

    @property
    def links(self) -> Mapping[str, str]:
        """A ticket's page for agents, which a cycle of its clocks, a rating and a response lead to."""
        page = f"{self._base.rstrip('/')}/agent/tickets"
        others = dict.fromkeys((quiet.RATINGS, quiet.RESPONSES, "sla_cycles"), f"{page}/{{first}}")
        return {"tickets": f"{page}/{{id}}"} | others

    @property
    def surveys_sent(self) -> Mapping[str, tuple[str, str]]:
        return {"tickets": ("solved_at", "answered")}

    def fetch(self, request: Request) -> Iterator[Batch]:
        """Pages of the records of the metric's stream."""
        name = request.metric.read.stream or ""
        if name not in _STREAMS:
            raise SourceError(f"{request.metric.id}: source {request.metric.source} has no stream {name!r}")
        stream, watch = _STREAMS[name](self), quiet.Watch(request)
        with self._opened(request, LIMITS) as client:
            for batch in self._read(client, stream, request):
                watch.see(batch)
                yield batch
        if watch.quiet:
            with self._opened(request, BRIEFLY) as client:
                watch.judge(lambda other: feeds.any_since(client, _STREAMS[other](self), watch.since, request.now))

    def _read(self, client: "Client", stream: feeds.Stream, request: Request) -> Iterator[Facts]:
        if stream.name != TICKETS:
            return _pages(client, stream, request)
        lists = {whose: partial(_pages, client, _tickets(self, whose)) for whose in apart.SCOPES}
        if self.ai_tickets:
            return apart.one_by_one(lists, request)
        return lists[apart.PEOPLE](replace(request, cursor=apart.places(request.cursor).get(apart.PEOPLE)))

    def _opened(self, request: Request, limits: feeds.Limits) -> "Client":
        auth: feeds.Auth
        if self.email:
            auth = feeds.Basic(user=Token(f"{self.email}/token"), password=self.token)
        else:
            auth = feeds.Bearer(token=self.token)
        return opened(
            request.metric.source, self._base, auth, limits=limits, allow_private=self.allow_private,
            ca_file=self.ca_file,
        )  # fmt: skip


def _pages(client: "Client", stream: feeds.Stream, request: Request) -> Iterator[Facts]:
    came = False
    try:
        for page in feeds.read(client, stream, request):
            came = True
            yield page
    except RefusedError as refused:
        # The documentation writes paths with .json and without, and what stands between may know one of them.
        if refused.status != 404 or came:
            raise
        yield from feeds.read(client, replace(stream, path=f"{stream.path}.json"), request)


def _tickets(source: Zendesk, whose: str = apart.PEOPLE) -> feeds.Stream:
    return feeds.Stream(
        name=TICKETS,
        path="api/v2/incremental/tickets/cursor",
        params={"start_time": "{since}", "include": "metric_sets"}
        # Without a scope the export has people's tickets.
        | ({} if whose == apart.PEOPLE else {"support_type_scope": apart.SCOPES[whose]})
        # The published schema does not name it: what is the vendor's own choice is not asked for.
        | ({} if source.page_size == MOST_TICKETS else {"per_page": str(source.page_size)}),
        time_format="epoch",
        records=feeds.reads(_with_metric_sets, "tickets", "metric_sets"),
        entries="tickets",
        record_id=feeds.path("id"),
        # A ticket's own time of change stays where only the system touches it; what was generated last is newest.
        changed=feeds.first("generated_timestamp", "updated_at"),
        customer=feeds.path("requester_id"),
        fields=_ticket_fields(source.custom) | {"handled": feeds.reads(lambda _ticket: whose)},
        required=_OF_SETS | {"created_at", "status"},
        deleted=feeds.reads(lambda ticket: ticket.get("status") == "deleted", "status"),
        paging=feeds.CursorPages(
            param="cursor",
            cursor="after_cursor",
            ends="end_of_stream",
            keep=True,
            drops=("start_time",),
            link="after_url",
        ),
        lookback=timedelta(hours=1),
        settles=SETTLES,
    )


def _ratings(source: Zendesk) -> feeds.Stream:
    return feeds.Stream(
        name=quiet.RATINGS,
        path="api/v2/satisfaction_ratings",
        params={"start_time": "{since}", "page[size]": "100"},
        time_format="epoch",
        records=feeds.path("satisfaction_ratings"),
        record_id=feeds.belonging(feeds.path("ticket_id"), "id"),
        changed=feeds.path("updated_at"),
        customer=feeds.path("requester_id"),
        fields=_score_fields(feeds.path("score"))
        | {name: feeds.path(name) for name in ("created_at", "updated_at", "ticket_id")},
        required=frozenset({"created_at"}),
        paging=_AFTER,
        lookback=source.lookback,
        swept_by=frozenset({"created_at"}),
    )


def _surveys(source: Zendesk) -> feeds.Stream:
    return feeds.Stream(
        name=quiet.RESPONSES,
        path="api/v2/guide/survey_responses",
        params={"filter[created_at_start]": "{since}", "page[size]": "100"},
        time_format="epoch_ms",
        records=feeds.path("survey_responses"),
        record_id=feeds.belonging(_of_ticket, "id"),
        changed=lambda response: max((feeds.epoch(a.get("updated_at")) for a in _answers(response)), default=None),
        customer=feeds.path("responder_id"),
        fields={
            "answered_at": lambda response: feeds.first("created_at", "updated_at")(_rated(response)),
            "updated_at": lambda response: _rated(response).get("updated_at"),
            "rating": lambda response: _rated(response).get("rating"),
            "satisfied": lambda response: _top_box(_rated(response), source.scale),
            "survey": feeds.first("survey.id", "survey_id"),
        },
        paging=_AFTER,
        lookback=source.lookback,
        swept_by=frozenset({"answered_at"}),
        born=born,
    )


_STREAMS: Mapping[str, Callable[[Zendesk], feeds.Stream]] = {
    TICKETS: _tickets,
    quiet.RATINGS: _ratings,
    quiet.RESPONSES: _surveys,
    "sla_cycles": lambda _source: cycles(SETTLES),
}


def _ticket_fields(custom: Mapping[str, str]) -> dict[str, feeds.Getter]:
    replied = f"metric_set.{_DURATIONS['first_reply']}.calendar"
    fields: dict[str, feeds.Getter] = {
        "created_at": feeds.path("created_at"),
        "updated_at": feeds.path("updated_at"),
        "solved_at": _of_set("solved_at"),
        "first_reply_at": _from_set(_first_reply_at, "created_at", replied),
        "status": feeds.path("status"),
        "channel": feeds.path("via.channel"),
        "priority": feeds.path("priority"),
        "kind": feeds.path("type"),
        "brand": feeds.path("brand_id"),
        "form": feeds.path("ticket_form_id"),
        "reopens": _of_set("reopens"),
        "reopened": _from_set(lambda ticket: _above(ticket, "reopens", 0), "metric_set.reopens"),
        "replies": _of_set("replies"),
        "one_touch": _from_set(_one_touch, *(f"metric_set.{name}" for name in ("solved_at", "replies", "reopens"))),
        **_score_fields(feeds.path("satisfaction_rating.score")),
    }
    for name, key in _DURATIONS.items():
        fields[f"{name}_min"] = _of_set(f"{key}.calendar")
        fields[f"{name}_business_min"] = _of_set(f"{key}.business")
    for name, number in custom.items():
        fields[name] = feeds.path(f"custom_fields[id={number}].value")
    return fields


def _score_fields(score: feeds.Getter) -> dict[str, feeds.Getter]:
    """What the older surveys' word says: `satisfied` of those who answered, `answered` of those who were asked."""

    def word(record: Any) -> str:
        return str(score(record) or "").partition("_")[0]

    return {
        "satisfied": feeds.reads(lambda record: _SATISFIED.get(word(record)), score),
        "answered": feeds.reads(lambda record: _ANSWERED.get(word(record)), score),
    }


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


def _of_set(name: str) -> feeds.Getter:
    return within("metric_set", feeds.path(f"metric_set.{name}"))


def _from_set(get: feeds.Getter, *of: str) -> feeds.Getter:
    """What is made of a metric set by a getter that looks at the paths `of`; MISSING where the ticket has no set."""
    return feeds.reads(lambda ticket: get(ticket) if "metric_set" in ticket else MISSING, *of)


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
        created = feeds.epoch(ticket.get("created_at"))
    except (ValueError, OverflowError):
        return None
    return int(created + 60 * minutes) if created else None


def _answers(response: Any) -> list[dict[str, Any]]:
    found = response.get("answers")
    return [a for a in found if isinstance(a, dict)] if isinstance(found, list) else []


def _of_ticket(response: Any) -> str | None:
    """The ticket that a response is about, by the names of its subjects."""
    names, subjects = response.get("subject_zrns"), response.get("subjects")
    listed = [*names] if isinstance(names, list) else []
    listed += [s.get("zrn") for s in subjects if isinstance(s, dict)] if isinstance(subjects, list) else []
    found = (_TICKET.fullmatch(name) for name in listed if isinstance(name, str))
    return next((match[1] for match in found if match), None)


def _rated(response: Any) -> dict[str, Any]:
    """The answer to the question with a rating, or nothing where it was skipped."""
    return next((a for a in _answers(response) if a.get("rating") is not None), {})


def _top_box(answer: Mapping[str, Any], scale: int) -> int | None:
    """As Zendesk counts: its own category where it says one, else the upper two of five, or the best of fewer.

    ValueError for a rating off that scale, which is none: neither a satisfied customer nor an unsatisfied one.
    """
    category = _SATISFIED.get(str(answer.get("rating_category") or "").lower())
    rating = answer.get("rating")
    if category is not None or isinstance(rating, bool) or not isinstance(rating, int | float):
        return category
    if not 1 <= rating <= scale:
        raise ValueError(f"off the scale of 1 to {scale}")
    return int(rating >= (scale - 1 if scale >= 5 else scale))
