"""The small readers of a configuration: each reads one node strictly and describes itself as JSON schema."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from cxmon.config.moments import EXPECTED as MOMENT
from cxmon.config.moments import parse_moment
from cxmon.config.nodes import Node
from cxmon.config.reading import BAD, Reading, did_you_mean, one_of, quoted, shown
from cxmon.config.units import DURATION, duration, parse_size
from cxmon.model import Secret

Schema = dict[str, Any]
VARIABLE_SCHEMA: Schema = {"type": "string", "pattern": r"^\$\{[A-Za-z_][A-Za-z0-9_]*(:-.*)?\}$"}

_WHOLE = re.compile(r"[-+]?[0-9]{1,15}")
_DECIMAL = re.compile(r"[-+]?[0-9]{1,300}(\.[0-9]{1,300})?")
_DATE_LIKE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?")


class Shape(Protocol):
    def read(self, node: Node, reading: Reading) -> Any:
        """The value at `node`; BAD where a problem was told."""
        ...

    def schema(self) -> Schema: ...


def _scalar(node: Node, reading: Reading, expected: str) -> str | None:
    if node.trapped:
        return None
    if node.kind != "text" or node.empty:
        reading.wrong(node, shown(node), expected)
        return None
    return node.text


@dataclass(frozen=True)
class Text:
    what: str = "text"
    pattern: str | None = None
    longest: int = 400
    may_be_empty: bool = False

    def read(self, node: Node, reading: Reading) -> Any:
        text = _scalar(node, reading, self.what)
        if text is None:
            return BAD
        if node.plain and (kind := _yaml_type(text)):
            return reading.wrong(node, f"the {kind} {text[:60]}", f'{self.what} (write "{text[:60]}" in quotes)')
        if not text.strip() and not self.may_be_empty:
            return reading.wrong(node, "empty text", self.what)
        if len(text) > self.longest:
            return reading.wrong(node, f"{len(text):,} characters", f"{self.what} of at most {self.longest:,}")
        if self.pattern is not None and not re.fullmatch(self.pattern, text):
            return reading.wrong(node, shown(node), self.what)
        return text

    def schema(self) -> Schema:
        bounds: Schema = {"type": "string", "maxLength": self.longest}
        return bounds if self.pattern is None else bounds | {"pattern": f"^(?:{self.pattern})$"}


def _yaml_type(text: str) -> str | None:
    if _DECIMAL.fullmatch(text) or re.fullmatch(r"[-+]?(\.[0-9]+|[0-9]+\.)", text):
        return "number"
    if _DATE_LIKE.fullmatch(text):
        return "date"
    return "truth value" if text in {"true", "false"} else None


# What names a metric, a check or a change: it also stands in links and file names.
NAME_PATTERN = r"[A-Za-z][A-Za-z0-9_-]{0,63}"
Name = Text("a name of letters, digits, _ and - that begins with a letter", NAME_PATTERN)


@dataclass(frozen=True)
class SecretText:
    """A password, token or connection string; no problem ever shows it."""

    what: str = "a secret"
    may_be_empty: bool = True

    def read(self, node: Node, reading: Reading) -> Any:
        if node.trapped:
            return BAD
        if node.kind != "text" or node.empty:
            return reading.wrong(node, shown(node) if node.kind != "text" else "nothing", self.what)
        if not node.text and not self.may_be_empty:
            return reading.wrong(node, "empty text", self.what)
        if node.variable is None and re.search(r"xox[a-z]-|xapp-|://[^/\s:]*:[^/\s@]+@|hooks\.slack\.com", node.text):
            reading.note(node, "holds a secret in plain sight; put it in the environment and write ${NAME} here")
        return Secret(node.text)

    def schema(self) -> Schema:
        return {"type": "string"}


@dataclass(frozen=True)
class Choice:
    options: tuple[str, ...]
    enum: type[StrEnum] | None = None

    @classmethod
    def of(cls, enum: type[StrEnum]) -> "Choice":
        return cls(tuple(member.value for member in enum), enum)

    def read(self, node: Node, reading: Reading) -> Any:
        text = _scalar(node, reading, one_of(self.options))
        if text is None:
            return BAD
        if text not in self.options:
            given = "" if node.variable else text
            return reading.wrong(node, shown(node), one_of(self.options, given))
        return self.enum(text) if self.enum is not None else text

    def schema(self) -> Schema:
        return {"enum": list(self.options)}


@dataclass(frozen=True)
class Number:
    what: str = "a number"
    least: float = -math.inf
    most: float = math.inf
    above: float | None = None
    whole: bool = False

    def read(self, node: Node, reading: Reading) -> Any:
        text = _scalar(node, reading, self.what)
        if text is None:
            return BAD
        pattern = _WHOLE if self.whole else _DECIMAL
        if (not node.plain and node.variable is None) or not pattern.fullmatch(text):
            return reading.wrong(node, _as_written(node), self.what + _comma(text))
        value = float(text)
        fits = self.least <= value <= self.most and (self.above is None or value > self.above)
        if not fits or not math.isfinite(value):
            return reading.wrong(node, text[:60] if node.variable is None else shown(node), self.what)
        return int(text) if self.whole else value

    def schema(self) -> Schema:
        bounds: Schema = {"type": "integer" if self.whole else "number"}
        if self.above is not None:
            bounds["exclusiveMinimum"] = self.above
        if math.isfinite(self.least):
            bounds["minimum"] = self.least
        if math.isfinite(self.most):
            bounds["maximum"] = self.most
        return {"anyOf": [bounds, VARIABLE_SCHEMA]}


def _as_written(node: Node) -> str:
    return shown(node) if node.plain or node.variable else f'"{quoted(node.text)[1:-1]}" in quotes'


def _comma(text: str) -> str:
    if re.fullmatch(r"[0-9]+,[0-9]+", text):
        return f" with a point: {text[:60].replace(',', '.')}"
    return ""


@dataclass(frozen=True)
class Truth:
    def read(self, node: Node, reading: Reading) -> Any:
        text = _scalar(node, reading, "true or false")
        if text is None:
            return BAD
        if (node.plain or node.variable is not None) and text in {"true", "false"}:
            return text == "true"
        return reading.wrong(node, _as_written(node), "true or false")

    def schema(self) -> Schema:
        return {"anyOf": [{"type": "boolean"}, VARIABLE_SCHEMA]}


@dataclass(frozen=True)
class Span:
    """A duration. `whole_days`: of whole days, given back as their number; months are rounded to days then."""

    whole_days: bool = False
    above_zero: bool = False

    def read(self, node: Node, reading: Reading) -> Any:
        expected = "whole days such as 7d, 2w or 3mo" if self.whole_days else DURATION
        expected += " above zero" if self.above_zero else ""
        text = _scalar(node, reading, expected)
        if text is None:
            return BAD
        span = duration(text)
        if span is None or (self.above_zero and not span):
            return reading.wrong(node, shown(node), expected)
        if not self.whole_days:
            return span
        days = span.total_seconds() / 86400
        if text.endswith("mo"):
            return round(days)
        return int(days) if days == int(days) else reading.wrong(node, shown(node), expected)

    def schema(self) -> Schema:
        return {"type": "string", "pattern": r"^([0-9]+(\.[0-9]+)? ?(s|min|h|d|w|mo)|\$\{.*\})$"}


@dataclass(frozen=True)
class Moment:
    def read(self, node: Node, reading: Reading) -> Any:
        text = _scalar(node, reading, MOMENT)
        if text is None:
            return BAD
        moment = parse_moment(text, reading.zone)
        return reading.wrong(node, shown(node), MOMENT) if moment is None else moment

    def schema(self) -> Schema:
        return {"type": "string", "pattern": r"^([0-9]{4}-[0-9]{2}-[0-9]{2}([T ].*)?|\$\{.*\})$"}


@dataclass(frozen=True)
class SizeText:
    """`2pt`, `10%`, `5min` or a plain number; understood once the metric is known."""

    what: str = "a size such as 2pt, 10%, 5min or 0.3"

    def read(self, node: Node, reading: Reading) -> Any:
        text = _scalar(node, reading, self.what)
        if text is None:
            return BAD
        size = parse_size(text)
        return reading.wrong(node, shown(node), self.what + _comma(text)) if size is None else size

    def schema(self) -> Schema:
        pattern = r"^(-?[0-9]+(\.[0-9]+)? ?(pt|%|s|min|h|d|w)?|\$\{.*\})$"
        return {"anyOf": [{"type": "number"}, {"type": "string", "pattern": pattern}]}


@dataclass(frozen=True)
class ListOf:
    item: Shape
    what: str = "a list"
    least: int = 0
    unique: bool = True

    def read(self, node: Node, reading: Reading) -> Any:
        if node.trapped:
            return BAD
        if node.kind != "list":
            return reading.wrong(node, shown(node), self.what)
        if len(node.items) < self.least:
            return reading.wrong(node, "an empty list", self.what)
        values: list[Any] = []
        for child in node.items:
            value = self.item.read(child, reading)
            if value is BAD:
                continue
            if self.unique and value in values:
                reading.wrong(child, f"{shown(child)} twice", "each once")
            values.append(value)
        return values

    def schema(self) -> Schema:
        return {"type": "array", "items": self.item.schema(), "minItems": self.least}


@dataclass(frozen=True)
class MapOf:
    value: Shape
    what: str = "a mapping"
    key: Text = Name
    least: int = 0

    def read(self, node: Node, reading: Reading) -> Any:
        if node.trapped:
            return BAD
        if node.kind != "map":
            return reading.wrong(node, shown(node), self.what)
        if len(node.entries) < self.least:
            return reading.wrong(node, "an empty mapping", self.what)
        values = {}
        for key, child in node.entries.items():
            if key == "<<":
                continue
            named = Node("text", node.key_lines[key], node.path, key)
            if self.key.read(named, reading) is not BAD:
                values[key] = self.value.read(child, reading)
        return values

    def schema(self) -> Schema:
        names = {} if self.key.pattern is None else {"propertyNames": {"pattern": f"^(?:{self.key.pattern})$"}}
        return {"type": "object", "additionalProperties": self.value.schema(), "minProperties": self.least} | names


@dataclass(frozen=True)
class Either:
    """A list, or something else that stands for it: `{region: eu}` and `{region: [eu, us]}`."""

    scalar: Shape
    listed: ListOf

    def read(self, node: Node, reading: Reading) -> Any:
        return self.listed.read(node, reading) if node.kind == "list" else self.scalar.read(node, reading)

    def schema(self) -> Schema:
        return {"anyOf": [self.scalar.schema(), self.listed.schema()]}


@dataclass(frozen=True)
class Field:
    shape: Shape
    doc: str
    required: bool = False
    example: Any = None


@dataclass(frozen=True)
class Entry:
    """What was read of a mapping with known keys. `sound` is False where anything in it was wrong."""

    node: Node
    values: dict[str, Any]
    sound: bool

    def get(self, key: str, default: Any = None) -> Any:
        value = self.values.get(key, default)
        return default if value is BAD else value

    def at(self, key: str) -> Node:
        return self.node.entries.get(key, self.node)

    def __contains__(self, key: str) -> bool:
        return key in self.node.entries


@dataclass(frozen=True)
class Record:
    """A mapping whose keys are all known."""

    fields: Mapping[str, Field]
    what: str = "a mapping"
    after: Callable[[Entry, Reading], None] | None = field(default=None, compare=False)

    def read(self, node: Node, reading: Reading) -> Any:
        if node.trapped:
            return BAD
        if node.kind != "map":
            return reading.wrong(node, shown(node), self.what)
        before = len(reading.found)
        values = {}
        for key, child in node.entries.items():
            if key == "<<":
                continue
            known = self.fields.get(key)
            if known is None:
                self._unknown(node, key, reading)
            else:
                values[key] = known.shape.read(child, reading)
        for key, known in self.fields.items():
            if known.required and key not in node.entries:
                reading.wrong(node, f"no {key}", f"the key {key}: {known.doc}")
        entry = Entry(node, values, sound=len(reading.found) == before)
        if self.after is not None:
            self.after(entry, reading)
            entry = Entry(node, values, sound=len(reading.found) == before)
        return entry

    def _unknown(self, node: Node, key: str, reading: Reading) -> None:
        guess = did_you_mean(key, [name for name in self.fields if name not in node.entries])
        expected = f"a known key{guess}" if guess else one_of(self.fields)
        reading.wrong(node, f"the unknown key {quoted(key)}", expected, line=node.key_lines[key])

    def schema(self) -> Schema:
        properties = {}
        for key, known in self.fields.items():
            properties[key] = known.shape.schema() | {"description": known.doc}
        required = [key for key, known in self.fields.items() if known.required]
        shape: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
        return shape | ({"required": required} if required else {})
