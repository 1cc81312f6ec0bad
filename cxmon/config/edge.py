"""The one place where pydantic stands: options whose type none of our own readers knows."""

from dataclasses import dataclass
from typing import Any

from cxmon.config.nodes import Node
from cxmon.config.reading import BAD, Reading, shown
from cxmon.config.scalars import Schema


@dataclass(frozen=True)
class ByPydantic:
    """Reads a node by a type hint and tells pydantic's errors in our sentence form."""

    hint: Any

    def read(self, node: Node, reading: Reading) -> Any:
        from pydantic import ValidationError  # noqa: PLC0415 - most configurations never come here.

        if node.trapped:
            return reading.told()
        try:
            return _adapter(self.hint).validate_python(plain(node))
        except ValidationError as error:
            for problem in error.errors(include_url=False, include_input=False):
                place = _down(node, problem["loc"])
                reading.wrong(place, shown(place), _expected(problem["msg"]))
            return BAD

    def schema(self) -> Schema:
        described: Schema = _adapter(self.hint).json_schema()
        return described


def _expected(message: str) -> str:
    """Pydantic's sentence as the end of `expected ...`."""
    for opening in ("Input should be ", "Input is not ", "Value error, "):
        message = message.removeprefix(opening)
    return message[:1].lower() + message[1:]


def _adapter(hint: Any) -> Any:
    from pydantic import ConfigDict, TypeAdapter  # noqa: PLC0415 - most configurations never come here.

    return TypeAdapter(hint, config=ConfigDict(arbitrary_types_allowed=True, extra="forbid"))


def plain(node: Node) -> Any:
    """`node` as Python values: numbers and truth values only where YAML's versions agree on them."""
    if node.kind == "map":
        return {key: plain(child) for key, child in node.entries.items()}
    if node.kind == "list":
        return [plain(child) for child in node.items]
    if not node.plain:
        return node.text
    if node.text in {"true", "false"}:
        return node.text == "true"
    for number in (int, float):
        try:
            return number(node.text)
        except ValueError:
            continue
    return node.text or None


def _down(node: Node, path: tuple[int | str, ...]) -> Node:
    """The deepest node along a pydantic location; its own branch names lead nowhere and are stepped over."""
    for step in path:
        if isinstance(step, str) and step in node.entries:
            node = node.entries[step]
        elif isinstance(step, int) and step < len(node.items):
            node = node.items[step]
    return node
