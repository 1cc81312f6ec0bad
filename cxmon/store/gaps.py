"""Stretches of time that a source never delivered: their periods hold nothing, whatever little came of them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import sqlalchemy as sa

from cxmon.panel import Panel
from cxmon.store import schema
from cxmon.store.engine import Database


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

    def close(self, metrics: Sequence[str], since: datetime) -> None:
        """What begins after `since` was read again: whatever the source has of it by now counts."""
        t = schema.gap
        mine = sa.and_(t.c.metric.in_(metrics), t.c.since >= since)
        with self._db.read() as conn:
            some = conn.execute(sa.select(t.c.metric).where(mine).limit(1)).first()
        if some is not None:
            with self._db.write() as conn:
                conn.execute(sa.delete(t).where(mine))


def blanked(conn: sa.Connection, panel: Panel, known: datetime | None) -> Panel:
    """The panel with nothing in the periods that a gap touches, of those that were known by then (None: all)."""
    t = schema.gap.c
    wanted = [t.metric == panel.metric.id] + ([] if known is None else [t.known_at <= known])
    gaps = conn.execute(sa.select(t.since, t.until).where(*wanted)).all()
    if not gaps or not len(panel.starts):
        return panel
    ends = panel.ends()
    hit = np.zeros(len(panel.starts), np.bool_)
    for since, until in gaps:
        hit |= (panel.starts < until.timestamp()) & (ends > since.timestamp())
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
