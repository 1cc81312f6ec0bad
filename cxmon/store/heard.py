"""What was heard from Slack, each thing once, and who listens there."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from cxmon.store import schema
from cxmon.store.engine import Database

# Slack repeats an envelope within seconds; a day leaves room for clocks and restarts.
KEPT = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Listener:
    """One process that listens to one Slack channel's app. `hears`: its socket is open and answers."""

    channel: str
    holder: str
    hears: bool
    seen_at: datetime
    detail: str = ""


class HeardStore:
    def __init__(self, db: Database) -> None:
        self._db = db

    def first(self, key: str, now: datetime) -> bool:
        """True for the one who is first to say so of this key, in whichever process; what is old is forgotten."""
        t = schema.heard
        with self._db.write(news=False) as conn:
            conn.execute(sa.delete(t).where(t.c.at < now - KEPT))
            if conn.execute(sa.select(t.c.key).where(t.c.key == key)).first() is not None:
                return False
            conn.execute(sa.insert(t).values(key=key, at=now))
        return True

    def listening(self, listener: Listener) -> None:
        """How one listener does now; those not heard of for a day are forgotten."""
        t = schema.listener
        mine = sa.and_(t.c.channel == listener.channel, t.c.holder == listener.holder)
        with self._db.write(news=False) as conn:
            conn.execute(sa.delete(t).where(sa.or_(mine, t.c.seen_at < listener.seen_at - KEPT)))
            conn.execute(sa.insert(t).values(**vars(listener)))

    def gone(self, channel: str, holder: str) -> None:
        """A listener that ended in order."""
        t = schema.listener
        with self._db.write(news=False) as conn:
            conn.execute(sa.delete(t).where(t.c.channel == channel, t.c.holder == holder))

    def listeners(self) -> list[Listener]:
        """Those of the last day, by channel, the newest sign of life first."""
        t = schema.listener
        with self._db.read() as conn:
            found = conn.execute(sa.select(t).order_by(t.c.channel, t.c.seen_at.desc())).mappings().all()
        return [Listener(**row) for row in found]
