"""Records behind a figure: which of a metric's facts are the worst, by id."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from cxmon.model import Better, Kind, Metric, Segment, Window
from cxmon.store import bulk, series
from cxmon.store.engine import Database
from cxmon.store.observations import progress_of
from cxmon.store.schema import fact, progress


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
        c = fact.c
        mine = sa.and_(
            c.metric == metric.id, c.definition == metric.definition_hash,
            c.at_utc >= series.epoch(window.since), c.at_utc < series.epoch(window.until),
        )  # fmt: skip
        low_is_bad = metric.better is Better.HIGHER
        with self._db.read() as conn:
            kept = conn.execute(sa.select(progress.c.kept_from).where(progress_of(metric))).scalar()
            known = conn.execute(sa.select(c.segment).where(mine).distinct()).scalars().all()
            if metric.kind is Kind.PROPORTION:
                mine = sa.and_(mine, c.value == (0.0 if low_is_bad else 1.0))
            chosen = sa.and_(mine, bulk.any_of(c.segment, [k for k in known if inside(Segment.from_key(k))], conn))
            worst = c.value.asc() if low_is_bad else c.value.desc()
            # What is still open has waited since it began.
            opened = sa.case((c.value.is_(None), c.at_utc), else_=None)
            order = (sa.case((c.value.is_(None), 0), else_=1), opened, worst, c.at_utc.desc(), c.id)
            ids = conn.execute(sa.select(c.id).where(chosen).order_by(*order).limit(most)).scalars().all()
            count = conn.execute(sa.select(sa.func.count()).where(chosen)).scalar_one()
        return Worst(
            ids=tuple(ids),
            count=int(count),
            held=bool(known),
            kept_from=None if kept is None else datetime.fromtimestamp(kept, UTC),
        )
