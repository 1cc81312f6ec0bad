"""Pieces of records: kept until they are old, since the next one may come on any later page."""

import json

import sqlalchemy as sa

from cxmon.contracts import Pieces, Records
from cxmon.model import Metric
from cxmon.store import bulk
from cxmon.store.schema import piece


def keep(conn: sa.Connection, metric: Metric, pieces: Pieces) -> Records:
    """Keeps the pieces of the metric's stream; the records that they belong to, of all that is known of them."""
    mine = sa.and_(piece.c.source == metric.source, piece.c.stream == metric.read.stream)
    chosen = sa.select(piece.c.id, piece.c.state, piece.c.at_utc).where(
        mine, bulk.any_of(piece.c.id, sorted(set(pieces.of)), conn)
    )
    stored = {name: (state, at) for name, state, at in bulk.tuples(conn, chosen)}
    known = pieces.onto({name: json.loads(state) for name, (state, _) in stored.items()})
    newest = {name: at for name, (_, at) in stored.items()}
    for name, at in zip(pieces.of, pieces.at, strict=True):
        newest[name] = max(newest.get(name, at), at)
    # Sorted, so that the order of pages does not show in the store.
    states = {name: json.dumps(known[name], sort_keys=True, separators=(",", ":")) for name in known}
    fresh = [name for name in known if stored.get(name, ("", 0))[0] != states[name]]
    columns: dict[str, bulk.Column] = {
        "source": [metric.source] * len(fresh),
        "stream": [metric.read.stream] * len(fresh),
        "id": fresh,
        "state": [states[name] for name in fresh],
        "at_utc": [newest[name] for name in fresh],
    }
    bulk.insert(conn, piece, columns, replace=True)
    return pieces.records(known)


def purge(conn: sa.Connection, bound: int) -> int:
    """Deletes the records whose youngest piece happened before `bound` (epoch seconds); how many."""
    return conn.execute(sa.delete(piece).where(piece.c.at_utc < bound)).rowcount


def any_before(conn: sa.Connection, bound: int) -> bool:
    return conn.execute(sa.select(piece.c.id).where(piece.c.at_utc < bound).limit(1)).first() is not None
