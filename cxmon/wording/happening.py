"""What happened to an incident, and what keeps it quiet, in words."""

from collections.abc import Iterable
from datetime import datetime

from cxmon.model import Incident, Silence, Step, Transition
from cxmon.wording import numbers as say
from cxmon.wording.screen import step

# A reason begins with the name that programs know it by.
_NAMED = ": "


def happened(one: Transition, zone: str, now: datetime) -> tuple[str, str, str]:
    """(when, what, why) of one line of the timeline."""
    what = "Nothing was told" if one.step is Step.NOTED else step(one.step)
    name, apart, rest = one.reason.partition(_NAMED)
    why = rest if apart and name.replace("_", "").isalpha() and name == name.lower() and " " not in name else one.reason
    return say.stamp(one.at, zone) if one.at.year == now.year else say.day(one.at, zone, now=now), what, why


def quiet(silences: Iterable[Silence], incident: Incident, zone: str, now: datetime) -> list[str]:
    """`Silent until 3 Dec: holidays in Spain (Support EMEA)` for each silence that holds now and covers it."""
    return [
        f"Silent until {say.stamp(one.ends, zone)}: {one.why} ({one.by}). The end is told all the same."
        for one in silences
        if one.starts <= now < one.ends
        and one.metric in {None, incident.subject}
        and (one.segment is None or one.segment.holds(incident.root))
    ]
