"""A page of records into the facts of its metrics: what is new, what is another version, and what counts no more."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from cxmon import aggregate
from cxmon.contracts import Facts, Records
from cxmon.model import Metric
from cxmon.store import bulk, fact_rows
from cxmon.store.fact_rows import Ints, Row, owner
from cxmon.store.observations import progress_of
from cxmon.store.schema import progress

ALWAYS = -(2**62)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a metric's facts stand: under the name `stream`. Periods that start before `lowest` are not counted
    (again), of those that start before `oldest` no fact is taken: what subscriptions are now began at any time."""

    stream: str
    lowest: int
    oldest: int


@dataclass(frozen=True, kw_only=True)
class Done:
    """What a page did to one metric's facts: how many it wrote and removed, how many stay, and the instants touched."""

    upserted: int
    removed: int
    unchanged: int
    touches: Sequence[int]


def first(metric: Metric) -> dict[str, object]:
    """What the row of a metric's progress says from the beginning: metrics of a stream have their facts together."""
    stream = f"{metric.source}/{metric.read.stream}"
    return {"metric": metric.id, "definition": metric.definition_hash, "stream": stream}


def places(conn: sa.Connection, metrics: Sequence[Metric]) -> dict[str, Place]:
    """Where the facts of each metric stand; each has a row of progress after that."""
    names = ("metric", "definition", "stream", "since_utc", "kept_from")
    rows = bulk.among(conn, progress, names, {"metric": [m.id for m in metrics]})
    known = {(row[0], row[1]): row[2:] for row in rows}
    found = {}
    for metric in metrics:
        stream, *bounds = known.get(owner(metric), (None, None, None))
        if stream is None:
            begun = first(metric)
            if owner(metric) in known:
                conn.execute(sa.update(progress).where(progress_of(metric)).values(stream=begun["stream"]))
            else:
                conn.execute(sa.insert(progress).values(**begun))
            stream = str(begun["stream"])
        lowest = max((x for x in bounds if x is not None), default=ALWAYS)
        found[metric.id] = Place(stream=stream, lowest=lowest, oldest=ALWAYS if metric.read.churn else lowest)
    return found


def take(
    conn: sa.Connection,
    stream: str,
    metrics: Sequence[Metric],
    batch: Facts,
    counted: Mapping[str, aggregate.Counted],
    places: Mapping[str, Place],
) -> dict[str, Done]:
    """A page into the facts of metrics whose facts stand together."""
    ids = batch.upserts.ids
    names = {*ids, *batch.deletes}
    found = fact_rows.of_records(conn, stream, names)
    numbers = fact_rows.numbered(conn, {owner(m): counted[m.id].segments for m in metrics})
    series = {
        m.id: np.array([numbers[*owner(m), key] for key in counted[m.id].segments], np.int64)[counted[m.id].segment]
        for m in metrics
    }
    known = {*found.ids, *batch.deletes, *(name for name, times in Counter(ids).items() if times > 1)}
    new = np.array([name not in known for name in ids], bool)
    added = _add(conn, stream, metrics, batch.upserts, counted, series, places, new)
    if new.all() and not batch.deletes:
        return added
    changed = _change(conn, stream, metrics, batch, found, counted, series, places, ~new)
    return {name: _both(added[name], done) for name, done in changed.items()}


def _change(
    conn: sa.Connection,
    stream: str,
    metrics: Sequence[Metric],
    batch: Facts,
    found: fact_rows.Found,
    counted: Mapping[str, aggregate.Counted],
    series: Mapping[str, Ints],
    places: Mapping[str, Place],
    old: npt.NDArray[np.bool_],
) -> dict[str, Done]:
    """The records that are `old`, of which something is `found` or which come several times, and those deleted."""
    whose = fact_rows.owners(conn, np.unique(found.entries["series"]).tolist())
    held: dict[str, dict[fact_rows.Owner, Row]] = {}
    for name, row in fact_rows.rows_of(found):
        held.setdefault(name, {})[whose[row.series]] = row
    done, changed = {}, set()
    customers = dict(zip(found.ids, found.customers, strict=True))
    newest = {name: max(row.changed for row in rows.values()) for name, rows in held.items()}
    for m in metrics:
        own = owner(m)
        wanted = _wanted(batch.upserts, counted[m.id], series[m.id], old) | dict.fromkeys(batch.deletes)
        stored = {name: rows[own] for name, rows in held.items() if own in rows}
        fresh, lost, done[m.id] = _merged(m, wanted, stored, places[m.id].oldest)
        for name in lost:
            del held[name][own]
        for name, row in fresh.items():
            held.setdefault(name, {})[own] = row
            if row.changed >= newest.get(name, row.changed):
                customers[name], newest[name] = row.customer, row.changed
        changed |= {*lost, *fresh}
    fact_rows.rewrite(conn, stream, changed & set(found.ids), {n: held[n].values() for n in sorted(changed)}, customers)
    return done


def _add(
    conn: sa.Connection,
    stream: str,
    metrics: Sequence[Metric],
    records: Records,
    counted: Mapping[str, aggregate.Counted],
    series: Mapping[str, Ints],
    places: Mapping[str, Place],
    new: npt.NDArray[np.bool_],
) -> dict[str, Done]:
    """The same as `_merged` of the records that are `new`: nothing is stored yet of any of them, as in a backfill."""
    done, rows, facts = {}, [], []
    changed = np.array(records.changed or [0] * len(records), np.int64)
    for metric in metrics:
        of = counted[metric.id]
        starts = of.at if metric.read.churn else aggregate.period_starts(metric, of.at)
        chosen = np.flatnonzero((starts >= places[metric.id].oldest) & new[of.row])
        entries = np.empty(len(chosen), fact_rows.ENTRY)
        columns = {"series": series[metric.id], "at": of.at, "value": of.value, "base": of.base, "known": of.known}
        for name, column in columns.items():
            entries[name] = column[chosen]
        entries["changed"] = changed[of.row[chosen]]
        rows.append(of.row[chosen])
        facts.append(entries)
        touches = np.unique(starts[chosen]).tolist()
        done[metric.id] = Done(upserted=len(chosen), removed=0, unchanged=0, touches=touches)
    fact_rows.write(conn, stream, records.ids, records.customers, np.concatenate(rows), np.concatenate(facts))
    return done


def _both(a: Done, b: Done) -> Done:
    return Done(
        upserted=a.upserted + b.upserted, removed=a.removed + b.removed, unchanged=a.unchanged + b.unchanged,
        touches=[*a.touches, *b.touches],
    )  # fmt: skip


def _wanted(
    records: Records, counted: aggregate.Counted, series: Ints, old: npt.NDArray[np.bool_]
) -> dict[str, tuple[int, Row | None] | None]:
    """{id: (version, its fact or None)} of those `old`; of two rows with the same id and version the later counts."""
    changed = records.changed or [0] * len(records)
    customers = records.customers or [""] * len(records)
    found: dict[int, Row | None] = dict.fromkeys(counted.absent[old[counted.absent]].tolist())
    mine = old[counted.row]
    every = (counted.row, series, counted.at, counted.value, counted.base, counted.known)
    columns = [column[mine] for column in every]
    for row, number, at, value, base, known in zip(*(c.tolist() for c in columns), strict=True):
        open_ = value != value  # noqa: PLR0124 - NaN is what differs from itself.
        found[row] = Row(number, at, None if open_ else value, base, known, changed[row], customers[row])
    wanted: dict[str, tuple[int, Row | None] | None] = {}
    for i in sorted(found):
        before = wanted.get(records.ids[i])
        if before is None or before[0] <= changed[i]:
            wanted[records.ids[i]] = changed[i], found[i]
    return wanted


def _merged(
    metric: Metric, wanted: Mapping[str, tuple[int, Row | None] | None], stored: Mapping[str, Row], oldest: int
) -> tuple[dict[str, Row], list[str], Done]:
    """(facts that are new or others now, ids of those that are none any more, what that is)."""
    fresh: dict[str, Row] = {}
    lost: list[str] = []
    touches: list[int] = []
    same = 0
    at = np.array([new[1].at for new in wanted.values() if new is not None and new[1] is not None], np.int64)
    bounded = len(at) and oldest > ALWAYS
    frozen = set(at[aggregate.period_starts(metric, at) < oldest].tolist()) if bounded else set()
    for name, entry in wanted.items():
        version, new = (None, None) if entry is None else entry
        old = stored.get(name)
        if new is not None and new.at in frozen:
            new = None
        if old is not None and version is not None and version < old.changed:
            same += 1
        elif new == old:
            same += new is not None
        elif new is not None:
            fresh[name] = new
            # A change at the vendor that this metric does not see touches nothing.
            if old is None or new.counted != old.counted:
                touches += [new.at] if old is None else [old.at, new.at]
        elif old is not None:
            lost.append(name)
            touches.append(old.at)
    return fresh, lost, Done(upserted=len(fresh), removed=len(lost), unchanged=same, touches=touches)
