"""Metrics, rows and readers that the tests of the sources share."""

import csv
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from cxmon import sketch
from cxmon.aggregate import cells
from cxmon.contracts import Rejected, Request, Source
from cxmon.model import Amount, Better, Grain, Kind, Metric, Read, Secret, Segment, Window
from cxmon.sources import Csv, Sql

NOW = datetime(2026, 9, 1, tzinfo=UTC)
YEAR = Window(datetime(2025, 9, 1, tzinfo=UTC), NOW)


def metric(kind: Kind = Kind.PROPORTION, read: Read | None = None, **further) -> Metric:
    """A metric with one dimension, days in Berlin and whatever is given."""
    defaults = {
        "id": "csat",
        "label": "CSAT",
        "better": Better.HIGHER,
        "matters": Amount(0.01, relative=False, text="1pt"),
        "source": "desk",
        "dimensions": ("channel",),
        "zone": "Europe/Berlin",
        "grain": Grain.DAY,
    }
    return Metric(kind=kind, read=read or Read(time="at", value="value"), **(defaults | further))


# Of three values of one moment: a metric's kind with what else it says, how many count, why the others do not.
VALUES = (3.0, -3.0, 9.0)
NEGATIVE, OFF = "value: a negative duration", "value: off the scale of 1 to 5"
POSSIBLE = [
    (Kind.QUANTILE, {"unit": "min"}, 2, [NEGATIVE]), (Kind.MEAN, {"unit": "h"}, 2, [NEGATIVE]),
    (Kind.MEAN, {"scale": (1.0, 5.0)}, 1, [OFF, OFF]), (Kind.MEAN, {"unit": "d", "scale": (-30.0, 30.0)}, 3, []),
    (Kind.QUANTILE, {"unit": "min", "scale": (-30.0, 30.0)}, 3, []), (Kind.QUANTILE, {}, 3, []),
]  # fmt: skip


def sqlite_desk(path: Path, rows: Iterable[Sequence[object]], columns: str, table: str = "ratings") -> Sql:
    """An SQLite source of one table; `columns` as in CREATE TABLE."""
    with sqlite3.connect(path) as conn:
        conn.execute(f'CREATE TABLE "{table}" ({columns})')
        rows = list(rows)
        if rows:
            conn.executemany(f'INSERT INTO "{table}" VALUES ({", ".join("?" * len(rows[0]))})', rows)
    conn.close()
    return Sql(url=Secret(f"sqlite:///{path}"))


def csv_desk(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Csv:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(header)
        writer.writerows(["" if v is None else v for v in row] for row in rows)
    return Csv(path=str(path))


def fetched(
    source: Source, of: Metric, window: Window = YEAR, now: datetime = NOW
) -> tuple[dict[tuple[str, int, int], tuple], list[Rejected]]:
    """({(segment, start, known_at): figures}, what was set aside) of everything that a source brings."""
    found, rejected = {}, []
    for batch in source.fetch(Request(metric=of, window=window, now=now)):
        rejected += batch.rejected
        inside = (batch.cells.start >= batch.window.since.timestamp()) & (
            batch.cells.start < batch.window.until.timestamp()
        )
        assert inside.all()
        new = table(batch.cells)
        assert not set(new) & set(found)
        found |= new
    return found, rejected


def table(c) -> dict[tuple[str, int, int], tuple]:
    """Cells by (segment, start, known_at)."""
    columns = [x for x in (c.n, c.total, c.squares, c.base, c.base_squares, c.cross) if x is not None]
    sketches = c.sketches if c.sketches is not None else [b""] * len(c)
    return {
        (c.segments[s].key, int(start), int(known)): (*figures, tuple(_counts(sk)))
        for s, start, known, sk, *figures in zip(c.segment, c.start, c.known_at, sketches, *columns, strict=True)
    }


def _counts(data: bytes) -> list[tuple[int, float]]:
    low, counts = sketch.decode(data) if data else (0, np.zeros(0))
    return [(low + int(i), float(counts[i])) for i in np.flatnonzero(counts)]


def in_python(of: Metric, events: Sequence[tuple], now: datetime = NOW) -> dict[tuple[str, int, int], tuple]:
    """Events (epoch, channel, value, base or None, known epoch or None) added up without any source."""
    channels = sorted({e[1] for e in events})
    segments = [Segment.of(channel=c) for c in channels]
    numbers = [channels.index(e[1]) for e in events]
    base = None if not events or events[0][3] is None else np.array([e[3] for e in events], float)
    known = None if not events or events[0][4] is None else np.array([max(e[4], e[0]) for e in events], np.int64)
    at, value = np.array([e[0] for e in events], np.int64), np.array([e[2] for e in events], float)
    return table(cells(of, at, segments, np.array(numbers, np.int64), value, base, known, now))


def close(one: dict, other: dict) -> None:
    """Asserts that two tables hold the same figures, to the digits that differing orders of addition leave."""
    assert set(one) == set(other)
    for key, figures in one.items():
        assert np.allclose(figures[:-1], other[key][:-1], rtol=1e-11, atol=1e-9), key
        assert figures[-1] == other[key][-1], key


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def days(n: float) -> timedelta:
    return timedelta(days=n)
