"""What goes to a vendor and what comes back, without the machinery that carries it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How long and how often is asked, and how much is taken.

    `timeout_s` without a byte ends an attempt, `most_wait_s` is the longest that all waits of one request may take.
    """

    timeout_s: float = 60.0
    retries: int = 5
    first_wait_s: float = 1.0
    most_wait_s: float = 300.0
    most_bytes: int = 64_000_000


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request: `url` is absolute or below the base, `place` says what it is for in errors (`page 3`).

    A parameter with several values goes out once with each.
    """

    url: str
    method: str = "GET"
    params: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    json: Any = None
    place: str = ""


@dataclass(frozen=True, kw_only=True)
class Answer:
    data: Any
    next_link: str | None


# Where the next page is: a cursor, a link or a page's number.
Place = str | int


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page that came: its records, where it stood, and `link`, which makes a link in it one that may be stored."""

    answer: Answer
    rows: list[Any]
    place: Place | None
    link: Callable[[str], str]
