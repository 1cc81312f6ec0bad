"""Answering a decision or an incident: kept and told in one transaction."""

from dataclasses import replace

from cxmon import wording
from cxmon.actions.keeping import VERDICT, said, stamp
from cxmon.alerts.parts import news_key, with_decided
from cxmon.decisions.following import followed
from cxmon.errors import ActionError
from cxmon.model import Delivery, Incident, OutboxRow, Response
from cxmon.store import Store


def checked(response: Response) -> Response:
    """The response as it is kept. ActionError where a word is missing, an address stands in place of a role, or it was
    due before it was given."""
    response = replace(response, by=said("by", response.by), why=said("why", response.why))
    if "@" in response.owner:
        raise ActionError(f"owner is an address ({response.owner.strip()}): name a role or department, not a person")
    if response.due is not None and response.due < response.at:
        raise ActionError(f"due {stamp(response.due)} is past: name a day to come")
    return response


def record(store: Store, response: Response, incident: Incident | None) -> None:
    """Keeps it, and tells it in every channel in which the story was told before."""
    store.changes.respond(response, _told_on(store, response, incident))


def _told_on(store: Store, response: Response, incident: Incident | None) -> list[OutboxRow]:
    catalogue = store.catalogue.load()
    zone = "UTC" if catalogue is None else catalogue.zone
    declared = store.changes.get(response.subject)
    ended = wording.ended_at(declared.change if declared else None, incident)
    told = wording.decided(response, followed(response, now=response.at, ended=ended), zone)
    subject = incident.subject if incident is not None and incident.check == VERDICT else response.subject
    thread = f"incident:{subject}" if incident is not None and incident.check != VERDICT else f"change:{subject}"
    rows = []
    for channel, row in sorted(store.outbox.newest(thread).items()):
        last = row.message
        facts = with_decided(last.facts, told.partition(": ")[2])
        key = f"{news_key(thread, 'decided', response.at.isoformat())}|{channel}"
        message = replace(last, key=key, facts=facts, reply=told, at=response.at)
        rows.append(OutboxRow(key=key, channel=channel, message=message, state=Delivery.WAITING))
    return rows
