"""The buttons of an incident's message: acknowledge, show segments, and those that open a view."""

from datetime import datetime

from cxmon import actions, wording
from cxmon.alerts import Slack
from cxmon.alerts.blocks import notification
from cxmon.model import EVERYONE, Act, Incident, IncidentState, Metric, Step
from cxmon.slack_app.contract import Call, Deed, Handler, Handlers, Kind, Place, Request, Respond
from cxmon.slack_app.modals import Origin, origin
from cxmon.slack_app.modals import words as paragraph
from cxmon.slack_app.trail import kept
from cxmon.wording import clicking as words


def metric_of(place: Place, incident: Incident) -> Metric | None:
    """The metric that an incident is about; None for one about a change or a source."""
    return None if incident.check == actions.VERDICT else place.plan.metrics.get(incident.subject)


def over(place: Place, incident: Incident | None) -> str:
    """Why nothing can be done about an incident any more; empty while something can."""
    if incident is None:
        return words.no_incident()
    if incident.state is IncidentState.ENDED:
        return words.already_over(incident, wording.state(incident), place.plan.zone)
    return ""


def rerendered(place: Place, at: Origin, incident: Incident) -> tuple[Deed, ...]:
    """The clicked message of an incident, as `shown_anew`."""
    return shown_anew(place, at, incident.thread)


def shown_anew(place: Place, at: Origin, thread: str) -> tuple[Deed, ...]:
    """The clicked message as the store tells it now; the outbox tells every other place, and the thread."""
    for name, row in place.store.outbox.newest(thread).items():
        channel, receipt = place.plan.channels.get(name), place.store.outbox.first_receipt(thread, name)
        here = receipt is not None and (receipt.channel, receipt.ref) == (at.channel, at.message_ts)
        if here and isinstance(channel, Slack):
            shown = channel.render(row.message, image=at.image or None)
            update = {"channel": at.channel, "ts": at.message_ts, "text": notification(row.message), "blocks": shown}
            return (Call(method="chat.update", arguments=update, best_effort=True),)
    return ()


def _acknowledge(request: Request, place: Place, now: datetime) -> tuple[Deed, ...]:
    at = origin(request)
    before = place.store.incidents.get(at.subject)
    said = over(place, before)
    if said:
        return (*(rerendered(place, at, before) if before else ()), Respond(text=said))
    done = before
    if before is not None and before.state is not IncidentState.ACKNOWLEDGED:
        done = kept(
            request, place, Act.ACKNOWLEDGE, lambda store: actions.acknowledge(store, at.subject, by=place.by, now=now),
            subject=at.subject, why=words.on_it(), now=now,
        )  # fmt: skip
    if done is None:
        return ()
    mine = any(t.step is Step.ACKNOWLEDGED and t.at == now for t in place.store.incidents.history(done.id))
    told = () if mine else (Respond(text=words.already_acknowledged(done.acknowledged_by or "somebody")),)
    return (*rerendered(place, at, done), *told)


def _segments(request: Request, place: Place, now: datetime) -> tuple[Deed, ...]:  # noqa: ARG001 - a handler.
    incident = place.store.incidents.get(origin(request).subject)
    if incident is None:
        return (Respond(text=words.no_incident()),)
    title, lines = _where(place, incident)
    return (Respond(text=title, blocks=(paragraph(title, *lines),)),)


def _where(place: Place, incident: Incident) -> tuple[str, list[str]]:
    """Where it happens: of a change as its verdict says, of a metric by the figures of its segments."""
    metric, store = metric_of(place, incident), place.store
    if metric is not None:
        keys = [key for name, key in store.bands.keys() if name == metric.id and not key.startswith("change:")]  # noqa: SIM118
        bands = [band for key in keys if key != EVERYONE.key and (band := store.bands.get(metric.id, key)) is not None]
        lines = list(words.segments_of(incident, metric, bands, place.plan.zone))
        return words.where_of(metric.label), lines or [words.no_segments()]
    verdict = store.verdicts.latest(incident.subject) if incident.check == actions.VERDICT else None
    if verdict is None:
        return words.where_of(incident.subject), [words.no_segments()]
    metrics = place.plan.metrics
    placed = [wording.placed(where, metrics[where.metric]) for where in verdict.where if where.metric in metrics]
    return words.where_of(verdict.headline or incident.subject), placed or [words.not_compared()]


HANDLERS: Handlers = {
    (Kind.BLOCK_ACTIONS, "acknowledge"): Handler(handle=_acknowledge, needs=Act.ACKNOWLEDGE),
    (Kind.BLOCK_ACTIONS, "show_segments"): Handler(handle=_segments, needs=Act.SEE),
}
