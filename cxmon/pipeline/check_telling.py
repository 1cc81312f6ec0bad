"""From a decision to the messages that tell it, and to the lines that keep the silent ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cxmon.alerts.message import for_incident
from cxmon.config.plan import Plan
from cxmon.incidents import Event, Walked
from cxmon.model import BY_HAND, Declared, Incident, IncidentState, Metric, OutboxRow, Step, Transition
from cxmon.pipeline.behind import told_behind
from cxmon.pipeline.route import queue
from cxmon.store import Store

# How the reasons of the notes begin that keep what a silence did.
SILENCED, OVER = "silenced", "silence over"


@dataclass(frozen=True, kw_only=True)
class Telling:
    """What goes into the transaction: transitions in order, and the messages of those that are told."""

    transitions: tuple[Transition, ...]
    rows: tuple[OutboxRow, ...]


def tell(
    plan: Plan,
    store: Store,
    events: Sequence[Event],
    *,
    metric: Metric | None,
    check: str,
    check_type: str,
    changes: Sequence[Declared],
    now: datetime,
    lasting: Sequence[Incident] = (),
) -> Telling:
    """Messages for all events that are told. One that a silence covers is kept as a decision to stay silent, and is
    told later where it is among the `lasting` incidents and no silence covers it any more."""
    transitions: list[Transition] = []
    rows: list[OutboxRow] = []
    fresh = {event.incident.id for event in events if event.told}
    afterwards = [e for i in lasting if i.id not in fresh and (e := kept_back(store, i)) is not None]
    for event in (*events, *afterwards):
        late = event in afterwards
        if not late:
            transitions.append(event.transition)
        if not event.told:
            continue
        message = for_incident(
            incident=event.incident,
            transition=event.transition,
            finding=event.finding,
            metric=metric,
            changes_near=changes,
            zone=plan.zone if metric is None else metric.zone,
            board_url=plan.board_url,
            check_type=check_type,
            behind="" if metric is None else told_behind(plan, store, event.incident, now=now),
        )
        queued = queue(
            plan,
            store,
            message,
            metrics=() if metric is None else (metric.id,),
            segment=event.incident.root,
            check=check,
            owner="",
            now=now,
        )
        step = event.transition.step.value
        if late and queued:
            transitions.append(noted(event, f"{OVER}: that it {step} is told now", now))
        elif not late and not queued:
            transitions.append(noted(event, f"{SILENCED}: that it {step} was not sent, a silence covers it", now))
        rows += queued
    return Telling(transitions=tuple(transitions), rows=tuple(rows))


def lasting(known: Sequence[Incident], walked: Walked) -> tuple[Incident, ...]:
    """The incidents that are open after a walk."""
    now = {i.id: i for i in (*known, *walked.incidents)}
    return tuple(i for i in now.values() if i.state in {IncidentState.OPEN, IncidentState.ACKNOWLEDGED})


def kept_back(store: Store, incident: Incident) -> Event | None:
    """The newest step of an incident that a silence kept back, if nothing was told since."""
    newest: Transition | None = None
    kept: Transition | None = None
    for t in store.incidents.history(incident.id):
        if t.step in BY_HAND:
            continue
        if t.step is not Step.NOTED:
            newest, kept = t, None
        elif t.reason.startswith(f"{SILENCED}:"):
            kept = newest
        elif t.reason.startswith(f"{OVER}:"):
            kept = None
    return None if kept is None else Event(transition=kept, incident=incident, finding=incident.latest)


def noted(event: Event, reason: str, now: datetime) -> Transition:
    return Transition(incident=event.incident.id, step=Step.NOTED, at=now, reason=reason)


def by_hand(incident: Incident | None) -> tuple[object, ...]:
    """What people change of an incident."""
    return () if incident is None else (incident.state, incident.ending, incident.acknowledged_by, incident.assigned_to)
