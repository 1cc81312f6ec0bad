"""What neither the list nor an event holds, asked for when it is needed, and once: tiers, further items, discounts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from cxmon import feeds
from cxmon.errors import AccessError, RefusedError, SourceError
from cxmon.sources.stripe.discounts import coupon_of

if TYPE_CHECKING:
    from cxmon.feeds.client import Client

# Pages of one list that is asked for beside: more is no list of a subscription's items or of a month's discounts.
_MOST_PAGES = 200
_DISCOUNTED = tuple(f"customer.discount.{what}" for what in ("created", "updated", "deleted"))


@dataclass(kw_only=True)
class Asked:
    """Answers by what was asked, for the length of one run. ValueError, with the reason, where Stripe says no."""

    client: "Client"
    discounted: bool = False
    _known: dict[str, Any] = field(default_factory=dict)
    # Of a discount only its times and its coupon's id are kept: there may be as many as subscriptions.
    _discounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    _coupons: dict[str, dict[str, Any]] = field(default_factory=dict)
    _happened: bool = False
    _items: tuple[str, list[dict[str, Any]]] = ("", [])

    def price(self, name: str, currency: str) -> dict[str, Any]:
        """A price with its tiers and what it is in other currencies; without what cannot be had, an empty one."""
        place = f"v1/prices/{quote(name, safe='')}"
        found = self._one(place, ("tiers", "currency_options"), "prices") or {}
        options = found.get("currency_options") or {}
        option = options.get(currency)
        tiered = found.get("billing_scheme") == "tiered" and found.get("currency") != currency
        if tiered and isinstance(option, dict) and not option.get("tiers"):
            more = self._one(place, (f"currency_options.{currency}.tiers",), "prices") or {}
            told = more.get("currency_options")
            found = found | {"currency_options": {**options, **told}} if isinstance(told, dict) else found
        return found

    def items(self, subscription: str) -> list[dict[str, Any]]:
        """All items of a subscription as it is now."""
        if self._items[0] != subscription:
            expand = {"expand[]": ("data.discounts",)} if self.discounted else {}
            listed = self._listed("v1/subscription_items", {"subscription": subscription, **expand}, "items")
            self._items = subscription, list(listed)
        return self._items[1]

    def discount(self, name: str, subscription: str) -> dict[str, Any]:
        """A discount by its id: of what happened to discounts in the last 30 days, or of the subscription as it is."""
        if name not in self._discounts and not self._happened:
            self._happened = True
            for event in self._listed("v1/events", {"types[]": _DISCOUNTED}, "events"):
                data = event.get("data")
                self.learn([data.get("object") if isinstance(data, dict) else None])
        if name not in self._discounts:
            place = f"v1/subscriptions/{quote(subscription, safe='')}"
            found = self._one(place, ("discounts", "items.data.discounts"), "subscriptions", keep=False) or {}
            items = found.get("items")
            rows = (items.get("data") if isinstance(items, dict) else None) or ()
            for holder in (found, *rows):
                self.learn(holder.get("discounts") if isinstance(holder, dict) else None)
        if name not in self._discounts:
            raise ValueError("a discount of which Stripe knows no more than that it was there")
        return self._discounts[name]

    def learn(self, discounts: Any) -> None:
        """Keeps what expanded discounts say."""
        for one in discounts if isinstance(discounts, list) else ():
            if isinstance(one, dict) and isinstance(one.get("id"), str) and one["id"] not in self._discounts:
                coupon = self._named(coupon_of(one))
                kept = {"coupon": coupon, "start": one.get("start"), "end": one.get("end")}
                self._discounts[one["id"]] = kept

    def coupon(self, given: Any) -> dict[str, Any]:
        """A coupon with the products to which it applies; as it was `given`, where it has been deleted since."""
        name = self._named(given)
        if not isinstance(name, str):
            raise ValueError("a discount without its coupon")  # noqa: TRY004 - what a record is set aside for.
        own = self._coupons.get(name, {})
        try:
            place = f"v1/coupons/{quote(name, safe='')}"
            found = self._one(place, ("applies_to", "currency_options"), "coupons") or own
        except ValueError:
            if not own:
                raise
            found = own
        if not found:
            raise ValueError("a discount whose coupon has been deleted")
        return found

    def _named(self, coupon: Any) -> Any:
        """The id of a coupon, which is kept where it stands there whole."""
        if not isinstance(coupon, dict):
            return coupon
        name = coupon.get("id")
        if isinstance(name, str):
            self._coupons.setdefault(name, coupon)
        return name

    def _one(self, place: str, expand: Sequence[str], what: str, *, keep: bool = True) -> dict[str, Any] | None:
        """What stands at a place; None where nothing does, and, unless it is to be kept, where it was asked before."""
        key = f"{place} with {expand}"
        found: Any = None
        if key not in self._known:
            try:
                call = feeds.Call(url=place, params={"expand[]": expand}, place="a question")
                found = self.client.send(call).data
                found = found if isinstance(found, dict) and not found.get("deleted") else None
            except RefusedError:
                found = None
            except AccessError:
                found = ValueError(f"the key may not read {what}")
            self._known[key] = found if keep or isinstance(found, ValueError) else None
        else:
            found = self._known[key]
        if isinstance(found, ValueError):
            raise found
        return found if isinstance(found, dict) else None

    def _listed(self, path: str, params: Mapping[str, str | Sequence[str]], what: str) -> Iterator[dict[str, Any]]:
        after: dict[str, str] = {}
        for _ in range(_MOST_PAGES):
            try:
                call = feeds.Call(url=path, params={**params, "limit": "100", **after}, place="a question")
                page = self.client.send(call).data
            except AccessError:
                raise ValueError(f"the key may not read {what}") from None
            except RefusedError:
                raise ValueError(f"more {what} than the answer holds, and Stripe does not give them") from None
            rows = page.get("data") if isinstance(page, dict) else None
            rows = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
            yield from rows
            last = rows[-1].get("id") if rows else None
            if not isinstance(page, dict) or page.get("has_more") is not True or not isinstance(last, str):
                return
            if after.get("starting_after") == last:
                raise ValueError(f"a list of {what} that goes round in circles")
            after = {"starting_after": last}
        raise SourceError(f"{self.client.name}: GET {path} has more than {_MOST_PAGES} pages")
