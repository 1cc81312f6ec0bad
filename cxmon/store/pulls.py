"""What each pull from a source brought: kept for as long as it tells what is usual."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from cxmon.model import Health, Pull
from cxmon.store import codec, schema
from cxmon.store.engine import Database

# A little more than the weeks that a pull is compared with.
KEPT = timedelta(days=90)
# What was said of a pull is long, and asked for of the newest ones only.
SAID = timedelta(days=8)
# So many pulls in a row may bring nothing at all before it is not known any more what was seen last.
_LATELY = 200


class PullStore:
    def __init__(self, db: Database) -> None:
        self._db = db

    def record(self, pull: Pull) -> None:
        """Keeps a pull, in place of one of the same part at the same time. What is older than `KEPT` goes, and so does
        what was said of those older than `SAID`."""
        t = schema.pull
        mine = sa.and_(t.c.source == pull.source, t.c.part == pull.part)
        same = sa.and_(mine, t.c.at == pull.at, t.c.whole == pull.whole)
        values = {"source": pull.source, "part": pull.part, "at": pull.at, "whole": pull.whole}
        said = None if pull.health is None else codec.dump(pull.health)
        with self._db.write() as conn:
            conn.execute(sa.delete(t).where(sa.or_(same, sa.and_(mine, t.c.at < pull.at - KEPT))))
            conn.execute(sa.update(t).where(mine, t.c.at < pull.at - SAID).values(health=None))
            conn.execute(sa.insert(t).values(**values, doc=codec.dump(replace(pull, health=None)), health=said))

    def since(
        self, since: datetime, *, source: str | None = None, part: str | None = None, said: bool = True
    ) -> dict[tuple[str, str], list[Pull]]:
        """{(source, part): its pulls from `since` on, the oldest first} of all, of one source, or of one part; without
        `said` only what was counted, which is quicker."""
        t = schema.pull.c
        wanted = [t.at >= since]
        wanted += [column == name for column, name in ((t.source, source), (t.part, part)) if name is not None]
        asked = sa.select(t.doc, t.health if said else sa.null()).where(*wanted)
        with self._db.read() as conn:
            rows = conn.execute(asked.order_by(t.source, t.part, t.at, t.whole.desc())).all()
        found: dict[tuple[str, str], list[Pull]] = {}
        for pull in _pulls((doc, health) for doc, health in rows):
            found.setdefault((pull.source, pull.part), []).append(pull)
        return found

    def lately(self, source: str | None = None) -> dict[tuple[str, str], list[Pull]]:
        """The pulls of the days up to the newest one, of all sources or of one."""
        t = schema.pull.c
        asked = sa.select(sa.func.max(t.at))
        with self._db.read() as conn:
            last = conn.execute(asked if source is None else asked.where(t.source == source)).scalar()
        return {} if last is None else self.since(last - SAID, source=source)

    def newest(self, source: str, part: str) -> datetime | None:
        """The newest change that the last pull with one saw of a part; None before the first."""
        t = schema.pull.c
        asked = sa.select(t.doc).where(t.source == source, t.part == part).order_by(t.at.desc(), t.whole)
        with self._db.read() as conn:
            for doc in conn.execute(asked.limit(_LATELY)).scalars():
                found = codec.load(Pull, doc).newest
                if found is not None:
                    return found
        return None

    def latest(self) -> dict[tuple[str, str], Pull]:
        """{(source, part): its newest pull}; of two at once the one that went on."""
        t = schema.pull.c
        newest = sa.select(t.source, t.part, sa.func.max(t.at).label("at")).group_by(t.source, t.part).subquery()
        same = sa.and_(t.source == newest.c.source, t.part == newest.c.part, t.at == newest.c.at)
        asked = sa.select(t.doc, t.health).join(newest, same).order_by(t.source, t.part, t.whole.desc())
        with self._db.read() as conn:
            rows = conn.execute(asked).all()
        return {(pull.source, pull.part): pull for pull in _pulls((doc, health) for doc, health in rows)}


def _pulls(rows: Iterable[tuple[str, str | None]]) -> Iterable[Pull]:
    for doc, health in rows:
        pull = codec.load(Pull, doc)
        yield pull if health is None else replace(pull, health=codec.load(Health, health))
