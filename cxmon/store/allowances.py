"""A year's harm allowance: the baseline that was frozen for it, and the newest reading of how much is used."""

from datetime import datetime

import sqlalchemy as sa

from cxmon.model import AllowanceUse, Baseline
from cxmon.store import codec, schema
from cxmon.store.engine import Database

_use = schema.allowance.c
_same = sa.and_(_use.metric == sa.bindparam("of"), _use.year == sa.bindparam("in"))
# Every look asks these of every metric that has an allowance.
_STORED, _FORGET = sa.select(_use.doc).where(_same), sa.delete(schema.allowance).where(_same)


class AllowanceStore:
    def __init__(self, db: Database) -> None:
        self._db = db

    def put(self, use: AllowanceUse) -> None:
        """Replaces the reading of the same metric and year, unless that one is of a later moment."""
        named = {"of": use.metric, "in": use.year}
        with self._db.write() as conn:
            stored = conn.execute(_STORED, named).scalar()
            if stored is not None and codec.load(AllowanceUse, stored).as_of > use.as_of:
                return
            conn.execute(_FORGET, named)
            values = {"metric": use.metric, "year": use.year, "doc": codec.dump(use)}
            conn.execute(sa.insert(schema.allowance), values)

    def latest(self) -> dict[str, AllowanceUse]:
        """The reading of each metric's newest year, by the metric's id."""
        t = schema.allowance.c
        with self._db.read() as conn:
            docs = conn.execute(sa.select(t.doc).order_by(t.metric, t.year)).scalars().all()
        return {use.metric: use for use in (codec.load(AllowanceUse, doc) for doc in docs)}

    def baseline(self, metric: str, year: datetime, definition: str) -> Baseline | None:
        """What was frozen for a year; None where nothing was, or for another definition of the metric."""
        t = schema.allowance_baseline.c
        with self._db.read() as conn:
            doc = conn.execute(sa.select(t.doc).where(t.metric == metric, t.year == year)).scalar()
        found = None if doc is None else codec.load(Baseline, doc)
        return found if found is not None and found.definition == definition else None

    def freeze(self, baseline: Baseline) -> None:
        """Keeps a baseline; the one of another definition goes."""
        t = schema.allowance_baseline
        with self._db.write(news=False) as conn:
            conn.execute(sa.delete(t).where(t.c.metric == baseline.metric, t.c.year == baseline.year))
            values = {"metric": baseline.metric, "year": baseline.year, "doc": codec.dump(baseline)}
            conn.execute(sa.insert(t).values(values))
