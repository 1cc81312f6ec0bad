"""`Store`: one thin composition of the store's parts."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

import sqlalchemy as sa

from cxmon.model import EVERYONE, Metric, Segment, Window
from cxmon.panel import Panel
from cxmon.store import backup, gaps, panels, schema, series
from cxmon.store.allowances import AllowanceStore
from cxmon.store.audit import AuditStore
from cxmon.store.catalogue import CatalogueStore, RunStore
from cxmon.store.changes import ChangeStore
from cxmon.store.checkpoints import CheckpointStore
from cxmon.store.drafts import DraftStore
from cxmon.store.engine import Database
from cxmon.store.facts import FactStore
from cxmon.store.forgotten import ForgottenStore
from cxmon.store.gaps import GapStore
from cxmon.store.heard import HeardStore
from cxmon.store.incidents import IncidentStore
from cxmon.store.left_out import LeftOutStore
from cxmon.store.migrate import migrate, require_current
from cxmon.store.observations import ObservationStore
from cxmon.store.outbox import OutboxStore
from cxmon.store.pulls import PullStore
from cxmon.store.targets import TargetStore
from cxmon.store.verdicts import BandStore, VerdictStore
from cxmon.store.worst import WorstStore


class Store:
    """Everything cxmon remembers. Open it with `Store.open`; it is a context manager."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.observations = ObservationStore(db)
        self.facts = FactStore(db)
        self.forgotten = ForgottenStore(db)
        self.worst = WorstStore(db)
        self.runs = RunStore(db)
        self.pulls = PullStore(db)
        self.gaps = GapStore(db)
        self.catalogue = CatalogueStore(db)
        self.changes = ChangeStore(db)
        self.drafts = DraftStore(db)
        self.verdicts = VerdictStore(db)
        self.bands = BandStore(db)
        self.targets = TargetStore(db)
        self.incidents = IncidentStore(db)
        self.outbox = OutboxStore(db)
        self.checkpoints = CheckpointStore(db)
        self.allowances = AllowanceStore(db)
        self.left_out = LeftOutStore(db)
        self.heard = HeardStore(db)
        self.audit = AuditStore(db)

    @classmethod
    def open(cls, url: str, *, read_only: bool = False) -> Self:
        """Opens `sqlite:///path` or `postgresql://...`, and brings its schema up to date unless `read_only`.

        Raises StoreError with one clear sentence where the store is absent (read-only), cannot be written, or has
        another schema than this code.
        """
        db = Database(url, read_only=read_only)
        try:
            (require_current if read_only else migrate)(db)
        except BaseException:
            db.close()
            raise
        return cls(db)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._db.close()

    @property
    def url(self) -> str:
        """The address without its password."""
        return self._db.name

    def panel(
        self,
        metric: Metric,
        segments: Sequence[Segment] | None = None,
        window: Window | None = None,
        as_known_at: datetime | None = None,
    ) -> Panel:
        """The stored figures of these segments on a regular grid; None = all stored leaves, sorted.

        Other segments are the sums of their leaves; where the metric is not additive, stored totals are used. The grid
        runs over `window` (periods that start inside it, and the one that holds its beginning), or from the first to
        the last stored period. A segment or period without data has n = 0. With `as_known_at`, the newest revision that
        was known then; cells not known yet have n = 0, and so have periods that a source never delivered. It carries
        when the metric was last collected by then, and of whole series as known at a moment how their figures had
        arrived.
        """
        read_at = self.runs.last_ok(metric.id, by=as_known_at, judged=True)
        # While a source cannot be read nothing arrives, which says nothing about how answers do.
        known = None if as_known_at is None or window is not None else min(as_known_at, read_at or as_known_at)
        with self._db.read() as conn:
            found = panels.panel(conn, metric, segments, window, as_known_at, known)
            found = gaps.blanked(found, gaps.of(conn, metric.id), as_known_at)
        return replace(found, read_at=read_at)

    def everyone(self, metric: Metric, window: Window, as_known_at: datetime) -> Panel:
        """Everyone's figures in a window, as one series."""
        return self.panel(metric, [EVERYONE], window, as_known_at)

    def counted(self, metric: Metric, as_known_at: datetime) -> Panel:
        """How many answers there were in each period, for whoever asks whether anything came: of everyone, or, where
        segments overlap, of each that is stored."""
        # Where segments overlap nobody stands for all of them.
        return self.panel(metric, [EVERYONE] if metric.additive else None, as_known_at=as_known_at)

    def leaves(self, metric: Metric) -> tuple[Segment, ...]:
        """The stored segments of this metric's definition that hold no other stored one, sorted."""
        with self._db.read() as conn:
            return series.leaves(list(series.numbers(conn, metric)))

    def volumes(self, metric: Metric, window: Window, as_known_at: datetime | None = None) -> dict[Segment, float]:
        """What the figures of each stored leaf stand on in a window: answers or exposure, of a level what it counts."""
        with self._db.read() as conn:
            return panels.volumes(conn, metric, window, as_known_at)

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """One snapshot, for the store's own rooms."""
        with self._db.read() as conn:
            yield conn

    def version(self) -> int:
        """Grows with every committed write, leases left out."""
        with self._db.read() as conn:
            found = conn.execute(sa.select(schema.meta.c.value).where(schema.meta.c.name == "version")).scalar_one()
            return int(found)

    def lease(self, name: str, holder: str, ttl_s: float, now: datetime) -> bool:
        """True where `holder` has the lease until `now + ttl_s`: it was free, had run out, or was its own already."""
        t = schema.lease
        until = now + timedelta(seconds=ttl_s)
        with self._db.write(news=False) as conn:
            held = conn.execute(sa.select(t.c.holder, t.c.until).where(t.c.name == name)).first()
            if held is None:
                conn.execute(sa.insert(t).values(name=name, holder=holder, until=until))
            elif held.holder == holder or held.until <= now:
                conn.execute(sa.update(t).where(t.c.name == name).values(holder=holder, until=until))
            else:
                return False
        return True

    def backup(self, path: str | Path) -> None:
        """Copies an SQLite store into a new file while others go on writing. StoreError where the file exists already,
        and for PostgreSQL, which has `pg_dump`."""
        backup.copy(self._db, Path(path))
