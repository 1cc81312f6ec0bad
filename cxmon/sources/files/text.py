"""Tables in text: one character between fields, in any encoding."""

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from cxmon.errors import SourceError
from cxmon.sources.files.table import CHUNK, Aside, Piece, Table

_LONGEST = 1_000_000  # Characters of a line; a longer one is cut, since it is none.
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_DELIMITERS = ",;\t|"


def read_text(metric: str, name: str, stream: io.BufferedReader, *, delimiter: str, encoding: str, skip: int) -> Table:
    """The table in `stream`; `skip` lines stand above its header. A byte order mark, as spreadsheets write it, says
    the encoding better than the configuration does."""
    marked = next((e for mark, e in _MARKS.items() if stream.peek(4).startswith(mark)), encoding)
    text = io.TextIOWrapper(stream, encoding=marked, newline="")
    reader = csv.reader(iter(partial(text.readline, _LONGEST), ""), delimiter=delimiter, strict=True)
    try:
        for _ in range(skip):
            next(reader, None)
        header = [name.strip() for name in next(reader, [])]
    except csv.Error as error:
        raise SourceError(f"{metric}: {name}:{reader.line_num}: the header cannot be read: {error}") from None
    except UnicodeError:
        raise undecoded(metric, name, reader.line_num + 1, marked) from None
    if any("\x00" in one for one in header):
        raise SourceError(f"{metric}: {name} looks like UTF-16; set `encoding: utf-16-le` of the source")
    pieces = partial(_pieces, metric, name, reader, len(header), marked)
    return Table(header=header, line=max(reader.line_num, 1), pieces=pieces)


def other_delimiter(header: Sequence[str]) -> str:
    """The character that seems to stand between fields where a header came out as one field; empty where none does."""
    if len(header) != 1:
        return ""
    found = max(_DELIMITERS, key=header[0].count)
    return found if found in header[0] else ""


def undecoded(metric: str, name: str, line: int, encoding: str) -> SourceError:
    """What is said of bytes that are no text in an encoding."""
    return SourceError(
        f"{metric}: {name} is not written in {encoding} (about line {line}); set `encoding` of the source, "
        "such as windows-1252"
    )


def _pieces(
    metric: str, name: str, reader: Any, width: int, encoding: str, places: Sequence[int], aside: Aside
) -> Iterator[Piece]:
    lines: list[int] = []
    rows: list[list[str]] = []
    while True:
        try:
            for row in reader:
                if len(row) == width:
                    lines.append(reader.line_num)
                    rows.append(row)
                    if len(rows) == CHUNK:
                        yield lines, [[row[i] for row in rows] for i in places]
                        lines, rows = [], []
                elif row:
                    aside(reader.line_num, f"{len(row)} fields where the header has {width}")
            break
        except csv.Error as error:
            aside(reader.line_num, f"the row cannot be read: {error}")
        except UnicodeError:
            raise undecoded(metric, name, reader.line_num + 1, encoding) from None
    if rows:
        yield lines, [[row[i] for row in rows] for i in places]
