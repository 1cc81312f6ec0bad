"""The state of things on one screen of the terminal: the gravest first, and how to see the rest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cxmon import wording
from cxmon.cli.common import broken, say
from cxmon.config.plan import Plan
from cxmon.pipeline.standing import Group, data, standing
from cxmon.store import Store

LINES = 40
REST = "`cxmon status --all` says all, `cxmon change show ID` one decision, `cxmon why ID` one incident."


@dataclass(frozen=True, kw_only=True)
class Entry:
    """Lines that stand or fall together; the smallest rank is kept first."""

    rank: int
    lines: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Part:
    """Entries under a heading, in the order in which they are shown."""

    heading: str
    entries: Sequence[Entry]


def glance(plan: Plan, store: Store, *, now: datetime) -> None:
    """Print what matters most as of `now` on at most one screen."""
    parts = [_part(group) for group in standing(plan, store, now=now)]
    told = [line for text in data(store) for line in broken(text, "  ")]
    say(f"{plan.title} · as of {wording.stamp(now, plan.zone)}")
    # The first line, the data with a blank line before them, and the last line have their place.
    for line in (*fitted(parts, LINES - len(told) - 3), "", *told, f"  {REST}"):
        say(line)


def fitted(parts: Sequence[Part], room: int) -> list[str]:
    """The lines of as many entries as fit into `room` lines, by rank; of the others it is told how many there are.

    The first entry of all is told whatever its length. Where one does not fit, nothing of less weight is told instead.
    """
    kept: list[set[int]] = [set() for _ in parts]
    for _, p, i in sorted((e.rank, p, i) for p, part in enumerate(parts) for i, e in enumerate(part.entries)):
        kept[p].add(i)
        if len(_lines(parts, kept)) > room and sum(map(len, kept)) > 1:
            kept[p].remove(i)
            break
    return _lines(parts, kept)


def _lines(parts: Sequence[Part], kept: Sequence[set[int]]) -> list[str]:
    found: list[str] = []
    for part, mine in zip(parts, kept, strict=True):
        if not part.entries:
            continue
        left = len(part.entries) - len(mine)
        found += ["", f"  {part.heading}"] if part.heading else [""]
        found += [line for i, entry in enumerate(part.entries) if i in mine for line in entry.lines]
        found += [f"    {left} more, not shown" if mine else f"    {left} in all, none shown"] if left else []
    return found


def _part(group: Group) -> Part:
    """Its texts broken into lines: the head of an item first, what belongs to it further in."""
    more = f" (`{group.more}` says more)" if group.more else ""
    margin = "    " if group.heading else "  "
    entries = [
        Entry(
            rank=item.rank,
            lines=tuple(
                line for i, text in enumerate(item.texts) for line in broken(text, margin + ("  " if i else ""))
            ),
        )
        for item in group.items
    ]
    return Part(heading=group.heading + more, entries=entries)
