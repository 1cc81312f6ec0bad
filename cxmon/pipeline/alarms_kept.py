"""The alarm budget that is promised, kept once a day: to work it out takes the volumes of a year."""

import hashlib
from datetime import datetime

from cxmon.checks import Watch
from cxmon.config.plan import Plan
from cxmon.model import AlarmsKept, KeptReplay
from cxmon.pipeline.budgeting import budget
from cxmon.pipeline.replay import Replayed
from cxmon.store import Store
from cxmon.store.alarms import alarms


def alarms_kept(plan: Plan, store: Store, *, now: datetime) -> AlarmsKept:
    """What is promised for the watches of a plan, kept in the store, with what became of their alerts by `now`."""
    watches = tuple(check.name for check in plan.checks if isinstance(check.check, Watch))
    promised = AlarmsKept(
        as_of=now, per_quarter=plan.alarm_budget, quarters=(), watches=watches, settings=settings(plan),
        series=sum(len(one.story.series) for one in budget(plan, store, now=now)),
    )  # fmt: skip
    if store.catalogue.alarms() != promised:
        store.catalogue.keep_alarms(promised)
    return alarms(store, now=now) or promised


def keep_replay(plan: Plan, store: Store, found: Replayed, *, now: datetime) -> KeptReplay:
    """Keeps what a replay found, as that which these settings let expect; replaces what was kept before."""
    kept = KeptReplay(
        at=now, since=found.since, until=found.until, incidents=len(found.incidents), near=found.near,
        settings=settings(plan),
    )  # fmt: skip
    store.catalogue.keep_replayed(kept)
    return kept


def settings(plan: Plan) -> str:
    """A name for all that decides what the watches tell: it changes with checks, budget and metrics."""
    content = repr((plan.checks, plan.alarm_budget, sorted(plan.importance.items()), sorted(plan.metrics.items())))
    return hashlib.sha256(content.encode()).hexdigest()[:16]
