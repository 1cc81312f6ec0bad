"""When an answer is due: the interval's half width, projected."""

import math
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from cxmon.model import Grain, Harm, Interval, Metric

LONGEST_DAYS = 365
_DAYS = {Grain.HOUR: 1 / 24, Grain.DAY: 1.0, Grain.WEEK: 7.0, Grain.MONTH: 30.44}


def periods_needed(harm: Interval, limit: float, n_post: int) -> float:
    """Periods past the change after which the interval decides, whatever the harm really is: inf where never.

    An interval narrower than the limit cannot hold both 0 and the limit, so it rules out one of them. First form: the
    half width shrinks as 1 / sqrt(periods), so that `n_post * (width / limit)^2` periods are needed. A harm that is
    sure already (low > 0) needs the limit alone to leave the interval: half width < |limit - estimate|, but not less
    than a quarter of the limit, because the estimate itself is unsure.
    """
    width = harm.high - harm.low
    if n_post < 1 or not math.isfinite(width) or not limit > 0:
        return math.inf
    goal = limit
    if harm.low > 0:
        goal = 2 * max(abs(limit - harm.estimate), limit / 4)
    return float(n_post * max(1.0, width / goal) ** 2)


def due_date(harm: Harm, metric: Metric, now: datetime) -> date | None:
    """The local day around which an answer is due: the needed periods and the wait until they are mature.

    None where nothing can be projected or no answer comes within a year of `now`. Never before the day after `now`.
    """
    if harm.window_start is None:
        return None
    needed = periods_needed(harm.so_far, harm.limit, harm.n_post)
    if needed * _DAYS[metric.grain] > 100 * LONGEST_DAYS:
        return None
    at = harm.window_start + timedelta(days=math.ceil(needed * _DAYS[metric.grain])) + metric.matures_after
    if at - now > timedelta(days=LONGEST_DAYS):
        return None
    return max(at, now + timedelta(days=1)).astimezone(ZoneInfo(metric.zone)).date()
