"""Before the decision: when judging a change will be able to say something."""

import math
from dataclasses import dataclass
from datetime import date, datetime

from cxmon.model.change import Change
from cxmon.model.ranges import Grade


@dataclass(frozen=True, kw_only=True)
class Answer:
    """When half of the futures that are possible have the answer: `days` after the start, on the day `on`; None where
    fewer than half have it by the horizon. `chance` is the share that has it by then. `smallest` is the harm (in the
    outlook's unit) of which half have the answer by then. `days_with_longer`: the days of a watch of a year, asked for
    (`longer_tried`) where the horizon is too short; None where even that is.
    """

    days: int | None
    on: date | None
    chance: float
    smallest: float
    days_with_longer: int | None = None
    longer_tried: bool = False


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """What judging one change on one metric will be able to say, and when.

    `limit` and `Answer.smallest` are in `unit` as in `Harm`. `seen`: with a harm of just the limit, that there is harm
    (low > 0). `ruled_out`: without any harm, that it is within the limit (high < limit). Both None with a `reason`.
    `typical_n` answers a period, `level` the metric's recent figure, `spread` the standard deviation of one period's
    figure around what is expected (in `unit`), `wait_days` until a period is complete (counted in all days). `n_pre`
    periods of history; `controls` the untouched segments that would be compared with, `alone` why there are none.
    """

    metric: str
    scope: str
    unit: str
    limit: float
    horizon_days: int
    wait_days: float
    confidence: float
    starts: datetime
    known_until: datetime | None = None
    typical_n: float = math.nan
    level: float = math.nan
    spread: float = math.nan
    n_pre: int = 0
    grade: Grade = Grade.BEFORE_AFTER
    controls: tuple[str, ...] = ()
    alone: str = ""
    seen: Answer | None = None
    ruled_out: Answer | None = None
    reason: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Planned:
    """What the planner says of one change: an outlook per watched metric, and per stage of a roll-out."""

    change: Change
    outlooks: tuple[Outlook, ...]
