"""Single records of a vendor: kept by their external id, so that a correction aggregates only its own periods again."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from cxmon.contracts import Cells, Facts
from cxmon.failpoints import failpoint
from cxmon.model import Metric, Segment
from cxmon.periods import floor, next_start
from cxmon.store import bulk
from cxmon.store.schema import fact

Ints = npt.NDArray[np.int64]

# (epoch seconds, segment key, value, base) of one record.
_Record = tuple[int, str, float, float]


@dataclass(frozen=True, kw_only=True, eq=False)
class Touched:
    """Cells whose records changed: `start[i]` (epoch seconds) of `segments[segment[i]]`."""

    segments: tuple[Segment, ...]
    segment: Ints
    start: Ints


def take(conn: sa.Connection, metric: Metric, batch: Facts, now: datetime) -> tuple[Cells, Touched]:
    """Upserts and deletes the batch's records; returns the touched cells and what they hold now (absent = nothing).

    Where a batch names an id twice the later one counts; an id that is deleted as well is deleted.
    """
    wanted: dict[str, _Record | None] = {
        f.id: (int(f.at.timestamp() // 1), f.segment.key, float(f.value), float(f.base)) for f in batch.upserts
    }
    wanted |= dict.fromkeys(batch.deletes)
    of_metric = sa.and_(fact.c.metric == metric.id, fact.c.definition == metric.definition_hash)
    known = sa.and_(of_metric, bulk.any_of(fact.c.id, wanted, conn))
    columns = sa.select(fact.c.id, fact.c.at_utc, fact.c.segment, fact.c.value, fact.c.base)
    stored: dict[str, _Record] = {i: (at, s, v, b) for i, at, s, v, b in conn.execute(columns.where(known)).all()}
    changed = {i: record for i, record in wanted.items() if stored.get(i) != record}
    fresh = [(i, *r) for i, r in changed.items() if r is not None]
    bulk.insert(conn, fact, _columns(metric, fresh, now), replace=True)
    lost = [i for i, record in changed.items() if record is None]
    if lost:
        conn.execute(sa.delete(fact).where(of_metric, bulk.any_of(fact.c.id, lost, conn)))
    failpoint("collect-facts-written")
    before_and_after = [r for i, new in changed.items() for r in (stored.get(i), new) if r is not None]
    touched = _touched(metric, before_and_after)
    return _aggregated(conn, metric, touched, of_metric, now), touched


def _columns(metric: Metric, fresh: list[tuple[str, int, str, float, float]], now: datetime) -> dict[str, bulk.Column]:
    ids, at, segment, value, base = ([f[k] for f in fresh] for k in range(5))
    return {
        "metric": [metric.id] * len(fresh),
        "definition": [metric.definition_hash] * len(fresh),
        "id": ids,
        "at_utc": at,
        "segment": segment,
        "value": value,
        "base": base,
        "known_at": [int(now.timestamp() // 1)] * len(fresh),
    }


def _period(metric: Metric, at: int) -> int:
    start = floor(datetime.fromtimestamp(at, UTC), metric.grain, metric.zone, metric.week_start)
    return int(start.timestamp())


def _touched(metric: Metric, records: list[_Record]) -> Touched:
    cells = sorted({(key, _period(metric, at)) for at, key, _, _ in records})
    keys = sorted({key for key, _ in cells})
    index = {key: i for i, key in enumerate(keys)}
    return Touched(
        segments=tuple(Segment.from_key(k) for k in keys),
        segment=np.array([index[key] for key, _ in cells], np.int64),
        start=np.array([start for _, start in cells], np.int64),
    )


def _aggregated(
    conn: sa.Connection, metric: Metric, touched: Touched, of_metric: sa.ColumnElement[bool], now: datetime
) -> Cells:
    """All records of the touched cells as cells again."""
    from cxmon import aggregate  # noqa: PLC0415 - only vendor feeds need it.

    index = {s.key: i for i, s in enumerate(touched.segments)}
    cells = set(zip(touched.segment.tolist(), touched.start.tolist(), strict=True))
    rows: list[tuple[int, int, float, float]] = []
    for since, until in _runs(metric, sorted({start for _, start in cells})):
        within = sa.and_(of_metric, fact.c.at_utc >= since, fact.c.at_utc < until)
        # In the order of ids, so that the same records always add up to the same sum.
        found = sa.select(fact.c.at_utc, fact.c.segment, fact.c.value, fact.c.base).where(within).order_by(fact.c.id)
        for at, key, value, base in conn.execute(found):
            number = index.get(key)
            if number is not None and (number, _period(metric, at)) in cells:
                rows.append((at, number, value, base))
    return aggregate.cells(
        metric,
        np.array([r[0] for r in rows], np.int64),
        list(touched.segments),
        np.array([r[1] for r in rows], np.int64),
        np.array([r[2] for r in rows], np.float64),
        np.array([r[3] for r in rows], np.float64),
        None,
        now,
    )


def _runs(metric: Metric, starts: list[int]) -> list[tuple[int, int]]:
    """Neighbouring periods joined: (since, until) in epoch seconds."""
    runs: list[tuple[int, int]] = []
    for start in starts:
        end = int(next_start(datetime.fromtimestamp(start, UTC), metric.grain, metric.zone).timestamp())
        if runs and runs[-1][1] == start:
            runs[-1] = (runs[-1][0], end)
        else:
            runs.append((start, end))
    return runs
