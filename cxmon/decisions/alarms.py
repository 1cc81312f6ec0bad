"""What became of the alerts of a time: told, marked as not real, taken up, gone by themselves. Pure."""

from collections.abc import Container, Iterable, Sequence
from datetime import UTC, datetime, timedelta

from cxmon.model import AlarmQuarter, Ending, Incident, IncidentState

QUARTERS = 5
# What these find says nothing about customers, or is told by a decision's verdict.
_APART = frozenset({"verdict", "allowance", "source", "data", "error"})


def quarter(now: datetime) -> datetime:
    """The beginning (UTC) of the quarter that `now` lies in."""
    at = now.astimezone(UTC)
    return datetime(at.year, at.month - (at.month - 1) % 3, 1, tzinfo=UTC)


def quarters(
    told: Sequence[Incident], answered: Container[str], watches: Container[str], *, first_look: datetime, now: datetime
) -> tuple[AlarmQuarter, ...]:
    """The newest quarters in which anybody looked, the running one first. `told` are incidents that reached a channel,
    `answered` those that somebody responded to, `watches` the checks that the alarm budget is for."""
    begins = [quarter(now)]
    # Before the first look nothing could be told.
    while len(begins) < QUARTERS and first_look < begins[-1]:
        begins.append(quarter(begins[-1] - timedelta(days=1)))
    ends = [now, *begins]
    # An incident of this very moment is of the running quarter.
    return tuple(
        span(told, answered, watches, since=begin, until=end, whole=i == 0)
        for i, (begin, end) in enumerate(zip(begins, ends, strict=False))
    )


def span(
    told: Iterable[Incident],
    answered: Container[str],
    watches: Container[str],
    *,
    since: datetime,
    until: datetime,
    whole: bool = True,
) -> AlarmQuarter:
    """The alerts that opened from `since` to `until`, this moment included where `whole`."""
    every = [i for i in told if i.state is not IncidentState.PENDING and i.check not in _APART]
    mine = [i for i in every if since <= i.opened_at < until or (whole and i.opened_at == until)]
    watched = [i for i in mine if i.check in watches]
    others = [i for i in mine if i.check not in watches]
    unmarked = [i for i in watched if i.not_real is None]
    taken = [i for i in unmarked if i.acknowledged_by or i.ending is Ending.ACCEPTED or i.id in answered]
    gone = [i for i in unmarked if i.state is IncidentState.ENDED and i not in taken]
    late = [i for i in every if i.opened_at < since and i.not_real is not None and since <= i.not_real.at <= until]
    return AlarmQuarter(
        begins=since, ends=until, told=len(watched), taken_up=len(taken), gone=len(gone),
        marked=len(watched) - len(unmarked), others=len(others),
        others_marked=sum(i.not_real is not None for i in others), marked_late=len(late),
    )  # fmt: skip
