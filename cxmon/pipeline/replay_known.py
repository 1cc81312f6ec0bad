"""What people had said by a day of the past: changes declared, incidents acknowledged, assigned and noted, decisions
taken."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from cxmon import actions
from cxmon.actions.by_hand import do_again
from cxmon.config.plan import Plan
from cxmon.errors import ActionError
from cxmon.incidents import Reason
from cxmon.model import Change, Declared, LeftOut, Response, Step
from cxmon.store import Overlay, Store
from cxmon.wording import by_hand

RECENT = 100_000
DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Said:
    """One thing that somebody did by hand: a response, or a step of an incident and what was said with it."""

    at: datetime
    response: Response | None = None
    incident: str = ""
    step: Step = Step.NOTED
    text: str = ""
    by: str = ""
    why: str = ""
    left_out: LeftOut | None = None


@dataclass(kw_only=True)
class Hearsay:
    """All of it in order of time; `tell` passes on what is known by a moment, once. `early` was said since the last
    look of what this one may find: live had looked in between."""

    changes: list[Declared]
    said: list[Said]
    never: tuple[Change, ...]
    early: list[Said] = field(default_factory=list)

    def tell(self, store: Overlay, now: datetime) -> None:
        while self.changes and self.changes[0].declared_at <= now:
            store.changes.adopt(self.changes.pop(0))
        while self.said and self.said[0].at <= now:
            one = self.said.pop(0)
            if not _again(store, one):
                self.early.append(one)

    def tell_late(self, store: Overlay, now: datetime) -> None:
        """After a look: what was said before it of an incident that it found is done now."""
        for one in self.early:
            _again(store, replace(one, at=now, response=one.response and replace(one.response, at=now)))
        self.early.clear()

    @property
    def next(self) -> datetime | None:
        """When somebody next says something."""
        return self.said[0].at if self.said else None


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
        said=sorted([*_responses(store), *_by_hand(store), *_marked(store), *_left_out(store)], key=lambda s: s.at),
        never=tuple(only),
    )


def _declared(change: Change, at: datetime) -> Declared:
    return Declared(change=change, declared_at=at, origin="yaml", frozen_hash=change.declared_hash, frozen_at=at)


def _as_asked(declared: Declared, asked: Change) -> Declared:
    return replace(_declared(asked, declared.declared_at), origin=declared.origin)


def _responses(store: Store) -> list[Said]:
    return [Said(at=r.at, response=r) for r in store.changes.responses()]


# What people did that is done again by its words; marks and days that were left out are done again by what they hold.
_SAID = (Step.ACKNOWLEDGED, Step.ASSIGNED, Step.REMARKED, Step.SILENCED)


def _by_hand(store: Store) -> list[Said]:
    return [
        Said(at=t.at, incident=i.id, step=t.step, text=t.reason.partition(": ")[2])
        for i in store.incidents.recent(RECENT)
        for t in store.incidents.history(i.id)
        if t.step in _SAID
    ]


def _marked(store: Store) -> list[Said]:
    """Marks as not real, and those that were taken back."""
    names = (f"{Reason.NOT_REAL.value}: ", f"{Step.MARKED.value}: ", f"{Step.UNMARKED.value}: ")
    found = []
    for incident in store.incidents.recent(RECENT):
        for t in store.incidents.history(incident.id):
            known = by_hand.mark(t.reason.partition(": ")[2]) if t.reason.startswith(names) else None
            if known is not None:
                by, why, back = known
                step = Step.UNMARKED if back else Step.MARKED
                found.append(Said(at=t.at, incident=incident.id, by=by, why=why, step=step))
    return found


def _left_out(store: Store) -> list[Said]:
    return [Said(at=one.at, incident=one.incident, step=Step.LEFT_OUT, left_out=one) for one in store.left_out.all()]


def _again(store: Overlay, said: Said) -> bool:
    """False where it is said of an incident that there is not, or not any more, under these settings."""
    if said.left_out is not None:
        # The days are left out whether or not the incident is there from which that was said.
        store.left_out.put(said.left_out)
    try:
        if said.response is not None:
            actions.respond(store, said.response)
        elif (one := said.left_out) is not None:
            actions.leave_out(
                store, said.incident, since=one.since, until=one.until, by=one.by, why=one.why, now=said.at
            )
        elif said.step in {Step.MARKED, Step.UNMARKED}:
            act = actions.mark_not_real if said.step is Step.MARKED else actions.take_mark_back
            act(store, said.incident, by=said.by, why=said.why, now=said.at)
        elif said.step is Step.ACKNOWLEDGED:
            actions.acknowledge(store, said.incident, by=said.text.removesuffix(" is on it"), now=said.at)
        else:
            do_again(store, said.incident, said.step, said.text, now=said.at)
    except ActionError:
        return False
    return True


def unheard(told: Hearsay, until: datetime) -> Sequence[Change]:
    """The changes that began by `until` and of which nobody had heard by then."""
    return [*told.never, *(d.change for d in told.changes if d.change.starts <= until)]
