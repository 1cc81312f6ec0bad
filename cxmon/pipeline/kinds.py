"""Worse service or other kinds of contacts: what an incident's gap to expected is made of, when it is told.

The segments inside its root are split as those of a verdict are (docs/methods/mix.md), over the days that the finding
speaks of and against the level that its check stands on. It costs some fits, so it is asked of news only.
"""

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from cxmon import stats
from cxmon.checks import Funnel
from cxmon.contracts import CheckContext
from cxmon.decisions.kinds import reconciled
from cxmon.decisions.left_out import left_out
from cxmon.decisions.maturity import ripened
from cxmon.incidents import Event, Walked
from cxmon.model import EVERYONE, Finding, Incident, Kind, Kinds, Metric, State, Step, Unsplit
from cxmon.panel import Bools, Panel
from cxmon.periods import on_holiday, profile_labels
from cxmon.pipeline.covering import where
from cxmon.pipeline.incident_where import where_in
from cxmon.pipeline.judge_mix import CYCLES, RECENT, as_split, figures_in, finest, splits
from cxmon.store import Store

# Of many findings of one look, so many are looked into: the gravest, which are those that are told by name.
MOST = 10
ENDS = frozenset({Step.ENDED, Step.CORRECTED})
Ask = Callable[[Finding], Kinds | None]


@dataclass(frozen=True, kw_only=True)
class Asking:
    """What it takes to look into the findings of one check on one metric. `least`: the smallest cell that is shown."""

    store: Store
    metric: Metric
    check: object
    context: CheckContext
    now: datetime
    least: float = 0.0

    def __call__(self, finding: Finding) -> Kinds | None:
        """The kinds of one finding in breach; None where it does not say since when."""
        if finding.since is None:
            return None
        given = Kinds(since=finding.since, until=finding.at)
        if isinstance(self.check, Funnel):
            return replace(given, why=Unsplit.ACROSS)
        if finding.withheld:
            return replace(given, why=Unsplit.WITHHELD)
        if not self.metric.additive:
            return replace(given, why=Unsplit.OVERLAP)
        inside = [s for s in self.store.leaves(self.metric) if finding.segment.holds(s)]
        if len(inside) < 2:
            return replace(given, why=Unsplit.ONE_PART)
        leaves = ripened(self.store.panel(self.metric, inside, as_known_at=self.now))
        out = left_out(leaves, self.store.left_out.all(self.metric.id, known_at=self.now)).any(0)
        levels = self.context.rebaselined.get(finding.segment, ())
        found = kinds_of(leaves, finding, out=out | ~leaves.mature(self.now), levels=levels)
        return found if found.where is None else replace(found, where=where(found.where, finding.n, self.least))


def worked_out(walked: Walked, ask: Ask) -> Walked:
    """The walk with what the gap of each incident is made of, wherever it is told and lasts."""
    due = {
        at: finding
        for at, event in enumerate(walked.events)
        if event.told and event.transition.step not in ENDS and (finding := _told_by(event)) is not None
    }
    if not due:
        return walked
    # Ten series that join an incident are ten events, and the same finding tells of all of them.
    asked: dict[Hashable, Kinds | None] = {}
    for finding in sorted(due.values(), key=lambda f: -_score(f)):
        if _known_by(finding) not in asked:
            asked[_known_by(finding)] = ask(finding) if len(asked) < MOST else _crowded(finding)
    found: dict[str, Kinds | None] = {}
    events = []
    for at, event in enumerate(walked.events):
        if at in due:
            found[event.incident.id] = asked[_known_by(due[at])]
        events.append(replace(event, incident=_with(event.incident, found)))
    return replace(walked, incidents=tuple(_with(i, found) for i in walked.incidents), events=tuple(events))


def _known_by(finding: Finding) -> Hashable:
    """What names a finding among those of one check on one metric: the segment, and the periods that it speaks of."""
    return finding.segment, finding.since, finding.at


def kinds_of(leaves: Panel, finding: Finding, *, out: Bools, levels: Sequence[datetime] = ()) -> Kinds:
    """The gap of the sum of `leaves` (S, T) since the finding began, in parts. `out` (T,) are periods that count for
    nothing; `levels` are when another level was declared or accepted: what lies before the newest is another one's."""
    metric = leaves.metric
    given = Kinds(since=finding.since or finding.at, until=finding.at)
    if not splits(leaves):
        return replace(given, why=Unsplit.SORT)
    at, end, *new = (
        int(np.searchsorted(leaves.starts, moment.timestamp(), side="left"))
        for moment in (given.since, given.until, *(x for x in levels if x < given.since))
    )
    cut = slice(max(new, default=0), end + 1)
    labels, cycle = profile_labels(leaves.starts, metric.grain, metric.zone)
    seen = ~out & (on_holiday(leaves.starts, metric.grain, metric.zone, metric.holidays) == 0) & (leaves.n.sum(0) > 0)
    index = np.arange(len(leaves.starts))
    after = np.flatnonzero(seen & (index >= at) & (index <= end))
    past = np.flatnonzero(seen & (index >= cut.start) & (index < at))
    if len(past) >= max(2 * cycle, 6) and len(after):
        both = [np.isin(index, some)[cut] for some in (past, after)]
        given = replace(given, where=where_in(leaves.cut(cut.start, cut.stop), finding, both[0], both[1], labels[cut]))
    if len(past) < max(2 * cycle, 6):
        return replace(given, why=Unsplit.TOO_NEW)
    if not len(after):
        return replace(given, why=Unsplit.TOO_LITTLE)
    base = max(RECENT, CYCLES * cycle)
    every = np.ones(len(leaves.segments), bool)
    parts = finest(leaves, every, past[-max(len(after), base) :], after)
    if len(parts.segments) < 2:
        return replace(given, why=Unsplit.TOO_LITTLE)
    figures = figures_in(parts, leaves.pooled(EVERYONE, every), past[-max(len(after), base) :])
    found = stats.decompose(
        np.where(seen, figures.n, 0.0)[:, cut], figures.total[:, cut], at - cut.start, spread=figures.spread,
        kind=figures.kind, period=labels[cut], base=base,
    )  # fmt: skip
    if not math.isfinite(found.total.estimate):
        return replace(given, why=Unsplit.TOO_LITTLE)
    split = reconciled(as_split(metric, figures, found), _told(metric, finding))
    return replace(given, split=split, why=None if split is not None else Unsplit.UNLIKE)


def _told(metric: Metric, finding: Finding) -> float | None:
    """The finding's gap as a harm, on the scale of a split; a median's is not that of a share."""
    gap = finding.value - finding.expected
    return metric.harm_sign * gap if metric.kind is not Kind.QUANTILE and math.isfinite(gap) else None


def _told_by(event: Event) -> Finding | None:
    """The finding in breach that its message is told by: the worst, where the newest look is quiet or knows nothing."""
    for found in (event.finding, event.incident.worst):
        if found is not None and found.state is State.BREACH:
            return found
    return None


def _score(finding: Finding) -> float:
    return finding.score if math.isfinite(finding.score) else 0.0


def _crowded(finding: Finding) -> Kinds:
    return Kinds(since=finding.since or finding.at, until=finding.at, why=Unsplit.CROWD)


def _with(incident: Incident, found: dict[str, Kinds | None]) -> Incident:
    return replace(incident, kinds=found[incident.id]) if incident.id in found else incident
