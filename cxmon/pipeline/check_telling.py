"""From a decision to the messages that tell it, and to the lines that keep the silent ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cxmon.alerts.message import for_incident
from cxmon.config.plan import Plan
from cxmon.incidents import Event
from cxmon.model import Declared, Metric, OutboxRow, Step, Transition
from cxmon.pipeline.route import queue
from cxmon.store import Store


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
) -> Telling:
    """Messages for all events that are told. One that a silence covers is kept as a decision to stay silent."""
    transitions: list[Transition] = []
    rows: list[OutboxRow] = []
    for event in events:
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
        if not queued:
            transitions.append(
                Transition(
                    incident=event.incident.id,
                    step=Step.NOTED,
                    at=now,
                    reason=f"silenced: that it {event.transition.step.value} was not sent, a silence covers it",
                )
            )
        rows += queued
    return Telling(transitions=tuple(transitions), rows=tuple(rows))
