"""Stretches of time that a source never delivered: their periods hold nothing, whatever little came of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import sqlalchemy as sa

from cxmon.panel import Panel
from cxmon.store import schema
from cxmon.store.engine import Database


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """A metric has nothing between `since` and `until`: known from `known_at` on, until it was read again."""

    metric: str
    since: datetime
    until: datetime
    known_at: datetime
    closed_at: datetime | None = None

    def stood(self, at: datetime | None) -> bool:
        """Whether it was known then; None is now."""
        if at is None:
            return self.closed_at is None
        return self.known_at <= at and (self.closed_at is None or at < self.closed_at)


class GapStore:
    def __init__(self, db: Database) -> None:
        self._db = db

    def open(self, metrics: Sequence[str], since: datetime, until: datetime, *, now: datetime) -> None:
        """From now on it is known that these metrics have nothing between the two."""
        t = schema.gap
        with self._db.write() as conn:
            for metric in metrics:
                conn.execute(sa.delete(t).where(t.c.metric == metric, t.c.since == since))
                conn.execute(sa.insert(t).values(metric=metric, since=since, until=until, known_at=now))

    def close(self, metrics: Sequence[str], since: datetime, *, now: datetime) -> None:
        """What begins after `since` was read again: from now on whatever the source has of it by now counts."""
        t = schema.gap
        mine = sa.and_(t.c.metric.in_(metrics), t.c.since >= since, t.c.closed_at.is_(None))
        with self._db.read() as conn:
            some = conn.execute(sa.select(t.c.metric).where(mine).limit(1)).first()
        if some is not None:
            with self._db.write() as conn:
                conn.execute(sa.update(t).where(mine).values(closed_at=now))

    def all(self) -> list[Stretch]:
        """Those too that were read again."""
        with self._db.read() as conn:
            return _stretches(conn, sa.true())


def of(conn: sa.Connection, metric: str) -> list[Stretch]:
    return _stretches(conn, schema.gap.c.metric == metric)


def _stretches(conn: sa.Connection, which: sa.ColumnElement[bool]) -> list[Stretch]:
    t = schema.gap.c
    asked = sa.select(t.metric, t.since, t.until, t.known_at, t.closed_at).where(which).order_by(t.metric, t.since)
    return [Stretch(**row) for row in conn.execute(asked).mappings()]


def blanked(panel: Panel, gaps: Iterable[Stretch], known: datetime | None) -> Panel:
    """The panel with nothing in the periods that a gap of its metric touches, of those that were known then."""
    mine = [gap for gap in gaps if gap.metric == panel.metric.id and gap.stood(known)]
    if not mine or not len(panel.starts):
        return panel
    ends = panel.ends()
    hit = np.zeros(len(panel.starts), np.bool_)
    for gap in mine:
        hit |= (panel.starts < gap.until.timestamp()) & (ends > gap.since.timestamp())
    if not hit.any():
        return panel
    nothing = ("n", "total", "squares", "base", "base_squares", "cross")
    columns: dict[str, Any] = {
        name: np.where(hit, 0.0, x) for name in nothing if (x := getattr(panel, name)) is not None
    }
    if panel.counts is not None:
        columns["counts"] = np.where(hit[:, None], 0.0, panel.counts)
    if panel.found is not None:
        columns["found"] = np.where(hit, np.nan, panel.found)
    return replace(panel, **columns)
