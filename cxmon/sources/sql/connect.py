"""One read-only connection for one request, with its bounds and its errors in plain words."""

import re
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import sqlalchemy as sa

from cxmon.errors import SourceError
from cxmon.model import Metric

CHUNK = 50_000
_LOCK_WAIT_S = 5.0
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")


class Session:
    """An open connection for `metric`; a context manager. Every failure leaves it as a SourceError without secrets."""

    def __init__(self, url: str, metric: Metric, *, timeout_s: float, max_rows: int) -> None:
        self._metric, self._timeout_s, self._max_rows = metric, timeout_s, max_rows
        self._name = f"{metric.id}: source {metric.source}"
        self._deadline = float("inf")
        try:
            self._url = sa.make_url(url)
        except sa.exc.ArgumentError:
            raise SourceError(f"{self._name}: its `url` is not one that SQLAlchemy understands") from None
        self.dialect = self._url.get_backend_name()

    def __enter__(self) -> Self:
        with self._told():
            self._engine = self._open()
            self._conn = self._engine.connect()
            if self.dialect == "postgresql":
                self._conn = self._conn.execution_options(postgresql_readonly=True)
                limit = int(self._timeout_s * 1000)
                self._conn.execute(sa.text(f"SET LOCAL statement_timeout = {limit}"))
                # Times without a zone, and dates, are then compared with our bounds as times of the metric's zone.
                zone = sa.text("SELECT set_config('timezone', :zone, true)")
                self._conn.execute(zone, {"zone": self._metric.zone})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._conn.close()
        self._engine.dispose()

    def rows(self, sql: str, params: Mapping[str, object] | None = None) -> Iterator[Sequence[Sequence[Any]]]:
        """The answer to `sql` in chunks of rows. Raises SourceError beyond `max_rows` or `timeout_s`."""
        yield from self.result(sql, params)[1]

    def one(self, sql: str, params: Mapping[str, object] | None = None) -> list[Sequence[Any]]:
        """All rows of a small answer."""
        return [row for chunk in self.rows(sql, params) for row in chunk]

    def result(
        self, sql: str, params: Mapping[str, object] | None = None
    ) -> tuple[list[str], Iterator[Sequence[Sequence[Any]]]]:
        """(names of the columns, rows in chunks)."""
        self._deadline = time.monotonic() + self._timeout_s
        with self._told():
            statement = sa.text(sql)
            unknown = sorted(set(statement.compile().params) - set(params or {}))
            if unknown:
                allowed = ", ".join(f":{name}" for name in params or {})
                raise SourceError(f"{self._name}: the query uses :{unknown[0]}; there are {allowed}")
            used = {k: v for k, v in (params or {}).items() if k in statement.compile().params}
            found = self._conn.execution_options(stream_results=True).execute(statement, used)
            if not found.returns_rows:
                raise SourceError(f"{self._name}: the query returns no rows; it must be a SELECT")
            return list(found.keys()), self._chunks(found)

    def columns(self, table: str) -> list[str] | None:
        """The columns of `table` as the database spells them; None where it does not tell."""
        schema, _, name = table.rpartition(".")
        inspector = sa.inspect(self._conn)
        try:
            return [column["name"] for column in inspector.get_columns(name, schema=schema or None)]
        except sa.exc.NoSuchTableError:
            there = sorted(inspector.get_table_names(schema=schema or None) + inspector.get_view_names(schema or None))
            raise SourceError(
                f"{self._name}: there is no table {table!r}; it has {', '.join(there) or 'none'}"
            ) from None
        except (NotImplementedError, sa.exc.SQLAlchemyError):
            return None

    def table(self, name: str) -> str:
        """`schema.table`, quoted where it must be."""
        return ".".join(self._quote(part) for part in name.split("."))

    def expression(self, text: str, columns: Sequence[str] | None, table: str) -> str:
        """SQL for what the configuration calls `text`: a column, quoted, or else an expression in brackets."""
        if columns is None:
            return self._quote(text) if _PLAIN.fullmatch(text) else f"({literal(text)})"
        found = next((c for c in columns if c == text), None) or next(
            (c for c in columns if c.lower() == text.lower()), None
        )
        if found is not None:
            return self._quote(found)
        # SQLite takes an unknown name in quotes for a text, so a name that is no column must not get through.
        if _PLAIN.fullmatch(text):
            there = ", ".join(columns)
            raise SourceError(f"{self._name}: table {table!r} has no column {text!r}; it has {there}")
        return f"({literal(text)})"

    def _quote(self, name: str) -> str:
        return literal(self._engine.dialect.identifier_preparer.quote(name))

    def _open(self) -> sa.Engine:
        if self.dialect != "sqlite":
            options = {"connect_args": {"connect_timeout": 10}} if self.dialect == "postgresql" else {}
            return sa.create_engine(self._url, poolclass=sa.pool.NullPool, **options)
        path = Path(self._url.database or "")
        if not path.is_file():
            raise SourceError(f"{self._name}: there is no file {path}")

        def connect() -> sqlite3.Connection:
            wait = min(self._timeout_s, _LOCK_WAIT_S)
            raw = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=wait, check_same_thread=False)
            raw.set_progress_handler(lambda: time.monotonic() > self._deadline, 20_000)
            # Bytes that are no UTF-8 must not end the read of a whole table.
            raw.text_factory = partial(str, encoding="utf-8", errors="replace")
            # Adding up sorts a piece's rows: in memory, not by way of temporary files.
            raw.execute("PRAGMA temp_store = MEMORY")
            raw.execute("PRAGMA cache_size = -65536")
            return raw

        return sa.create_engine("sqlite://", creator=connect, poolclass=sa.pool.NullPool)

    def _chunks(self, found: sa.CursorResult[Any]) -> Iterator[Sequence[Sequence[Any]]]:
        count = 0
        with self._told(), closing(found):
            for rows in found.partitions(CHUNK):
                count += len(rows)
                if count > self._max_rows:
                    raise SourceError(
                        f"{self._name}: more than {self._max_rows} rows; aggregate in the query, or raise `max_rows`"
                    )
                if time.monotonic() > self._deadline:
                    raise SourceError(f"{self._name}: no answer within {self._timeout_s:g} s (`timeout_s`)")
                yield rows

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turns what a driver says into one sentence."""
        try:
            yield
        except ModuleNotFoundError as error:
            hint = "; pip install 'cxmon[postgres]'" if self.dialect == "postgresql" else ""
            raise SourceError(f"{self._name}: the driver {error.name} is not installed{hint}") from None
        except sa.exc.NoSuchModuleError:
            raise SourceError(f"{self._name}: no SQLAlchemy dialect for {self._url.drivername} is installed") from None
        except sa.exc.DBAPIError as error:
            raise SourceError(f"{self._name}: {self._reason(str(error.orig))}") from None
        except sa.exc.SQLAlchemyError as error:
            raise SourceError(f"{self._name}: {self._reason(str(error))}") from None

    def _reason(self, text: str) -> str:
        first = text.strip().splitlines()[0] if text.strip() else "the database gave no reason"
        if "interrupted" in first or "statement timeout" in first:
            return f"no answer within {self._timeout_s:g} s (`timeout_s`)"
        if "database is locked" in first:
            return f"the database is locked by another program (waited {min(self._timeout_s, _LOCK_WAIT_S):g} s)"
        password = self._url.password
        return first.replace(str(password), "***") if password else first


def literal(sql: str) -> str:
    """SQL whose colons are not the beginning of a bound name."""
    return sql.replace(":", "\\:")
