"""Figures from CSV files: event rows or aggregated rows, one file or a glob."""

import codecs
import csv
import glob
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from cxmon.aggregate import Intake, roles, span
from cxmon.contracts import Batch, Rejected, Request
from cxmon.errors import SourceError
from cxmon.model import Metric

_CHUNK = 50_000  # Rows that are held as text at once.


@dataclass(frozen=True, kw_only=True)
class Csv:
    """CSV files with a header. `path` may be a glob; `read.file` of a metric names another file in the same folder.

    Files are read whole at each request, as a stream, since a line may have changed anywhere.
    """

    type: Literal["csv"] = "csv"
    path: str
    delimiter: str = ","
    encoding: str = "utf-8"

    def __post_init__(self) -> None:
        if len(self.delimiter) != 1 or self.delimiter in '"\r\n':
            raise ValueError(f"delimiter: found {self.delimiter!r}, expected one character such as , ; or a tab")
        try:
            codecs.lookup(self.encoding)
        except LookupError:
            raise ValueError(f"encoding: found {self.encoding!r}, which Python does not know") from None

    def fetch(self, request: Request) -> Iterator[Batch]:
        """Batches of about a month over the request's whole periods."""
        metric = request.metric
        wanted = roles(metric)
        for name in ("table", "query", "where"):
            if getattr(metric.read, name):
                raise SourceError(f"{metric.id}: `read.{name}` is for sql sources; a csv source reads every row")
        window = span(metric, request.window, request.now)
        if window is None:
            return
        intake = Intake(metric=metric, window=window, now=request.now, frozen=request.frozen)
        for file in self._files(metric):
            self._read(file, wanted, intake)
        yield from intake.batches()

    def _files(self, metric: Metric) -> list[Path]:
        pattern = Path(self.path).parent / metric.read.file if metric.read.file else Path(self.path)
        found = sorted(Path(name) for name in glob.glob(str(pattern)))  # noqa: PTH207 - absolute patterns are the rule.
        if not found:
            raise SourceError(f"{metric.id}: no file matches {pattern}")
        return found

    def _read(self, file: Path, wanted: Mapping[str, str], intake: Intake) -> None:
        metric = intake.metric.id
        # A byte order mark, as spreadsheets write it, is no part of the first column's name.
        encoding = "utf-8-sig" if codecs.lookup(self.encoding).name == "utf-8" else self.encoding
        try:
            with file.open(encoding=encoding, newline="") as stream:
                reader = csv.reader(stream, delimiter=self.delimiter, strict=True)
                header = [name.strip() for name in next(reader, [])]
                places = self._columns(metric, file, header, wanted)
                for lines, rows in self._chunks(file, reader, len(header), intake):
                    columns = {role: [row[i] for row in rows] for role, i in places.items()}
                    intake.add(columns, partial(_place, file.name, lines))
        except UnicodeError:
            raise SourceError(
                f"{metric}: {file.name} is not written in {self.encoding}; set `encoding` of the source"
            ) from None
        except OSError as error:
            raise SourceError(f"{metric}: {file.name} cannot be read: {error.strerror or error}") from None
        except csv.Error as error:
            raise SourceError(f"{metric}: the header of {file.name} cannot be read: {error}") from None

    def _columns(self, metric: str, file: Path, header: list[str], wanted: Mapping[str, str]) -> dict[str, int]:
        if not header:
            raise SourceError(f"{metric}: {file.name} is empty, it does not even have a header")
        missing = sorted({column for column in wanted.values() if column not in header})
        if missing:
            hint = "; is `delimiter` right?" if len(header) == 1 and len(wanted) > 1 else ""
            raise SourceError(
                f"{metric}: {file.name} has no column {' and no column '.join(repr(m) for m in missing)}; "
                f"it has {', '.join(header)}{hint}"
            )
        double = sorted({column for column in wanted.values() if header.count(column) > 1})
        if double:
            raise SourceError(f"{metric}: {file.name} has the column {double[0]!r} more than once")
        return {role: header.index(column) for role, column in wanted.items()}

    def _chunks(
        self, file: Path, reader: Any, width: int, intake: Intake
    ) -> Iterator[tuple[list[int], list[list[str]]]]:
        """(line numbers, rows) in chunks; rows that are no rows of this file are set aside."""
        lines: list[int] = []
        rows: list[list[str]] = []
        while True:
            try:
                for row in reader:
                    if len(row) == width:
                        lines.append(reader.line_num)
                        rows.append(row)
                        if len(rows) == _CHUNK:
                            yield lines, rows
                            lines, rows = [], []
                    elif row:
                        reason = f"{len(row)} fields where the header has {width}"
                        intake.rejected.append(Rejected(where=f"{file.name}:{reader.line_num}", reason=reason))
                break
            except csv.Error as error:
                where = f"{file.name}:{reader.line_num}"
                intake.rejected.append(Rejected(where=where, reason=f"the row cannot be read: {error}"))
        if rows:
            yield lines, rows


def _place(name: str, lines: list[int], row: int) -> str:
    return f"{name}:{lines[row]}"
