"""Tables in Excel workbooks (.xlsx), row by row; figures are those that Excel stored, formulas are not calculated."""

import io
import zipfile
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any

from cxmon.errors import SourceError
from cxmon.sources.files.opening import too_large
from cxmon.sources.files.table import CHUNK, Aside, Piece, Table

Rows = Iterator[Sequence[Any]]

_UNCALCULATED = "a formula that was never calculated; open the workbook and save it"


def read_excel(metric: str, name: str, stream: io.BufferedReader, *, sheet: str, skip: int, most_bytes: int) -> Table:
    """The table on `sheet`, or on the first one."""
    try:
        import openpyxl  # noqa: PLC0415 - an extra: most have no workbook to read.
    except ModuleNotFoundError:
        raise SourceError(f"{metric}: {name} is an Excel workbook; pip install 'cxmon[excel]' to read those") from None
    # A workbook is a packed folder; its sizes are held to by the unpacker, so a bomb cannot lie about them.
    with zipfile.ZipFile(stream) as packed:
        if sum(part.file_size for part in packed.infolist()) > most_bytes:
            raise too_large(name, most_bytes)
        pages = [part for part in packed.namelist() if part.startswith("xl/worksheets/")]
        calculated = any(_has_formulas(packed, part) for part in pages)
    try:
        book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
        written = openpyxl.load_workbook(stream, read_only=True) if calculated else None
    except (KeyError, ValueError, TypeError):
        raise SourceError(f"{metric}: {name} is packed like an Excel workbook, but is none") from None
    names = [one.title for one in book.worksheets]
    if sheet and sheet not in names:
        raise SourceError(f"{metric}: {name} has no sheet {sheet!r}; it has {', '.join(names)}")
    if not names:
        raise SourceError(f"{metric}: {name} has no sheet with rows")
    at = names.index(sheet) if sheet else 0
    rows = _rows(book.worksheets[at])
    header = ["" if v is None else str(v).strip() for v in next(islice(rows, skip, None), ())]
    while header and not header[-1]:
        header.pop()
    formulas = None if written is None else islice(_rows(written.worksheets[at]), skip + 1, None)
    return Table(header=header, line=skip + 1, pieces=partial(_pieces, rows, formulas, skip + 2))


def _rows(page: Any) -> Rows:
    # Some programs write a wrong size of the sheet, which would hide its rows.
    page.reset_dimensions()
    rows: Rows = page.iter_rows(values_only=True)
    return rows


def _has_formulas(packed: zipfile.ZipFile, part: str) -> bool:
    with packed.open(part) as stream:
        tail = b""
        while block := stream.read(1_000_000):
            if b"<f>" in tail + block or b"<f " in tail + block:
                return True
            tail = block[-2:]
    return False


def _pieces(rows: Rows, formulas: Rows | None, first: int, places: Sequence[int], aside: Aside) -> Iterator[Piece]:
    numbered = enumerate(rows, first)
    while block := list(islice(numbered, CHUNK)):
        # Cells at the end of a row that were never written are not there.
        full = [(line, [row[i] if i < len(row) else None for i in places]) for line, row in block if _filled(row)]
        if formulas is not None:
            # A formula without its figure looks like an empty cell, which would be no answer.
            open_ones = _uncalculated(block, formulas, places)
            for line in open_ones:
                aside(line, _UNCALCULATED)
            full = [(line, fields) for line, fields in full if line not in open_ones]
        if full:
            yield [line for line, _ in full], [[fields[k] for _, fields in full] for k in range(len(places))]


def _filled(row: Sequence[Any]) -> bool:
    return any(v is not None for v in row)


def _uncalculated(block: Sequence[tuple[int, Sequence[Any]]], formulas: Rows, places: Sequence[int]) -> dict[int, None]:
    """The lines of a block where a field that is read is a formula without a figure."""
    written = islice(formulas, len(block))
    return {
        line: None
        for (line, row), formula in zip(block, written, strict=True)
        if any(i < min(len(row), len(formula)) and row[i] is None and formula[i] is not None for i in places)
    }
