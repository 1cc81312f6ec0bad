"""What each pull from a source brought: kept for as long as it tells what is usual."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from cxmon.model import Pull
from cxmon.store import codec, schema
from cxmon.store.engine import Database

# A little more than the weeks that a pull is compared with.
KEPT = timedelta(days=90)
# So many pulls in a row may bring nothing at all before it is not known any more what was seen last.
_LATELY = 200


class PullStore:
    def __init__(self, db: Database) -> None:
        self._db = db

    def record(self, pull: Pull) -> None:
        """Keeps a pull, in place of one of the same part at the same time; what is older than `KEPT` goes."""
        t = schema.pull
        same = sa.and_(t.c.source == pull.source, t.c.part == pull.part, t.c.at == pull.at, t.c.whole == pull.whole)
        old = sa.and_(t.c.source == pull.source, t.c.part == pull.part, t.c.at < pull.at - KEPT)
        with self._db.write() as conn:
            conn.execute(sa.delete(t).where(sa.or_(same, old)))
            conn.execute(
                sa.insert(t).values(
                    source=pull.source, part=pull.part, at=pull.at, whole=pull.whole, doc=codec.dump(pull)
                )
            )

    def since(
        self, since: datetime, *, source: str | None = None, part: str | None = None
    ) -> dict[tuple[str, str], list[Pull]]:
        """{(source, part): its pulls from `since` on, the oldest first} of all, of one source, or of one part."""
        t = schema.pull.c
        wanted = [t.at >= since]
        wanted += [column == name for column, name in ((t.source, source), (t.part, part)) if name is not None]
        asked = sa.select(t.doc).where(*wanted).order_by(t.source, t.part, t.at, t.whole.desc())
        with self._db.read() as conn:
            docs = conn.execute(asked).scalars().all()
        found: dict[tuple[str, str], list[Pull]] = {}
        for pull in (codec.load(Pull, doc) for doc in docs):
            found.setdefault((pull.source, pull.part), []).append(pull)
        return found

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
        asked = sa.select(t.doc).join(newest, same).order_by(t.source, t.part, t.whole.desc())
        with self._db.read() as conn:
            docs = conn.execute(asked).scalars().all()
        return {(pull.source, pull.part): pull for pull in (codec.load(Pull, doc) for doc in docs)}
