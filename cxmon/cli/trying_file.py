"""The CSV file of `cxmon try`: one row a period, or one a period and segment, as series on one grid."""

import sys
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cxmon.cli.common import written
from cxmon.cli.effecting_file import (
    Table,
    check_counts,
    column_of,
    dated_of,
    epoch_of_day,
    figures_of,
    fitting_of,
    grid_of,
    table_in,
    table_of,
)

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

ALL = "all"
MOST_SEGMENTS, LEAST_ROWS, MOST_PERIODS = 50, 8, 6000
MOST_BYTES = 5_000_000


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Which column is what: `value`, or `total` of which `n` makes the value; `segment` where rows have one."""

    time: str | None
    value: str | None
    n: str | None
    total: str | None
    segment: str | None


@dataclass(frozen=True, kw_only=True)
class Tried:
    """Series of one file: `values` and `n` (S, T), NaN = missing, `n` None where nobody counted. `whole` is the row of
    all together, None where the segments cannot be added up; `notes` are sentences on what was set aside."""

    starts: "npt.NDArray[np.int64]"
    grain: str
    names: tuple[str, ...]
    values: "Floats"
    n: "Floats | None"
    whole: int | None
    notes: tuple[str, ...]


def read(file: Path, wanted: Columns, *, shares: bool) -> Tried:
    """The columns on a grid; `-` is stdin. BadParameter, naming row or column, where the file cannot be used."""
    table, name = _table(file)
    time = wanted.time or table.columns[0]
    figure = wanted.value or wanted.total
    if not figure or (wanted.value and wanted.total) or (wanted.total and not wanted.n):
        raise typer.BadParameter("expected --value COLUMN, or --total COLUMN with --n COLUMN")
    columns = [time, figure, *filter(None, (wanted.n, wanted.segment))]
    at = {column: column_of(table, column, columns) for column in columns}
    rows, aside = fitting_of(table)
    groups: dict[str, list[tuple[int, tuple[str, ...]]]] = {}
    for line, row in rows:
        key = (row[at[wanted.segment]] or "(empty)") if wanted.segment else ALL
        groups.setdefault(key, []).append((line, row))
    if len(groups) > MOST_SEGMENTS:
        said = f"found {len(groups)} values in column {wanted.segment}, expected at most {MOST_SEGMENTS} segments"
        raise typer.BadParameter(f"{name}: {said}", param_hint="FILE")
    found, notes = _series(name, groups, time, figure, wanted, at)
    return _laid(name, found, replace(wanted, time=time), shares=shares, notes=(*aside, *notes))


def _table(file: Path) -> tuple[Table, Path]:
    if str(file) != "-":
        return table_of(file), file
    raw, name = sys.stdin.buffer.read(MOST_BYTES + 1), Path("file")
    if len(raw) > MOST_BYTES:
        raise typer.BadParameter(f"{name}: found more than {MOST_BYTES // 1_000_000} MB, expected less")
    try:
        return table_in(raw.decode("utf-8-sig"), name), name
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise typer.BadParameter(f"{name}: row {line} is not in UTF-8, expected a CSV file saved as UTF-8") from error


@dataclass(frozen=True, kw_only=True)
class _Of:
    """One segment's days with its figure and, where it was asked for, its counts."""

    days: list[date]
    figures: list[float]
    counts: list[float] | None


def _series(
    file: Path, groups: dict[str, list[tuple[int, tuple[str, ...]]]], time: str, figure: str, wanted: Columns,
    at: dict[str, int],
) -> tuple[dict[str, _Of], list[str]]:  # fmt: skip
    """The segments with rows enough, and what is said of the others."""
    found, notes = {}, []
    for key, rows in groups.items():
        if wanted.segment and len(rows) < LEAST_ROWS:
            notes.append(f"{file.name}: segment {key} is left out: {len(rows)} rows, expected {LEAST_ROWS}")
            continue
        dated, undated = dated_of(file, time, [(line, row[at[time]]) for line, row in rows])
        cells = {
            column: figures_of(file, column, [(line, rows[i][1][at[column]]) for i, line, _ in dated])
            for column in (figure, wanted.n)
            if column
        }
        notes += [*undated, *(said for _, told in cells.values() for said in told)]
        counts = cells[wanted.n][0] if wanted.n else None
        found[key] = _Of(days=[day for _, _, day in dated], figures=cells[figure][0], counts=counts)
    if not found:
        raise typer.BadParameter(f"{file}: found no segment with {LEAST_ROWS} rows in column {wanted.segment}")
    return found, notes


def _laid(file: Path, found: dict[str, _Of], wanted: Columns, *, shares: bool, notes: tuple[str, ...]) -> Tried:
    import numpy as np

    starts, grain = grid_of(sorted({day for one in found.values() for day in one.days}), file)
    if len(starts) > MOST_PERIODS:
        days = sorted(day for one in found.values() for day in one.days)
        found_days = f"found dates from {days[0]} to {days[-1]} in column {wanted.time}"
        said = f"{found_days}, expected at most {written(MOST_PERIODS)} periods"
        raise typer.BadParameter(f"{file}: {said}", param_hint="FILE")
    shape = (len(found), len(starts))
    values, n = np.full(shape, np.nan), np.full(shape, np.nan)
    for row, one in enumerate(found.values()):
        at = np.searchsorted(starts, [epoch_of_day(day) for day in one.days])
        values[row, at] = one.figures
        if one.counts is not None:
            n[row, at] = one.counts
    if wanted.n:
        check_counts(wanted.n, n[np.isfinite(n)])
    if wanted.total:
        with np.errstate(invalid="ignore", divide="ignore"):
            values = np.where(n > 0, values / n, np.nan)
    read = Tried(
        starts=starts, grain=grain, names=tuple(found), values=values, n=n if wanted.n else None,
        whole=0 if len(found) == 1 else None, notes=notes,
    )  # fmt: skip
    return _with_whole(_as_shares(read) if shares else read)


def _as_shares(read: Tried) -> Tried:
    """Shares 0..1; percentages are divided by 100, and that is said. BadParameter for anything else."""
    import numpy as np

    low, high = float(np.nanmin(read.values)), float(np.nanmax(read.values))
    if low < 0 or high > 100:
        raise typer.BadParameter(
            f"found figures of {written(low, 'g')} to {written(high, 'g')}, expected shares 0 to 1 or 0 to 100 per cent"
        )
    if high <= 1:
        return read
    note = f"Figures up to {written(high, 'g')} were read as per cent."
    return replace(read, values=read.values / 100, notes=(*read.notes, note))


def _with_whole(read: Tried) -> Tried:
    """With all segments together as the first row, where counts say how to add them up."""
    import numpy as np

    if len(read.names) == 1 or read.n is None:
        return read
    known = np.where(np.isfinite(read.values) & np.isfinite(read.n), read.n, 0.0)
    count = known.sum(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        together = np.where(count > 0, np.nansum(read.values * known, axis=0) / count, np.nan)
    return replace(
        read, names=(ALL, *read.names), values=np.vstack([together, read.values]), n=np.vstack([count, read.n]), whole=0
    )
