"""Answering a decision from its verdict's message: keep, amend, roll back or accept, why, by whom, until when."""

from datetime import date, datetime

from cxmon import actions, wording
from cxmon.model import Act, Decision, Response
from cxmon.periods import span_of_days
from cxmon.slack_app import modals
from cxmon.slack_app.contract import Answer, Deed, Handler, Handlers, Kind, Place, Request, Respond
from cxmon.slack_app.incident_buttons import shown_anew
from cxmon.slack_app.modals import origin
from cxmon.slack_app.trail import kept
from cxmon.wording import clicking, labels
from cxmon.wording import forms as words

NAME = "respond"


def _open(request: Request, place: Place, now: datetime) -> tuple[Deed, ...]:
    at = origin(request)
    declared = place.store.changes.get(at.subject)
    if declared is None:
        return (Respond(text=words.no_decision()),)
    change, zone = declared.change, place.plan.zone
    known = [d.change for d in place.store.changes.all()]
    said = place.store.changes.responses(change.id)
    before = wording.answers(change.id, said, known, now=now, ended=change.ends, zone=zone)
    view = modals.modal(
        title=labels.ANSWER_A_DECISION,
        callback=NAME,
        private=at.private,
        submit="Record",
        blocks=[
            modals.words(*words.stands(change, place.store.verdicts.latest(change.id), before)),
            modals.choice("decision", labels.WHAT_IS_DECIDED, {d.value: wording.decision(d) for d in Decision}),
            modals.text_input("why", "Why", lines=True, hint=labels.READ_LATER),
            modals.text_input(
                "owner", labels.WHO_SEES_TO_IT, optional=True, initial=change.owner, hint=words.who_sees_to_it(place.by)
            ),
            modals.date("due", labels.UNTIL_WHEN, optional=True, hint=words.reminds_then()),
        ],
    )
    return (modals.opened(request, view),)


def _check(request: Request, place: Place, now: datetime) -> Answer | None:
    found: dict[str, str] = {}
    if request.input("decision") not in list(Decision):
        found["decision"] = words.one_decision()
    if not request.input("why"):
        found["why"] = clicking.reason_needed()
    if "@" in request.input("owner"):
        found["owner"] = clicking.no_person()
    due = _due(request, place)
    if due is not None and due < now:
        found["due"] = words.day_to_come()
    return modals.errors(found) if found else None


def _record(request: Request, place: Place, now: datetime) -> tuple[Deed, ...]:
    at, store = origin(request), place.store
    if store.changes.get(at.subject) is None:
        return (Respond(text=words.no_decision()),)
    answer = Response(
        subject=at.subject,
        decision=Decision(request.input("decision")),
        by=place.by,
        why=request.input("why"),
        at=now,
        due=_due(request, place),
        owner=request.input("owner"),
    )
    said = kept(
        request, place, Act.RESPOND, lambda opened: actions.respond(opened, answer), subject=at.subject,
        why=answer.why, now=now,
    )  # fmt: skip
    thread = f"change:{at.subject}"
    told = words.recorded(said, place.plan.zone, told=bool(store.outbox.newest(thread)))
    return (*shown_anew(place, at, thread), Respond(text=told))


def _due(request: Request, place: Place) -> datetime | None:
    """Where the day begins, as `cxmon respond --due` takes it."""
    given = request.input("due")
    if not given:
        return None
    day = date.fromisoformat(given)
    return span_of_days(day, day, place.plan.zone)[0]


HANDLERS: Handlers = {
    (Kind.BLOCK_ACTIONS, NAME): Handler(handle=_open, needs=Act.RESPOND, once=False),
    (Kind.VIEW_SUBMISSION, NAME): Handler(handle=_record, answer=_check, needs=Act.RESPOND),
}
