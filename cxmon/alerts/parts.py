"""Parts that messages of every sort share: links, near-by changes, actions, the key of a piece of news."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

from cxmon.model import Action, Declared, Fact, Incident, Segment, Status, Step
from cxmon.wording.messages import ASSIGNED, BUTTONS, CORRECTED, DECIDED, NEAR_BY, RESPOND, near_words

NEAR = timedelta(days=14)


def view_link(
    board_url: str,
    *,
    page: str = "",
    metric: str = "",
    segment: Segment | None = None,
    change: str = "",
    incident: str = "",
    view: str = "",
) -> str:
    """The exact view on the board: `?metric=csat&segment={"channel": "phone"}`, encoded; a decision and an
    incident have pages of their own (`page="decision"`, `page="incident"`)."""
    key = segment.key if segment is not None else ""
    wanted = {"metric": metric, "segment": key, "change": change, "view": view, "incident": incident}
    query = urlencode({name: text for name, text in wanted.items() if text}, quote_via=quote, errors="replace")
    return f"{board_url.rstrip('/')}/{page}{'?' if query else ''}{query}"


def news_key(thread: str, step: str, version: str) -> str:
    """The identity of one piece of news: made from content, so that whoever finds it out again tells it no second
    time. The channel is added when it is queued."""
    return f"{thread}|{step}|{version}"


def incident_thread(incident: str) -> str:
    """The story of an incident of a check."""
    return f"incident:{incident}"


def step_of(key: str) -> str:
    """The step in a key of `news_key`, with or without its channel."""
    return key.split("|")[1] if key.count("|") >= 2 else ""


def breaks_silence(key: str) -> bool:
    """Ends are told even where a silence covers them, and so is what takes back something that was said."""
    return step_of(key) in {Step.ENDED, Step.CORRECTED}


def near(changes: Iterable[Declared], segment: Segment, at: datetime, *, window: timedelta = NEAR) -> list[Declared]:
    """The live changes that begin or end within `window` of `at` and could touch `segment`, nearest first."""
    return _near((d for d in changes if d.change.status is Status.LIVE), segment, at, window)


def near_range(
    changes: Iterable[Declared], segment: Segment, began: tuple[datetime, datetime] | None
) -> list[Declared]:
    """The live changes that begin or end between two moments and could touch `segment`, nearest to the middle first."""
    if began is None:
        return []
    half = (began[1] - began[0]) / 2
    return near(changes, segment, began[0] + half, window=half)


def near_drafts(changes: Iterable[Declared], segment: Segment, at: datetime) -> list[Declared]:
    """The same of drafts that have not been withdrawn: what somebody wrote down and nobody has declared."""
    drafts = (d for d in changes if d.change.status is Status.DRAFT and not d.change.withdrawn)
    # A series stands there once, by its nearest occurrence.
    by_title: dict[str, Declared] = {}
    for declared in _near(drafts, segment, at, NEAR):
        by_title.setdefault(declared.change.title, declared)
    return list(by_title.values())


def _near(changes: Iterable[Declared], segment: Segment, at: datetime, window: timedelta) -> list[Declared]:
    found = []
    for declared in changes:
        change = declared.change
        parts = [
            part
            for part in change.parts()
            if all(segment.get(name) in {None, *allowed} for name, allowed in part.scope.values)
        ]
        moments = [m for part in parts for m in (part.starts, part.ends) if m is not None]
        distance = min((abs(m - at) for m in moments), default=window * 2)
        if distance <= window:
            found.append((distance, change.id, declared))
    return [declared for _, _, declared in sorted(found, key=lambda f: f[:2])]


def near_fact(
    changes: Sequence[Declared], zone: str, drafts: Sequence[Declared] = (), *, began: Sequence[Declared] = ()
) -> Fact:
    """What was declared near by, or `began` where the news may have begun, and which drafts stand there. It stands in
    time and place beside the news: no cause is claimed."""
    return Fact(label=NEAR_BY, text=near_words(changes, zone, drafts, began=began))


def with_assigned(facts: Sequence[Fact], incident: Incident | None) -> tuple[Fact, ...]:
    """The facts, with who sees to the incident now."""
    rest = tuple(fact for fact in facts if fact.label != ASSIGNED)
    to = incident.assigned_to if incident is not None else None
    return (*rest, Fact(label=ASSIGNED, text=to)) if to else rest


def with_decided(facts: Sequence[Fact], told: str) -> tuple[Fact, ...]:
    """The facts, with what was decided last; without words as they are."""
    if not told:
        return tuple(facts)
    return (*(fact for fact in facts if fact.label != DECIDED), Fact(label=DECIDED, text=told))


def respond_action(change: str) -> Action:
    """Answering a decision; the value is its id."""
    return Action(name="respond", label=RESPOND, value=change)


def actions(incident: str, *, known_why: bool = True, acknowledged: bool = False) -> tuple[Action, ...]:
    """What can be done about an incident; the value is an opaque id. `known_why`: it is about a level that can be
    accepted or left out; a decision is answered instead, a source mended."""
    names = {
        n: w
        for n, w in BUTTONS.items()
        if (known_why or n != "we_know_why") and not (acknowledged and n == "acknowledge")
    }
    return tuple(Action(name=name, label=label, value=incident) for name, label in names.items())


def one_line(badge: str, title: str) -> str:
    """Badge and title; a title that says the badge's words itself stands alone, but for a correction's mark."""
    words = badge.removeprefix(CORRECTED)
    if words.lower() not in title.lower():
        return f"{badge}: {title}"
    return title if words == badge else CORRECTED + title
