"""A brief as of a day of the past: worked out anew from the figures that were known then, and from nothing later."""

from dataclasses import replace
from datetime import UTC, datetime

from cxmon.config.plan import Plan
from cxmon.errors import ActionError
from cxmon.model import Declared, Incident, IncidentState, Step
from cxmon.pipeline.aim import aim
from cxmon.pipeline.judge import Depth, Progress, judge
from cxmon.pipeline.replay_known import RECENT, hearsay
from cxmon.store import Catalogue, Overlay, Store
from cxmon.store.briefing import QUARTER, assembled
from cxmon.wording.briefing import Briefing


def briefing_of(
    plan: Plan, store: Store, *, as_of: datetime, since: datetime | None = None, progress: Progress | None = None
) -> Briefing:
    """The brief that could have been written at `as_of`; `store` may be read-only.

    Verdicts, price, allowance and targets are judged anew; what was said, answered and lasting by then comes from the
    store. ActionError where nothing had been collected by then.
    """
    overlay = Overlay.over(store, plan.metrics.values())
    overlay.advance(as_of)
    if not any(overlay.leaves(metric) for metric in plan.metrics.values()):
        raise ActionError(f"nothing was known yet on {as_of:%Y-%m-%d}: expected a later day")
    overlay.catalogue.save(Catalogue(title=plan.title, zone=plan.zone, metrics=tuple(plan.metrics.values())))
    known = hearsay(plan, store, in_time=False, ours=True)
    known.changes = [_then(d, as_of) for d in known.changes]
    known.tell(overlay, as_of)
    # The registry says what is declared when; the plan must not declare it again.
    bare = replace(plan, changes=(), silences=())
    verdicts = judge(bare, overlay, now=as_of, depth=Depth.EVERYONE, progress=progress)
    aim(bare, overlay, now=as_of)
    return assembled(
        overlay, store, {v.change: v for v in verdicts}, metrics=plan.metrics, title=plan.title, zone=plan.zone,
        as_of=as_of, since=since or as_of - QUARTER, incidents=_lasting(store, as_of), again=True,
    )  # fmt: skip


def _then(declared: Declared, as_of: datetime) -> Declared:
    """A change as it was declared by then: an end that was set later is not known, nor is any later edit told.

    What else an edit may change (title, owner, saving, note) stands as it does now: the registry keeps no older text.
    """
    edits = tuple(edit for edit in declared.edits if _stamped(edit) <= as_of)
    later = [edit for edit in declared.edits if edit not in edits]
    ends = None if any(": ends " in edit for edit in later) else declared.change.ends
    return replace(declared, edits=edits, change=replace(declared.change, ends=ends))


def _stamped(edit: str) -> datetime:
    """When an edit was made: each begins with its minute."""
    return datetime.strptime(edit[:16], "%Y-%m-%d %H:%M").replace(tzinfo=UTC)


def _lasting(store: Store, as_of: datetime) -> list[Incident]:
    """The incidents that were open then, in the state of then."""
    found = []
    for incident in store.incidents.recent(RECENT):
        steps = [t for t in store.incidents.history(incident.id) if t.at <= as_of]
        last = next((t.step for t in reversed(steps) if t.step in _STATES), None)
        if last is not None and _STATES[last] is not IncidentState.ENDED:
            found.append(replace(incident, state=_STATES[last]))
    return sorted(found, key=lambda i: (i.opened_at, i.id))


_STATES = {
    Step.OPENED: IncidentState.OPEN,
    Step.ACKNOWLEDGED: IncidentState.ACKNOWLEDGED,
    Step.ENDED: IncidentState.ENDED,
    Step.REOPENED: IncidentState.OPEN,
}
