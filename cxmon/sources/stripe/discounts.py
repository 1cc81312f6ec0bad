"""What discounts take off a subscription: first those of an item, then those of the subscription, in their order."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cxmon.sources.stripe.amounts import Money

# Which durations of a coupon are taken off: `forever` is what Stripe's figures took off before there was a choice.
DURATIONS = {
    "none": frozenset[str](), "forever": frozenset({"forever"}), "recurring": frozenset({"forever", "repeating"}),
    "all": frozenset({"forever", "repeating", "once"}),
}  # fmt: skip
# A discount that comes with its subscription may begin a moment later.
TOGETHER = 3600


@dataclass(frozen=True, kw_only=True)
class Off:
    """What one discount takes off: a share, or an amount for each bill (in the kept currency), of these products or, if
    None, of all; from `start` on, up to `end` (epoch seconds; None: for good)."""

    share: float
    amount: float
    products: frozenset[str] | None
    start: int
    end: int | None

    def holds(self, at: int | None) -> bool:
        """Whether it counts at an instant; one that is listed does without one."""
        return at is None or (self.start <= at + TOGETHER and (self.end is None or at < self.end))


@dataclass(kw_only=True)
class Line:
    """An item: what it is worth a month in the kept currency, how many months a bill of it is for, and its product."""

    worth: float
    months: float
    product: Any


def coupon_of(discount: Mapping[str, Any]) -> Any:
    """Where its coupon stands: in the discount itself up to the version 2025-08-27, in its source since."""
    source = discount.get("source")
    return source.get("coupon") if isinstance(source, dict) else discount.get("coupon")


def offs(
    listed: Sequence[Any], counted: frozenset[str], currency: str, money: Money, coupon: Callable[[Any], dict[str, Any]]
) -> list[Off]:
    """The discounts that count, of expanded ones. `coupon` finds one by its id, or what stands in its place."""
    found = []
    for discount in listed:
        of = coupon(coupon_of(discount))
        if of.get("duration") not in counted:
            continue
        applies = of.get("applies_to")
        products = applies.get("products") if isinstance(applies, dict) else None
        end = discount.get("end")
        found.append(Off(
            share=float(of.get("percent_off") or 0) / 100, amount=_amount(of, currency, money),
            products=frozenset(map(str, products)) if isinstance(products, list) else None,
            start=int(discount.get("start") or 0), end=end if isinstance(end, int) else None,
        ))  # fmt: skip
    return found


def _amount(coupon: Mapping[str, Any], currency: str, money: Money) -> float:
    """An amount in another currency than the subscription's takes nothing off, unless the coupon has one for that."""
    amount, own = coupon.get("amount_off"), str(coupon.get("currency") or currency).lower()
    if own != currency:
        options = coupon.get("currency_options")
        option = options.get(currency) if isinstance(options, dict) else None
        amount = option.get("amount_off") if isinstance(option, dict) else None
    return money.kept(float(amount or 0), currency) if amount else 0.0


def taken(lines: Sequence[Line], discounts: Sequence[Off]) -> None:
    """Takes discounts off lines. An amount is shared out by what the lines are worth, and takes no more than that; a
    month of it is the part of a bill's months, those of the largest line."""
    for off in discounts:
        mine = [line for line in lines if line.worth > 0 and (off.products is None or line.product in off.products)]
        total = sum(line.worth for line in mine)
        if not total:
            continue
        amount = off.amount / max(mine, key=lambda line: line.worth).months
        left = (1 - off.share) * max(0.0, 1 - amount / total)
        for line in mine:
            line.worth *= max(0.0, left)
