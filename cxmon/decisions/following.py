"""How a response stands: whether what was decided is done, not due yet, due, or overdue. Pure: `now` is an argument."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cxmon.model import Change, Decision, Response, Status

# What is due on a day is due until that day is over.
A_DAY = timedelta(days=1)
# Nothing is to be done about what stays as it is, so a day with it is one of looking again; an answer then replaces it.
STAYS = frozenset({Decision.KEEP, Decision.ACCEPT})


class Standing(StrEnum):
    NO_DATE = "no_date"
    REPLACED = "replaced"
    DONE = "done"
    AHEAD = "ahead"
    DUE = "due"
    OVERDUE = "overdue"


@dataclass(frozen=True, kw_only=True)
class Followed:
    """Where a response stands, and why; `fix` is the id of the change that carried it out, where one did."""

    standing: Standing
    reason: str
    fix: str = ""

    @property
    def reminds(self) -> bool:
        return self.standing in {Standing.DUE, Standing.OVERDUE}


def followed(
    response: Response,
    *,
    now: datetime,
    others: Iterable[Response] = (),
    changes: Iterable[Change] = (),
    ended: datetime | None = None,
) -> Followed:
    """Where `response` stands at `now`.

    `others` are all responses: a later one on the same subject replaces it. `changes` are all declared ones: a live fix
    that answers the subject and has begun since carries it out. `ended`: when the subject was taken back, or the
    incident was over; what is over needs nothing more.
    """
    later = [r for r in others if r.subject == response.subject and response.at < r.at <= now]
    if later:
        newest = max(later, key=lambda r: r.at)
        return Followed(standing=Standing.REPLACED, reason=f"answered again by {newest.by}: {newest.decision}")
    fix = next(
        (c for c in fixes_of(response.subject, changes) if response.at <= c.starts <= now),
        None,
    )
    if fix is not None:
        return Followed(standing=Standing.DONE, reason=f"{fix.title} has begun", fix=fix.id)
    if ended is not None and ended <= now:
        return Followed(standing=Standing.DONE, reason="what it is about has ended")
    if response.due is None:
        return Followed(standing=Standing.NO_DATE, reason="no date was set")
    if now < response.due:
        return Followed(standing=Standing.AHEAD, reason="not due yet")
    if now < response.due + A_DAY:
        return Followed(standing=Standing.DUE, reason=f"due today, and {_missing(response)}")
    days = (now - response.due) // A_DAY
    return Followed(
        standing=Standing.OVERDUE,
        reason=f"overdue by {days} {'day' if days == 1 else 'days'}, and {_missing(response)}",
    )


def _missing(response: Response) -> str:
    """What would have ended the waiting."""
    return "not answered again" if response.decision in STAYS else "no fix has begun"


def fixes_of(subject: str, changes: Iterable[Change]) -> Sequence[Change]:
    """The live changes that answer `subject`, a change or an incident, by start."""
    found = [c for c in changes if c.responds_to == subject and c.status is Status.LIVE]
    return sorted(found, key=lambda c: (c.starts, c.id))
