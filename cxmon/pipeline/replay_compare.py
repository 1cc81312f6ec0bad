"""Two replays of one period side by side: what only one of them tells, and what they tell on different days. Pure."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from cxmon.pipeline.replay import Alert, Replayed


@dataclass(frozen=True, kw_only=True)
class Moved:
    """The same news in both, on another day or in another channel."""

    ours: Alert
    theirs: Alert


@dataclass(frozen=True, kw_only=True)
class Compared:
    """What differs between two replays, each in order of time; `same` counts what does not."""

    only_ours: tuple[Alert, ...]
    only_theirs: tuple[Alert, ...]
    moved: tuple[Moved, ...]
    same: int


def compare(ours: Replayed, theirs: Replayed) -> Compared:
    """News of one story are paired in order: the second time that something opens belongs to the other's second."""
    one, two = _by_news(ours.alerts), _by_news(theirs.alerts)
    only_ours: list[Alert] = []
    only_theirs: list[Alert] = []
    moved: list[Moved] = []
    same = 0
    for news in one.keys() | two.keys():
        mine, other = one.get(news, []), two.get(news, [])
        for a, b in zip(mine, other, strict=False):
            if (a.at, a.channel) == (b.at, b.channel):
                same += 1
            else:
                moved.append(Moved(ours=a, theirs=b))
        only_ours += mine[len(other) :]
        only_theirs += other[len(mine) :]
    return Compared(
        only_ours=tuple(sorted(only_ours, key=_order)),
        only_theirs=tuple(sorted(only_theirs, key=_order)),
        moved=tuple(sorted(moved, key=lambda m: _order(m.ours))),
        same=same,
    )


def _by_news(alerts: Sequence[Alert]) -> dict[tuple[str, str], list[Alert]]:
    found: dict[tuple[str, str], list[Alert]] = defaultdict(list)
    for alert in alerts:
        found[alert.story, alert.step].append(alert)
    return found


def _order(alert: Alert) -> tuple[object, ...]:
    return alert.at, alert.story, alert.step, alert.channel
