"""Where targets stand: the newest outlook on each."""

from collections.abc import Sequence

import sqlalchemy as sa

from cxmon.model import TargetOutlook
from cxmon.store import codec, schema
from cxmon.store.engine import Database


class TargetStore:
    def __init__(self, db: Database) -> None:
        self._db = db

    def put(self, outlooks: Sequence[TargetOutlook]) -> None:
        """Replaces all outlooks: what is no target any more is gone. Writes nothing where they are the same."""
        t = schema.target
        if self.all() == sorted(outlooks, key=lambda o: o.target.id):
            return
        with self._db.write() as conn:
            conn.execute(sa.delete(t))
            for o in outlooks:
                conn.execute(sa.insert(t).values(id=o.target.id, as_of=o.as_of, doc=codec.dump(o)))

    def all(self) -> list[TargetOutlook]:
        """Every outlook, by the target's id."""
        t = schema.target.c
        with self._db.read() as conn:
            docs = conn.execute(sa.select(t.doc).order_by(t.id)).scalars().all()
        return [codec.load(TargetOutlook, d) for d in docs]
