"""States of a subscription, of what the list says of it and of what an event does: worth this from then on, or until
then."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from cxmon.sources.stripe import amounts, discounts

# Of these statuses money comes: a payment that is late is still expected, one that was given up is not.
PAYING = frozenset({"active", "past_due"})
# Of these none comes.
_OTHERS = frozenset({"trialing", "unpaid", "paused", "canceled", "incomplete", "incomplete_expired"})
TYPES = tuple(f"customer.subscription.{what}" for what in ("created", "updated", "deleted", "paused", "resumed"))
CUSTOMER_DELETED = "customer.deleted"
ITEM_FIELDS = ("product", "price", "interval", "currency", "tier")
_NO_ITEM = dict.fromkeys(ITEM_FIELDS)
_PLAIN = frozenset({str, int, bool, type(None)})
OWN = ("at", "lapsed_at", "mrr", "after", *ITEM_FIELDS)
_DAY = 86_400
# How a state holds: from its instant on, until then, or as a guess (`aggregate.states` has the same numbers).
_UNTIL, _SINCE, _GUESS = 0, 1, 2
# So many items are remembered.
_MOST_KNOWN = 1000
# (the price as it was given, what it costs as a subscription pays it, the fields that describe it).
_Item = tuple[dict[str, Any], discounts.Line, dict[str, Any]]
# (fields of the largest item, the sum of all items a month, or the error that says why there is none).
_Told = tuple[dict[str, Any], Any]


class Lookup(Protocol):
    """What can be asked beside: see `asked.Asked`."""

    def price(self, name: str, currency: str, /) -> dict[str, Any]: ...
    def items(self, subscription: str, /) -> list[dict[str, Any]]: ...
    def discount(self, name: str, subscription: str, /) -> dict[str, Any]: ...
    def learn(self, discounts: Any, /) -> None: ...
    def coupon(self, given: Any, /) -> dict[str, Any]: ...


@dataclass(frozen=True, kw_only=True)
class States:
    """Makes states; `metadata` and `tiers` are those of the source, `counted` the durations of discounts that count.
    `deleted` are the customers of whom an event has said that they were deleted."""

    money: amounts.Money
    metadata: Mapping[str, str]
    tiers: Mapping[str, tuple[str, ...]]
    counted: frozenset[str]
    asked: Lookup
    deleted: list[str] = field(default_factory=list)
    # What items are worth: subscriptions have few prices, so that nearly all are looked up here.
    _known: dict[tuple[object, ...], _Item] = field(default_factory=dict)

    def listed(self, found: dict[str, Any], known: int) -> Iterator[dict[str, Any]]:
        """What the list says of a subscription: worth something from its first paid day on, until it was gone."""
        _known(found)
        start = max(second(found, "start_date", "created"), second(found, "trial_end"))
        status, ends = found.get("status"), []
        if status == "canceled":
            ends = [second(found, "ended_at", "canceled_at")]
        elif status in {"unpaid", "paused"}:
            # When it became so is not said: not before the period began that nobody has paid.
            ends = [_period_start(found)]
        # After a trial the first payment is expected, and may be given up; paused at its end, it never was.
        expected = status in PAYING or status == "unpaid" or (status == "paused" and not found.get("trial_end"))
        seen, told = known - _DAY, None
        if expected or max([*ends, 0]) > start:
            last = min([*ends, seen])
            told = self._told(found, start)
            yield self._state(found, "0start", start, told, paid=True, after=_GUESS)
            for turn in self._turns(found, start, last):
                yield self._state(found, f"1turn{turn}", turn, self._told(found, turn), paid=True, after=_GUESS)
            for end in ends:
                if end > start:
                    gone = self._once_more(told, found, end, paid=False)
                    after = _SINCE if status == "canceled" else _GUESS
                    yield self._state(found, "9end", end, gone, paid=False, after=after)
        if status not in {"canceled", "incomplete_expired"} and seen > start:
            paid = status in PAYING
            now = self._once_more(told, found, seen, paid=paid)
            yield self._state(found, "8seen", seen, now, paid=paid, after=_GUESS)

    def happened(self, event: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The state after a change, and the one before it where the event says what was changed."""
        data = event.get("data")
        found = data.get("object") if isinstance(data, dict) else None
        if event.get("type") == CUSTOMER_DELETED and isinstance(found, dict) and isinstance(found.get("id"), str):
            # Their subscriptions have events of their own.
            self.deleted.append(found["id"])
        if event.get("type") not in TYPES:
            return  # Something that nobody asked for.
        if not isinstance(found, dict) or not isinstance(found.get("id"), str):
            raise ValueError("an event without its subscription")  # noqa: TRY004 - what a record is set aside for.
        _known(found)
        at, kind = second(event, "created"), str(event.get("type")).rpartition(".")[2]
        changed = at
        if kind == "deleted":
            # The same instant that the list says, whenever the event came.
            at = second(found, "ended_at") or at
        rank = {"created": "1", "deleted": "3"}.get(kind, "2")
        before = data.get("previous_attributes") if isinstance(data, dict) else None
        name, paid = f"{rank}{event.get('id')}", found.get("status") in PAYING
        after = self._state(found, f"{name}>", at, self._told(found, None, paid=paid), paid=paid) | {"changed": changed}
        if isinstance(before, dict):
            old = merged(found, before)
            paid = old.get("status") in PAYING
            state = self._state(old, f"{name}<", at, self._told(old, None, paid=paid), paid=paid)
            if all(state[one] == after[one] for one in (*OWN, *self.metadata)):
                return  # A change that is none of ours, such as another billing period.
            yield state | {"changed": changed, "after": _UNTIL, "lapsed_at": after["lapsed_at"]}
        yield after

    def _state(
        self, found: dict[str, Any], name: str, at: int, told: _Told, *, paid: bool, after: int = _SINCE
    ) -> dict[str, Any]:
        """One state as a record: its fields, and why they are none where that cannot be said."""
        largest, mrr = told
        state = {
            "id": f"{found.get('id')}/{name}", "at": at, "lapsed_at": at if paid else _lapsed(found, at),
            "after": after, "customer": _customer(found), **(largest or _NO_ITEM), "mrr": mrr if paid else 0.0,
        }  # fmt: skip
        if self.metadata:
            metadata = found.get("metadata")
            kept = metadata if isinstance(metadata, dict) else {}
            state |= {field_: kept.get(key) for field_, key in self.metadata.items()}
        return state

    def _told(self, found: dict[str, Any], at: int | None, *, paid: bool = True) -> _Told:
        """What a subscription is worth, and of what, or why that cannot be said; at an instant where `found` is the
        subscription as it is, whose discounts need not have held then."""
        try:
            return self._worth(found, at, paid=paid)
        except ValueError as problem:
            # Where nothing is paid it does not matter what it would be.
            return {}, problem

    def _once_more(self, told: _Told | None, found: dict[str, Any], at: int, *, paid: bool) -> _Told:
        """What was told of another instant, where it is the same at this one: discounts alone begin and end."""
        same = told is not None and not self.counted and not isinstance(told[1], ValueError)
        return told if told is not None and same else self._told(found, at, paid=paid)

    def _worth(self, found: dict[str, Any], at: int | None, *, paid: bool) -> _Told:
        """(fields of the item that is worth most, the sum of all items a month). ValueError where it is not said. Of
        what is not paid only the fields count, for which nothing is asked."""
        rows = self._rows(found, ask=paid)
        items = [self._item(row, found, ask=paid) for row in rows]
        lines = [line for _, line, _ in items]
        if self.counted and paid:
            for row, line in zip(rows, lines, strict=True):
                discounts.taken([line], [x for x in self._offs(row, found) if x.holds(at)])
            discounts.taken(lines, [x for x in self._offs(found, found) if x.holds(at)])
        best = max(range(len(rows)), key=lambda i: lines[i].worth) if rows else None
        fields = {} if best is None else items[best][2]
        return fields, sum(line.worth for line in lines)

    def _rows(self, found: dict[str, Any], *, ask: bool) -> list[dict[str, Any]]:
        items = found.get("items")
        rows = items.get("data") if isinstance(items, dict) else None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise ValueError("a subscription without its items")
        if isinstance(items, dict) and items.get("has_more") is True and ask:
            # Those that an event does not hold are as they are now.
            known = {row.get("id") for row in rows}
            rows = rows + [row for row in self.asked.items(str(found.get("id"))) if row.get("id") not in known]
        return rows

    def _item(self, row: dict[str, Any], found: dict[str, Any], *, ask: bool) -> _Item:
        """What an item of a subscription is worth, worked out once for each price and quantity."""
        given, quantity, paid_in = amounts.price_of(row), row.get("quantity"), found.get("currency")
        key = (given.get("id"), quantity, paid_in, ask)
        plain = set(map(type, key)) <= _PLAIN and not self.counted
        known = self._known.get(key) if plain else None
        # A price with the same id may come with other amounts, in an event of before.
        if known is not None and known[0] == given:
            return known
        currency = str(paid_in or "").lower()
        price = self._price(row, currency, ask=ask)
        item = given, self._line(row, price, currency), self._described(price, found)
        if plain and len(self._known) < _MOST_KNOWN:
            self._known[key] = item
        return item

    def _price(self, row: dict[str, Any], currency: str, *, ask: bool) -> dict[str, Any]:
        """The price as this subscription pays it."""
        price = amounts.price_of(row)
        name = price.get("id")
        currency = currency or str(price.get("currency") or "").lower()
        if ask and isinstance(name, str) and not amounts.is_metered(price) and amounts.needs_more(price, currency):
            more = self.asked.price(name, currency)
            price = price | {key: more[key] for key in ("tiers", "tiers_mode", "currency_options") if more.get(key)}
        return amounts.in_currency(price, currency)

    def _line(self, row: dict[str, Any], price: dict[str, Any], currency: str) -> discounts.Line:
        """A price times its quantity, a month, in the currency that is kept; what is metered is nothing."""
        product = amounts.product_of(price)
        if amounts.is_metered(price):
            return discounts.Line(worth=0.0, months=1.0, product=product)
        every, cost = amounts.months(price), amounts.charged(price, row.get("quantity"))
        kept = self.money.kept(cost / every, str(price.get("currency") or currency).lower())
        return discounts.Line(worth=kept, months=every, product=product)

    def _offs(self, holder: dict[str, Any], found: dict[str, Any]) -> list[discounts.Off]:
        """The discounts of an item or a subscription; before there could be several of them, the one it has."""
        listed = holder.get("discounts")
        if not listed:
            own = holder.get("discount")
            listed = [own] if isinstance(own, dict) else []
        self.asked.learn(listed)
        name = str(found.get("id"))
        full = [one if isinstance(one, dict) else self.asked.discount(str(one), name) for one in listed]
        currency = str(found.get("currency") or self.money.currency).lower()
        return discounts.offs(full, self.counted, currency, self.money, self.asked.coupon)

    def _turns(self, found: dict[str, Any], start: int, last: int) -> list[int]:
        """When a discount began or ended in a subscription's paid life."""
        if not self.counted:
            return []
        try:
            rows = self._rows(found, ask=True)
            held = [off for holder in (found, *rows) for off in self._offs(holder, found)]
        except ValueError:
            return []  # The states say why.
        times = {t for off in held for t in (off.start, off.end) if t is not None}
        return sorted(t for t in times if start + discounts.TOGETHER < t < last)

    def _described(self, price: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
        product, name = amounts.product_of(price), price.get("id")
        tier = next((t for t, ids in self.tiers.items() if product in ids or name in ids), "other")
        return {
            "product": product, "price": name, "interval": amounts.recurring(price).get("interval"),
            "currency": price.get("currency") or found.get("currency"), "tier": tier if self.tiers else None,
        }  # fmt: skip


def _known(found: Mapping[str, Any]) -> None:
    """ValueError for a status of which nobody knows yet whether money comes of it: it is neither a customer's loss nor
    their stay."""
    status = found.get("status")
    if isinstance(status, str) and status not in PAYING and status not in _OTHERS:
        raise ValueError("a status that is not known")


def second(found: Mapping[str, Any], *names: str) -> int:
    """The first of several instants that is there, in epoch seconds; 0 without one."""
    value: Any = 0
    for name in names:
        if (value := found.get(name)) is not None:
            break
    if value is None:
        return 0
    if type(value) is not int:
        raise ValueError(f"{names[0]}: no epoch seconds")
    return value


def merged(now: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """What a subscription was before: mappings name what changed in them, lists are whole, but for items, of which some
    versions name only what changed. Where an older version names plan and quantity beside the items, they are those of
    the only one."""
    own = {name: before[name] for name in ("plan", "quantity") if name in before}
    rows = now["items"].get("data") if isinstance(now.get("items"), dict) else None
    if own and "items" not in before and isinstance(rows, list) and len(rows) == 1:
        before = {**before, "items": {"data": [own]}}
    old = _merged(now, before)
    listed = old["items"].get("data") if isinstance(old.get("items"), dict) else None
    if isinstance(rows, list) and isinstance(listed, list) and "items" in before:
        old["items"] = old["items"] | {"data": _items(rows, listed)}
    return old


def _merged(now: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    return {**now} | {
        name: _merged(now[name], old) if _is_part(now.get(name), old) else old for name, old in before.items()
    }


def _is_part(now: Any, old: Any) -> bool:
    """Whether `old` may be only what changed in `now`: what has an id of its own is another one."""
    both = isinstance(now, dict) and isinstance(old, dict)
    return both and ("id" not in old or old["id"] == now.get("id"))


def _items(now: list[Any], old: list[Any]) -> list[Any]:
    known = {row.get("id"): row for row in now if isinstance(row, dict)}
    rows = [row if isinstance(row, dict) else {} for row in old]
    alike = len(now) == len(rows)
    mates = [known.get(row["id"]) if "id" in row else now[i] if alike else None for i, row in enumerate(rows)]
    return [_item(mate, row) if isinstance(mate, dict) else row for mate, row in zip(mates, rows, strict=True)]


def _item(now: dict[str, Any], old: dict[str, Any]) -> dict[str, Any]:
    # A plan that was another one had another price.
    return _merged(now, old | ({"price": None} if "plan" in old and "price" not in old else {}))


def _customer(found: Mapping[str, Any]) -> Any:
    """Whose subscription it is: a customer, or the account that stands for one."""
    customer = found.get("customer")
    if isinstance(customer, dict):
        customer = customer.get("id")
    return customer if customer is not None else found.get("customer_account")


def _period_start(found: Mapping[str, Any]) -> int:
    """When the billing period began that is the newest: of the items, or of the subscription in older versions."""
    items = found.get("items")
    rows = items.get("data") if isinstance(items, dict) else None
    starts = [second(row, "current_period_start") for row in rows or () if isinstance(row, dict)]
    return max([*starts, second(found, "current_period_start")])


def _lapsed(found: Mapping[str, Any], at: int) -> int:
    """Since when nothing was paid, of a subscription that is gone: the period whose payment failed began then."""
    details = found.get("cancellation_details")
    failed = isinstance(details, dict) and details.get("reason") == "payment_failed"
    since = _period_start(found) if failed or found.get("status") == "unpaid" else 0
    return since if 0 < since < at else at
