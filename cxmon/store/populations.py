"""Facts that are states of subscriptions: every period asks who was there, so what is touched is all that follows."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np
import sqlalchemy as sa

from cxmon import aggregate
from cxmon.contracts import Cells, Observations
from cxmon.failpoints import failpoint
from cxmon.model import Metric, Segment, Window
from cxmon.periods import floor, next_start
from cxmon.store import fact_rows, series
from cxmon.store import fact_taking as taking
from cxmon.store.engine import Database
from cxmon.store.fact_rows import owner
from cxmon.store.observations import Applied, advance, progress_of, replace_window
from cxmon.store.schema import progress, touched

# A definition may look at 30 days where a period has 28.
_REACHES_BACK = 31 * 86_400


class _Held(NamedTuple):
    """The states of a stream, with numbers for the customer and the subscription of each of its records."""

    found: fact_rows.Found
    customer: fact_rows.Ints
    subject: fact_rows.Ints


def settle(db: Database, metrics: Sequence[Metric], *, now: datetime) -> dict[str, Applied]:
    """Counts the periods again from the first touched one on, and those that have begun since, of metrics whose states
    are read together; those that have nothing to do are not named. Periods before those that are counted
    (`Place.lowest`) stay as they are."""
    done: dict[str, Applied] = {}
    with db.write() as conn:
        places = taking.places(conn, metrics)
        found = ((m, _run(conn, m, places[m.id].lowest, now)) for m in metrics)
        runs = [(m, run) for m, run in found if run is not None]
        for stream in dict.fromkeys(places[m.id].stream for m, _ in runs):
            these = [(m, run) for m, run in runs if places[m.id].stream == stream]
            together = [(m, run, fact_rows.segments(conn, owner(m))) for m, run in these]
            held = _held(fact_rows.of_series(conn, stream, [n for _, _, keys in together for n in keys]))
            for metric, run, keys in together:
                batch = Observations(window=run, cells=_cells(metric, keys, held, run, now))
                done[metric.id] = replace_window(conn, metric, batch, now, accept_loss=True)
                # Where nobody is at risk there are no cells, and yet these periods have been counted.
                advance(conn, metric, series.epoch(floor(now, metric.grain, metric.zone, metric.week_start)))
                conn.execute(sa.delete(touched).where(_mine(touched, metric)))
        failpoint("collect-states-before-commit")
    failpoint("collect-states-after-commit")
    return done


def purge(conn: sa.Connection, stream: str, of: Collection[fact_rows.Owner], before: int) -> int:
    """Deletes the states of metrics at instants before `before` that say nothing of what holds then; how many."""
    before -= _REACHES_BACK
    numbers = {one: np.array(list(fact_rows.segments(conn, one)), np.int64) for one in of}
    found = fact_rows.of_series(conn, stream, [n for own in numbers.values() for n in own.tolist()], until=before)
    needed: dict[fact_rows.Owner, set[str]] = {}
    for one, own in numbers.items():
        mine = np.isin(found.entries["series"], own)
        names = [found.ids[i] for i in found.row[mine].tolist()]
        at, known, value, after = (found.entries[name][mine].tolist() for name in ("at", "known", "value", "base"))
        # A subscription that was worth nothing then has no state that is needed.
        needed[one] = {names[i] for i in aggregate.standing(names, at, known, bound=before) if after[i] and value[i]}
    return fact_rows.drop(conn, stream, of, before, spared=needed)


def _run(conn: sa.Connection, metric: Metric, lowest: int, now: datetime) -> Window | None:
    """From the first period whose figures may be others to the one that holds `now`."""
    first = conn.execute(sa.select(sa.func.min(touched.c.start_utc)).where(_mine(touched, metric))).scalar()
    newest = conn.execute(sa.select(progress.c.watermark).where(progress_of(metric))).scalar()
    current = floor(now, metric.grain, metric.zone, metric.week_start)
    begun = newest if newest is not None and newest < series.epoch(current) else None
    waiting = [start for start in (first, begun) if start is not None]
    if not waiting:
        return None
    since = floor(datetime.fromtimestamp(max(min(waiting), lowest), UTC), metric.grain, metric.zone, metric.week_start)
    if series.epoch(since) < lowest:
        since = next_start(since, metric.grain, metric.zone)
    return Window(min(since, current), next_start(current, metric.grain, metric.zone))


def _held(found: fact_rows.Found) -> _Held:
    customer = _numbered(found.customers)
    # A subscription that went to another customer is another subject.
    subject = _numbered(list(map(aggregate.subject, found.ids)))
    return _Held(found, customer, subject + customer * (subject.max(initial=0) + 1))


def _cells(metric: Metric, keys: Mapping[int, str], held: _Held, run: Window, now: datetime) -> Cells:
    """All states of the metric, whose series are `keys`, by their customers, as the cells of `run`."""
    mine = np.isin(held.found.entries["series"], np.array(list(keys), np.int64))
    found = held.found._replace(row=held.found.row[mine], entries=held.found.entries[mine])
    # In the order of their keys on every database: of two parts as large as each other the first one counts.
    present = sorted(np.unique(found.entries["series"]).tolist(), key=keys.__getitem__)
    place = np.zeros(max(present, default=0) + 1, np.int64)
    place[present] = np.arange(len(present))
    told = _told(held._replace(found=found), place)
    loud, others = aggregate.quiet(told, aggregate.opens(metric, run))
    plain = loud & aggregate.orderly(told)
    customers: dict[str, list[aggregate.State]] = {}
    chosen = np.flatnonzero((loud & ~plain)[told.customer]) if len(loud) else np.zeros(0, np.int64)
    columns = (found.row, told.at, told.known, told.value, told.segment, told.holds)
    for i, at, known, value, segment, holds in zip(*(c[chosen].tolist() for c in columns), strict=True):
        state = aggregate.State(at, known, found.ids[i], value, segment, holds)
        customers.setdefault(found.customers[i], []).append(state)
    segments = [Segment.from_key(keys[n]) for n in present]
    return aggregate.cells_of_states(metric, segments, customers, run, now, others, aggregate.histories(told, plain))


def _told(held: _Held, place: fact_rows.Ints) -> aggregate.Told:
    """What was found in columns."""
    e, row = held.found.entries, held.found.row
    # Records without a state of this metric have numbers, and nothing else.
    return aggregate.Told(
        customer=held.customer[row], subject=_dense(held.subject[row]), at=e["at"],
        known=e["known"], holds=e["base"].astype(np.int64), value=e["value"], segment=place[e["series"]],
    )  # fmt: skip


def _numbered(names: Sequence[str]) -> fact_rows.Ints:
    """A number for each name, in the order in which they come first."""
    numbers = {name: i for i, name in enumerate(dict.fromkeys(names))}
    return np.fromiter(map(numbers.__getitem__, names), np.int64, len(names))


def _dense(numbers: fact_rows.Ints) -> fact_rows.Ints:
    """The same numbers without those that do not occur."""
    return np.unique(numbers, return_inverse=True)[1].reshape(-1).astype(np.int64)


def _mine(table: sa.Table, metric: Metric) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.metric == metric.id, table.c.definition == metric.definition_hash)
