"""Decisions in a list: one row each, as a spreadsheet saves it."""

import codecs
import csv
import hashlib
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from cxmon import delimited
from cxmon.contracts import AskedEntries, Entries, Rejected
from cxmon.errors import SourceError
from cxmon.feeds.days import instant, iso, span
from cxmon.feeds.files import contents
from cxmon.model import Announced

_REQUIRED = ("title", "start")
_COLUMNS = ("id", *_REQUIRED, "end", "owner_from", "labels", "status", "changed", "link")


@dataclass(frozen=True, kw_only=True)
class CsvList:
    """A CSV file with a header, or several by a glob in `path`.

    `id`, `title`, `start`, `end`, `labels`, `status`, `changed` and `link` name the columns where they are called
    otherwise; title and start must be there. Without an id, title and start are one. `owner_from` is the column with
    the department, if there is one. `date_format` is how dates are written where that is not ISO 8601, such as
    %d.%m.%Y; `labels` are separated by commas or semicolons. A row whose status is one of `cancelled` takes its draft
    back. `changed` is when the row was changed last.
    """

    type: Literal["csv"] = "csv"
    path: str
    delimiter: str = ","
    encoding: str = "utf-8"
    date_format: str = ""
    id: str = "id"
    title: str = "title"
    start: str = "start"
    end: str = "end"
    owner_from: str = ""
    labels: str = "labels"
    status: str = "status"
    changed: str = "changed"
    link: str = "link"
    cancelled: tuple[str, ...] = ("cancelled", "canceled", "rejected", "declined")

    def __post_init__(self) -> None:
        delimited.check(self.delimiter, self.encoding)

    def entries(self, asked: AskedEntries) -> Entries:
        """All rows, whenever they begin."""
        found: list[Announced] = []
        rejected: list[Rejected] = []
        for name, content in contents(asked.name, self.path, asked.file):
            for line, row in self._rows(asked.name, name, content):
                try:
                    found.append(self._entry(row, asked))
                except ValueError as problem:
                    rejected.append(Rejected(where=f"{name}:{line}", reason=str(problem)))
        return Entries(found=tuple(found), rejected=tuple(rejected))

    def _rows(self, feed: str, name: str, content: bytes) -> Iterator[tuple[int, dict[str, str]]]:
        """(line, row by the names of the options); columns that the file does not have are empty."""
        # A byte order mark, as spreadsheets write it, is no part of the first column's name.
        encoding = "utf-8-sig" if codecs.lookup(self.encoding).name == "utf-8" else self.encoding
        try:
            reader = csv.reader(
                io.StringIO(content.decode(encoding), newline=""), delimiter=delimited.between(self.delimiter)
            )
            header = [column.strip() for column in next(reader, [])]
            places = self._places(feed, name, header)
            for row in reader:
                if any(cell.strip() for cell in row):
                    # A row that is cut short lacks its last cells only.
                    cells = {key: row[i].strip() if i < len(row) else "" for key, i in places.items()}
                    yield reader.line_num, dict.fromkeys(_COLUMNS, "") | cells
        except UnicodeDecodeError:
            raise SourceError(f"{feed}: {name} is not written in {self.encoding}; set `encoding`") from None
        except csv.Error as error:
            raise SourceError(f"{feed}: {name} cannot be read: {error}") from None

    def _places(self, feed: str, name: str, header: list[str]) -> dict[str, int]:
        """Where each column is. SourceError where one is missing that has to be there, or that the file was said to
        have."""
        asked = {key: column for key in _COLUMNS if (column := str(getattr(self, key)))}
        missing = [
            column
            for key, column in asked.items()
            if column not in header and (key in _REQUIRED or column != type(self).__dataclass_fields__[key].default)
        ]
        if missing:
            hint = "; is `delimiter` right?" if len(header) == 1 else ""
            has = ", ".join(header) or "nothing"
            raise SourceError(f"{feed}: {name} has no column {' and no column '.join(missing)}; it has {has}{hint}")
        return {key: header.index(column) for key, column in asked.items() if column in header}

    def _entry(self, row: Mapping[str, str], asked: AskedEntries) -> Announced:
        starts, ends = span(
            self._when(row["start"], "start", asked), self._when(row["end"], "end", asked) if row["end"] else None
        )
        unnamed = hashlib.sha256(f"{row['title']}|{starts.astimezone(UTC).isoformat()}".encode()).hexdigest()[:10]
        changed = int(self._when(row["changed"], "changed", asked).timestamp()) if row["changed"] else 0
        return Announced(
            id=row["id"] or unnamed,
            title=row["title"],
            starts=starts,
            ends=ends,
            labels=tuple(label for part in re.split("[;,]", row["labels"]) if (label := part.strip())),
            owner=row["owner_from"],
            cancelled=row["status"].casefold() in {word.casefold() for word in self.cancelled},
            version=changed,
            link=row["link"],
        )

    def _when(self, text: str, what: str, asked: AskedEntries) -> datetime:
        if not self.date_format or not text:
            return iso(text, what, asked.zone)
        try:
            return instant(datetime.strptime(text, self.date_format), asked.zone)  # noqa: DTZ007 - see instant.
        except (ValueError, OverflowError):
            raise ValueError(f"{what} is no date like {self.date_format}") from None
