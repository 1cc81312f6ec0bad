"""The smallest readers: one scalar each, read strictly, without any of YAML's guesses."""

import math
import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from cxmon.config.moments import EXPECTED as MOMENT
from cxmon.config.moments import parse_moment
from cxmon.config.nodes import Node
from cxmon.config.reading import BAD, Reading, one_of, quoted, shown
from cxmon.config.units import DURATION, WHOLE_DAYS, duration, parse_size
from cxmon.model import Secret

Schema = dict[str, Any]
VARIABLE_SCHEMA: Schema = {"type": "string", "pattern": r"^\$\{[A-Za-z_][A-Za-z0-9_]*(:-.*)?\}$"}

_WHOLE = re.compile(r"[-+]?[0-9]{1,15}")
_DECIMAL = re.compile(r"[-+]?[0-9]{1,300}(\.[0-9]{1,300})?")
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATE_LIKE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?")


def _scalar(node: Node, reading: Reading, expected: str) -> str | None:
    if node.trapped:
        reading.told()
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
    from_environment: bool = False
    least: int = 0

    def read(self, node: Node, reading: Reading) -> Any:
        if node.trapped:
            return reading.told()
        if node.kind != "text" or node.empty:
            return reading.wrong(node, shown(node) if node.kind != "text" else "nothing", self.what)
        if not node.text and not self.may_be_empty:
            return reading.wrong(node, "empty text", self.what)
        if self.from_environment and node.variable is None:
            return reading.wrong(node, "a secret in plain sight", "${NAME}, with the secret in the environment")
        if len(node.text) < self.least:
            return reading.wrong(node, f"{len(node.text)} characters", self.what)
        if node.variable is None and re.search(r"xox[a-z]-|xapp-|://[^/\s:]*:[^/\s@]+@|hooks\.slack\.com", node.text):
            reading.note(node, "holds a secret in plain sight; put it in the environment and write ${NAME} here")
        return Secret(node.text)

    def schema(self) -> Schema:
        return VARIABLE_SCHEMA if self.from_environment else {"type": "string"}


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
        expected = WHOLE_DAYS if self.whole_days else DURATION
        expected = expected.format(" above zero" if self.above_zero else "")
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


LEARNT = "learnt"


@dataclass(frozen=True)
class SpanOrLearnt:
    """A duration, or the word `learnt`."""

    def read(self, node: Node, reading: Reading) -> Any:
        if node.kind == "text" and node.text == LEARNT:
            return LEARNT
        return Span().read(node, reading)

    def schema(self) -> Schema:
        return {"anyOf": [{"const": LEARNT}, Span().schema()]}


@dataclass(frozen=True)
class OutOf:
    """`2 of 3`, or `2` for two in a row; given back as (2, 3)."""

    what: str = "a number of periods such as 2, or 2 of 3"

    def read(self, node: Node, reading: Reading) -> Any:
        text = _scalar(node, reading, self.what)
        if text is None:
            return BAD
        match = re.fullmatch(r"([1-9][0-9]?)(?: of ([1-9][0-9]?))?", text)
        if match is None or int(match[1]) > int(match[2] or match[1]):
            return reading.wrong(node, shown(node), self.what)
        return int(match[1]), int(match[2] or match[1])

    def schema(self) -> Schema:
        of = {"type": "string", "pattern": "^[1-9][0-9]? of [1-9][0-9]?$"}
        return {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 99}, of]}


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
class Day:
    """A date in the calendar, without a time."""

    what: str = "a date such as 2026-12-24"

    def read(self, node: Node, reading: Reading) -> Any:
        text = _scalar(node, reading, self.what)
        if text is None:
            return BAD
        try:
            found = date.fromisoformat(text) if _ISO_DATE.fullmatch(text) else None
        except ValueError:
            found = None
        return reading.wrong(node, shown(node), self.what) if found is None else found

    def schema(self) -> Schema:
        return {"type": "string", "pattern": r"^([0-9]{4}-[0-9]{2}-[0-9]{2}|\$\{.*\})$"}


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
        pattern = r"^(-?[0-9]+(\.[0-9]+)?( ?(pt|%|s|min|h|d|w)| per [0-9]+)?|\$\{.*\})$"
        return {"anyOf": [{"type": "number"}, {"type": "string", "pattern": pattern}]}
