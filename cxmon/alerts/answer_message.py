"""The answer to a question about one series: the figure that the board shows, in a message of its own."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from cxmon import wording
from cxmon.alerts.parts import near_fact, view_link
from cxmon.model import EVERYONE, Band, Declared, Fact, Incident, Message, Metric, Picture, Segment, Tone
from cxmon.wording import asked as words
from cxmon.wording import gap as gaps
from cxmon.wording import messages as say
from cxmon.wording.over import Limit


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
    stamp = say.as_of(band.as_of, zone)
    here = [one for one in incidents if any(member.holds(segment) for member in (one.root, *one.members))]
    badge, tone, title = words.headline(found, metric, name, over)
    if here and tone is Tone.GREY:
        # A slow drift is known to be one long before the newest average leaves its range.
        badge, tone = words.INCIDENT_OPEN, Tone.AMBER
        title = words.and_open(title, min(one.since or one.opened_at for one in here), zone)
    facts = [
        *_figures(found, band, metric, zone),
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


def _figures(found: gaps.Gap | None, band: Band, metric: Metric, zone: str) -> list[Fact]:
    if found is None:
        return [Fact(label=words.WHY, text=band.reason or words.TOO_LITTLE)]
    facts = [
        Fact(label=words.FIGURE, text=words.figure(found, band, metric, zone)),
        Fact(label=words.EXPECTED, text=words.expected(found, metric)),
        Fact(label=say.AGAINST_EXPECTED, text=f"{gaps.pill(found, metric)}, {gaps.possible(found, metric)}"),
    ]
    if found.since is not None:
        facts.append(Fact(label=say.SINCE, text=words.outside(gaps.first(found, band, zone))))
    return facts


def _limit(over: Limit | None, title: str, zone: str) -> list[Fact]:
    if over is None:
        return []
    text = f"#{over.number} {title}, since {wording.day(over.since, zone)} ({over.text})"
    return [Fact(label=say.OVER_ITS_LIMIT, text=text)]


def _incidents(found: Sequence[Incident], zone: str) -> list[Fact]:
    told = [words.lasting(one, zone) for one in found]
    return [Fact(label=words.open_label(len(told)), text="; ".join(told))] if told else []


def _picture(metric: Metric, segment: Segment, title: str, stamp: str) -> Picture:
    subtitle = (f"{stamp} · {wording.segment(segment)}", say.LEGEND)
    return Picture(metric=metric.id, segment=segment.key, change=None, title=title, subtitle=subtitle, alt=title)
