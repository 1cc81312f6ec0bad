"""Why the lifecycle did what it did: one name for every decision, those to stay silent included. Its words, with the
numbers behind it, are `cxmon.wording.reasons`."""

from enum import StrEnum


class Reason(StrEnum):
    """The name of a decision. Every call of `decide` returns exactly one."""

    NOTHING_TO_TELL = "nothing_to_tell"
    UNKNOWN_OPENS_NOTHING = "unknown_opens_nothing"
    NOT_YET_K_OF_N = "not_yet_k_of_n"
    PENDING_DROPPED = "pending_dropped"
    DUPLICATE_PERIOD = "duplicate_period"
    OPENED = "opened"
    REOPENED = "reopened"
    CAME_BACK = "came_back"
    JOINED = "joined"
    STILL_BREACH_NOT_CLEARLY_WORSE = "still_breach_not_clearly_worse"
    WORSENED = "worsened"
    QUIET_K_OF_R = "quiet_k_of_r"
    NEAR_ALARM = "near_alarm"
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
    NOT_LOOKED_AT = "not_looked_at"


def code(reason: Reason, said: str) -> str:
    """A decision by its name, with what the check said of the finding that brought it."""
    return f"{reason.value}: {said}"
