"""One process opens the store many times at once: none of them may take away the locks of the others."""

import subprocess
import sys
from pathlib import Path

import sqlalchemy as sa

from cxmon.store import Store


def test_opening_it_again_takes_no_lock_away_from_who_has_it_open(sqlite_url):
    """Closing any descriptor of a file drops all locks that the process holds on it. Without them another process
    takes itself for the last one, and removes the log of writes while it is in use."""
    log = Path(f"{sqlite_url.removeprefix('sqlite:///')}-wal")
    with Store.open(sqlite_url) as first, first.reading() as conn:
        with Store.open(sqlite_url) as second:
            second.lease("a", "here", 60, _now())
        other = f"from cxmon.store import Store\nwith Store.open({sqlite_url!r}) as s: print(s.version())"
        subprocess.run([sys.executable, "-c", other], check=True, capture_output=True)
        assert log.exists()
        assert conn.execute(sa.text("pragma integrity_check")).scalar() == "ok"


def _now():
    from datetime import UTC, datetime

    return datetime(2026, 1, 1, tzinfo=UTC)
