"""When an answer is due: the interval's half width, projected."""

import math
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from cxmon.model import Grain, Harm, Interval, Metric

LONGEST_DAYS = 365
_DAYS = {Grain.HOUR: 1 / 24, Grain.DAY: 1.0, Grain.WEEK: 7.0, Grain.MONTH: 30.44}


def periods_needed(harm: Interval, limit: float, n_post: int) -> float:
    """Periods past the change after which the interval is likely to decide: inf where it never will.

    First form: the half width shrinks as 1 / sqrt(periods). An interval with a half width below `limit / 2` cannot hold
    both 0 and the limit, so it decides whatever the harm really is; the further the estimate lies from the middle
    between the two, the less is needed, and that distance counts half, because the estimate itself is unsure. Where
    harm is sure already (low > 0) only the limit is open: then the middle is the limit itself, and a quarter of the
    limit the least that is asked for.
    """
    half = (harm.high - harm.low) / 2
    if n_post < 1 or not math.isfinite(half) or not limit > 0:
        return math.inf
    if harm.low > 0:
        goal = max(abs(harm.estimate - limit), limit / 4)
    else:
        goal = limit / 2 + abs(harm.estimate - limit / 2) / 2
    return float(n_post * max(1.0, half / goal) ** 2)


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
