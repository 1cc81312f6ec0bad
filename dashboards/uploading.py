"""An uploaded CSV as far as the page needs it: its columns, some rows, a guess at what is what. No statistics here."""

import csv
import io
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from cxmon.model import written

MOST_BYTES, MOST_SEGMENTS, SAMPLE = 1_000_000, 50, 5
_COUNTS = ("n", "answers", "count", "cases", "tickets", "responses", "exposure", "total answers")
_DATES = ("day", "date", "week", "month", "time", "datum")


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """The header, the first rows, and the distinct values of columns that may split the rows."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    values: dict[str, tuple[str, ...]]
    numbers: tuple[str, ...]

    def guess_date(self) -> int:
        return next((i for i, name in enumerate(self.columns) if name.lower() in _DATES), 0)

    def guess_value(self) -> int:
        """The first figure that is no count."""
        names = [n for n in self.numbers if n.lower() not in _COUNTS] or list(self.numbers) or list(self.columns)
        return self.columns.index(names[0])

    def guess_count(self) -> int | None:
        return next((i for i, name in enumerate(self.columns) if name.lower() in _COUNTS), None)


def read(raw: bytes) -> Sheet | str:
    """The sheet, or one sentence that says what is wrong with the file and where."""
    if len(raw) > MOST_BYTES:
        return f"The file has {written(len(raw) / 1e6, '.1f')} MB; up to {MOST_BYTES // 1_000_000} MB can be tried."
    if not raw.strip():
        return "The file is empty: expected a header and one row a day, week or month."
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        return f"Row {line} is not in UTF-8: save the file as “CSV UTF-8”."
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        return f"Row {line} holds a zero byte: this is no CSV file. Export the sheet as CSV."
    first = text.partition("\n")[0]
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))
        lines = [tuple(cell.strip() for cell in row) for row in reader if any(row)]
    except csv.Error as error:
        return f"The file cannot be read as CSV: {error}."
    return _sheet(lines)


def _sheet(lines: Sequence[tuple[str, ...]]) -> Sheet | str:
    header, body = lines[0], lines[1:]
    if len(header) < 2:
        return "Row 1 has one column: expected a date and a figure, apart by comma, semicolon or tab."
    empty = next((i for i, name in enumerate(header) if not name), None)
    if empty is not None:
        return f"Column {empty + 1} has no name in row 1: give each column one."
    twice = next((name for name in header if header.count(name) > 1), None)
    if twice is not None:
        return f"Two columns are called {twice} in row 1: give each a name of its own."
    if not body:
        return "There are no rows below the header: expected one a day, week or month."
    full = [row for row in body if len(row) == len(header)]
    if not full:
        return f"Row 2 has {len(body[0])} cells, the header {len(header)}: expected as many."
    values = {name: tuple(dict.fromkeys(row[i] for row in full)) for i, name in enumerate(header)}
    numbers = tuple(name for i, name in enumerate(header) if all(_number(row[i]) for row in full[:50]))
    few = {name: found for name, found in values.items() if len(found) <= MOST_SEGMENTS and len(found) < len(full)}
    return Sheet(columns=header, rows=tuple(full[:SAMPLE]), values=few, numbers=numbers)


def _number(text: str) -> bool:
    try:
        float(text or "nan")
    except ValueError:
        return False
    return True


def example() -> bytes:
    """Ten months of two channels; the phone loses four points on 1 September 2026. Always the same."""
    chance = random.Random(11)  # noqa: S311 - a picture of noise, no secret.
    lines = ["day,channel,csat,answers"]
    first, change = date(2026, 1, 1), date(2026, 9, 1)
    for i in range(300):
        day = first + timedelta(days=i)
        shared = chance.gauss(0, 0.008) - 0.01 * (day.weekday() >= 5)
        for channel, level in (("phone", 0.87), ("chat", 0.91)):
            drop = 0.04 if channel == "phone" and day >= change else 0.0
            n = chance.randint(110, 170)
            share = sum(chance.random() < level + shared - drop for _ in range(n)) / n
            lines.append(f"{day},{channel},{100 * share:.1f},{n}")
    return ("\n".join(lines) + "\n").encode()
