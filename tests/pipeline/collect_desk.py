"""A small desk that the tests of collect read: CSV files and SQLite tables on one plan."""

import csv
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cxmon.config.plan import Plan
from cxmon.model import Amount, Better, Grain, Kind, Metric, Read, Secret
from cxmon.sources import Csv, Sql
from cxmon.store import Store

NOW = datetime(2026, 6, 1, tzinfo=UTC)
HEADER = ("at", "channel", "value", "known")


def metric(name: str = "csat", kind: Kind = Kind.PROPORTION, **further) -> Metric:
    defaults = {
        "label": name,
        "better": Better.HIGHER,
        "matters": Amount(0.01, relative=False, text="1pt"),
        "source": "files",
        "read": Read(time="at", value="value"),
        "dimensions": ("channel",),
        "zone": "Europe/Berlin",
        "grain": Grain.DAY,
        "lookback": timedelta(days=14),
    }
    return Metric(id=name, kind=kind, **(defaults | further))


def plan(folder: Path, metrics: list[Metric], **further) -> Plan:
    """Sources `files` (calls.csv) and `desk` (desk.db, table ratings) in `folder`."""
    sources = {"files": Csv(path=str(folder / "calls.csv")), "desk": Sql(url=Secret(f"sqlite:///{folder}/desk.db"))}
    defaults = {"backfill": timedelta(days=150), "sources": sources}
    return Plan(path=folder / "cxmon.yaml", store_url="", metrics={m.id: m for m in metrics}, **(defaults | further))


def events(days: int = 120, per_day: int = 6) -> list[tuple[str, str, float, str]]:
    """Rows up to NOW: time in UTC, channel, 0 or 1, and when it became known (up to a week later)."""
    rows = []
    for i in range(days * per_day):
        at = NOW - timedelta(days=days) + timedelta(hours=24 * i / per_day, minutes=7)
        known = at + timedelta(hours=(i * 37) % 168)
        rows.append((at.isoformat(), ("phone", "chat")[i % 2], float(i % 5 != 0), known.isoformat()))
    return rows


def write(folder: Path, rows: list[tuple]) -> None:
    """The same rows as calls.csv and as table ratings of desk.db."""
    with (folder / "calls.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEADER)
        writer.writerows(rows)
    conn = sqlite3.connect(folder / "desk.db")
    with conn:
        conn.execute("DROP TABLE IF EXISTS ratings")
        conn.execute(f"CREATE TABLE ratings ({', '.join(HEADER)})")
        conn.executemany("INSERT INTO ratings VALUES (?, ?, ?, ?)", rows)
    conn.close()


def everything(store: Store, of: Metric, as_known_at: datetime | None = None) -> dict[tuple[str, int], tuple]:
    """{(segment, start): (n, total)} of all cells that hold something."""
    panel = store.panel(of, as_known_at=as_known_at)
    return {
        (s.key, int(panel.starts[t])): (float(panel.n[i, t]), float(panel.total[i, t]))
        for i, s in enumerate(panel.segments)
        for t in range(len(panel.starts))
        if panel.n[i, t] > 0
    }
