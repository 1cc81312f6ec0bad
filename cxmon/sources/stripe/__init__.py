"""Stripe: what each subscription is worth a month and from when on, of the list of subscriptions and of its events.

The list says what is now and when it began and ended; events, which Stripe keeps for 30 days, say what was before and
after each change. Both become states of subscriptions, of which a metric makes its churn.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from cxmon import feeds
from cxmon.contracts import Facts, Request
from cxmon.errors import RefusedError, SourceError
from cxmon.feeds.reach import checked_base, opened
from cxmon.model import Token
from cxmon.sources.stripe.amounts import Money, UnusableError, is_currency
from cxmon.sources.stripe.asked import Asked
from cxmon.sources.stripe.discounts import DURATIONS
from cxmon.sources.stripe.states import CUSTOMER_DELETED, OWN, TYPES, States

if TYPE_CHECKING:
    from cxmon.feeds.client import Client

SUBSCRIPTIONS, EVENTS = "subscriptions", "events"
# The shape of lists; events come in the shape of the version that an account had when they happened.
VERSION = "2025-09-30.clover"
# Stripe keeps events for 30 days; a day of that is left for clocks and slow pulls.
KEPT = timedelta(days=29)
# The status of a request with a parameter that is not known: Stripe's, and that of servers that check a schema.
_BAD = frozenset({400, 422})
# Where in a subscription something is read.
_LOOKS_AT = (
    "id", "customer", "customer_account", "status", "currency", "created", "start_date", "trial_end", "ended_at",
    "canceled_at", "current_period_start", "cancellation_details.reason", "metadata", "discounts", "discount",
    "items.has_more", *(f"items.data[0].{name}" for name in ("id", "price", "plan", "quantity", "current_period_start",
    "discounts", "discount")),
)  # fmt: skip
# A coupon stands in the source of its discount since this version, and only there can it be expanded.
_SOURCED = "2025-09-30"


@dataclass(frozen=True, kw_only=True)
class Stripe:
    """Stripe Billing. `key` is a secret or restricted key that may read subscriptions and events; `currency` is the one
    in which amounts are kept.

    `rates` are what one unit of each other currency is worth in it. `tiers` are your names for sets of ids of prices or
    products, for the field tier. `metadata` maps your field names to keys of subscriptions' metadata. `discounts` says
    which are taken off: none, those that last for ever, those that recur (for ever or some months), or all. `account`
    is the connected account whose subscriptions are read (Stripe Connect). `base_url` is another address, and `version`
    another version of the API. `allow_private` allows addresses that are not on the
    internet, and http. `ca_file` holds the certificates of a company's own authority, in PEM form: only what it signed
    is taken then. With `deleted_customers: forgotten` those whom you delete at Stripe leave all figures, as `cxmon
    forget` does it; else their subscriptions end, and that is a loss.
    """

    type: Literal["stripe"] = "stripe"
    key: Token
    currency: str
    rates: Mapping[str, float] = field(default_factory=dict)
    tiers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    base_url: str = "https://api.stripe.com"
    version: str = VERSION
    page_size: int = 100
    allow_private: bool = False
    ca_file: str = ""
    discounts: Literal["none", "forever", "recurring", "all"] = "none"
    account: str = ""
    deleted_customers: Literal["counted", "forgotten"] = "counted"

    def __post_init__(self) -> None:
        if not self.key:
            raise ValueError("key: found nothing, expected a secret or restricted key")
        checked_base(self.base_url, allow_private=self.allow_private)
        if not 1 <= self.page_size <= 100:
            raise ValueError(f"page_size: found {self.page_size}, expected 1 to 100")
        if self.account and not self.account.startswith("acct_"):
            raise ValueError(f"account: found {self.account!r}, expected an id such as acct_123")
        if not is_currency(self.currency):
            raise ValueError(f"currency: found {self.currency!r}, expected three letters such as USD")
        for name, rate in self.rates.items():
            if not is_currency(name) or not rate > 0:
                raise ValueError(f"rates: found {name}: {rate}, expected currencies such as EUR: 1.08")
        taken = sorted(set(self.metadata) & set(OWN))
        if taken:
            raise ValueError(f"metadata: found {taken[0]}, expected a name that subscriptions do not have already")

    @property
    def streams_offered(self) -> Mapping[str, Collection[str]]:
        return {SUBSCRIPTIONS: (*OWN, *self.metadata)}

    def fetch(self, request: Request) -> Iterator[Facts]:
        """Pages of states: at first of all subscriptions, then of what happened since, or could still be known of it.

        Where events of the time since the last run are no longer kept, all subscriptions are read again, with a note.
        """
        if request.metric.read.stream != SUBSCRIPTIONS:
            stream = request.metric.read.stream or ""
            raise SourceError(f"{request.metric.id}: source {request.metric.source} has no stream {stream!r}")
        now = int(request.now.timestamp())
        place = _Place.of(request.cursor, now)
        note = ""
        if now - place.known > KEPT.total_seconds():
            since = datetime.fromtimestamp(place.known, UTC)
            note = (
                f"not read since {since:%d %b %Y}, and Stripe keeps events for 30 days: all subscriptions were read "
                "again; when amounts changed in between is not known"
            )
            place = _Place(part=SUBSCRIPTIONS, known=now)
        reach = opened(
            request.metric.source, self.base_url, feeds.Bearer(token=self.key), limits=feeds.Limits(),
            allow_private=self.allow_private, headers=self._headers(), ca_file=self.ca_file,
        )  # fmt: skip
        with reach as client:
            states = self._states(Asked(client=client, discounted=bool(DURATIONS[self.discounts])))
            if place.part == SUBSCRIPTIONS:
                if place.inner is None:
                    # A key that may not read events is told of before everything else is read.
                    client.send(feeds.Call(url="v1/events", params={"limit": "1"}, place="a first look"))
                for batch in self._read(client, self._subscriptions(place.known, states), states, place, request):
                    yield replace(batch, complete=False, note=note)
                    note = ""
                place = _Place(part=EVENTS, known=place.known)
            try:
                yield from self._read(client, self._events(states), states, place, request)
            except RefusedError as no:
                if no.status not in _BAD or "types" not in no.said:
                    raise
                # A server that only resembles Stripe may not know several types at once: it is asked for all.
                yield from self._read(client, self._events(states, typed=False), states, place, request)

    def _read(
        self, client: "Client", stream: feeds.Stream, states: States, place: "_Place", request: Request
    ) -> Iterator[Facts]:
        """Pages with cursors that say which of both lists they stand in, and up to when everything is known."""
        # The newest events come first: what comes while older ones are read is not among them.
        began = place.began or int(request.now.timestamp())
        for batch in self._named(feeds.read(client, stream, replace(request, cursor=place.inner)), client.name):
            after = replace(place, inner=batch.cursor, began=began)
            if batch.complete and place.part == SUBSCRIPTIONS:
                after = _Place(part=EVENTS, known=place.known)
            elif batch.complete:
                after = _Place(part=EVENTS, known=began, inner=batch.cursor)
            yield replace(batch, cursor=after.text, forget=self._forgotten(states, client.name, request))

    def _forgotten(self, states: States, source: str, request: Request) -> tuple[str, ...]:
        """Hashes of the customers of whom the last page said that they were deleted, where that is to be followed."""
        gone, states.deleted[:] = tuple(states.deleted), []
        if self.deleted_customers != "forgotten" or request.hash_key is None:
            return ()
        return tuple(feeds.hashed(request.hash_key, source, one) for one in gone)

    @staticmethod
    def _named(batches: Iterator[Facts], source: str) -> Iterator[Facts]:
        """The same; what stands in a record that makes all of it unusable is told with the source's name."""
        try:
            yield from batches
        except UnusableError as problem:
            raise SourceError(f"{source}: {problem}") from None

    def _headers(self) -> dict[str, str]:
        return {"Stripe-Version": self.version} | ({"Stripe-Account": self.account} if self.account else {})

    def _states(self, asked: Asked) -> States:
        return States(
            money=Money(currency=self.currency, rates=self.rates), metadata=self.metadata, tiers=self.tiers,
            counted=DURATIONS[self.discounts], asked=asked,
        )  # fmt: skip

    def _subscriptions(self, known: int, states: States) -> feeds.Stream:
        params: dict[str, str | list[str]] = {"status": "all", "limit": str(self.page_size)}
        if states.counted:
            # Four levels are the most that Stripe expands, which is why prices and coupons are asked for beside.
            inside = ["data.discounts.source.coupon"] if self.version[: len(_SOURCED)] >= _SOURCED else []
            params["expand[]"] = ["data.discounts", *inside, "data.items.data.discounts"]
        return self._stream(
            path="v1/subscriptions", params=params,
            records=partial(_each, make=partial(states.listed, known=known)), looks_at=_LOOKS_AT,
        )  # fmt: skip

    def _events(self, states: States, *, typed: bool = True) -> feeds.Stream:
        more = (CUSTOMER_DELETED,) if self.deleted_customers == "forgotten" else ()
        types = {"types[]": (*TYPES, *more)} if typed else {}
        return self._stream(
            path="v1/events", params={**types, "created[gte]": "{since}", "limit": str(self.page_size)},
            records=partial(_each, make=states.happened), changed=feeds.path("changed"), lookback=timedelta(hours=1),
            looks_at=("id", "type", "created", "data.previous_attributes", *(f"data.object.{x}" for x in _LOOKS_AT)),
        )  # fmt: skip

    def _stream(self, *, records: Any, **what: Any) -> feeds.Stream:
        names = (*OWN, *self.metadata)
        return feeds.Stream(
            name=SUBSCRIPTIONS, records=feeds.reads(records, "data"), entries="data",
            record_id=feeds.path("id"), customer=feeds.path("customer"), time_format="epoch",
            fields={name: feeds.path(name) for name in names},
            paging=feeds.CursorPages(param="starting_after", cursor="data[-1].id", more="has_more"), **what,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where reading stands: in which list, at which cursor of it, since when it is read, and up to when (epoch seconds)
    all is known."""

    part: str
    known: int
    inner: str | None = None
    began: int = 0

    @property
    def text(self) -> str:
        return json.dumps(vars(self))

    @classmethod
    def of(cls, text: str | None, now: int) -> "_Place":
        try:
            found = json.loads(text or "")
            return cls(
                part=str(found["part"]), known=int(found["known"]), inner=found["inner"], began=int(found["began"])
            )
        except (ValueError, TypeError, KeyError):
            return cls(part=SUBSCRIPTIONS, known=now)


def _each(data: Any, make: Any) -> Any:
    """The states of everything in a list; what is none of ours stays as it is, to be set aside."""
    rows = data.get("data") if isinstance(data, dict) else None
    if not isinstance(rows, list):
        return rows
    if not rows and data.get("has_more") is True:
        raise UnusableError("an empty page of a list that has more, which can only be read from its last entry on")
    states: list[Any] = []
    for row in rows:
        try:
            states += make(row) if isinstance(row, dict) else [row]
        except ValueError as problem:
            states.append({"id": row.get("id"), "mrr": problem})
    return states
