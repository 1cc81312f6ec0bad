"""Whom people asked to forget: keyed hashes only, so that a vendor who still has the customer brings nothing back."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from cxmon.store import bulk
from cxmon.store.engine import Database
from cxmon.store.schema import forgotten


@dataclass(frozen=True, kw_only=True)
class Forgotten:
    """A customer of a source, by the hash under which facts would name them. `key` tells the hash key that made it from
    others, without saying it; `asked_by` is a role or a department, or nothing."""

    source: str
    customer: str
    key: str
    at: datetime
    asked_by: str = ""


def keep(conn: sa.Connection, customers: Sequence[Forgotten]) -> None:
    """Adds them; who was forgotten before stays so since then, by whom it was."""
    known = among(conn, [one.customer for one in customers])
    fresh = {one.customer: one for one in customers if one.customer not in known}
    if fresh:
        conn.execute(sa.insert(forgotten), [vars(one) for one in fresh.values()])


def among(conn: sa.Connection, customers: Collection[str]) -> frozenset[str]:
    """Those of these hashes that stand for somebody who is forgotten."""
    asked = {one for one in customers if one}
    if not asked:
        return frozenset()
    return frozenset(row[0] for row in bulk.among(conn, forgotten, ("customer",), {"customer": sorted(asked)}))


class ForgottenStore:
    """The list itself. Facts are deleted, and kept out, by `FactStore`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def all(self) -> list[Forgotten]:
        """Oldest first."""
        t = forgotten
        with self._db.read() as conn:
            rows = conn.execute(sa.select(t).order_by(t.c.at, t.c.source, t.c.customer)).mappings().all()
        return [Forgotten(**row) for row in rows]

    def under_other_keys(self, key: str, source: str | None = None) -> int:
        """How many of a source, or of all, another hash key made: this one would not know them again."""
        t = forgotten.c
        asked = sa.select(sa.func.count()).select_from(forgotten).where(t.key != key)
        with self._db.read() as conn:
            return int(conn.execute(asked if source is None else asked.where(t.source == source)).scalar() or 0)

    def let_go(self, key: str) -> int:
        """Takes those out of the list that another hash key made; how many."""
        with self._db.write(news=False) as conn:
            return conn.execute(sa.delete(forgotten).where(forgotten.c.key != key)).rowcount
