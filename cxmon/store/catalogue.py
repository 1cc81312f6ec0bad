"""What the board needs to know of the configuration, and how the collectors' runs went."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from cxmon.model import MINIMUM_CELL, AlarmsKept, KeptReplay, LeadingAnswer, Metric, NumberFormat, Sheet, View
from cxmon.store import codec, schema
from cxmon.store.engine import Database

_CURRENT, _LEADING, _UNNAMED = "current", "leading", "unnamed"


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """The configuration without its secrets: what is measured and how it is to be shown."""

    title: str
    zone: str
    metrics: tuple[Metric, ...]
    as_of: datetime | None = None
    board_url: str = ""
    alarm_budget: float = 2.0
    minimum_cell: int = MINIMUM_CELL
    views: tuple[View, ...] = ()
    number_format: NumberFormat = field(default_factory=NumberFormat)


@dataclass(frozen=True, kw_only=True)
class Run:
    """One collection of one metric, finished well or not. `held`: its source brought strangely little, so that what
    came is not judged."""

    metric: str
    source: str
    started_at: datetime
    finished_at: datetime
    ok: bool
    written: int = 0
    revised: int = 0
    rejected: int = 0
    error: str = ""
    held: bool = False


class CatalogueStore:
    def __init__(self, db: Database) -> None:
        self._db = db

    def save(self, catalogue: Catalogue) -> None:
        """Replaces the catalogue; writes nothing where it is the same."""
        if self.load() == catalogue:
            return
        self._keep(_CURRENT, catalogue)

    def load(self) -> Catalogue | None:
        return self._kept(_CURRENT, Catalogue)

    def keep_leading(self, answer: LeadingAnswer) -> None:
        """Keeps which early figures ran ahead, for the board; replaces what was kept before."""
        self._keep(_LEADING, answer)

    def leading(self) -> LeadingAnswer | None:
        """What was kept last; None where nobody has asked yet."""
        return self._kept(_LEADING, LeadingAnswer)

    def keep_sheet(self, sheet: Sheet) -> None:
        """Keeps what the page of a metric shows; replaces what was kept before."""
        self._keep(f"sheet:{sheet.metric}", sheet)

    def sheet(self, metric: Metric) -> Sheet | None:
        """What was kept last of this definition of the metric; None where nothing was."""
        found = self._kept(f"sheet:{metric.id}", Sheet)
        return found if found is not None and found.definition == metric.definition_hash else None

    def keep_alarms(self, kept: AlarmsKept) -> None:
        """Keeps what became of the watch incidents; replaces what was kept before."""
        self._keep("alarms", kept)

    def alarms(self) -> AlarmsKept | None:
        return self._kept("alarms", AlarmsKept)

    def keep_replayed(self, kept: KeptReplay) -> None:
        """Keeps what the last replay found; replaces what was kept before."""
        self._keep("replayed", kept)

    def replayed(self) -> KeptReplay | None:
        return self._kept("replayed", KeptReplay)

    def unnamed(self) -> tuple[tuple[str, str, str], ...]:
        """(source, dimension, value) of what was told as being in no map."""
        return self._kept(_UNNAMED, tuple[tuple[str, str, str], ...]) or ()

    def keep_unnamed(self, told: Sequence[tuple[str, str, str]]) -> None:
        self._keep(_UNNAMED, told)

    def _keep(self, name: str, document: object) -> None:
        t = schema.catalogue
        with self._db.write() as conn:
            conn.execute(sa.delete(t).where(t.c.name == name))
            conn.execute(sa.insert(t).values(name=name, doc=codec.dump(document)))

    def _kept(self, name: str, kind: type[codec.T]) -> codec.T | None:
        t = schema.catalogue.c
        with self._db.read() as conn:
            doc = conn.execute(sa.select(t.doc).where(t.name == name)).scalar()
        return None if doc is None else codec.load(kind, doc)


class RunStore:
    def __init__(self, db: Database) -> None:
        self._db = db

    def record(self, run: Run) -> None:
        with self._db.write() as conn:
            conn.execute(sa.insert(schema.run).values(**vars(run)))

    def latest(self) -> dict[str, Run]:
        """The newest run of each metric, by its id."""
        t = schema.run
        newest = sa.select(sa.func.max(t.c.id)).group_by(t.c.metric)
        with self._db.read() as conn:
            rows = conn.execute(sa.select(t).where(t.c.id.in_(newest)).order_by(t.c.metric)).mappings().all()
        return {r["metric"]: Run(**{k: v for k, v in r.items() if k != "id"}) for r in rows}

    def all(self) -> list[Run]:
        """Every run, in the order in which they finished."""
        t = schema.run
        with self._db.read() as conn:
            rows = conn.execute(sa.select(t).order_by(t.c.finished_at, t.c.id)).mappings().all()
        return [Run(**{k: v for k, v in r.items() if k != "id"}) for r in rows]

    def each_last_ok(self) -> dict[str, datetime]:
        """When the newest run without an error finished, of each metric that has one, by its id."""
        t = schema.run.c
        with self._db.read() as conn:
            chosen = sa.select(t.metric, sa.func.max(t.finished_at)).where(t.ok).group_by(t.metric)
            return {row.metric: row[1] for row in conn.execute(chosen)}

    def last_ok(self, metric_id: str, *, by: datetime | None = None, judged: bool = False) -> datetime | None:
        """When the newest run without an error finished: of all runs, or of those that had finished `by` then; with
        `judged`, of those whose figures are not held back."""
        given = {"metric": metric_id} if by is None else {"metric": metric_id, "by": by}
        with self._db.read() as conn:
            return conn.execute(_last_ok(judged=judged, bounded=by is not None), given).scalar()


@cache
def _last_ok(*, judged: bool, bounded: bool) -> sa.Select[Any]:
    """Every look asks this of every metric: each form of it is written once."""
    t = schema.run.c
    wanted = [t.metric == sa.bindparam("metric"), t.ok]
    wanted += [~t.held] if judged else []
    wanted += [t.finished_at <= sa.bindparam("by")] if bounded else []
    return sa.select(sa.func.max(t.finished_at)).where(*wanted)
