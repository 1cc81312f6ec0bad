"""Verdicts with all their versions, and the bands that the charts draw."""

from collections.abc import Collection, Sequence

import sqlalchemy as sa

from cxmon.errors import StoreError
from cxmon.model import Band, Verdict
from cxmon.store import codec, schema
from cxmon.store.engine import Database


class VerdictStore:
    def __init__(self, db: Database) -> None:
        self._db = db

    def put(self, verdict: Verdict) -> None:
        """Adds a version. StoreError where that version says something else already; the same twice is once."""
        with self._db.write() as conn:
            insert(conn, verdict)

    def touch(self, verdict: Verdict) -> None:
        """Replaces the latest version in place: the daily refresh without news. StoreError where it is another one."""
        t = schema.verdict
        with self._db.write() as conn:
            latest = conn.execute(sa.select(sa.func.max(t.c.version)).where(t.c.change == verdict.change)).scalar()
            if latest != verdict.version:
                raise StoreError(
                    f"verdict on {verdict.change}: version {verdict.version} is not the latest ({latest or 'none'})"
                )
            same = sa.and_(t.c.change == verdict.change, t.c.version == verdict.version)
            conn.execute(sa.update(t).where(same).values(_columns(verdict)))

    def latest(self, change: str) -> Verdict | None:
        return next(iter(self._select(schema.verdict.c.change == change, newest_first=True, limit=1)), None)

    def all_latest(self) -> dict[str, Verdict]:
        """The latest version of each change's verdict, by the change's id."""
        t = schema.verdict.c
        newest = sa.select(t.change, sa.func.max(t.version)).group_by(t.change)
        found = self._select(sa.tuple_(t.change, t.version).in_(newest))
        return {v.change: v for v in found}

    def history(self, change: str) -> list[Verdict]:
        """All versions, oldest first."""
        return self._select(schema.verdict.c.change == change)

    def _select(
        self, condition: sa.ColumnElement[bool], *, newest_first: bool = False, limit: int | None = None
    ) -> list[Verdict]:
        t = schema.verdict.c
        order = t.version.desc() if newest_first else t.version
        chosen = sa.select(t.doc).where(condition).order_by(t.change, order).limit(limit)
        with self._db.read() as conn:
            docs = conn.execute(chosen).scalars().all()
        return [codec.load(Verdict, d) for d in docs]


class BandStore:
    def __init__(self, db: Database) -> None:
        self._db = db

    def put(self, bands: Sequence[Band]) -> None:
        """Replaces each band of the same metric and key."""
        t = schema.band
        with self._db.write() as conn:
            for b in bands:
                conn.execute(sa.delete(t).where(t.c.metric == b.metric, t.c.key == b.key))
                conn.execute(sa.insert(t).values(metric=b.metric, key=b.key, as_of=b.as_of, doc=codec.dump(b)))

    def retire(self, metric: str, kept: Collection[str]) -> None:
        """Drops the bands of a metric's segments whose keys are not `kept`; those of changes stay."""
        gone = [key for m, key in self.keys() if m == metric and key not in kept and not key.startswith("change:")]
        t = schema.band
        if gone:
            with self._db.write() as conn:
                conn.execute(sa.delete(t).where(t.c.metric == metric, t.c.key.in_(gone)))

    def get(self, metric: str, key: str) -> Band | None:
        t = schema.band.c
        with self._db.read() as conn:
            doc = conn.execute(sa.select(t.doc).where(t.metric == metric, t.key == key)).scalar()
        return None if doc is None else codec.load(Band, doc)

    def all(self) -> dict[tuple[str, str], Band]:
        """Every band by (metric, key), sorted."""
        t = schema.band.c
        with self._db.read() as conn:
            found = conn.execute(sa.select(t.metric, t.key, t.doc).order_by(t.metric, t.key)).all()
        return {(metric, key): codec.load(Band, doc) for metric, key, doc in found}

    def keys(self) -> list[tuple[str, str]]:
        """(metric, key) of every band, sorted."""
        t = schema.band.c
        with self._db.read() as conn:
            return [(m, k) for m, k in conn.execute(sa.select(t.metric, t.key).order_by(t.metric, t.key)).all()]


def insert(conn: sa.Connection, verdict: Verdict) -> None:
    """Adds a version inside a transaction; see `VerdictStore.put`."""
    t = schema.verdict
    same = sa.and_(t.c.change == verdict.change, t.c.version == verdict.version)
    stored = conn.execute(sa.select(t.c.doc).where(same)).scalar()
    values = _columns(verdict)
    if stored is None:
        conn.execute(sa.insert(t).values(values))
    elif stored != values["doc"]:
        raise StoreError(f"verdict on {verdict.change}: version {verdict.version} is there already and says otherwise")


def _columns(verdict: Verdict) -> dict[str, object]:
    return {
        "change": verdict.change,
        "version": verdict.version,
        "as_of": verdict.as_of,
        "code": verdict.code.value,
        "doc": codec.dump(verdict),
    }
