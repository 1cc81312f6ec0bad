"""Rows that stand in several files, and files that are there twice."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]


class Latest:
    """Which row of each id counts: the last one, files in the order of their names. 8 bytes a row."""

    def __init__(self) -> None:
        self._keys: list[npt.NDArray[np.int64]] = []
        self._counts: Bools | None = None
        self._at = 0

    def see(self, columns: Sequence[Sequence[object]]) -> None:
        """The id columns (each of R fields) of the next rows."""
        self._keys.append(np.array([hash(key) for key in keys_of(columns)], np.int64))

    def counts(self, rows: int) -> Bools:
        """Whether each of the next rows counts (rows,), in the order in which they were seen."""
        if self._counts is None:
            keys = np.concatenate(self._keys) if self._keys else np.zeros(0, np.int64)
            self._counts = np.zeros(len(keys), bool)
            # The first of the reversed is the last.
            self._counts[len(keys) - 1 - np.unique(keys[::-1], return_index=True)[1]] = True
        self._at += rows
        return self._counts[self._at - rows : self._at]


def keys_of(columns: Sequence[Sequence[object]]) -> Iterator[tuple[str, ...]]:
    """The id of each row."""
    texts = [["" if v is None else str(v).strip() for v in column] for column in columns]
    return zip(*texts, strict=True)


def copies(files: Sequence[Path]) -> dict[Path, Path]:
    """{file: the one before it that holds the same bytes}. Only files of one size are looked into."""
    sizes: dict[int, list[Path]] = {}
    for file in files:
        try:
            sizes.setdefault(file.stat().st_size, []).append(file)
        except OSError:
            continue  # Told when it is read.
    found: dict[Path, Path] = {}
    for size, same in sizes.items():
        first: dict[bytes, Path] = {}
        for file in same if len(same) > 1 and size else ():
            head = first.setdefault(_digest(file), file)
            if head != file:
                found[file] = head
    return found


def _digest(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "blake2b").digest()
    except OSError:
        return str(file).encode()
