"""A dry run of the whole configuration: who would hear what of everything that can be told."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from cxmon import decisions
from cxmon.config.plan import Plan
from cxmon.decisions.routing import Routed
from cxmon.model import EVERYONE, Change, News, Segment, Severity, Status
from cxmon.pipeline.budgeting import rolled
from cxmon.pipeline.route import Router, severity_of_check, types_of
from cxmon.store import Store


@dataclass(frozen=True, kw_only=True)
class Heard:
    """News that goes the same way: what it is about (a metric, a change or a source), in which segments, found by which
    check."""

    about: str
    check: str
    segments: tuple[Segment, ...]
    severity: Severity
    routed: Routed


def everything(plan: Plan, store: Store, *, now: datetime) -> tuple[Heard, ...]:
    """Every metric by the checks that look at it and its shown segments, the verdicts of all live changes, and every
    source; alike ones together. What no route fits is `routed.why` default."""
    router = Router(plan, store, now=now)
    found: dict[tuple[object, ...], Heard] = {}
    for about, news in _all_news(plan, store):
        gone = router.decide(news)
        key = (about, news.check, gone.channels, gone.reason)
        before = found.get(key)
        segments = (*(before.segments if before else ()), news.segment or EVERYONE)
        severity = news.severity or Severity.WORSE
        found[key] = Heard(about=about, check=news.check, segments=segments, severity=severity, routed=gone)
    return tuple(found.values())


def news_of(plan: Plan, metric: str, segment: Segment, check: str = "") -> News:
    """The news that a check would bring of a series; without a check the first that looks at the metric, a watch before
    others."""
    mine = sorted((c for c in plan.checks if metric in c.metrics), key=lambda c: c.check.type != "watch")
    name = check or (mine[0].name if mine else "verdict")
    severity = severity_of_check(types_of(plan).get(name, "")) or Severity.WORSE
    return News(metrics=(metric,), segment=segment, check=name, severity=severity)


def news_of_change(plan: Plan, change: Change) -> News:
    """The news that a change is over its limit."""
    watched = decisions.watched(change, plan.metrics)
    return News(
        metrics=tuple(watched), segment=change.reach.segment, check="verdict", owner=change.owner,
        severity=Severity.OVER_LIMIT,
    )  # fmt: skip


def _all_news(plan: Plan, store: Store) -> Iterator[tuple[str, News]]:
    for id_, metric in plan.metrics.items():
        for check in plan.checks:
            if id_ in check.metrics and check.check.type != "freshness":
                for segment in rolled(store, metric) or (EVERYONE,):
                    yield id_, news_of(plan, id_, segment, check.name)
    declared = {d.change.id: d.change for d in store.changes.all()} | {c.id: c for c in plan.changes}
    for change in declared.values():
        if change.status is Status.LIVE:
            yield change.id, news_of_change(plan, change)
    for metric_id in plan.allowance.amounts:
        yield metric_id, replace(news_of(plan, metric_id, EVERYONE), check="allowance", severity=Severity.OVER_LIMIT)
    for name in plan.sources:
        yield name, News(segment=EVERYONE, check="source", severity=Severity.SOURCE)
