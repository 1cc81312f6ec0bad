"""What happened to everyone since the year began, against figures frozen when it did."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from cxmon import decisions
from cxmon.decisions.allowance import EVERYONE_ERROR, Terms, allowance_code
from cxmon.decisions.span import FIRST_LOOK, IN_A_YEAR, LONG_PAST, instant, profile_of, year_of
from cxmon.model import AllowanceCode, Altogether, Amount, Baseline, Interval, Metric
from cxmon.panel import Judged, Panel
from cxmon.periods import grid
from cxmon.pipeline.estimating import Asking, effect_of

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

# A level is learnt from as many cycles of the profile as a verdict's past needs at least.
LEAST_PAST = timedelta(days=28)
# Everyone's figure before the year is the mean of its last four weeks.
LEVEL = timedelta(days=28)


def baseline_of(before: Panel, year: datetime, frozen_at: datetime) -> Baseline | None:
    """Everyone's complete figures before `year`, as known at `frozen_at`; None where they are too few."""
    begin, end = (year - LONG_PAST).timestamp(), year.timestamp()
    chosen = before.mature(frozen_at) & (before.starts >= begin) & (before.ends() <= end)
    # What lies before the first figure is no past.
    chosen &= np.maximum.accumulate(before.n[0] > 0)
    if not chosen.any():
        return None
    figures = before.judged()
    values = figures.values[0, chosen]
    if np.isfinite(values).sum() < LEAST_PAST / timedelta(days=365.25) * IN_A_YEAR[before.metric.grain]:
        return None
    return Baseline(
        metric=before.metric.id,
        definition=before.metric.definition_hash,
        year=year,
        frozen_at=frozen_at,
        starts=tuple(int(s) for s in before.starts[chosen]),
        values=_tuple(values),
        n=_tuple(figures.n[0, chosen]),
        se=() if figures.se is None else _tuple(figures.se[0, chosen]),
    )


def terms_of(
    metric: Metric, amount: Amount, starts: Sequence[int] | Ints, values: Sequence[float] | Floats
) -> Terms:  # fmt: skip
    """The allowance in its unit, with everyone's level: the mean of the newest four weeks of these figures, which are
    on the scale of judgement."""
    at, figures = np.asarray(starts), np.asarray(values, float)
    newest = figures[at >= at[-1] - LEVEL.total_seconds()]
    mean = float(np.nanmean(newest if np.isfinite(newest).any() else figures))
    level = math.exp(mean) if metric.judged_as_ratio else mean
    scale = decisions.scale(metric, amount, expected=level, log=metric.judged_as_ratio)
    return Terms(metric=metric, unit=scale.unit, limit=scale.limit, level=level)


def decides(metric: Metric, frozen: Baseline) -> bool:
    """Whether what happened to everyone may decide: without a full year before it a season looks like a harm."""
    return _year_before(metric, frozen) is not None


def _year_before(metric: Metric, frozen: Baseline) -> float | None:
    """Periods in a year where the frozen past is long enough to know one."""
    return year_of(metric, frozen.year.timestamp() - float(frozen.starts[0]))


def altogether(
    metric: Metric, amount: Amount, frozen: Baseline, current: Panel, *, survey: str = "", now: datetime
) -> Asking[Altogether]:
    """Everyone's mean since the year began, less what the frozen baseline expects.

    `current` is everyone (1, T) as known at `now`, and is not read any more once the question is asked. `survey` names
    a change of the measurement in this year, which leaves nothing to compare. The interval may be read after every
    period of the year: noise is learnt before it only.
    """
    read = current.mature(now) & (current.starts >= frozen.year.timestamp())
    if survey or read.sum() < FIRST_LOOK[metric.grain]:
        return _nothing(frozen, survey or f"{read.sum()} complete {metric.grain}s of the year are too few")
    values, asked, at, cycle = _asked(metric, frozen, current, read)
    asked |= {"confidence": 1 - 2 * EVERYONE_ERROR, "sequential": True, "horizon": round(IN_A_YEAR[metric.grain])}
    where = np.flatnonzero(read)
    since, until = instant(current.starts[where[0]]), instant(current.ends()[where[-1]])
    answers = float(current.n[0, read].sum())
    effect = yield from effect_of(values, at, asked)
    if not math.isfinite(effect.estimate):
        return _nothing(frozen, effect.reason)
    terms = terms_of(metric, amount, frozen.starts, frozen.values)
    scale = decisions.scale(metric, amount, expected=terms.level, log=metric.judged_as_ratio)
    harm = scale.harm(Interval(estimate=effect.estimate, low=effect.low, high=effect.high))
    return Altogether(
        harm=harm,
        code=allowance_code(harm, terms.limit),
        since=since,
        until=until,
        answers=answers,
        frozen_at=frozen.frozen_at,
        decides=cycle is not None,
        reason="" if cycle is not None else "there is no full year before it, so a season looks like a harm",
    )


def _asked(
    metric: Metric, frozen: Baseline, current: Panel, read: Bools
) -> tuple[Floats, dict[str, Any], int, float | None]:
    """(values (T,) of the frozen past and of the periods `read`, what `stats.effect` is asked besides, the first period
    of the year, periods in a year where the past is long enough to know one)."""
    held, figures = np.array(frozen.starts, np.int64), current.judged()
    last = instant(current.ends()[np.flatnonzero(read)[-1]])
    starts = grid(instant(held[0]), last, metric.grain, metric.zone, metric.week_start)
    past, now = np.searchsorted(starts, held), np.searchsorted(starts, current.starts[read])

    def joined(before: tuple[float, ...], since_then: Floats) -> Floats:
        out = np.full(len(starts), math.nan)
        out[past], out[now] = before, since_then[0, read]
        return out

    values, n = joined(frozen.values, figures.values), np.nan_to_num(joined(frozen.n, figures.n))
    # Without standard errors of the past those of the year tell nothing.
    se = joined(frozen.se, figures.se) if figures.se is not None and frozen.se else None
    at = int(np.searchsorted(starts, frozen.year.timestamp()))
    both = Judged(values=values[None], n=n[None], se=None if se is None else se[None], kind=figures.kind, log=False)
    known = profile_of(metric, starts, lambda: both, at)
    cycle = _year_before(metric, frozen)
    asked: dict[str, Any] = {"kind": figures.kind, "period": known.labels, "se": se, "yearly": cycle}
    if figures.kind in {"proportion", "rate"}:
        asked["n"] = n
    return np.where(known.left_out, math.nan, values), asked, at, cycle


def _nothing(frozen: Baseline, reason: str) -> Altogether:
    return Altogether(
        harm=decisions.NOTHING, code=AllowanceCode.OPEN, frozen_at=frozen.frozen_at, decides=False, reason=reason
    )


def _tuple(values: Floats) -> tuple[float, ...]:
    return tuple(float(x) for x in values)
