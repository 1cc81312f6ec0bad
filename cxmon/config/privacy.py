"""How few answers are too few to be shown."""

from cxmon.config.frame import Frame
from cxmon.config.scalars import Number
from cxmon.config.shapes import Entry, Field, Record
from cxmon.model import MINIMUM_CELL

FIELDS = {
    "privacy": Field(
        Record(
            {
                "minimum_cell": Field(
                    Number("a whole number of at least 1", least=1, whole=True),
                    f"figures on fewer answers than this are not shown; without it {MINIMUM_CELL}, 1 shows all",
                )
            },
            "a mapping such as {minimum_cell: 10}",
        ),
        "what is not shown of small groups",
    ),
}


def build_minimum_cell(frame: Frame) -> int:
    entry = frame.root.get("privacy")
    found = entry.get("minimum_cell", MINIMUM_CELL) if isinstance(entry, Entry) else MINIMUM_CELL
    return int(found)
