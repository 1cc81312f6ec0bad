"""The audit trail: who did what about what, for whom, and why."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cxmon.model.access import Act, Role


class Outcome(StrEnum):
    BEGUN = "begun"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Signed:
    """One act of one signed-in person: `who` as the sign-in knows them, `by` the role or department that they decided
    for, `subject` the id of a change or an incident.

    `content` is the hash of what was signed. One that was never finished stays `begun`; `reason` is why one failed.
    """

    subject: str
    act: Act
    who: str
    role: Role
    by: str
    why: str
    at: datetime
    origin: str
    content: str = ""
    outcome: Outcome = Outcome.BEGUN
    reason: str = ""
