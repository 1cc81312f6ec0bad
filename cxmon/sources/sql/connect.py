"""One read-only connection for one request, with its bounds and its errors in plain words."""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from threading import Timer
from types import TracebackType
from typing import Any, Self

import sqlalchemy as sa

from cxmon.errors import SourceError
from cxmon.model import Metric, written
from cxmon.sources.sql.opening import LOCK_WAIT_S, TIMESTAMP, begin, engine_of, in_utc, install, plain

CHUNK = 50_000
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")


class Session:
    """An open connection for `metric`; a context manager. Every failure leaves it as a SourceError without secrets."""

    def __init__(self, url: str, metric: Metric, *, timeout_s: float, max_rows: int) -> None:
        self._metric, self._timeout_s, self._max_rows = metric, timeout_s, max_rows
        self._name = f"{metric.id}: source {metric.source}"
        self._deadline = float("inf")
        self._stop = Timer(timeout_s, lambda: None)
        self.zone_known = True
        self._what = ""
        try:
            self._url = sa.make_url(url)
        except sa.exc.ArgumentError:
            raise SourceError(f"{self._name}: its `url` is not one that SQLAlchemy understands") from None
        self.dialect = self._url.get_backend_name()

    def __enter__(self) -> Self:
        with self._told():
            self._engine = engine_of(self._url, self._timeout_s, lambda: time.monotonic() > self._deadline)
            self._conn = self._engine.connect()
            self._conn, self.zone_known = begin(self._conn, self.dialect, self._metric.zone, self._timeout_s)
        # From here on it is what the configuration asks for that can be wrong.
        self._what = "the query: " if self._metric.read.query is not None else f"table {self._metric.read.table!r}: "
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.cancel()
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
        """(names of the columns, rows in chunks). Where MySQL counts hours in UTC for us, its instants say so."""
        found = self._execute(sql, params)
        cursor: Any = found.cursor
        instants = [] if self.zone_known else [i for i, c in enumerate(cursor.description) if c[1] == TIMESTAMP]
        chunks = self._chunks(found)
        return list(found.keys()), (in_utc(rows, instants) for rows in chunks) if instants else chunks

    def kinds(self, sql: str) -> list[Any]:
        """What the driver calls the types of the columns of `sql` (the second entry of a DB-API description)."""
        with closing(self._execute(sql, None)) as found:
            cursor: Any = found.cursor
            return [column[1] for column in cursor.description]

    def _execute(self, sql: str, params: Mapping[str, object] | None) -> sa.CursorResult[Any]:
        self._begin_clock()
        with self._told():
            statement = sa.text(sql)
            unknown = sorted(set(statement.compile().params) - set(params or {}))
            if unknown:
                allowed = ", ".join(f":{name}" for name in params or {})
                raise SourceError(f"{self._name}: the query uses :{unknown[0]}; there are {allowed}")
            used = {k: v for k, v in (params or {}).items() if k in statement.compile().params}
            return self._run(statement, used)

    def _run(self, statement: sa.Executable, params: Mapping[str, object]) -> sa.CursorResult[Any]:
        found: sa.CursorResult[Any] = self._conn.execution_options(stream_results=True).execute(statement, params)
        if not found.returns_rows:
            raise SourceError(f"{self._name}: the query returns no rows; it must be a SELECT")
        return found

    def some(self, expr: str, rest: str, count: int) -> list[Any]:
        """At most `count` values of an expression over the rows of `rest` (FROM ... WHERE ...)."""
        inner = sa.text(f"SELECT {expr} AS it {rest}").columns(sa.column("it")).subquery("picked")
        self._begin_clock()
        with self._told():
            found = self._run(sa.select(inner.c.it).limit(count), {})
            return [row[0] for rows in self._chunks(found) for row in rows]

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
            # A dialect that cannot describe a table can still show it.
            self._conn.rollback()
            with suppress(SourceError):
                return self.result(f"SELECT * FROM {self.table(table)} WHERE 1 = 0")[0]  # noqa: S608 - quoted.
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
        preparer = self._engine.dialect.identifier_preparer
        # DuckDB has reserved more words, `at` among them, than its dialect knows; quotes change nothing else there.
        return literal(preparer.quote_identifier(name) if self.dialect == "duckdb" else preparer.quote(name))

    def _begin_clock(self) -> None:
        self._deadline = time.monotonic() + self._timeout_s
        if self.dialect == "duckdb":
            # It has no limit of its own, but can be told to stop.
            self._stop.cancel()
            self._stop = Timer(self._timeout_s, getattr(self._conn.connection.dbapi_connection, "interrupt"))  # noqa: B009
            self._stop.daemon = True
            self._stop.start()

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
                    raise SourceError(f"{self._name}: no answer within {written(self._timeout_s, 'g')} s (`timeout_s`)")
                yield rows

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turns what a driver says into one sentence."""
        try:
            yield
        except SourceError as error:
            text = str(error)
            raise SourceError(text if text.startswith(self._name) else f"{self._name}: {text}") from None
        except ModuleNotFoundError as error:
            text = f"the driver {error.name} is not installed{install(self.dialect)}"
            raise SourceError(f"{self._name}: {text}") from None
        except sa.exc.NoSuchModuleError:
            text = f"no SQLAlchemy dialect for {self._url.drivername} is installed{install(self.dialect)}"
            raise SourceError(f"{self._name}: {text}") from None
        except sa.exc.DBAPIError as error:
            raise SourceError(f"{self._name}: {self._reason(plain(error.orig))}") from None
        except sa.exc.SQLAlchemyError as error:
            raise SourceError(f"{self._name}: {self._reason(plain(error))}") from None

    def _reason(self, first: str) -> str:
        low = first.lower()
        if any(word in low for word in ("interrupt", "statement timeout", "max_statement_time")):
            return f"no answer within {written(self._timeout_s, 'g')} s (`timeout_s`)"
        if "database is locked" in low:
            waited = written(min(self._timeout_s, LOCK_WAIT_S), "g")
            return f"the database is locked by another program (waited {waited} s)"
        if "could not set lock on file" in low:
            return "the database is locked by another program, which has it open for writing"
        password = self._url.password
        return self._what + (first.replace(str(password), "***") if password else first)


def literal(sql: str) -> str:
    """SQL whose colons are not the beginning of a bound name."""
    return sql.replace(":", "\\:")
