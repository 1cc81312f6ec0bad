"""What a file of any kind is to its reader: named columns, in pieces, with the line of each row."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

CHUNK = 50_000  # Rows that are held at once.

Aside = Callable[[int, str], None]
Piece = tuple[Sequence[int], list[Sequence[object]]]


@dataclass(frozen=True, kw_only=True)
class Table:
    """`header` stands on `line`. `pieces(places, aside)` yields (lines (R,), one column of R fields for each place);
    what is no row of the table goes to `aside` with its line and reason."""

    header: Sequence[str]
    line: int
    pieces: Callable[[Sequence[int], Aside], Iterator[Piece]]
