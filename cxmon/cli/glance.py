"""The state of things on one screen of the terminal: the gravest first, and how to see the rest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cxmon import wording
from cxmon.cli import story
from cxmon.cli.common import broken, say
from cxmon.config.plan import Plan
from cxmon.model import RED, AllowanceCode, Course, Declared, Verdict
from cxmon.store import Store
from cxmon.wording.targets import aimed_at, chance, course, ordered

LINES = 40
REST = "`cxmon status --all` says all, `cxmon change show ID` one decision, `cxmon why ID` one incident."

OVER = frozenset({Course.MET, Course.MISSED})
BEHIND = frozenset({Course.MISSED, Course.WILL_MISS})


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
    judged, drafts = story.decided(store)
    decisions = [_decision(plan, store, verdict, declared, now) for verdict, declared in judged]
    if drafts or not judged:
        decisions.append(Entry(rank=4, lines=broken(drafts or story.NONE_JUDGED, "  ")))
    parts = (
        Part(heading="", entries=decisions),
        Part(heading="Open incidents", entries=_incidents(plan, store)),
        Part(heading="Harm allowance of the year (`cxmon allowance` says more)", entries=_allowances(plan, store)),
        Part(heading="Targets (`cxmon targets` says more)", entries=_targets(plan, store)),
    )
    data = [line for text in story.data(store) for line in broken(text, "  ")]
    say(f"{plan.title} · as of {wording.stamp(now, plan.zone)}")
    # The first line, the data with a blank line before them, and the last line have their place.
    for line in (*fitted(parts, LINES - len(data) - 3), "", *data, f"  {REST}"):
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
        found += [f"    {left} more, not shown"] if left else []
    return found


def _decision(plan: Plan, store: Store, verdict: Verdict, declared: Declared, now: datetime) -> Entry:
    """What is said of it; of a red one what it costs and what was done about it too."""
    change, red = declared.change, verdict.code in RED
    said = verdict.story[0] if verdict.story else str(verdict.code)
    lines = [*broken(f"{change.title} ({change.id}): {said}", "  ")]
    if verdict.headline and not verdict.headline.startswith(change.title):
        lines += broken(verdict.headline, "    ")
    if red and verdict.price is not None:
        lines += broken(f"Price: {wording.price_line(verdict.price)}", "    ")
    if red:
        lines += [line for text in story.answered(plan, store, change, now) for line in broken(text, "    ")]
    return Entry(rank=0 if red else 3, lines=tuple(lines))


def _incidents(plan: Plan, store: Store) -> list[Entry]:
    found = [
        Entry(rank=1, lines=broken(f"- {story.lasting(plan, store, one)}: cxmon why {one.id}", "    "))
        for one in store.incidents.open()
    ]
    return found or [Entry(rank=4, lines=(f"    {story.NONE_OPEN}",))]


def _allowances(plan: Plan, store: Store) -> list[Entry]:
    return [
        Entry(rank=1 if use.code is AllowanceCode.EXCEEDED else 2, lines=broken(story.allowed(plan, use), "    "))
        for use in story.uses(plan, store)
    ]


def _targets(plan: Plan, store: Store) -> list[Entry]:
    """A line each, without range and pace."""
    found = []
    for one in ordered(store.targets.all(), plan.metrics):
        metric = plan.metrics[one.target.metric]
        beside = one.reason or ("" if one.course in OVER else chance(one))
        text = f"{aimed_at(one, metric, plan.zone)}: {course(one.course)[0]} ({one.course})"
        line = f"{text}, {beside}" if beside else text
        found.append(Entry(rank=2 if one.course in BEHIND else 4, lines=broken(line, "    ")))
    return found
