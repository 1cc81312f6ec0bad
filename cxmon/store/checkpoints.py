"""Where checks stopped, kept from one look to the next. Losing it costs time and nothing else."""

from collections.abc import Mapping

import sqlalchemy as sa

from cxmon.store import schema
from cxmon.store.engine import Database


class CheckpointStore:
    def __init__(self, db: Database) -> None:
        self._db = db

    def of(self, check: str, subject: str) -> dict[str, bytes]:
        """What one check keeps of one metric, by its own keys."""
        t = schema.checkpoint.c
        asked = sa.select(t.key, t.data).where(t.check_name == check, t.subject == subject)
        with self._db.read() as conn:
            return {key: bytes(data) for key, data in conn.execute(asked)}

    def replace(self, check: str, subject: str, kept: Mapping[str, bytes]) -> None:
        """Everything that it kept before is gone."""
        t = schema.checkpoint
        rows = [{"check_name": check, "subject": subject, "key": key, "data": data} for key, data in kept.items()]
        with self._db.write(news=False) as conn:
            conn.execute(sa.delete(t).where(t.c.check_name == check, t.c.subject == subject))
            if rows:
                conn.execute(sa.insert(t), rows)
