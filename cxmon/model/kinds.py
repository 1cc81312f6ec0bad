"""Whether an incident is worse service or other kinds of contacts."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cxmon.model.verdict import Split


class Unsplit(StrEnum):
    """Why an incident's gap was not split into kinds of contacts and service."""

    ACROSS = "across"
    SORT = "sort"
    OVERLAP = "overlap"
    ONE_PART = "one_part"
    WITHHELD = "withheld"
    TOO_NEW = "too_new"
    TOO_LITTLE = "too_little"
    UNLIKE = "unlike"
    CROWD = "crowd"


@dataclass(frozen=True, kw_only=True)
class Kinds:
    """What an incident's gap to expected is made of, in its root, from `since` to the period that starts at `until`.

    The split's total is the gap as the finding had it, and rate what mix, entry and exit leave of it (no remainder); of
    a quantile, and of a figure that is held against a bound, it is the split's own. Without a `split`, `why` says so.
    """

    since: datetime
    until: datetime
    split: Split | None = None
    why: Unsplit | None = None
