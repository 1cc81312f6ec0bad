"""What the page of one metric shows beside its bands: worked out once a day and stored, for it is slow."""

from dataclasses import dataclass
from datetime import datetime

from cxmon.model.maturing import Filling
from cxmon.model.metric import Segment
from cxmon.model.past import Retrospect


@dataclass(frozen=True, kw_only=True)
class Spread:
    """How the single cases of one segment lie in the complete periods of `since` to before `until`.

    `edges` (B - 1) divide B bins, the first and last of which are open; `shares` (B) are their parts of the cases and
    `before` those of an earlier window (empty: none). All counts were rounded first, so that shares tell no small
    group. `points` are (quantile, value). `n` is rounded too.
    """

    segment: Segment
    since: datetime
    until: datetime
    edges: tuple[float, ...]
    shares: tuple[float, ...]
    n: float
    before: tuple[float, ...] = ()
    points: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """`definition` is the metric's hash: what was found of another definition is not shown. `filling` is None of a
    metric whose figures cannot come late."""

    metric: str
    definition: str
    as_of: datetime
    past: Retrospect
    filling: Filling | None = None
    spreads: tuple[Spread, ...] = ()
