"""Tables that a bench prints, and the pages of the docs that show the same table between two markers."""

from collections.abc import Sequence
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs" / "methods"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table with aligned columns, so that the terminal can show it as it is."""
    wide = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    lines = [head, ["-" * w for w in wide], *rows]
    return "\n".join("| " + " | ".join(c.ljust(w) for c, w in zip(line, wide, strict=True)) + " |" for line in lines)


def write(page: str, name: str, text: str) -> None:
    """Puts `text` between the markers `name` of a page in docs/methods; ValueError where it has no such markers."""
    path = DOCS / page
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, found, rest = path.read_text("utf-8").partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"{page} has no markers {begin} ... {end}")
    path.write_text(f"{before}{begin}\n{text}\n{end}{after}", "utf-8")
