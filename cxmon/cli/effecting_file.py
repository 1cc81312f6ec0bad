"""The CSV file of `cxmon effect`: its columns on a grid of days, weeks or months, or what is wrong with them."""

import csv
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Series:
    """Columns of a CSV on a regular grid: `values`, `n` (T,), `controls` (K, T), NaN = missing; `set_aside` rows."""

    starts: "npt.NDArray[np.int64]"
    values: "Floats"
    n: "Floats | None"
    controls: "Floats | None"
    names: tuple[str, ...]
    grain: str
    set_aside: tuple[str, ...]


def read_series(file: Path, *, time: str | None, value: str, n: str | None, controls: list[str]) -> Series:
    """Read the columns and lay them on a daily, weekly or monthly grid; rows that cannot be read are set aside."""
    import numpy as np

    try:
        with file.open(newline="", encoding="utf-8-sig") as handle:
            rows = list(csv.DictReader(handle))
            columns = list(rows[0]) if rows else []
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise typer.BadParameter(f"{file}: {error}", param_hint="FILE") from error
    time = time or (columns[0] if columns else "")
    wanted = [time, value, *([n] if n else []), *controls]
    missing = [c for c in wanted if c not in columns]
    if missing:
        raise typer.BadParameter(f"{file}: found columns {', '.join(columns)}, expected {', '.join(missing)}")
    days, cells, aside = [], [], []
    for number, row in enumerate(rows, start=2):
        try:
            days.append(_day(row[time]))
        except (ValueError, TypeError):
            aside.append(f"{file.name}:{number}: {time} is not a date")
            continue
        cells.append([_number(row[c]) for c in wanted[1:]])
    if len(set(days)) < len(days):
        raise typer.BadParameter(f"{file}: {len(days) - len(set(days))} dates stand twice; expected one row a period")
    starts, grain = _grid(days, file)
    matrix = np.full((len(starts), len(wanted) - 1), np.nan)
    where = {int(s): i for i, s in enumerate(starts)}
    for day, cell in zip(days, cells, strict=True):
        matrix[where[_epoch(day)]] = cell
    answers = matrix[:, 1] if n else None
    others = matrix[:, (2 if n else 1) :].T if controls else None
    return Series(
        starts=starts, values=matrix[:, 0], n=answers, controls=others, names=tuple(controls),
        grain=grain, set_aside=tuple(aside),
    )  # fmt: skip


def index_of(series: Series, text: str, option: str) -> int:
    """The index of the period that begins on the date in `text`, or next after it, inside the series."""
    import numpy as np

    at = epoch_of(text, option)
    index = int(np.searchsorted(series.starts, at))
    if not 0 < index < len(series.starts):
        ends = [datetime.fromtimestamp(int(s), UTC).date().isoformat() for s in series.starts[[0, -1]]]
        raise typer.BadParameter(f"found {text}, expected a date inside {ends[0]} to {ends[1]}", param_hint=option)
    return index


def epoch_of(text: str, option: str) -> int:
    """The start in epoch seconds of the date in `text`."""
    try:
        return _epoch(_day(text))
    except ValueError as error:
        raise typer.BadParameter(f"found {text!r}, expected a date like 2026-09-01", param_hint=option) from error


def _day(text: str) -> date:
    return datetime.fromisoformat(text.strip()).date()


def _epoch(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def _number(text: str | None) -> float:
    """A figure, or NaN where the cell is empty or not a finite number."""
    import math

    try:
        found = float(text or "nan")
    except ValueError:
        return math.nan
    return found if math.isfinite(found) else math.nan


def _grid(days: list[date], file: Path) -> "tuple[npt.NDArray[np.int64], str]":
    """Period starts from the first date to the last, and the grain their spacing shows."""
    from itertools import pairwise
    from statistics import median

    import numpy as np

    from cxmon.model import Grain
    from cxmon.periods import grid

    if len(days) < 2:
        raise typer.BadParameter(f"{file}: found {len(days)} dated rows, expected at least 2", param_hint="FILE")
    ordered = sorted(days)
    step = median((b - a).days for a, b in pairwise(ordered))
    grain = Grain.DAY if step < 4 else Grain.WEEK if step < 20 else Grain.MONTH
    since, until = (datetime(d.year, d.month, d.day, tzinfo=UTC) for d in (ordered[0], ordered[-1]))
    starts = grid(since, until, grain, "UTC", ordered[0].weekday())
    starts = np.append(starts, np.int64(until.timestamp())) if until.timestamp() not in starts else starts
    odd = [d.isoformat() for d in ordered if _epoch(d) not in set(starts.tolist())]
    if odd:
        raise typer.BadParameter(f"{file}: {odd[0]} does not fit a grid of one row a {grain}", param_hint="FILE")
    return starts, str(grain)
