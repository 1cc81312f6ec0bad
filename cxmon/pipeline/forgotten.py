"""Which hash key the list of forgotten customers was made with: another one would let them all come back unseen."""

from cxmon.config.plan import Plan
from cxmon.errors import SourceError
from cxmon.feeds import hashed
from cxmon.model import Secret, written
from cxmon.store import Store


def fingerprint(key: Secret | None) -> str:
    """What tells a hash key from another one, and says nothing else of it; empty without one."""
    return "" if key is None else hashed(key, "", "which key this is")


def must_be_known(plan: Plan, store: Store, source: str) -> None:
    """Raises SourceError where customers of a source were forgotten who could not be told from others any more."""
    count = store.forgotten.under_other_keys(fingerprint(plan.hash_key), source)
    if count:
        raise SourceError(
            f"{source}: {written(count)} of its customers {'was' if count == 1 else 'were'} forgotten under another "
            "hash_key and would come back: set that key again, or forget them with this one too and then say `cxmon "
            "forget --let-former-go`"
        )
