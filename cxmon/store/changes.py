"""The registry of changes: what was declared, frozen when it goes live; responses and silences beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import sqlalchemy as sa

from cxmon.errors import StoreError
from cxmon.model import FROM_FEED, Amount, Change, Declared, OutboxRow, Response, Saving, Scope, Silence, Stage, Status
from cxmon.store import codec, schema
from cxmon.store.engine import Database
from cxmon.store.outbox import queue

# What a verdict rests on: choosing these again after looking at the figures would make it worthless.
FROZEN = (
    "category",
    "starts",
    "scope",
    "scope_by_metric",
    "spills_to",
    "announced_days",
    "limits",
    "guards",
    "aims",
    "weights",
    "horizon_days",
    "stages",
    "membership",
)
EDITABLE = ("title", "owner", "ends", "saving", "responds_to", "note")


class ChangeStore:
    def __init__(self, db: Database) -> None:
        self._db = db

    def put(self, change: Change, *, now: datetime, origin: str) -> Declared:
        """Declares a change, or edits one.

        A draft is replaced freely. Going live freezes hash and time, and counts as the declaration. Of a live change,
        what verdicts rest on (`FROZEN`) stays as it was frozen, the rest (`EDITABLE`) is taken; either way a line in
        `edits` says what was asked for. Stages that have not begun may be moved, those that have stay. The same put
        twice changes nothing. A feed's draft is whoever's takes it. StoreError where another origin declared this id.
        """
        t = schema.change
        # As it will be read back, so that its hash is the same before and after (2 and 2.0 are one weight).
        change = codec.load(Change, codec.dump(change))
        with self._db.write() as conn:
            row = conn.execute(sa.select(t).where(t.c.id == change.id)).mappings().first()
            if row is None:
                found = _declared(change, now, origin)
                conn.execute(sa.insert(t).values(**columns_of(found, change)))
                return found
            if row["origin"] != origin and not _free(row):
                raise StoreError(
                    f"change {change.id}: it was declared by {row['origin']}, so {origin} cannot change it; "
                    "edit it there, or choose another id"
                )
            stored = of_row(row)
            if row["asked_hash"] == _asked(change) and row["origin"] == origin:
                return stored
            live = stored.change.status is Status.LIVE
            found = _edited(stored, change, now) if live else _declared(change, now, origin, stored)
            conn.execute(sa.update(t).where(t.c.id == change.id).values(**columns_of(found, change)))
            return found

    def adopt(self, declared: Declared) -> None:
        """Takes a change over from another store as it is there, with the time and the hash of its declaration."""
        with self._db.write() as conn:
            conn.execute(sa.insert(schema.change).values(**columns_of(declared, declared.change)))

    def all(self) -> list[Declared]:
        """Every change, by the time it starts."""
        with self._db.read() as conn:
            return [of_row(r) for r in conn.execute(_ALL).mappings().all()]

    def get(self, id: str) -> Declared | None:  # noqa: A002 - the word of the house for what names a change.
        t = schema.change
        with self._db.read() as conn:
            row = conn.execute(sa.select(t).where(t.c.id == id)).mappings().first()
        return None if row is None else of_row(row)

    def respond(self, response: Response, outbox: Sequence[OutboxRow] = ()) -> None:
        """Records what was decided about a change or an incident, with the messages that tell it; the same response
        twice is once."""
        t = schema.response
        doc = codec.dump(response)
        with self._db.write() as conn:
            same = sa.and_(t.c.subject == response.subject, t.c.doc == doc)
            if conn.execute(sa.select(t.c.id).where(same)).first() is None:
                conn.execute(sa.insert(t).values(subject=response.subject, at=response.at, doc=doc))
                queue(conn, outbox, response.at)

    def responses(self, subject: str | None = None) -> list[Response]:
        """Oldest first; about one subject, or about all."""
        t = schema.response.c
        chosen = sa.select(t.doc).order_by(t.at, t.id)
        if subject is not None:
            chosen = chosen.where(t.subject == subject)
        with self._db.read() as conn:
            return [codec.load(Response, d) for d in conn.execute(chosen).scalars().all()]

    def put_silence(self, silence: Silence, *, origin: str) -> None:
        """Adds or replaces a silence. StoreError where another origin made this id."""
        t = schema.silence
        values = {"origin": origin, "starts": silence.starts, "ends": silence.ends, "doc": codec.dump(silence)}
        with self._db.write() as conn:
            made_by = conn.execute(sa.select(t.c.origin).where(t.c.id == silence.id)).scalar()
            if made_by is None:
                conn.execute(sa.insert(t).values(id=silence.id, **values))
            elif made_by == origin:
                conn.execute(sa.update(t).where(t.c.id == silence.id).values(**values))
            else:
                raise StoreError(f"silence {silence.id}: it was made by {made_by}, so {origin} cannot change it")

    def silences(self) -> list[Silence]:
        """Every silence, past ones included, by the time it starts."""
        t = schema.silence.c
        with self._db.read() as conn:
            docs = conn.execute(sa.select(t.doc).order_by(t.starts, t.id)).scalars().all()
        return [codec.load(Silence, d) for d in docs]


# Every look asks this several times: it is written once.
_ALL = sa.select(schema.change).order_by(schema.change.c.starts, schema.change.c.id)


def _free(row: sa.RowMapping) -> bool:
    """A draft that came in from a feed belongs to whoever takes it over."""
    return row["status"] == Status.DRAFT and str(row["origin"]).startswith(FROM_FEED)


def _declared(change: Change, now: datetime, origin: str, draft: Declared | None = None) -> Declared:
    live = change.status is Status.LIVE
    return Declared(
        change=change,
        # A draft is no declaration: lateness counts from the day it went live.
        declared_at=now if live or draft is None else draft.declared_at,
        origin=origin,
        frozen_hash=change.declared_hash if live else None,
        frozen_at=now if live else None,
    )


def _edited(stored: Declared, asked: Change, now: datetime) -> Declared:
    """A live change after a differing put: editable fields taken, frozen ones kept, both told in `edits`."""
    old = stored.change
    stamp = f"{now.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    lines = []
    for name in EDITABLE:
        a, b = getattr(old, name), getattr(asked, name)
        if a != b:
            lines.append(f"{stamp}: {name} {_words(a)} -> {_words(b)}")
    moved = bool(old.stages and asked.stages != old.stages) and _begun(old, now) == _begun(asked, now)
    # Before the first stage the change itself has not begun and may be moved with it.
    free = ("stages", "starts") if moved and old.starts > now else ("stages",) if moved else ()
    if moved:
        lines.append(f"{stamp}: stages {_words(old.stages)} -> {_words(asked.stages)}")
    for name in FROZEN:
        a, b = getattr(old, name), getattr(asked, name)
        if a != b and name not in free:
            lines.append(f"{stamp}: {name} {_words(a)} -> {_words(b)} was asked for; it stays as frozen")
    if asked.status is not Status.LIVE:
        lines.append(f"{stamp}: back to draft was asked for; it stays live")
    taken = replace(old, **{name: getattr(asked, name) for name in EDITABLE})
    taken = replace(taken, **{name: getattr(asked, name) for name in free})
    return replace(stored, change=taken, edits=(*stored.edits, *lines))


def _begun(change: Change, now: datetime) -> set[tuple[datetime, Scope]]:
    """Where and when stages have begun: what is still to come may be moved, because nobody has seen its figures."""
    return {(stage.starts, stage.scope) for stage in change.stages if stage.starts <= now}


def _words(value: object) -> str:
    """A field's value as its owner would write it."""
    match value:
        case None | "" | ():
            return "(none)"
        case Amount():
            return value.text
        case Scope():
            return value.label
        case Stage():
            end = f" to {_words(value.ends)}" if value.ends else ""
            return f"{value.scope.label} from {_words(value.starts)}{end}"
        case Saving():
            return f"{value.amount:.15g} {value.currency} per {value.per}"
        case datetime():
            return f"{value.astimezone(UTC):%Y-%m-%d %H:%M}"
        case Mapping():
            return ", ".join(f"{k} {_words(v)}" for k, v in sorted(value.items())) or "(none)"
        case tuple():
            return ", ".join(_words(v) for v in value)
        case _:
            return str(value)


def _asked(change: Change) -> str:
    """Identity of a put: everything, the status too."""
    return f"{change.declared_hash} {change.status.value}"


def columns_of(found: Declared, asked: Change) -> dict[str, object]:
    return {
        "id": found.change.id,
        "origin": found.origin,
        "status": found.change.status.value,
        "starts": found.change.starts,
        "declared_at": found.declared_at,
        "frozen_hash": found.frozen_hash,
        "frozen_at": found.frozen_at,
        "asked_hash": _asked(asked),
        "edits": codec.dump(found.edits),
        "doc": codec.dump(found.change),
    }


def of_row(row: sa.RowMapping) -> Declared:
    return Declared(
        change=codec.load(Change, row["doc"]),
        declared_at=row["declared_at"],
        origin=row["origin"],
        frozen_hash=row["frozen_hash"],
        frozen_at=row["frozen_at"],
        edits=codec.load(tuple[str, ...], row["edits"]),
    )
