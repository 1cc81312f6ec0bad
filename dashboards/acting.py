"""What somebody may do from a page. Pages know this seam alone: who looks, and how a deed is done.

The board reads through a connection that cannot write. A deed opens the writable one for itself, once the rule has said
yes, and everything is written by `cxmon.actions`.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from cxmon.errors import CxmonError
from cxmon.model import Act, Allowed, Role, may
from cxmon.store import Store


@dataclass(frozen=True, kw_only=True)
class Person:
    """Who looks: their role, and the department for which they decide (records name no person)."""

    role: Role
    by: str = ""


def person() -> Person:
    """Nobody is known before there is a sign-in."""
    return Person(role=Role.NONE)


def refused(act: Act) -> str:
    """Why the one who looks may not act; empty where they may."""
    answer = may(person().role, act)
    return "" if isinstance(answer, Allowed) else answer.reason


def done(act: Act, deed: Callable[[Store, str, datetime], object]) -> str:
    """Does it and says what went wrong; empty where nothing did. The rule is asked again: a page may be old."""
    reason = refused(act)
    if reason:
        return reason
    try:
        with Store.open(os.environ.get("CXMON_STORE_URL", "")) as store:
            deed(store, person().by, datetime.now(UTC))
    except CxmonError as error:
        return str(error)
    return ""
