"""Why the lifecycle did what it did, in one line for people: the decision's name, its words and its numbers."""

import math
from dataclasses import replace
from datetime import timedelta

from cxmon.incidents import Event, Reason, Walked
from cxmon.model import Finding, Incident, IncidentPolicy, State, written
from cxmon.wording.numbers import counted

# What is judged one by one where it is no day, week or month: a source, each time it was asked.
TIME = "time"
NOT_LOOKED_AT = "its segments are not looked at any more"


def worded(walked: Walked, policy: IncidentPolicy, each: str = TIME) -> Walked:
    """The walk with its decisions in words, as they are kept and told; `each` is what was judged one by one: `day`."""
    events = tuple(_event(event, policy, each) for event in walked.events)
    incidents = tuple(replace(i, latest=_finding(i.latest)) if i.latest is not None else i for i in walked.incidents)
    return replace(walked, events=events, incidents=incidents)


def _event(event: Event, policy: IncidentPolicy, each: str) -> Event:
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
        text = sentence(Reason(name), incident, replace(shown, reason=_said(said), score=score), policy, each)
    return replace(event, transition=replace(event.transition, reason=text), incident=incident, finding=shown)


def _finding(finding: Finding | None) -> Finding | None:
    if finding is None or finding.reason != Reason.NOT_LOOKED_AT:
        return finding
    return replace(finding, reason=NOT_LOOKED_AT)


def _said(text: str) -> str:
    return NOT_LOOKED_AT if text == Reason.NOT_LOOKED_AT else text


def sentence(
    reason: Reason, incident: Incident | None, finding: Finding, policy: IncidentPolicy, each: str = TIME
) -> str:
    """One line for people that names the decision and the numbers behind it."""
    return f"{reason.value}: {_words(reason, incident, finding, policy, each)}"


def _span(span: timedelta) -> str:
    days, hours = span / timedelta(days=1), span / timedelta(hours=1)
    return f"{written(days, '.3g')} days" if days >= 2 else f"{written(hours, '.3g')} hours"


def _for(count: int, each: str) -> str:
    """`for 3 days`; of what is no span `this time` or `3 times`."""
    if each != TIME:
        return f"for {counted(count, each)}"
    return "this time" if count == 1 else f"{count} times"


def _of(count: int, needed: int, each: str) -> str:
    """`for 1 of 3 days`."""
    return f"{'' if each == TIME else 'for '}{count} of {counted(needed, each)}"


def _words(reason: Reason, incident: Incident | None, finding: Finding, policy: IncidentPolicy, each: str) -> str:
    quiet, unknown, told = (incident.quiet, incident.unknown, incident.told_score) if incident else (0, 0, 0.0)
    breaches = incident.looks.count("B") if incident else int(finding.state is State.BREACH)
    size = f"size {written(finding.score, '.2f')}"
    worse = f"{size}, last told at {written(told, '.2f')}"
    match reason:
        case Reason.NOT_YET_K_OF_N:
            within = f"in alarm on {breaches} of the last {counted(policy.of, each)}"
            return f"{within}, {policy.breaches} are needed; {finding.reason}"
        case Reason.OPENED:
            return finding.reason
        case Reason.REOPENED:
            return f"in alarm again after an end at which nothing was known; {finding.reason}"
        case Reason.CAME_BACK:
            return f"in alarm again, and it began before it was called recovered: it had not ended; {finding.reason}"
        case Reason.STILL_BREACH_NOT_CLEARLY_WORSE:
            again = written(max(told * policy.notify_again_ratio, told + policy.notify_again_score), ".2f")
            return f"still in alarm; {worse}; told again from {again}; {finding.reason}"
        case Reason.QUIET_K_OF_R:
            needed = policy.quiet_looks(incident.again if incident else 0)
            return f"quiet {_of(quiet, needed, each)} needed; {finding.reason}"
        case Reason.NEAR_ALARM:
            calm = f"a {each} counts as quiet below {written(100 * policy.recover_below, '.0f')} % only"
            return f"not in alarm, but not quiet: {calm}; {finding.reason}"
        case Reason.FLAPPING:
            flaps = incident.flaps if incident else 0
            often = f"opened {flaps + 1} times within {_span(policy.flap_within)}, so it goes on and off"
            then = f"told again when clearly worse, or when quiet {_for(policy.quiet_looks(flaps), each)}"
            return f"{often}; {then}; {finding.reason}"
        case Reason.STABLE:
            return f"went on and off before, now quiet {_for(quiet, each)}; {finding.reason}"
        case Reason.RECOVERED:
            return f"quiet {_for(policy.quiet_looks(incident.again if incident else 0), each)}; {finding.reason}"
        case Reason.UNKNOWN_KEEPS:
            return f"nothing known {_of(unknown, policy.unknown_after, each)}, kept open; {finding.reason}"
        case Reason.CLOSED_UNKNOWN:
            long = _for(policy.unknown_after, each)
            return f"nothing known {long}: not known whether it recovered; {finding.reason}"
        case Reason.KNOWN_RECOVERED:
            return f"quiet {_for(policy.recover_after, each)} since: it has recovered after all; {finding.reason}"
        case Reason.ACCEPTED_LEVEL:
            return f"this level was accepted; {worse}; {finding.reason}"
        case Reason.ACCEPTED_USED_UP:
            return f"better than the accepted level {_for(policy.recover_after, each)}; {finding.reason}"
        case Reason.NOT_REAL_KEEPS:
            looks = incident.not_real.looks if incident and incident.not_real else 0
            lasts = f"in alarm {_of(looks, policy.mark_holds, each)} after which it is told again"
            return f"marked as not real; {lasts}; {worse}; {finding.reason}"
        case Reason.NOT_REAL_OVER:
            return f"marked as not real, quiet {_for(policy.recover_after, each)} since; {finding.reason}"
        case Reason.NOT_REAL_WORSE:
            return f"had been marked as not real, clearly worse since; {finding.reason}"
        case Reason.NOT_REAL_LASTS:
            lasted = f"in alarm {_for(policy.mark_holds, each)} since, and no chance lasts so long"
            return f"had been marked as not real, {lasted}; {finding.reason}"
        case Reason.DUPLICATE_PERIOD:
            return f"the period of {finding.at:%Y-%m-%d %H:%M} was decided before"
        case _:
            # Of `worsened` the step says that it is clearly worse; its size stands beside it in `cxmon why`.
            return finding.reason
