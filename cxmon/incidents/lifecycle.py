"""The lifecycle: what one finding does to one incident. Pure; every decision has a named reason."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from cxmon.incidents.reasons import Reason, code
from cxmon.model import (
    Ending,
    Finding,
    Incident,
    IncidentPolicy,
    IncidentState,
    NotReal,
    Segment,
    State,
    Step,
    Transition,
)

Decided = tuple[Incident | None, Transition | None, Reason]

MARKS = {State.BREACH: "B", State.OK: "o", State.UNKNOWN: "?"}


def incident_id(check: str, subject: str, root: Segment, opened_at: datetime) -> str:
    """The identity of an incident, from content only: whoever opens the same incident gives it the same id.

    `opened_at` is the start of the period whose finding opened it, not the moment of the run that saw it.
    """
    content = f"{check}|{subject}|{root.key}|{opened_at.isoformat()}"
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def decide(incident: Incident | None, finding: Finding, policy: IncidentPolicy, now: datetime) -> Decided:
    """What `finding` does to `incident` (None: nothing is open or pending for its series).

    Returns the incident as it is now (None: there is none), the transition where there is one, and the reason. UNKNOWN
    never opens and never recovers, and what is still near an alarm does not recover either. An incident that ended
    without knowing is reopened by the next breach; after `recover_after` quiet looks it is corrected to recovered. An
    accepted level is told again only when clearly worse; so is what people marked as not real, and also when it lasts.
    """
    if incident is None:
        return _fresh("", finding, policy, now)
    if incident.latest is not None and finding.at <= incident.latest.at:
        return incident, None, Reason.DUPLICATE_PERIOD
    if incident.state is IncidentState.PENDING:
        return _fresh(incident.looks, finding, policy, now, since=incident.since)
    if incident.state is IncidentState.ENDED:
        match incident.ending:
            case Ending.CLOSED_UNKNOWN if incident.not_real is not None and incident.not_real.ended:
                return _not_real(incident, incident.not_real, finding, policy, now)
            case Ending.CLOSED_UNKNOWN:
                return _closed_unknown(incident, finding, policy, now)
            case Ending.ACCEPTED if incident.quiet < policy.recover_after:
                return _accepted(incident, finding, policy, now)
            case _:
                return _fresh("", finding, policy, now)
    match finding.state:
        case State.BREACH:
            return _still(incident, finding, policy, now)
        case State.OK:
            return _quiet(incident, finding, policy, now)
        case _:
            return _unknown(incident, finding, policy, now)


def join(incident: Incident, findings: Sequence[Finding], now: datetime) -> tuple[Incident, Transition | None]:
    """Widens an open incident in place by the series of `findings`; None where it covers them all already."""
    new = sorted({f.segment for f in findings} - set(incident.members))
    if not new:
        return incident, None
    wider = replace(incident, members=tuple(sorted({*incident.members, *new})))
    text = code(Reason.JOINED, ", ".join(s.label for s in new))
    numbers = {"members": float(len(wider.members))}
    return wider, Transition(incident=incident.id, step=Step.WIDENED, at=now, reason=text, numbers=numbers)


def merge(opened: Sequence[Incident], root: Segment) -> Incident:
    """One incident for the series that opened together: told by `root`, begun when it began there."""
    told = next(i for i in opened if i.root == root)
    return replace(told, members=tuple(sorted({m for i in opened for m in i.members})))


def damped(
    opened: Incident, before: int, finding: Finding, policy: IncidentPolicy, now: datetime
) -> tuple[Incident, Transition] | None:
    """The incident that has just opened as one that goes on and off, with the message that says so: its story had
    opened and recovered `before` times lately. None where that is not often enough."""
    if before + 1 < policy.flap_openings:
        return None
    damp = replace(opened, flaps=before)
    return damp, _transition(damp, Step.OPENED, Reason.FLAPPING, finding, now)


def come_back(
    old: Incident, opened: Incident, before: int, finding: Finding, policy: IncidentPolicy, now: datetime
) -> tuple[Incident, Transition]:
    """The recovered incident open again, about what has just opened: that began before it was called recovered. Its
    story had opened `before` times; one that did so often goes on and off."""
    often = before + 1 >= policy.flap_openings
    same = replace(
        old, root=opened.root, members=opened.members, flaps=before if often else 0, came_back=old.came_back + 1
    )
    again, told, _ = _again(same, Reason.FLAPPING if often else Reason.CAME_BACK, finding, now)
    return again, told


def note(incident: Incident, reason: Reason, finding: Finding, now: datetime) -> Transition:
    """A decision to stay silent, as the history keeps it for `why`."""
    return _transition(incident, Step.NOTED, reason, finding, now)


def clearly_worse(score: float, told: float, policy: IncidentPolicy) -> bool:
    """Worse than what was told last, relatively and absolutely. A size that is not known is never worse."""
    if not math.isfinite(score):
        return False
    return score >= told * policy.notify_again_ratio and score >= told + policy.notify_again_score


def _fresh(
    looks: str, finding: Finding, policy: IncidentPolicy, now: datetime, *, since: datetime | None = None
) -> Decided:
    """No incident yet: count the breaches among the last `of` looks. Only a breach can open."""
    seen = (looks + MARKS[finding.state])[-policy.of :]
    if "B" not in seen:
        reason = Reason.UNKNOWN_OPENS_NOTHING if finding.state is State.UNKNOWN else Reason.NOTHING_TO_TELL
        return None, None, Reason.PENDING_DROPPED if "B" in looks else reason
    breach = finding.state is State.BREACH
    begun = min((d for d in (since, finding.since or finding.at if breach else None) if d is not None), default=None)
    incident = Incident(
        id=incident_id(finding.check, finding.metric, finding.segment, finding.at),
        check=finding.check,
        subject=finding.metric,
        root=finding.segment,
        members=(finding.segment,),
        state=IncidentState.PENDING,
        opened_at=now,
        since=begun,
        last_breach_at=finding.at,
        worst=finding if breach else None,
        latest=finding,
        breaches=seen.count("B"),
        told_score=_score(finding),
        looks=seen,
    )
    if not breach:
        keeps = Reason.UNKNOWN_OPENS_NOTHING if finding.state is State.UNKNOWN else Reason.NOT_YET_K_OF_N
        return incident, None, keeps
    if seen.count("B") < policy.breaches:
        return incident, None, Reason.NOT_YET_K_OF_N
    opened = replace(incident, state=IncidentState.OPEN)
    return opened, _transition(opened, Step.OPENED, Reason.OPENED, finding, now), Reason.OPENED


def _in_breach(incident: Incident, finding: Finding) -> Incident:
    worst = finding if incident.worst is None or _score(finding) > _score(incident.worst) else incident.worst
    # The story is told by its root: a part that went wrong earlier does not date the whole.
    own = finding.since if finding.segment == incident.root else None
    begun = [d for d in (incident.since, own) if d is not None]
    return replace(
        incident,
        latest=finding,
        worst=worst,
        last_breach_at=finding.at,
        since=min(begun, default=None),
        breaches=incident.breaches + 1,
        quiet=0,
        unknown=0,
    )


def _still(incident: Incident, finding: Finding, policy: IncidentPolicy, now: datetime) -> Decided:
    same = _in_breach(incident, finding)
    if incident.latest is not None and incident.latest.withheld and not finding.withheld:
        # What can be sized by now was told without a size: there is nothing that it could be worse than.
        return replace(same, told_score=_score(finding)), None, Reason.STILL_BREACH_NOT_CLEARLY_WORSE
    if not clearly_worse(finding.score, incident.told_score, policy):
        return same, None, Reason.STILL_BREACH_NOT_CLEARLY_WORSE
    told = replace(same, told_score=finding.score)
    return told, _transition(told, Step.WORSENED, Reason.WORSENED, finding, now), Reason.WORSENED


def _calmer(incident: Incident, finding: Finding, policy: IncidentPolicy) -> Incident:
    """After a look that is not in breach: only one that is clearly calm counts, and they count in a row."""
    return replace(incident, latest=finding, quiet=incident.quiet + 1 if policy.calm(finding) else 0)


def _kept(calmer: Incident) -> Reason:
    return Reason.QUIET_K_OF_R if calmer.quiet else Reason.NEAR_ALARM


def _quiet(incident: Incident, finding: Finding, policy: IncidentPolicy, now: datetime) -> Decided:
    calmer = replace(_calmer(incident, finding, policy), unknown=0)
    if calmer.quiet < policy.quiet_looks(incident.again):
        return calmer, None, _kept(calmer)
    ended = replace(calmer, state=IncidentState.ENDED, ending=Ending.RECOVERED, ended_at=now)
    reason = Reason.STABLE if incident.flaps else Reason.RECOVERED
    return ended, _transition(ended, Step.ENDED, reason, finding, now), reason


def _unknown(incident: Incident, finding: Finding, policy: IncidentPolicy, now: datetime) -> Decided:
    dimmer = replace(incident, latest=finding, unknown=incident.unknown + 1)
    if dimmer.unknown < policy.unknown_after:
        return dimmer, None, Reason.UNKNOWN_KEEPS
    ended = replace(dimmer, state=IncidentState.ENDED, ending=Ending.CLOSED_UNKNOWN, ended_at=now, quiet=0)
    return ended, _transition(ended, Step.ENDED, Reason.CLOSED_UNKNOWN, finding, now), Reason.CLOSED_UNKNOWN


def _closed_unknown(incident: Incident, finding: Finding, policy: IncidentPolicy, now: datetime) -> Decided:
    """It ended without knowing: the next breach reopens it at once, enough quiet looks correct it to recovered."""
    match finding.state:
        case State.BREACH:
            return _again(incident, Reason.REOPENED, finding, now)
        case State.OK:
            calmer = _calmer(incident, finding, policy)
            if calmer.quiet < policy.recover_after:
                return calmer, None, _kept(calmer)
            known = replace(calmer, ending=Ending.RECOVERED)
            told = _transition(known, Step.CORRECTED, Reason.KNOWN_RECOVERED, finding, now)
            return known, told, Reason.KNOWN_RECOVERED
        case _:
            return replace(incident, latest=finding), None, Reason.STAYS_CLOSED


def _again(incident: Incident, reason: Reason, finding: Finding, now: datetime) -> tuple[Incident, Transition, Reason]:
    again = replace(
        _in_breach(incident, finding),
        state=IncidentState.OPEN,
        ending=None,
        ended_at=None,
        acknowledged_by=None,
        told_score=_score(finding),
        reopened=incident.reopened + 1,
        not_real=None,
    )
    return again, _transition(again, Step.REOPENED, reason, finding, now), reason


def _not_real(incident: Incident, mark: NotReal, finding: Finding, policy: IncidentPolicy, now: datetime) -> Decided:
    """People ended it as a false alarm: what they saw is not told once more, what speaks against them is."""
    match finding.state:
        case State.BREACH:
            looks = mark.looks + 1
            if clearly_worse(finding.score, incident.told_score, policy):
                return _again(incident, Reason.NOT_REAL_WORSE, finding, now)
            if looks >= policy.mark_holds:
                return _again(incident, Reason.NOT_REAL_LASTS, finding, now)
            kept = replace(incident, latest=finding, quiet=0, not_real=replace(mark, looks=looks))
            return kept, None, Reason.NOT_REAL_KEEPS
        case State.OK:
            calmer = _calmer(incident, finding, policy)
            if calmer.quiet < policy.recover_after:
                return calmer, None, _kept(calmer)
            return replace(calmer, ending=Ending.RECOVERED), None, Reason.NOT_REAL_OVER
        case _:
            return replace(incident, latest=finding), None, Reason.STAYS_CLOSED


def _accepted(incident: Incident, finding: Finding, policy: IncidentPolicy, now: datetime) -> Decided:
    """Accepted as the new level: quiet while it is no clearly worse, used up once it has been quiet for long enough."""
    match finding.state:
        case State.BREACH:
            if clearly_worse(finding.score, incident.told_score, policy):
                return _fresh("B" * policy.of, finding, policy, now)
            return replace(incident, latest=finding, quiet=0), None, Reason.ACCEPTED_LEVEL
        case State.OK:
            calmer = _calmer(incident, finding, policy)
            used_up = calmer.quiet >= policy.recover_after
            return calmer, None, Reason.ACCEPTED_USED_UP if used_up else _kept(calmer)
        case _:
            return replace(incident, latest=finding), None, Reason.STAYS_CLOSED


def _score(finding: Finding) -> float:
    return finding.score if math.isfinite(finding.score) else 0.0


def _transition(incident: Incident, step: Step, reason: Reason, finding: Finding, now: datetime) -> Transition:
    numbers = {
        "value": finding.value,
        "expected": finding.expected,
        "low": finding.low,
        "high": finding.high,
        "n": finding.n,
        "score": finding.score,
        "told_score": incident.told_score,
        "looked_at": float(finding.looked_at),
        "period": finding.at.timestamp(),
    }
    known = {name: float(x) for name, x in numbers.items() if math.isfinite(x)}
    text = code(reason, finding.reason)
    return Transition(incident=incident.id, step=step, at=now, reason=text, numbers=known)
