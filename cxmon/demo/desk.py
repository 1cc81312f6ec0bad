"""The demo desk: a support company's source system in one SQLite file, and the configuration that reads it."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.resources import files
from itertools import chain
from pathlib import Path

from cxmon.demo.lookups import EARLIEST, lookup_rows
from cxmon.demo.parcels import parcel_rows, survey_rows
from cxmon.demo.shop import shop_rows
from cxmon.demo.tickets import DAY_S, SETTLED_DAYS, customer_rows, rating_rows, ticket_rows, tickets_of
from cxmon.demo.truth import CHANGES, WEEKEND_PHONE
from cxmon.demo.world import World, world

# Done so far and to do, in the unit of the step that is named.
Progress = Callable[[str, int, int], None]

HISTORY_DAYS = 549
QUARTER = 91
CHUNK_DAYS = 30

TABLES = """
CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS tickets (
  id INTEGER PRIMARY KEY, created_at TEXT NOT NULL, channel TEXT NOT NULL, region TEXT NOT NULL, tier TEXT NOT NULL,
  first_response_min REAL, first_response_at TEXT, resolution_min REAL, solved_at TEXT,
  reopened INTEGER, closed_at TEXT, status TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS ratings (
  ticket_id INTEGER PRIMARY KEY, channel TEXT NOT NULL, region TEXT NOT NULL, tier TEXT NOT NULL,
  solved_at TEXT NOT NULL, satisfied INTEGER NOT NULL, answered_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS subscription_days (
  day TEXT NOT NULL, main_channel TEXT NOT NULL, region TEXT NOT NULL, tier TEXT NOT NULL,
  active INTEGER NOT NULL, joined INTEGER NOT NULL, cancelled INTEGER NOT NULL, loaded_at TEXT NOT NULL,
  PRIMARY KEY (day, main_channel, region, tier)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS shop_days (
  day TEXT NOT NULL, channel TEXT NOT NULL, joined TEXT NOT NULL,
  customers INTEGER NOT NULL, ordered INTEGER NOT NULL, loaded_at TEXT NOT NULL, PRIMARY KEY (day, joined)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS parcel_days (
  day TEXT NOT NULL, channel TEXT NOT NULL, hub TEXT NOT NULL,
  parcels INTEGER NOT NULL, on_time INTEGER NOT NULL, loaded_at TEXT NOT NULL, PRIMARY KEY (day, hub, loaded_at)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS parcel_answers (
  day TEXT NOT NULL, channel TEXT NOT NULL, hub TEXT NOT NULL,
  answers INTEGER NOT NULL, satisfied INTEGER NOT NULL, loaded_at TEXT NOT NULL, PRIMARY KEY (day, hub, loaded_at)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cancel_page_days (
  day TEXT NOT NULL, main_channel TEXT NOT NULL, region TEXT NOT NULL, tier TEXT NOT NULL,
  active INTEGER NOT NULL, looked INTEGER NOT NULL, loaded_at TEXT NOT NULL,
  PRIMARY KEY (day, main_channel, region, tier)
) WITHOUT ROWID;
"""
INDEXES = """
CREATE INDEX IF NOT EXISTS tickets_created ON tickets (created_at);
CREATE INDEX IF NOT EXISTS tickets_solved ON tickets (solved_at);
CREATE INDEX IF NOT EXISTS ratings_solved ON ratings (solved_at);
"""


@dataclass(frozen=True, kw_only=True)
class Anchor:
    """What a desk was built with. All planted dates count from `day`; `scale` multiplies the number of tickets."""

    day: date
    first: date
    seed: int
    scale: float


def build(
    path: Path,
    *,
    seed: int = 1,
    until: date,
    anchor: date | None = None,
    scale: float = 1.0,
    history_days: int = HISTORY_DAYS,
    progress: Progress | None = None,
) -> Anchor:
    """Writes the desk as it stands at the start of `until` (UTC), or extends the one that is there up to it.

    The first build fixes seed, scale, history and the anchor (`until` where it is not given); later calls keep them,
    and add only the days that are missing. What is already known of the past never changes; tickets that were open
    may be solved since. A build that was cut off is taken up where it stopped.
    """
    with closing(sqlite3.connect(path)) as db:
        db.executescript("PRAGMA journal_mode = DELETE; PRAGMA synchronous = OFF;" + TABLES)
        about = dict(db.execute("SELECT name, value FROM about"))
        if "anchor" not in about:
            day = anchor or until
            about = {
                "anchor": day.isoformat(),
                "first": (day - timedelta(days=history_days)).isoformat(),
                "seed": str(seed),
                "scale": repr(scale),
            }
            with db:
                db.executemany("INSERT INTO about VALUES (?, ?)", about.items())
        fixed = _anchor(about)
        stands = date.fromisoformat(about["until"]) if "until" in about else fixed.first
        drawn = date.fromisoformat(about["drawn"]) if "drawn" in about else fixed.first
        if until > stands or (until == stands and drawn < stands):
            redo = max(fixed.first, min(drawn, stands - timedelta(days=SETTLED_DAYS)))
            _extend(db, fixed, redo.toordinal(), until.toordinal(), progress)
        return fixed


def anchor_of(path: Path) -> Anchor:
    """What the desk at `path` was built with. Raises sqlite3.Error where there is none."""
    with closing(sqlite3.connect(path)) as db:
        return _anchor(dict(db.execute("SELECT name, value FROM about")))


def write_config(folder: Path, anchor: Anchor) -> Path:
    """Writes `cxmon.yaml` beside the desk, with the dates of its changes; one that is there stays the user's."""
    path = folder / "cxmon.yaml"
    if not path.exists():
        text = files("cxmon.demo").joinpath("desk.yaml").read_text("utf-8")
        for event in CHANGES:
            text = text.replace(f"<{event.id}>", (anchor.day + timedelta(days=event.start)).isoformat())
            for number, start in enumerate(event.stages, start=1):
                text = text.replace(f"<{event.id}-{number}>", (anchor.day + timedelta(days=start)).isoformat())
        # Its year of decisions begins shortly before the cut; what was decided earlier is part of what it starts from.
        begins = anchor.day + timedelta(days=WEEKEND_PHONE.start - 5)
        text = text.replace("<allowance-year>", f"{begins:%m-%d}")
        text = text.replace("<in-a-quarter>", (anchor.day + timedelta(days=QUARTER)).isoformat())
        path.write_text(text, "utf-8")
    return path


def _anchor(about: dict[str, str]) -> Anchor:
    return Anchor(
        day=date.fromisoformat(about["anchor"]),
        first=date.fromisoformat(about["first"]),
        seed=int(about["seed"]),
        scale=float(about["scale"]),
    )


def _extend(db: sqlite3.Connection, fixed: Anchor, since: int, until: int, progress: Progress | None) -> None:
    """Draws the days `since .. until - 1` (ordinals) as they stand at `until`, a transaction per chunk of days."""
    hidden = world(fixed.seed, fixed.day, fixed.first.toordinal(), until + max(SETTLED_DAYS, EARLIEST))
    rows = customer_rows(hidden, fixed.seed, fixed.first.toordinal(), since, until)
    with db:
        _remember(db, until=until)
        db.executemany("INSERT OR REPLACE INTO subscription_days VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        shop = shop_rows(fixed.seed, fixed.day, since, until)
        db.executemany("INSERT OR REPLACE INTO shop_days VALUES (?, ?, ?, ?, ?, ?)", shop)
        parcels = parcel_rows(fixed.seed, fixed.day, since, until)
        db.executemany("INSERT OR REPLACE INTO parcel_days VALUES (?, ?, ?, ?, ?, ?)", parcels)
        answers = survey_rows(fixed.seed, fixed.day, since, until)
        db.executemany("INSERT OR REPLACE INTO parcel_answers VALUES (?, ?, ?, ?, ?, ?)", answers)
        looked = lookup_rows(hidden, fixed.seed, fixed.first.toordinal(), since, until)
        db.executemany("INSERT OR REPLACE INTO cancel_page_days VALUES (?, ?, ?, ?, ?, ?, ?)", looked)
    for start in range(since, until, CHUNK_DAYS):
        end = min(start + CHUNK_DAYS, until)
        with db:
            _write(db, fixed, hidden, start, end, until)
            _remember(db, drawn=end)
        if progress:
            progress("desk", end - since, until - since)
    db.executescript(INDEXES)


def _write(db: sqlite3.Connection, fixed: Anchor, hidden: World, start: int, end: int, until: int) -> None:
    days = [tickets_of(hidden, fixed.seed, day, fixed.scale) for day in range(start, end)]
    tickets: Iterator[tuple[object, ...]] = chain.from_iterable(ticket_rows(day, until * DAY_S) for day in days)
    ratings: Iterator[tuple[object, ...]] = chain.from_iterable(rating_rows(day, until * DAY_S) for day in days)
    db.executemany("INSERT OR REPLACE INTO tickets VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", tickets)
    db.executemany("INSERT OR REPLACE INTO ratings VALUES (?, ?, ?, ?, ?, ?, ?)", ratings)


def _remember(db: sqlite3.Connection, **days: int) -> None:
    rows = [(name, date.fromordinal(day).isoformat()) for name, day in days.items()]
    db.executemany("INSERT OR REPLACE INTO about VALUES (?, ?)", rows)
