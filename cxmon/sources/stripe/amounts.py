"""What an item of a subscription costs at its price, in the subscription's currency: by units, in packs, in tiers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Months in an interval; a month has a twelfth of a year's 365 days.
_MONTHS = {"day": 12 / 365, "week": 84 / 365, "month": 1.0, "year": 12.0}
# How many of a currency's smallest units make one, where it is not 100.
_WHOLE = ("bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf")
_UNITS = dict.fromkeys(_WHOLE, 1) | dict.fromkeys(("bhd", "jod", "kwd", "omr", "tnd"), 1000)
# Plans have amounts, prices unit amounts; decimals where cents are too coarse.
_AMOUNTS = ("unit_amount", "unit_amount_decimal", "amount", "amount_decimal")
_FLAT = ("flat_amount", "flat_amount_decimal")


class UnusableError(Exception):
    """Something in an answer without which its figures would be wrong."""


@dataclass(frozen=True, kw_only=True)
class Money:
    """The currency in which amounts are kept, and what one unit of each other one is worth in it."""

    currency: str
    rates: Mapping[str, float]

    def kept(self, amount: float, currency: str) -> float:
        """An amount in a currency's smallest units, in the one that is kept. UnusableError without a rate, ValueError
        for what is no currency, which no rate could be given for."""
        return amount / _UNITS.get(currency, 100) * self._rate(currency)

    def _rate(self, currency: str) -> float:
        if currency == self.currency.lower():
            return 1.0
        for name, rate in self.rates.items():
            if name.lower() == currency:
                return rate
        if not is_currency(currency):
            raise ValueError("no currency of three letters")
        raise UnusableError(
            f"a subscription in {currency.upper()}, for which `rates` has nothing; amounts are in "
            f"{self.currency.upper()}: give rates: {{{currency.upper()}: what one is worth in it}}"
        )


def is_currency(text: str) -> bool:
    return len(text) == 3 and text.isascii() and text.isalpha()


def price_of(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item's price; in older versions of the API a plan stands in its place."""
    found = item.get("price") or item.get("plan")
    return found if isinstance(found, dict) else {}


def product_of(price: Mapping[str, Any]) -> Any:
    product = price.get("product")
    return product.get("id") if isinstance(product, dict) else product


def recurring(price: dict[str, Any]) -> dict[str, Any]:
    found = price.get("recurring")
    return found if isinstance(found, dict) else price


def months(price: dict[str, Any]) -> float:
    """How many months a price pays for. ValueError where it does not say."""
    every = recurring(price)
    if every.get("interval") not in _MONTHS:
        raise ValueError("a price without an interval")
    try:
        return _MONTHS[every["interval"]] * int(every.get("interval_count") or 1)
    except (TypeError, ValueError):
        raise ValueError("an amount, a quantity or an interval that is no number") from None


def is_metered(price: dict[str, Any]) -> bool:
    """Usage is billed when it is over: what it will be is not known before."""
    return recurring(price).get("usage_type") == "metered"


def needs_more(price: Mapping[str, Any], currency: str) -> bool:
    """Whether a price is told only when it is asked for: its tiers, or what it is in another currency than its own."""
    own = str(price.get("currency") or currency).lower()
    return (own != currency and not _options(price, currency)) or (_is_tiered(price) and not _tiers(price, currency))


def in_currency(price: dict[str, Any], currency: str) -> dict[str, Any]:
    """The price as a subscription in `currency` pays it; as it is, where it has no other amounts for that."""
    option = _options(price, currency)
    if str(price.get("currency") or currency).lower() == currency or not option:
        return price
    amounts = {name: option.get(name) for name in (*_AMOUNTS, "tiers", "custom_unit_amount")}
    return price | amounts | {"currency": currency}


def charged(price: dict[str, Any], quantity: Any) -> float:
    """What a price is for one of its intervals, in its currency's smallest units. ValueError where it is not said."""
    unsaid = _unsaid(price)
    if unsaid:
        raise ValueError(unsaid)
    try:
        count = 1 if quantity is None else int(quantity)
        if _is_tiered(price):
            found = _in_tiers(price, count)
        else:
            packs = _packs(count, price.get("transform_quantity") or price.get("transform_usage"))
            found = float(_amount(price)) * packs
    except (TypeError, ValueError, OverflowError, ZeroDivisionError, KeyError, AttributeError):
        raise ValueError("an amount, a quantity or an interval that is no number") from None
    if found is None:
        raise ValueError("more units than the tiers of its price")
    return found


def _unsaid(price: Mapping[str, Any]) -> str:
    """Why a price's amount is not in it; empty where it is."""
    if _is_tiered(price):
        return "" if price.get("tiers") else "a price in tiers, whose amount is not in the subscription"
    if _amount(price) is not None:
        return ""
    chosen = price.get("custom_unit_amount") is not None
    return "a price that its customer chooses" if chosen else "a price without an amount"


def _amount(price: Mapping[str, Any]) -> Any:
    return next((x for key in _AMOUNTS if (x := price.get(key)) is not None), None)


def _in_tiers(price: Mapping[str, Any], quantity: int) -> float | None:
    """`volume`: all units at the price of the tier in which the quantity lies; `graduated`: each unit at that of its
    own. The flat amount of a tier comes once, where it is reached; the first tier's is due for nothing, too. None where
    the quantity lies in no tier."""
    total, below = 0.0, 0
    for tier in price["tiers"]:
        upper = tier.get("up_to")
        here = quantity if upper is None else min(quantity, int(upper))
        reached = upper is None or quantity <= int(upper)
        if price.get("tiers_mode") == "volume":
            if reached:
                return quantity * _first(tier, _AMOUNTS) + _first(tier, _FLAT)
            continue
        total += max(0, here - below) * _first(tier, _AMOUNTS) + _first(tier, _FLAT)
        if reached:
            return total
        below = int(upper)
    return None


def _first(tier: Mapping[str, Any], names: tuple[str, ...]) -> float:
    return float(next((x for name in names if (x := tier.get(name)) is not None), 0))


def _packs(quantity: int, transform: Any) -> int:
    """How many times a price is charged: once a pack where it is for packs."""
    if not isinstance(transform, dict):
        return quantity
    by = int(transform["divide_by"])
    return -(-quantity // by) if transform.get("round") == "up" else quantity // by


def _is_tiered(price: Mapping[str, Any]) -> bool:
    return price.get("billing_scheme") == "tiered"


def _tiers(price: Mapping[str, Any], currency: str) -> Any:
    if str(price.get("currency") or currency).lower() == currency:
        return price.get("tiers")
    return _options(price, currency).get("tiers")


def _options(price: Mapping[str, Any], currency: str) -> Mapping[str, Any]:
    options = price.get("currency_options")
    found = options.get(currency) if isinstance(options, dict) else None
    return found if isinstance(found, dict) else {}
