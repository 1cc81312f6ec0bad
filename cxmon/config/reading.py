"""Where problems are gathered while a configuration is read, so that all of them can be told at once."""

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from cxmon.config.nodes import Node


class Bad:
    """What a reader gives back where it has already told a problem."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return False


BAD: Final = Bad()

# What looks like a credential is never repeated, wherever it was written by mistake.
_CREDENTIAL = re.compile(
    r"xox[a-z]-|xapp-|hooks\.slack\.com|://[^/\s]*:[^/\s]*@|password|secret|bearer ", re.IGNORECASE
)
LONGEST_SHOWN = 60
# Shorter values from the environment are words and numbers that any sentence may hold.
LEAST_HIDDEN = 6
MOST_COMPARED = 2000


@dataclass
class Reading:
    """One pass over one file: the file's name, the environment, the default zone, and what was found wrong so far.

    `borrowed` holds the values that came from the environment, with `${NAME}` for each; `faults` counts what is wrong;
    `above` are the known keys of the mappings that are being read, the innermost last.
    """

    file: str
    environ: Mapping[str, str]
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    found: list[tuple[int, str]] = field(default_factory=list)
    remarks: list[tuple[int, str]] = field(default_factory=list)
    faults: int = 0
    borrowed: dict[str, str] = field(default_factory=dict)
    above: list[Mapping[str, object]] = field(default_factory=list)

    def wrong(self, node: "Node", found: str, expected: str, *, key: str | None = None, line: int | None = None) -> Bad:
        """Tell a problem at `node`, or at its key `key` where that is what is wrong."""
        path = node.path if key is None else node.under(key)
        self.at(line or node.line, path, found, expected)
        return BAD

    def told(self) -> Bad:
        """For a node whose problem was told when the tree was built: what is made of it is not sound either."""
        self.faults += 1
        return BAD

    def at(self, line: int, path: str, found: str, expected: str) -> None:
        self.faults += 1
        where = f"{path}: " if path else ""
        self.found.append((line, f"{self.file}:{line}: " + self._told(f"{where}found {found}, expected {expected}")))

    def note(self, node: "Node", text: str) -> None:
        where = f"{node.path}: " if node.path else ""
        self.remarks.append((node.line, f"{self.file}:{node.line}: " + self._told(where + text)))

    def _told(self, text: str) -> str:
        """One line, whatever the keys hold. Neither a credential that was written as a key nor a value that came from
        the environment is repeated, whoever made the sentence."""
        for value, name in self.borrowed.items():
            if len(value) >= LEAST_HIDDEN:
                text = text.replace(value, name)
        hidden = re.sub(r"(xox[a-z]|xapp)-\S+|://[^/\s]*:[^/\s]*@", "***", text)
        return "".join(char if char.isprintable() else " " for char in hidden)

    @property
    def problems(self) -> list[str]:
        return _in_file_order(self.found)

    @property
    def notes(self) -> list[str]:
        return _in_file_order(self.remarks)


def _in_file_order(lines: Iterable[tuple[int, str]]) -> list[str]:
    return list(dict.fromkeys(text for _, text in sorted(lines, key=lambda item: item[0])))


def quoted(text: str) -> str:
    """`text` as a problem may show it: one line, short, and never a credential."""
    if _CREDENTIAL.search(text):
        return "a value that is not shown"
    line = " ".join(text.split())
    short = line if len(line) <= LONGEST_SHOWN else line[: LONGEST_SHOWN - 1] + "…"
    return f"'{short}'"


def shown(node: "Node") -> str:
    """What stands at `node`, in words."""
    if node.kind == "map":
        return "a mapping"
    if node.kind == "list":
        return "a list"
    if node.variable is not None:
        return f"the value of {node.variable}"
    return quoted(node.text) if node.text or not node.plain else "nothing"


def one_of(options: Iterable[str], given: str = "") -> str:
    """`one of a, b, c (did you mean a?)`; a single option stands alone."""
    names = list(options)
    if not names:
        return "none, for there are none"
    listed = names[0] if len(names) == 1 else "one of " + ", ".join(names[:24]) + (", ..." if len(names) > 24 else "")
    return listed + did_you_mean(given, names)


def nearest(given: str, options: Collection[str]) -> str | None:
    """The option that is probably meant, if any is near. Among very many it is not looked for: that takes too long."""
    if len(options) > MOST_COMPARED:
        return None
    by_lower = {option.lower(): option for option in options}
    near = difflib.get_close_matches(given.lower()[:80], by_lower, n=1, cutoff=0.6) if given else []
    return by_lower[near[0]] if near else None


def did_you_mean(given: str, options: Collection[str]) -> str:
    meant = nearest(given, options)
    return f" (did you mean {meant}?)" if meant else ""
