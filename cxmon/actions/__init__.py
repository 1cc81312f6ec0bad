"""The one door through which people change anything: command line, Slack buttons and board all come in here."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from cxmon import decisions, wording
from cxmon.actions.by_hand import LONGEST_ONE_OFF, add_note, assign, expects, leave_out, tell_silence
from cxmon.actions.keeping import ALLOWANCE, DATA, SOURCE, VERDICT
from cxmon.actions.keeping import incident_of as _incident
from cxmon.actions.keeping import lasting as _lasting
from cxmon.actions.keeping import said as _said
from cxmon.actions.keeping import sources as _sources
from cxmon.actions.keeping import stamp as _stamp
from cxmon.actions.keeping import told_on as _told_on
from cxmon.actions.marking import mark_not_real, markable, take_mark_back
from cxmon.actions.responding import checked, record
from cxmon.errors import ActionError, StoreError
from cxmon.incidents import Reason
from cxmon.model import (
    LONGEST_SILENCE,
    MINIMUM_CELL,
    Change,
    Decision,
    Declared,
    Ending,
    Incident,
    IncidentState,
    Metric,
    Outlook,
    Planned,
    Response,
    Segment,
    Silence,
    Status,
    Step,
    Transition,
)
from cxmon.store import Catalogue, Store
from cxmon.wording.by_hand import SILENCE_ENDS
from cxmon.wording.hearing import heard, numbers_behind
from cxmon.wording.kinds import kinds_of

__all__ = [
    "ALLOWANCE",
    "DATA",
    "LONGEST_ONE_OFF",
    "SOURCE",
    "VERDICT",
    "accept",
    "acknowledge",
    "add_note",
    "assign",
    "declare",
    "edit",
    "expects",
    "go_live",
    "leave_out",
    "mark_not_real",
    "markable",
    "plan",
    "quiet",
    "respond",
    "silence",
    "take_mark_back",
    "take_over",
    "why",
]


def acknowledge(store: Store, incident_id: str, *, by: str, now: datetime) -> Incident:
    """Somebody is on it. Twice is once: an incident that is acknowledged already stays as it is.

    ActionError where there is no such incident, it has ended, or `by` is empty.
    """
    by = _said("by", by)
    while True:
        incident = _lasting(store, incident_id)
        if incident.state is IncidentState.ACKNOWLEDGED:
            return incident
        acknowledged = replace(incident, state=IncidentState.ACKNOWLEDGED, acknowledged_by=by)
        reason = f"{Reason.ACKNOWLEDGED.value}: {by} is on it"
        transition = Transition(incident=incident.id, step=Step.ACKNOWLEDGED, at=now, reason=reason)
        # Of two who do it at once one is first; the other one reads again and is told who.
        if store.incidents.amend(acknowledged, transition, _told_on(store, acknowledged, transition), seen=incident):
            return acknowledged


def accept(store: Store, incident_id: str, *, by: str, why: str, now: datetime) -> Incident:
    """Takes the level as the new one: the incident ends, and opens again only when it is clearly worse.

    ActionError where there is no such incident, it has ended, it is about a change (answer that one with `respond`) or
    about a source (which cannot be accepted as broken), or `by` or `why` is empty.
    """
    by, why = _said("by", by), _said("why", why)
    known = store.incidents.get(incident_id)
    if known is not None and known.ending is Ending.ACCEPTED and known.ended_at == now:
        # The same at the same moment is once: what a kill left out is added.
        store.changes.respond(Response(subject=known.id, decision=Decision.ACCEPT, by=by, why=why, at=now))
        return known
    incident = _lasting(store, incident_id)
    if incident.check == VERDICT:
        raise ActionError(
            f"incident {incident.id} is about the change {incident.subject}: respond to the change instead"
        )
    if incident.check == "error":
        raise ActionError(f"incident {incident.id} is about a check that cannot be run: it cannot be accepted, mend it")
    if incident.check == SOURCE or (incident.check != DATA and incident.subject in _sources(store)):
        raise ActionError(
            f"incident {incident.id} is about the source {incident.subject}: it cannot be accepted, mend it"
        )
    ended = replace(incident, state=IncidentState.ENDED, ending=Ending.ACCEPTED, ended_at=now, quiet=0, unknown=0)
    reason = f"{Reason.ACCEPTED.value}: {by} accepted this as the new level: {why}"
    transition = Transition(incident=incident.id, step=Step.ENDED, at=now, reason=reason)
    if not store.incidents.amend(ended, transition, _told_on(store, ended, transition), seen=incident):
        # Somebody else was first: it is looked at again as it stands now.
        return accept(store, incident_id, by=by, why=why, now=now)
    store.changes.respond(Response(subject=incident.id, decision=Decision.ACCEPT, by=by, why=why, at=now))
    return ended


def silence(
    store: Store,
    *,
    metric: str | None = None,
    segment: Segment | None = None,
    starts: datetime,
    ends: datetime,
    by: str,
    why: str,
    origin: str = "cli",
) -> Silence:
    """Known quiet from `starts` to `ends` for what matches. The same silence twice is one.

    ActionError where it has no end after its start, names no reason, or a metric that is not known.
    """
    by, why = _said("by", by), _said("why", why)
    if ends <= starts:
        raise ActionError(f"the silence ends ({_stamp(ends)}) before it begins ({_stamp(starts)})")
    if ends - starts > LONGEST_SILENCE:
        raise ActionError(f"the silence ends on {_stamp(ends)}: expected {SILENCE_ENDS}")
    catalogue = store.catalogue.load()
    known = [] if catalogue is None else [m.id for m in catalogue.metrics]
    if metric is not None and known and metric not in known:
        raise ActionError(f"there is no metric {metric}; there are {', '.join(known)}")
    _known_segment(store, catalogue, metric, segment)
    content = f"{metric}|{segment.key if segment else ''}|{starts.isoformat()}|{ends.isoformat()}|{by}"
    name = f"quiet-{hashlib.sha256(content.encode()).hexdigest()[:10]}"
    made = Silence(id=name, metric=metric, segment=segment, starts=starts, ends=ends, by=by, why=why)
    _put(lambda: store.changes.put_silence(made, origin=origin))
    return made


def quiet(
    store: Store,
    incident_id: str,
    *,
    metric: str | None,
    segment: Segment | None,
    ends: datetime,
    by: str,
    why: str,
    now: datetime,
    origin: str,
) -> Silence:
    """A silence from now on, kept in the history of the incident that it was asked from and told in its thread.

    ActionError as of `silence`, and where there is no such incident or it has ended.
    """
    _lasting(store, incident_id)
    made = silence(store, metric=metric, segment=segment, starts=now, ends=ends, by=by, why=why, origin=origin)
    tell_silence(store, incident_id, ends=made.ends, by=made.by, why=made.why, now=now)
    return made


def respond(store: Store, response: Response) -> Response:
    """Records what was decided about a change or an incident, and tells it where the story was told. Accepting an open
    incident of a check ends it.

    ActionError where neither a change nor an incident has that id, `by` or `why` is empty, or it was due before.
    """
    response = checked(response)
    incident = store.incidents.get(response.subject)
    if incident is None and store.changes.get(response.subject) is None:
        raise ActionError(f"there is neither a change nor an incident {response.subject}")
    lasting = incident is not None and incident.state is not IncidentState.ENDED and incident.check != VERDICT
    if response.decision is Decision.ACCEPT and lasting:
        accept(store, response.subject, by=response.by, why=response.why, now=response.at)
    else:
        record(store, response, incident)
    return response


def declare(store: Store, change: Change, *, now: datetime, origin: str) -> Declared:
    """Declares a change or edits it: drafts are replaced freely, a live one keeps its limits and shows later edits.

    ActionError where it ends before it begins, its stages do not begin with it or share customers, it answers a change
    that does not exist, or was declared elsewhere.
    """
    if change.ends is not None and change.ends <= change.starts:
        raise ActionError(f"change {change.id} ends ({_stamp(change.ends)}) before it begins ({_stamp(change.starts)})")
    _staged(change)
    answered = change.responds_to
    if answered is not None and store.changes.get(answered) is None and store.incidents.get(answered) is None:
        raise ActionError(f"change {change.id} responds to {answered}, which was never declared")
    _put(lambda: store.changes.put(change, now=now, origin=origin))
    declared = store.changes.get(change.id)
    if declared is None:
        raise ActionError(f"change {change.id} was not kept")
    return declared


def _staged(change: Change) -> None:
    """ActionError where the stages of a roll-out do not begin with the change, or share customers."""
    if not change.stages:
        return
    first = min(stage.starts for stage in change.stages)
    if first != change.starts:
        raise ActionError(
            f"change {change.id} starts {_stamp(change.starts)}, its first stage {_stamp(first)}: they begin together"
        )
    parts = change.parts()
    for i, one in enumerate(parts):
        for other in parts[:i]:
            if one.scope.overlaps(other.scope):
                raise ActionError(
                    f"change {change.id}: stages {other.scope.label} and {one.scope.label} share customers"
                )


def edit(store: Store, change_id: str, *, now: datetime, origin: str, **fields: object) -> Declared:
    """Changes named fields of a declared change; on a live one the frozen fields stay, and the attempt is told."""
    found = _change(store, change_id)
    unknown = sorted(set(fields) - set(vars(found.change)) | ({"id"} & set(fields)))
    if unknown:
        raise ActionError(f"change {change_id} has no field {', '.join(unknown)} that can be edited")
    return declare(store, replace(found.change, **fields), now=now, origin=origin)  # type: ignore[arg-type]


def go_live(store: Store, change_id: str, *, now: datetime, origin: str) -> Declared:
    """Puts a draft live: from now on it is judged, and what it says is frozen. Live stays live."""
    found = _change(store, change_id)
    if found.change.status is Status.LIVE:
        return found
    return declare(store, replace(found.change, status=Status.LIVE), now=now, origin=origin)


def take_over(store: Store, change_id: str, *, live: bool, now: datetime, origin: str) -> Declared:
    """A draft is `origin`'s from now on, whatever its feed says later; `live`: and judged.

    ActionError where there is no such draft, or its entry was cancelled.
    """
    found = _change(store, change_id)
    if found.change.status is Status.LIVE:
        raise ActionError(f"change {change_id} is live already")
    if found.change.withdrawn:
        raise ActionError(f"the entry behind {change_id} was cancelled: there is nothing to declare")
    return declare(store, replace(found.change, status=Status.LIVE if live else Status.DRAFT), now=now, origin=origin)


def plan(
    store: Store,
    change: Change | str,
    *,
    now: datetime,
    metrics: Sequence[Metric] = (),
    beside: Sequence[Change] = (),
    progress: Callable[[str, int, int], None] | None = None,
) -> Planned:
    """Before the decision: when a harm of each limit would be seen, and when it is ruled out. Changes nothing.

    `change` is one to be, or the id of a declared one, draft or live; of one that has begun it is the plan of the day
    before. `metrics` are those of the catalogue where none are given, `beside` live changes that the registry does not
    know yet. ActionError where there is no such change, or nothing is measured yet.
    """
    # The statistics are loaded where a plan is asked for: the board comes in by this door too.
    from cxmon.decisions.maturity import ripened  # noqa: PLC0415
    from cxmon.decisions.planner import covered, outlooks  # noqa: PLC0415

    wanted = _change(store, change).change if isinstance(change, str) else change
    catalogue = store.catalogue.load()
    known = {m.id: m for m in metrics or (catalogue.metrics if catalogue is not None else ())}
    if not known:
        raise ActionError("no metric is known yet: collect first")
    live = {c.id: c for c in (*beside, *(d.change for d in store.changes.all())) if c.status is Status.LIVE}
    live.pop(wanted.id, None)
    others = [part for c in live.values() for part in c.parts()]
    watched = decisions.watched(wanted, known)
    shares = decisions.shares(watched, wanted.weights)
    found: list[Outlook] = []
    least = MINIMUM_CELL if catalogue is None else catalogue.minimum_cell
    for done, name in enumerate(watched):
        if progress is not None:
            progress(known[name].label, done, len(watched))
        aside = tuple(store.left_out.all(name, known_at=now))
        leaves = ripened(replace(store.panel(known[name], as_known_at=now), left_out=aside))
        found += [covered(o, known[name], least) for o in outlooks(wanted, others, leaves, shares[name], now=now)]
    return Planned(change=wanted, outlooks=tuple(found))


def why(store: Store, incident_id: str, *, now: datetime | None = None) -> list[str]:
    """Every decision about an incident, silence included, oldest first: when, what, why, with which numbers, and which
    channels were told, or why none; then what people answered, and how that stands `now`.

    ActionError where there is no such incident.
    """
    incident = _incident(store, incident_id)
    declared = store.changes.get(incident.subject) if incident.check == "verdict" else None
    # A decision's incident is kept on everyone; whom it is about is what the decision touches.
    where = incident.root.label if declared is None else declared.change.reach.label
    told_of = f"{incident.subject}, {where}"
    lines = [f"Incident {incident.id}: {told_of}, found by {incident.check}, {_state(incident)}"]
    if len(incident.members) > 1:
        lines.append(f"covers {', '.join(m.label for m in incident.members)}")
    lines += _kinds(store, incident)
    history = store.incidents.history(incident.id)
    for t, told in zip(history, heard(history, store.outbox.story(incident.thread)), strict=True):
        numbers = numbers_behind(t)
        period = t.numbers.get("period")
        judged = f" [period {_stamp(datetime.fromtimestamp(period, UTC))}]" if period is not None else ""
        said = t.reason if t.reason.startswith(t.step.value) else f"{t.step.value}: {t.reason}"
        lines.append(f"{_stamp(t.at)} {said}{judged}{f' ({numbers})' if numbers else ''}")
        lines += [f"    {told}"] if told else []
    at, changes = now or incident.opened_at, [d.change for d in store.changes.all()]
    answers = store.changes.responses(incident.id)
    stands = wording.answers(incident.id, answers, changes, now=at, ended=wording.ended_at(None, incident))
    for r, told in zip(answers, stands, strict=True):
        due = f" ({told.removesuffix(f': {r.why}')})" if r.due else ""
        lines.append(f"{_stamp(r.at)} response: {r.decision.value} by {r.by}: {r.why}{due}")
    return [*lines, *wording.fixes(incident.id, changes, store.verdicts.all_latest(), now=at)]


def _kinds(store: Store, incident: Incident) -> list[str]:
    """Whether it is worse service or other contacts, where that was worked out."""
    catalogue = store.catalogue.load() if incident.kinds is not None else None
    metric = next((m for m in catalogue.metrics if m.id == incident.subject), None) if catalogue else None
    return [kinds_of(incident, metric, incident.opened_at)] if metric is not None else []


def _known_segment(store: Store, catalogue: Catalogue | None, metric: str | None, segment: Segment | None) -> None:
    """ActionError where no stored segment has the dimension or the value: a silence that matches nothing is a trap."""
    if segment is None or catalogue is None:
        return
    chosen = [m for m in catalogue.metrics if metric in {None, m.id}]
    leaves = [leaf for m in chosen for leaf in store.leaves(m)]
    for name, value in segment.items:
        there = sorted({found for leaf in leaves if (found := leaf.get(name)) is not None})
        if leaves and value not in there:
            known = f"there are {', '.join(there)}" if there else f"there is no dimension {name}"
            raise ActionError(f"no segment has {name} {value}; {known}")


def _state(incident: Incident) -> str:
    if incident.ending is not None and incident.ended_at is not None:
        marked = f", marked as not real by {incident.not_real.by}" if incident.not_real is not None else ""
        return f"{incident.ending.value} since {_stamp(incident.ended_at)}{marked}"
    if incident.state is IncidentState.ACKNOWLEDGED:
        # It is open since then, not acknowledged since then: that has its own line.
        return f"open since {_stamp(incident.opened_at)}, acknowledged by {incident.acknowledged_by or 'somebody'}"
    return f"{incident.state.value} since {_stamp(incident.opened_at)}"


def _change(store: Store, change_id: str) -> Declared:
    found = store.changes.get(change_id)
    if found is None:
        raise ActionError(f"there is no change {change_id}")
    return found


def _put(write: Callable[[], object]) -> None:
    try:
        write()
    except StoreError as e:
        raise ActionError(str(e)) from e
