"""What was decided about a change or an incident, what came of it, and which fix answers what, in words."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from cxmon.decisions.following import STAYS, Followed, Standing, fixes_of, followed
from cxmon.model import Change, Incident, Response, Verdict
from cxmon.wording import numbers as say
from cxmon.wording.screen import decision, screen


def answered(response: Response, how: Followed, zone: str = "UTC", *, now: datetime | None = None) -> str:
    """`Amend by 1 Dec (Workforce planning), overdue by 3 days, and no fix has begun`; a date that is past or to come
    is told only while it matters."""
    told = f"{until(response, zone, now=now)} ({response.owner or response.by})"
    if how.standing in {Standing.NO_DATE, Standing.AHEAD}:
        return told
    return f"{told}, {how.reason}"


def until(response: Response, zone: str = "UTC", *, now: datetime | None = None) -> str:
    """`Amend by 1 Dec`, `Keep, look again by 1 Dec`, or without a day what was decided alone."""
    what = decision(response.decision)
    if response.due is None:
        return what
    return f"{what}{', look again' if response.decision in STAYS else ''} by {say.day(response.due, zone, now=now)}"


def decided(response: Response, how: Followed, zone: str = "UTC") -> str:
    """What is told in the story when somebody decides: `Decided by Operations: Amend by 1 Dec (Planning). Why: ...`."""
    return f"Decided by {response.by}: {answered(response, how, zone)}. Why: {response.why}"


def answers(
    subject: str,
    responses: Iterable[Response],
    changes: Iterable[Change],
    *,
    now: datetime,
    ended: datetime | None = None,
    zone: str = "UTC",
    late: bool = False,
) -> list[str]:
    """One line a response on `subject`, oldest first: what, until when, by whom, how it stands, and why. `late`: those
    that are due or overdue, no others."""
    every, known = list(responses), list(changes)
    lines = []
    for one in every:
        if one.subject == subject:
            how = followed(one, now=now, others=every, changes=known, ended=ended)
            if how.reminds or not late:
                lines.append(f"{answered(one, how, zone, now=now)}: {one.why}")
    return lines


def standing(
    one: Response,
    every: Iterable[Response],
    changes: Iterable[Change],
    *,
    now: datetime,
    ended: datetime | None = None,
    zone: str = "UTC",
) -> str:
    """Until when, and how it stands where that is more than a day to come: `3 Nov: Saturday desk has begun`."""
    how = followed(one, now=now, others=every, changes=changes, ended=ended)
    due = say.day(one.due, zone, now=now) if one.due else ""
    reason = "" if how.standing in {Standing.NO_DATE, Standing.AHEAD} else how.reason
    return ": ".join(filter(None, (due, reason))) or "no date"


def fixes(
    subject: str, changes: Iterable[Change], verdicts: Mapping[str, Verdict], *, now: datetime, zone: str = "UTC"
) -> list[str]:
    """One line a fix of `subject`: `Answered by Saturday desk reopened, since 3 Dec: Better`."""
    known, lines = list(changes), []
    titles = {c.id: c.title for c in known}
    for fix in fixes_of(subject, known):
        verdict, day = verdicts.get(fix.id), say.day(fix.starts, zone, now=now)
        when = f"since {day}" if fix.starts <= now else f"from {day} on"
        said = screen(verdict, titles=titles)[0] if verdict else "not judged yet"
        lines.append(f"Answered by {fix.title}, {when}: {said}")
    return lines


def answers_to(
    change: Change,
    changes: Iterable[Change],
    verdicts: Mapping[str, Verdict],
    incidents: Iterable[Incident] = (),
) -> str:
    """What a fix answers: `Answers Weekend phone desk closed: Over the limit`; empty where it is none."""
    if change.responds_to is None:
        return ""
    titles = {c.id: c.title for c in changes}
    verdict = verdicts.get(change.responds_to)
    if title := titles.get(change.responds_to, ""):
        return f"Answers {title}" + (f": {screen(verdict, titles=titles)[0]}" if verdict else "")
    known = any(i.id == change.responds_to for i in incidents)
    return f"Answers {'incident ' if known else ''}{change.responds_to}"


def ended_at(change: Change | None, incident: Incident | None) -> datetime | None:
    """When what a response is about was over: a change taken back, or an incident that ended."""
    return change.ends if change is not None else incident.ended_at if incident is not None else None
