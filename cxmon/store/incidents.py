"""Incidents, what happened to them, and how far each check has judged: written together or not at all."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from cxmon.errors import StoreError
from cxmon.failpoints import failpoint
from cxmon.model import Incident, IncidentState, OutboxRow, Step, Transition, Verdict
from cxmon.store import bulk, codec, outbox, schema, verdicts
from cxmon.store.engine import Database, grow


class IncidentStore:
    def __init__(self, db: Database) -> None:
        self._db = db

    def open(self, check: str | None = None) -> list[Incident]:
        """All that have not ended, pending ones included, oldest first; those of one check, or of all."""
        return self._select(_OPEN) if check is None else self._select(_OPEN_OF, check=check)

    def get(self, id: str) -> Incident | None:  # noqa: A002 - the word of the house for what names an incident.
        return next(iter(self._select(_BY_ID, id=id)), None)

    def recent(self, limit: int = 50) -> list[Incident]:
        """Newest first, whatever their state."""
        return self._select(_NEWEST, most=limit)

    def of(self, check: str, subject: str, limit: int = 50) -> list[Incident]:
        """Those of one check on one subject, newest first: all that have not ended, and of the others the newest."""
        return self._select(_MINE, check=check, subject=subject, most=limit)

    def history(self, id: str) -> list[Transition]:  # noqa: A002 - see `get`.
        """What happened to it, oldest first."""
        t = schema.transition.c
        with self._db.read() as conn:
            docs = conn.execute(sa.select(t.doc).where(t.incident == id).order_by(t.seq)).scalars().all()
        return [codec.load(Transition, d) for d in docs]

    def noted(self, beginnings: Sequence[str]) -> set[str]:
        """The incidents that have not ended and have a note whose reason begins with one of these words."""
        with self._db.read() as conn:
            return set(conn.execute(_noted(tuple(beginnings))).scalars())

    def evaluated_through(self, check: str, subject: str) -> datetime | None:
        """Start of the newest period that this check has judged for this subject; None before the first time."""
        with self._db.read() as conn:
            return conn.execute(_THROUGH, {"of_check": check, "on": subject}).scalar()

    def commit(
        self,
        *,
        check: str,
        subject: str,
        seen_through: datetime | None,
        through: datetime,
        incidents: Iterable[Incident],
        transitions: Iterable[Transition],
        outbox: Sequence[OutboxRow],
        verdicts: Sequence[Verdict] = (),
        now: datetime,
        seen: Iterable[Incident] = (),
    ) -> bool:
        """One transaction for everything that one look at one subject brings.

        False, with nothing written, where `evaluated_through` is not `seen_through` any more: somebody else has looked
        meanwhile, so look again. It never moves back (False as well); it may stay where it is. The same where one of
        the incidents `seen` is not as it was: a person did something about it. Outbox rows whose key is known are left
        out. StoreError where a series would belong to two open incidents of one check.
        """
        with self._db.write(news=False) as conn:
            if not all(_as_seen(conn, i) for i in seen) or not _moved(conn, check, subject, seen_through, through):
                return False
            grow(conn)
            failpoint("incidents-through-moved")
            _write(conn, incidents, transitions)
            failpoint("incidents-written")
            _queue(conn, outbox, verdicts, now)
            failpoint("incidents-before-commit")
        failpoint("incidents-after-commit")
        return True

    def amend(
        self,
        incident: Incident,
        transition: Transition,
        outbox: Sequence[OutboxRow] = (),
        *,
        seen: Incident | None = None,
    ) -> bool:
        """What was done by hand: acknowledged, accepted, closed. With `seen`: False, and nothing written, where the
        incident is not as it was seen any more, since somebody else did something meanwhile."""
        with self._db.write(news=False) as conn:
            if seen is not None and not _as_seen(conn, seen):
                return False
            grow(conn)
            _write(conn, [incident], [transition])
            _queue(conn, outbox, (), transition.at)
            failpoint("amend-before-commit")
        failpoint("amend-after-commit")
        return True

    def _select(self, chosen: sa.Select[Any], **values: object) -> list[Incident]:
        with self._db.read() as conn:
            docs = conn.execute(chosen, values).scalars().all()
        return [codec.load(Incident, d) for d in docs]


# Every look asks these: SQLAlchemy takes as long to write such a question as the database to answer it.
_i, _of_check = schema.incident.c, schema.evaluated.c
_ended = _i.state == IncidentState.ENDED.value
_documents = sa.select(_i.doc)
_OPEN = _documents.where(~_ended).order_by(_i.opened_at, _i.id)
_OPEN_OF = _OPEN.where(_i.check_name == sa.bindparam("check"))
_BY_ID = _documents.where(_i.id == sa.bindparam("id"))
_NEWEST = _documents.order_by(_i.opened_at.desc(), _i.id).limit(sa.bindparam("most", type_=sa.Integer))
_mine = sa.and_(_i.check_name == sa.bindparam("check"), _i.subject == sa.bindparam("subject"))
_MINE = _documents.where(_mine, sa.or_(~_ended, _i.id.in_(
    sa.select(_i.id).where(_mine, _ended).order_by(_i.opened_at.desc(), _i.id)
    .limit(sa.bindparam("most", type_=sa.Integer))
))).order_by(_i.opened_at.desc(), _i.id)  # fmt: skip
_evaluated = sa.and_(_of_check.check_name == sa.bindparam("of_check"), _of_check.subject == sa.bindparam("on"))
_THROUGH = sa.select(_of_check.through).where(_evaluated)
_LET_GO = sa.delete(schema.incident_series).where(schema.incident_series.c.incident == sa.bindparam("of"))
_LAST = sa.select(sa.func.max(schema.transition.c.seq)).where(schema.transition.c.incident == sa.bindparam("of"))
_UPDATE = sa.update(schema.incident).where(_i.id == sa.bindparam("of"))
_MOVE = sa.update(schema.evaluated).where(_evaluated).values(through=sa.bindparam("to"))


@cache
def _noted(beginnings: tuple[str, ...]) -> sa.Select[Any]:
    t = schema.transition.c
    said = [t.doc.contains(f'"reason":"{word}', autoescape=True) for word in beginnings]
    chosen = sa.select(t.incident).distinct().join(schema.incident, _i.id == t.incident)
    return chosen.where(~_ended, t.step == Step.NOTED.value, sa.or_(*said))


def _as_seen(conn: sa.Connection, incident: Incident) -> bool:
    """Compare and set: see `_moved`. As it is read today, since a document of an older version says the same in fewer
    words; as text, since what is not a number equals nothing."""
    t = schema.incident.c
    stored = conn.execute(sa.select(t.doc).where(t.id == incident.id)).scalar()
    seen = codec.dump(incident)
    return stored is not None and (stored == seen or codec.dump(codec.load(Incident, stored)) == seen)


def _moved(conn: sa.Connection, check: str, subject: str, seen: datetime | None, through: datetime) -> bool:
    """Compare and set: writers come one at a time, so what is read here still holds at the commit."""
    key = {"of_check": check, "on": subject}
    stored = conn.execute(_THROUGH, key).scalar()
    if stored != seen or (stored is not None and through < stored):
        return False
    if stored is None:
        conn.execute(sa.insert(schema.evaluated).values(check_name=check, subject=subject, through=through))
    else:
        conn.execute(_MOVE, {**key, "to": through})
    return True


def _queue(conn: sa.Connection, rows: Sequence[OutboxRow], said: Sequence[Verdict], now: datetime) -> None:
    outbox.queue(conn, rows, now)
    failpoint("incidents-outbox-written")
    for v in said:
        verdicts.insert(conn, v)


def _write(conn: sa.Connection, incidents: Iterable[Incident], transitions: Iterable[Transition]) -> None:
    listed = list(incidents)
    held, t = schema.incident_series, schema.incident
    if listed:
        # All are let go first, so that a series may pass from one incident to another within one commit.
        ids = {i.id for i in listed}
        conn.execute(_LET_GO, [{"of": one} for one in ids])
        known = {one for (one,) in bulk.among(conn, t, ("id",), {"id": sorted(ids)})}
        if there := [{"of": i.id, **_columns(i)} for i in listed if i.id in known]:
            conn.execute(_UPDATE, there)
        if fresh := [{"id": i.id, **_columns(i)} for i in listed if i.id not in known]:
            conn.execute(sa.insert(t), fresh)
    for i in listed:
        series = [
            {
                "incident": i.id,
                "segment": s.key,
                "check_name": i.check,
                "subject": i.subject,
                "is_open": i.state is not IncidentState.ENDED,
            }
            for s in dict.fromkeys((i.root, *i.members))
        ]
        try:
            conn.execute(sa.insert(held), series)
        except sa.exc.IntegrityError as e:
            raise StoreError(
                f"incident {i.id}: one of its series already belongs to another open incident of "
                f"check {i.check} on {i.subject}"
            ) from e
    _append(conn, list(transitions))


def _append(conn: sa.Connection, steps: Sequence[Transition]) -> None:
    """Each after what its incident's history holds already."""
    if not steps:
        return
    t = schema.transition
    last = {one: conn.execute(_LAST, {"of": one}).scalar() or 0 for one in {step.incident for step in steps}}
    rows = []
    for step in steps:
        last[step.incident] += 1
        rows.append(
            {
                "incident": step.incident,
                "seq": last[step.incident],
                "step": step.step.value,
                "at": step.at,
                "doc": codec.dump(step),
            }
        )
    conn.execute(sa.insert(t), rows)


def _columns(i: Incident) -> dict[str, Any]:
    return {
        "check_name": i.check,
        "subject": i.subject,
        "state": i.state.value,
        "opened_at": i.opened_at,
        "ended_at": i.ended_at,
        "doc": codec.dump(i),
    }
