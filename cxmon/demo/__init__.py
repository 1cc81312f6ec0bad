"""Two demos through the normal doors: a source system, a configuration that reads it, and nothing else."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Literal

Progress = Callable[[str, int, int], None]


def prepare(name: Literal["desk", "furlough"], folder: Path, *, today: date, progress: Progress | None = None) -> Path:
    """Makes the demo's source system in `folder` and returns the configuration that reads it.

    A second call keeps data and configuration: the desk is extended up to yesterday where days are missing. `progress`
    hears (step, done, to do). Raises SourceError where the flights' package is missing, ValueError for another name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if name == "desk":
        from cxmon.demo import desk  # noqa: PLC0415 - the other demo needs no numpy.

        return desk.write_config(folder, desk.build(folder / "desk.db", until=today, progress=progress))
    if name == "furlough":
        from cxmon.demo import furlough  # noqa: PLC0415

        furlough.unpack(folder, progress=progress)
        return furlough.write_config(folder)
    raise ValueError(f"demo: found {name!r}, expected 'desk' or 'furlough'")
