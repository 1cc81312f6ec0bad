"""What was not told, or is told at last, in the words of an incident's history and of the messages that come late."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from cxmon.model import Message

# How the notes begin that keep what was not told, and that it is told now: programs know them by that.
SILENCED, OVER = "silenced", "silence over"
INHIBITED, MUTED = "inhibited", "muted"
WIDER_OVER = "wider incident over"
# Between the step and why nobody heard of it: what stands behind is taken from a note again.
NOT_SENT = " was not sent, "
NEW_YEAR = "a new year has begun, with an allowance of its own"


def not_sent(name: str, step: str, why: str) -> str:
    """`silenced: that it opened was not sent, a silence until ... covers it`; `name` is what programs know it by."""
    return f"{name}: that it {step}{NOT_SENT}{why}"


def a_silence(said: str = "") -> str:
    """Why, with what is `said` of the silence: `until 2026-12-03 00:00 UTC by Support (holidays)`."""
    return f"a silence {said} covers it" if said else "a silence covers it"


def told_now(name: str, step: str) -> str:
    return f"{name}: that it {step} is told now"


def waits(name: str, step: str, until: Mapping[str, datetime], mutes: str) -> str:
    """`muted: that it opened waits in slack until 2026-11-20 08:00 UTC, by off_hours`."""
    held = "; ".join(f"in {channel} until {at:%Y-%m-%d %H:%M} UTC" for channel, at in until.items())
    return f"{name}: that it {step} waits {held}, by {mutes}"


def told_late(first: Message, *, muted: bool) -> str:
    """The line of a message that was overtaken by newer news of its story before it could be sent."""
    why = "it came in quiet hours" if muted else "the channel was out of reach"
    return f"Told late: {why}. At first: {first.badge}, {first.title}."


def newest_of(said: Sequence[str], most: int) -> str:
    """The newest `most` of what was said of a story, in its order, below how many there were before."""
    older = len(said) - most
    first = [f"{older} earlier {'piece' if older == 1 else 'pieces'} of news, which its history tells"] * (older > 0)
    return "\n".join([*first, *said[-most:]])


def told_here(channel: str, error: str) -> str:
    return f"Told here because the channel {channel} takes nothing: {error}"


def unanswered(age: str) -> str:
    return f"open for {age} and acknowledged by nobody"


def still_open(step: str, said: str, newest: str) -> str:
    """`Still open: open for 3 days and acknowledged by nobody. By the newest figures: too low`."""
    return f"{step}: {said}." + (f" By the newest figures: {newest}" if newest else "")
