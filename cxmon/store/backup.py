"""A consistent copy of an SQLite store, taken while others read and write."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from cxmon.errors import StoreError
from cxmon.store.engine import Database


def copy(db: Database, path: Path) -> None:
    """See `Store.backup`."""
    if not db.sqlite:
        raise StoreError(f"store {db.name}: back it up with pg_dump, which takes a consistent copy of PostgreSQL")
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError as e:
        raise StoreError(f"backup {path}: this file exists already and is not overwritten") from e
    except OSError as e:
        raise StoreError(f"backup {path}: cannot be written: {e.strerror}") from e
    with db.read() as conn, closing(sqlite3.connect(path)) as target:
        source = conn.connection.driver_connection
        if not isinstance(source, sqlite3.Connection):
            raise StoreError(f"store {db.name}: cannot be copied through this driver")
        source.backup(target)
        found = target.execute("PRAGMA integrity_check").fetchone()[0]
        if found != "ok":
            raise StoreError(f"backup {path}: the copy is damaged: {found}")
