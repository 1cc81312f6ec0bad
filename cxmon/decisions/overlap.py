"""What other decisions leave of one change's evidence: re-baselined, cut short, entangled or not comparable."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cxmon.decisions.breaks import between, dated
from cxmon.decisions.left_out import aside
from cxmon.model import Break, Category, Change, Grain, LeftOut, Metric, Scope, Segment, Status

# The farthest back that any past reaches.
LONGEST_PAST = timedelta(days=730)
PERIOD = {
    Grain.HOUR: timedelta(hours=1),
    Grain.DAY: timedelta(days=1),
    Grain.WEEK: timedelta(days=7),
    Grain.MONTH: timedelta(days=31),
}


@dataclass(frozen=True, kw_only=True)
class Neighbour:
    """Another change so near that both are estimated together; `ends` is None where it goes on."""

    id: str
    starts: datetime
    ends: datetime | None


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Which stretch of time tells about one change on one metric.

    The past counts from `since` (None: from the start of the data) to `start`, the effect from `start` to `until`
    (None: to now); periods in `left_out` and after `data_until` count for nothing. `entangled_with` names the changes
    that cannot be separated: then `start` is the earliest of them and the effect is the joint one. `jointly_with` are
    those that are told apart by estimating both together. `not_comparable` says why where a change of the measurement
    leaves nothing to compare. `notes` tell people what was done, with the changes' titles; `one_offs` are those of them
    on days that people left out.
    """

    since: datetime | None
    start: datetime
    until: datetime | None
    data_until: datetime | None = None
    left_out: tuple[tuple[datetime, datetime], ...] = ()
    entangled_with: tuple[str, ...] = ()
    jointly_with: tuple[Neighbour, ...] = ()
    not_comparable: str = ""
    notes: tuple[str, ...] = ()
    one_offs: tuple[str, ...] = ()


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


def reaches(change: Change, metric: Metric, leaves: Collection[Segment]) -> bool:
    """Whether a change touches anybody of a metric whose figures are stored by `leaves`; so it may be where there are
    none yet."""
    scope = scope_of(change, metric)
    return not leaves or any(scope.touches(leaf) for leaf in leaves)


def touching(change: Change, others: Sequence[Change], metric: Metric, now: datetime) -> list[Change]:
    """Live changes, begun by `now`, that may have moved the same customers' figures; by start, then id. Those of the
    measurement moved no customer: see `breaks`."""
    mine = scope_of(change, metric)
    found = [
        other
        for other in others
        if other.id != change.id
        and other.status is Status.LIVE
        and other.category is not Category.MEASUREMENT
        and other.starts <= now
        and mine.overlaps(scope_of(other, metric))
    ]
    return sorted(found, key=lambda other: (other.starts, other.id))


def breaks(changes: Sequence[Change], metric: Metric, scope: Scope, now: datetime) -> tuple[Break, ...]:
    """Every instant up to `now` at which a live change of the measurement began or ended for customers of `scope`,
    oldest first."""
    found = [
        Break(at=at, title=change.title)
        for change in changes
        if change.category is Category.MEASUREMENT
        and change.status is Status.LIVE
        and concerns(change, metric)
        and scope_of(change, metric).overlaps(scope)
        for at in (change.starts, change.ends)
        if at is not None and at <= now
    ]
    return tuple(sorted(found, key=lambda one: (one.at, one.title)))


def place(
    change: Change, others: Sequence[Change], metric: Metric, now: datetime, *, together: bool = True,
    left_out: Sequence[LeftOut] = (),
) -> Placement:  # fmt: skip
    """Finds the stretch of time that tells about `change` alone.

    An earlier change that goes on re-baselines: the past begins with it, if at least 28 days (6 periods) remain. One
    that ended before is left out. A later one cuts the window where it begins, if at least 14 days (2 periods) remain.
    Nearer ones, but at least a week (3 periods) apart, are estimated jointly where that is possible (`together`); still
    nearer ones are entangled. Neither past nor window reaches across a change of the measurement, its end included; one
    that leaves less of either makes it not comparable. Days that people left out as one-offs count for nothing.
    """
    found = _stretch(change, others, metric, now, together=together)
    if not left_out:
        return found
    reach = change.starts - LONGEST_PAST
    reach, until = max(found.since or reach, reach), min(found.until or now, now)
    one_offs = aside(left_out, metric, scope_of(change, metric), since=reach, until=until)
    return replace(
        found,
        left_out=(*found.left_out, *one_offs.spans),
        one_offs=one_offs.notes,
        notes=tuple(dict.fromkeys((*found.notes, *one_offs.notes))),
    )


def _stretch(change: Change, others: Sequence[Change], metric: Metric, now: datetime, *, together: bool) -> Placement:
    """What other decisions leave, before any day is left out."""
    period = PERIOD[metric.grain]
    least_past, least_window = max(timedelta(days=28), 6 * period), max(timedelta(days=14), 2 * period)
    apart = max(timedelta(days=7), 3 * period)
    measured = breaks([o for o in others if o.id != change.id], metric, scope_of(change, metric), now)
    found = between(measured, change, metric, now, past=least_past, window=least_window)
    since, until, data_until = found.since, found.until or change.ends, found.data_until
    left_out: list[tuple[datetime, datetime]] = []
    notes: list[str] = []
    tangled: list[Change] = []
    jointly: list[Change] = []
    past, window = found.past, found.window
    for other in touching(change, others, metric, now):
        steps = [at for at in (other.starts, other.ends) if at is not None and at > change.starts]
        gap = change.starts - other.starts
        inside = [at for at in steps if at < (until or now)]
        if other.ends is not None and other.ends <= change.starts:
            left_out.append((other.starts, other.ends))
            notes.append(f"{dated(other.title, other.starts, metric)} left out of the past")
            continue
        near_before = timedelta(0) <= gap < least_past
        near_after = bool(inside) and min(inside) - change.starts < least_window
        nearest = min([abs(gap), *(at - change.starts for at in inside)])
        if near_before or near_after:
            (jointly if together and nearest >= apart else tangled).append(other)
            continue
        if gap > timedelta(0) and (since is None or other.starts > since):
            since = other.starts
            past = f"past begins with {dated(other.title, other.starts, metric)}"
        if inside:
            first = min(inside)
            until = data_until = first
            window = _cut(other, first, metric)
        elif steps:
            data_until = min(steps) if data_until is None else min(data_until, *steps)
    start = min([change.starts, *(other.starts for other in tangled)])
    # What cannot be separated began before the measurement changed: nothing is compared across that either.
    across = f"{past}, after {tangled[0].title} began" if found.since is not None and found.since > start else ""
    return Placement(
        since=since if since is None or since < start else None,
        start=start,
        until=until,
        data_until=data_until,
        left_out=tuple(left_out),
        # Several stages of one roll-out are one change.
        entangled_with=tuple(dict.fromkeys(other.id for other in tangled)),
        jointly_with=tuple(Neighbour(id=o.id, starts=o.starts, ends=o.ends) for o in jointly),
        not_comparable=found.reason or across,
        notes=tuple(dict.fromkeys(note for note in (*notes, past, window, *_together(jointly, metric)) if note)),
    )


def _cut(other: Change, at: datetime, metric: Metric) -> str:
    step = "begins" if at == other.starts else "ends"
    return f"window ends where {dated(f'{other.title} {step}', at, metric)}"


def _together(jointly: Sequence[Change], metric: Metric) -> list[str]:
    return [f"estimated together with {dated(o.title, o.starts, metric)}, which makes the range wider" for o in jointly]
