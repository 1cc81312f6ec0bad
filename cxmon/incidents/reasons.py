"""Why the lifecycle did what it did: one name for every decision, those to stay silent included."""

from datetime import timedelta
from enum import StrEnum

from cxmon.model import Finding, Incident, IncidentPolicy, State, written


class Reason(StrEnum):
    """The name of a decision. Every call of `decide` returns exactly one."""

    NOTHING_TO_TELL = "nothing_to_tell"
    UNKNOWN_OPENS_NOTHING = "unknown_opens_nothing"
    NOT_YET_K_OF_N = "not_yet_k_of_n"
    PENDING_DROPPED = "pending_dropped"
    DUPLICATE_PERIOD = "duplicate_period"
    OPENED = "opened"
    REOPENED = "reopened"
    JOINED = "joined"
    STILL_BREACH_NOT_CLEARLY_WORSE = "still_breach_not_clearly_worse"
    WORSENED = "worsened"
    QUIET_K_OF_R = "quiet_k_of_r"
    RECOVERED = "recovered"
    FLAPPING = "flapping"
    STABLE = "stable"
    UNKNOWN_KEEPS = "unknown_keeps"
    CLOSED_UNKNOWN = "closed_unknown"
    STAYS_CLOSED = "stays_closed"
    KNOWN_RECOVERED = "known_recovered"
    ACCEPTED_LEVEL = "accepted_level"
    ACCEPTED_USED_UP = "accepted_used_up"
    EXPLAINED = "explained"
    TOLD_BY_SOURCE = "told_by_source"
    FIRST_LOOK = "first_look"
    ACKNOWLEDGED = "acknowledged"
    ACCEPTED = "accepted"
    RETIRED = "retired"
    REPEATED = "repeated"
    NOT_REAL = "not_real"
    NOT_REAL_KEEPS = "not_real_keeps"
    NOT_REAL_OVER = "not_real_over"
    NOT_REAL_WORSE = "not_real_worse"
    NOT_REAL_LASTS = "not_real_lasts"


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
        case Reason.STILL_BREACH_NOT_CLEARLY_WORSE:
            again = written(max(told * policy.notify_again_ratio, told + policy.notify_again_score), ".2f")
            return f"still in breach; {worse}; told again from {again}; {finding.reason}"
        case Reason.WORSENED:
            return f"clearly worse: {size}; {finding.reason}"
        case Reason.QUIET_K_OF_R:
            needed = policy.quiet_looks(incident.flaps if incident else 0)
            return f"quiet for {quiet} of {needed} looks; {finding.reason}"
        case Reason.FLAPPING:
            flaps = incident.flaps if incident else 0
            often = f"opened {flaps + 1} times within {_span(policy.flap_within)}, so it goes on and off"
            then = f"told again when clearly worse, or when quiet for {_looks(policy.quiet_looks(flaps))}"
            return f"{often}; {then}; {finding.reason}"
        case Reason.STABLE:
            return f"went on and off before, now quiet for {_looks(quiet)}; {finding.reason}"
        case Reason.RECOVERED:
            return f"quiet for {_looks(policy.recover_after)}; {finding.reason}"
        case Reason.UNKNOWN_KEEPS:
            return f"nothing known for {unknown} of {policy.unknown_after} looks, kept open; {finding.reason}"
        case Reason.CLOSED_UNKNOWN:
            return f"nothing known for {_looks(policy.unknown_after)}: not known whether it recovered; {finding.reason}"
        case Reason.KNOWN_RECOVERED:
            return (
                f"quiet for {_looks(policy.recover_after)} since: it is known now that it recovered; {finding.reason}"
            )
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
            return f"had been marked as not real, clearly worse since: {size}; {finding.reason}"
        case Reason.NOT_REAL_LASTS:
            lasted = f"in breach for {_looks(policy.mark_holds)} since, and no chance lasts so long"
            return f"had been marked as not real, {lasted}; {finding.reason}"
        case Reason.DUPLICATE_PERIOD:
            return f"the period of {finding.at:%Y-%m-%d %H:%M} was decided before"
        case _:
            return finding.reason
