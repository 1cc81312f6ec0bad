"""What is told again, or at last: news that was kept back and is no more, and stories that nobody has acknowledged."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from cxmon import wording
from cxmon.alerts.parts import news_key
from cxmon.config.plan import Plan
from cxmon.decisions.routing import Routed, severity_of
from cxmon.incidents import Reason
from cxmon.model import (
    EVERYONE,
    Change,
    Incident,
    IncidentState,
    News,
    OutboxRow,
    Step,
    Transition,
)
from cxmon.pipeline.check_telling import KEPT, Telling, kept_back, tell, what_is_over
from cxmon.pipeline.explaining import reaching
from cxmon.pipeline.route import Placed, Router, types_of
from cxmon.store import Store
from cxmon.wording import quieting
from cxmon.wording.source_health import age

log = logging.getLogger(__name__)

# Their own rooms tell late what a silence kept back of them.
_OF_THEIR_OWN = ("verdict", "allowance")


def tell_again(plan: Plan, store: Store, *, now: datetime) -> list[Transition]:
    """Queues what is due of the incidents that are open at `now`, and notes why.

    Of each the newest step that a silence or a whole's incident kept back, once neither does; and the story itself,
    every `repeat_interval` of the route that takes it, while nobody has acknowledged it.
    """
    done: list[Transition] = []
    router, types = Router(plan, store, now=now), types_of(plan)
    changes = {d.change.id: d.change for d in store.changes.all()}
    kept, repeats = store.incidents.noted(KEPT), bool(intervals(plan))
    if not (kept or repeats):
        return done
    for incident in store.incidents.open():
        if incident.state is IncidentState.PENDING:
            continue
        try:
            telling = _late(plan, store, incident, types, now=now) if incident.id in kept else None
            if telling is None and repeats:
                telling = _repeat(store, router, incident, changes, now)
        except Exception:
            log.exception("nothing told again of incident %s", incident.id)
            continue
        if telling is None:
            continue
        seen = store.incidents.evaluated_through(incident.check, incident.subject)
        if seen is None:
            continue
        if store.incidents.commit(
            check=incident.check, subject=incident.subject, seen_through=seen, through=seen, incidents=[],
            transitions=telling.transitions, outbox=telling.rows, now=now, seen=(incident,),
        ):  # fmt: skip
            done += telling.transitions
    return done


def due_again(last: datetime, every: timedelta, now: datetime) -> datetime | None:
    """The moment for which a story is told again, from when it was told last; None where none has come. Pure.

    All that look between two of them find the same one, so that it is told once.
    """
    times = int((now - last) / every)
    return last + times * every if times >= 1 else None


def _late(plan: Plan, store: Store, incident: Incident, types: Mapping[str, str], *, now: datetime) -> Telling | None:
    """What was kept back of an incident of a check, where it may be told now."""
    if incident.check in _OF_THEIR_OWN:
        return None
    kept = kept_back(store, incident)
    if kept is None:
        return None
    metric = plan.metrics.get(incident.subject)
    near = store.changes.all()
    late = [(kept, what_is_over(store, incident))]
    telling = tell(
        plan, store, (), late=late, metric=metric, check=incident.check, check_type=_type(types, incident),
        changes=near if metric is None else reaching(near, metric, store.leaves(metric)), now=now,
    )  # fmt: skip
    return telling if telling.rows else None


def _type(types: Mapping[str, str], incident: Incident) -> str:
    kind = types.get(incident.check, "")
    return "freshness" if kind == "source" else kind


def _repeat(
    store: Store, router: Router, incident: Incident, changes: Mapping[str, Change], now: datetime
) -> Telling | None:
    """The story once more, as it was told last, with its age and its newest figure as a reply that all see."""
    if incident.state is not IncidentState.OPEN:
        return None
    history = store.incidents.history(incident.id)
    told = [t for t in history if t.step is not Step.NOTED]
    thread = f"change:{incident.subject}" if incident.check == "verdict" else f"incident:{incident.id}"
    newest = store.outbox.newest(thread)
    if not told or not newest or kept_back(store, incident) is not None:
        return None
    message = next(iter(newest.values())).message
    placed = router.place(message, _news(store, router, incident, changes))
    every = _every(router, placed.routed)
    at = None if every is None else due_again(told[-1].at, every, now)
    if every is None or at is None or not placed.rows:
        return None
    reason = f"{Reason.REPEATED.value}: {quieting.unanswered(age(incident.opened_at, now))}"
    step = Transition(
        incident=incident.id, step=Step.REPEATED, at=now, reason=reason, numbers={"period": at.timestamp()}
    )
    return Telling(transitions=(step,), rows=_rows(placed, newest, thread, reason, at, incident))


def _rows(
    placed: Placed, newest: Mapping[str, OutboxRow], thread: str, reason: str, at: datetime, incident: Incident
) -> tuple[OutboxRow, ...]:
    found = "" if incident.latest is None else incident.latest.reason
    said = quieting.still_open(wording.step(Step.REPEATED), reason.partition(": ")[2], found)
    key = news_key(thread, Step.REPEATED, f"{at.timestamp():.0f}")
    rows = []
    for row in placed.rows:
        known = newest.get(row.channel)
        message = replace((known or row).message, key=f"{key}|{row.channel}", reply=said, aloud=True)
        rows.append(replace(row, key=message.key, message=message))
    return tuple(rows)


def intervals(plan: Plan) -> list[timedelta]:
    """Every how often anything is told again, the shortest first."""
    said = [*(route.repeat_interval for route in plan.routes), *(c.repeat_interval for c in plan.company.values())]
    return sorted({every for every in said if every})


def _every(router: Router, found: Routed | None) -> timedelta | None:
    """As the route says, else its first channel."""
    if found is None or not found.channels:
        return None
    channel = found.channels[0] if found.route is None else found.route.channel
    return router.rules.company_in(channel, found.route).repeat_interval


def _news(store: Store, router: Router, incident: Incident, changes: Mapping[str, Change]) -> News:
    """What the story is about, as it was when it was told."""
    if incident.check != "verdict":
        metric = None if incident.check in {"source", "data", "error"} else incident.subject
        return router.of_check(
            metric=metric, segment=incident.root, check=incident.check, check_type="", incident=incident.id
        )
    verdict, change = store.verdicts.latest(incident.subject), changes.get(incident.subject)
    return News(
        metrics=() if verdict is None else tuple(h.metric for h in verdict.harms if h.code is verdict.code),
        segment=EVERYONE if change is None else change.reach.segment, check=incident.check,
        owner="" if change is None else change.owner, severity=None if verdict is None else severity_of(verdict),
    )  # fmt: skip
