"""What was promised of false alarms, as it was worked out last, beside what was told and marked until now."""

from dataclasses import replace
from datetime import datetime

from cxmon.decisions.alarms import quarters, span
from cxmon.model import AlarmQuarter, AlarmsKept, Incident
from cxmon.store.facade import Store

MOST = 2000


def alarms(store: Store, *, now: datetime) -> AlarmsKept | None:
    """The promise of the last judgement, and what became of the alerts as it stands `now`; None before the first."""
    kept = store.catalogue.alarms()
    if kept is None or not kept.watches:
        return kept
    first_look = min((run.finished_at for run in store.runs.all()), default=now)
    told = quarters(_told(store), _answered(store), kept.watches, first_look=first_look, now=now)
    return replace(kept, quarters=told, replayed=store.catalogue.replayed())


def since(store: Store, kept: AlarmsKept, begins: datetime, *, now: datetime) -> AlarmQuarter:
    """The same of the time from `begins` to `now`."""
    return span(_told(store), _answered(store), kept.watches, since=begins, until=now)


def _answered(store: Store) -> set[str]:
    return {r.subject for r in store.changes.responses()}


def _told(store: Store) -> list[Incident]:
    """The incidents that were told to any channel: what was kept back is nobody's alert."""
    threads = set(store.outbox.threads("incident:"))
    return [i for i in store.incidents.recent(MOST) if i.thread in threads]
