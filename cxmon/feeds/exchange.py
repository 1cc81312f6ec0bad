"""What goes to a vendor and what comes back, without the machinery that carries it."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from cxmon.feeds.shape import Decode, document

# Answers after which another attempt may bring a better one.
AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
# Where vendors say how long to wait, and when they count requests anew.
_WAITS = ("Retry-After", "X-RateLimit-Retry-After")
_RESETS = ("X-RateLimit-Reset", "X-Rate-Limit-Reset", "RateLimit-Reset")
_DAY_S = 86_400


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How long and how often is asked, and how much is taken.

    `timeout_s` without a byte ends an attempt, `most_wait_s` is the longest that all waits of one request may take.
    A resolver that took `slow_lookup_s` to find no name has asked several times itself, and is not asked again soon.
    """

    timeout_s: float = 60.0
    retries: int = 5
    first_wait_s: float = 1.0
    most_wait_s: float = 300.0
    most_bytes: int = 64_000_000
    slow_lookup_s: float = 2.0


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
    """What came: `data`, or the part of it that was asked for, of `body`. `empty`: the vendor answered 204, that there
    is nothing."""

    data: Any
    next_link: str | None
    body: bytes = b""
    empty: bool = False

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


def asked_to_wait(status: int, headers: Mapping[str, str]) -> float | None:
    """Seconds that an answer asks to wait; None where it says nothing of it."""
    wait = retry_after(headers)
    return _reset(headers) if wait is None and status == 429 else wait


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the vendor asks to wait; a date is taken by its own clock."""
    text = _said(headers, _WAITS)
    seconds = _number(text)
    if seconds is None:
        until, now = _instant(text), _instant(headers.get("Date", ""))
        seconds = None if until is None or now is None else until - now
    return None if seconds is None else max(0.0, seconds)


def _reset(headers: Mapping[str, str]) -> float | None:
    """Seconds until the vendor counts requests anew, where it says so: as an instant (epoch seconds or milliseconds, a
    date) or as seconds from now. More than a day is no answer."""
    text = _said(headers, _RESETS)
    at, now = _number(text), _instant(headers.get("Date", ""))
    if at is not None and at <= _DAY_S:
        return at if at > 0 else None
    at = _instant(text) if at is None else at / 1000 if at > 1e11 else at
    wait = -1.0 if at is None or now is None else at - now
    return wait if 0 < wait <= _DAY_S else None


def _said(headers: Mapping[str, str], names: Sequence[str]) -> str:
    return next((headers[name].strip() for name in names if headers.get(name)), "")


def _number(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def _instant(text: str) -> float | None:
    """Epoch seconds of a date as HTTP or ISO 8601 writes it."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError):
        pass
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).timestamp()
