"""How things stand: what was decided and what came of it, what is open, where targets stand, how old the data are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cxmon import wording
from cxmon.config.plan import Plan
from cxmon.model import (
    CHANGES,
    EVERYONE,
    GRAVITY,
    RED,
    AllowanceCode,
    AllowanceUse,
    Change,
    Course,
    Declared,
    Incident,
    Verdict,
)
from cxmon.store import Store
from cxmon.wording import collected
from cxmon.wording.targets import aimed_at, chance, course, ordered

NONE_OPEN = "No incident is open."
NONE_JUDGED = "No declared change has been judged yet."

OVER = frozenset({Course.MET, Course.MISSED})
BEHIND = frozenset({Course.MISSED, Course.WILL_MISS})


@dataclass(frozen=True, kw_only=True)
class Item:
    """Texts that stand or fall together, the first one at their head; the smallest rank is told first."""

    rank: int
    texts: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Group:
    """Items under a heading, in the order in which they are shown; `more` names the command that says more."""

    heading: str
    items: Sequence[Item]
    more: str = ""


def standing(plan: Plan, store: Store, *, now: datetime) -> tuple[Group, ...]:
    """Everything as of `now`; who shows it chooses by rank what there is room for."""
    judged, drafts = decided(store)
    decisions = [_decision(plan, store, verdict, declared, now) for verdict, declared in judged]
    if drafts or not judged:
        decisions.append(Item(rank=4, texts=(drafts or NONE_JUDGED,)))
    return (
        Group(heading="", items=decisions),
        Group(heading="Open incidents", items=_incidents(plan, store)),
        Group(heading="Harm allowance of the year", items=_allowances(plan, store), more="cxmon allowance"),
        Group(heading="Targets", items=_targets(plan, store), more="cxmon targets"),
    )


def decided(store: Store) -> tuple[list[tuple[Verdict, Declared]], str]:
    """(the judged decisions, the gravest first; what is still a draft, in words or empty)."""
    declared = {d.change.id: d for d in store.changes.all()}
    judged = sorted(
        ((v, declared[v.change]) for v in store.verdicts.all_latest().values() if v.change in declared),
        key=lambda pair: (GRAVITY.index(pair[0].code), pair[1].change.starts),
    )
    return judged, wording.drafts_standing(list(declared.values()))


def uses(plan: Plan, store: Store) -> list[AllowanceUse]:
    return [use for m, use in store.allowances.latest().items() if m in plan.allowance.amounts]


def allowed(plan: Plan, use: AllowanceUse) -> str:
    """The answer for one metric, with its code."""
    return f"{wording.allowance_headline(use, plan.metrics[use.metric], plan.zone)} ({use.code})"


def answered(plan: Plan, store: Store, change: Change, now: datetime) -> list[str]:
    """What was decided about it, which fix answers it, and what it answers itself."""
    known, verdicts = [d.change for d in store.changes.all()], store.verdicts.all_latest()
    said = wording.answers(
        change.id, store.changes.responses(change.id), known, now=now, ended=change.ends, zone=plan.zone
    )
    fixes = wording.fixes(change.id, known, verdicts, now=now, zone=plan.zone)
    return [line for line in (wording.answers_to(change, known, verdicts), *said, *fixes) if line]


def lasting(plan: Plan, store: Store, incident: Incident) -> str:
    """`CSAT, phone · eu (watch), since 5 Oct, open`."""
    since = wording.day(incident.since or incident.opened_at, plan.zone)
    return f"{title(incident, store)}, since {since}, {incident.state}"


def title(incident: Incident, store: Store) -> str:
    """`CSAT, phone · eu (watch)` or the title of the change."""
    if incident.check == "verdict":
        declared = store.changes.get(incident.subject)
        return f"{declared.change.title if declared else incident.subject} (verdict)"
    catalogue = store.catalogue.load()
    labels = {m.id: m.label for m in catalogue.metrics} if catalogue else {}
    where = f", {incident.root.label}" if incident.root != EVERYONE else ""
    more = wording.more_segments(len(incident.members) - 1)
    return f"{labels.get(incident.subject, incident.subject)}{where}{more} ({incident.check})"


def data(store: Store) -> list[str]:
    """What could not be collected or delivered, and how much was."""
    runs, measured = store.runs.latest().values(), store.observations.measured()
    return collected.lines(runs, measured, store.outbox.blocked(), unread_changes(store))


def unread_changes(store: Store) -> list[tuple[str, str]]:
    """The lists of changes that could not be read the last time, with why."""
    feeds = [pulls[-1] for (_, part), pulls in sorted(store.pulls.lately().items()) if part == CHANGES]
    return [(p.source, p.error) for p in feeds if not p.ok]


def _decision(plan: Plan, store: Store, verdict: Verdict, declared: Declared, now: datetime) -> Item:
    """What is said of it, and which answer to it is due or overdue; of a red one what it costs and what was done."""
    change, red = declared.change, verdict.code in RED
    said = verdict.story[0] if verdict.story else str(verdict.code)
    texts = [f"{change.title} ({change.id}): {said}"]
    if verdict.headline and not verdict.headline.startswith(change.title):
        texts.append(verdict.headline)
    if red and verdict.price is not None:
        texts.append(f"Price: {wording.price_line(verdict.price)}")
    late = [] if red else _late(plan, store, change, now)
    texts += answered(plan, store, change, now) if red else late
    return Item(rank=0 if red else 2 if late else 3, texts=tuple(texts))


def _late(plan: Plan, store: Store, change: Change, now: datetime) -> list[str]:
    """What was promised about a change and is due or overdue."""
    said = store.changes.responses(change.id)
    known = [d.change for d in store.changes.all()] if said else []
    return wording.answers(change.id, said, known, now=now, ended=change.ends, zone=plan.zone, late=True)


def _incidents(plan: Plan, store: Store) -> list[Item]:
    # What a verdict's incident says is told with its decision already.
    found = [
        Item(rank=5 if one.check == "verdict" else 1, texts=(f"- {lasting(plan, store, one)}: cxmon why {one.id}",))
        for one in store.incidents.open()
    ]
    return found or [Item(rank=4, texts=(NONE_OPEN,))]


def _allowances(plan: Plan, store: Store) -> list[Item]:
    return [
        Item(rank=1 if use.code is AllowanceCode.EXCEEDED else 2, texts=(allowed(plan, use),))
        for use in uses(plan, store)
    ]


def _targets(plan: Plan, store: Store) -> list[Item]:
    """A line each, without range and pace."""
    found = []
    for one in ordered(store.targets.all(), plan.metrics):
        metric = plan.metrics[one.target.metric]
        beside = one.reason or ("" if one.course in OVER else chance(one))
        text = f"{aimed_at(one, metric, plan.zone)}: {course(one.course)[0]} ({one.course})"
        found.append(Item(rank=2 if one.course in BEHIND else 4, texts=(f"{text}, {beside}" if beside else text,)))
    return found
