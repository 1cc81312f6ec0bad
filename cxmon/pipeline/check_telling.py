"""From a decision to the messages that tell it, and to the lines that keep the silent ones."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cxmon.alerts.message import breaks_silence, for_incident
from cxmon.alerts.parts import incident_thread, news_key
from cxmon.config.plan import Plan
from cxmon.decisions.routing import Why
from cxmon.incidents import Event
from cxmon.model import BY_HAND, Declared, Incident, Message, Metric, OutboxRow, Segment, Step, Transition
from cxmon.pipeline.behind import told_behind
from cxmon.pipeline.route import Placed, Router
from cxmon.store import Store
from cxmon.wording import incidents as words
from cxmon.wording import quieting
from cxmon.wording.quieting import INHIBITED, MUTED, OVER, SILENCED, WIDER_OVER

KEPT = (f"{SILENCED}:", f"{INHIBITED}:")
# That somebody is on it tells no channel what was kept from it.
_BY_PEOPLE = BY_HAND | {Step.ACKNOWLEDGED}
_OVER = (f"{OVER}:", f"{WIDER_OVER}:")


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
    late: Sequence[tuple[Event, str]] = (),
    scores: Mapping[Segment, float] | None = None,
) -> Telling:
    """Messages for all events that are told. One that a silence covers, or that a whole's incident tells of, is kept as
    a decision to stay silent; `late` are such that were kept before, each with what is over now. `scores` say how far
    beyond its limit each segment is now: a message names the worst first."""
    transitions: list[Transition] = []
    rows: list[OutboxRow] = []
    router = Router(plan, store, now=now)
    for event, over in (*((e, "") for e in events), *late):
        if not over:
            transitions.append(event.transition)
        if not event.told:
            continue
        untold = "" if over else _kept_quiet(store, event, transitions, rows)
        message = for_incident(
            incident=_worst_first(event.incident, scores or {}),
            transition=event.transition,
            finding=event.finding,
            metric=metric,
            changes_near=changes,
            zone=plan.zone if metric is None else metric.zone,
            board_url=plan.board_url,
            check_type=check_type,
            behind="" if metric is None else told_behind(plan, store, event.incident, now=now),
            untold=untold,
        )
        message = replace(message, reply=None) if event.quiet else message
        about = router.of_check(
            metric=None if metric is None else metric.id, segment=event.incident.root, check=check,
            check_type=check_type, incident=event.incident.id,
        )  # fmt: skip
        placed = router.place(message, about)
        if (why := _kept(event, placed, over)) is not None:
            transitions.append(noted(event, why, now))
        rows += placed.rows
    return Telling(transitions=tuple(transitions), rows=tuple(rows))


def _kept_quiet(store: Store, event: Event, steps: Sequence[Transition], rows: Sequence[OutboxRow]) -> str:
    """What kept a story from being told from its begin to this end, by the last note of that, in the store or among
    these `steps`; empty where a channel knows it, in the store or by these `rows`. Its end is told to people who never
    heard of it."""
    incident, thread = event.incident.id, incident_thread(event.incident.id)
    if not breaks_silence(news_key(thread, event.transition.step, "")):
        return ""
    if any(row.message.thread == thread for row in rows) or store.outbox.newest(thread):
        return ""
    history = [*store.incidents.history(incident), *(t for t in steps if t.incident == incident)]
    return next(reversed(_reasons_kept(history)), "")


def told_from_its_end(message: Message, store: Store, incident: Incident | None) -> Message:
    """A verdict's or an allowance's message that is the end of a story of which each step was kept back: it says first
    what kept it quiet. Any other is left as it is."""
    if incident is None or not breaks_silence(message.key):
        return message
    history = store.incidents.history(incident.id)
    steps = sum(t.step not in {Step.NOTED, *_BY_PEOPLE} for t in history)
    kept = _reasons_kept(history)
    if len(kept) != steps or any(t.reason.startswith(_OVER) for t in history):
        return message
    return replace(message, lines=(*words.untold(next(reversed(kept), "")), *message.lines))


def _reasons_kept(history: Sequence[Transition]) -> list[str]:
    """What kept each step quiet of which nobody was told, by the notes of that."""
    notes = (t.reason for t in history if t.step is Step.NOTED and t.reason.startswith(KEPT))
    return [reason.partition(quieting.NOT_SENT)[2] for reason in notes]


def _worst_first(incident: Incident, scores: Mapping[Segment, float]) -> Incident:
    """Its segments as a message is to name them; those of which nothing is said now come last, in their order."""
    ranked = sorted(incident.members, key=lambda m: -scores.get(m, -math.inf))
    return replace(incident, members=tuple(ranked))


def _kept(event: Event, placed: Placed, over: str) -> str | None:
    """What to note of where news went: nothing where it was told as usual."""
    step, found = event.transition.step.value, placed.routed
    if over:
        return quieting.told_now(over, step) if placed.rows else None
    if found is not None and found.why is Why.INHIBITED:
        return quieting.not_sent(INHIBITED, step, found.reason.removeprefix(f"{INHIBITED}: "))
    if not placed.rows:
        return kept_silent(step, placed)
    if found is not None and found.muted:
        names = ", ".join(dict.fromkeys(mute.id for mute, _ in found.muted.values()))
        return quieting.waits(MUTED, step, {c: until for c, (_, until) in found.muted.items()}, names)
    return None


def kept_silent(step: str, placed: Placed) -> str:
    """The note of what a silence kept from being sent: until when it holds, who set it, and why."""
    found = placed.routed
    said = found.reason.removeprefix(SILENCED).strip() if found is not None and found.silence else ""
    return quieting.not_sent(SILENCED, step, quieting.a_silence(said))


def kept_back(store: Store, incident: Incident) -> Event | None:
    """The newest step of an incident that was kept back, if nothing was told since."""
    newest: Transition | None = None
    kept: Transition | None = None
    for t in store.incidents.history(incident.id):
        if t.step in _BY_PEOPLE:
            continue
        if t.step is not Step.NOTED:
            newest, kept = t, None
        elif t.reason.startswith(KEPT):
            kept = newest
        elif t.reason.startswith(_OVER):
            kept = None
    return None if kept is None else Event(transition=kept, incident=incident, finding=incident.latest)


def what_is_over(store: Store, incident: Incident) -> str:
    """What kept the newest news of an incident back, for the note that it is told after all."""
    kept = [t.reason for t in store.incidents.history(incident.id) if t.reason.startswith(KEPT)]
    return WIDER_OVER if kept and kept[-1].startswith(INHIBITED) else OVER


def noted(event: Event, reason: str, now: datetime) -> Transition:
    return Transition(incident=event.incident.id, step=Step.NOTED, at=now, reason=reason)


def by_hand(incident: Incident | None) -> tuple[object, ...]:
    """What people change of an incident."""
    return () if incident is None else (incident.state, incident.ending, incident.acknowledged_by, incident.assigned_to)
