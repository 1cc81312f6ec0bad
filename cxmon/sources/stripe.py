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
from cxmon.errors import SourceError
from cxmon.feeds.reach import checked_base, opened
from cxmon.model import Token

if TYPE_CHECKING:
    from cxmon.feeds.client import Client

SUBSCRIPTIONS, EVENTS = "subscriptions", "events"
# The shape of lists; events come in the shape of the version that an account had when they happened.
VERSION = "2025-09-30.clover"
# Stripe keeps events for 30 days; a day of that is left for clocks and slow pulls.
KEPT = timedelta(days=29)
_TYPES = tuple(f"customer.subscription.{what}" for what in ("created", "updated", "deleted", "paused", "resumed"))
_DAY = 86_400

# Of these statuses money comes: a payment that is late is still expected, one that was given up is not.
_PAYING = frozenset({"active", "past_due"})
# Months in an interval; a month has a twelfth of a year's 365 days.
_MONTHS = {"day": 12 / 365, "week": 84 / 365, "month": 1.0, "year": 12.0}
# How many of a currency's smallest units make one, where it is not 100.
_WHOLE = ("bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf")
_UNITS = dict.fromkeys(_WHOLE, 1) | dict.fromkeys(("bhd", "jod", "kwd", "omr", "tnd"), 1000)
# Where in a subscription something is read.
_LOOKS_AT = (
    "id", "customer", "status", "currency", "created", "start_date", "trial_end", "ended_at", "canceled_at",
    "current_period_start", "cancellation_details.reason", "metadata", "items.has_more",
    *(f"items.data[0].{name}" for name in ("price", "plan", "quantity", "current_period_start")),
)  # fmt: skip
_ITEM_FIELDS = ("product", "price", "interval", "currency", "tier")
_OWN = ("at", "lapsed_at", "mrr", "after", *_ITEM_FIELDS)


@dataclass(frozen=True, kw_only=True)
class Stripe:
    """Stripe Billing. `key` is a secret or restricted key that may read subscriptions and events; `currency` is the one
    in which amounts are kept.

    `rates` are what one unit of each other currency is worth in it. `tiers` are your names for sets of ids of prices or
    products, for the field tier. `metadata` maps your field names to keys of subscriptions' metadata. `base_url` is
    another address, and `version` another version of the API. `allow_private` allows addresses that are not on the
    internet, and http. `ca_file` holds the certificates of a company's own authority, in PEM form: only what it signed
    is taken then.
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

    def __post_init__(self) -> None:
        if not self.key:
            raise ValueError("key: found nothing, expected a secret or restricted key")
        checked_base(self.base_url, allow_private=self.allow_private)
        if not 1 <= self.page_size <= 100:
            raise ValueError(f"page_size: found {self.page_size}, expected 1 to 100")
        if not _is_currency(self.currency):
            raise ValueError(f"currency: found {self.currency!r}, expected three letters such as USD")
        for name, rate in self.rates.items():
            if not _is_currency(name) or not rate > 0:
                raise ValueError(f"rates: found {name}: {rate}, expected currencies such as EUR: 1.08")
        taken = sorted(set(self.metadata) & set(_OWN))
        if taken:
            raise ValueError(f"metadata: found {taken[0]}, expected a name that subscriptions do not have already")

    @property
    def streams_offered(self) -> Mapping[str, Collection[str]]:
        return {SUBSCRIPTIONS: (*_OWN, *self.metadata)}

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
            allow_private=self.allow_private, headers={"Stripe-Version": self.version},
            ca_file=self.ca_file,
        )  # fmt: skip
        with reach as client:
            if place.part == SUBSCRIPTIONS:
                if place.inner is None:
                    # A key that may not read events is told of before everything else is read.
                    client.send(feeds.Call(url="v1/events", params={"limit": "1"}, place="a first look"))
                for batch in self._read(client, self._subscriptions(place.known), place, request):
                    yield replace(batch, complete=False, note=note)
                    note = ""
                place = _Place(part=EVENTS, known=place.known)
            yield from self._read(client, self._events(), place, request)

    def _read(self, client: "Client", stream: feeds.Stream, place: "_Place", request: Request) -> Iterator[Facts]:
        """Pages with cursors that say which of both lists they stand in, and up to when everything is known."""
        # The newest events come first: what comes while older ones are read is not among them.
        began = place.began or int(request.now.timestamp())
        for batch in self._named(feeds.read(client, stream, replace(request, cursor=place.inner)), client.name):
            after = replace(place, inner=batch.cursor, began=began)
            if batch.complete and place.part == SUBSCRIPTIONS:
                after = _Place(part=EVENTS, known=place.known)
            elif batch.complete:
                after = _Place(part=EVENTS, known=began, inner=batch.cursor)
            yield replace(batch, cursor=after.text)

    @staticmethod
    def _named(batches: Iterator[Facts], source: str) -> Iterator[Facts]:
        """The same; what stands in a record that makes all of it unusable is told with the source's name."""
        try:
            yield from batches
        except _UnusableError as problem:
            raise SourceError(f"{source}: {problem}") from None

    def _subscriptions(self, known: int) -> feeds.Stream:
        return self._stream(
            path="v1/subscriptions", params={"status": "all", "limit": str(self.page_size)},
            records=partial(_each, make=partial(self._listed, known=known)), looks_at=_LOOKS_AT,
        )  # fmt: skip

    def _events(self) -> feeds.Stream:
        return self._stream(
            path="v1/events",
            params={"types[]": _TYPES, "created[gte]": "{since}", "limit": str(self.page_size)},
            records=partial(_each, make=self._happened), changed=feeds.path("changed"), lookback=timedelta(hours=1),
            looks_at=("id", "type", "created", "data.previous_attributes", *(f"data.object.{x}" for x in _LOOKS_AT)),
        )  # fmt: skip

    def _stream(self, *, records: Any, **what: Any) -> feeds.Stream:
        names = (*_OWN, *self.metadata)
        return feeds.Stream(
            name=SUBSCRIPTIONS, records=feeds.reads(records, "data"), entries="data",
            record_id=feeds.path("id"), customer=feeds.path("customer"), time_format="epoch",
            fields={name: feeds.path(name) for name in names},
            paging=feeds.CursorPages(param="starting_after", cursor="data[-1].id", more="has_more"), **what,
        )  # fmt: skip

    def _listed(self, found: dict[str, Any], known: int) -> Iterator[dict[str, Any]]:
        """What the list says of a subscription: worth something from its first paid day on, until it was gone."""
        start = max(_second(found, "start_date", "created"), _second(found, "trial_end"))
        status, guess, ends = found.get("status"), {"after": 2}, []
        if status == "canceled":
            ends = [_second(found, "ended_at", "canceled_at")]
        elif status in {"unpaid", "paused"}:
            # When it became so is not said: not before the period began that nobody has paid.
            ends = [_period_start(found)]
        # After a trial the first payment is expected, and may be given up; paused at its end, it never was.
        expected = status in _PAYING or status == "unpaid" or (status == "paused" and not found.get("trial_end"))
        if expected or max([*ends, 0]) > start:
            yield self._state(found, "0start", start, paid=True) | guess
            for end in ends:
                if end > start:
                    yield self._state(found, "9end", end, paid=False) | ({} if status == "canceled" else guess)
        seen = known - _DAY
        if status not in {"canceled", "incomplete_expired"} and seen > start:
            yield self._state(found, "8seen", seen, paid=status in _PAYING) | guess

    def _happened(self, event: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The state after a change, and the one before it where the event says what was changed."""
        data = event.get("data")
        found = data.get("object") if isinstance(data, dict) else None
        if not isinstance(found, dict) or not isinstance(found.get("id"), str):
            raise ValueError("an event without its subscription")  # noqa: TRY004 - what a record is set aside for.
        at, kind = _second(event, "created"), str(event.get("type")).rpartition(".")[2]
        changed = at
        if kind == "deleted":
            # The same instant that the list says, whenever the event came.
            at = _second(found, "ended_at") or at
        rank = {"created": "1", "deleted": "3"}.get(kind, "2")
        before = data.get("previous_attributes") if isinstance(data, dict) else None
        name, paid = f"{rank}{event.get('id')}", found.get("status") in _PAYING
        after = self._state(found, f"{name}>", at, paid=paid) | {"changed": changed}
        if isinstance(before, dict):
            old = _merged(found, before)
            state = self._state(old, f"{name}<", at, paid=old.get("status") in _PAYING)
            if all(state[one] == after[one] for one in (*_OWN, *self.metadata)):
                return  # A change that is none of ours, such as another billing period.
            yield state | {"changed": changed, "after": 0, "lapsed_at": after["lapsed_at"]}
        yield after

    def _state(self, found: dict[str, Any], name: str, at: int, *, paid: bool) -> dict[str, Any]:
        """One state as a record: its fields, and why they are none where that cannot be said."""
        customer, metadata = found.get("customer"), found.get("metadata")
        state: dict[str, Any] = {
            "id": f"{found.get('id')}/{name}", "at": at, "lapsed_at": at if paid else _lapsed(found, at), "after": 1,
            "customer": customer.get("id") if isinstance(customer, dict) else customer,
        }  # fmt: skip
        kept = metadata if isinstance(metadata, dict) else {}
        state |= {field_: kept.get(key) for field_, key in self.metadata.items()}
        try:
            largest, mrr = self._worth(found)
        except ValueError as problem:
            # Where nothing is paid it does not matter what it would be.
            largest, mrr = {}, problem if paid else 0.0
        return state | {name: largest.get(name) for name in _ITEM_FIELDS} | {"mrr": mrr if paid else 0.0}

    def _worth(self, found: dict[str, Any]) -> tuple[dict[str, Any], Any]:
        """(fields of the item that is worth most, the sum of all items a month). ValueError where it is not said."""
        items = found.get("items")
        rows = items.get("data") if isinstance(items, dict) else None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise ValueError("a subscription without its items")
        if isinstance(items, dict) and items.get("has_more") is True:
            raise ValueError("more items than the answer holds")
        worth = [(self._monthly(row, found), row) for row in rows]
        largest = max(worth, key=lambda pair: pair[0])[1] if worth else {}
        return self._described(largest, found), sum(amount for amount, _ in worth)

    def _monthly(self, item: dict[str, Any], found: dict[str, Any]) -> float:
        """A price times its quantity, a month, in the currency that is kept. Discounts and taxes are not in it."""
        price = _price(item)
        recurring = _recurring(price)
        if recurring.get("usage_type") == "metered":
            return 0.0
        amount = next((x for key in _AMOUNTS if (x := price.get(key)) is not None), None)
        if amount is None:
            raise ValueError("a price in tiers, whose amount is not in the subscription")
        quantity, interval = item.get("quantity"), recurring.get("interval")
        if interval not in _MONTHS:
            raise ValueError("a price without an interval")
        try:
            count = int(recurring.get("interval_count") or 1)
            packs = _packs(1 if quantity is None else int(quantity), price.get("transform_quantity"))
            paid = float(amount) * packs / (_MONTHS[interval] * count)
        except (TypeError, ValueError, OverflowError, ZeroDivisionError):
            raise ValueError("an amount, a quantity or an interval that is no number") from None
        currency = str(price.get("currency") or found.get("currency") or "").lower()
        return paid / _UNITS.get(currency, 100) * self._rate(currency)

    def _rate(self, currency: str) -> float:
        if currency == self.currency.lower():
            return 1.0
        for name, rate in self.rates.items():
            if name.lower() == currency:
                return rate
        raise _UnusableError(
            f"a subscription in {currency.upper() or 'no currency'}, for which `rates` has nothing; amounts are in "
            f"{self.currency.upper()}: give rates: {{{currency.upper() or '...'}: what one is worth in it}}"
        )

    def _described(self, item: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
        price = _price(item)
        product, name = price.get("product"), price.get("id")
        product = product.get("id") if isinstance(product, dict) else product
        tier = next((t for t, ids in self.tiers.items() if product in ids or name in ids), "other")
        return {
            "product": product, "price": name, "interval": _recurring(price).get("interval"),
            "currency": price.get("currency") or found.get("currency"), "tier": tier if self.tiers else None,
        }  # fmt: skip


# Plans have amounts, prices unit amounts; decimals where cents are too coarse.
_AMOUNTS = ("unit_amount", "unit_amount_decimal", "amount", "amount_decimal")


class _UnusableError(Exception):
    """Something in an answer without which its figures would be wrong."""


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


def _is_currency(text: str) -> bool:
    return len(text) == 3 and text.isascii() and text.isalpha()


def _each(data: Any, make: Any) -> Any:
    """The states of everything in a list; what is none of ours stays as it is, to be set aside."""
    rows = data.get("data") if isinstance(data, dict) else None
    if not isinstance(rows, list):
        return rows
    if not rows and data.get("has_more") is True:
        raise _UnusableError("an empty page of a list that has more, which can only be read from its last entry on")
    states: list[Any] = []
    for row in rows:
        try:
            states += make(row) if isinstance(row, dict) else [row]
        except ValueError as problem:
            states.append({"id": row.get("id"), "mrr": problem})
    return states


def _second(found: Mapping[str, Any], *names: str) -> int:
    """The first of several instants that is there, in epoch seconds; 0 without one."""
    value = next((x for name in names if (x := found.get(name)) is not None), 0)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{names[0]}: no epoch seconds")  # noqa: TRY004 - what a record is set aside for.
    return value


def _price(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item's price; in older versions of the API a plan stands in its place."""
    found = item.get("price") or item.get("plan")
    return found if isinstance(found, dict) else {}


def _recurring(price: dict[str, Any]) -> dict[str, Any]:
    found = price.get("recurring")
    return found if isinstance(found, dict) else price


def _packs(quantity: int, transform: Any) -> int:
    """How many times a price is charged: once a pack where it is for packs."""
    if not isinstance(transform, dict):
        return quantity
    by = int(transform["divide_by"])
    return -(-quantity // by) if transform.get("round") == "up" else quantity // by


def _period_start(found: Mapping[str, Any]) -> int:
    """When the billing period began that is the newest: of the items, or of the subscription in older versions."""
    items = found.get("items")
    rows = items.get("data") if isinstance(items, dict) else None
    starts = [_second(row, "current_period_start") for row in rows or () if isinstance(row, dict)]
    return max([*starts, _second(found, "current_period_start")])


def _lapsed(found: Mapping[str, Any], at: int) -> int:
    """Since when nothing was paid, of a subscription that is gone: the period whose payment failed began then."""
    details = found.get("cancellation_details")
    failed = isinstance(details, dict) and details.get("reason") == "payment_failed"
    since = _period_start(found) if failed or found.get("status") == "unpaid" else 0
    return since if 0 < since < at else at


def _merged(now: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """What it was before: mappings name what changed in them, lists are whole. Where an older version names plan and
    quantity beside the items, they are those of the only one."""
    own = {name: before[name] for name in ("plan", "quantity") if name in before}
    rows = now["items"].get("data") if isinstance(now.get("items"), dict) else None
    if own and "items" not in before and isinstance(rows, list) and len(rows) == 1:
        price = {"price": None} if "plan" in own else {}
        before = {**before, "items": {"data": [{**rows[0], **own, **price}]}}
    return {**now} | {
        name: _merged(now[name], old) if isinstance(old, dict) and isinstance(now.get(name), dict) else old
        for name, old in before.items()
    }
