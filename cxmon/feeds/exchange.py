"""What goes to a vendor and what comes back, without the machinery that carries it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

from cxmon.feeds.shape import Decode, document

# Answers after which another attempt may bring a better one.
AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})


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
    """One request: `url` is absolute or below the base, `place` says what it is for in errors (`page 3`). `raw`: the
    answer is bytes of whatever sort, and no JSON. `decode` reads the part of its JSON that is needed.

    A parameter with several values goes out once with each.
    """

    url: str
    method: str = "GET"
    params: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    json: Any = None
    place: str = ""
    raw: bool = False
    decode: Decode | None = None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came: `data`, or the part of it that was asked for, of `body`."""

    data: Any
    next_link: str | None
    body: bytes = b""

    def whole(self) -> Any:
        """All of the JSON."""
        return document(self.body, None)


# Where the next page is: a cursor, a link or a page's number.
Place = str | int


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page that came: its records, where it stood, and `link`, which makes a link in it one that may be stored.

    `latest` is the latest instant (epoch seconds) that the vendor may be asked for.
    """

    answer: Answer
    rows: list[Any]
    place: Place | None
    link: Callable[[str], str]
    latest: int = 2**62


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the vendor asks to wait; a date is taken by its own clock."""
    text = (headers.get("Retry-After") or headers.get("X-RateLimit-Retry-After") or "").strip()
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        until, now = parsedate_to_datetime(text), parsedate_to_datetime(headers.get("Date", ""))
        return max(0.0, (until - now).total_seconds())
    except (ValueError, TypeError):
        return None


def reset(headers: Mapping[str, str]) -> float | None:
    """Seconds until the vendor counts requests anew, where it says when (an instant in epoch seconds)."""
    try:
        at, now = float(headers.get("X-RateLimit-Reset", "")), parsedate_to_datetime(headers.get("Date", ""))
    except (ValueError, TypeError):
        return None
    wait = at - now.timestamp()
    return wait if 0 < wait < 86_400 else None
