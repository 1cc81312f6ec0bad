"""What people do about an incident beside acknowledging and accepting it: who sees to it, notes, one-offs."""

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta

from cxmon.actions.keeping import VERDICT, incident_of, lasting, replied_on, said, stamp
from cxmon.errors import ActionError
from cxmon.model import Incident, IncidentState, LeftOut, Step, Transition
from cxmon.store import Store
from cxmon.wording import by_hand as words

# Longer than that is no one-off but a level: accept it as the new one.
LONGEST_ONE_OFF = timedelta(days=31)


def assign(store: Store, incident_id: str, *, to: str, by: str, now: datetime) -> Incident:
    """Names the role or department that sees to it, and tells it where the story was told. The same again is once.

    ActionError where there is no such incident, it has ended, or `to` or `by` is empty or an address.
    """
    by, to = said("by", by), said("to", to)
    while True:
        incident = lasting(store, incident_id)
        if incident.assigned_to == to:
            return incident
        assigned = replace(incident, assigned_to=to)
        if _kept(store, assigned, Step.ASSIGNED, words.assigned(to, by), now, seen=incident):
            return assigned


def add_note(store: Store, incident_id: str, *, text: str, by: str, now: datetime) -> Transition:
    """Keeps a note in the incident's history, also of one that has ended, and tells it where the story was told.

    ActionError where there is no such incident, or `text` or `by` is empty.
    """
    by, text = said("by", by), said("text", text)
    while True:
        incident = incident_of(store, incident_id)
        if _kept(store, incident, Step.REMARKED, words.noted(text, by), now, seen=incident):
            return store.incidents.history(incident_id)[-1]


def tell_silence(store: Store, incident_id: str, *, ends: datetime, by: str, why: str, now: datetime) -> None:
    """Keeps in an incident's history that it was silenced from there, and tells it where the story was told."""
    while True:
        incident = lasting(store, incident_id)
        if _kept(store, incident, Step.SILENCED, words.silenced(stamp(ends), by, why), now, seen=incident):
            return


def do_again(store: Store, incident_id: str, step: Step, told: str, *, now: datetime) -> None:
    """What was done by hand once, assigned, noted or silenced, as a replay does it again: `told` is what its history
    says. ActionError where there is no such incident."""
    while True:
        incident = incident_of(store, incident_id)
        done = replace(incident, assigned_to=words.assignee(told)) if step is Step.ASSIGNED else incident
        if _kept(store, done, step, told, now, seen=incident):
            return


def leave_out(
    store: Store, incident_id: str, *, since: datetime, until: datetime, by: str, why: str, now: datetime
) -> LeftOut:
    """What the incident was about from `since` up to `until` was a one-off: watch neither judges these days nor learns
    from them, in the incident's segments and inside its root. It is acknowledged, and ends by itself once the days
    after are fine. Verdicts that are judged from then on use none of these days, and say so. The same again is once.

    ActionError where there is no such incident, it has ended, it is not about what a metric is expected to be, the days
    are none, too many, or begin after now, or `by` or `why` is empty.
    """
    by, why = said("by", by), said("why", why)
    incident = lasting(store, incident_id)
    if not expects(incident):
        raise ActionError(
            f"incident {incident.id} is not about an expected level: there are no days to leave out of it"
        )
    if not since < until or since > now or until - since > LONGEST_ONE_OFF:
        raise ActionError(
            f"left out from {stamp(since)} to {stamp(until)}: expected days that have begun, in order, "
            f"{LONGEST_ONE_OFF.days} at most"
        )
    content = f"{incident.id}|{since.isoformat()}|{until.isoformat()}"
    found = LeftOut(
        id=f"one-off-{hashlib.sha256(content.encode()).hexdigest()[:10]}", metric=incident.subject,
        root=incident.root, segments=incident.members, since=since, until=until, by=by, why=why, at=now,
        incident=incident.id,
    )  # fmt: skip
    known = next((one for one in store.left_out.all(incident.subject) if one.id == found.id), None)
    if known is None:
        store.left_out.put(found)
    found = known or found
    while True:
        incident = lasting(store, incident_id)
        # Whoever was killed between the two is completed by whoever does the same again.
        if any(t.step is Step.LEFT_OUT and t.at >= found.at for t in store.incidents.history(incident.id)):
            return found
        acknowledged = replace(
            incident, state=IncidentState.ACKNOWLEDGED, acknowledged_by=incident.acknowledged_by or by
        )
        told = words.left_out(stamp(since), stamp(until), by, why)
        if _kept(store, acknowledged, Step.LEFT_OUT, told, now, seen=incident):
            return found


def expects(incident: Incident) -> bool:
    """Whether an incident is about a level that was learnt: only then can days be left out of it."""
    finding = incident.worst or incident.latest
    known = finding is not None and finding.expected == finding.expected and finding.value == finding.value
    return known and incident.check != VERDICT


def _kept(store: Store, incident: Incident, step: Step, told: str, now: datetime, *, seen: Incident) -> bool:
    """False where somebody else was first. The same at the same moment is once: a click that is tried again."""
    transition = Transition(incident=incident.id, step=step, at=now, reason=f"{step.value}: {told}")
    before = store.incidents.history(incident.id)
    if any((t.step, t.at, t.reason) == (step, now, transition.reason) for t in before):
        return True
    rows = replied_on(store, incident, step.value, told, now)
    return store.incidents.amend(incident, transition, rows, seen=seen)
