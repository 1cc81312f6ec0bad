"""The table of facts: those that a record brings to the metrics of its stream in one week stand in one row, packed.

One row where there were as many as metrics is what a backfill needs to keep up with the pages; in the order of weeks a
period is read in one go. Weeks are counted from 1970-01-01 in UTC, whatever zone and periods the metric has.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from cxmon.model import Metric
from cxmon.store import bulk
from cxmon.store.schema import fact, fact_series

Ints = npt.NDArray[np.int64]
# Facts in an array: which metric and segment, then what figures are made of, and the version of its record.
Entries = npt.NDArray[np.void]
Owner = tuple[str, str]

ENTRY = np.dtype(
    [("series", "<i4"), ("at", "<i8"), ("value", "<f8"), ("base", "<f8"), ("known", "<i8"), ("changed", "<i8")]
)
WEEK = 7 * 86_400
_COLUMNS = ("id", "customer", "week", "data")
# So many weeks are read at once where a long time is gone through.
_STRETCH = 4


class Row(NamedTuple):
    """A fact: its series, its instant, its figures, its record's version and customer. `value` None is still open."""

    series: int
    at: int
    value: float | None
    base: float
    known: int
    changed: int
    customer: str

    @property
    def counted(self) -> tuple[object, ...]:
        """What figures are made of."""
        return self[:5]


class Found(NamedTuple):
    """Stored facts: of record `ids[row[k]]`, with the customer `customers[row[k]]`, entry k."""

    ids: Sequence[str]
    customers: Sequence[str]
    weeks: Sequence[int]
    row: Ints
    entries: Entries


def owner(metric: Metric) -> Owner:
    return metric.id, metric.definition_hash


def numbered(conn: sa.Connection, wanted: Mapping[Owner, Collection[str]]) -> dict[tuple[str, str, str], int]:
    """The numbers of series, (metric, definition, segment), after adding those that are missing."""
    needed = {(*of, key) for of, keys in wanted.items() for key in keys}
    if not needed:
        return {}
    asked = {"metric": sorted({key[0] for key in needed}), "segment": sorted({key[2] for key in needed})}
    found = bulk.among(conn, fact_series, ("metric", "definition", "segment", "id"), asked)
    known = {(m, d, s): number for m, d, s, number in found}
    missing = sorted(needed - set(known))
    if missing:
        # Counted here, where one writer is at work: a database's own counter goes on where a transaction is undone.
        first = (conn.execute(sa.select(sa.func.max(fact_series.c.id))).scalar() or 0) + 1
        known |= {key: first + i for i, key in enumerate(missing)}
        rows = [{"id": known[key], "metric": key[0], "definition": key[1], "segment": key[2]} for key in missing]
        conn.execute(sa.insert(fact_series), rows)
    return known


def segments(conn: sa.Connection, of: Owner) -> dict[int, str]:
    """{number: segment's key} of a metric's series, in the order of the keys."""
    t = fact_series.c
    asked = sa.select(t.id, t.segment).where(t.metric == of[0], t.definition == of[1]).order_by(t.segment)
    return dict(bulk.tuples(conn, asked))


def owners(conn: sa.Connection, numbers: Iterable[int]) -> dict[int, Owner]:
    """Whose these series are."""
    found = bulk.among(conn, fact_series, ("id", "metric", "definition"), {"id": sorted(set(numbers))})
    return {number: (metric, definition) for number, metric, definition in found}


def write(
    conn: sa.Connection, stream: str, ids: Sequence[str], customers: Sequence[str], row: Ints, entries: Entries
) -> None:
    """Facts (F,) of records `ids[row]`, of which no week is stored."""
    if not len(entries):
        return
    week = entries["at"] // WEEK
    order = np.lexsort((entries["series"], row, week))
    row, week = row[order], week[order]
    data, size = entries[order].tobytes(), ENTRY.itemsize
    heads = np.flatnonzero(np.append(True, (np.diff(week) != 0) | (np.diff(row) != 0)))
    of = row[heads].tolist()
    cuts = [*(heads * size).tolist(), len(data)]
    columns: dict[str, bulk.Column] = {
        "stream": [stream] * len(of),
        "week": week[heads],
        "id": [ids[i] for i in of],
        "customer": [customers[i] for i in of] if customers else [""] * len(of),
        "data": [data[a:b] for a, b in pairwise(cuts)],
    }
    bulk.insert(conn, fact, columns)


def of_records(conn: sa.Connection, stream: str, ids: Iterable[str]) -> Found:
    """What is stored of these records."""
    return _packed(bulk.among(conn, fact, _COLUMNS, {"stream": stream, "id": list(ids)}))


def of_customers(conn: sa.Connection, customers: Iterable[str]) -> Found:
    """What is stored of these customers, of all streams."""
    return _packed(bulk.among(conn, fact, _COLUMNS, {"customer": list(customers)}))


def of_series(
    conn: sa.Connection, stream: str, series: Collection[int], *, since: int = -(2**62), until: int = 2**62
) -> Found:
    """What is stored of a stream's `series` in a stretch of time [since, until)."""
    weeks = sa.and_(fact.c.stream == stream, fact.c.week.between(since // WEEK, (until - 1) // WEEK))
    found = _found(conn, weeks)
    mine = _of(found.entries, np.array(list(series), np.int64), since, until)
    return found._replace(row=found.row[mine], entries=found.entries[mine])


def within(conn: sa.Connection, stream: str, since: int, until: int, series: Ints) -> Entries:
    """The facts of a stream's `series` in a stretch of time [since, until)."""
    first, last = since // WEEK, (until - 1) // WEEK
    found = []
    for week in range(first, last + 1, _STRETCH):
        weeks = sa.and_(fact.c.stream == stream, fact.c.week.between(week, min(last, week + _STRETCH - 1)))
        entries = _entries([row[0] for row in bulk.tuples(conn, sa.select(fact.c.data).where(weeks))])
        found.append(entries[_of(entries, series, since, until)])
    return np.concatenate(found)


def rows_of(found: Found) -> Iterator[tuple[str, Row]]:
    """(id, fact) of all that was found."""
    for i, (series, at, value, base, known, changed) in zip(found.row.tolist(), found.entries.tolist(), strict=True):
        open_ = value != value  # noqa: PLR0124 - NaN is what differs from itself.
        yield found.ids[i], Row(series, at, None if open_ else value, base, known, changed, found.customers[i])


def rewrite(
    conn: sa.Connection,
    stream: str,
    stale: Collection[str],
    held: Mapping[str, Collection[Row]],
    customers: Mapping[str, str],
) -> None:
    """`held` are all facts of the records that it names; those of `stale` ones go before."""
    if stale:
        conn.execute(sa.delete(fact).where(fact.c.stream == stream, bulk.any_of(fact.c.id, stale, conn)))
    ids = list(held)
    rows = [i for i, name in enumerate(ids) for _ in held[name]]
    facts = [(*r[:2], np.nan if r.value is None else r.value, *r[3:6]) for name in ids for r in held[name]]
    write(conn, stream, ids, [customers[name] for name in ids], np.array(rows, np.int64), np.array(facts, ENTRY))


def drop(
    conn: sa.Connection,
    stream: str,
    of: Collection[Owner],
    before: int,
    *,
    spared: Mapping[Owner, Collection[str]] | None = None,
) -> int:
    """Deletes the facts of these metrics at instants before `before`, but for records of theirs that are `spared`; how
    many."""
    if not of:
        return 0
    t, deleted, last = fact.c, 0, (before - 1) // WEEK
    first = conn.execute(sa.select(sa.func.min(t.week)).where(t.stream == stream)).scalar()
    while first is not None and first <= last:
        until = min(last, first + _STRETCH - 1)
        weeks = sa.and_(t.stream == stream, t.week.between(first, until))
        found = _found(conn, weeks)
        series = owners(conn, np.unique(found.entries["series"]).tolist())
        gone = np.zeros(len(found.row), bool)
        for one in of:
            mine = np.array([number for number, whose in series.items() if whose == one], np.int64)
            own = np.isin(found.entries["series"], mine) & (found.entries["at"] < before)
            kept = (spared or {}).get(one)
            gone |= own & ~np.array([name in kept for name in found.ids], bool)[found.row] if kept else own
        changed = np.unique(found.row[gone])
        if len(changed):
            _replace(conn, stream, weeks, found, changed, ~gone)
        deleted += int(gone.sum())
        following = sa.select(sa.func.min(t.week)).where(t.stream == stream, t.week > until)
        first = conn.execute(following).scalar()
    return deleted


def _replace(
    conn: sa.Connection, stream: str, weeks: sa.ColumnElement[bool], found: Found, changed: Ints, kept: npt.NDArray[Any]
) -> None:
    """The rows `changed` of those of `weeks` are written again with the entries that are `kept`."""
    if len(changed) == len(found.ids):
        conn.execute(sa.delete(fact).where(weeks))
    else:
        t = fact.c
        one = sa.and_(t.stream == stream, t.week == sa.bindparam("on"), t.id == sa.bindparam("name"))
        conn.execute(
            sa.delete(fact).where(one), [{"on": found.weeks[i], "name": found.ids[i]} for i in changed.tolist()]
        )
    again = kept & np.isin(found.row, changed)
    write(conn, stream, found.ids, found.customers, found.row[again], found.entries[again])


def _of(entries: Entries, series: Ints, since: int, until: int) -> npt.NDArray[np.bool_]:
    return np.isin(entries["series"], series) & (entries["at"] >= since) & (entries["at"] < until)


def _found(conn: sa.Connection, where: sa.ColumnElement[bool]) -> Found:
    return _packed(bulk.tuples(conn, sa.select(*(fact.c[name] for name in _COLUMNS)).where(where)))


def _packed(rows: Sequence[tuple[Any, ...]]) -> Found:
    """Rows of `_COLUMNS`."""
    ids, customers, weeks, data = zip(*rows, strict=True) if rows else ((), (), (), ())
    counts = [len(d) // ENTRY.itemsize for d in data]
    return Found(ids, customers, weeks, np.repeat(np.arange(len(ids)), counts), _entries(data))


def _entries(data: Sequence[bytes]) -> Entries:
    return np.frombuffer(b"".join(data), ENTRY)
