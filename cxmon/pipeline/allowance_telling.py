"""From a year's allowance to one story: an incident when it is exceeded, its end, and nothing twice."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from cxmon import wording
from cxmon.alerts.allowance_message import for_allowance
from cxmon.config.plan import Plan
from cxmon.incidents import Event, incident_id
from cxmon.model import (
    EVERYONE,
    AllowanceCode,
    AllowanceUse,
    Ending,
    Finding,
    Incident,
    IncidentState,
    Metric,
    State,
    Step,
    Transition,
)
from cxmon.pipeline.check_telling import by_hand, kept_back, kept_silent, noted, told_from_its_end
from cxmon.pipeline.route import place, severity_of_check
from cxmon.store import Store
from cxmon.wording import quieting
from cxmon.wording.quieting import OVER

CHECK = "allowance"
_STATES = {
    AllowanceCode.EXCEEDED: State.BREACH,
    AllowanceCode.WITHIN: State.OK,
    AllowanceCode.OPEN: State.UNKNOWN,
}


def tell(
    plan: Plan, store: Store, use: AllowanceUse, metric: Metric, titles: Mapping[str, str], *, now: datetime
) -> None:
    """Opens, ends and tells what a reading of the allowance brings, in one transaction; most readings bring nothing.

    Nothing is written where another process looked meanwhile, or a person answered: the next look sees it.
    """
    seen = store.incidents.evaluated_through(CHECK, metric.id)
    if seen is not None and seen > now:
        return
    known = [i for i in store.incidents.recent(1000) if i.check == CHECK and i.subject == metric.id]
    finding = as_finding(use, metric)
    fresh = live(known, use, finding, now)
    event = fresh or _kept_back(store, known)
    if event is None:
        return
    message = for_allowance(
        use=use, metric=metric, incident=event.incident, transition=event.transition, titles=titles,
        zone=plan.zone, board_url=plan.board_url,
    )  # fmt: skip
    message = told_from_its_end(message, store, event.incident)
    placed = place(
        plan, store, message, metrics=(metric.id,), segment=EVERYONE, check=CHECK, owner="", now=now,
        severity=severity_of_check(CHECK),
    )  # fmt: skip
    step = event.transition.step.value
    if fresh is None:
        if not placed.rows:
            return
        steps = [noted(event, quieting.told_now(OVER, step), now)]
    else:
        steps = [event.transition]
        steps += [] if placed.rows else [noted(event, kept_silent(step, placed), now)]
    before = next((i for i in known if i.id == event.incident.id), None)
    if before is not None and by_hand(store.incidents.get(before.id)) != by_hand(before):
        return
    store.incidents.commit(
        check=CHECK, subject=metric.id, seen_through=seen, through=now, incidents=[event.incident] if fresh else [],
        transitions=steps, outbox=placed.rows, now=now,
    )  # fmt: skip


def live(known: Sequence[Incident], use: AllowanceUse, finding: Finding, now: datetime) -> Event | None:
    """What happens to a metric's story; None where nothing does. Pure.

    Exceeded opens it. It ends where the allowance is surely kept again, and with the year, which leaves its question to
    nobody. One that somebody accepted does not open again in its year.
    """
    lasting = next((i for i in known if i.state is not IncidentState.ENDED), None)
    mine = sorted((i for i in known if i.since == use.year), key=lambda i: i.opened_at)
    if lasting is not None:
        over = lasting.since != use.year
        if not over and use.code is not AllowanceCode.WITHIN:
            return None
        ending = Ending.CLOSED_UNKNOWN if over else Ending.RECOVERED
        ended = replace(lasting, state=IncidentState.ENDED, ending=ending, ended_at=now, latest=finding)
        said = quieting.NEW_YEAR if over else finding.reason
        return Event(transition=_step(ended, Step.ENDED, said, finding, now), incident=ended, finding=finding)
    if use.code is not AllowanceCode.EXCEEDED or any(i.ending is Ending.ACCEPTED for i in mine):
        return None
    opened = Incident(
        id=incident_id(CHECK, use.metric, EVERYONE, now), check=CHECK, subject=use.metric, root=EVERYONE,
        members=(EVERYONE,), state=IncidentState.OPEN, opened_at=now, since=use.year, last_breach_at=now, worst=finding,
        latest=finding, breaches=1, told_score=finding.score, reopened=len(mine),
    )  # fmt: skip
    step = Step.REOPENED if mine else Step.OPENED
    return Event(transition=_step(opened, step, finding.reason, finding, now), incident=opened, finding=finding)


def as_finding(use: AllowanceUse, metric: Metric) -> Finding:
    """The reading that decides, as a finding on everyone; `score` is its estimate in allowances."""
    found = use.reading
    score = found.estimate / use.limit
    return Finding(
        check=CHECK, metric=use.metric, segment=EVERYONE, at=use.as_of, state=_STATES[use.code],
        reason=wording.allowance_headline(use, metric, metric.zone), low=found.low, high=found.high,
        n=use.altogether.answers, since=use.year, looked_at=max(1, len(use.carried)),
        score=score if math.isfinite(score) else 0.0,
    )  # fmt: skip


def _kept_back(store: Store, known: Sequence[Incident]) -> Event | None:
    """What a silence kept back of a story that still lasts."""
    lasting = next((i for i in known if i.state is not IncidentState.ENDED), None)
    return None if lasting is None else kept_back(store, lasting)


def _step(incident: Incident, step: Step, reason: str, finding: Finding, now: datetime) -> Transition:
    numbers = {"low": finding.low, "high": finding.high, "score": finding.score}
    known = {name: x for name, x in numbers.items() if math.isfinite(x)}
    return Transition(incident=incident.id, step=step, at=now, reason=reason, numbers=known)
