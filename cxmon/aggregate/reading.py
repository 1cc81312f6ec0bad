"""What stands in one field: strict numbers and instants, each failure with a reason that can be shown."""

import math
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from cxmon.contracts import Unfit

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Problems = dict[int, str]

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_PLAIN = re.compile(r"[0-9.eE+\- ]*")
_COMMA = re.compile(r"[+-]?[0-9][0-9.]*,[0-9]+")
_DIGITS = re.compile(r"[0-9]+(?:\.[0-9]*)?")
_DATE8 = re.compile(r"[12][0-9]{7}")
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9:.,]+ ?(?:Z|[+-][0-9:]+)?)?")
_WORDS = {"true": 1.0, "t": 1.0, "yes": 1.0, "false": 0.0, "f": 0.0, "no": 0.0}
_SHOWABLE = {"nan", "inf", "-inf", "infinity", "-infinity", "null", "none", "n/a", "true", "false"}

# What may follow the hour in `10:20:30`: seconds into the hour.
_WITHIN = {f":{m:02}:{s:02}": m * 60 + s for m in range(60) for s in range(60)}

# Epoch seconds are taken from 1973 on; smaller numbers with eight digits are dates, larger ones are milliseconds.
_EPOCH = (1e8, 1e11)
_LARGEST = 1e100  # No figure is larger; its square must still be a number.
_OLDEST = datetime(1900, 1, 1, tzinfo=UTC)


def empty(value: object) -> bool:
    """True for what stands for nothing: None, text without a character, and what cannot be a value."""
    return value is None or (isinstance(value, str) and not value.strip()) or isinstance(value, Unfit)


def numbers(values: Sequence[object], *, words: bool = False) -> tuple[Floats, Problems]:
    """(numbers (R,), {row: reason}): NaN where a field is empty (no reason) or no number. `words`: true, false."""
    fast = _fast(values)
    if fast is not None:
        return fast, {}
    found, problems = np.full(len(values), np.nan), {}
    for i, value in enumerate(values):
        if empty(value):
            continue
        got = _number(value, words=words)
        if isinstance(got, str):
            problems[i] = got
        else:
            found[i] = got
    return found, problems


def moments(values: Sequence[object], zone: str) -> tuple[Ints, Problems]:
    """(epoch seconds (R,), {row: reason}): 0 where a field is empty (no reason) or no instant.

    Epoch seconds, dates, datetimes and ISO text. What brings no zone of its own is in `zone`, a date is its midnight.
    Fractions of a second are dropped.
    """
    tz = ZoneInfo(zone)
    fast = _in_utc(values)
    if fast is not None:
        return fast, {}
    found, problems = np.zeros(len(values), np.int64), {}
    seen: dict[object, int | str | None] = {}
    for i, value in enumerate(values):
        if type(value) is str and 19 <= len(value) <= 20:
            # In UTC where it ends with a Z, as APIs write it.
            quick = _quick(value, zone) if len(value) == 19 else _quick(value[:19], "UTC") if value[19] == "Z" else None
            if quick is not None:
                found[i] = quick
                continue
        elif type(value) is int and _EPOCH[0] <= value < _EPOCH[1]:
            found[i] = value
            continue
        got = seen.get(value)
        if got is None:
            if empty(value):
                continue
            got = seen[value] = _moment(value, tz)
        if isinstance(got, str):
            problems[i] = got
        else:
            found[i] = got
    return found, problems


def _in_utc(values: Sequence[object]) -> Ints | None:
    """All fields at once, where those that are not empty are written as `2026-09-01T10:20:30Z` beyond doubt."""
    if not set(map(type, values)) <= {str, type(None)}:
        return None
    texts: list[str] = [v for v in values if v]  # type: ignore[misc]
    joined = "".join(texts)
    if not texts or len(joined) != 20 * len(texts) or not joined.isascii():
        return None
    signs = np.frombuffer(joined.encode(), np.uint8).reshape(-1, 20)
    if (signs[:, 19] != ord("Z")).any() or set(map(len, texts)) != {20}:
        return None
    shape = np.array([ord(c) for c in "0000-00-00T00:00:00"], np.uint8)
    digits = shape == ord("0")
    if (signs[:, :19][:, ~digits] != shape[~digits]).any() or (signs[:, :19][:, digits] - ord("0") > 9).any():
        return None
    try:
        at = np.array([text[:19] for text in texts], "datetime64[s]").astype(np.int64)
    except ValueError:
        return None
    if at.min() < _OLDEST.timestamp():
        return None
    found = np.zeros(len(values), np.int64)
    found[[i for i, v in enumerate(values) if v]] = at
    return found


def _quick(text: str, zone: str) -> int | None:
    """`2026-09-01 10:20:30` by way of its hour, which many rows share; None where that is not safe."""
    start, rest = _hour(text[:13], zone), _WITHIN.get(text[13:])
    return None if start is None or rest is None else start + rest


@lru_cache(maxsize=200_000)
def _hour(text: str, zone: str) -> int | None:
    """Epoch second of `2026-09-01 10`. An hour in which clocks change is not straight, and so has none here."""
    first, last = (_moment(f"{text}:{minute}", ZoneInfo(zone)) for minute in ("00", "59"))
    return first if isinstance(first, int) and isinstance(last, int) and last - first == 59 * 60 else None


def shown(value: object) -> str:
    """The offending value for people: short, and hidden where it could be somebody's words."""
    text = str(value).strip()
    if any(c.isalpha() for c in text) and text.lower() not in _SHOWABLE:
        known = _NUMBER.fullmatch(text) or _ISO.fullmatch(text) or re.fullmatch(r"[0-9_.,]+", text)
        if not known:
            return f"text of {len(text)} characters"
    return text if len(text) <= 32 else text[:31] + "…"


def _fast(values: Sequence[object]) -> Floats | None:
    """All fields at once, where they are finite numbers beyond doubt."""
    kinds = set(map(type, values))
    try:
        if kinds == {str}:
            if not _PLAIN.fullmatch("".join(values)):  # type: ignore[arg-type]
                return None
        elif not kinds <= {float, int, type(None)}:
            return None
        found = np.array(values, np.float64)
    except (ValueError, OverflowError):
        return None
    # None became NaN; a NaN that came as one is a fault.
    sound = np.count_nonzero(np.abs(found) <= _LARGEST)
    return found if sound + (values.count(None) if type(None) in kinds else 0) == len(found) else None


def _number(value: object, *, words: bool) -> float | str:
    if isinstance(value, bool):
        return float(value) if words else "true or false where a number belongs"
    if isinstance(value, (int, float, Decimal)):
        return _finite(value)
    text = value.strip() if isinstance(value, str) else ""
    if words and text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _NUMBER.fullmatch(text):
        return _finite(text)
    if text.lower() in _SHOWABLE and text.lower() not in _WORDS:
        return "not a number"
    if _COMMA.fullmatch(text):
        return "decimal comma; numbers are written with a point"
    return "text where a number belongs"


def _finite(value: float | Decimal | str) -> float | str:
    try:
        number = float(value)
    except OverflowError:
        return "too large a number"
    if math.isnan(number):
        return "not a number"
    return number if abs(number) <= _LARGEST else "too large a number"


def _moment(value: object, zone: ZoneInfo) -> int | str:
    try:
        if isinstance(value, datetime):
            return _seconds(value if value.tzinfo else value.replace(tzinfo=zone))
        if isinstance(value, date):
            return _seconds(datetime(value.year, value.month, value.day, tzinfo=zone))
        if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
            return _from_digits(str(int(value)), zone)
        text = value.strip() if isinstance(value, str) else ""
        if _DIGITS.fullmatch(text):
            return _from_digits(text, zone)
        if not _ISO.fullmatch(text):
            return "not a date, an ISO 8601 instant or epoch seconds"
        at = datetime.fromisoformat(text.replace(" Z", "Z").replace(" +", "+"))
        return _seconds(at if at.tzinfo else at.replace(tzinfo=zone))
    except (ValueError, OverflowError):
        return "not a date, an ISO 8601 instant or epoch seconds"


def _from_digits(text: str, zone: ZoneInfo) -> int | str:
    if _DATE8.fullmatch(text):
        return _seconds(datetime.fromisoformat(text).replace(tzinfo=zone))
    if _EPOCH[0] <= float(text) < _EPOCH[1]:
        return math.floor(float(text))
    if float(text) >= _EPOCH[1]:
        return "milliseconds where epoch seconds belong"
    return "not a date, an ISO 8601 instant or epoch seconds"


def _seconds(at: datetime) -> int | str:
    if at < _OLDEST:
        return "before 1900"
    return math.floor(at.timestamp())
