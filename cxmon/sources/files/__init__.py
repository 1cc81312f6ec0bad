"""Figures from files: CSV, also gzipped, Excel and Parquet; event rows or aggregated rows, one file or a glob."""

import glob
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from cxmon import delimited
from cxmon.aggregate import FIGURES, Intake, roles, span
from cxmon.contracts import Batch, Records, Request
from cxmon.errors import SourceError
from cxmon.feeds.reach import checked_ticket_url
from cxmon.model import Metric
from cxmon.sources.files.columns import Column, Numbers
from cxmon.sources.files.excel import read_excel
from cxmon.sources.files.identity import Latest, copies
from cxmon.sources.files.opening import opened
from cxmon.sources.files.parquet import read_parquet
from cxmon.sources.files.table import Piece, Table
from cxmon.sources.files.text import other_delimiter, read_text

_TICKET = "ticket"  # The role of the column with a row's id.
_SIGNS = ("", ".", ",", " ", "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}", "'")


@dataclass(frozen=True, kw_only=True)
class Csv:
    """Files with a header: CSV, also gzipped, Excel (.xlsx) and Parquet. `path` may be a glob; `read.file` of a metric
    names another file in the same folder. `delimiter` is one character, or tab; `encoding` such as windows-1252.
    `sheet` is that of a workbook, the first without it; `skip` is how many lines stand above the header. `decimal` is
    the sign before decimals, `thousands` the one between thousands. `columns` are made of columns of the file. `id`
    names the columns that tell a row from all others: of rows with the same id the last counts. `most_bytes` bounds
    what a file unpacks to. `ticket_url` is the address of a case in the system that they are from, with
    {id} in it: the `read.ticket` of a metric's rows, for evidence.

    Files are read whole at each request, as a stream, since a line may have changed anywhere.
    """

    type: Literal["csv"] = "csv"
    path: str
    delimiter: str = ","
    encoding: str = "utf-8"
    sheet: str = ""
    skip: int = 0
    decimal: str = "."
    thousands: str = ""
    columns: Mapping[str, Column] = field(default_factory=dict)
    id: tuple[str, ...] = ()
    most_bytes: int = 2_000_000_000
    ticket_url: str = ""

    def __post_init__(self) -> None:
        checked_ticket_url(self.ticket_url)
        delimited.check(self.delimiter, self.encoding)
        if self.decimal not in {".", ","}:
            raise ValueError(f"decimal: found {self.decimal!r}, expected a point or a comma")
        if self.thousands not in _SIGNS or self.thousands == self.decimal:
            raise ValueError(
                f"thousands: found {self.thousands!r}, expected another sign than decimal: . , ' or a space"
            )
        for name, bound in (("skip", 0), ("most_bytes", 1)):
            if getattr(self, name) < bound:
                raise ValueError(f"{name}: found {getattr(self, name)}, expected at least {bound}")
        above: set[str] = set()
        for name, column in self.columns.items():
            below = [need for need in column.needs if need in self.columns and need not in above]
            if below and below != [name]:
                raise ValueError(f"columns: found {name} made of {below[0]}, expected columns that stand above it")
            above.add(name)

    def fetch(self, request: Request) -> Iterator[Batch]:
        """Batches of about a month over the request's whole periods."""
        metric = request.metric
        wanted = roles(metric)
        for name in ("table", "query", "where"):
            if getattr(metric.read, name):
                raise SourceError(f"{metric.id}: `read.{name}` is for sql sources; a csv source reads every row")
        for role, column in wanted.items():
            # What is made of columns has no name by which a person would be recognised.
            if role.startswith("dimension:") and column in self.columns:
                raise SourceError(f"{metric.id}: the dimension {column!r} is a made column; it must be one of the file")
        window = span(metric, request.window, request.now)
        if window is None:
            return
        intake = Intake(metric=metric, window=window, now=request.now, frozen=request.frozen)
        files = self._files(metric)
        # Where rows have ids, the last of them counts, wherever it stands.
        for copy, first in copies(files).items() if not self.id else ():
            files.remove(copy)
            intake.aside(copy.name, f"the same file as {first.name}, taken once")
        latest = self._latest(metric.id, files) if self.id else None
        for file in files:

            def aside(line: int, reason: str, name: str = file.name) -> None:
                intake.aside(f"{name}:{line}", reason)

            for lines, columns in self._read(metric, file, wanted, latest, aside):
                intake.add(columns, partial(_place, file.name, lines))
        yield from intake.batches()

    def _files(self, metric: Metric) -> list[Path]:
        pattern = Path(self.path).parent / metric.read.file if metric.read.file else Path(self.path)
        names = sorted(glob.glob(str(pattern), recursive=True))  # noqa: PTH207 - absolute patterns are the rule.
        # Excel puts a file of its own beside a workbook that is open.
        found = [path for path in map(Path, names) if not path.name.startswith("~$")]
        if not found:
            raise SourceError(f"{metric.id}: no file matches {pattern}")
        return found

    def _table(self, metric: str, file: Path, kind: str, stream: io.BufferedReader) -> Table:
        if kind == "excel":
            return read_excel(metric, file.name, stream, sheet=self.sheet, skip=self.skip, most_bytes=self.most_bytes)
        if kind == "parquet":
            return read_parquet(metric, file.name, stream, most_bytes=self.most_bytes)
        delimiter = delimited.between(self.delimiter)
        return read_text(metric, file.name, stream, delimiter=delimiter, encoding=self.encoding, skip=self.skip)

    def _latest(self, metric: str, files: Sequence[Path]) -> Latest:
        """A first look at the ids of all files."""
        latest = Latest()
        for file in files:
            with opened(metric, file, self.most_bytes) as (kind, stream):
                table = self._table(metric, file, kind, stream)
                places = _places(metric, file.name, table, self.id)
                for _, columns in table.pieces(places, lambda _line, _reason: None):
                    latest.see(columns)
        return latest

    def rows(self, request: Request) -> Iterator[Records]:
        """The rows of all files with their ids, whatever their time."""
        metric = request.metric
        wanted = roles(metric) | {_TICKET: metric.read.ticket}
        files = self._files(metric)
        for copy in copies(files) if not self.id else ():
            files.remove(copy)
        latest = self._latest(metric.id, files) if self.id else None
        for file in files:
            for _, columns in self._read(metric, file, wanted, latest, lambda _line, _reason: None):
                ids = ["" if v is None else str(v).strip() for v in columns.pop(_TICKET)]
                yield Records(ids=ids, fields={wanted[role]: column for role, column in columns.items()})

    def _read(
        self,
        of: Metric,
        file: Path,
        wanted: Mapping[str, str],
        latest: Latest | None,
        aside: Callable[[int, str], None],
    ) -> Iterator[tuple[Sequence[int], dict[str, Sequence[object]]]]:
        """(lines, columns by role) of the rows that count."""
        metric = of.id
        with opened(metric, file, self.most_bytes) as (kind, stream):
            table = self._table(metric, file, kind, stream)
            only = of.read.only
            names = self._needed([*wanted.values(), *only])
            places = _places(metric, file.name, table, names)
            for all_lines, fields in table.pieces(places, aside):
                size = len(all_lines)
                counts = latest.counts(size) if latest is not None else np.ones(size, bool)
                for name, values in only.items():
                    counts = counts & np.array([str(v).strip() in values for v in fields[names.index(name)]], bool)
                if not counts.any():
                    continue
                lines, columns = _kept(all_lines, fields, counts)
                yield lines, self._by_role(wanted, dict(zip(names, columns, strict=True)))

    def _needed(self, names: Sequence[str]) -> list[str]:
        """The columns of the file that `names` are, or are made of."""
        found: dict[str, None] = {}
        for name in names:
            made = self.columns.get(name)
            needs = [name] if made is None else [n for n in made.needs if n == name or n not in self.columns]
            further = [] if made is None else [n for n in made.needs if n != name and n in self.columns]
            found |= dict.fromkeys([*needs, *self._needed(further)])
        return list(found)

    def _by_role(self, wanted: Mapping[str, str], of: Mapping[str, Sequence[object]]) -> dict[str, Sequence[object]]:
        numbers = Numbers(self.decimal, self.thousands)
        every = dict(of)
        for name, column in self.columns.items():
            if all(need in every for need in column.needs):
                every[name] = column.made(every, numbers)
        found: dict[str, Sequence[object]] = {}
        for role, name in wanted.items():
            plain = role not in FIGURES or name in self.columns
            found[role] = every[name] if plain else [numbers.plain(v) for v in every[name]]
        return found


def _kept(lines: Sequence[int], columns: Sequence[Sequence[object]], counts: npt.NDArray[np.bool_]) -> Piece:
    """Only the rows that count (R,)."""
    if counts.all():
        return lines, list(columns)
    rows = np.flatnonzero(counts).tolist()
    return [lines[i] for i in rows], [[column[i] for i in rows] for column in columns]


def _places(metric: str, name: str, table: Table, wanted: Sequence[str]) -> list[int]:
    """Where the columns stand. Raises SourceError, with file and line, where one does not or stands twice."""
    header = list(table.header)
    if not header:
        raise SourceError(f"{metric}: {name} is empty, it does not even have a header")
    missing = sorted({column for column in wanted if column not in header})
    if missing:
        other = other_delimiter(header) if len(wanted) > 1 else ""
        hint = f"; is `delimiter` right? It looks like {'tab' if other == chr(9) else repr(other)}" if other else ""
        raise SourceError(
            f"{metric}: {name}:{table.line}: no column {' and no column '.join(repr(m) for m in missing)}; "
            f"it has {', '.join(header)}{hint}"
        )
    double = sorted({column for column in wanted if header.count(column) > 1})
    if double:
        raise SourceError(f"{metric}: {name}:{table.line}: the column {double[0]!r} stands there more than once")
    return [header.index(column) for column in wanted]


def _place(name: str, lines: Sequence[int], row: int) -> str:
    return f"{name}:{lines[row]}"
