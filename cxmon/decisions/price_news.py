"""When a price is news: its answer is read once a week, and taken back only where the best estimate contradicts it."""

from datetime import datetime, timedelta

from cxmon.model import Change, Price, PriceCode

# What people are told without asking: that a decision pays for itself, or that it does not.
FIRM = frozenset({PriceCode.PAYS, PriceCode.COSTS_MORE})
WEEK = timedelta(days=7)


def price_day(change: Change, now: datetime) -> bool:
    """Whether a daily look at `now` asks the price: every seventh day since the start."""
    return change.saving is not None and (now - change.starts) // timedelta(days=1) % 7 == 0


def price_due(change: Change, before: datetime | None, now: datetime) -> bool:
    """Whether a week of the change's life has ended since the look `before` (None: this is the first)."""
    return before is None or (now - change.starts) // WEEK > (before - change.starts) // WEEK


def standing(before: PriceCode | None, price: Price | None, *, ended: bool) -> PriceCode | None:
    """The answer that stands: the newest firm one, until the estimate itself lies on the other side of nothing left.

    None where there was no firm answer yet; `open` where one was taken back. A range that only widens over the border,
    or a price that is not known for a while, takes nothing back. `ended`: what a change saved and lost until its end
    decides, else a year.
    """
    if price is None or price.code is before:
        return before
    if price.code in FIRM:
        return price.code
    left = (price.net if ended else price.net_year).estimate
    gone = left <= 0 if before is PriceCode.PAYS else left >= 0
    return PriceCode.OPEN if before in FIRM and price.code is PriceCode.OPEN and gone else before
