"""What people did about an incident, in one line each, for its history and the thread in which it is told."""


def assigned(to: str, by: str) -> str:
    return f"{to} sees to it (assigned by {by})"


def assignee(told: str) -> str:
    """Who sees to it, by the words of `assigned`."""
    return told.rpartition(" sees to it (assigned by ")[0]


def noted(text: str, by: str) -> str:
    return f"Note from {by}: {text}"


def silenced(until: str, by: str, why: str) -> str:
    return f"Silenced until {until} UTC by {by}: {why}"


def left_out(since: str, until: str, by: str, why: str) -> str:
    return (
        f"{by} knows why: {why}. A one-off: {since} to {until} UTC is left out of what is expected; "
        "it ends by itself once the days after are fine"
    )
