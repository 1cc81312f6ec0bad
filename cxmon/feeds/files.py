"""Files that a feed reads: one or a glob, whole and of a bounded size."""

import glob
from pathlib import Path

from cxmon.errors import SourceError
from cxmon.model import written

MOST_BYTES = 16_000_000


def contents(name: str, pattern: str, file: Path | None = None) -> list[tuple[str, bytes]]:
    """(name, bytes) of `file`, or of all that match `pattern`. SourceError where there is none, or one is too long."""
    paths = [file] if file is not None else [Path(p) for p in sorted(glob.glob(pattern))]  # noqa: PTH207 - as given.
    if not paths:
        raise SourceError(f"{name}: no file matches {pattern}")
    found = []
    for path in paths:
        try:
            with path.open("rb") as stream:
                content = stream.read(MOST_BYTES + 1)
        except OSError as error:
            raise SourceError(f"{name}: {path.name} cannot be read: {error.strerror or error}") from None
        if len(content) > MOST_BYTES:
            raise SourceError(f"{name}: {path.name} is longer than {written(MOST_BYTES)} bytes")
        found.append((path.name, content))
    return found
