"""A file as bytes: what kind it is, unpacked and capped, and whether it stayed the same while it was read."""

import gzip
import io
import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from cxmon.errors import SourceError
from cxmon.model import written

# What files of a kind begin with, whatever they are called.
_MAGIC = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "excel",
    b"PAR1": "parquet",
    b"\xd0\xcf\x11\xe0": "old excel",
}


@contextmanager
def opened(metric: str, file: Path, most_bytes: int) -> Iterator[tuple[str, io.BufferedReader]]:
    """(`text`, `excel` or `parquet`, the bytes, unpacked). Raises SourceError, in one sentence, for all that is wrong
    with the file as a whole, also where that shows only while it is read, or where it changed meanwhile."""
    try:
        with file.open("rb") as raw:
            before = os.fstat(raw.fileno())
            if not stat.S_ISREG(before.st_mode):
                raise SourceError(f"{metric}: {file.name} is no file")
            kind = _kind(raw)
            if kind == "old excel":
                raise SourceError(f"{metric}: {file.name} is a workbook of the old kind; save it as .xlsx or .csv")
            source: Any = gzip.GzipFile(fileobj=raw) if kind == "gzip" else raw
            text = kind in {"gzip", "text"}
            capped = _Capped(source, file.name, most_bytes) if text else raw
            yield "text" if text else kind, io.BufferedReader(capped)
            after = file.stat()
        if (after.st_size, after.st_mtime_ns, after.st_ino) != (before.st_size, before.st_mtime_ns, before.st_ino):
            raise SourceError(f"{metric}: {file.name} was written to while it was read; the next run reads it again")
    except _TooLargeError as error:
        raise SourceError(f"{metric}: {error}") from None
    except FileNotFoundError:
        raise SourceError(
            f"{metric}: {file.name} was there a moment ago and is gone; nothing is taken, the next run looks again"
        ) from None
    except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile):
        raise SourceError(
            f"{metric}: {file.name} ends in the middle or is broken: it may be still on its way; nothing of it is taken"
        ) from None
    except OSError as error:
        raise SourceError(f"{metric}: {file.name} cannot be read: {error.strerror or error}") from None


class _TooLargeError(Exception):
    pass


def too_large(name: str, most_bytes: int) -> Exception:
    """The error of a file that unpacks to more than it may; `opened` tells it."""
    return _TooLargeError(f"{name} holds more than {written(most_bytes)} bytes when unpacked (`most_bytes`)")


class _Capped(io.RawIOBase):
    """Bytes of a stream up to a number of them, so that neither a bomb nor a slip fills the memory."""

    def __init__(self, source: Any, name: str, most: int) -> None:
        self._source, self._name, self._most, self._left = source, name, most, most

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any, /) -> int:
        view = memoryview(into).cast("B")
        data = self._source.read(len(view))
        self._left -= len(data)
        if self._left < 0:
            raise too_large(self._name, self._most)
        view[: len(data)] = data
        return len(data)


def _kind(raw: BinaryIO) -> str:
    head = raw.read(8)
    raw.seek(0)
    return next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), "text")
