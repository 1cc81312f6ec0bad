"""alarms_kept: what became of the watch incidents of each quarter, beside the budget that was promised."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from cxmon.checks import Watch
from cxmon.config.plan import Plan
from cxmon.model import AlarmQuarter, AlarmsKept, Ending, Incident, IncidentState
from cxmon.pipeline.budgeting import budget, quarter
from cxmon.store import Store

QUARTERS = 5
MOST = 2000


def alarms_kept(plan: Plan, store: Store, *, now: datetime) -> AlarmsKept:
    """The newest quarters in which figures were collected, as known at `now`."""
    watches = {check.name for check in plan.checks if isinstance(check.check, Watch)}
    answered = {r.subject for r in store.changes.responses()}
    mine = [i for i in store.incidents.recent(MOST) if i.check in watches and i.state is not IncidentState.PENDING]
    first_look = min((run.finished_at for run in store.runs.all()), default=now)
    begins = [quarter(now)]
    # Before the first collection nothing could be told.
    while len(begins) < QUARTERS and first_look < begins[-1]:
        begins.append(quarter(begins[-1] - timedelta(days=1)))
    ends = [now + timedelta(days=1), *begins]
    return AlarmsKept(
        as_of=now,
        per_quarter=plan.alarm_budget,
        series=sum(len(one.story.series) for one in budget(plan, store, now=now)),
        quarters=tuple(
            _quarter(first, [i for i in mine if first <= i.opened_at < end], answered)
            for first, end in zip(begins, ends, strict=False)
        ),
    )


def _quarter(begins: datetime, told: Sequence[Incident], answered: set[str]) -> AlarmQuarter:
    taken = [i for i in told if i.acknowledged_by or i.ending is Ending.ACCEPTED or i.id in answered]
    gone = [i for i in told if i.state is IncidentState.ENDED and i not in taken]
    return AlarmQuarter(begins=begins, told=len(told), taken_up=len(taken), gone=len(gone))
