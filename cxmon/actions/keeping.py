"""What every action by hand has in common: it finds the incident, keeps what was done, and tells it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from cxmon.alerts.message import for_incident
from cxmon.alerts.parts import news_key, with_assigned
from cxmon.errors import ActionError
from cxmon.model import Delivery, Incident, IncidentState, Message, OutboxRow, Transition
from cxmon.store import Store
from cxmon.wording.messages import BEHIND_IT

VERDICT, SOURCE, DATA, ALLOWANCE, ERROR = "verdict", "source", "data", "allowance", "error"
_A_ROLE = "name a role or department"
_ASKED = {"by": _A_ROLE, "to": _A_ROLE, "text": "say what is to be known"}


def told_on(store: Store, incident: Incident, transition: Transition) -> list[OutboxRow]:
    """The news for every channel in which this story was told before: its first message is edited, a reply added."""
    return [
        _row(channel, _message(store, incident, transition, row.message))
        for channel, row in sorted(store.outbox.newest(incident.thread).items())
    ]


def replied_on(store: Store, incident: Incident, what: str, reply: str, at: datetime) -> list[OutboxRow]:
    """A reply in every channel in which this story was told before, below its message as it stands."""
    rows = []
    for channel, row in sorted(store.outbox.newest(incident.thread).items()):
        last = row.message
        facts = with_assigned(last.facts, incident)
        key = news_key(last.thread, what, at.isoformat())
        # Its figures are those that were told: the picture that is there stays.
        rows.append(_row(channel, replace(last, key=key, facts=facts, reply=reply, at=at, picture=None)))
    return rows


def _row(channel: str, message: Message) -> OutboxRow:
    key = f"{message.key}|{channel}"
    return OutboxRow(key=key, channel=channel, message=replace(message, key=key), state=Delivery.WAITING)


def _message(store: Store, incident: Incident, transition: Transition, last: Message) -> Message:
    catalogue = store.catalogue.load()
    metric = next((m for m in catalogue.metrics if m.id == incident.subject), None) if catalogue else None
    if catalogue is None or incident.check in {VERDICT, ALLOWANCE}:
        reply = transition.reason.partition(": ")[2]
        key = news_key(last.thread, transition.step, transition.at.isoformat())
        badge = f"{last.badge}, {transition.step.value}"
        left = tuple(action for action in last.actions if action.name != "acknowledge")
        return replace(last, key=key, badge=badge, reply=reply, at=transition.at, actions=left, picture=None)
    told = for_incident(
        incident=incident,
        transition=transition,
        finding=incident.latest,
        metric=metric,
        changes_near=store.changes.all(),
        zone=catalogue.zone,
        board_url=catalogue.board_url,
        # Found when it was first told; the board's process, which may be the one that acts, knows no vendor.
        behind=next((f.text for f in last.facts if f.label == BEHIND_IT), ""),
    )
    return replace(told, picture=None)


def incident_of(store: Store, incident_id: str) -> Incident:
    found = store.incidents.get(incident_id)
    if found is None:
        raise ActionError(f"there is no incident {incident_id}; `cxmon incidents --all` lists them")
    return found


def lasting(store: Store, incident_id: str) -> Incident:
    found = incident_of(store, incident_id)
    if found.state is IncidentState.ENDED:
        when = f" on {stamp(found.ended_at)}" if found.ended_at else ""
        raise ActionError(f"incident {incident_id} has ended{when}: there is nothing to do about it")
    return found


def sources(store: Store) -> Sequence[str]:
    """The names of the sources that are collected."""
    catalogue = store.catalogue.load()
    return () if catalogue is None else sorted({m.source for m in catalogue.metrics})


def said(name: str, text: str) -> str:
    """The text without the blanks around it. ActionError where it is empty, or names a person where a role belongs."""
    asked = _ASKED.get(name, "give a reason")
    if not text.strip():
        raise ActionError(f"{name} is empty: {asked}")
    if asked == _A_ROLE and "@" in text:
        raise ActionError(f"{name} is an address ({text.strip()}): {asked}, not a person")
    return text.strip()


def stamp(at: datetime) -> str:
    """A moment in words for people, who may sit in another zone than its own."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
