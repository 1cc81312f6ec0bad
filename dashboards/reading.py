"""What the pages show, read once per version of the store through a read-only connection."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from cxmon import charts
from cxmon.decisions import viewing
from cxmon.decisions.source_health import Glimpse
from cxmon.decisions.source_health import glimpses as of_pulls
from cxmon.errors import StoreError
from cxmon.model import (
    AlarmsKept,
    AllowanceUse,
    Band,
    Change,
    Declared,
    Delivery,
    Filling,
    Incident,
    Metric,
    NumberFormat,
    OutboxRow,
    Response,
    Segment,
    Sheet,
    TargetOutlook,
    Verdict,
    View,
)
from cxmon.store import Store, alarms

# Of a store that is sound and empty.
NOTHING_YET = "Nothing has been collected yet. Run `cxmon collect`, then `cxmon judge`."


@dataclass(frozen=True, kw_only=True)
class World:
    """Everything of the overview, as of the newest judgement."""

    title: str
    zone: str
    metrics: Mapping[str, Metric]
    as_of: datetime | None
    declared: Mapping[str, Declared]
    verdicts: Mapping[str, Verdict]
    responses: tuple[Response, ...]
    incidents: tuple[Incident, ...]
    bands: Mapping[tuple[str, str], Band]
    runs: Mapping[str, Any]
    rejected: tuple[Any, ...]
    allowances: Mapping[str, AllowanceUse] = field(default_factory=dict)
    targets: tuple[TargetOutlook, ...] = ()
    views: tuple[View, ...] = ()
    # A view's own part: which one it is, its metrics (empty: all), and all decisions, by which they are numbered.
    view: View | None = None
    own: tuple[str, ...] = ()
    every: tuple[Declared, ...] = ()
    number_format: NumberFormat = field(default_factory=NumberFormat)
    # By metric, the stored segments that its series are made of.
    leaves: Mapping[str, tuple[Segment, ...]] = field(default_factory=dict)
    # Of which store this is, and of which of its versions.
    of: tuple[str, int] = ("", 0)

    @property
    def stamp(self) -> tuple[str | int, ...]:
        """What tells this world from every other one."""
        return (*self.of, self.view.id if self.view is not None else "")

    @property
    def now(self) -> datetime:
        """The moment of the newest judgement: what is due is due as of then, like everything on the board."""
        return self.as_of or datetime.fromtimestamp(0, UTC)

    @property
    def changes(self) -> list[Change]:
        return [d.change for d in self.declared.values()]

    def shown(self) -> list[Metric]:
        """The metrics that stand on the page."""
        return [m for m in self.metrics.values() if not self.own or m.id in self.own]

    def root(self, metric: str) -> str:
        """Key of the series that a metric is told by: everyone, of a view its widest segment, of several the largest;
        that of everyone where there is none."""
        return viewing.root(metric, self.bands)

    def segments(self, metric: str) -> list[str]:
        """Keys of the stored segment series of a metric, everyone first."""
        keys = [key for m, key in self.bands if m == metric and not key.startswith("change:")]
        return sorted(keys, key=lambda key: (len(Segment.from_key(key).items), key))

    def ordered(self) -> list[Declared]:
        """Declared changes by date: their places are the numbers on pins and in the ledger, in every view the same."""
        return charts.numbered(self.every or self.declared.values())

    def pins(self, metric: str, key: str) -> list[charts.Pin]:
        """Of the decisions that touch somebody in a series."""
        of = self.declared.keys() & _marked(self, (*self.of, metric, key))
        return charts.pins(self.ordered(), self.verdicts, of=of)

    def limit(self, metric: Metric, key: str) -> charts.Limit | None:
        """The limit that a series is over, where a verdict says so."""
        return charts.limit(self.ordered(), self.verdicts, metric, key)

    def target(self, metric: str, key: str) -> TargetOutlook | None:
        """The next target of a series, or the newest that is over."""
        mine = [o for o in self.targets if o.target.metric == metric and o.target.segment.key == key]
        ahead = [o for o in mine if o.target.by >= self.now]
        return min(ahead, key=lambda o: o.target.by) if ahead else max(mine, key=lambda o: o.target.by, default=None)

    def number(self, change: str) -> int:
        return 1 + [d.change.id for d in self.ordered()].index(change)


def glimpses() -> list[Glimpse]:
    """What each part of each source came to lately."""
    with Store.open(os.environ.get("CXMON_STORE_URL", ""), read_only=True) as store:
        known = store.pulls.lately()
    last = max((p.at for pulls in known.values() for p in pulls), default=datetime.fromtimestamp(0, UTC))
    return of_pulls(known, last)


def sheet(metric: Metric) -> Sheet | None:
    """What was worked out for the page of a metric; None where nothing was yet."""
    with Store.open(os.environ.get("CXMON_STORE_URL", ""), read_only=True) as store:
        return store.catalogue.sheet(metric)


def fillings(metrics: Iterable[Metric]) -> dict[str, Filling]:
    """How each metric's periods fill up, by its id, where that was worked out."""
    with Store.open(os.environ.get("CXMON_STORE_URL", ""), read_only=True) as store:
        found = {metric.id: store.catalogue.sheet(metric) for metric in metrics}
    return {name: one.filling for name, one in found.items() if one is not None and one.filling is not None}


def alarms_kept(now: datetime) -> AlarmsKept | None:
    """What was promised, and what became of the watch incidents by `now`; None where nobody has counted yet."""
    with Store.open(os.environ.get("CXMON_STORE_URL", ""), read_only=True) as store:
        return alarms.alarms(store, now=now)


def outbox() -> list[OutboxRow]:
    """The newest messages, whatever their state, and everything that waits or is stuck."""
    with Store.open(os.environ.get("CXMON_STORE_URL", ""), read_only=True) as store:
        found = {row.key: row for row in store.outbox.rows()}
        for state in (Delivery.WAITING, Delivery.SENDING, Delivery.PARKED, Delivery.DEAD):
            found |= {row.key: row for row in store.outbox.rows(state)}
        return list(found.values())


def version() -> int | str:
    """Of the store: another one whenever anything in it has changed. A sentence where it cannot be read."""
    try:
        with Store.open(os.environ.get("CXMON_STORE_URL", ""), read_only=True) as store:
            return store.version()
    except StoreError as error:
        return str(error)


def world(version: int | str) -> World | str:
    """The world of that version, or one sentence that says why there is none."""
    if isinstance(version, str):
        return version
    try:
        return _load(os.environ.get("CXMON_STORE_URL", ""), version)
    except StoreError as error:
        return str(error)


@st.cache_resource(show_spinner=False, max_entries=512)
def _marked(_world: World, same: tuple[str | int, ...]) -> set[str]:
    """Of thousands of segments it takes longer to say than a switch of segment may."""
    metric, key = (str(part) for part in same[-2:])
    return charts.marked(_world.ordered(), _world.metrics[metric], _world.leaves.get(metric, ()), key)


@st.cache_resource(show_spinner=False, max_entries=2)
def _load(url: str, version: int) -> World | str:
    """Cached on the store's version: a backfill shows at once, an idle store costs one small read. All sessions share
    the one world, which nobody changes; a copy for each would take a second and 70 MB of a desk with 360 series.
    """
    with Store.open(url, read_only=True) as store:
        catalogue = store.catalogue.load()
        if catalogue is None:
            return NOTHING_YET
        bands = store.bands.all()
        as_of = [b.as_of for b in bands.values()]
        declared = charts.shown(store.changes.all(), max(as_of, default=datetime.fromtimestamp(0, UTC)))
        return World(
            title=catalogue.title,
            zone=catalogue.zone,
            metrics={m.id: m for m in catalogue.metrics},
            as_of=max(as_of) if as_of else None,
            declared={d.change.id: d for d in declared},
            leaves={m.id: store.leaves(m) for m in catalogue.metrics},
            verdicts=store.verdicts.all_latest(),
            responses=tuple(store.changes.responses(None)),
            incidents=tuple(store.incidents.open()),
            bands=bands,
            runs=store.runs.latest(),
            rejected=tuple(store.observations.rejected(limit=200)),
            allowances=store.allowances.latest(),
            targets=tuple(store.targets.all()),
            views=catalogue.views,
            number_format=catalogue.number_format,
            of=(url, version),
        )
