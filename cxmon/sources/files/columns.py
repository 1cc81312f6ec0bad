"""Columns that are made of those of a file: durations, percentages, dates as people write them, and products."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal

from cxmon.aggregate import reading

Fields = Sequence[object]

_CLOCK = re.compile(r"(?:(\d+)d[ ,]*|(\d+) days?,? +)?(\d+):([0-5]\d)(?::([0-5]\d(?:\.\d*)?))?")
_WORDS = re.compile(r"(?:(\d+)d)? ?(?:(\d+)h)? ?(?:(\d+)m)? ?(?:(\d+(?:\.\d*)?)s)?")


@dataclass(frozen=True)
class Numbers:
    """How numbers are written: the sign before decimals, and the one between thousands, if there is one."""

    decimal: str = "."
    thousands: str = ""

    def plain(self, value: object) -> object:
        """A field as numbers are written elsewhere; text that is no number in this writing cannot be taken for one."""
        if not isinstance(value, str) or (self.decimal, self.thousands) == (".", ""):
            return value
        text = value.strip()
        if self.thousands and self._grouped.fullmatch(text):
            text = text.replace(self.thousands, "")
        if self.decimal == ",":
            if "." in text:
                return Unread(value)
            text = text.replace(",", ".", 1)
        return text

    @property
    def _grouped(self) -> re.Pattern[str]:
        return _grouped(self.decimal, self.thousands)


@lru_cache
def _grouped(decimal: str, thousands: str) -> re.Pattern[str]:
    gap = re.escape(thousands)
    return re.compile(rf"[+-]?[1-9]\d{{0,2}}(?:{gap}\d{{3}})+(?:{re.escape(decimal)}\d*)?")


class Unread:
    """Text that could be taken for a number and must not be."""

    def __init__(self, text: object) -> None:
        self._text = str(text)

    def __str__(self) -> str:
        return self._text


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column made of `column`, which may also be one made above it.

    `form` says what stands in it: number; share (0.83, or 83%); percent (83, or 83%); duration (1:23:45, 1h 23m 45s, or
    seconds), which becomes seconds; milliseconds, which become seconds; or time, written as `format` (%d.%m.%Y %H:%M),
    with the column `beside` after it where a time of day stands alone. `empty` is what an empty field means. `values`
    are figures for words, "" for none, and `otherwise` is that of all other words. Then it is multiplied by the column
    `times`, which makes a count of a share (a whole number) and a total of an average, and the columns of `plus` are
    added and those of `minus` taken away, empty ones as 0.
    """

    column: str
    form: Literal["number", "share", "percent", "duration", "milliseconds", "time"] = "number"
    format: str = ""
    beside: str = ""
    empty: float | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    otherwise: str | None = None
    times: str = ""
    plus: tuple[str, ...] = ()
    minus: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.form == "time" and (self.times or self.plus or self.minus):
            raise ValueError("form: found time with times, plus or minus, expected a figure: times are not added up")
        if self.form != "time" and (self.format or self.beside):
            raise ValueError(f"form: found {self.form} with format or beside, expected time beside them")

    @property
    def needs(self) -> tuple[str, ...]:
        """All columns that it is made of."""
        every = (self.column, self.beside, self.times, *self.plus, *self.minus)
        return tuple(dict.fromkeys(name for name in every if name))

    def made(self, of: Mapping[str, Fields], numbers: Numbers) -> list[object]:
        """Its fields (R,), from those of the columns that it needs."""
        if self.form == "time":
            beside = of[self.beside] if self.beside else [None] * len(of[self.column])
            return [_moment(a, b, self.format) for a, b in zip(of[self.column], beside, strict=True)]
        fields = of[self.column]
        if self.values:
            fields = [self._valued(v) for v in fields]
        found = [self._figure(v, numbers) for v in fields]
        if self.times:
            whole = self.form in {"share", "percent"}
            found = [_product(a, _number(b, numbers), whole=whole) for a, b in zip(found, of[self.times], strict=True)]
        for names, sign in ((self.plus, 1), (self.minus, -1)):
            for name in names:
                found = [_sum(a, _number(b, numbers), sign) for a, b in zip(found, of[name], strict=True)]
        return found

    def _valued(self, value: object) -> object:
        text = "" if value is None else str(value).strip()
        if text in self.values or not text:
            return self.values.get(text)
        return Unread(text) if self.otherwise is None else self.otherwise

    def _figure(self, value: object, numbers: Numbers) -> object:
        if reading.empty(value) or isinstance(value, Unread):
            return value if isinstance(value, Unread) else self.empty
        if self.form == "duration":
            return _seconds(value, numbers)
        if self.form in {"share", "percent"}:
            return _share(value, numbers, parts=self.form == "percent")
        found = _number(value, numbers)
        return found / 1000 if self.form == "milliseconds" and isinstance(found, float) else found


def _number(value: object, numbers: Numbers) -> object:
    """A float; None where empty; what cannot be read as it was, so that it is set aside."""
    plain = numbers.plain(value)
    if reading.empty(plain):
        return None
    found, problems = reading.numbers([plain])
    return Unread(value) if problems else float(found[0])


def _share(value: object, numbers: Numbers, *, parts: bool) -> object:
    text = value.strip() if isinstance(value, str) else ""
    signed = text.endswith("%")
    found = _number(text[:-1] if signed else value, numbers)
    if not isinstance(found, float):
        return found
    share = found / 100 if signed or parts else found
    return share if 0 <= share <= 1 else Unread(value)


def _seconds(value: object, numbers: Numbers) -> object:
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, time):
        return value.hour * 3600.0 + value.minute * 60 + value.second + value.microsecond / 1e6
    if isinstance(value, datetime):
        # Excel keeps 25 hours as a day and an hour of the year 1900.
        return (value - datetime(1899, 12, 31)).total_seconds()  # noqa: DTZ001 - a length, not an instant.
    text = value.strip() if isinstance(value, str) else ""
    clock = _CLOCK.fullmatch(text)
    if clock:
        days, more, first, second, third = clock.groups()
        length: float = int(first) * 60 + int(second)
        length = length * 60 + float(third) if third is not None else length
        return float(length + 86_400 * int(days or more or 0))
    words = _WORDS.fullmatch(text) if any(c.isalpha() for c in text) else None
    if words:
        days, hours, minutes, seconds = (float(part or 0) for part in words.groups())
        return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    return _number(value, numbers)


def _product(a: object, b: object, *, whole: bool) -> object:
    if b == 0 and not isinstance(a, Unread):
        return 0.0  # The average of nothing is empty or a dash, its total is nothing.
    if not (isinstance(a, float | int) and isinstance(b, float)):
        return a if isinstance(a, Unread) else b if isinstance(b, Unread) else None
    return float(round(a * b)) if whole else a * b


def _sum(a: object, b: object, sign: int) -> object:
    if isinstance(a, Unread) or isinstance(b, Unread):
        return a if isinstance(a, Unread) else b
    if a is None and b is None:
        return None
    return (a if isinstance(a, float | int) else 0.0) + sign * (b if isinstance(b, float) else 0.0)


def _moment(value: object, beside: object, written: str) -> object:
    if isinstance(value, datetime | date) and isinstance(beside, time):
        return datetime.combine(value, beside)
    if not isinstance(value, str) or (beside is not None and not isinstance(beside, str)):
        return value
    text = f"{value.strip()} {beside.strip()}".strip() if isinstance(beside, str) else value.strip()
    return _parsed(text, written) if written and text else text


@lru_cache(maxsize=100_000)
def _parsed(text: str, written: str) -> object:
    try:
        return datetime.strptime(text, written)  # noqa: DTZ007 - in the metric's zone, unless it brings one.
    except ValueError:
        return text
