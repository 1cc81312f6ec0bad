"""How figures are written where people read them: the decimal mark, what parts thousands, and in which groups.

Words are made in every room, from a check's reason to a chart's axis, so the format in force is said once at each edge
(a command, a job, a click, a run of a page) and is looked up where a figure becomes text. It is kept by thread: two
configurations in one process do not mix, and a new thread begins with the default.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass

_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+")


@dataclass(frozen=True, kw_only=True)
class NumberFormat:
    """`decimal` is one mark; `thousands` another one, or nothing. `lakhs` groups as India does: `12,34,567`."""

    decimal: str = "."
    thousands: str = ","
    lakhs: bool = False

    @property
    def grouping(self) -> tuple[int, ...]:
        """How many digits are in each group, from the right; the largest figure has fewer digits than all of them."""
        return (3, *(2,) * 12) if self.lakhs else (3,) * 9

    def handed(self) -> str:
        """For a process that reads no configuration; `taken` makes the format of it again."""
        return json.dumps(asdict(self))

    @classmethod
    def taken(cls, handed: str) -> "NumberFormat":
        """What `handed` gave; the default of an empty text."""
        return cls(**json.loads(handed)) if handed else cls()

    def of(self, text: str) -> str:
        """A figure as Python writes it (`-1,234.5`, `+0.2`, `1.4e-06`) in this format."""
        if self == DEFAULT:
            return text
        grouped = _GROUPED.sub(lambda found: _lakhs(found[0]), text) if self.lakhs else text
        return grouped.translate({ord(","): self.thousands, ord("."): self.decimal})


def _lakhs(grouped: str) -> str:
    digits = grouped.replace(",", "")
    head, last = digits[:-3], digits[-3:]
    first = len(head) % 2
    pairs = [head[i : i + 2] for i in range(first, len(head), 2)]
    return ",".join([*([head[:first]] if first else []), *pairs, last])


DEFAULT = NumberFormat()
_IN_FORCE: ContextVar[NumberFormat] = ContextVar("number_format", default=DEFAULT)


def number_format() -> NumberFormat:
    """The format in force here."""
    return _IN_FORCE.get()


@contextmanager
def using(format_: NumberFormat) -> Iterator[None]:
    """Figures are written in this format inside, and as before after it."""
    before = _IN_FORCE.set(format_)
    try:
        yield
    finally:
        _IN_FORCE.reset(before)


def use(format_: NumberFormat) -> None:
    """Figures are written in this format from here on, in this thread: for a command or a run of a page."""
    _IN_FORCE.set(format_)


def written(x: float, spec: str = ",.0f") -> str:
    """A figure by Python's format specification, in the format in force: `written(1234.5, ",.1f")` is `1,234.5`."""
    return _IN_FORCE.get().of(format(x, spec))
