"""Records that a whole reading of their list no longer holds: the vendor deleted them, and told nobody."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from cxmon.contracts import Sweep
from cxmon.model import Kind, Metric
from cxmon.store import fact_rows
from cxmon.store.fact_rows import owner
from cxmon.store.fact_taking import Place

# What a moment's difference between clocks, or a second that a list takes for the one before, may not delete.
_EDGE = 3600


def gone(
    conn: sa.Connection, metrics: Sequence[Metric], sweep: Sweep, places: Mapping[str, Place]
) -> tuple[tuple[str, ...], int]:
    """(ids that are gone, how many were spared): where a list has lost more than half of what is stored of its time,
    that is no deletion but a list that cannot be trusted, and nothing is."""
    stored: set[str] = set()
    for metric in metrics:
        # The instants of levels and states are not those of their records.
        if metric.read.time in sweep.times and metric.kind is not Kind.LEVEL and not metric.read.churn:
            found = fact_rows.of_series(
                conn, places[metric.id].stream, fact_rows.segments(conn, owner(metric)),
                since=sweep.since + _EDGE, until=sweep.until - _EDGE,
            )  # fmt: skip
            stored |= {found.ids[i] for i in found.row.tolist()}
    if sweep.born is not None:
        made = {name: sweep.born(name) for name in stored}
        stored = {name for name, at in made.items() if at is not None and sweep.since + _EDGE <= at < sweep.until}
    missing = stored - sweep.ids
    if 2 * len(missing) > len(stored):
        return (), len(missing)
    return tuple(sorted(missing)), 0
