"""YAML text -> a tree of nodes that know their line and path; every trap of YAML is told here.

It walks the parser's events with a stack of its own: no recursion, no aliases to blow up, no tags to run anything.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import yaml

from cxmon.config.reading import Reading

DEEPEST = 50
LARGEST_BYTES = 5 * 1024 * 1024

_QUOTES = ("'", '"', "|", ">")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(:-((?:[^}$]|\$(?!\{))*))?\}")
_BOOLEAN = re.compile(r"(?i:yes|no|on|off)|True|TRUE|False|FALSE|Null|NULL|null|~")
_SEXAGESIMAL = re.compile(r"[-+]?[0-9]+(:[0-5]?[0-9])+(\.[0-9]*)?")
_OCTAL = re.compile(r"[-+]?0[0-9]+|0o[0-7]+")
_OTHER_BASE = re.compile(r"[-+]?0[xb][0-9a-fA-F_]+")
_EXPONENT = re.compile(r"[-+]?[0-9.]+[eE][-+]?[0-9]+")
_UNDERSCORED = re.compile(r"[-+]?[0-9][0-9_]*_[0-9_]*(\.[0-9_]*)?")
_NOT_A_NUMBER = re.compile(r"[-+]?\.(inf|Inf|INF|nan|NaN|NAN)")


@dataclass(slots=True)
class Node:
    """One place in the file. `variable` is `${NAME}` where the value came from the environment: never shown."""

    kind: Literal["map", "list", "text"]
    line: int
    path: str = ""
    text: str = ""
    plain: bool = False
    variable: str | None = None
    trapped: bool = False
    items: list["Node"] = field(default_factory=list)
    entries: dict[str, "Node"] = field(default_factory=dict)
    key_lines: dict[str, int] = field(default_factory=dict)

    def under(self, key: str) -> str:
        """The path of what stands under `key`; a key that is too long to be one is cut."""
        return f"{self.path}.{key[:64]}" if self.path else key[:64]

    @property
    def empty(self) -> bool:
        """True for `key:` with nothing behind it."""
        return self.kind == "text" and self.plain and not self.text


def read_tree(content: bytes, reading: Reading) -> Node | None:
    """The root node of the one document in `content`; None where a problem keeps it from being read at all."""
    if len(content) > LARGEST_BYTES:
        reading.at(1, "", f"{len(content):,} bytes", f"at most {LARGEST_BYTES:,}")
        return None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        reading.at(line, "", f"the byte 0x{content[error.start]:02x}", "UTF-8 text")
        return None
    try:
        root = _Builder(reading).build(yaml.parse(text, Loader=_loader()))
    except yaml.YAMLError as error:
        _told_syntax(error, text, reading)
        return None
    if root is not None:
        _name_paths(root)
        _resolve(root, reading)
    return root


def _loader() -> Any:
    """The C parser where the wheel has it: four times as fast."""
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _told_syntax(error: yaml.YAMLError, text: str, reading: Reading) -> None:
    mark = getattr(error, "problem_mark", None)
    position = getattr(error, "position", None)
    line = mark.line + 1 if mark is not None else text[: position or 0].count("\n") + 1
    said = getattr(error, "problem", None) or getattr(error, "reason", None) or "text that is not YAML"
    reading.at(line, "", _plainly(str(said)), "valid YAML")


def _plainly(problem: str) -> str:
    """PyYAML's sentence as the end of `found ...`."""
    said = problem.removeprefix("found ")
    return "broken syntax (" + said + ")" if said == problem else said


class _Stopped(Exception):  # noqa: N818 - it ends the walk, the problem is already told.
    pass


class _Builder:
    """Builds the tree from the parser's events; what is refused is told and left out."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.root: Node | None = None
        self.stack: list[Node] = []
        self.pending: list[str | None] = []
        self.documents = 0

    def build(self, events: Iterator[Any]) -> Node | None:
        try:
            for event in events:
                self._take(event)
        except _Stopped:
            return None
        if self.root is None:
            self.reading.at(1, "", "an empty file", "a configuration; `cxmon init` writes a first one")
        return self.root

    def _take(self, event: Any) -> None:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                self._stop(line, "a second document (---)", "one document")
        elif isinstance(event, yaml.AliasEvent):
            self._refused(line, f"the alias *{event.anchor}")
            self._place(Node("text", line, trapped=True))
        elif isinstance(event, yaml.ScalarEvent):
            self._scalar(event, line)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._open(event, line)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self.stack.pop()
            self.pending.pop()

    def _open(self, event: Any, line: int) -> None:
        if len(self.stack) >= DEEPEST:
            self._stop(line, f"more than {DEEPEST} levels", "a flatter file")
        self._decorated(event, line)
        node = Node("map" if isinstance(event, yaml.MappingStartEvent) else "list", line)
        self._place(node)
        self.stack.append(node)
        self.pending.append(None)

    def _scalar(self, event: Any, line: int) -> None:
        self._decorated(event, line)
        plain = event.style not in _QUOTES and event.tag is None
        tagged = event.tag is not None
        self._place(Node("text", line, text=event.value, plain=plain, trapped=tagged))

    def _decorated(self, event: Any, line: int) -> None:
        if event.anchor is not None:
            self._refused(line, f"the anchor &{event.anchor}")
        if event.tag is not None:
            self._refused(line, f"the tag {event.tag}")

    def _refused(self, line: int, found: str) -> None:
        path = self._here()
        self.reading.at(line, path, found, "plain YAML (no aliases, anchors, tags or merge keys)")

    def _place(self, node: Node) -> None:
        if not self.stack:
            self.root = node
            return
        parent = self.stack[-1]
        node.path = self._here()
        if parent.kind == "list":
            parent.items.append(node)
        elif self.pending[-1] is None:
            self.pending[-1] = self._key(node, parent)
        else:
            key = self.pending[-1]
            self.pending[-1] = None
            if node.kind != "text":
                # A missing key inside is told at the line that names the mapping.
                node.line = parent.key_lines.get(key, node.line)
            if key not in parent.entries:
                parent.entries[key] = node

    def _key(self, node: Node, parent: Node) -> str:
        if node.kind != "text":
            self._stop(node.line, f"a {'mapping' if node.kind == 'map' else 'list'} as a key", "a word as a key")
        key = node.text
        if key == "<<" and node.plain:
            self._refused(node.line, "the merge key <<")
        elif key in parent.key_lines:
            first = parent.key_lines[key]
            expected = f"each key once (first on line {first})"
            self.reading.at(node.line, self._here(), f"the key {key[:60]} twice", expected)
        elif node.plain and (reads := _trap(key)):
            self.reading.at(
                node.line, self._here(), f"the key {key}, which YAML reads as {reads}", f'"{key}" in quotes'
            )
        parent.key_lines.setdefault(key, node.line)
        return key

    def _here(self) -> str:
        """The path of what comes next."""
        if not self.stack:
            return ""
        parent, key = self.stack[-1], self.pending[-1]
        if parent.kind == "list":
            return f"{parent.path}[{len(parent.items)}]"
        return parent.path if key is None else parent.under(key)

    def _stop(self, line: int, found: str, expected: str) -> None:
        self.reading.at(line, self._here(), found, expected)
        raise _Stopped


def _name_paths(root: Node) -> None:
    """Give every node its path: `metrics.csat.kind`, `routes[0].channel`, `changes.weekend-phone-desk.starts`."""
    todo = [root]
    while todo:
        node = todo.pop()
        for key, child in node.entries.items():
            child.path = node.under(key)
            todo.append(child)
        for i, child in enumerate(node.items):
            name = child.entries.get("id")
            named = name is not None and name.kind == "text" and re.fullmatch(r"[\w.-]{1,64}", name.text)
            child.path = node.under(name.text) if name is not None and named else f"{node.path}[{i}]"
            todo.append(child)


def _resolve(root: Node, reading: Reading) -> None:
    """Put the environment's values where `${VAR}` stands, and tell scalars that YAML's versions read differently."""
    todo = [root]
    while todo:
        node = todo.pop()
        todo.extend(node.entries.values())
        todo.extend(node.items)
        if node.kind != "text" or node.trapped:
            continue
        if "${" in node.text:
            _substitute(node, reading)
        elif node.plain and (reads := _trap(node.text)):
            node.trapped = True
            reading.wrong(node, f"{node.text[:60]}, which YAML reads as {reads}", _instead(node.text))


def _substitute(node: Node, reading: Reading) -> None:
    match = _VARIABLE.fullmatch(node.text)
    if match is None:
        node.trapped = True
        reading.wrong(node, "${ inside a longer text", "${NAME} or ${NAME:-default} alone, as the whole value")
        return
    name, with_default, default = match.groups()
    value = reading.environ.get(name, "")
    node.variable = f"${{{name}}}"
    node.plain = False
    if value:
        reading.borrowed[value] = node.variable
    if value or with_default is not None:
        node.text = value or default or ""
        return
    node.trapped = True
    reading.wrong(node, f"{node.variable}, which is not set", f"{name} in the environment, or ${{{name}:-a default}}")


def _trap(text: str) -> str | None:
    """What an unquoted scalar turns into in one YAML version or another; None where all agree."""
    for pattern, reads in _TRAPS.items():
        if pattern.fullmatch(text):
            said: str = reads(text) if callable(reads) else reads
            return said
    return None


def _truth(text: str) -> str:
    word = text.lower()
    if word in {"null", "~"}:
        return "nothing"
    return "true" if word in {"yes", "on", "true"} else "false"


def _sixties(text: str) -> str:
    total = 0.0
    for part in text.lstrip("+-").split(":"):
        total = total * 60 + float(part or 0)
    return f"the number {total:,.0f} (base 60)"


def _eights(text: str) -> str:
    digits = text.lstrip("+-").removeprefix("0o")
    octal = all(d in "01234567" for d in digits) and len(digits) < 20
    return f"the number {int(digits, 8)} (octal)" if octal else "text"


_TRAPS: Mapping[re.Pattern[str], Any] = {
    _BOOLEAN: _truth,
    _SEXAGESIMAL: _sixties,
    _OCTAL: _eights,
    _OTHER_BASE: "a number of another base",
    _EXPONENT: "text or as a number, depending on its version",
    _UNDERSCORED: "a number without its underscores",
    _NOT_A_NUMBER: "no usable number",
}


def _instead(text: str) -> str:
    if _BOOLEAN.fullmatch(text):
        if text.lower() in {"null", "~"}:
            return "a value, or no such key"
        return f'"{text}" in quotes as text, or true or false'
    if _SEXAGESIMAL.fullmatch(text):
        return f'"{text}" in quotes as text, or a duration such as 90min'
    return f'"{text[:60]}" in quotes as text, or plain digits as a number'
