"""Two replays of one period side by side: the messages that only one of them sends, and those that differ. Pure."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from cxmon.pipeline.replay import Alert, Piece, Replayed

# One piece of news as it reached a channel: the how-manieth of its sort.
_Heard = tuple[Piece, int]


@dataclass(frozen=True, kw_only=True)
class Moved:
    """A message of which the other tells the same news on another day, in another channel or in other company: in
    `theirs`, in order of time."""

    ours: Alert
    theirs: tuple[Alert, ...]


@dataclass(frozen=True, kw_only=True)
class Compared:
    """What differs between two replays, each in order of time; `same` counts the messages that do not."""

    only_ours: tuple[Alert, ...]
    only_theirs: tuple[Alert, ...]
    moved: tuple[Moved, ...]
    same: int


def compare(ours: Replayed, theirs: Replayed) -> Compared:
    """News of one story are paired in order: the second time that something opens belongs to the other's second. A
    message is only in one of them where the other has none of its news."""
    mine, others = _heard(ours.alerts), _heard(theirs.alerts)
    where = {heard: alert for alert, found in others for heard in found}
    known = {heard for _, found in mine for heard in found}
    told = {id(alert): found for alert, found in others}
    only_ours: list[Alert] = []
    moved: list[Moved] = []
    same = 0
    for alert, found in mine:
        partners = {id(where[heard]): where[heard] for heard in found if heard in where}
        if not partners:
            only_ours.append(alert)
        elif any(_alike(alert, other) and told[key] == found for key, other in partners.items()):
            same += 1
        else:
            moved.append(Moved(ours=alert, theirs=tuple(sorted(partners.values(), key=_order))))
    return Compared(
        only_ours=tuple(sorted(only_ours, key=_order)),
        only_theirs=tuple(sorted((a for a, found in others if not known & found), key=_order)),
        moved=tuple(sorted(moved, key=lambda m: _order(m.ours))),
        same=same,
    )


def _heard(alerts: Sequence[Alert]) -> list[tuple[Alert, frozenset[_Heard]]]:
    counts: dict[Piece, int] = defaultdict(int)
    found = []
    for alert in alerts:
        for piece in alert.pieces:
            counts[piece] += 1
        found.append((alert, frozenset((piece, counts[piece]) for piece in alert.pieces)))
    return found


def _alike(one: Alert, other: Alert) -> bool:
    return (one.at, one.channel) == (other.at, other.channel)


def _order(alert: Alert) -> tuple[object, ...]:
    return alert.at, alert.story, alert.step, alert.channel
