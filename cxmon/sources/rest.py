"""Records of any JSON API that is declared in YAML."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from cxmon import feeds
from cxmon.contracts import Batch, Request
from cxmon.errors import SourceError
from cxmon.feeds.reach import checked_base, checked_ticket_url, opened

DEFAULT_LOOKBACK = timedelta(days=14)


@dataclass(frozen=True, kw_only=True)
class Deleted:
    """Which records are gone at the vendor: those that have one of `values` at `path`."""

    path: str
    values: tuple[str, ...]

    def __post_init__(self) -> None:
        feeds.path(self.path)


@dataclass(frozen=True, kw_only=True)
class RestStream:
    """One list of an API: `path` below the base, and what its records hold.

    In `params` and `body`, `{since}` and `{until}` stand for instants, written as `time_format` says. `records` is the
    path of the list in an answer, `id` of a record's id, `changed` of the time of its last change; `fields` are all
    that is read of a record, by your names. `customer` is the path of the customer's id, of which a keyed hash is kept.
    `deleted` says which records are gone. `lookback` is how far before the newest change the next run begins to read.
    `ascending`: the list is in the order of `changed`. `window_pages`: after so many pages the vendor ends a list,
    which is then begun anew from the newest change. `by_change`: that is done after every page, for pages by number,
    which move while they are read. `newest_first` is the path of the time by which a list goes back that cannot be
    asked since a time: it is read until it comes to one before. `method` is GET, or POST with a `body`. `ticket_url` is
    the address of a record in the vendor's own system with {id} in it, such as https://desk.example.com/tickets/{id}.
    `swept_by` are fields with times of which a record with one after `{since}` is in the list for as long as it exists:
    a record that is not in the list any more when it is read again is gone.
    """

    path: str
    fields: Mapping[str, feeds.Field]
    records: str = "."
    id: str = "id"
    method: Literal["GET", "POST"] = "GET"
    params: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    time_format: Literal["iso", "epoch", "epoch_ms", "epoch_ms_text", "date"] = "iso"
    paging: feeds.SinglePage | feeds.CursorPages | feeds.NextLink | feeds.LinkHeader | feeds.PageNumber = field(
        default_factory=feeds.SinglePage
    )
    changed: str | None = None
    customer: str | None = None
    deleted: Deleted | None = None
    lookback: timedelta = DEFAULT_LOOKBACK
    ascending: bool = False
    window_pages: int | None = None
    by_change: bool = False
    newest_first: str | None = None
    ticket_url: str = ""
    swept_by: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("records", "id", "changed", "customer", "newest_first"):
            text = getattr(self, name)
            try:
                feeds.path("." if text is None else text)
            except ValueError as error:
                raise ValueError(str(error).replace("path:", f"{name}:", 1)) from None
        if "://" in self.path:
            raise ValueError("path: found a whole address, expected a path below base_url")
        if self.method == "GET" and self.body:
            raise ValueError("body: found a body for GET, expected method: POST beside it")
        if (self.ascending or self.window_pages is not None) and self.changed is None:
            raise ValueError("changed: found nothing, expected the path of the time by which the list is in order")
        if self.window_pages is not None and (self.window_pages < 1 or not self.ascending):
            raise ValueError("window_pages: found it alone, expected ascending: true beside it")
        if self.by_change and not self.ascending:
            raise ValueError("by_change: found it alone, expected ascending: true beside it")
        if self.newest_first is not None and self.ascending:
            raise ValueError("newest_first: found it beside ascending, expected one of them")
        checked_ticket_url(self.ticket_url)
        for name in self.swept_by:
            if name not in self.fields:
                raise ValueError(f"swept_by: found {name}, expected names of fields")

    def stream(self, name: str) -> feeds.Stream:
        """The same as the engine reads it."""
        gone = self.deleted
        of = feeds.path(gone.path) if gone is not None else None
        return feeds.Stream(
            name=name, path=self.path, records=feeds.path(self.records), record_id=feeds.path(self.id),
            fields={key: one.getter() for key, one in self.fields.items()},
            required=frozenset(key for key, one in self.fields.items() if not one.optional),
            paging=self.paging, method=self.method, params=self.params, body=self.body or None,
            time_format=self.time_format, changed=feeds.path(self.changed) if self.changed else None,
            customer=feeds.path(self.customer) if self.customer else None,
            deleted=feeds.reads(lambda _: False)
            if gone is None or of is None
            else feeds.reads(lambda row: str(of(row)) in gone.values, of),
            lookback=self.lookback, ascending=self.ascending, window_pages=self.window_pages, by_change=self.by_change,
            newest_first=feeds.path(self.newest_first) if self.newest_first else None,
            swept_by=frozenset(self.swept_by),
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Rest:
    """An API with JSON answers. `base_url` is the address that all paths are below, `auth` how a request says who asks,
    `streams` its lists by your names.

    `headers` go with every request. `allow_private` allows addresses that are not on the internet, and http.
    `ca_file` holds the certificates of a company's own authority, in PEM form: only what it signed is taken then.
    `timeout_s` without a byte ends an attempt, `retries` is how often one is repeated, `most_wait_s` the longest that
    all waits of one request take, and `most_bytes` the longest answer, unpacked.
    """

    type: Literal["rest"] = "rest"
    base_url: str
    streams: Mapping[str, RestStream]
    auth: feeds.Bearer | feeds.Basic | feeds.Header | feeds.Query | feeds.ClientCredentials | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    allow_private: bool = False
    timeout_s: float = 60.0
    retries: int = 5
    most_wait_s: float = 300.0
    most_bytes: int = 64_000_000
    ca_file: str = ""

    def __post_init__(self) -> None:
        checked_base(self.base_url, allow_private=self.allow_private)
        if not 0 < self.timeout_s <= 600:
            raise ValueError(f"timeout_s: found {self.timeout_s}, expected more than 0 and at most 600")
        if not self.streams:
            raise ValueError("streams: found none, expected at least one")

    @property
    def streams_offered(self) -> Mapping[str, Collection[str]]:
        return {name: tuple(stream.fields) for name, stream in self.streams.items()}

    @property
    def links(self) -> Mapping[str, str]:
        return {name: stream.ticket_url for name, stream in self.streams.items() if stream.ticket_url}

    def fetch(self, request: Request) -> Iterator[Batch]:
        """Pages of the records of the metric's stream."""
        name = request.metric.read.stream or ""
        if name not in self.streams:
            raise SourceError(f"{request.metric.id}: source {request.metric.source} has no stream {name!r}")
        limits = feeds.Limits(
            timeout_s=self.timeout_s, retries=self.retries, most_wait_s=self.most_wait_s, most_bytes=self.most_bytes
        )
        reach = opened(
            request.metric.source, self.base_url, self.auth, limits=limits, allow_private=self.allow_private,
            headers=self.headers, ca_file=self.ca_file,
        )  # fmt: skip
        with reach as client:
            yield from feeds.read(client, self.streams[name].stream(name), request)
