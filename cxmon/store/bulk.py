"""Many rows in and out at once: the driver's own fast path on each database, arrays on our side."""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

Column = npt.NDArray[Any] | Sequence[Any]

# Below this many rows a statement per page is as fast as COPY into a temporary table.
_COPY_FROM = 500
# SQLite takes rows a third faster where one statement holds many, and other threads run for as long as it does; so many
# values are allowed in one.
_TOGETHER = (1024, 256, 32)
_MOST_VALUES = 32_766


def insert(conn: sa.Connection, table: sa.Table, columns: dict[str, Column], *, replace: bool = False) -> None:
    """Writes rows given in columns; NaN becomes NULL. `replace` overwrites rows with the same primary key."""
    names, given = list(columns), [_values(c) for c in columns.values()]
    count = len(given[0])
    if not count:
        return
    if conn.dialect.name == "postgresql":
        rows = list(zip(*given, strict=True))
        if count >= _COPY_FROM:
            _copy(conn, table, names, rows, replace=replace)
        else:
            conn.exec_driver_sql(_insertion(table, tuple(names), "%s", 1, replace=replace), rows)
        return
    done = 0
    for many in (size for size in _TOGETHER if size * len(names) <= _MOST_VALUES):
        statement = _insertion(table, tuple(names), "?", many, replace=replace)
        while count - done >= many:
            flat: list[Any] = [None] * (many * len(names))
            for k, column in enumerate(given):
                flat[k :: len(names)] = column[done : done + many]
            conn.exec_driver_sql(statement, tuple(flat))
            done += many
    rest = list(zip(*(column[done:] for column in given), strict=True))
    if rest:
        conn.exec_driver_sql(_insertion(table, tuple(names), "?", 1, replace=replace), rest)


def fetch(conn: sa.Connection, statement: sa.Select[Any], fields: Sequence[tuple[str, str]]) -> npt.NDArray[Any]:
    """The rows of `statement` as one structured array; `fields` are (name, dtype) of its columns (no NULLs)."""
    found = conn.execute(statement)
    return np.fromiter(_tuples(found.cursor), dtype=list(fields))


def tuples(conn: sa.Connection, statement: sa.Select[Any]) -> Sequence[tuple[Any, ...]]:
    """The rows of `statement` as the driver gives them, for those that are no numbers."""
    return conn.execute(statement).cursor.fetchall()


def among(
    conn: sa.Connection, table: sa.Table, names: Sequence[str], where: Mapping[str, int | str | Sequence[int | str]]
) -> Sequence[tuple[Any, ...]]:
    """The columns `names` of the rows where each column of `where` has the value, or one of the values, that it says.

    For what is asked with every page: SQLAlchemy takes longer to write such a question than the database to answer it.
    """
    many = tuple(name for name, value in where.items() if not isinstance(value, int | str))
    sqlite = conn.dialect.name == "sqlite"
    values = tuple(
        json.dumps(list(value)) if sqlite and name in many else value if name not in many else list(value)  # type: ignore[arg-type]
        for name, value in where.items()
    )
    asked = _question(table, tuple(names), tuple(where), many, sqlite=sqlite)
    return conn.exec_driver_sql(asked, values).cursor.fetchall()


def change(
    conn: sa.Connection, table: sa.Table, values: Mapping[str, object], keys: Sequence[Mapping[str, object]]
) -> None:
    """Writes `values` to the rows that have one of these keys (all of the same columns)."""
    mark = "?" if conn.dialect.name == "sqlite" else "%s"
    changes, test = ([f"{name} = {mark}" for name in names] for names in (values, keys[0]))
    statement = f"UPDATE {table.name} SET {', '.join(changes)} WHERE {' AND '.join(test)}"  # noqa: S608 - our own names.
    conn.exec_driver_sql(statement, [(*values.values(), *key.values()) for key in keys])


def any_of(column: sa.ColumnElement[Any], values: Iterable[int | str], conn: sa.Connection) -> sa.ColumnElement[bool]:
    """`column IN (values)` as one bound parameter, however many there are."""
    if conn.dialect.name == "postgresql":
        kind = sa.BigInteger if isinstance(column.type, sa.BigInteger) else sa.Text
        return column == sa.any_(sa.bindparam(None, list(values), type_=sa.ARRAY(kind)))
    listed = sa.func.json_each(sa.bindparam(None, list(values), type_=sa.JSON)).table_valued("value")
    return column.in_(sa.select(listed.c.value))


def _tuples(cursor: Any) -> Iterable[tuple[Any, ...]]:
    while page := cursor.fetchmany(10_000):
        yield from page


def _values(column: Column) -> list[Any]:
    if isinstance(column, np.ndarray):
        if column.dtype.kind == "f" and np.isnan(column).any():
            return [None if x != x else x for x in column.tolist()]  # noqa: PLR0124 - NaN is what differs from itself.
        found: list[Any] = column.tolist()
        return found
    return list(column)


@cache
def _insertion(table: sa.Table, names: tuple[str, ...], mark: str, many: int, *, replace: bool) -> str:
    marks = ", ".join(["(" + ", ".join([mark] * len(names)) + ")"] * many)
    return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES {marks} {_conflict(table, names, replace=replace)}"  # noqa: S608 - names are our own.


@cache
def _question(
    table: sa.Table, names: tuple[str, ...], where: tuple[str, ...], many: tuple[str, ...], *, sqlite: bool
) -> str:
    one, several = ("= ?", "IN (SELECT value FROM json_each(?))") if sqlite else ("= %s", "= ANY(%s)")
    tests = " AND ".join(f"{name} {several if name in many else one}" for name in where)
    return f"SELECT {', '.join(names)} FROM {table.name} WHERE {tests}"  # noqa: S608 - names are our own.


def _conflict(table: sa.Table, names: Sequence[str], *, replace: bool) -> str:
    if not replace:
        return ""
    keys = [c.name for c in table.primary_key]
    rest = ", ".join(f"{name} = excluded.{name}" for name in names if name not in keys)
    return f"ON CONFLICT ({', '.join(keys)}) DO " + (f"UPDATE SET {rest}" if rest else "NOTHING")


def _copy(conn: sa.Connection, table: sa.Table, names: list[str], rows: list[Any], *, replace: bool) -> None:
    types = [_PG_TYPES[type(table.c[name].type)] for name in names]
    listed = ", ".join(names)
    target = table.name
    if replace:
        target = f"incoming_{table.name}"
        conn.exec_driver_sql(f"CREATE TEMP TABLE {target} (LIKE {table.name}) ON COMMIT DROP")
    raw: Any = conn.connection.driver_connection
    with raw.cursor() as cursor, cursor.copy(f"COPY {target} ({listed}) FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)
    if replace:
        conn.exec_driver_sql(
            f"INSERT INTO {table.name} ({listed}) SELECT {listed} FROM {target} {_conflict(table, names, replace=True)}"  # noqa: S608 - names are our own.
        )
        conn.exec_driver_sql(f"DROP TABLE {target}")


_PG_TYPES: dict[type[Any], str] = {
    sa.BigInteger: "int8",
    sa.Integer: "int4",
    sa.Double: "float8",
    sa.LargeBinary: "bytea",
    sa.Text: "text",
}
