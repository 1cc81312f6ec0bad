"""Days that were a one-off, as people left them out of what is expected."""

from datetime import datetime
from functools import cache
from typing import Any

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
        asked = {"metric": metric, "known_at": known_at}
        given = {name: value for name, value in asked.items() if value is not None}
        with self._db.read() as conn:
            return [codec.load(LeftOut, d) for d in conn.execute(_chosen(*given), given).scalars().all()]


@cache
def _chosen(*given: str) -> sa.Select[Any]:
    """Of every look several ask this: each form of it is written once."""
    t = schema.left_out.c
    tests = {"metric": t.metric == sa.bindparam("metric"), "known_at": t.at <= sa.bindparam("known_at")}
    return sa.select(t.doc).where(*(tests[name] for name in given)).order_by(t.since, t.id)
