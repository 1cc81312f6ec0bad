"""What differs between databases that add up for us: how they hold instants and numbers. Others send their rows."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from cxmon import sketch
from cxmon.errors import SourceError
from cxmon.sources.sql.connect import Session

# Numbers beyond this are no figures, here as in `cxmon.aggregate.reading`; epoch seconds are taken between these.
LARGEST = 1e100
EPOCH = "BETWEEN 100000000 AND 99999999999"
# SQLite: the epoch seconds of a time as text. The quicker function came with 3.38.
_SECONDS = "unixepoch({})" if sqlite3.sqlite_version_info >= (3, 38) else "CAST(strftime('%s', {}) AS INTEGER)"


@dataclass(frozen=True, kw_only=True)
class Table:
    """An event table: everything in SQL, ready to be put into a statement. `exprs` by role; `fields`, where given, as
    rows are fetched one by one."""

    name: str
    exprs: Mapping[str, str]
    where: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)

    def source(self, *conditions: str) -> str:
        """`FROM ... WHERE ...` with the configuration's own condition first."""
        every = [c for c in (self.where, *conditions) if c]
        return f"FROM {self.name}" + (f" WHERE {' AND '.join(every)}" if every else "")


@dataclass(frozen=True, kw_only=True)
class Survey:
    """What a table holds: the `clock` of its times (epoch, text, typed, or mixed: rows cannot be picked by time), and
    whether the database can add its rows up. `types` by role, where the database has types."""

    clock: str
    pushable: bool
    types: Mapping[str, str] = field(default_factory=dict)


class Dialect(Protocol):
    """`fence` keeps the planner from evaluating an inner column again wherever the outer statement names it, and
    `over` is the operator of whole division."""

    fence: str
    over: str

    def survey(self, session: Session, table: Table) -> Survey: ...

    def wall(self, expr: str, kind: str) -> tuple[str, str]:
        """SQL: (whole seconds of an instant, 1 where those are epoch seconds and 0 where a local clock's as if UTC)."""
        ...

    def number(self, expr: str, kind: str) -> tuple[str, str]:
        """SQL: (floating point number, whether it is one)."""
        ...

    def bucket(self, value: str) -> str:
        """SQL: the sketch bucket of a number, as `cxmon.sketch.buckets`."""
        ...

    def field(self, expr: str, kind: str) -> str:
        """SQL: a field as it is fetched where rows are read one by one."""
        ...


class Sqlite:
    """Any column may hold anything: instants as ISO text with or without a zone or as epoch seconds, row by row."""

    fence = "LIMIT -1"
    over = "/"

    def survey(self, session: Session, table: Table) -> Survey:
        times = [table.exprs[role] for role in ("time", "known_at") if role in table.exprs]
        forms = ", ".join(f"{self._form(t)} AS form{i}" for i, t in enumerate(times))
        found = session.one(f"SELECT DISTINCT {forms} {table.source(f'{times[0]} IS NOT NULL')}")
        clocks = {row[0] for row in found}
        odd = any("odd" in row for row in found)
        clock = "mixed" if odd or len(clocks) != 1 else clocks.pop()
        try:
            session.one("SELECT CEIL(LN(2.0))")
        except SourceError:
            return Survey(clock=clock, pushable=False)
        return Survey(clock=clock, pushable=not odd)

    def wall(self, expr: str, kind: str) -> tuple[str, str]:  # noqa: ARG002 - SQLite's columns have no type to go by.
        # With an offset behind it a time is longer than 19 characters; most are not, and to look for one is slow.
        offset = f"length({expr}) > 19 AND substr({expr}, 11) GLOB '*[+-][0-9][0-9]\\:[0-9][0-9]'"
        zoned = f"(substr({expr}, -1) IN ('Z', 'z') OR {offset})"
        # By way of the day number, since SQLite itself would take 30 February for 2 March. Most days need no such look.
        day = f"substr({expr}, 9, 2)"
        real = f"({day} BETWEEN '01' AND '28' OR date(julianday(substr({expr}, 1, 10))) = substr({expr}, 1, 10))"
        seconds = (
            f"CASE WHEN typeof({expr}) <> 'text' THEN CAST({expr} AS INTEGER) "
            f"WHEN {real} THEN {_SECONDS.format(expr)} END"
        )
        return seconds, f"CASE WHEN typeof({expr}) <> 'text' OR {zoned} THEN 1 ELSE 0 END"

    def number(self, expr: str, kind: str) -> tuple[str, str]:  # noqa: ARG002
        ok = f"(typeof({expr}) IN ('integer', 'real') AND {expr} BETWEEN -{LARGEST} AND {LARGEST})"
        return f"({expr} * 1.0)", ok

    def bucket(self, value: str) -> str:
        return _bucket(value, "INTEGER", "{}")

    def field(self, expr: str, kind: str) -> str:  # noqa: ARG002
        return expr

    @staticmethod
    def _form(expr: str) -> str:
        """SQL: how one instant is held."""
        iso = f"{expr} GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*'"
        return (
            f"CASE WHEN {expr} IS NULL THEN '' WHEN typeof({expr}) = 'text' AND {iso} THEN 'text' "
            f"WHEN typeof({expr}) IN ('integer', 'real') AND {expr} {EPOCH} THEN 'epoch' ELSE 'odd' END"
        )


class _Typed:
    """Columns have types; text columns are read row by row."""

    numbers: frozenset[str]
    zoned: frozenset[str]
    walls = frozenset[str]()
    truth = "boolean"
    typed = "typed"  # The clock of columns that hold times, as `pushdown.condition` compares them.

    def types(self, session: Session, table: Table) -> Mapping[str, str]:
        """The type of each role's expression."""
        raise NotImplementedError

    def survey(self, session: Session, table: Table) -> Survey:
        types = self.types(session, table)
        times = [types[role] for role in ("time", "known_at") if role in types]
        values = [types[role] for role in ("value", "n", "base") if role in types]
        pushable = all(t in self.numbers | self.walls | self.zoned for t in times) and all(
            v in self.numbers | {self.truth} for v in values
        )
        if types["time"] in self.numbers:
            return Survey(clock="epoch", pushable=pushable, types=types)
        typed = types["time"] in self.walls | self.zoned
        return Survey(clock=self.typed if typed else "mixed", pushable=pushable, types=types)

    def field(self, expr: str, kind: str) -> str:  # noqa: ARG002 - as it is, in most databases.
        return expr


class Postgres(_Typed):
    fence = "OFFSET 0"
    over = "/"
    numbers = frozenset({"smallint", "integer", "bigint", "numeric", "real", "double precision"})
    zoned = frozenset({"timestamp with time zone"})
    walls = frozenset({"timestamp without time zone", "date"})

    def types(self, session: Session, table: Table) -> Mapping[str, str]:
        picked = _picked(table)
        asked = ", ".join(f"CAST(pg_typeof(x.c{i}) AS text)" for i in range(len(table.exprs)))
        inner = f"({picked} LIMIT 0)"
        row = session.one(f"SELECT {asked} FROM (SELECT 1) AS one LEFT JOIN {inner} AS x ON true")[0]  # noqa: S608
        return dict(zip(table.exprs, row, strict=True))

    def wall(self, expr: str, kind: str) -> tuple[str, str]:
        if kind in self.numbers:
            return f"CASE WHEN {expr} {EPOCH} THEN CAST(floor({expr}) AS bigint) END", "1"
        seconds = f"CASE WHEN isfinite({expr}) THEN CAST(floor(extract(epoch FROM {expr})) AS bigint) END"
        return seconds, "1" if kind in self.zoned else "0"

    def number(self, expr: str, kind: str) -> tuple[str, str]:
        plain = f"CAST({expr} AS integer)" if kind == "boolean" else expr
        real = f"CAST({plain} AS double precision)"
        # NaN and infinity are larger than every number here.
        return real, f"({real} BETWEEN -{LARGEST} AND {LARGEST})"

    def bucket(self, value: str) -> str:
        return _bucket(value, "bigint", "CAST({} AS double precision)")


class DuckDb(Postgres):
    """Speaks PostgreSQL's SQL, with names of its own for types."""

    over = "//"
    numbers = frozenset(
        {f"{sign}{size}int" for sign in ("", "u") for size in ("tiny", "small", "big", "huge")}
        | {"integer", "uinteger", "decimal", "float", "double"}
    )
    walls = frozenset({"timestamp", "timestamp_s", "timestamp_ms", "timestamp_ns", "date"})

    def types(self, session: Session, table: Table) -> Mapping[str, str]:
        rows = session.one(f"DESCRIBE {_picked(table)}")
        return {role: str(row[1]).partition("(")[0].lower() for role, row in zip(table.exprs, rows, strict=True)}

    def wall(self, expr: str, kind: str) -> tuple[str, str]:
        if kind in self.numbers:
            return super().wall(expr, kind)
        plain = expr if kind in self.zoned else f"CAST({expr} AS timestamp)"
        seconds = f"CASE WHEN isfinite({plain}) THEN CAST(floor(epoch({plain})) AS bigint) END"
        return seconds, "1" if kind in self.zoned else "0"


class MySql(_Typed):
    """MySQL and MariaDB: types by the numbers that the protocol gives them. A TIMESTAMP is an instant; it would come
    out in the session's zone, and is asked for as epoch seconds instead."""

    fence = "LIMIT 18446744073709551615"
    over = "DIV"
    typed = "naive"
    truth = "bit"
    numbers = frozenset({"decimal", "tinyint", "smallint", "int", "float", "double", "bigint", "mediumint"})
    zoned = frozenset({"timestamp"})
    walls = frozenset({"datetime", "date"})

    _CODES: Mapping[int, str] = {
        0: "decimal", 1: "tinyint", 2: "smallint", 3: "int", 4: "float", 5: "double", 7: "timestamp", 8: "bigint",
        9: "mediumint", 10: "date", 12: "datetime", 16: "bit", 246: "decimal",
    }  # fmt: skip

    def types(self, session: Session, table: Table) -> Mapping[str, str]:
        codes = session.kinds(f"{_picked(table)} LIMIT 0")
        return {role: self.kind(code) for role, code in zip(table.exprs, codes, strict=True)}

    def kind(self, code: object) -> str:
        """The name of a type by its number; empty where it is none that we take apart."""
        return self._CODES.get(code, "") if isinstance(code, int) else ""

    def wall(self, expr: str, kind: str) -> tuple[str, str]:
        if kind in self.numbers:
            return f"CASE WHEN {expr} {EPOCH} THEN CAST(FLOOR({expr}) AS SIGNED) END", "1"
        if kind in self.zoned:
            return f"CAST(FLOOR(UNIX_TIMESTAMP({expr})) AS SIGNED)", "1"
        return f"TIMESTAMPDIFF(SECOND, '1970-01-01', {expr})", "0"

    def number(self, expr: str, kind: str) -> tuple[str, str]:
        real = f"({expr} + 0e0)" if kind != self.truth else f"(({expr} + 0) + 0e0)"
        return real, f"({real} BETWEEN -{LARGEST} AND {LARGEST})"

    def bucket(self, value: str) -> str:
        return _bucket(value, "SIGNED", "({} + 0e0)")

    def field(self, expr: str, kind: str) -> str:
        if kind in self.zoned:
            return f"UNIX_TIMESTAMP({expr})"
        return f"({expr} + 0)" if kind == self.truth else expr


def _picked(table: Table) -> str:
    picked = ", ".join(f"{expr} AS c{i}" for i, expr in enumerate(table.exprs.values()))
    return f"SELECT {picked} FROM {table.name}"  # noqa: S608 - names are quoted, SQL is the author's.


def _bucket(value: str, whole: str, real: str) -> str:
    import numpy as np  # noqa: PLC0415

    tiny, step = real.format(repr(sketch.TINY)), real.format(repr(float(np.log(sketch.GAMMA))))

    def size(x: str) -> str:
        index = f"CAST(ceil(ln({x} / {tiny}) / {step}) AS {whole})"
        return (
            f"CASE WHEN {x} >= {real.format(repr(sketch.LARGEST))} THEN {sketch.LAST_BUCKET} "
            f"WHEN {x} < {real.format(repr(sketch.TINY * sketch.GAMMA))} THEN 1 ELSE {index} END"
        )

    return (
        f"CASE WHEN abs({value}) <= {tiny} THEN 0 WHEN {value} > 0 THEN {size(value)} ELSE -({size(f'(-{value})')}) END"
    )


KNOWN: Mapping[str, Dialect] = {
    "sqlite": Sqlite(),
    "postgresql": Postgres(),
    "duckdb": DuckDb(),
    "mysql": MySql(),
    "mariadb": MySql(),
}
