"""What a decision is said to save against what it costs: what lost customers cost, and the price of a change."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from cxmon.model.ranges import Grade, Interval

# Days in the periods that amounts of money are given per. A month is a twelfth of a mean year.
PER_DAYS = {"day": 1.0, "week": 7.0, "month": 365.25 / 12, "quarter": 365.25 / 4, "year": 365.25}


@dataclass(frozen=True, kw_only=True)
class Worth:
    """What one lost customer, or one contact, costs, and the metric that counts them.

    `amounts` in `currency`: one, or one for each value of the dimension `by` (then by that value's name). `per` is
    `once`, or the period that an amount is for; it is then lost for `horizon_days`. `counts_after_days`: so long after
    its start a change's effect on the metric is no answer yet, because people leave late.
    """

    metric: str
    amounts: Mapping[str, float]
    currency: str
    by: str = ""
    per: str = "once"
    horizon_days: float = 0.0
    source: str = ""
    as_of: date | None = None
    counts_after_days: int = 0

    @property
    def times(self) -> float:
        """How many amounts one customer or contact is worth."""
        return 1.0 if self.per == "once" else self.horizon_days / PER_DAYS[self.per]


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """Fixed rates: one unit of each currency in the currency of the board."""

    rates: Mapping[str, float] = field(default_factory=dict)
    source: str = ""
    as_of: date | None = None


@dataclass(frozen=True, kw_only=True)
class Money:
    """What the configuration says money is lost by, in which `currency` the board shows it, and the rates."""

    currency: str
    customers: Worth | None = None
    contacts: Worth | None = None
    exchange: Exchange = Exchange()

    @property
    def worths(self) -> "dict[str, Worth]":
        """What has a value, by its name: `customers` and `contacts`."""
        named = {"customers": self.customers, "contacts": self.contacts}
        return {name: worth for name, worth in named.items() if worth is not None}

    @property
    def metrics(self) -> frozenset[str]:
        return frozenset(worth.metric for worth in self.worths.values())


class PriceCode(StrEnum):
    """How a loss stands against the claimed saving.

    pays: any loss still possible is below it; costs_more: the least loss possible is above it; open: neither;
    waiting: a part that counts is not known yet; unclaimed: no saving was claimed that a loss could be held against.
    """

    PAYS = "pays"
    COSTS_MORE = "costs_more"
    OPEN = "open"
    WAITING = "waiting"
    UNCLAIMED = "unclaimed"


@dataclass(frozen=True, kw_only=True)
class Input:
    """One figure that a price rests on, as it was given; illustrative where nobody says where it is from, or when.

    `name` is `saving`, `customers`, `contacts` or `rate` (one unit of the currency `of` in the price's); `of` else the
    segment that an amount is for, and `horizon_days` for how long an amount `per` a period is lost.
    """

    name: str
    amount: float
    currency: str
    source: str
    as_of: date | None
    of: str = ""
    per: str = "once"
    horizon_days: float = 0.0

    @property
    def illustrative(self) -> bool:
        return not self.source or self.as_of is None


@dataclass(frozen=True, kw_only=True)
class Part:
    """What one metric adds to the loss; positive is a loss. Money is in the price's currency.

    `events` and `loss` are over the price's days. `each` is what one lost customer or contact is worth; where it
    differs by segment (`by_segment`) the mean over those who usually leave, and `loss` is estimated by itself. `known`:
    there is an estimate; `counted`: it is in the loss; `reason` says why not, or what was left out, and `ready` from
    which day on it counts. `break_even` is the harm, in `unit` as in `Harm`, and `break_even_events` the number a month
    at which nothing of the saving is left, the other parts as estimated; NaN where there is none.
    """

    name: str
    metric: str
    known: bool
    counted: bool
    events: Interval
    each: float
    loss: Interval
    unit: str
    grade: Grade
    confidence: float
    break_even: float
    break_even_events: float
    reason: str = ""
    ready: date | None = None
    by_segment: bool = False


@dataclass(frozen=True, kw_only=True)
class Price:
    """The claimed saving of a change against its loss over the same `days` since its start, all in `currency`.

    `net` = saving - loss, and the same for a year at the pace so far. The range of a loss is the sum of its parts'
    ends, so it holds wherever all of theirs do, however they hang together: with at least `confidence`. `projection` is
    the net of a year with the parts that are not counted yet; None where all are, or none of them can be estimated.
    `missing` are parts that have a value and no figures. `by` and `verified_by` are the claim's; NaN money: not known.

    Of a roll-out `full_days` is how long all its stages together would have taken to be as many days with as many
    customers, `reached` the share of the volume that has it; a year is one with all of them.
    """

    currency: str
    code: PriceCode
    since: datetime
    until: datetime
    days: float
    saving: float
    saving_year: float
    claimed_by: str
    verified_by: str
    loss: Interval
    loss_year: Interval
    net: Interval
    net_year: Interval
    parts: tuple[Part, ...]
    projection: Interval | None
    missing: tuple[str, ...]
    grade: Grade
    confidence: float
    inputs: tuple[Input, ...]
    reason: str = ""
    full_days: float = math.nan
    reached: float = 1.0

    @property
    def paced_days(self) -> float:
        """The days over which saving and loss run at the pace of the whole."""
        return self.full_days if math.isfinite(self.full_days) else self.days

    @property
    def illustrative(self) -> bool:
        """Whether any value that it rests on has no source or no date."""
        return any(one.illustrative for one in self.inputs)
