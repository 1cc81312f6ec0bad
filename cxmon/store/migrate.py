"""Brings a store to this code's schema in one transaction, under a lock, or says why it cannot."""

from pathlib import Path

import sqlalchemy as sa

from cxmon.errors import StoreError
from cxmon.failpoints import failpoint
from cxmon.store.engine import Database
from cxmon.store.migrations import REVISIONS

HEAD = REVISIONS[-1]

# Any number will do, as long as all versions of cxmon use the same one.
_LOCK_ID = 7_270_923


def migrate(db: Database) -> None:
    """Applies what is missing. Raises StoreError where the store is newer than this code. Safe to call at any time."""
    with db.read() as conn:
        if _stored(conn, db) == HEAD:
            return
    with db._named(), db.engine.connect() as conn:  # noqa: SLF001 - the version row that `write` grows is not there yet.
        conn = conn.execution_options(cxmon_begin="BEGIN IMMEDIATE")  # noqa: PLW2901
        with conn.begin():
            if not db.sqlite:
                conn.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK_ID)))
            # Somebody else may have migrated while we waited for the lock.
            if _stored(conn, db) != HEAD:
                _upgrade(conn)
            failpoint("migration-before-commit")
    failpoint("migration-after-commit")


def require_current(db: Database) -> None:
    """Raises StoreError unless the store has exactly this code's schema; writes nothing."""
    with db.read() as conn:
        stored = _stored(conn, db)
    if stored is None:
        raise StoreError(f"store {db.name}: it is empty; `cxmon collect` fills it")
    if stored != HEAD:
        raise StoreError(
            f"store {db.name}: its schema is {stored}, older than this cxmon's {HEAD}; "
            "any command that writes (`cxmon collect`) brings it up to date"
        )


def _stored(conn: sa.Connection, db: Database) -> str | None:
    if not sa.inspect(conn).has_table("alembic_version"):
        return None
    stored = conn.execute(sa.text("select version_num from alembic_version")).scalar()
    if stored is not None and stored not in REVISIONS:
        raise StoreError(
            f"store {db.name}: its schema is {stored}, newer than this cxmon knows (up to {HEAD}); update cxmon"
        )
    return None if stored is None else str(stored)


def _upgrade(conn: sa.Connection) -> None:
    # Alembic costs a third of a second, and almost every start has nothing to migrate.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = conn
    command.upgrade(config, "head")
