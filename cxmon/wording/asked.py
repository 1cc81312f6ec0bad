"""The answer to a question about one series in words."""

from datetime import datetime

from cxmon.model import Band, Incident, Metric, Tone
from cxmon.wording import gap as gaps
from cxmon.wording.messages import OVER_ITS_LIMIT
from cxmon.wording.numbers import day, number
from cxmon.wording.over import Limit
from cxmon.wording.screen import segment, state

WHY, FIGURE, EXPECTED = "Why", "Figure", "Expected"
INCIDENT_OPEN = "Incident open"
TOO_LITTLE = "too little data"
_BADGES = {Tone.AMBER: "Worse than expected", Tone.TEAL: "Better than expected", Tone.GREY: "As expected"}


def headline(found: gaps.Gap | None, metric: Metric, name: str, over: Limit | None) -> tuple[str, Tone, str]:
    """(badge, tone, title): `CSAT, chat: 82.1 %, 2.6 points worse than expected`."""
    if found is None:
        return "Not known", Tone.GREY, f"{name}: not known, {TOO_LITTLE}"
    stands = "".join(gaps.stands(found, metric, over.number if over else None))
    badge = OVER_ITS_LIMIT if over else _BADGES[found.tone]
    return badge, Tone.RED if over else found.tone, f"{name}: {gaps.levels(found, metric)[0]}, {stands}"


def and_open(title: str, since: datetime, zone: str) -> str:
    return f"{title}; an incident is open since {day(since, zone)}"


def figure(found: gaps.Gap, band: Band, metric: Metric, zone: str) -> str:
    return f"{gaps.levels(found, metric)[0]} ({gaps.window(found, band, zone)}, n {number(found.n, 0)})"


def expected(found: gaps.Gap, metric: Metric) -> str:
    low, high = gaps.range_of(found, metric)
    return f"{gaps.levels(found, metric)[1]}; {low} to {high} in 99 of 100 cases when nothing changes"


def outside(first: str) -> str:
    return f"outside that range since {first}"


def lasting(one: Incident, zone: str) -> str:
    """An open incident, by whom it is taken and what it is about."""
    since = day(one.since or one.opened_at, zone)
    taken = f"acknowledged by {one.acknowledged_by}" if one.acknowledged_by else state(one).lower()
    return f"{one.id}, {taken}, found by {one.check}, since {since}, {segment(one.root)}"


def open_label(count: int) -> str:
    return "Open incident" if count == 1 else "Open incidents"
