"""The readers of lists and mappings: each tells what is wrong at its place and describes itself as JSON schema."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from cxmon.config.nodes import Node
from cxmon.config.reading import BAD, Reading, did_you_mean, nearest, one_of, quoted, shown
from cxmon.config.scalars import Name, Schema, Text


class Shape(Protocol):
    def read(self, node: Node, reading: Reading) -> Any:
        """The value at `node`; BAD where a problem was told."""
        ...

    def schema(self) -> Schema: ...


@dataclass(frozen=True)
class ListOf:
    item: Shape
    what: str = "a list"
    least: int = 0
    unique: bool = True

    def read(self, node: Node, reading: Reading) -> Any:
        if node.trapped:
            return reading.told()
        if node.kind != "list":
            return reading.wrong(node, shown(node), self.what)
        if len(node.items) < self.least:
            found = f"a list of {len(node.items)}" if node.items else "an empty list"
            return reading.wrong(node, found, self.what)
        values: list[Any] = []
        seen = set()
        for child in node.items:
            value = self.item.read(child, reading)
            if value is BAD:
                continue
            if self.unique and repr(value) in seen:
                reading.wrong(child, f"{shown(child)} twice", "each once")
            seen.add(repr(value))
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
            return reading.told()
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
class OrMapping:
    """A mapping, or the value of its key `key` alone: `{date: 2026-12-24, name: ...}` and `2026-12-24`. Read as an
    Entry either way."""

    key: str
    record: "Record"

    def read(self, node: Node, reading: Reading) -> Any:
        if node.kind == "map" or node.trapped:
            return self.record.read(node, reading)
        value = self.record.fields[self.key].shape.read(node, reading)
        return BAD if value is BAD else Entry(node, {self.key: value}, sound=True)

    def schema(self) -> Schema:
        return {"anyOf": [self.record.fields[self.key].shape.schema(), self.record.schema()]}


@dataclass(frozen=True)
class Field:
    shape: Shape
    doc: str
    required: bool = False
    example: Any = None
    # The key beside which this one may be left out.
    unless: str = ""


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

    def read(self, node: Node, reading: Reading) -> Any:
        if node.trapped:
            return reading.told()
        if node.kind != "map":
            return reading.wrong(node, shown(node), self.what)
        before = reading.faults
        values = {}
        misspelt = set()
        reading.above.append(self.fields)
        for key, child in node.entries.items():
            known = self.fields.get(key)
            if known is not None:
                values[key] = known.shape.read(child, reading)
            elif key != "<<":
                misspelt.add(self._unknown(node, key, reading))
        reading.above.pop()
        for key, known in self.fields.items():
            if known.required and not {key, known.unless} & node.entries.keys() and key not in misspelt:
                reading.wrong(node, f"no {key}", f"the key {key}: {known.doc}")
        return Entry(node, values, sound=reading.faults == before)

    def _unknown(self, node: Node, key: str, reading: Reading) -> str | None:
        """Tell an unknown key; gives back the one that is probably meant."""
        free = [name for name in self.fields if name not in node.entries]
        meant = nearest(key, free)
        below = [n for n, known in self.fields.items() if isinstance(known.shape, Record) and key in known.shape.fields]
        if meant:
            expected = f"a known key{did_you_mean(key, free)}"
        elif len(reading.above) > 1 and key in reading.above[-2]:
            expected = f"a known key ({key} belongs one level up)"
        else:
            expected = f"a known key ({key} belongs into {one_of(below)})" if below else one_of(self.fields)
        reading.wrong(node, f"the unknown key {quoted(key)}", expected, line=node.key_lines[key])
        return meant

    def schema(self) -> Schema:
        properties = {}
        for key, known in self.fields.items():
            properties[key] = known.shape.schema() | {"description": known.doc}
        required = [key for key, known in self.fields.items() if known.required and not known.unless]
        shape: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
        shape |= {"required": required} if required else {}
        spared: dict[str, list[str]] = {}
        for key, known in self.fields.items():
            if known.required and known.unless:
                spared.setdefault(known.unless, []).append(key)
        either = [{"anyOf": [{"required": [key]}, {"required": keys}]} for key, keys in spared.items()]
        return shape | ({"allOf": either} if either else {})
