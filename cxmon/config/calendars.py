"""Business hours: weekdays and clock times that fit together, each day once, closed on holidays."""

from collections.abc import Iterator
from itertools import pairwise

from cxmon.config.calendar_keys import WEEKDAYS
from cxmon.config.frame import Frame
from cxmon.config.holidays import holidays_of
from cxmon.config.nodes import Node
from cxmon.config.reading import BAD
from cxmon.config.shapes import Entry
from cxmon.model import BusinessHours, Holidays

Stretches = tuple[tuple[int, int], ...]


def build_calendars(frame: Frame, zone: str, holidays: Holidays | None) -> dict[str, BusinessHours]:
    """The calendars that are sound, by name; `zone` and `holidays` are the plan's."""
    built = {}
    entries = frame.root.get("calendars") or {}
    for name, entry in entries.items():
        if not isinstance(entry, Entry):
            continue
        before = frame.reading.faults
        clocks = frame.zone_of(entry, zone)
        off = entry.get("holidays")
        closed = holidays_of(frame, off) if isinstance(off, Entry) else holidays
        if entry.get("open_on_holidays") and isinstance(off, Entry):
            frame.reading.wrong(entry.at("open_on_holidays"), "holidays on which it is open", "one of the two keys")
        week = _week(frame, entry)
        if entry.sound and frame.reading.faults == before:
            built[name] = BusinessHours(
                name=name, zone=clocks, week=week, holidays=None if entry.get("open_on_holidays") else closed
            )
    return built


def _week(frame: Frame, entry: Entry) -> tuple[Stretches, ...]:
    """The stretches of each weekday, in minutes of the day."""
    week: list[Stretches] = [()] * 7
    said: set[int] = set()
    for key, hours in (entry.get("hours") or {}).items():
        node = entry.at("hours").entries[key]
        written = hours if isinstance(hours, list) else [hours]
        stretches = tuple(sorted(_minutes(text) for text in written if text is not BAD))
        for day in _days(key):
            if day in said:
                frame.reading.wrong(node, f"{WEEKDAYS[day]} twice", "each day once")
            said.add(day)
            week[day] = stretches
        _fit(frame, node, stretches)
    return tuple(week)


def _fit(frame: Frame, node: Node, stretches: Stretches) -> None:
    """Tell hours that end before they begin, or overlap: the first of them."""
    for begin, end in stretches:
        if end <= begin:
            told = f"{_clock(begin)}-{_clock(end)}"
            frame.reading.wrong(node, told, "an end after its beginning; hours over midnight stand as two days")
            return
    for (_, end), (begin, _) in pairwise(stretches):
        if begin < end:
            frame.reading.wrong(node, f"{_clock(begin)} before {_clock(end)}", "hours that do not overlap")
            return


def _days(key: str) -> Iterator[int]:
    """`monday` -> 0; `friday-monday` -> 4, 5, 6, 0."""
    first, _, last = key.partition("-")
    if first not in WEEKDAYS:
        return
    day, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
    yield day
    while day != end:
        day = (day + 1) % 7
        yield day


def _minutes(text: str) -> tuple[int, int]:
    """`08:00-18:00` -> (480, 1080)."""
    begin, _, end = text.partition("-")
    return 60 * int(begin[:2]) + int(begin[3:]), 60 * int(end[:2]) + int(end[3:])


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
