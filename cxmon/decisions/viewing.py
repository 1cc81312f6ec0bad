"""What a view covers: its metrics, the decisions that touch its customers, the incidents that concern it. Pure."""

import math
from collections.abc import Collection, Mapping

from cxmon.model import EVERYONE, Band, Change, Incident, Metric, Scope, Segment, Silence, View


def own(view: View | None, metrics: Mapping[str, Metric]) -> tuple[str, ...]:
    """The metrics of a view. One that has not the view's dimensions has no part in it."""
    if view is None:
        return tuple(metrics)
    return tuple(
        name
        for name, metric in metrics.items()
        if (not view.metrics or name in view.metrics) and set(view.scope_for(name).dimensions) <= set(metric.dimensions)
    )


def touches(change: Change, view: View | None, metrics: Collection[str]) -> bool:
    """Whether some of the view's customers could be among those whom a change touches."""
    return view is None or any(
        part.scope_for(metric).overlaps(view.scope_for(metric)) for part in change.parts() for metric in metrics
    )


def concerns(
    incident: Incident, view: View | None, metrics: Collection[str], changes: Collection[str], sources: Collection[str]
) -> bool:
    """Whether an incident is about the view's customers, decisions or sources."""
    if view is None:
        return True
    if incident.check == "verdict":
        return incident.subject in changes
    if incident.subject in metrics:
        return any(view.covers(incident.subject, member) for member in (incident.root, *incident.members))
    return incident.subject in sources


def quiets(silence: Silence, view: View | None, metrics: Collection[str]) -> bool:
    """Whether a silence could keep something quiet about the view's customers."""
    if view is None:
        return True
    named = [silence.metric] if silence.metric else metrics
    where = Scope.of(dict(silence.segment.items)) if silence.segment else Scope()
    return any(metric in metrics and view.scope_for(metric).overlaps(where) for metric in named)


def root(metric: str, bands: Mapping[tuple[str, str], Band]) -> str:
    """Key of the series that a metric is told by: everyone, else the widest segment, of several the largest."""
    keys = [key for name, key in bands if name == metric and not key.startswith("change:")]
    if not keys or EVERYONE.key in keys:
        return EVERYONE.key

    def rank(key: str) -> tuple[int, float, str]:
        volume = sum(n for n in bands[metric, key].n[-90:] if math.isfinite(n))
        return len(Segment.from_key(key).items), -volume, key

    return min(keys, key=rank)
