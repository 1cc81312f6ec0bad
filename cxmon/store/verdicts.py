"""Verdicts with all their versions and daily readings, and the bands that the charts draw."""

from collections.abc import Collection, Sequence
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from cxmon.decisions import readings_of
from cxmon.errors import StoreError
from cxmon.model import Band, Reading, Verdict
from cxmon.store import codec, schema
from cxmon.store.engine import Database

_verdict = schema.verdict.c
_documents: sa.Select[Any] = sa.select(_verdict.doc)
# Of every look each change asks these.
_OF_CHANGE = _documents.where(_verdict.change == sa.bindparam("change"))
_HISTORY = _OF_CHANGE.order_by(_verdict.version)
_NEWEST = _OF_CHANGE.order_by(_verdict.version.desc()).limit(1)
_later = schema.verdict.alias()
_TOUCH = (
    sa.update(schema.verdict)
    .where(_verdict.change == sa.bindparam("of"), _verdict.version == sa.bindparam("newest"))
    .where(~sa.exists().where(_later.c.change == sa.bindparam("of"), _later.c.version > sa.bindparam("newest")))
)
_LATEST = sa.select(sa.func.max(_verdict.version)).where(_verdict.change == sa.bindparam("change"))
_FORGET = sa.delete(schema.catalogue).where(schema.catalogue.c.name == sa.bindparam("of"))


class VerdictStore:
    def __init__(self, db: Database) -> None:
        self._db = db

    def put(self, verdict: Verdict) -> None:
        """Adds a version. StoreError where that version says something else already; the same twice is once."""
        with self._db.write() as conn:
            insert(conn, verdict)

    def touch(self, verdict: Verdict) -> None:
        """Replaces the latest version in place: the daily refresh without news. StoreError where it is another one."""
        with self._db.write() as conn:
            named = {"of": verdict.change, "newest": verdict.version}
            if not conn.execute(_TOUCH, {**named, **_columns(verdict)}).rowcount:
                latest = conn.execute(_LATEST, {"change": verdict.change}).scalar()
                raise StoreError(
                    f"verdict on {verdict.change}: version {verdict.version} is not the latest ({latest or 'none'})"
                )
            keep_readings(conn, verdict.change, readings_of(verdict))

    def latest(self, change: str) -> Verdict | None:
        return next(iter(self._select(_NEWEST, change=change)), None)

    def all_latest(self) -> dict[str, Verdict]:
        """The latest version of each change's verdict, by the change's id."""
        t = schema.verdict.c
        newest = sa.select(t.change, sa.func.max(t.version)).group_by(t.change)
        found = self._select(_documents.where(sa.tuple_(t.change, t.version).in_(newest)).order_by(t.change))
        return {v.change: v for v in found}

    def history(self, change: str) -> list[Verdict]:
        """All versions, oldest first."""
        return self._select(_HISTORY, change=change)

    def readings(self, change: str) -> list[Reading]:
        """What each day's verdict on a change had of each metric, by day."""
        t, head = schema.catalogue.c, _readings(change)
        with self._db.read() as conn:
            rows = conn.execute(sa.select(t.name, t.doc).where(t.name.between(f"{head}00000", f"{head}99999"))).all()
        own = sorted((name, doc) for name, doc in rows if name.startswith(head) and name[len(head) :].isdigit())
        return [one for _, doc in own for one in codec.load(tuple[Reading, ...], doc)]

    def keep_readings(self, change: str, readings: Sequence[Reading]) -> None:
        """Keeps readings of days of which nothing is kept yet."""
        known = {one.day for one in self.readings(change)}
        with self._db.write() as conn:
            keep_readings(conn, change, [one for one in readings if one.day not in known])

    def _select(self, chosen: sa.Select[Any], **given: str) -> list[Verdict]:
        with self._db.read() as conn:
            return [codec.load(Verdict, d) for d in conn.execute(chosen, given).scalars()]


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

    def renew(self, metric: str, drawn: Sequence[Band]) -> None:
        """Keeps the bands of a metric and drops those of its other segments, unless some are there for a later
        moment."""
        known = {key for named, key in self.keys() if named == metric}
        sample = next((band for band in drawn if band.key in known), None)
        stored = self.get(metric, sample.key) if sample is not None else None
        if stored is None or stored.as_of <= drawn[0].as_of:
            self.put(drawn)
            # What is too thin to be drawn by now must not stand there as it was drawn once.
            self.retire(metric, {band.key for band in drawn})

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
    keep_readings(conn, verdict.change, readings_of(verdict))
    same = sa.and_(t.c.change == verdict.change, t.c.version == verdict.version)
    stored = conn.execute(sa.select(t.c.doc).where(same)).scalar()
    values = _columns(verdict)
    if stored is None:
        conn.execute(sa.insert(t).values(values))
    elif stored != values["doc"]:
        raise StoreError(f"verdict on {verdict.change}: version {verdict.version} is there already and says otherwise")


def keep_readings(conn: sa.Connection, change: str, readings: Sequence[Reading]) -> None:
    """Replaces what was kept of the same days of the watch, one row a day: later looks of a day know more. A watch that
    is over has no further days."""
    days = {day: tuple(some) for day, some in groupby(readings, key=lambda one: one.day)}
    rows = [{"name": f"{_readings(change)}{day:05d}", "doc": codec.dump(some)} for day, some in days.items()]
    if rows:
        conn.execute(_FORGET, [{"of": row["name"]} for row in rows])
        conn.execute(sa.insert(schema.catalogue), rows)


def _readings(change: str) -> str:
    return f"reading:{change}:"


def _columns(verdict: Verdict) -> dict[str, object]:
    return {
        "change": verdict.change,
        "version": verdict.version,
        "as_of": verdict.as_of,
        "code": verdict.code.value,
        "doc": codec.dump(verdict),
    }
