"""Which periods of which series people left out as a one-off: neither judged nor learnt from. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from cxmon.model import LeftOut, Metric, Scope
from cxmon.panel import Bools, Panel


@dataclass(frozen=True, kw_only=True)
class Aside:
    """What one-offs mean for a verdict: `spans` in which its figures count for nothing, and `notes` of which days, by
    whom and why; also of those that count all the same."""

    spans: tuple[tuple[datetime, datetime], ...] = ()
    notes: tuple[str, ...] = ()


def left_out(panel: Panel, found: Sequence[LeftOut]) -> Bools:
    """(S, T): the periods of a panel that reach into what was left out, in its segments and in all that are inside its
    root. Other wider segments keep their periods: most of their customers were not in it."""
    mask = np.zeros((len(panel.segments), len(panel.starts)), np.bool_)
    mine = [one for one in found if one.metric == panel.metric.id]
    ends = panel.ends() if mine else panel.starts
    for one in mine:
        when = (ends > one.since.timestamp()) & (panel.starts < one.until.timestamp())
        where = np.array([s in one.segments or one.root.holds(s) for s in panel.segments], np.bool_)
        mask |= where[:, None] & when
    return mask


def aside(found: Sequence[LeftOut], metric: Metric, scope: Scope, *, since: datetime, until: datetime) -> Aside:
    """What was left out of a scope between two instants, by the same rule: a scope that is only partly in it keeps its
    days, and says so."""
    mine = [
        one
        for one in sorted(found, key=lambda one: (one.since, one.id))
        if one.metric == metric.id and one.until > since and one.since < until
    ]
    covered = [one for one in mine if _covers(one, scope)]
    partly = [one for one in mine if one not in covered and scope.overlaps(Scope.of(dict(one.root.items)))]
    notes = [f"{_days(one, metric)} left out as a one-off by {one.by}: {one.why}" for one in covered]
    notes += [
        f"{_days(one, metric)} of {one.root.label} left out as a one-off by {one.by} ({one.why}), but counted here: it "
        f"is only a part of {scope.label}"
        for one in partly
    ]
    return Aside(spans=tuple((one.since, one.until) for one in covered), notes=tuple(dict.fromkeys(notes)))


def _covers(one: LeftOut, scope: Scope) -> bool:
    """Whether all customers of a scope were in it, or the scope is one of the segments that were named."""
    return one.root.holds(scope.segment) or any(Scope.of(dict(s.items)) == scope for s in one.segments)


def _days(one: LeftOut, metric: Metric) -> str:
    """`12 Sep to 14 Sep`, as the metric's zone has it."""
    zone = ZoneInfo(metric.zone)
    first, last = (at.astimezone(zone) for at in (one.since, one.until - timedelta(seconds=1)))
    begins = f"{first.day} {first:%b}"
    return begins if first.date() == last.date() else f"{begins} to {last.day} {last:%b}"
