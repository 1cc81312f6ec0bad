"""The views behind an incident's buttons: silence, we know why, assign, add note. Each tells first what it will do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from cxmon import actions, wording
from cxmon.model import LONGEST_SILENCE, Act, Incident, LeftOut, Metric, Segment, Silence, Transition
from cxmon.periods import span_of_days
from cxmon.slack_app import marking, modals
from cxmon.slack_app.contract import Answer, Deed, Handler, Handlers, Kind, Place, Request, Respond
from cxmon.slack_app.incident_buttons import metric_of, over, rerendered
from cxmon.slack_app.modals import Origin, origin
from cxmon.slack_app.trail import ORIGIN, kept
from cxmon.store import Store
from cxmon.wording import clicking as words
from cxmon.wording import labels

View = dict[str, Any]
LENGTHS = {"4h": 4, "1d": 24, "3d": 72, "7d": 168, "14d": 336}


def _opens(
    view: Callable[[Place, Incident, Origin, datetime], View | str],
) -> Callable[[Request, Place, datetime], tuple[Deed, ...]]:
    """A button that opens a view, or says why it does not."""

    def handle(request: Request, place: Place, now: datetime) -> tuple[Deed, ...]:
        at = origin(request)
        incident = place.store.incidents.get(at.subject)
        said = over(place, incident)
        if incident is None or said:
            return (*(rerendered(place, at, incident) if incident else ()), Respond(text=said))
        found = view(place, incident, at, now)
        return (Respond(text=found),) if isinstance(found, str) else (modals.opened(request, found),)

    return handle


def _sent(
    act: Callable[[Request, Place, Incident, datetime], str],
) -> Callable[[Request, Place, datetime], tuple[Deed, ...]]:
    """What a sent view does; the message is shown anew, and the one who sent it reads what was done."""

    def handle(request: Request, place: Place, now: datetime) -> tuple[Deed, ...]:
        at = origin(request)
        incident = place.store.incidents.get(at.subject)
        # A click that is tried again may have ended it itself.
        said = "" if incident is not None and incident.ended_at == now else over(place, incident)
        if incident is not None and not said:
            said = act(request, place, incident, now)
        shown = rerendered(place, at, incident) if incident else ()
        return (*shown, Respond(text=said))

    return handle


def _named(place: Place, incident: Incident) -> str:
    metric = metric_of(place, incident)
    if metric is not None:
        return f"{metric.label}, {wording.segment(incident.root)}"
    declared = place.store.changes.get(incident.subject)
    return declared.change.title if declared is not None else incident.subject


@dataclass(frozen=True)
class _Quiet:
    """What a silence from this incident would be about, in words too."""

    metric: str | None
    segment: Segment | None
    told: str


def _quiet(place: Place, incident: Incident) -> Mapping[str, _Quiet]:
    """By the option's value; empty where only silencing everything would do."""
    metric, root = metric_of(place, incident), incident.root
    if metric is None:
        declared = place.store.changes.get(incident.subject)
        scope = declared.change.reach.values if declared is not None else ()
        # A silence names one segment: a change that touches several values is not one.
        if not scope or any(len(allowed) > 1 for _, allowed in scope):
            return {}
        touched = Segment.of(**{name: allowed[0] for name, allowed in scope})
        return {"segment": _Quiet(None, touched, words.everything_in(wording.segment(touched)))}
    everywhere = _Quiet(metric.id, None, words.everywhere(metric.label))
    if not root.items:
        return {"metric": everywhere}
    return {"segment": _Quiet(metric.id, root, words.inside(metric.label, wording.segment(root))), "metric": everywhere}


def _silence_view(place: Place, incident: Incident, at: Origin, now: datetime) -> View | str:
    quiet = _quiet(place, incident)
    if not quiet:
        return words.too_wide_to_silence()
    zone = place.plan.zone
    ends = {name: words.length(hours, now + timedelta(hours=hours), zone) for name, hours in LENGTHS.items()}
    about = {name: one.told for name, one in quiet.items()}
    return modals.modal(
        title="Silence",
        callback="silence",
        private=at.private,
        submit="Silence",
        blocks=[
            modals.words(_named(place, incident), words.silence_means()),
            modals.choice("about", labels.QUIET_ABOUT, about, initial=next(iter(about))),
            modals.choice("for", "Until", ends, initial="1d"),
            modals.date("until", labels.DAY_OF_YOUR_OWN, optional=True),
            modals.text_input("why", "Why", hint=labels.READ_BY_WHO_WONDERS),
        ],
    )


def _ends(request: Request, place: Place, now: datetime) -> datetime:
    given = request.input("until")
    if not given:
        return now + timedelta(hours=LENGTHS.get(request.input("for"), 24))
    day = date.fromisoformat(given)
    return span_of_days(day, day, place.plan.zone)[1]


def _check_silence(request: Request, place: Place, now: datetime) -> Answer | None:
    found: dict[str, str] = {}
    if not now < _ends(request, place, now) <= now + LONGEST_SILENCE:
        found["until"] = words.silence_ends_when()
    return _wrong(found | _reason(request))


def _reason(request: Request) -> dict[str, str]:
    return {} if request.input("why") else {"why": words.reason_needed()}


def _wrong(found: Mapping[str, str]) -> Answer | None:
    return modals.errors(found) if found else None


def _silence(request: Request, place: Place, incident: Incident, now: datetime) -> str:
    quiet = _quiet(place, incident)
    chosen = quiet.get(request.input("about")) or next(iter(quiet.values()), None)
    if chosen is None:
        return words.too_wide_to_silence()
    ends, why = _ends(request, place, now), request.input("why")

    def do(store: Store) -> Silence:
        return actions.quiet(
            store, incident.id, metric=chosen.metric, segment=chosen.segment, ends=ends, by=place.by, why=why, now=now,
            origin=ORIGIN,
        )  # fmt: skip

    made = kept(request, place, Act.SILENCE, do, subject=incident.id, why=why, now=now)
    return words.is_silent(chosen.told, made.ends, place.plan.zone)


def _why_view(place: Place, incident: Incident, at: Origin, now: datetime) -> View | str:  # noqa: ARG001 - a view.
    if metric_of(place, incident) is None or incident.check == actions.ALLOWANCE:
        return words.answer_instead()
    kinds = {"one_off": words.one_off(), "new_normal": words.new_normal(), "not_real": words.not_real()}
    if not actions.expects(incident):
        del kinds["one_off"]
    if not actions.markable(incident):
        del kinds["not_real"]
    return modals.modal(
        title=labels.WE_KNOW_WHY,
        callback="we_know_why",
        private=at.private,
        submit="Next",
        blocks=[
            modals.words(_named(place, incident)),
            modals.choice("kind", labels.WHAT_IS_IT, kinds, initial=next(iter(kinds)), hint=words.shown_next()),
        ],
    )


def _why_next(request: Request, place: Place, now: datetime) -> Answer | None:
    """The second view takes the place of the first; where the incident has gone meanwhile, `handle` says so."""
    at = origin(request)
    incident = place.store.incidents.get(at.subject)
    metric = metric_of(place, incident) if incident is not None else None
    if incident is None or metric is None or over(place, incident):
        return None
    kind = request.input("kind")
    made = marking.view if kind == "not_real" else _normal_view
    if kind == "one_off" and actions.expects(incident):
        made = _one_off_view
    return {"response_action": "update", "view": made(incident, metric, at, now)}


def _one_off_view(incident: Incident, metric: Metric, at: Origin, now: datetime) -> View:
    first, last = _days(incident, metric, now)
    where = ", ".join(wording.segment(m) for m in incident.members)
    return modals.modal(
        title=labels.ONE_OFF,
        callback="one_off",
        private=at.private,
        submit=labels.LEAVE_OUT,
        blocks=[
            modals.words(*words.one_off_means(metric, where)),
            modals.date("first", labels.FIRST_LEFT_OUT, initial=f"{first:%Y-%m-%d}"),
            modals.date("last", labels.LAST_LEFT_OUT, initial=f"{last:%Y-%m-%d}"),
            modals.text_input("why", labels.WHAT_WAS_IT, hint=words.read_later()),
        ],
    )


def _days(incident: Incident, metric: Metric, now: datetime) -> tuple[datetime, datetime]:
    """The incident's first and last day as far as they are known, in the metric's zone."""
    zone = ZoneInfo(metric.zone)
    newest = incident.latest.at if incident.latest is not None else now
    first = min(incident.since or incident.opened_at, newest)
    return first.astimezone(zone), newest.astimezone(zone)


def _span(request: Request, place: Place) -> tuple[datetime, datetime, Metric] | None:
    incident = place.store.incidents.get(origin(request).subject)
    metric = metric_of(place, incident) if incident is not None else None
    first, last = request.input("first"), request.input("last")
    if metric is None or not first or not last:
        return None
    return *span_of_days(date.fromisoformat(first), date.fromisoformat(last), metric.zone), metric


def _check_one_off(request: Request, place: Place, now: datetime) -> Answer | None:
    span = _span(request, place)
    found: dict[str, str] = {}
    if span is not None and span[0] > now:
        found["first"] = words.must_have_begun()
    elif span is not None and not span[0] < span[1] <= span[0] + actions.LONGEST_ONE_OFF:
        found["last"] = words.days_in_order(actions.LONGEST_ONE_OFF.days)
    return _wrong(found | _reason(request))


def _leave_out(request: Request, place: Place, incident: Incident, now: datetime) -> str:
    span = _span(request, place)
    if span is None:
        return words.no_incident()
    since, until, metric = span
    why = request.input("why")

    def do(store: Store) -> LeftOut:
        return actions.leave_out(store, incident.id, since=since, until=until, by=place.by, why=why, now=now)

    kept(request, place, Act.LEAVE_OUT, do, subject=incident.id, why=why, now=now)
    return words.is_left_out(since, until - timedelta(seconds=1), metric.zone)


def _normal_view(incident: Incident, metric: Metric, at: Origin, now: datetime) -> View:  # noqa: ARG001 - a view.
    return modals.modal(
        title=labels.NEW_NORMAL,
        callback="new_normal",
        private=at.private,
        submit=labels.ACCEPT_THE_LEVEL,
        blocks=[
            modals.words(*words.hidden_by_accepting(incident, metric)),
            modals.text_input("why", labels.WHY_NORMAL, hint=words.read_later()),
        ],
    )


def _check_reason(request: Request, place: Place, now: datetime) -> Answer | None:  # noqa: ARG001 - an answer.
    return _wrong(_reason(request))


def _accept(request: Request, place: Place, incident: Incident, now: datetime) -> str:
    why = request.input("why")

    def do(store: Store) -> Incident:
        return actions.accept(store, incident.id, by=place.by, why=why, now=now)

    kept(request, place, Act.ACCEPT, do, subject=incident.id, why=why, now=now)
    return words.is_accepted()


def _assign_view(place: Place, incident: Incident, at: Origin, now: datetime) -> View | str:  # noqa: ARG001 - a view.
    known = _departments(place)
    listed = [modals.choice("known", labels.ROLE, known, optional=True)] if known else []
    free = modals.text_input(
        "other", labels.ANOTHER_ONE if known else labels.ROLE, optional=bool(known), hint=words.no_person(),
        initial=incident.assigned_to or "",
    )  # fmt: skip
    return modals.modal(
        title="Assign",
        callback="assign",
        private=at.private,
        submit="Assign",
        blocks=[modals.words(_named(place, incident)), *listed, free],
    )


def _departments(place: Place) -> dict[str, str]:
    """Whom the configuration knows, by the option's value: owners of decisions, of routes, and those who sign."""
    plan = place.plan
    owners = [d.change.owner for d in place.store.changes.all()] + [o for r in plan.routes for o in r.owners]
    found = sorted({*owners, *plan.access.departments.values()} - {""})
    return {modals.opaque(name): name for name in found[: modals.OPTIONS]}


def _chosen(request: Request, place: Place) -> str:
    """What was chosen, else what was typed; empty where the chosen one is not known any more."""
    known = request.input("known")
    return _departments(place).get(known, "") if known else request.input("other")


def _check_assign(request: Request, place: Place, now: datetime) -> Answer | None:  # noqa: ARG001 - an answer.
    to = _chosen(request, place)
    said = words.no_person() if "@" in to else "" if to else words.somebody_needed()
    return _wrong({"other": said} if said else {})


def _assign(request: Request, place: Place, incident: Incident, now: datetime) -> str:
    to = _chosen(request, place)

    def do(store: Store) -> Incident:
        return actions.assign(store, incident.id, to=to, by=place.by, now=now)

    kept(request, place, Act.ASSIGN, do, subject=incident.id, why=words.is_assigned(to), now=now)
    return words.is_assigned(to)


def _note_view(place: Place, incident: Incident, at: Origin, now: datetime) -> View | str:  # noqa: ARG001 - a view.
    return modals.modal(
        title=labels.ADD_NOTE,
        callback="add_note",
        private=at.private,
        submit="Add",
        blocks=[
            modals.words(_named(place, incident)),
            modals.text_input("text", "Note", lines=True, hint=words.note_goes()),
        ],
    )


def _note(request: Request, place: Place, incident: Incident, now: datetime) -> str:
    text = request.input("text")

    def do(store: Store) -> Transition:
        return actions.add_note(store, incident.id, text=text, by=place.by, now=now)

    kept(request, place, Act.NOTE, do, subject=incident.id, why=text, now=now)
    return words.is_noted()


def _again(request: Request, place: Place, incident: Incident, now: datetime) -> str:  # noqa: ARG001 - a deed.
    """The first of two views was sent, and its incident is not what it was."""
    return words.answer_instead()


def _pair(name: str, needs: Act, view: Any, answer: Any, act: Any) -> Handlers:
    """A button that opens a view, and the view's submission."""
    sent = Handler(handle=_sent(act), needs=needs)
    return {
        (Kind.BLOCK_ACTIONS, name): Handler(handle=_opens(view), needs=needs, once=False),
        (Kind.VIEW_SUBMISSION, name): replace(sent, answer=answer) if answer is not None else sent,
    }


HANDLERS: Handlers = {
    **_pair("silence", Act.SILENCE, _silence_view, _check_silence, _silence),
    **_pair("we_know_why", Act.LEAVE_OUT, _why_view, _why_next, _again),
    **_pair("assign", Act.ASSIGN, _assign_view, _check_assign, _assign),
    **_pair("add_note", Act.NOTE, _note_view, None, _note),
    (Kind.VIEW_SUBMISSION, "one_off"): Handler(handle=_sent(_leave_out), answer=_check_one_off, needs=Act.LEAVE_OUT),
    (Kind.VIEW_SUBMISSION, "new_normal"): Handler(handle=_sent(_accept), answer=_check_reason, needs=Act.ACCEPT),
    (Kind.VIEW_SUBMISSION, "not_real"): Handler(handle=_sent(marking.mark), answer=_check_reason, needs=Act.NOT_REAL),
}
