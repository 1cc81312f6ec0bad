"""What happened to an incident, and what keeps it quiet, in words."""

import math
import re
from collections.abc import Iterable
from datetime import datetime

from cxmon.model import Incident, Metric, Silence, Step, Transition, written
from cxmon.wording import numbers as say
from cxmon.wording.screen import step

# A reason begins with the name that programs know it by.
_NAMED = ": "
# What a figure has around it that may read otherwise in a sentence of its check.
_ADDED = re.compile(r", expected.*| watched$")


def happened(one: Transition, zone: str, now: datetime) -> tuple[str, str, str]:
    """(when, what, why) of one line of the timeline."""
    what = "Nothing was told" if one.step is Step.NOTED else step(one.step)
    when = say.stamp(one.at, zone) if one.at.year == now.year else say.day(one.at, zone, now=now)
    return when, what, why(one.reason)


def why(reason: str) -> str:
    """A reason without the name that programs know it by: `the rest had recovered` of `recovered: the rest had ...`."""
    name, apart, rest = reason.partition(_NAMED)
    named = apart and name.replace("_", "").isalpha() and name == name.lower() and " " not in name
    return rest if named else reason


def with_numbers(one: Transition, told: str, metric: Metric | None, zone: str, now: datetime) -> str:
    """One line of every decision about an incident: when, what, why, the figures that it rests on and who was told;
    `metric` where the figures are one metric's."""
    when, what, reason = happened(one, zone, now)
    # What its sentence has already is not said again.
    more = ", ".join(part for part in _figures(one, metric) if _ADDED.sub("", part) not in reason)
    step = f"{what[:1].lower()}{what[1:]}"
    parts = [f"{when}: {step}", "" if reason == step else reason, more, told]
    return "; ".join(part for part in parts if part)


def _figures(one: Transition, metric: Metric | None) -> list[str]:
    """`84.9 %, expected 87.2 % (range 82.9 % to 87.0 %)`, `n 4,944` and `22 segments watched`."""
    known = {name: x for name, x in one.numbers.items() if math.isfinite(x)}
    parts = []
    if metric is not None and {"value", "expected"} <= set(known):
        said = f"{say.value(metric, known['value'])}, expected {say.value(metric, known['expected'])}"
        if {"low", "high"} <= set(known):
            said += f" (range {say.value(metric, known['low'])} to {say.value(metric, known['high'])})"
        parts.append(said)
    if known.get("n", 0) > 0:
        parts.append(f"n {written(known['n'])}")
    if known.get("looked_at", 0) > 1:
        parts.append(f"{written(known['looked_at'])} segments watched")
    return parts


def quiet(silences: Iterable[Silence], incident: Incident, zone: str, now: datetime) -> list[str]:
    """`Silent until 3 Dec: holidays in Spain (Support EMEA)` for each silence that holds now and covers it."""
    return [
        f"Silent until {say.stamp(one.ends, zone)}: {one.why} ({one.by}). The end is told all the same."
        for one in silences
        if one.starts <= now < one.ends
        and one.metric in {None, incident.subject}
        and (one.segment is None or one.segment.holds(incident.root))
    ]
