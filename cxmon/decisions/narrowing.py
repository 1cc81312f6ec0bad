"""From verdicts to how they came about: a reading a day, and what the versions know of days nobody kept. Pure."""

import math
from collections.abc import Iterable, Sequence
from datetime import datetime

from cxmon.decisions.versions import said
from cxmon.model import Code, Harm, Interval, KeptBy, Narrowing, Reading, Verdict


def readings_of(verdict: Verdict) -> tuple[Reading, ...]:
    """What a verdict knows of each metric with a range, as it is kept for its day."""
    found = (_reading(harm, verdict) for harm in verdict.harms)
    return tuple(one for one in found if one is not None)


def narrowing(metric: str, history: Sequence[Verdict], kept: Iterable[Reading]) -> Narrowing:
    """How the range of one metric narrowed, from the kept readings and from each version (oldest first).

    Only what was judged over the same watch as now counts: another start or unit makes other figures; and no window
    that reaches further than the one of now: late data showed that those days were not complete. Of several looks over
    one window the newest stands, a kept one before another.
    """
    if not history:
        return Narrowing(metric=metric, readings=())
    known = [one for version in history for one in (*_first(version, metric), *_newest(version, metric))]
    now = max(known, key=lambda one: one.at, default=None)
    if now is None:
        return Narrowing(metric=metric, readings=())
    every = [*known, *(one for one in kept if one.metric == metric)]
    own = [one for one in every if (one.since, one.unit) == (now.since, now.unit)]
    same = [one for one in own if one.at <= now.at and one.until <= now.until]
    found = {one.until: one for one in sorted(same, key=_weight)}
    readings = tuple(found[until] for until in sorted(found))
    return Narrowing(
        metric=metric,
        readings=readings,
        turned=_turned(readings),
        kept_from=min((one.at for one in readings if one.by is KeptBy.DAILY), default=None),
    )


def _weight(one: Reading) -> tuple[bool, datetime, bool]:
    """What was said counts before what was worked out afterwards, then the newer, then the kept one."""
    return one.by is not KeptBy.AFTERWARDS, one.at, one.by is KeptBy.DAILY


def _turned(readings: Sequence[Reading]) -> Reading | None:
    """The first of the last run of readings with one code; None where it is the first of all."""
    if not readings:
        return None
    last = readings[-1].code
    before = max((i for i, one in enumerate(readings) if one.code is not last), default=None)
    return None if before is None else readings[before + 1]


def _newest(version: Verdict, metric: str) -> list[Reading]:
    found = (_reading(harm, version, by=KeptBy.VERSION) for harm in version.harms if harm.metric == metric)
    return [one for one in found if one is not None]


def _first(version: Verdict, metric: str) -> list[Reading]:
    """The version when it was first said; its limit is that of its newest look, which nobody may have edited since."""
    first = said(version)
    limits = {harm.metric: harm.limit for harm in version.harms}
    found = []
    for figure in first.figures:
        since, until = figure.window_start, figure.window_end
        so_far = Interval(estimate=figure.estimate, low=figure.low, high=figure.high)
        if figure.metric == metric and since is not None and until is not None and _known(so_far):
            found.append(
                Reading(
                    metric=metric, at=first.at, day=version.day, code=Code(figure.code), unit=figure.unit,
                    limit=limits.get(metric, math.nan), so_far=so_far, since=since, until=until, by=KeptBy.VERSION,
                )
            )  # fmt: skip
    return found


def _known(so_far: Interval) -> bool:
    return all(math.isfinite(x) for x in (so_far.low, so_far.estimate, so_far.high))


def _reading(harm: Harm, verdict: Verdict, *, by: KeptBy = KeptBy.DAILY) -> Reading | None:
    """None where there is no range, or no window, to keep."""
    if harm.window_start is None or harm.window_end is None or not _known(harm.so_far):
        return None
    return Reading(
        metric=harm.metric, at=verdict.as_of, day=verdict.day, code=harm.code, unit=harm.unit, limit=harm.limit,
        so_far=harm.so_far, since=harm.window_start, until=harm.window_end, by=by,
    )  # fmt: skip
