"""Looking ahead in a replay: on which days a watch can find nothing, known at once instead of day by day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from cxmon.checks import Watch
from cxmon.config.plan import CheckPlan
from cxmon.contracts import CheckContext
from cxmon.foreseen import Pass
from cxmon.model import Segment
from cxmon.panel import Panel
from cxmon.store import Overlay

# Room for budgets that grow with the next quarter's volumes, so that not every quarter is looked at anew.
ROOM = 1.5


@dataclass(frozen=True, kw_only=True, eq=False)
class _Seen:
    """What one look ahead rests on, and per series the start of the first period that could be in breach."""

    segments: tuple[Segment, ...]
    budgets: Mapping[Segment, float]
    rebaselined: Mapping[Segment, tuple[datetime, ...]]
    since: int
    own: Mapping[Segment, float]
    story: Mapping[Segment, float]
    passes: Sequence[Pass]

    def holds(self, panel: Panel, context: CheckContext) -> bool:
        return (
            self.segments == panel.segments
            and self.rebaselined == context.rebaselined
            and all(budget <= self.budgets[s] for s, budget in context.alarm_budgets.items())
        )


@dataclass(kw_only=True)
class Foresight:
    """Says of a watch's new periods that none can be in breach, from figures of later days. It never says what is in
    breach: that is for the day itself. Where figures of complete periods are revised later, it says nothing."""

    store: Overlay
    until: datetime
    known: dict[tuple[str, str], _Seen] = field(default_factory=dict)

    def calm(
        self, check_plan: CheckPlan, panel: Panel, context: CheckContext
    ) -> tuple[dict[Segment, bool], Sequence[Pass]]:
        """The series that cannot be in breach in the new periods, True where not even with their story's allowance; and
        what the watch has worked out of all days, for those that can."""
        check, metric = check_plan.check, panel.metric
        if not isinstance(check, Watch) or not self.store.settled(metric):
            return {}, ()
        through = context.evaluated_through
        new = panel.starts[context.mature & (panel.starts > (-np.inf if through is None else through.timestamp()))]
        if not len(new):
            return {}, ()
        key = check_plan.name, metric.id
        seen = self.known.get(key)
        if seen is None or not seen.holds(panel, context) or new[0] < seen.since:
            seen = self.known[key] = self._ahead(check, panel, context, int(new[0]))
        newest = int(new[-1])
        return {s: seen.story[s] > newest for s in panel.segments if seen.own[s] > newest}, seen.passes

    def _ahead(self, check: Watch, panel: Panel, context: CheckContext, since: int) -> _Seen:
        whole = self.store.at_the_end(panel.metric, panel.segments)
        budgets = {s: ROOM * budget for s, budget in context.alarm_budgets.items()}
        later = CheckContext(
            as_of=self.until,
            mature=whole.mature(self.until),
            evaluated_through=context.evaluated_through,
            alarm_budgets=budgets,
            rebaselined=context.rebaselined,
        )
        found = check.ahead(whole, later)
        starts = np.append(whole.starts.astype(float), np.inf)
        own, story = (dict(zip(whole.segments, starts[at].tolist(), strict=True)) for at in (found.own, found.story))
        return _Seen(
            segments=panel.segments, budgets=budgets, rebaselined=context.rebaselined, since=since, own=own,
            story=story, passes=found.passes,
        )  # fmt: skip
