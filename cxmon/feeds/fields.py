"""Where a value stands in a record, and what is made of it: numbers, instants and words, never texts or structures."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, ClassVar

from cxmon.errors import SourceError
from cxmon.feeds.shape import EACH, Spot

Getter = Callable[[Any], Any]

# Seconds or milliseconds since 1970 in a text; eight digits are a date there.
_EPOCH = re.compile(r"\d{9,13}", re.ASCII)
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+|-1)\]|\[(\w+)=([^\]]+)\]")


class RecordError(ValueError):
    """What stands in a record is no value; the words say why."""


class Missing:
    """Stands for what a record does not have at all."""

    def __bool__(self) -> bool:
        return False


MISSING = Missing()

_SPOTS = "spots"
_NAME = "key"


def reads(get: Getter, *of: "Getter | str") -> Getter:
    """The same getter, which says where in a record it looks: at these paths, and where these getters do."""
    known = [spots_of(path(one) if isinstance(one, str) else one) for one in of]
    if None not in known:
        setattr(get, _SPOTS, frozenset[Spot]().union(*(spots for spots in known if spots is not None)))
    return get


def spots_of(get: Getter) -> frozenset[Spot] | None:
    """Where a getter looks; None where it does not say, so that it must be given all."""
    found: frozenset[Spot] | None = getattr(get, _SPOTS, None)
    return found


def key_of(get: Getter) -> str | None:
    """The name under which a getter finds its value in a record, where that is all that it does."""
    found: str | None = getattr(get, _NAME, None)
    return found


def path(text: str) -> Getter:
    """`a.b`, `a[0].b` or `custom_fields[id=123].value` as a function of a record; `.` is the record itself.

    What is absent is MISSING, what is null is None, and so is everything inside of null. ValueError where it is no
    path.
    """
    rest = text.strip().removeprefix("$").removeprefix(".")
    steps: list[Getter] = []
    names: list[str] = []
    spots: list[Spot] = [()]
    while rest:
        match = _STEP.match(rest)
        if match is None:
            raise ValueError(f"path: found {text!r}, expected names with points between, such as data.items[0].id")
        name, number, key, wanted = match.groups()
        if name is not None:
            steps.append(_named([name]))
            names.append(name)
            spots.append((*spots.pop(), name))
        else:
            steps.append(_nth(int(number)) if number is not None else _whose(key, wanted))
            last = (*spots.pop(), EACH)
            spots += [last] if number is not None else [(*last, key), last]
        rest = rest[match.end() :].removeprefix(".")
    get = _named(names) if len(steps) == len(names) and names else _stepped(steps)
    setattr(get, _SPOTS, frozenset(spots))
    if len(names) == len(steps) == 1:
        setattr(get, _NAME, names[0])
    return get


def _stepped(steps: list[Getter]) -> Getter:
    if len(steps) == 1:
        return steps[0]

    def found(record: Any) -> Any:
        for step in steps:
            if not record and (record is None or record is MISSING):
                return record
            record = step(record)
        return record

    return found


def within(holder: str, get: Getter) -> Getter:
    """The same getter for what stands in `holder`: null where that is there without it, since a vendor may leave out
    what is empty; MISSING only where the holder itself is."""
    of = path(holder)

    def found(record: Any) -> Any:
        value = get(record)
        return None if value is MISSING and of(record) is not MISSING else value

    return reads(found, get)


def first(*places: str) -> Getter:
    """The first of several paths that leads to something."""
    getters = [path(place) for place in places]

    def found(record: Any) -> Any:
        for get in getters:
            if value := get(record):
                return value
        return None

    return reads(found, *getters)


def belonging(holder: Getter, name: str) -> Getter:
    """The id at `name` behind that of what its record belongs to, such as 208/35436: so both can be found again. The
    plain id where `holder` leads to none."""
    own = path(name)

    def found(record: Any) -> Any:
        above, value = holder(record), own(record)
        known = isinstance(above, str | int) and not isinstance(above, bool) and above != ""
        return f"{above}/{value}" if known and isinstance(value, str | int) and value != "" else value

    return reads(found, holder, own)


def _named(names: list[str]) -> Getter:
    if len(names) == 1:
        name = names[0]
        return lambda record: record.get(name, MISSING) if isinstance(record, dict) else MISSING

    def found(record: Any) -> Any:
        for name in names:
            if not isinstance(record, dict):
                return None if record is None else MISSING
            record = record.get(name, MISSING)
        return record

    if len(names) > 3:
        return found
    first, second, *more = names
    third = more[0] if more else None

    def quick(record: Any) -> Any:
        try:
            held = record[first][second]
            return held if third is None else held[third]
        except (KeyError, TypeError):
            return found(record)

    return quick


def _nth(number: int) -> Getter:
    def item(record: Any) -> Any:
        if not isinstance(record, list):
            return MISSING
        return record[number] if -len(record) <= number < len(record) else None

    return item


def _whose(key: str, wanted: str) -> Getter:
    def item(record: Any) -> Any:
        if not isinstance(record, list):
            return MISSING
        return next((x for x in record if isinstance(x, dict) and str(x.get(key)) == wanted), None)

    return item


@dataclass(frozen=True, kw_only=True)
class Field:
    """A field of the records: `path` says where it stands, such as rating.score or custom_fields[id=123].value.

    `values` maps the vendor's values to yours, `otherwise` is what all others become (without it they are set aside),
    `nothing` what null becomes. `divide` is what a number is divided by, such as 60 for minutes, 1000 for epoch
    milliseconds, or -1 for its opposite. `minutes_after` is the path of another instant: the field is then the minutes
    from it to this one. `optional`: records may lack it.
    """

    SHORT: ClassVar[str] = "path"

    path: str
    values: Mapping[str, str] = field(default_factory=dict)
    otherwise: str | None = None
    divide: float = 1.0
    minutes_after: str | None = None
    optional: bool = False
    nothing: str | None = None

    def __post_init__(self) -> None:
        path(self.path)
        if self.minutes_after is not None:
            path(self.minutes_after)
        if not abs(self.divide) > 0:
            raise ValueError(f"divide: found {self.divide}, expected a number other than zero")
        if self.otherwise is not None and not self.values:
            raise ValueError("otherwise: found a value for the others, expected values beside it")

    def getter(self) -> Getter:
        """The field's value of a record: MISSING where it has none, ValueError with the reason where it is no value."""
        get = path(self.path)
        if self.values:
            get = reads(self._mapped(get), get)
        if self.minutes_after is not None:
            get = minutes(path(self.minutes_after), get)
        if self.divide != 1.0:
            get = reads(_divided(get, self.divide), get)
        return get if self.nothing is None else reads(_or(get, self.nothing), get)

    def _mapped(self, get: Getter) -> Getter:
        values, otherwise = dict(self.values), self.otherwise

        def found(record: Any) -> Any:
            value = get(record)
            if value is None or value is MISSING:
                return value
            word = "true" if value is True else "false" if value is False else str(value)
            if word in values:
                return values[word]
            if otherwise is not None:
                return otherwise
            raise ValueError("a value that `values` does not name")

        return found


def _or(get: Getter, nothing: str) -> Getter:
    def found(record: Any) -> Any:
        value = get(record)
        return nothing if value is None else value

    return found


def _divided(get: Getter, by: float) -> Getter:
    def found(record: Any) -> Any:
        value = get(record)
        if isinstance(value, bool) or not isinstance(value, int | float):
            if not isinstance(value, str) or not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value.strip()):
                return value
            value = float(value)
        try:
            return value / by
        except OverflowError:
            raise ValueError("too large a number") from None

    return found


def minutes(before: Getter, after: Getter) -> Getter:
    """The minutes from one instant to another; None while one of them is not there."""

    def found(record: Any) -> Any:
        first, last = before(record), after(record)
        if type(first) is int and type(last) is int and -1e11 <= first <= 1e11 and -1e11 <= last <= 1e11:
            return (last - first) / 60
        if type(first) is str and type(last) is str and last:
            return (seconds_of(last) - seconds_of(first)) / 60
        if last is MISSING or last is None or last == "" or first is None or first is MISSING:
            return last if last is MISSING else None
        return (_instant(last) - _instant(first)) / 60

    return reads(found, before, after)


def _instant(value: Any) -> float:
    if type(value) is str:
        return seconds_of(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        # Milliseconds, as some vendors send.
        return value / 1000 if value > 1e11 else float(value)
    return seconds_of(str(value))


@lru_cache(maxsize=8192)
def seconds_of(text: str) -> float:
    """Epoch seconds of an instant in words, which several fields of a record look at. ValueError where it is none."""
    if text.isdecimal() and _EPOCH.fullmatch(text):
        return _instant(int(text))
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("no instant in ISO 8601 and no epoch seconds") from None
    # An API that names no zone means the same one for all its clients.
    return (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).timestamp()


def epoch(value: Any) -> int:
    """Whole epoch seconds of an instant, 0 where there is none. ValueError where it is something else."""
    if type(value) is int and 0 <= value <= 1e11:
        return value
    if value is None or value is MISSING or value == "":
        return 0
    found = int(_instant(value))
    if found < 0:
        raise ValueError("an instant before 1970")
    return found


def rows_of(get: Getter, data: Any, where: str) -> list[Any]:
    """The list of records of an answer. SourceError where there is none."""
    found = get(data)
    if isinstance(found, list):
        return found
    what = "nothing" if found is MISSING or found is None else f"a {type(found).__name__}"
    has = f"; the answer has {', '.join(sorted(map(str, data))[:12])}" if isinstance(data, dict) else ""
    raise SourceError(f"{where}: {what} where the list of records belongs{has}")
