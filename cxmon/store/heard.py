"""What was heard from Slack, each thing once, and who listens there."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

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


@dataclass(frozen=True, kw_only=True)
class Click:
    """What somebody pressed or sent in an app, and who does it: `envelope` is what Slack said of it."""

    key: str
    app: str
    at: datetime
    holder: str
    envelope: Mapping[str, Any]


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

    def take(self, click: Click, *, lease_s: float, wait_s: float) -> bool:
        """Keeps what was heard until it is `done`, for one who does it within the lease; False where it was heard
        before. StoreError where another writer is in the way for longer than `wait_s`."""
        heard, t = schema.heard, schema.click
        doc = json.dumps(click.envelope)
        with self._db.write(news=False, wait_s=wait_s) as conn:
            for old in (heard, t):
                conn.execute(sa.delete(old).where(old.c.at < click.at - KEPT))
            if conn.execute(sa.select(heard.c.key).where(heard.c.key == click.key)).first() is not None:
                return False
            conn.execute(sa.insert(heard).values(key=click.key, at=click.at))
            until = click.at + timedelta(seconds=lease_s)
            conn.execute(
                sa.insert(t).values(
                    key=click.key, app=click.app, at=click.at, holder=click.holder, lease_until=until, doc=doc
                )
            )
        return True

    def done(self, key: str) -> None:
        """It is done, or cannot be: what Slack said of it is forgotten."""
        t = schema.click
        with self._db.write(news=False) as conn:
            conn.execute(sa.delete(t).where(t.c.key == key))

    def left(self, app: str, holder: str, now: datetime, *, lease_s: float, began: bool) -> list[Click]:
        """What others have left undone beyond their lease, oldest first, now for `holder` to do; each for one alone.

        `began`: this one has not begun yet, so that what stands in its name is of a process before it.
        """
        t = schema.click
        free = t.c.lease_until <= now if not began else sa.or_(t.c.lease_until <= now, t.c.holder == holder)
        mine = sa.and_(t.c.app == app, free)
        with self._db.read() as conn:
            if conn.execute(sa.select(t.c.key).where(mine).limit(1)).first() is None:
                return []
        with self._db.write(news=False) as conn:
            found = conn.execute(sa.select(t).where(mine).order_by(t.c.at, t.c.key)).mappings().all()
            taken = t.c.key.in_([row["key"] for row in found])
            until = now + timedelta(seconds=lease_s)
            conn.execute(sa.update(t).where(taken).values(holder=holder, lease_until=until))
        return [Click(key=r["key"], app=app, at=r["at"], holder=holder, envelope=json.loads(r["doc"])) for r in found]

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
