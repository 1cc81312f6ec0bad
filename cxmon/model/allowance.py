"""How much of a year's harm allowance all decisions together have used."""

import math
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cxmon.model.metric import Amount
from cxmon.model.ranges import Interval
from cxmon.model.verdict import Code


class AllowanceCode(StrEnum):
    """exceeded: surely more than is allowed; within: surely less; open: neither is sure yet."""

    EXCEEDED = "exceeded"
    WITHIN = "within"
    OPEN = "open"


@dataclass(frozen=True, kw_only=True)
class Allowances:
    """The harm allowed per metric and year, over all decisions. Years begin on `month` and `day`, as metrics' zones
    have it."""

    amounts: dict[str, Amount]
    month: int = 1
    day: int = 1


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """Everyone's figures before the year, on the scale they are judged on, as they were known at `frozen_at`: later
    revisions do not move it. `starts` are epoch seconds; `values`, `n` and `se` (empty where none is known) are as in
    `Judged`. `definition` is the hash of the metric's definition: figures defined otherwise need another baseline."""

    metric: str
    definition: str
    year: datetime
    frozen_at: datetime
    starts: tuple[int, ...]
    values: tuple[float, ...]
    n: tuple[float, ...]
    se: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Carried:
    """One decision's part of the allowance: its own harm times the `share` of all answers it touches, in the unit of
    the allowance. NaN and a `reason` where its harm is not known; `high` is then the most it can be. `compared` is the
    share of all answers in the untouched segments it is compared with."""

    change: str
    code: Code
    share: float
    harm: Interval
    reason: str = ""
    compared: float = 0.0

    @property
    def known(self) -> bool:
        return math.isfinite(self.harm.estimate)


@dataclass(frozen=True, kw_only=True)
class Altogether:
    """What happened to everyone in the year, decided or not: the mean from `since` to `until` against the frozen
    baseline. `decides` is False where a season could be taken for a harm; NaN and a `reason` where nothing is known."""

    harm: Interval
    code: AllowanceCode
    since: datetime | None = None
    until: datetime | None = None
    answers: float = 0.0
    frozen_at: datetime | None = None
    decides: bool = True
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class AllowanceUse:
    """The year's harm allowance of one metric as of one moment; positive is worse, all in `unit` as in `Harm`.

    Two readings stand beside each other: `summed`, what the decisions of the year did by their own verdicts, and
    `altogether`, what happened to everyone. `unexplained` is the second less the first,
    thinned to means over the same time. `by` says which reading the
    code comes from: `decisions` or `altogether`.
    """

    metric: str
    year: datetime
    ends: datetime
    as_of: datetime
    code: AllowanceCode
    by: str
    unit: str
    limit: float
    summed: Interval
    altogether: Altogether
    unexplained: Interval
    carried: tuple[Carried, ...] = ()

    @property
    def reading(self) -> Interval:
        """The reading that the code comes from."""
        return self.altogether.harm if self.by == "altogether" else self.summed

    @property
    def unknown(self) -> tuple[Carried, ...]:
        return tuple(one for one in self.carried if not one.known)
