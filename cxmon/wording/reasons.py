"""Why the lifecycle did what it did, in one line for people: the decision's name, its words and its numbers."""

import math
from dataclasses import replace
from datetime import timedelta

from cxmon.incidents import Event, Reason, Walked
from cxmon.model import Finding, Incident, IncidentPolicy, State, written

NOT_LOOKED_AT = "its segments are not looked at any more"


def worded(walked: Walked, policy: IncidentPolicy) -> Walked:
    """The walk with its decisions in words, as they are kept and told."""
    events = tuple(_event(event, policy) for event in walked.events)
    incidents = tuple(replace(i, latest=_finding(i.latest)) if i.latest is not None else i for i in walked.incidents)
    return replace(walked, events=events, incidents=incidents)


def _event(event: Event, policy: IncidentPolicy) -> Event:
    """One decision: the incident right after it, and the finding as it was decided on, are what it is about."""
    name, _, said = event.transition.reason.partition(": ")
    score = event.transition.numbers.get("score", math.nan)
    latest = event.incident.latest
    incident = event.incident if latest is None else replace(event.incident, latest=_finding(latest))
    shown = None if event.finding is None else _finding(event.finding)
    if event.joined:
        text = f"{name}: now also in {', '.join(s.label for s in event.joined)}"
        text += f"; it is about {incident.root.label} from now on" if event.moved else ""
    elif shown is None:
        text = event.transition.reason
    else:
        text = sentence(Reason(name), incident, replace(shown, reason=_said(said), score=score), policy)
    return replace(event, transition=replace(event.transition, reason=text), incident=incident, finding=shown)


def _finding(finding: Finding | None) -> Finding | None:
    if finding is None or finding.reason != Reason.NOT_LOOKED_AT:
        return finding
    return replace(finding, reason=NOT_LOOKED_AT)


def _said(text: str) -> str:
    return NOT_LOOKED_AT if text == Reason.NOT_LOOKED_AT else text


def sentence(reason: Reason, incident: Incident | None, finding: Finding, policy: IncidentPolicy) -> str:
    """One line for people that names the decision and the numbers behind it."""
    return f"{reason.value}: {_words(reason, incident, finding, policy)}"


def _span(span: timedelta) -> str:
    days, hours = span / timedelta(days=1), span / timedelta(hours=1)
    return f"{written(days, '.3g')} days" if days >= 2 else f"{written(hours, '.3g')} hours"


def _looks(count: int) -> str:
    return "1 look" if count == 1 else f"{count} looks"


def _words(reason: Reason, incident: Incident | None, finding: Finding, policy: IncidentPolicy) -> str:
    quiet, unknown, told = (incident.quiet, incident.unknown, incident.told_score) if incident else (0, 0, 0.0)
    breaches = incident.looks.count("B") if incident else int(finding.state is State.BREACH)
    size = f"size {written(finding.score, '.2f')}"
    worse = f"{size}, last told at {written(told, '.2f')}"
    match reason:
        case Reason.NOT_YET_K_OF_N:
            return f"{breaches} of {policy.breaches} breaches needed within {policy.of} looks; {finding.reason}"
        case Reason.OPENED:
            return finding.reason
        case Reason.REOPENED:
            return f"in breach again after an end at which nothing was known; {finding.reason}"
        case Reason.CAME_BACK:
            return f"in breach again, and it began before it was called recovered: it had not ended; {finding.reason}"
        case Reason.STILL_BREACH_NOT_CLEARLY_WORSE:
            again = written(max(told * policy.notify_again_ratio, told + policy.notify_again_score), ".2f")
            return f"still in breach; {worse}; told again from {again}; {finding.reason}"
        case Reason.QUIET_K_OF_R:
            needed = policy.quiet_looks(incident.again if incident else 0)
            return f"quiet for {quiet} of {needed} looks; {finding.reason}"
        case Reason.NEAR_ALARM:
            calm = f"a look counts as quiet below {written(100 * policy.recover_below, '.0f')} % of what an alarm takes"
            return f"not in breach, but not clearly calm: {calm}; {finding.reason}"
        case Reason.FLAPPING:
            flaps = incident.flaps if incident else 0
            often = f"opened {flaps + 1} times within {_span(policy.flap_within)}, so it goes on and off"
            then = f"told again when clearly worse, or when quiet for {_looks(policy.quiet_looks(flaps))}"
            return f"{often}; {then}; {finding.reason}"
        case Reason.STABLE:
            return f"went on and off before, now quiet for {_looks(quiet)}; {finding.reason}"
        case Reason.RECOVERED:
            return f"quiet for {_looks(policy.quiet_looks(incident.again if incident else 0))}; {finding.reason}"
        case Reason.UNKNOWN_KEEPS:
            return f"nothing known for {unknown} of {policy.unknown_after} looks, kept open; {finding.reason}"
        case Reason.CLOSED_UNKNOWN:
            return f"nothing known for {_looks(policy.unknown_after)}: not known whether it recovered; {finding.reason}"
        case Reason.KNOWN_RECOVERED:
            known = "it is known now that it recovered"
            return f"quiet for {_looks(policy.recover_after)} since: {known}; {finding.reason}"
        case Reason.ACCEPTED_LEVEL:
            return f"this level was accepted; {worse}; {finding.reason}"
        case Reason.ACCEPTED_USED_UP:
            return f"better than the accepted level for {_looks(policy.recover_after)}; {finding.reason}"
        case Reason.NOT_REAL_KEEPS:
            looks = incident.not_real.looks if incident and incident.not_real else 0
            lasts = f"in breach for {looks} of {_looks(policy.mark_holds)} after which it is told again"
            return f"marked as not real; {lasts}; {worse}; {finding.reason}"
        case Reason.NOT_REAL_OVER:
            return f"marked as not real, quiet for {_looks(policy.recover_after)} since; {finding.reason}"
        case Reason.NOT_REAL_WORSE:
            return f"had been marked as not real, clearly worse since; {finding.reason}"
        case Reason.NOT_REAL_LASTS:
            lasted = f"in breach for {_looks(policy.mark_holds)} since, and no chance lasts so long"
            return f"had been marked as not real, {lasted}; {finding.reason}"
        case Reason.DUPLICATE_PERIOD:
            return f"the period of {finding.at:%Y-%m-%d %H:%M} was decided before"
        case _:
            # Of `worsened` the step says that it is clearly worse; its size stands beside it in `cxmon why`.
            return finding.reason
