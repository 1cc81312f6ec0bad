"""Who gets how much of the alarm budget: the stories that the watches look at, with the volume behind each."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from cxmon import decisions
from cxmon.checks import Watch
from cxmon.config.plan import Plan
from cxmon.decisions import Allowance, Story
from cxmon.decisions.alarms import quarter
from cxmon.incidents import components
from cxmon.model import EVERYONE, Metric, Segment, Window
from cxmon.panel import membership
from cxmon.store import Store

YEAR = timedelta(days=365)


def rolled(store: Store, metric: Metric) -> tuple[Segment, ...]:
    """The series of a metric that are watched: its stored leaves rolled up along each of `by`."""
    return _along(tuple(store.leaves(metric)), metric.by)


@lru_cache(maxsize=64)
def _along(leaves: tuple[Segment, ...], by: tuple[tuple[str, ...], ...]) -> tuple[Segment, ...]:
    """Asked at every look, and hardly ever of other leaves than before."""
    return tuple(sorted({leaf.along(dims) for dims in by for leaf in leaves if set(dims) <= set(leaf.dimensions)}))


def budget(plan: Plan, store: Store, *, now: datetime) -> tuple[Allowance, ...]:
    """Every watched story's part of the plan's budget.

    Volumes are those of the year before the quarter of `now`, so that what an alarm takes moves once a quarter and not
    from day to day.
    """
    stories: list[Story] = []
    for check in plan.checks:
        if isinstance(check.check, Watch):
            for metric in check.metrics:
                weight = plan.importance.get(metric, 1.0)
                stories += stories_of(store, check.name, plan.metrics[metric], importance=weight, now=now)
    return decisions.allowances(plan.alarm_budget, stories)


def stories_of(store: Store, check: str, metric: Metric, *, importance: float, now: datetime) -> list[Story]:
    """The stories of one metric under one check: the connected parts of its lattice of series."""
    until = quarter(now)
    volumes = store.volumes(metric, Window(until - YEAR, until), as_known_at=now)
    leaves = sorted(volumes)
    found = []
    for series in components(rolled(store, metric)):
        held = {leaves[i] for i in membership(series, leaves)[1]}
        volume = sum(volumes[leaf] for leaf in sorted(held))
        root = top(series)
        found.append(
            Story(check=check, metric=metric.id, root=root, series=series, volume=volume, importance=importance)
        )
    return found


def of_series(found: Sequence[Allowance], check: str, metric: str) -> dict[Segment, float]:
    """False alarms per year for each series of one metric under one check."""
    mine = [a for a in found if (a.story.check, a.story.metric) == (check, metric)]
    return {segment: a.per_series_year for a in mine for segment in a.story.series}


def top(series: Sequence[Segment]) -> Segment:
    """By which segment a story goes: the one that holds all others, else what all have in common."""
    shared = set(series[0].items).intersection(*(s.items for s in series))
    return Segment(tuple(sorted(shared))) if shared else EVERYONE
