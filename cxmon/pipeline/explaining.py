"""Which breaches a declared change explains (law: no alibi), and where watch starts from a new level."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cxmon import decisions
from cxmon.model import Declared, Ending, Finding, Incident, IncidentState, Metric, Scope, Segment, Status
from cxmon.periods import next_start

VERDICT = "verdict"
# How far before and after the likeliest first period a regression may have begun, where its check knows no better: a
# wide range would make an alibi of every change that is somewhere in it.
BEFORE, AFTER = timedelta(days=14), timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """A declared change that a breach is consistent with, and the open incident of its verdict, if any."""

    change: Declared
    incident: Incident | None


def explanation(
    finding: Finding, metric: Metric, changes: Iterable[Declared], verdicts: Mapping[str, Incident]
) -> Explanation | None:
    """The change that explains a breach: live, in scope, in direction, its window within that of the onset.

    Direction: a change that promises to better this metric does not explain that it got worse. Of several the one that
    starts nearest to the onset.
    """
    if finding.since is None:
        return None
    first, last = finding.since - BEFORE, min(finding.at, finding.since + AFTER)
    if finding.began is not None:
        first, last = max(first, finding.began[0]), min(last, finding.began[1])
    last = max(last, next_start(finding.since, metric.grain, metric.zone))
    fitting = [
        d
        for d in parts(changes)
        if d.change.status is Status.LIVE
        and metric.id not in d.change.aims
        and decisions.concerns(d.change, metric)
        and first <= d.change.starts <= last
        and _in_scope(d, metric, [Scope.of(dict(finding.segment.items))])
    ]
    since = finding.since
    nearest = min(fitting, key=lambda d: (abs(d.change.starts - since), d.change.id), default=None)
    return None if nearest is None else Explanation(change=nearest, incident=verdicts.get(nearest.change.id))


def open_verdicts(incidents: Iterable[Incident]) -> dict[str, Incident]:
    """The open incidents of verdicts by change id."""
    return {i.subject: i for i in incidents if i.check == VERDICT and i.state is not IncidentState.ENDED}


def new_levels(
    metric: Metric,
    segments: Sequence[Segment],
    changes: Iterable[Declared],
    accepted: Iterable[Incident],
    now: datetime,
) -> dict[Segment, tuple[datetime, ...]]:
    """Per series the instants from which another level was declared or accepted: the verdict judges what a change does
    to the segments it touches, watch judges what comes on top of it."""
    found: dict[Segment, set[datetime]] = {}
    for declared in parts(changes):
        change = declared.change
        if change.status is not Status.LIVE or not decisions.concerns(change, metric):
            continue
        scope = decisions.scope_of(change, metric)
        instants = {at for at in (change.starts, change.ends) if at is not None and at <= now}
        for segment in segments:
            if instants and scope.touches(segment):
                found.setdefault(segment, set()).update(instants)
    for incident in accepted:
        if incident.ending is Ending.ACCEPTED and incident.subject == metric.id:
            for segment in incident.members:
                found.setdefault(segment, set()).add(incident.since or incident.opened_at)
    return {segment: tuple(sorted(instants)) for segment, instants in found.items()}


def told_elsewhere(
    metric: Metric, changes: Sequence[Declared], verdicts: Mapping[str, Incident]
) -> Callable[[Finding], str | None]:
    """A function that names the verdict's incident which already tells of a breach, or None."""

    def by(finding: Finding) -> str | None:
        found = explanation(finding, metric, changes, verdicts)
        return found.incident.id if found is not None and found.incident is not None else None

    return by


def parts(changes: Iterable[Declared]) -> list[Declared]:
    """Each stage of a roll-out as a change of its own, with its own date and scope."""
    return [replace(d, change=part) for d in changes for part in d.change.parts()]


def reaching(changes: Iterable[Declared], metric: Metric, leaves: Sequence[Segment]) -> tuple[Declared, ...]:
    """Without those that touch no stored segment of the metric: what happens in the shop explains nothing on the phone,
    also where a total has no channel to tell them apart."""
    if not leaves:
        return tuple(changes)
    own = [Scope.of(dict(leaf.items)) for leaf in leaves]
    return tuple(d for d in changes if _in_scope(d, metric, own))


def _in_scope(declared: Declared, metric: Metric, own: Sequence[Scope]) -> bool:
    """One of these shares customers with what the change touches or may spill to."""
    scopes = [decisions.scope_of(declared.change, metric), *declared.change.spills_to]
    return any(one.overlaps(scope) for one in own for scope in scopes)
