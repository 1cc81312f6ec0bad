"""What people had said by a day of the past: changes declared, incidents acknowledged, decisions taken."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cxmon import actions
from cxmon.config.plan import Plan
from cxmon.errors import ActionError
from cxmon.incidents import Reason
from cxmon.model import Change, Declared, Response, Step
from cxmon.store import Overlay, Store

RECENT = 100_000
DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Said:
    """One thing that somebody did by hand: a response, or what else they did about an incident, by its step."""

    at: datetime
    response: Response | None = None
    incident: str = ""
    by: str = ""
    why: str = ""
    step: Step = Step.ACKNOWLEDGED


@dataclass(kw_only=True)
class Hearsay:
    """All of it in order of time; `tell` passes on what is known by a moment, once."""

    changes: list[Declared]
    said: list[Said]
    never: tuple[Change, ...]

    def tell(self, store: Overlay, now: datetime) -> None:
        while self.changes and self.changes[0].declared_at <= now:
            store.changes.adopt(self.changes.pop(0))
        while self.said and self.said[0].at <= now:
            _again(store, self.said.pop(0))


def hearsay(plan: Plan, store: Store, *, in_time: bool, ours: bool) -> Hearsay:
    """What the registry holds. `ours`: it counts as the registry froze it; else as this plan has it, from the day on
    which the registry heard of it. `in_time`: every change as if declared the day before it starts, those too of which
    only the plan knows; without it those were never known."""
    registered = {d.change.id: d for d in store.changes.all()}
    planned = {c.id: c for c in plan.changes}
    found = []
    for id_, declared in registered.items():
        asked = planned.get(id_)
        found.append(declared if ours or asked is None else _as_asked(declared, asked))
    only = [c for id_, c in planned.items() if id_ not in registered]
    if in_time:
        found = [replace(d, declared_at=min(d.declared_at, d.change.starts - DAY)) for d in found]
        found += [_declared(c, c.starts - DAY) for c in only]
        only = []
    return Hearsay(
        changes=sorted(found, key=lambda d: (d.declared_at, d.change.starts, d.change.id)),
        said=sorted([*_responses(store), *_acknowledged(store), *_marked(store)], key=lambda s: s.at),
        never=tuple(only),
    )


def _declared(change: Change, at: datetime) -> Declared:
    return Declared(change=change, declared_at=at, origin="yaml", frozen_hash=change.declared_hash, frozen_at=at)


def _as_asked(declared: Declared, asked: Change) -> Declared:
    return replace(_declared(asked, declared.declared_at), origin=declared.origin)


def _responses(store: Store) -> list[Said]:
    return [Said(at=r.at, response=r) for r in store.changes.responses()]


def _acknowledged(store: Store) -> list[Said]:
    head = f"{Reason.ACKNOWLEDGED.value}: "
    return [
        Said(at=t.at, incident=i.id, by=t.reason.removeprefix(head).removesuffix(" is on it"))
        for i in store.incidents.recent(RECENT)
        for t in store.incidents.history(i.id)
        if t.step is Step.ACKNOWLEDGED
    ]


def _marked(store: Store) -> list[Said]:
    """The marks that hold today: those that were taken back were a mistake, and what the figures overruled would be
    overruled again."""
    marks = [(i.id, i.not_real) for i in store.incidents.recent(RECENT) if i.not_real is not None]
    return [Said(at=m.at, incident=id_, by=m.by, why=m.why, step=Step.MARKED) for id_, m in marks]


def _again(store: Overlay, said: Said) -> None:
    """What was said of an incident that there is not, or not any more, under these settings says nothing."""
    try:
        if said.response is not None:
            actions.respond(store, said.response)
        elif said.step is Step.MARKED:
            actions.mark_not_real(store, said.incident, by=said.by, why=said.why, now=said.at)
        else:
            actions.acknowledge(store, said.incident, by=said.by, now=said.at)
    except ActionError:
        return


def unheard(told: Hearsay, until: datetime) -> Sequence[Change]:
    """The changes that began by `until` and of which nobody had heard by then."""
    return [*told.never, *(d.change for d in told.changes if d.change.starts <= until)]
