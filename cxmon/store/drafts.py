"""Drafts that come in from feeds: they follow their entries until somebody takes them over."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from cxmon.model import FROM_FEED, Change, Declared, Window
from cxmon.store import schema
from cxmon.store.changes import columns_of, of_row
from cxmon.store.engine import Database


@dataclass(frozen=True, kw_only=True)
class Brought:
    """What an import did, in drafts: new ones, those that followed a change of their entry, the rest, those withdrawn
    with their entry, and those that somebody had taken over."""

    new: int = 0
    changed: int = 0
    same: int = 0
    withdrawn: int = 0
    taken_over: int = 0


class DraftStore:
    def __init__(self, db: Database) -> None:
        self._db = db

    def bring(self, drafts: Mapping[str, Change], feed: str, *, now: datetime, whole: Window | None) -> Brought:
        """Takes the drafts of a feed, by their ids, in one transaction.

        An older version of an entry changes nothing. `whole`: the feed was read whole over this window, so that a draft
        that begins there and is not among them goes too. What somebody took over stays.
        """
        t, origin = schema.change, f"{FROM_FEED}{feed}"
        with self._db.write() as conn:
            known = {r["id"]: r for r in conn.execute(sa.select(t)).mappings()}
            counts = dict.fromkeys(("new", "changed", "same", "withdrawn", "taken_over"), 0)
            for name, draft in sorted(drafts.items()):
                row = known.get(name)
                before = None if row is None else of_row(row)
                counts[_put(conn, before, draft, origin, now)] += 1
            for name, row in sorted(known.items()):
                if name in drafts or row["origin"] != origin or whole is None:
                    continue
                before = of_row(row)
                if before.of_feed and whole.since <= before.change.starts < whole.until:
                    # What somebody took out of a calendar is not kept here either.
                    conn.execute(sa.delete(t).where(t.c.id == name))
                    counts["withdrawn"] += not before.change.withdrawn
        return Brought(**counts)


def _put(conn: sa.Connection, before: Declared | None, draft: Change, origin: str, now: datetime) -> str:
    """What was done, as `Brought` counts it."""
    t = schema.change
    if before is None:
        found = Declared(change=draft, declared_at=now, origin=origin)
        conn.execute(sa.insert(t).values(**columns_of(found, draft)))
        return "new" if not draft.withdrawn else "withdrawn"
    if before.origin != origin or not before.of_feed:
        return "taken_over"
    old = before.change
    if old.declared_hash == draft.declared_hash or _version(draft) < _version(old):
        return "same"
    found = replace(before, change=draft)
    conn.execute(sa.update(t).where(t.c.id == draft.id).values(**columns_of(found, draft)))
    return "withdrawn" if draft.withdrawn and not old.withdrawn else "changed"


def _version(draft: Change) -> int:
    return 0 if draft.imported is None else draft.imported.version
