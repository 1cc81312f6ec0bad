"""An incident in words: what happened, since when, how much, where, how sure, what was declared near by, and whose."""

from collections.abc import Sequence
from datetime import datetime

from cxmon.alerts.parts import (
    actions,
    incident_thread,
    near,
    near_drafts,
    near_fact,
    near_range,
    news_key,
    one_line,
    view_link,
    with_assigned,
)
from cxmon.model import (
    Action,
    Declared,
    Fact,
    Finding,
    Incident,
    IncidentState,
    Message,
    Metric,
    Picture,
    Segment,
    Transition,
)
from cxmon.wording import incidents as words
from cxmon.wording import kinds
from cxmon.wording import messages as say


def for_incident(
    *,
    incident: Incident,
    transition: Transition,
    finding: Finding | None,
    metric: Metric | None,
    changes_near: Sequence[Declared] = (),
    zone: str = "UTC",
    board_url: str = "",
    owner: str = "",
    check_type: str = "",
    behind: str = "",
    untold: str = "",
) -> Message:
    """The message for one transition of an incident.

    `finding` is what brought it (else the incident's latest one is told); `metric` is None where a source is told of.
    `changes_near` may be all declared changes: those far off in time or scope are left out. `owner` is a department.
    `check_type` is the check's plug-in type; without it, it is guessed from the numbers. `behind` is what stands behind
    it at the vendor. `untold` is what kept the story quiet until its end, of which nobody has heard then.
    """
    told = words.figures(incident, finding or incident.latest)
    kind = check_type or (incident.check if incident.check in words.OF_SOURCES else words.guess(incident.worst or told))
    what = metric.label if metric else incident.subject
    since = words.since_of(incident, told)
    headline = words.headline(incident, told, metric, what, kind, zone)
    about = words.spoken_of(incident, told)
    badge, tone = words.badge(incident, transition, kind)
    close = near(changes_near, incident.root, since or transition.at)
    drafts = near_drafts(changes_near, incident.root, since or transition.at)
    # A range of weeks may hold a change although none stands near its likeliest day: then "none" alone would be wrong.
    wide = near_range(changes_near, incident.root, told.began if told else None)
    beside = near_fact(close, zone, drafts, began=wide)
    at = told.at if told else transition.at
    thread = incident_thread(incident.id)
    facts = _facts(incident, told, metric, kind, beside, zone, owner)
    if untold:
        facts[1:1] = words.at_its_worst(incident, metric, kind)
    if behind:
        facts.append(Fact(label=say.BEHIND_IT, text=behind))
    return Message(
        key=news_key(thread, transition.step, _version(transition)),
        thread=thread,
        tone=tone,
        badge=badge,
        title=headline,
        text=one_line(badge, headline),
        lines=(*words.untold(untold), *words.lines(incident, transition, told, metric)),
        facts=with_assigned(facts, incident),
        footer=say.as_of_check(at, zone, incident.check, incident.id),
        link=_view(board_url, incident, kind),
        picture=None if kind in words.OF_SOURCES else _picture(about, metric, headline, at, zone),
        actions=_actions(incident, metric, kind),
        reply=words.reply(transition, badge, headline),
        at=transition.at,
        weight=incident.told_score,
        evidence=incident.id if behind else "",
    )


def _actions(incident: Incident, metric: Metric | None, kind: str) -> tuple[Action, ...]:
    if incident.state is IncidentState.ENDED:
        return ()
    taken = incident.state is IncidentState.ACKNOWLEDGED
    return actions(incident.id, known_why=metric is not None and kind not in words.OF_SOURCES, acknowledged=taken)


def _picture(about: Segment, metric: Metric | None, headline: str, at: datetime, zone: str) -> Picture | None:
    if metric is None:
        return None
    return Picture(
        metric=metric.id,
        segment=about.key,
        change=None,
        title=headline,
        subtitle=(words.footing(about, at, zone), say.LEGEND),
        alt=headline,
    )


def _view(board_url: str, incident: Incident, kind: str) -> str:
    """The page on data for a source, else the incident's own."""
    if kind == "data":
        return view_link(board_url, page="health")
    return view_link(board_url, page="incident", incident=incident.id)


def _facts(
    incident: Incident,
    told: Finding | None,
    metric: Metric | None,
    kind: str,
    beside: Fact,
    zone: str,
    owner: str,
) -> list[Fact]:
    facts = [
        Fact(label=say.SINCE, text=words.since_words(incident, told, zone)),
        *words.how_much(told, metric, words.since_of(incident, told)),
        Fact(label=say.WHERE, text=words.where_of(incident, metric, kind)),
        *_service_or_contacts(incident, told, metric, kind),
        Fact(label=say.HOW_SURE, text=words.how_sure(incident, told, metric, kind)),
        beside,
    ]
    return [*facts, Fact(label=say.OWNER, text=owner)] if owner else facts


def _service_or_contacts(incident: Incident, told: Finding | None, metric: Metric | None, kind: str) -> list[Fact]:
    """Whether the same contacts fare worse or others came, while it lasts."""
    if metric is None or kind in words.OF_SOURCES or incident.state is IncidentState.ENDED:
        return []
    return [Fact(label=kinds.LABEL, text=kinds.kinds_line(incident.kinds, metric, told.at if told else None))]


def _version(transition: Transition) -> str:
    """The period that brought it, where one did: whoever evaluates that period again finds the same news."""
    period = transition.numbers.get("period")
    return f"{period:.0f}" if period is not None else transition.at.isoformat()
