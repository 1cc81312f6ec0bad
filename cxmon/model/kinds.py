"""Whether an incident is worse service or other kinds of contacts."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cxmon.model.verdict import Split
from cxmon.model.where import Where


class Unsplit(StrEnum):
    """Why an incident's gap, or a verdict's, was not split into kinds of contacts and service. `same` and `small` are
    answers by themselves: the kinds of contacts stayed the same, or shifted too little to move the figure."""

    ACROSS = "across"
    SORT = "sort"
    OVERLAP = "overlap"
    ONE_PART = "one_part"
    WITHHELD = "withheld"
    TOO_NEW = "too_new"
    TOO_LITTLE = "too_little"
    UNLIKE = "unlike"
    CROWD = "crowd"
    SAME = "same"
    SMALL = "small"
    EVERYBODY = "everybody"
    ENTANGLED = "entangled"


@dataclass(frozen=True, kw_only=True)
class Kinds:
    """What an incident's gap to expected is made of, in its root, from `since` to the period that starts at `until`.

    The split's total is the gap as the finding had it, and rate what mix, entry and exit leave of it (no remainder); of
    a quantile, and of a figure that is held against a bound, it is the split's own. Without a `split`, `why` says so.
    `where` compares the segments inside the root with each other over the same periods; None where that cannot be done.
    """

    since: datetime
    until: datetime
    split: Split | None = None
    why: Unsplit | None = None
    where: Where | None = None
