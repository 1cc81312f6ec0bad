"""The answer to a question about one series: the figure that the board shows, in a message of its own."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from cxmon import wording
from cxmon.alerts.parts import LEGEND, near_fact, view_link
from cxmon.model import EVERYONE, Band, Declared, Fact, Incident, Message, Metric, Picture, Segment, Tone
from cxmon.wording import gap as gaps
from cxmon.wording.over import Limit

_BADGES = {Tone.AMBER: "Worse than expected", Tone.TEAL: "Better than expected", Tone.GREY: "As expected"}


def for_answer(
    *,
    metric: Metric,
    segment: Segment,
    band: Band,
    over: Limit | None,
    over_title: str,
    incidents: Sequence[Incident],
    changes_near: Sequence[Declared],
    drafts_near: Sequence[Declared],
    zone: str,
    board_url: str,
    at: datetime,
) -> Message:
    """What is known of a series by its stored band; a band without complete figures is answered with its reason.

    `over` is the limit of a decision that this series is over, `over_title` that decision's; `incidents` are the open
    ones that the segment belongs to.
    """
    found = gaps.gap(band, metric)
    name = f"{metric.label}, {wording.segment(segment)}" if segment != EVERYONE else metric.label
    stamp = f"As of {wording.stamp(band.as_of, zone)}"
    here = [one for one in incidents if any(member.holds(segment) for member in (one.root, *one.members))]
    badge, tone, title = _headline(found, metric, name, over)
    if here and tone is Tone.GREY:
        # A slow drift is known to be one long before the newest average leaves its range.
        since = wording.day(min(one.since or one.opened_at for one in here), zone)
        badge, tone, title = "Incident open", Tone.AMBER, f"{title}; an incident is open since {since}"
    facts = [
        *(_figures(found, band, metric, zone) if found else [Fact(label="Why", text=band.reason or "too little data")]),
        *_limit(over, over_title, zone),
        *_incidents(incidents, zone),
        near_fact(changes_near, zone, drafts_near),
    ]
    asked = f"{metric.id}|{segment.key}|{at.isoformat()}".encode(errors="replace")
    thread = f"answer:{hashlib.sha256(asked).hexdigest()[:16]}"
    return Message(
        key=thread,
        thread=thread,
        tone=tone,
        badge=badge,
        title=title,
        text=title,
        lines=(metric.definition,) if metric.definition else (),
        facts=tuple(facts),
        footer=stamp,
        link=view_link(board_url, metric=metric.id, segment=segment),
        picture=_picture(metric, segment, title, stamp) if found else None,
        at=at,
    )


def _headline(found: gaps.Gap | None, metric: Metric, name: str, over: Limit | None) -> tuple[str, Tone, str]:
    """(badge, tone, title): `CSAT, chat: 82.1 %, 2.6 points worse than expected`."""
    if found is None:
        return "Not known", Tone.GREY, f"{name}: not known, too little data"
    state = "".join(gaps.stands(found, metric, over.number if over else None))
    badge = "Over its limit" if over else _BADGES[found.tone]
    return badge, Tone.RED if over else found.tone, f"{name}: {wording.value(metric, found.value)}, {state}"


def _figures(found: gaps.Gap, band: Band, metric: Metric, zone: str) -> list[Fact]:
    low, high = (wording.value(metric, x) for x in found.between)
    window = gaps.window(found, band, zone)
    facts = [
        Fact(label="Figure", text=f"{wording.value(metric, found.value)} ({window}, n {wording.number(found.n, 0)})"),
        Fact(
            label="Expected",
            text=f"{wording.value(metric, found.expected)}; {low} to {high} in 99 of 100 cases when nothing changes",
        ),
        Fact(label="Against expected", text=f"{gaps.pill(found, metric)}, {gaps.possible(found, metric)}"),
    ]
    if found.since is not None:
        facts.append(Fact(label="Since", text=f"outside that range since {gaps.first(found, band, zone)}"))
    return facts


def _limit(over: Limit | None, title: str, zone: str) -> list[Fact]:
    if over is None:
        return []
    text = f"#{over.number} {title}, since {wording.day(over.since, zone)} ({over.text})"
    return [Fact(label="Over its limit", text=text)]


def _incidents(found: Sequence[Incident], zone: str) -> list[Fact]:
    told = []
    for one in found:
        since = wording.day(one.since or one.opened_at, zone)
        state = f"acknowledged by {one.acknowledged_by}" if one.acknowledged_by else wording.state(one).lower()
        told.append(f"{one.id}, {state}, found by {one.check}, since {since}, {wording.segment(one.root)}")
    return [Fact(label="Open incident" if len(told) == 1 else "Open incidents", text="; ".join(told))] if told else []


def _picture(metric: Metric, segment: Segment, title: str, stamp: str) -> Picture:
    subtitle = (f"{stamp} · {wording.segment(segment)}", LEGEND)
    return Picture(metric=metric.id, segment=segment.key, change=None, title=title, subtitle=subtitle, alt=title)
