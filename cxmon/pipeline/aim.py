"""aim: where each target stands, kept for the board, the terminal and the digest."""

import logging
from datetime import datetime

from cxmon.config.plan import Plan
from cxmon.decisions.maturity import ripened
from cxmon.decisions.targets import target_outlook
from cxmon.model import Course, Status, TargetOutlook
from cxmon.pipeline import covering
from cxmon.store import Store

LOG = logging.getLogger("cxmon.aim")


def aim(plan: Plan, store: Store, *, now: datetime) -> list[TargetOutlook]:
    """`outlooks`, stored in place of the last ones unless those are of a later moment."""
    found = outlooks(plan, store, now=now)
    if all(kept.as_of <= now for kept in store.targets.all()):
        store.targets.put(found)
    return found


def outlooks(plan: Plan, store: Store, *, now: datetime) -> list[TargetOutlook]:
    """Where every target of the plan stands as of `now`; what goes wrong with one is that one's reason."""
    live = [d.change for d in store.changes.all() if d.change.status is Status.LIVE]
    parts = [part for change in live for part in change.parts()]
    found = []
    for target in plan.targets:
        metric = plan.metrics[target.metric]
        try:
            leaves = ripened(store.panel(metric, as_known_at=now))
            outlook = target_outlook(target, parts, leaves, now=now)
            outlook = covering.target(outlook, leaves, now, plan.minimum_cell)
        except Exception as error:  # noqa: BLE001 - one bad target stops no other; its reason is told.
            LOG.warning("aim target=%s error=%s", target.id, error)
            why = f"could not be judged: {error}"
            outlook = TargetOutlook(target=target, as_of=now, course=Course.CANNOT_SAY, reason=why)
        found.append(outlook)
    return found
