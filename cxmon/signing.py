"""What a signed-in person does: the rule is asked first, the store is opened for what it allows, and the trail is kept.

`actions` says what is done; this says who may do it. Command line and configuration need no sign-in: whoever runs them
holds the store itself.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from cxmon import actions
from cxmon.decisions import proposals
from cxmon.errors import ActionError, CxmonError
from cxmon.model import Change, Declared, Outcome, Refused, Signed, Status, may
from cxmon.store import Store

T = TypeVar("T")


def sign(opened: Callable[[], Store], signed: Signed, do: Callable[[Store], T]) -> T:
    """Runs `do` on a store that may be written, for an act that the role allows.

    The trail has the act before anything is changed, and how it came out after. ActionError where the role does not
    allow it, where nobody is named, or where `by` or `why` is empty; whatever `do` raises is raised on.
    """
    verdict = may(signed.role, signed.act)
    if isinstance(verdict, Refused):
        raise ActionError(verdict.reason)
    missing = [name for name in ("who", "by", "why") if not getattr(signed, name).strip()]
    if missing:
        said = {"who": "nobody is signed in", "by": "no role or department is named", "why": "no reason is given"}
        raise ActionError(f"{said[missing[0]]}: an act that changes something carries who, for whom, and why")
    if "@" in signed.by:
        raise ActionError(f"by is an address ({signed.by.strip()}): name a role or department, not a person")
    with opened() as store:
        store.audit.put(signed)
        try:
            result = do(store)
        except CxmonError as error:
            store.audit.put(replace(signed, outcome=Outcome.FAILED, reason=str(error)))
            raise
        store.audit.put(replace(signed, outcome=Outcome.DONE))
    return result


def declare_new(store: Store, change: Change, *, now: datetime, origin: str) -> Declared:
    """Declares a change as it is. ActionError where the id is taken, perhaps by somebody who was quicker with the same
    title: a new declaration replaces nothing. The same at the same moment is once."""
    found = store.changes.get(change.id)
    same = found is not None and found.change.declared_hash == change.declared_hash
    if found is not None and same and (found.declared_at, found.origin) == (now, origin):
        return found
    if found is not None:
        raise ActionError(f"there is a change {change.id} already: choose another title")
    return actions.declare(store, change, now=now, origin=origin)


def propose(store: Store, change: Change, *, now: datetime, origin: str) -> Declared:
    """Writes a new draft down, whatever the change says of itself. ActionError as of `declare_new`."""
    return declare_new(store, replace(change, status=Status.DRAFT), now=now, origin=origin)


def put_live(store: Store, change: Change, *, now: datetime, origin: str) -> Declared:
    """Puts a draft live exactly as it was signed. ActionError where it says something else by now, or nobody has
    reviewed what it says."""
    found = store.changes.get(change.id)
    if found is None or found.change.declared_hash != change.declared_hash:
        raise ActionError(f"change {change.id} was edited since: read it again before you sign it")
    if found.change.status is not Status.LIVE and proposals.review(found, store.audit.all(change.id)) is None:
        raise ActionError(f"change {change.id}: what it says now has to be reviewed before it is signed")
    return actions.declare(store, replace(change, status=Status.LIVE), now=now, origin=origin)
