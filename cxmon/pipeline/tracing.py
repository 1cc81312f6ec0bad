"""Rows that are added up as they come, read once more: which of them are the worst, by their ids in the system where
they are from. Nothing of it is stored."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from heapq import nsmallest

import numpy as np

from cxmon.aggregate import Page, badness, on_the_bad_side
from cxmon.contracts import Request, Traceable
from cxmon.model import Metric, Segment, Window


def worst_rows(
    source: Traceable, metric: Metric, inside: Callable[[Segment], bool], window: Window, most: int, *, now: datetime,
    frozen: bool,
) -> tuple[tuple[str, ...], int]:  # fmt: skip
    """(the ids of the worst rows, how many there are in all) of segments that are `inside`. An id that is empty or an
    e-mail address is counted, not listed. Raises SourceError."""
    # What `only` leaves out the source has left out.
    of = replace(metric, read=replace(metric.read, only={}))
    since, until = window.since.timestamp(), window.until.timestamp()
    best: list[tuple[tuple[bool, float, float], str]] = []
    count = 0
    for records in source.rows(Request(metric=metric, window=window, now=now, frozen=frozen)):
        found = Page(records=records, now=now, frozen=frozen).counted(of)
        wanted = np.array([inside(Segment.from_key(key)) for key in found.segments], bool)
        chosen = (found.at >= since) & (found.at < until) & on_the_bad_side(metric, found.value)
        chosen &= wanted[found.segment] if len(wanted) else False
        count += int(chosen.sum())
        names = [records.ids[i] for i in found.row[chosen].tolist()]
        keyed = zip(badness(metric, found.at[chosen], found.value[chosen]), names, strict=True)
        best = nsmallest(most, [*best, *(pair for pair in keyed if pair[1] and "@" not in pair[1])])
    return tuple(name for _, name in best), count
