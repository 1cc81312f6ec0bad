"""A store in memory over another one: its figures as they were known at a moment, everything else begins empty."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Self

from cxmon.errors import StoreError
from cxmon.model import EVERYONE, Metric, Segment, Window
from cxmon.panel import Panel
from cxmon.store import past
from cxmon.store.catalogue import Run
from cxmon.store.engine import Database
from cxmon.store.facade import Store
from cxmon.store.gaps import Stretch, blanked
from cxmon.store.migrate import migrate


@dataclass(frozen=True, kw_only=True, eq=False)
class Standing:
    """The figures as known at `at`, in the overlay's own memory: those of a metric are true until another moment of it
    is asked for, and again once this one is. Where they are `brief` what is added up from them has no sketches."""

    at: datetime
    brief: bool
    pasts: Mapping[tuple[str, str], past.Past]
    read: Mapping[str, datetime]
    gaps: Sequence[Stretch] = ()

    def panel(self, metric: Metric) -> Panel:
        """Every leaf of the metric, as known then."""
        one = self.pasts[metric.id, metric.definition_hash]
        one.advance(self.at)
        return replace(blanked(one.panel(None, self.read.get(metric.id)), self.gaps, self.at), brief=self.brief)


class Overlay(Store):
    """What is decided here is kept here: nothing is ever written to the store beneath, which may be read-only.

    `advance` moves the moment on, never back. Panels are this object's own memory until then: use them, do not keep
    them. What has to be looked at later is taken by `standing`, after `keep_steps`.
    """

    def __init__(
        self,
        db: Database,
        pasts: dict[tuple[str, str], past.Past],
        runs: Sequence[Run],
        gaps: Sequence[Stretch] = (),
    ) -> None:
        super().__init__(db)
        self._gaps = gaps
        self._pasts = pasts
        self._runs = list(reversed(runs))
        self._read: dict[str, datetime] = {}
        self._at: datetime | None = None

    @classmethod
    def over(cls, beneath: Store, metrics: Iterable[Metric]) -> Self:
        """Reads all figures of these metrics once, with all their revisions."""
        with beneath.reading() as conn:
            return cls._of(beneath, {(m.id, m.definition_hash): past.read(conn, m) for m in metrics})

    @classmethod
    def _of(cls, beneath: Store, found: Mapping[tuple[str, str], past.Revisions]) -> Self:
        """One that stands at no moment yet."""
        db = Database("sqlite://")
        migrate(db)
        pasts = {key: past.Past.of(revisions) for key, revisions in found.items()}
        return cls(db, pasts, beneath.runs.all(), beneath.gaps.all())

    def beside(self, beneath: Store, metrics: Iterable[Metric]) -> Self:
        """Another one over the same store, of some of its metrics, that stands at no moment yet. What was read for this
        one serves both."""
        keys = [(m.id, m.definition_hash) for m in metrics]
        return self._of(beneath, {key: self._pasts[key].found for key in keys})

    def advance(self, at: datetime) -> None:
        """What became known up to `at` is known from now on: figures, and how collections went."""
        self._at = at
        while self._runs and self._runs[-1].finished_at <= at:
            run = self._runs.pop()
            self.runs.record(run)
            if run.ok and not run.held:
                self._read[run.metric] = run.finished_at

    def panel(
        self,
        metric: Metric,
        segments: Sequence[Segment] | None = None,
        window: Window | None = None,
        as_known_at: datetime | None = None,
    ) -> Panel:
        """As `Store.panel`, at the moment of the last `advance`."""
        one = self._past(metric)
        if window is not None or (as_known_at is not None and int(as_known_at.timestamp()) != one.at):
            raise StoreError("a replay knows whole series at one moment only")
        # What `runs` would say of the same moment, without asking a database for each panel.
        return blanked(one.panel(segments, self._read.get(metric.id)), self._gaps, self._at)

    def keep_steps(self) -> None:
        """From now on figures can be seen again as they were known at any moment from this one on; none before it."""
        for one in self._pasts.values():
            one.keep_steps()

    def standing(self, *, brief: bool) -> "Standing":
        """The figures as known at this moment, for when this store has moved on; `brief` where nobody asks for more
        than the quantile that is judged."""
        if self._at is None:
            raise StoreError("a replay stands at no moment yet")
        return Standing(at=self._at, brief=brief, pasts=self._pasts, read=dict(self._read), gaps=self._gaps)

    def held(self, *, brief: bool) -> int:
        """Bytes that the figures of one metric take at one moment, at most; of `brief` ones without sketches."""
        return max((one.held(sketches=not brief) for one in self._pasts.values()), default=0)

    def everyone(self, metric: Metric, window: Window, as_known_at: datetime) -> Panel:  # noqa: ARG002 - as in `panel`.
        """Everyone's whole series at the moment of the last `advance`: earlier ones are not known any more."""
        return self.panel(metric, [EVERYONE], as_known_at=datetime.fromtimestamp(self._past(metric).at, UTC))

    def counted(self, metric: Metric, as_known_at: datetime) -> Panel:  # noqa: ARG002 - as in `panel`.
        """As `Store.counted`, of each stored segment: neither added up nor with anything else that is known of them."""
        return blanked(self._past(metric).counted(self._read.get(metric.id)), self._gaps, self._at)

    def leaves(self, metric: Metric) -> tuple[Segment, ...]:
        return self._past(metric).leaves()

    def volumes(
        self,
        metric: Metric,
        window: Window,
        as_known_at: datetime | None = None,  # noqa: ARG002 - it is always known.
    ) -> dict[Segment, float]:
        return self._past(metric).volumes(window)

    def guessed(self, metric: Metric) -> bool:
        """Whether figures are taken as known once complete, because nobody said when they were."""
        return self._past(metric).found.revised

    def extent(self, metric: Metric) -> tuple[datetime, datetime] | None:
        """Start of the first and end of the last stored period, whenever known; None without any."""
        return self._past(metric).extent()

    def _past(self, metric: Metric) -> past.Past:
        one = self._pasts[metric.id, metric.definition_hash]
        if self._at is not None:
            # Only those that somebody asks for are brought up to the moment.
            one.advance(self._at)
        return one
