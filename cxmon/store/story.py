"""What the store knows of one change, read together as one value to be told."""

from collections.abc import Mapping

from cxmon.decisions.versions import versions
from cxmon.errors import StoreError
from cxmon.model import Metric
from cxmon.store.facade import Store
from cxmon.wording.whole import Whole

VERDICT = "verdict"


def whole(store: Store, change: str, metrics: Mapping[str, Metric], zone: str) -> Whole:
    """The declaration, every version of the verdict, what happened to its incidents and what was decided, also about
    those. StoreError where the change is not declared."""
    declared = store.changes.get(change)
    if declared is None:
        raise StoreError(f"change {change!r} is not in the registry")
    history = store.verdicts.history(change)
    incidents = [i for i in reversed(store.incidents.recent(1000)) if (i.check, i.subject) == (VERDICT, change)]
    subjects = [change, *(i.id for i in incidents)]
    return Whole(
        declared=declared,
        history=history,
        versions=versions(history, declared.edits),
        responses=sorted((r for s in subjects for r in store.changes.responses(s)), key=lambda r: r.at),
        steps=[step for i in incidents for step in store.incidents.history(i.id)],
        metrics=metrics,
        zone=zone,
        signed=store.audit.all(change),
        titles={d.change.id: d.change.title for d in store.changes.all()},
    )
