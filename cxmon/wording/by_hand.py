"""What people did about an incident, in one line each, for its history and the thread in which it is told."""


def assigned(to: str, by: str) -> str:
    return f"{to} sees to it (assigned by {by})"


def assignee(told: str) -> str:
    """Who sees to it, by the words of `assigned`."""
    return told.rpartition(" sees to it (assigned by ")[0]


def noted(text: str, by: str) -> str:
    return f"Note from {by}: {text}"


# How long a silence may last (`LONGEST_SILENCE`), wherever one is made.
SILENCE_ENDS = "an end within a year of its start"


def silenced(until: str, by: str, why: str) -> str:
    return f"Silenced until {until} UTC by {by}: {why}"


_MARKED, _BACK, _ENDS = " marked this as not real: ", " took the mark as not real back: ", ". It is told again when"


def not_real(by: str, why: str, looks: int = 0) -> str:
    """What somebody said of a false alarm; `looks`: what follows where that ended it."""
    ends = f"{_ENDS} it gets clearly worse, or is still so after {looks} periods" if looks else ""
    return f"{by}{_MARKED}{why}{ends}"


def real_after_all(by: str, why: str) -> str:
    return f"{by}{_BACK}{why}"


def mark(told: str) -> tuple[str, str, bool] | None:
    """(by, why, whether it was taken back) of what the two before wrote; None of anything else."""
    for words, back in ((_MARKED, False), (_BACK, True)):
        by, found, why = told.partition(words)
        if found:
            return by, why.rpartition(_ENDS)[0] or why, back
    return None


def left_out(since: str, until: str, by: str, why: str) -> str:
    return (
        f"{by} knows why: {why}. A one-off: {since} to {until} UTC is left out of what is expected; "
        "it ends by itself once the days after are fine"
    )
