"""One look at a source, of which nothing is stored: does it answer, and is what it says what the metrics need?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import numpy as np

from cxmon.aggregate import Page, fields_of, roles
from cxmon.aggregate import reading as values
from cxmon.config.plan import Plan
from cxmon.contracts import Cells, Facts, Feed, Records, Rejected, Request, Source
from cxmon.errors import AccessError, ConfigError, CxmonError, DriftError
from cxmon.model import Grain, Kind, Metric, Window, written
from cxmon.pipeline.collect import redacted, secrets_of

# How far back is looked, how many pages are asked for at most, and how many records are shown.
BACK = timedelta(days=30)
MOST_PAGES = 5
SHOWN = 10


@dataclass(frozen=True, kw_only=True)
class Counted:
    """What a metric makes of what came: records or cells that count, those that do not (yet), and rows set aside."""

    metric: str
    count: int
    others: int = 0
    rejected: int = 0
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Look:
    """One stream of a source, or one metric of a source without streams.

    `access`: whether the credentials were taken and suffice; `records` are counted in what `of` says; `filled` is the
    share of records that have each field; `rows` are some records as they may be shown: texts and names are not among
    what they show.
    """

    what: str
    error: str = ""
    access: bool = True
    records: int = 0
    of: str = "records on the first pages"
    newest: datetime | None = None
    filled: Mapping[str, float] = field(default_factory=dict)
    metrics: tuple[Counted, ...] = ()
    rows: tuple[Mapping[str, str], ...] = ()


def probe(plan: Plan, name: str, *, now: datetime) -> list[Look]:
    """Looks at all that the metrics of the source `name` read. Raises ConfigError where there is no such source."""
    if name not in plan.sources:
        raise ConfigError([f"no source {name!r}; there are {', '.join(plan.sources)}"])
    source = plan.sources[name]
    mine = [m for m in plan.metrics.values() if m.source == name]
    if not isinstance(source, Feed):
        return [_guarded(m.id, source, partial(_table, plan, source, m, now)) for m in mine]
    streams: dict[str, list[Metric]] = {}
    for metric in mine:
        streams.setdefault(metric.read.stream or "", []).append(metric)
    return [
        _guarded(f"stream {stream}", source, partial(_stream, plan, source, stream, ms, now))
        for stream, ms in streams.items()
    ]


def _guarded(what: str, source: object, look: Callable[[], Look]) -> Look:
    try:
        return look()
    except AccessError as error:
        return Look(what=what, error=redacted(str(error), secrets_of(source)), access=False)
    except CxmonError as error:
        return Look(what=what, error=redacted(str(error), secrets_of(source)))


def _request(plan: Plan, metric: Metric, now: datetime, back: timedelta = BACK) -> Request:
    frozen = plan.as_of is not None
    return Request(metric=metric, window=Window(now - back, now), now=now, frozen=frozen, hash_key=plan.hash_key)


def _table(plan: Plan, source: Source, metric: Metric, now: datetime) -> Look:
    """The last days, or where they hold nothing all that a first collection would read."""
    found = _table_since(plan, source, metric, now, BACK)
    if found.records or found.metrics[0].rejected:
        return found
    return _table_since(plan, source, metric, now, plan.backfill)


def _table_since(plan: Plan, source: Source, metric: Metric, now: datetime, back: timedelta) -> Look:
    cells = 0
    rejected: list[Rejected] = []
    rows: list[Mapping[str, str]] = []
    for batch in source.fetch(_request(plan, metric, now, back)):
        if not isinstance(batch, Facts):
            cells += len(batch.cells)
            rows = [*_newest(batch.cells, metric, plan.minimum_cell), *rows][:SHOWN]
        rejected += batch.rejected
    first = next((f"{r.where}: {r.reason}" for r in rejected), "")
    made = Counted(metric=metric.id, count=cells, rejected=len(rejected), reason=first)
    return Look(
        what=metric.id, records=cells, of=f"cells of the last {back.days} days", metrics=(made,), rows=tuple(rows)
    )


def _newest(cells: Cells, metric: Metric, least: int) -> list[Mapping[str, str]]:
    """The newest cells, as last known, as they may be shown: none on fewer answers than `least`."""
    zone, stamp = ZoneInfo(metric.zone), "%Y-%m-%d %H:%M" if metric.grain is Grain.HOUR else "%Y-%m-%d"
    rows: dict[tuple[int, int], Mapping[str, str]] = {}
    for i in np.lexsort((-cells.known_at, -cells.start)).tolist():
        n, total, at = float(cells.n[i]), float(cells.total[i]), int(cells.start[i])
        key = at, int(cells.segment[i])
        if key in rows or (total if metric.kind is Kind.LEVEL else n) < least:
            continue
        figures = (
            {"total": written(total, ",.10g")}
            if metric.kind is Kind.LEVEL
            else {"n": written(n, ",g"), "total": written(total, ",.10g")}
        )
        segment = cells.segments[key[1]]
        named = {name: segment.get(name) or "" for name in metric.dimensions}
        rows[key] = {metric.grain.value: f"{datetime.fromtimestamp(at, zone):{stamp}}"} | figures | named
        if len(rows) == SHOWN:
            break
    return list(rows.values())


def _stream(plan: Plan, source: Source, stream: str, metrics: Sequence[Metric], now: datetime) -> Look:
    """What the first pages say, of all fields; where records lack some, of the metrics that read none of them."""
    try:
        return _pages(plan, source, stream, metrics, now, None)
    except DriftError as error:
        left = [m for m in metrics if not fields_of(m) & error.fields]
        if not left:
            raise
        known = frozenset[str]().union(*map(fields_of, left))
        return replace(_pages(plan, source, stream, left, now, known), error=redacted(str(error), secrets_of(source)))


def _pages(
    plan: Plan, source: Source, stream: str, metrics: Sequence[Metric], now: datetime, fields: frozenset[str] | None
) -> Look:
    pages: list[Facts] = []
    aside: list[Rejected] = []
    batches = source.fetch(replace(_request(plan, metrics[0], now), fields=fields))
    for batch in batches:
        # What moves no cursor is a list of what is gone: no records are in it.
        if isinstance(batch, Facts) and batch.cursor is not None:
            pages.append(batch)
            aside += batch.rejected
        if len(pages) >= MOST_PAGES or sum(len(p.upserts) for p in pages) >= SHOWN:
            break
    records = _joined([p.upserts for p in pages])
    newest = max((c for c in records.changed if c), default=0)
    own = [f"{r.where}: {r.reason}" for r in aside]
    return Look(
        what=f"stream {stream}",
        records=len(records),
        newest=datetime.fromtimestamp(newest, now.tzinfo) if newest else None,
        filled={name: _share(column) for name, column in records.fields.items()},
        metrics=tuple(_counted(metric, records, own, now, frozen=plan.as_of is not None) for metric in metrics),
        rows=tuple(_shown(records, metrics)),
    )


def _joined(pages: Sequence[Records]) -> Records:
    names = pages[0].fields if pages else ()
    return Records(
        ids=[i for p in pages for i in p.ids],
        fields={name: [v for p in pages for v in p.fields[name]] for name in names},
        changed=[c for p in pages for c in p.changed],
        customers=[c for p in pages for c in p.customers],
        places=[place for p in pages for place in p.places],
    )


def _share(column: Sequence[object]) -> float:
    return sum(not values.empty(v) for v in column) / len(column) if len(column) else 0.0


def _counted(metric: Metric, records: Records, aside: Sequence[str], now: datetime, *, frozen: bool) -> Counted:
    if not len(records):
        return Counted(metric=metric.id, count=0, rejected=len(aside), reason=next(iter(aside), ""))
    found = Page(records=records, now=now, frozen=frozen).counted(metric)
    reasons = [*aside, *(f"{r.where}: {r.reason}" for r in found.rejected)]
    return Counted(
        metric=metric.id, count=len(found.row), others=len(found.absent), rejected=len(reasons),
        reason=next(iter(reasons), ""),
    )  # fmt: skip


def _shown(records: Records, metrics: Sequence[Metric]) -> list[Mapping[str, str]]:
    """The first records with the fields that metrics read: numbers and times as they are, words only of dimensions."""
    wanted: dict[str, bool] = {}
    for metric in metrics:
        for role, name in roles(metric).items():
            wanted[name] = wanted.get(name, False) or role.startswith("dimension:")
    rows: list[Mapping[str, str]] = []
    for i in range(min(SHOWN, len(records))):
        row = {"id": masked(records.ids[i])}
        for name, word in wanted.items():
            value = records.fields[name][i] if name in records.fields else None
            row[name] = "" if values.empty(value) else str(value)[:40] if word else values.shown(value)
        rows.append(row)
    return rows


def masked(name: str) -> str:
    """An id with its end only."""
    return f"…{name[-3:]}" if len(name) > 3 else "…"
