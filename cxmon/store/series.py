"""The numbers of series, and the cells stored under them."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import sqlalchemy as sa

from cxmon.model import Kind, Metric, Segment
from cxmon.store import bulk
from cxmon.store.revisions import FIGURES, Rows
from cxmon.store.schema import observation, series, sketch

# Stands for NULL on the way from the database into an array; stored figures are always finite.
_NONE: dict[str, sa.ColumnElement[float]] = {
    "sqlite": sa.literal_column("9e999"),
    "postgresql": sa.literal_column("'Infinity'::float8"),
}


def numbers(conn: sa.Connection, metric: Metric) -> dict[Segment, int]:
    """The stored series of this metric and definition, by segment."""
    found = conn.execute(sa.select(series.c.segment, series.c.id).where(_identity(metric)).order_by(series.c.id))
    return {Segment.from_key(key): number for key, number in found.all()}


def ensure(conn: sa.Connection, metric: Metric, segments: Sequence[Segment]) -> dict[Segment, int]:
    """Like `numbers`, after adding those that are missing."""
    known = numbers(conn, metric)
    # Sorted, so that the same segments get the same numbers in whatever order a batch brings them.
    missing = sorted(set(segments) - set(known))
    if not missing:
        return known
    same = {
        "metric": metric.id,
        "definition": metric.definition_hash,
        "grain": metric.grain.value,
        "zone": metric.zone,
        "week_start": metric.week_start,
        "kind": metric.kind.value,
        "quantile": metric.quantiles[0] if metric.kind is Kind.QUANTILE else None,
    }
    conn.execute(sa.insert(series), [same | {"segment": s.key} for s in missing])
    return numbers(conn, metric)


def leaves(segments: Sequence[Segment]) -> tuple[Segment, ...]:
    """The segments that are not the sum of other ones: those that hold no other, sorted."""
    by_dimensions: dict[tuple[str, ...], set[Segment]] = {}
    for s in segments:
        by_dimensions.setdefault(s.dimensions, set()).add(s)
    for coarse, held in by_dimensions.items():
        for fine, parts in by_dimensions.items():
            if set(coarse) < set(fine):
                held -= {p.along(coarse) for p in parts}
    return tuple(sorted(s for held in by_dimensions.values() for s in held))


def cells(conn: sa.Connection, ids: Sequence[int], since: int, until: int, *, sketches: bool) -> Rows:
    """The current cells of these series with a start in `[since, until)` epoch seconds, sorted by (series, start)."""
    o = observation.c
    wanted = sa.and_(bulk.any_of(o.series_id, ids, conn), o.start_utc >= since, o.start_utc < until)
    figures = [o[name] if name in {"n", "total"} else sa.func.coalesce(o[name], none(conn)) for name in FIGURES]
    whole = ("series", "start", "revision", "seen")
    fields = [(name, "i8") for name in whole] + [(name, "f8") for name in FIGURES]
    chosen = sa.select(o.series_id, o.start_utc, o.revision, o.seen_at, *figures).where(wanted)
    found = bulk.fetch(conn, chosen.order_by(o.series_id, o.start_utc), fields)
    matrix = np.stack([found[name] for name in FIGURES], axis=1)
    matrix[np.isinf(matrix)] = np.nan
    rows = Rows(
        series=found["series"], start=found["start"], figures=matrix, seen=found["seen"], revision=found["revision"]
    )
    if not sketches:
        return rows
    joined = observation.outerjoin(
        sketch,
        sa.and_(sketch.c.series_id == o.series_id, sketch.c.start_utc == o.start_utc, sketch.c.revision == o.revision),
    )
    data = np.full(len(rows), None, object)
    stored = sa.select(sketch.c.data).select_from(joined).where(wanted).order_by(o.series_id, o.start_utc)
    data[:] = [bytes(d) if d is not None else None for d in conn.execute(stored).scalars()]
    return Rows(
        series=rows.series, start=rows.start, figures=rows.figures, seen=rows.seen, revision=rows.revision, sketch=data
    )


def none(conn: sa.Connection) -> sa.ColumnElement[float]:
    """What an array holds where the database holds NULL."""
    return _NONE[conn.dialect.name]


def epoch(at: datetime) -> int:
    """Whole epoch seconds, rounded down."""
    return int(at.timestamp() // 1)


def _identity(metric: Metric) -> sa.ColumnElement[bool]:
    return sa.and_(
        series.c.metric == metric.id,
        series.c.definition == metric.definition_hash,
        series.c.grain == metric.grain.value,
        series.c.zone == metric.zone,
        series.c.week_start == metric.week_start,
    )
