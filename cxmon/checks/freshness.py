"""A source that has gone quiet."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

import numpy as np

from cxmon.contracts import CheckContext
from cxmon.model import EVERYONE, Finding, State
from cxmon.panel import Panel
from cxmon.periods import next_start


@dataclass(frozen=True, kw_only=True)
class Freshness:
    """Breach where the next complete period is overdue by more than `after`, or nothing was collected for that long.

    The next period is due when it ends and `matures_after` has passed. This is about the source, not about customers:
    one finding for everyone, and never UNKNOWN.
    """

    type: Literal["freshness"] = "freshness"
    after: timedelta

    def __post_init__(self) -> None:
        if self.after <= timedelta(0):
            raise ValueError(f"found after: {self.after}, expected a duration above zero, such as 36h")

    def evaluate(self, panel: Panel, context: CheckContext) -> list[Finding]:
        """One finding, as of now."""
        now, metric = context.as_of, panel.metric
        ended = panel.ends() <= now.timestamp()
        some = np.flatnonzero((panel.n > 0).any(0) & ended) if len(panel.segments) else np.zeros(0, np.int64)
        overdue: list[tuple[timedelta, datetime, str]] = []
        if len(some):
            newest = datetime.fromtimestamp(int(panel.ends()[some[-1]]), UTC)
            due = next_start(newest, metric.grain, metric.zone) + metric.matures_after + metric.settle
            words = f"the newest {metric.grain.value} with data ended {newest:%Y-%m-%d %H:%M} UTC"
            overdue.append((now - due, due, f"{words}, the next was due {due:%Y-%m-%d %H:%M} UTC"))
        if context.last_run_ok_at is not None:
            ran = context.last_run_ok_at
            overdue.append((now - ran, ran, f"last collected without an error {ran:%Y-%m-%d %H:%M} UTC"))
        if not overdue:
            return [self._finding(panel, now, State.BREACH, "nothing was ever collected", 1.0, None)]
        late, since, words = max(overdue, key=lambda o: o[0])
        state = State.BREACH if late > self.after else State.OK
        limit = f"allowed are {hours(self.after)}"
        reason = f"{words}: {hours(late)} ago, {limit}" if late > timedelta(0) else f"{words}; {limit}"
        return [self._finding(panel, now, state, reason, max(late / self.after, 0.0), since)]

    def _finding(
        self, panel: Panel, now: datetime, state: State, reason: str, score: float, since: datetime | None
    ) -> Finding:
        return Finding(
            check=self.type,
            metric=panel.metric.id,
            segment=EVERYONE,
            at=now,
            state=state,
            reason=f"{panel.metric.label}: {reason}",
            since=since if state is State.BREACH else None,
            score=score,
        )


def hours(span: timedelta) -> str:
    """`36 h`, or `5 days` from three days on."""
    return f"{span.days} days" if span >= timedelta(days=3) else f"{span / timedelta(hours=1):.0f} h"
