"""What people did about an incident, in one line each, for its history and the thread in which it is told."""


def assigned(to: str, by: str) -> str:
    return f"{to} sees to it (assigned by {by})"


def noted(text: str, by: str) -> str:
    return f"Note from {by}: {text}"


def silenced(until: str, by: str, why: str) -> str:
    return f"Silenced until {until} UTC by {by}: {why}"


def not_real(by: str, why: str) -> str:
    return f"{by} marked this as not real: {why}"


def not_real_ends(looks: int) -> str:
    """What follows where the mark ended it."""
    return f"It is told again when it gets clearly worse, or is still so after {looks} looks"


def real_after_all(by: str, why: str) -> str:
    return f"{by} took the mark as not real back: {why}"


def left_out(since: str, until: str, by: str, why: str) -> str:
    return (
        f"{by} knows why: {why}. A one-off: {since} to {until} UTC is left out of what is expected; "
        "it ends by itself once the days after are fine"
    )
