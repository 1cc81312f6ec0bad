"""How figures are written where people read them."""

from dataclasses import dataclass
from typing import Any

from cxmon.config.frame import Frame
from cxmon.config.nodes import Node
from cxmon.config.reading import Reading, shown
from cxmon.config.scalars import Choice
from cxmon.config.shapes import Entry, Field, Record
from cxmon.model import NumberFormat

# A blank in a file cannot be told from another one, so they have names; a figure is never broken at this one.
_NAMED = {"space": "\u202f", "none": ""}
_LAKHS = "lakhs"


@dataclass(frozen=True)
class _Mark(Choice):
    """A choice of marks, which are told by name: a comma in a list of commas is not seen."""

    what: str = ""

    def read(self, node: Node, reading: Reading) -> Any:
        if node.kind == "text" and not node.trapped and node.text in self.options:
            return node.text
        return reading.told() if node.trapped else reading.wrong(node, shown(node), self.what)


_DECIMAL = _Mark((".", ","), what="a point or a comma, in quotes")
_THOUSANDS = _Mark((",", ".", "'", "’", *_NAMED), what="a comma, a point, ' or ’ in quotes, or space or none")

FIELDS = {
    "number_format": Field(
        Record(
            {
                "decimal": Field(_DECIMAL, "what parts whole from broken; without it a point"),
                "thousands": Field(
                    _THOUSANDS,
                    "what parts thousands; space is a narrow one; without it a comma (a point beside a comma)",
                ),
                "grouping": Field(Choice(("thousands", _LAKHS)), "lakhs: 12,34,567; without it thousands: 1,234,567"),
            },
            'a mapping such as {decimal: ",", thousands: "."}',
        ),
        "how figures are written where people read them; without it 1,234.5",
    ),
}


def build_number_format(frame: Frame) -> NumberFormat:
    """What `number_format:` says; the default where it is absent or wrong, which is told."""
    entry = frame.root.get("number_format")
    if not isinstance(entry, Entry) or not entry.sound:
        return NumberFormat()
    decimal = entry.get("decimal", ".")
    thousands = entry.get("thousands", "," if decimal == "." else ".")
    lakhs = entry.get("grouping") == _LAKHS
    if decimal == thousands:
        frame.reading.wrong(
            entry.at("thousands"), shown(entry.at("thousands")), f"another mark than decimal, {decimal}"
        )
    elif lakhs and thousands == "none":
        frame.reading.wrong(entry.at("grouping"), f"{_LAKHS} beside thousands: none", "a mark for thousands")
    return NumberFormat(decimal=decimal, thousands=_NAMED.get(thousands, thousands), lakhs=lakhs)
