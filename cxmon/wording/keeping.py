"""The alarm budget in words: what was promised, what was told, and how many of it could have been false."""

from datetime import timedelta

from cxmon.model import AlarmQuarter, AlarmsKept, Tone
from cxmon.wording.numbers import counted, plain

NOTE = (
    "A false alarm is one without a cause. Nobody can count them: of what was told, at most those that nobody took up. "
    "`cxmon replay` counts on the past what these settings would have told."
)


def promised(kept: AlarmsKept) -> str:
    """`At most 2 false alarms a quarter, over 106 watched series`."""
    return f"At most {plain(kept.per_quarter)} false alarms a quarter, over {kept.series:,} watched series"


def quarter(one: AlarmQuarter) -> str:
    """`July to September 2026`."""
    last = one.begins + timedelta(days=80)
    return f"{one.begins:%B} to {last:%B %Y}"


def standing(one: AlarmQuarter, kept: AlarmsKept) -> tuple[str, Tone, str]:
    """(words, tone, shape): kept where even all that could have been false would be within the budget."""
    if not one.told:
        return "Nothing told", Tone.GREY, "check"
    if one.gone > kept.per_quarter:
        return "Perhaps not kept", Tone.AMBER, "warning"
    if one.told - one.taken_up > kept.per_quarter:
        return "Open whether kept", Tone.GREY, "hourglass_empty"
    return "Kept", Tone.GREY, "check"


def became(one: AlarmQuarter) -> str:
    """`4 told: 2 taken up, 1 gone by itself, 1 open`."""
    if not one.told:
        return "no watch incident was told"
    left = one.told - one.taken_up - one.gone
    parts = [
        (one.taken_up, "taken up"),
        (one.gone, "gone before anybody took it up"),
        (left, "still open and not taken up"),
    ]
    return f"{counted(one.told, 'incident')} told: " + ", ".join(f"{n} {what}" for n, what in parts if n)
