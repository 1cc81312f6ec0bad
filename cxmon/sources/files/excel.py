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
    stream.seek(0)
    try:
        book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
    except (KeyError, ValueError, TypeError):
        raise SourceError(f"{metric}: {name} is packed like an Excel workbook, but is none") from None
    names = [one.title for one in book.worksheets]
    if sheet and sheet not in names:
        raise SourceError(f"{metric}: {name} has no sheet {sheet!r}; it has {', '.join(names)}")
    if not names:
        raise SourceError(f"{metric}: {name} has no sheet with rows")
    page = book.worksheets[names.index(sheet) if sheet else 0]
    # Some programs write a wrong size of the sheet, which would hide its rows.
    page.reset_dimensions()
    rows = page.iter_rows(values_only=True)
    header = ["" if v is None else str(v).strip() for v in next(islice(rows, skip, None), ())]
    while header and not header[-1]:
        header.pop()
    return Table(header=header, line=skip + 1, pieces=partial(_pieces, rows, skip + 2))


def _pieces(rows: Iterator[Sequence[Any]], first: int, places: Sequence[int], aside: Aside) -> Iterator[Piece]:  # noqa: ARG001 - cells have no wrong width.
    numbered = enumerate(rows, first)
    while block := list(islice(numbered, CHUNK)):
        kept = [(line, row) for line, row in block if any(v is not None for v in row)]
        if kept:
            # Cells at the end of a row that were never written are not there.
            yield [line for line, _ in kept], [[row[i] if i < len(row) else None for _, row in kept] for i in places]
