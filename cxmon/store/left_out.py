"""Days that were a one-off, as people left them out of what is expected."""

from datetime import datetime

import sqlalchemy as sa

from cxmon.model import LeftOut
from cxmon.store import codec, schema
from cxmon.store.engine import Database


class LeftOutStore:
    def __init__(self, db: Database) -> None:
        self._db = db

    def put(self, left_out: LeftOut) -> None:
        """Adds one, or replaces the one of the same id."""
        t, found = schema.left_out, left_out
        with self._db.write() as conn:
            conn.execute(sa.delete(t).where(t.c.id == found.id))
            conn.execute(
                sa.insert(t).values(
                    id=found.id, metric=found.metric, since=found.since, until=found.until, at=found.at,
                    doc=codec.dump(found),
                )
            )  # fmt: skip

    def all(self, metric: str | None = None, *, known_at: datetime | None = None) -> list[LeftOut]:
        """Oldest first; of one metric or of all, and those that were known by then."""
        t = schema.left_out.c
        chosen = sa.select(t.doc).order_by(t.since, t.id)
        if metric is not None:
            chosen = chosen.where(t.metric == metric)
        if known_at is not None:
            chosen = chosen.where(t.at <= known_at)
        with self._db.read() as conn:
            return [codec.load(LeftOut, d) for d in conn.execute(chosen).scalars().all()]
