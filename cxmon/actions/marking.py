"""Alerts that people say were not real: kept with reason and author, counted, and never a way to hide what follows."""

from dataclasses import replace
from datetime import datetime

from cxmon.actions.keeping import ALLOWANCE, DATA, ERROR, SOURCE, VERDICT, incident_of, said, sources, told_on
from cxmon.errors import ActionError, StoreError
from cxmon.incidents import Reason
from cxmon.model import Ending, Incident, IncidentPolicy, IncidentState, NotReal, Step, Transition
from cxmon.store import Store
from cxmon.wording import by_hand as words

_OF_SOURCES = frozenset({SOURCE, DATA, ERROR})


def mark_not_real(store: Store, incident_id: str, *, by: str, why: str, now: datetime) -> Incident:
    """The alert was a false one, says `by`. What is open ends, not known whether it recovered, and is told again when
    it gets clearly worse or lasts; what has ended stays as it ended. Told where the story was told. Twice is once.

    ActionError where there is no such incident, it is not about a metric's figures, nothing was told of it yet, or `by`
    or `why` is empty.
    """
    by, why = said("by", by), said("why", why)
    while True:
        incident = incident_of(store, incident_id)
        if (refused := unmarkable(store, incident)) is not None:
            raise ActionError(refused)
        if incident.not_real is not None:
            return incident
        lasting = incident.state is not IncidentState.ENDED
        marked = replace(incident, not_real=NotReal(by=by, why=why, at=now, ended=lasting))
        step, reason = Step.MARKED, f"{Step.MARKED.value}: {words.not_real(by, why)}"
        if lasting:
            marked = replace(
                marked, state=IncidentState.ENDED, ending=Ending.CLOSED_UNKNOWN, ended_at=now, quiet=0, unknown=0
            )
            told = words.not_real(by, why, IncidentPolicy().mark_holds)
            step, reason = Step.ENDED, f"{Reason.NOT_REAL.value}: {told}"
        if _kept(store, marked, Transition(incident=incident.id, step=step, at=now, reason=reason), seen=incident):
            return marked


def take_mark_back(store: Store, incident_id: str, *, by: str, why: str, now: datetime) -> Incident:
    """The alert was real after all, says `by`: the mark is gone, and what it had ended is open again, acknowledged
    where it was before. Twice is once.

    ActionError where there is no such incident, another one tells of it by now, or `by` or `why` is empty.
    """
    by, why = said("by", by), said("why", why)
    while True:
        incident = incident_of(store, incident_id)
        if incident.not_real is None:
            return incident
        unmarked, step = replace(incident, not_real=None), Step.UNMARKED
        if incident.not_real.ended and incident.ending is Ending.CLOSED_UNKNOWN:
            # Somebody who was on it before the mark still is: nobody is called anew for what they know.
            back = IncidentState.ACKNOWLEDGED if incident.acknowledged_by else IncidentState.OPEN
            unmarked = replace(unmarked, state=back, ending=None, ended_at=None)
            step = Step.REOPENED
        reason = f"{Step.UNMARKED.value}: {words.real_after_all(by, why)}"
        transition = Transition(incident=incident.id, step=step, at=now, reason=reason)
        try:
            if _kept(store, unmarked, transition, seen=incident):
                return unmarked
        except StoreError as error:
            raise ActionError(str(error)) from error


def markable(incident: Incident) -> bool:
    """Whether an incident of a metric is one that could be a false alarm: only there is the mark offered."""
    return _never(incident) is None and incident.state is not IncidentState.PENDING


def unmarkable(store: Store, incident: Incident) -> str | None:
    """Why an incident cannot be marked as not real; None where it can."""
    if (never := _never(incident)) is not None:
        return never
    if incident.subject in sources(store):
        return _of_a_source(incident)
    if incident.state is IncidentState.PENDING:
        return f"incident {incident.id} is not confirmed yet: nothing was told that could be not real"
    return None


def _never(incident: Incident) -> str | None:
    """Why incidents of its check are never marked; None where they can be."""
    if incident.check == VERDICT:
        return f"incident {incident.id} is about the change {incident.subject}: respond to the change instead"
    if incident.check == ALLOWANCE:
        return f"incident {incident.id} adds up the verdicts of a year: respond to the changes instead"
    return _of_a_source(incident) if incident.check in _OF_SOURCES else None


def _of_a_source(incident: Incident) -> str:
    return f"incident {incident.id} is about {incident.subject}, not about customers: mend it instead"


def _kept(store: Store, incident: Incident, step: Transition, *, seen: Incident) -> bool:
    return store.incidents.amend(incident, step, told_on(store, incident, step), seen=seen)
