"""Customers who chose to be in a programme are never compared with those who did not: the two are not alike.

Who joins is happier, buys more, or has just had a good day. What can be compared is a cohort after it joined with the
cohorts that join later, up to the day they do: all of them are customers who join.
"""

import numpy as np
import numpy.typing as npt

from cxmon.decisions.overlap import scope_of
from cxmon.model import Change, Metric
from cxmon.panel import Panel

Bools = npt.NDArray[np.bool_]

RAW = "who joins is not like who does not: members are never compared with others"
NOBODY_LATER = "nobody who joins later is there to compare with"


def joined_by(change: Change, metric: Metric) -> str:
    """The dimension of the metric along which customers chose to be touched; empty where there is none."""
    name = change.joined_by
    return name if name in scope_of(change, metric).dimensions else ""


def by_choice(change: Change, metric: Metric) -> str:
    """Why a change that is not staged cannot be judged, where its customers chose it; empty where they did not."""
    if not joined_by(change, metric):
        return ""
    return f"{RAW}, nor with their own past, in which others were members; name the cohorts that join under stages"


def strangers(change: Change, leaves: Panel) -> Bools:
    """Leaves (S,) of customers who did not choose what the touched ones did: no controls."""
    name = joined_by(change, leaves.metric)
    if not name:
        return np.zeros(len(leaves.segments), bool)
    chosen = dict(scope_of(change, leaves.metric).values)[name]
    return np.array([s.get(name) not in {None, *chosen} for s in leaves.segments], bool)


def newest_cohort(change: Change, metric: Metric) -> float | None:
    """When the last cohort joins, which has nobody left to be compared with; None where customers did not choose."""
    if not change.stages or not joined_by(change, metric):
        return None
    return max(stage.starts.timestamp() for stage in change.stages)
