"""Records behind a figure: which of a metric's facts are the worst, by id."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import nsmallest

import numpy as np
import sqlalchemy as sa

from cxmon.aggregate import badness, on_the_bad_side
from cxmon.model import Metric, Segment, Window
from cxmon.store import fact_rows, series
from cxmon.store.engine import Database
from cxmon.store.fact_rows import owner
from cxmon.store.observations import progress_of
from cxmon.store.schema import progress


@dataclass(frozen=True, kw_only=True)
class Worst:
    """Ids, the worst first; how many there are in all; whether there are facts of that time at all, good ones too; and
    up to when facts have been deleted (`keep_facts`)."""

    ids: tuple[str, ...]
    count: int
    held: bool
    kept_from: datetime | None


class WorstStore:
    def __init__(self, db: Database) -> None:
        self._db = db

    def find(self, metric: Metric, inside: Callable[[Segment], bool], window: Window, most: int) -> Worst:
        """The facts of segments that are `inside`, of a share only those on its bad side. Of others the worst values
        come first, what is still open before them (the longest first), and of the same value the newest."""
        t = progress.c
        with self._db.read() as conn:
            known = conn.execute(sa.select(t.kept_from, t.stream).where(progress_of(metric))).first()
            kept, stream = known or (None, None)
            keys = fact_rows.segments(conn, owner(metric))
            since, until = series.epoch(window.since), series.epoch(window.until)
            found = fact_rows.of_series(conn, stream or "", keys, since=since, until=until)
        wanted = [number for number, key in keys.items() if inside(Segment.from_key(key))]
        chosen = np.isin(found.entries["series"], wanted)
        chosen &= on_the_bad_side(metric, found.entries["value"])
        names = [found.ids[i] for i in found.row[chosen].tolist()]
        keys_of = badness(metric, found.entries["at"][chosen], found.entries["value"][chosen])
        worst = nsmallest(most, zip(keys_of, names, strict=True))
        return Worst(
            ids=tuple(name for _, name in worst),
            count=len(names),
            held=bool(len(found.entries)),
            kept_from=None if kept is None else datetime.fromtimestamp(kept, UTC),
        )
