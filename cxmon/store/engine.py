"""Connections: one reader's snapshot or one writer at a time, the same on SQLite and PostgreSQL.

On SQLite `BEGIN IMMEDIATE` makes writers queue, on PostgreSQL a lock on the row of the data version does, so no code
above has to think about two writers at once.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import get_ident
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

from cxmon.errors import StoreError
from cxmon.store import schema

# Seconds a writer waits for another one before it gives up.
BUSY_S = 30


class Database:
    """An engine with our two kinds of transaction. Database errors leave it as StoreError without the password."""

    def __init__(self, url: str, *, read_only: bool = False) -> None:
        try:
            parsed = sa.make_url(url)
        except sa.exc.ArgumentError as e:
            raise StoreError("store: this is not a database address; expected sqlite:///... or postgresql://...") from e
        self.read_only = read_only
        self.name = parsed.render_as_string(hide_password=True)
        self.path: Path | None = None
        match parsed.get_backend_name():
            case "sqlite":
                self.engine = self._sqlite(parsed)
            case "postgresql":
                self.engine = self._postgresql(parsed)
            case other:
                raise StoreError(f"store {self.name}: {other} is not supported; expected sqlite or postgresql")
        self.sqlite = self.engine.dialect.name == "sqlite"
        # In memory there is one connection only, and asking for it anew each time takes longer than most questions.
        self._standing = self.engine.connect() if self.sqlite and self.path is None else None
        self._thread = get_ident()

    def close(self) -> None:
        if self._standing is not None:
            self._standing.close()
        self.engine.dispose()

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """One snapshot: everything read inside belongs to the same state of the store."""
        standing = self._standing
        if standing is not None and get_ident() == self._thread and not standing.connection.in_transaction:
            with self._named():
                yield standing
            return
        with self._named(), self.engine.connect() as conn:
            if not self.sqlite:
                conn = conn.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)  # noqa: PLW2901
            with conn.begin():
                yield conn

    @contextmanager
    def write(self, *, news: bool = True, lasting: bool = True, wait_s: float = BUSY_S) -> Iterator[sa.Connection]:
        """One transaction, alone among writers. With `news=False` the data version grows only by a call of `grow`.

        With `lasting=False` nobody waits for the disk: a power cut, not a kill, may undo it, whole and in order, until
        a lasting one came after. `wait_s` is how long it waits for another writer.
        """
        if self.read_only:
            raise StoreError(f"store {self.name}: it was opened read-only")
        with self._named(), self.engine.connect() as conn:
            conn = conn.execution_options(  # noqa: PLW2901
                cxmon_begin="BEGIN IMMEDIATE", cxmon_lasting=lasting, cxmon_wait_s=wait_s
            )
            with conn.begin():
                if not self.sqlite:
                    if wait_s != BUSY_S:
                        conn.exec_driver_sql(f"SET LOCAL lock_timeout = {wait_s * 1000:.0f}")
                    conn.execute(_LOCK)
                    if not lasting:
                        conn.exec_driver_sql("SET LOCAL synchronous_commit = off")
                if news:
                    grow(conn)
                yield conn

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.DBAPIError as e:
            raise StoreError(f"store {self.name}: {_reason(e.orig or e)}") from e
        except self.engine.dialect.loaded_dbapi.Error as e:
            # COPY goes to the driver directly.
            raise StoreError(f"store {self.name}: {_reason(e)}") from e

    def _sqlite(self, url: sa.URL) -> sa.Engine:
        memory = url.database in {None, "", ":memory:"}
        if memory:
            engine = sa.create_engine("sqlite://", poolclass=StaticPool)
        else:
            self.path = Path(str(url.database))
            self._prepare_file(self.path)
            mode = "ro" if self.read_only else "rw"
            address = f"{self.path.absolute().as_uri()}?mode={mode}&uri=true"
            engine = sa.create_engine(f"sqlite:///{address}", connect_args={"timeout": BUSY_S})

        @sa.event.listens_for(engine, "connect")
        def configure(dbapi: Any, _record: object) -> None:
            # The driver must not begin transactions by itself: see `begin` below.
            dbapi.isolation_level = None
            cursor = dbapi.cursor()
            for pragma in ("foreign_keys=ON", "synchronous=FULL", "temp_store=MEMORY", "cache_size=-65536"):
                cursor.execute(f"PRAGMA {pragma}")
            if not self.read_only:
                cursor.execute("PRAGMA journal_mode=WAL")
            cursor.close()

        @sa.event.listens_for(engine, "begin")
        def begin(conn: sa.Connection) -> None:
            options = conn.get_execution_options()
            writes = "cxmon_lasting" in options
            if memory and not writes and not conn.connection.in_transaction:
                # Its only connection: nobody can write beside a reader. One within a writer fails, as it would else
                # commit at its end what was written so far.
                return
            if writes and not memory:
                conn.exec_driver_sql(f"PRAGMA synchronous={'FULL' if options['cxmon_lasting'] else 'NORMAL'}")
                conn.exec_driver_sql(f"PRAGMA busy_timeout={options['cxmon_wait_s'] * 1000:.0f}")
            conn.exec_driver_sql(options.get("cxmon_begin", "BEGIN"))

        return engine

    def _prepare_file(self, path: Path) -> None:
        if self.read_only:
            if not path.is_file():
                raise StoreError(f"store {self.name}: there is no such file; `cxmon collect` makes it")
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # A file that is there is never opened here: closing any descriptor of it would drop the locks that other
            # threads of this process hold on it, and another process would take its log of writes away.
            with suppress(FileExistsError):
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
            if not os.access(path, os.R_OK | os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        except OSError as e:
            raise StoreError(f"store {self.name}: cannot be written: {e.strerror}") from e

    def _postgresql(self, url: sa.URL) -> sa.Engine:
        options: dict[str, Any] = {"connect_timeout": 10, "application_name": "cxmon"}
        try:
            engine = sa.create_engine(
                url.set(drivername="postgresql+psycopg"), pool_pre_ping=True, connect_args=options, pool_size=3
            )
            # On the engine, so that no connection of a read-only store can write, whoever asks for it.
            return engine.execution_options(postgresql_readonly=True) if self.read_only else engine
        except ModuleNotFoundError as e:
            raise StoreError(f"store {self.name}: needs psycopg: pip install 'cxmon[postgres]'") from e


def grow(conn: sa.Connection) -> None:
    """Tells readers that there is news, once this transaction is committed."""
    conn.exec_driver_sql(f"UPDATE {schema.meta.name} SET value = value + 1 WHERE name = 'version'")  # noqa: S608


_LOCK = sa.select(schema.meta.c.value).where(schema.meta.c.name == "version").with_for_update()


def _reason(error: BaseException) -> str:
    """The driver's own words on one line, without the statement and its parameters (these hold data)."""
    first = str(error).strip().splitlines()
    text = first[0] if first else type(error).__name__
    if "readonly database" in text or "read-only transaction" in text:
        return f"cannot be written: {text}"
    return text
