"""What other decisions leave of one change's evidence: re-baselined, cut short, entangled or not comparable."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cxmon.model import Category, Change, Grain, Metric, Scope, Status

_PERIOD = {
    Grain.HOUR: timedelta(hours=1),
    Grain.DAY: timedelta(days=1),
    Grain.WEEK: timedelta(days=7),
    Grain.MONTH: timedelta(days=31),
}


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Which stretch of time tells about one change on one metric.

    The past counts from `since` (None: from the start of the data) to `start`, the effect from `start` to `until`
    (None: to now); periods in `left_out` and after `data_until` count for nothing. `entangled_with` names the changes
    that cannot be separated: then `start` is the earliest of them and the effect is the joint one. `not_comparable`
    says why where a change of the measurement leaves nothing to compare.
    """

    since: datetime | None
    start: datetime
    until: datetime | None
    data_until: datetime | None = None
    left_out: tuple[tuple[datetime, datetime], ...] = ()
    entangled_with: tuple[str, ...] = ()
    not_comparable: str = ""
    notes: tuple[str, ...] = ()


def scope_of(change: Change, metric: Metric) -> Scope:
    """The change's scope as far as the metric knows its dimensions; everyone where it knows none of them.

    A change of the measurement without named metrics touches all of them.
    """
    declared = change.scope_for(metric.id)
    return Scope(tuple(item for item in declared.values if item[0] in metric.dimensions))


def concerns(change: Change, metric: Metric) -> bool:
    """False for a measurement change that names other metrics; every other change may move every metric."""
    if change.category is not Category.MEASUREMENT:
        return True
    named = {*change.limits, *change.guards, *change.aims, *change.scope_by_metric}
    return not named or metric.id in named


def touching(change: Change, others: Sequence[Change], metric: Metric, now: datetime) -> list[Change]:
    """Live changes, begun by `now`, that may have moved the same customers' figures; by start, then id."""
    mine = scope_of(change, metric)
    found = [
        other
        for other in others
        if other.id != change.id
        and other.status is Status.LIVE
        and other.starts <= now
        and concerns(other, metric)
        and mine.overlaps(scope_of(other, metric))
    ]
    return sorted(found, key=lambda other: (other.starts, other.id))


def place(change: Change, others: Sequence[Change], metric: Metric, now: datetime) -> Placement:
    """Finds the stretch of time that tells about `change` alone.

    An earlier change that goes on re-baselines: the past begins with it, if at least 28 days (6 periods) remain, else
    the two are entangled. One that ended before is left out. A later one cuts the window where it begins, if at least
    14 days (2 periods) remain, else the two are entangled. A measurement change does the same, with "not comparable"
    for "entangled".
    """
    least_past = max(timedelta(days=28), 6 * _PERIOD[metric.grain])
    least_window = max(timedelta(days=14), 2 * _PERIOD[metric.grain])
    since: datetime | None = None
    until, data_until = change.ends, None
    left_out: list[tuple[datetime, datetime]] = []
    notes: list[str] = []
    tangled: list[Change] = []
    survey = ""
    for other in touching(change, others, metric, now):
        measures = other.category is Category.MEASUREMENT
        steps = [at for at in (other.starts, other.ends) if at is not None and at > change.starts]
        gap = change.starts - other.starts
        tangle = False
        if other.ends is not None and other.ends <= change.starts and not measures:
            left_out.append((other.starts, other.ends))
            notes.append(f"{other.id} left out of the past")
        elif gap > timedelta(0):
            tangle = gap < least_past
            if not tangle:
                since = other.starts if since is None else max(since, other.starts)
                notes.append(f"past begins with {other.id}")
        elif gap == timedelta(0):
            tangle = True
        inside = [at for at in steps if at < (until or now)]
        if inside and not tangle:
            first = min(inside)
            tangle = first - change.starts < least_window
            if not tangle:
                until = data_until = first
                notes.append(f"window ends where {other.id} {'begins' if first == other.starts else 'ends'}")
        elif steps and not tangle:
            data_until = min(steps) if data_until is None else min(data_until, *steps)
        if tangle and measures:
            survey = survey or f"{other.title} changed the measurement too near to the start"
        elif tangle:
            tangled.append(other)
    start = min([change.starts, *(other.starts for other in tangled)])
    return Placement(
        since=since if since is None or since < start else None,
        start=start,
        until=until,
        data_until=data_until,
        left_out=tuple(left_out),
        # Several stages of one roll-out are one change.
        entangled_with=tuple(dict.fromkeys(other.id for other in tangled)),
        not_comparable=survey,
        notes=tuple(dict.fromkeys(notes)),
    )
