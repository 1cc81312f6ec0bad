"""A plug-in's dataclass is its own options: read here into a Record of known keys, and made from what was read."""

import dataclasses
import importlib
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from cxmon.config.edge import ByPydantic
from cxmon.config.nodes import Node
from cxmon.config.reading import BAD, Reading, one_of, shown
from cxmon.config.scalars import Choice, Number, Schema, SecretText, SizeText, Span, Text, Truth
from cxmon.config.shapes import Entry, Field, ListOf, MapOf, OrMapping, Record, Shape
from cxmon.config.units import Size
from cxmon.model import Amount, Secret, Token

Registry = Callable[[], Mapping[str, type]]

_SIMPLE: dict[Any, Shape] = {
    str: Text(longest=4000, may_be_empty=True),
    Path: Text("a file name"),
    int: Number("a whole number", whole=True),
    float: Number(),
    bool: Truth(),
    timedelta: Span(),
    Secret: SecretText(),
    Token: SecretText("what the vendor gave", from_environment=True),
    Amount: SizeText(),
}


def registry(room: str) -> Registry:
    """The plug-ins of a room by their `type`, looked up when they are needed."""

    @cache
    def types() -> Mapping[str, type]:
        found: Mapping[str, type] = getattr(importlib.import_module(f"cxmon.{room}"), "TYPES", {})
        return found

    return types


def options(plugin: type) -> dict[str, Field]:
    """The keys of a plug-in, from its dataclass fields."""
    hints = get_type_hints(plugin, include_extras=True)
    found = {}
    for option in dataclasses.fields(plugin):
        if option.name == "type" or not option.init:
            continue
        required = option.default is dataclasses.MISSING and option.default_factory is dataclasses.MISSING
        found[option.name] = Field(shape_of(hints[option.name]), _doc(plugin, option), required)
    return found


def shape_of(hint: Any) -> Shape:
    """The strict reader for a type hint; what has none of ours is left to pydantic."""
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    origin, args = get_origin(hint), get_args(hint)
    parts = tuple(arg for arg in args if arg is not NoneType) if origin in {Union, UnionType} else (hint,)
    if all(dataclasses.is_dataclass(part) for part in parts):
        return Made(parts)
    if origin is Literal:
        return Choice(tuple(str(arg) for arg in args))
    if origin in {Union, UnionType} and NoneType in args and len(args) == 2:
        return shape_of(next(arg for arg in args if arg is not NoneType))
    if origin in {Union, UnionType} and set(args) - {NoneType} == {float, str}:
        # A figure of the metric that a check is about: `80%`, `15min`.
        return SizeText()
    if origin in {tuple, list} and len([arg for arg in args if arg is not ...]) == 1:
        return ListOf(shape_of(args[0]))
    if origin in {dict, Mapping, _mapping_origin()} and args and args[0] is str:
        return MapOf(shape_of(args[1]), key=Text(longest=200))
    return ByPydantic(hint)


def _mapping_origin() -> Any:
    return get_origin(Mapping[str, str])


def _doc(plugin: type, option: "dataclasses.Field[Any]") -> str:
    """What a docstring's sentences say of an option; `metadata={"doc": ...}` wins."""
    if "doc" in option.metadata:
        return str(option.metadata["doc"])
    text = " ".join((inspect.getdoc(plugin) or "").split())
    sentences = [s for s in re.split(r"(?<=[.;])\s+", text) if f"`{option.name}`" in s]
    return " ".join(sentences).rstrip(" ;.") or option.name.replace("_", " ")


@dataclass(frozen=True)
class PluginOf:
    """A mapping with `type`, the options of that plug-in, and keys that all of its sort have."""

    sort: str
    types: Registry = field(compare=False)
    shared: Mapping[str, Field] = field(default_factory=dict, compare=False)

    def read(self, node: Node, reading: Reading) -> Any:
        if node.trapped:
            return reading.told()
        if node.kind != "map":
            return reading.wrong(
                node, shown(node), f"a {self.sort} such as {{type: {next(iter(self.types()), '...')}}}"
            )
        kind = node.entries.get("type")
        if kind is None:
            return reading.wrong(node, "no type", f"the key type: {one_of(self.types())}")
        name = Choice(tuple(self.types())).read(kind, reading)
        return BAD if name is BAD else self.record(name).read(node, reading)

    def record(self, name: str) -> Record:
        keys = {"type": Field(Choice((name,)), f"which {self.sort} it is", required=True)}
        return Record(keys | options(self.types()[name]) | dict(self.shared), f"a {self.sort}")

    def schema(self) -> Schema:
        shapes = []
        for name, plugin in self.types().items():
            said = " ".join((inspect.getdoc(plugin) or name).split("\n\n")[0].split())
            shapes.append(self.record(name).schema() | {"title": name, "description": said})
        return {"type": "object", "required": ["type"], "oneOf": shapes}


@dataclass(frozen=True)
class Made:
    """A part of a plug-in that has options of its own: a dataclass, or one of several by their `type`."""

    parts: tuple[type, ...]

    def read(self, node: Node, reading: Reading) -> Any:
        entry = self._shape.read(node, reading)
        if not isinstance(entry, Entry) or not entry.sound:
            return BAD
        part = self._types[entry.values["type"]] if len(self.parts) > 1 else self.parts[0]
        return make(part, entry, entry.values, reading)

    def schema(self) -> Schema:
        return self._shape.schema()

    @property
    def _types(self) -> dict[str, type]:
        return {getattr(part, "type"): part for part in self.parts}  # noqa: B009 - a default of the class.

    @property
    def _shape(self) -> "PluginOf | OrMapping | Record":
        if len(self.parts) > 1:
            return PluginOf("mapping", lambda: self._types)
        record = Record(options(self.parts[0]), "a mapping")
        short = getattr(self.parts[0], "SHORT", None)
        return record if short is None else OrMapping(short, record)


# How a plug-in's `__post_init__` refuses its options: `timeout_s: found 90, expected at most 60`.
_REFUSAL = re.compile(r"(?:(\w+): )?found (.+?)(?:, expected (.+))?", re.DOTALL)


def make(plugin: type, entry: Entry, values: Mapping[str, Any], reading: Reading) -> Any:
    """The plug-in itself. Its own refusal (ValueError) becomes a problem; BAD then."""
    arguments = {key: _as_hinted(plugin, key, value) for key, value in values.items()}
    try:
        return plugin(**arguments)
    except (ValueError, TypeError) as error:
        refused = str(error)
        said = _REFUSAL.fullmatch(refused)
    if said is None:
        return reading.wrong(entry.node, "options that do not go together", refused)
    key, found, expected = said.groups()
    named = re.fullmatch(r"(\w+):? (.+)", found, re.DOTALL)
    if named is not None and named[1] in entry:
        key, found = named.groups()
    place = entry.at(key) if key else entry.node
    return reading.wrong(place, shown(place) if place.variable else found, expected or "another value")


def _as_hinted(plugin: type, key: str, value: Any) -> Any:
    hint = get_type_hints(plugin).get(key)
    options_of_union = [arg for arg in get_args(hint) if arg is not NoneType] if NoneType in get_args(hint) else [hint]
    wanted = options_of_union[0]
    if isinstance(value, Size):
        return value.text
    if wanted is Path:
        return Path(value)
    return tuple(value) if isinstance(value, list) and get_origin(wanted) is tuple else value
