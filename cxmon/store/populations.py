"""Facts that are states of subscriptions: every period asks who was there, so what is touched is all that follows."""

from datetime import UTC, datetime

import sqlalchemy as sa

from cxmon import aggregate
from cxmon.contracts import Cells, Observations
from cxmon.failpoints import failpoint
from cxmon.model import Metric, Segment, Window
from cxmon.periods import floor, next_start
from cxmon.store import bulk, series
from cxmon.store.engine import Database
from cxmon.store.observations import Applied, progress_of, replace_window
from cxmon.store.schema import fact, progress, touched

# A definition may look at 30 days where a period has 28.
_REACHES_BACK = 31 * 86_400


def settle(db: Database, metric: Metric, *, lowest: int, now: datetime) -> Applied | None:
    """Counts the periods again from the first touched one on, and those that have begun since; None where there is
    nothing to do. Periods that begin before `lowest` stay as they are."""
    with db.write() as conn:
        run = _run(conn, metric, lowest, now)
        if run is None:
            return None
        batch = Observations(window=run, cells=_cells(conn, metric, run, now))
        done = replace_window(conn, metric, batch, now, accept_loss=True)
        conn.execute(sa.delete(touched).where(_mine(touched, metric)))
        failpoint("collect-states-before-commit")
    failpoint("collect-states-after-commit")
    return done


def purge(conn: sa.Connection, mine: sa.ColumnElement[bool], before: int) -> int:
    """Deletes the states of instants before `before` that say nothing of what holds from then on; how many."""
    before -= _REACHES_BACK
    rows = bulk.tuples(
        conn,
        sa.select(fact.c.id, fact.c.at_utc, fact.c.known_utc, fact.c.value, fact.c.base).where(
            mine, fact.c.at_utc < before
        ),
    )
    if not rows:
        return 0
    names, at, known, value, after = zip(*rows, strict=True)
    # A subscription that was worth nothing then has no state that is needed.
    needed = {i for i in aggregate.standing(names, at, known, bound=before) if after[i] and value[i]}
    gone = [name for i, name in enumerate(names) if i not in needed]
    conn.execute(sa.delete(fact).where(mine, bulk.any_of(fact.c.id, gone, conn)))
    return len(gone)


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


def _cells(conn: sa.Connection, metric: Metric, run: Window, now: datetime) -> Cells:
    """All states of the metric, by their customers, as the cells of `run`."""
    t = fact.c
    columns = (t.customer, t.at_utc, t.known_utc, t.id, t.value, t.segment, t.base)
    rows = bulk.tuples(conn, sa.select(*columns).where(_mine(fact, metric)))
    keys = {key: i for i, key in enumerate(sorted({row[5] for row in rows}))}
    customers: dict[str, list[aggregate.State]] = {}
    for customer, at, known, name, value, segment, after in rows:
        state = aggregate.State(at, known, name, value, keys[segment], int(after))
        customers.setdefault(customer, []).append(state)
    return aggregate.cells_of_states(metric, [Segment.from_key(key) for key in keys], customers, run, now)


def _mine(table: sa.Table, metric: Metric) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.metric == metric.id, table.c.definition == metric.definition_hash)
