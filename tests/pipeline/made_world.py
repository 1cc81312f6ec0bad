"""A configuration and its rows, by whichever door they come: CSV, SQLite, or an API over HTTP."""

import csv
import sqlite3
import sys
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from fresh import fresh

from cxmon.config.loader import parse
from cxmon.pipeline.collect import collect

sys.path.insert(0, str(Path(__file__).parents[1] / "sources"))
from vendor_stub import Vendor

DOORS = ("csv", "sql", "rest")
SOURCES = {
    "csv": "{type: csv, path: rows.csv}",
    "sql": "{type: sql, url: 'sqlite:///rows.db'}",
    "rest": (
        "{type: rest, base_url: URL, allow_private: true, streams: {rows: {path: rows, changed: changed, "
        "fields: {FIELDS}}}}"
    ),
}
PLACE = {"csv": "", "sql": "table: calls", "rest": "stream: rows"}


@contextmanager
def collected(folder, door, config, header, rows):
    """(plan, store, what collecting came to) of rows as they come by a door; `config` has SOURCE and PLACE to fill."""
    _write(folder, header, rows)
    records = [dict(zip(header, row, strict=True)) | {"id": i, "changed": 1} for i, row in enumerate(rows)]
    fields = ", ".join(f"{name}: {{path: {name}, optional: true}}" for name in header)
    with Vendor(rows=lambda *_: records) as vendor:
        source = SOURCES[door].replace("URL", vendor.url).replace("FIELDS", fields)
        text = config.replace("SOURCE", source).replace("PLACE, ", f"{PLACE[door]}, " if PLACE[door] else "")
        plan = replace(parse(text.encode(), path=folder / "cxmon.yaml", environ={}), backfill=timedelta(days=20))
        with fresh(folder / "store.db") as store:
            yield plan, store, again(plan, store)


def again(plan, store):
    return collect(plan, store, now=plan.as_of)


def figures(plan, store, name, as_known_at=None):
    """{segment: (n, total)} of a metric over all its periods."""
    panel = store.panel(plan.metrics[name], as_known_at=as_known_at)
    return {s.label: (float(panel.n[i].sum()), float(panel.total[i].sum())) for i, s in enumerate(panel.segments)}


def _write(folder, header, rows):
    with (folder / "rows.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(header)
        writer.writerows([["" if v is None else v for v in row] for row in rows])
    conn = sqlite3.connect(folder / "rows.db")
    with conn:
        conn.execute(f"CREATE TABLE calls ({', '.join(header)})")
        conn.executemany(f"INSERT INTO calls VALUES ({', '.join('?' * len(header))})", rows)
    conn.close()


def local(text):
    """An instant in Berlin, as ISO text with its offset."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin")).isoformat()
