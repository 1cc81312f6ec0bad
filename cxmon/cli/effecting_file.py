"""The CSV file of `cxmon effect`: its columns on a grid of days, weeks or months, or what is wrong with them."""

import csv
import io
import math
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cxmon.cli.common import written

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Series:
    """Columns of a CSV on a regular grid: `values`, `n` (T,), `controls` (K, T), NaN = missing. What was
    `set_aside` while reading, and the periods that are `left_out` since they are of both sides, as sentences."""

    starts: "npt.NDArray[np.int64]"
    values: "Floats"
    n: "Floats | None"
    controls: "Floats | None"
    names: tuple[str, ...]
    grain: str
    set_aside: tuple[str, ...]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Table:
    """The rows of a CSV below its header, each with the line it ends on in the file."""

    file: Path
    columns: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def read_series(file: Path, *, time: str | None, value: str, n: str | None, controls: list[str]) -> Series:
    """Read the columns and lay them on a daily, weekly or monthly grid; what cannot be read is set aside.

    BadParameter, naming what was found and what is expected, where the file as a whole cannot be read.
    """
    import numpy as np

    table = table_of(file)
    time = time or table.columns[0]
    wanted = [time, value, *([n] if n else []), *controls]
    at = [column_of(table, name, wanted) for name in wanted]
    rows, aside = fitting_of(table)
    dated, undated = dated_of(file, time, [(line, row[at[0]]) for line, row in rows])
    figures = [figures_of(file, name, [(line, rows[i][1][c]) for i, line, _ in dated])
               for name, c in zip(wanted[1:], at[1:], strict=True)]  # fmt: skip
    days = [day for _, _, day in dated]
    starts, grain = grid_of(days, file)
    matrix = np.full((len(figures), len(starts)), np.nan)
    matrix[:, np.searchsorted(starts, [epoch_of_day(day) for day in days])] = [found for found, _ in figures]
    if n:
        check_counts(n, matrix[1])
    return Series(
        starts=starts, values=matrix[0], n=matrix[1] if n else None,
        controls=matrix[(2 if n else 1) :] if controls else None, names=tuple(controls), grain=grain,
        set_aside=(*aside, *undated, *(said for _, told in figures for said in told)),
    )  # fmt: skip


def check_counts(name: str, found: "Floats") -> None:
    """BadParameter where what stands in the column of answers cannot be counts: shares, or less than nothing."""
    import numpy as np

    seen = found[np.isfinite(found)]
    if seen.min() < 0 or (seen.max() <= 1 and (seen != np.round(seen)).any()):
        least, most = written(seen.min(), ".3g"), written(seen.max(), ".3g")
        said = f"found answers of {least} to {most} in column {name}, expected counts"
        raise typer.BadParameter(said)


def table_of(file: Path) -> Table:
    """The cells of a file; columns stand apart by comma, semicolon or tab, whichever its first line has most of."""
    try:
        with file.open(newline="", encoding="utf-8-sig") as handle:
            return table_in(handle.read(), file)
    except UnicodeDecodeError as error:
        raise typer.BadParameter(f"{file}: {error}", param_hint="FILE") from error
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}", param_hint="FILE") from error


def table_in(text: str, file: Path) -> Table:
    """The same of a text that was read already; `file` is what messages call it."""
    first = text.partition("\n")[0]
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))
        lines = [(reader.line_num, tuple(cell.strip() for cell in row)) for row in reader if any(row)]
    except csv.Error as error:
        raise typer.BadParameter(f"{file}: {error}", param_hint="FILE") from error
    if len(lines) < 2:
        found = "no rows below the header" if lines else "an empty file"
        raise typer.BadParameter(f"{file}: found {found}, expected one row a day, week or month", param_hint="FILE")
    return Table(file=file, columns=lines[0][1], rows=tuple(lines[1:]))


def column_of(table: Table, name: str, wanted: list[str]) -> int:
    """Where the column stands; BadParameter where it is not in the file, or is asked for or there twice."""
    if wanted.count(name) > 1:
        raise typer.BadParameter(f"{table.file}: found {name} twice, expected another column")
    if name not in table.columns:
        raise typer.BadParameter(f"{table.file}: found no column {name}, expected one of {', '.join(table.columns)}")
    if table.columns.count(name) > 1:
        raise typer.BadParameter(f"{table.file}: found two columns {name}, expected one")
    return table.columns.index(name)


def fitting_of(table: Table) -> tuple[list[tuple[int, tuple[str, ...]]], list[str]]:
    """The rows with as many cells as the header; in others nobody knows which cell belongs to which column."""
    count = len(table.columns)
    rows = [(line, row) for line, row in table.rows if len(row) == count]
    odd = [f"{line}: {len(row)} cells, expected {count}" for line, row in table.rows if len(row) != count]
    if not rows:
        raise typer.BadParameter(f"{table.file}: found in row {odd[0]} as in the header", param_hint="FILE")
    return rows, _listed(table.file, odd)


def dated_of(file: Path, time: str, cells: list[tuple[int, str]]) -> tuple[list[tuple[int, int, date]], list[str]]:
    """(index, line, day) of the rows with a date, one a day, and what is said of those without."""
    dated, odd = [], []
    for index, (line, text) in enumerate(cells):
        try:
            dated.append((index, line, _day(text)))
        except ValueError:
            odd.append((line, text))
    if len(dated) < 2 and odd:
        line, text = odd[0]
        said = f"found {text!r} in column {time}, row {line}, expected dates like 2026-09-01"
        raise typer.BadParameter(f"{file}: {said}", param_hint="FILE")
    if len(dated) < 2:
        raise typer.BadParameter(f"{file}: found {len(dated)} dated row, expected at least 2", param_hint="FILE")
    first: dict[date, tuple[int, int]] = {}
    for index, line, day in dated:
        if day in first:
            earlier = first[day]
            said = (f"found several rows a day, expected one row a day, week or month; first {cells[earlier[0]][1]!r}"
                    f" in row {earlier[1]} and {cells[index][1]!r} in row {line}; single answers are added up by a"
                    " configuration, which `cxmon init` begins")  # fmt: skip
            raise typer.BadParameter(f"{file}: {said}", param_hint="FILE")
        first[day] = (index, line)
    return dated, _listed(file, [f"{line}: {time} is not a date: {text!r}" for line, text in odd])


def _listed(file: Path, odd: list[str]) -> list[str]:
    """The first three of a list of rows, and how many more there are."""
    told = [f"{file.name}:{said}" for said in odd[:3]]
    return [*told[:-1], f"{told[-1]}, and {len(odd) - 3} more"] if len(odd) > 3 else told


def figures_of(file: Path, name: str, cells: list[tuple[int, str]]) -> tuple[list[float], list[str]]:
    """The column's figures, NaN where a cell is empty or no number, and what is said of the latter."""
    found = [_number(text) for _, text in cells]
    odd = [cell for cell, figure in zip(cells, found, strict=True) if figure is None]
    if len(odd) + sum(math.isnan(figure) for figure in found if figure is not None) == len(cells):
        seen = f"{odd[0][1]!r} in column {name}, row {odd[0][0]}" if odd else f"no figure in column {name}"
        raise typer.BadParameter(f"{file}: found {seen}, expected figures like 1016.5", param_hint="FILE")
    many, each = ("cells", "are no numbers, the first") if len(odd) > 1 else ("cell", "is no number,")
    said = [f"{len(odd)} {many} of {name} {each} {odd[0][1]!r} in row {odd[0][0]}"] if odd else []
    return [math.nan if figure is None else figure for figure in found], said


@dataclass(frozen=True, kw_only=True)
class Start:
    """The first period that lies wholly on the far side of a date, and the one the date falls into, if any."""

    index: int
    mixed: int | None


def start_of(series: Series, text: str, option: str) -> Start:
    """Where the date in `text` lies on the grid: the first period that begins on it or after it, T behind the last.

    A week or month that begins before the date and ends after it is of both sides: it is `mixed`.
    """
    import numpy as np

    from cxmon.model import Grain
    from cxmon.periods import next_start

    at = epoch_of(text, option)
    index = int(np.searchsorted(series.starts, at))
    if index == 0 or (index < len(series.starts) and series.starts[index] == at):
        return Start(index=index, mixed=None)
    begins = datetime.fromtimestamp(int(series.starts[index - 1]), UTC)
    inside = at < next_start(begins, Grain(series.grain), "UTC").timestamp()
    return Start(index=index, mixed=index - 1 if inside else None)


def inside(series: Series, text: str, option: str) -> Start:
    """`start_of` a date that has periods of the series on both sides."""
    found = start_of(series, text, option)
    if not 0 < found.index < len(series.starts):
        first, last = day_of(series, 0), day_of(series, -1)
        raise typer.BadParameter(f"found {text}, expected a date inside {first} to {last}", param_hint=option)
    return found


def day_of(series: Series, index: int) -> date:
    """The day on which a period begins."""
    return datetime.fromtimestamp(int(series.starts[index]), UTC).date()


def left_out(series: Series, mixed: int, what: str) -> str:
    """`The week of 2 Mar is left out: the change began within it.`"""
    from cxmon import wording

    return f"The {series.grain} of {wording.day(day_of(series, mixed))} is left out: {what} within it."


def epoch_of(text: str, option: str) -> int:
    """The start in epoch seconds of the date in `text`."""
    try:
        return epoch_of_day(_day(text))
    except ValueError as error:
        raise typer.BadParameter(f"found {text!r}, expected a date like 2026-09-01", param_hint=option) from error


def _day(text: str) -> date:
    return datetime.fromisoformat(text.strip()).date()


def epoch_of_day(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def _number(text: str) -> float | None:
    """A figure, NaN where the cell is empty or says `nan`, None where it is not a finite number."""
    try:
        found = float(text or "nan")
    except ValueError:
        return None
    return None if math.isinf(found) else found


def grid_of(days: list[date], file: Path) -> "tuple[npt.NDArray[np.int64], str]":
    """Period starts from the first date to the last, and the grain their spacing shows."""
    from itertools import pairwise
    from statistics import median

    import numpy as np

    from cxmon.model import Grain
    from cxmon.periods import grid

    ordered = sorted(days)
    step = median((b - a).days for a, b in pairwise(ordered))
    grain = Grain.DAY if step < 4 else Grain.WEEK if step < 20 else Grain.MONTH
    since, until = (datetime(d.year, d.month, d.day, tzinfo=UTC) for d in (ordered[0], ordered[-1]))
    starts = grid(since, until, grain, "UTC", ordered[0].weekday())
    starts = np.append(starts, np.int64(until.timestamp())) if until.timestamp() not in starts else starts
    there = set(starts.tolist())
    odd = [d.isoformat() for d in ordered if epoch_of_day(d) not in there]
    if odd:
        raise typer.BadParameter(f"{file}: {odd[0]} does not fit a grid of one row a {grain}", param_hint="FILE")
    return starts, str(grain)
