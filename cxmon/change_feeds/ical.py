"""Decisions in a calendar: an iCalendar file (RFC 5545) or the address of one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from types import ModuleType
from typing import Any, Literal
from urllib.parse import urlsplit

from cxmon import feeds
from cxmon.contracts import AskedEntries, Entries, Rejected
from cxmon.errors import SourceError
from cxmon.feeds.days import instant
from cxmon.feeds.files import MOST_BYTES, contents
from cxmon.feeds.reach import checked_base, opened
from cxmon.model import Announced, Secret, written

# A decision does not come back by the hour, and a rule that does would never end.
_OFTEN = ("SECONDLY", "MINUTELY", "HOURLY")
_MOST_OCCURRENCES = 1_000
_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Ical:
    """A calendar: an .ics file, or several by a glob, in `path`, or the https address of one in `url`.

    `url` is best taken from the environment, since whoever has a calendar's private address can read it; webcal is
    https. `allow_private` allows addresses that are not on the internet, and http. Needs the extra `calendar`.
    """

    type: Literal["ical"] = "ical"
    path: str = ""
    url: Secret = field(default_factory=lambda: Secret(""))
    allow_private: bool = False

    def __post_init__(self) -> None:
        if bool(self.path) == bool(self.url):
            raise ValueError("url: found both or neither of url and path, expected one of them")
        if self.url:
            try:
                checked_base(self._parts[0], allow_private=self.allow_private)
            except ValueError as error:
                raise ValueError(str(error).replace("base_url:", "url:")) from None

    def entries(self, asked: AskedEntries) -> Entries:
        """The events that begin in the window, each occurrence of a series by itself."""
        try:
            import icalendar  # noqa: PLC0415 - an extra, and slow to load.
            import recurring_ical_events  # noqa: PLC0415
        except ImportError:
            raise SourceError(f"{asked.name}: calendars need the extra: pip install 'cxmon[calendar]'") from None
        found: list[Announced] = []
        rejected: list[Rejected] = []
        hidden = 0
        for name, content in self._files(asked):
            reader = _Reader(asked, name, icalendar, recurring_ical_events)
            found += reader.read(content)
            rejected += reader.rejected
            hidden += reader.hidden
        return Entries(found=tuple(found), rejected=tuple(rejected), hidden=hidden)

    @property
    def _parts(self) -> tuple[str, str]:
        """(the host's address, the path with its query)."""
        text = self.url.reveal().strip()
        parts = urlsplit("https://" + text.removeprefix("webcal://") if text.startswith("webcal://") else text)
        return f"{parts.scheme}://{parts.netloc}", parts.path + (f"?{parts.query}" if parts.query else "")

    def _files(self, asked: AskedEntries) -> list[tuple[str, bytes]]:
        if asked.file is not None or self.path:
            return contents(asked.name, self.path, asked.file)
        base, path = self._parts
        limits = feeds.Limits(retries=3, most_wait_s=60.0, most_bytes=MOST_BYTES)
        accepted = {"Accept": "text/calendar, text/plain;q=0.5"}
        try:
            with opened(
                asked.name, base, None, limits=limits, allow_private=self.allow_private, headers=accepted
            ) as client:
                return [("the calendar", client.send(feeds.Call(url=path, raw=True)).data)]
        except SourceError as error:
            # The path is what lets its holder read the calendar.
            told = str(error).replace(path, "(its address)").replace(urlsplit(path).path or path, "(its address)")
            raise SourceError(told) from None


class _Reader:
    """One calendar's events as entries."""

    def __init__(self, asked: AskedEntries, name: str, icalendar: ModuleType, recurring: ModuleType) -> None:
        self.asked, self.name = asked, name
        self.icalendar, self.recurring = icalendar, recurring
        self.rejected: list[Rejected] = []
        self.hidden = 0

    def read(self, content: bytes) -> list[Announced]:
        if not content.lstrip(b"\xef\xbb\xbf \t\r\n")[:15].upper().startswith(b"BEGIN:VCALENDAR"):
            raise SourceError(f"{self.asked.name}: {self.name} is no calendar: it does not begin with BEGIN:VCALENDAR")
        if not content.rstrip().upper().endswith(b"END:VCALENDAR"):
            # What a shorter calendar lacks would be taken for gone.
            raise SourceError(f"{self.asked.name}: {self.name} is cut short: it does not end with END:VCALENDAR")
        try:
            calendars = self.icalendar.Calendar.from_ical(content, multiple=True)
        except (ValueError, IndexError, KeyError, RecursionError) as error:
            raise SourceError(f"{self.asked.name}: {self.name} cannot be read: {str(error)[:120]}") from None
        return [one for calendar in calendars for one in self._calendar(calendar)]

    def _calendar(self, calendar: Any) -> Iterator[Announced]:
        withdrawn = str(calendar.get("METHOD", "")).upper() == "CANCEL"
        series: dict[str, list[Any]] = {}
        for number, event in enumerate(calendar.walk("VEVENT"), 1):
            # A class that nobody knows is to be treated as private (RFC 5545, 3.8.1.3).
            if str(event.get("CLASS", "PUBLIC")).upper() != "PUBLIC":
                self.hidden += 1
            elif not event.get("UID"):
                self._aside(number, "no UID")
            else:
                series.setdefault(str(event["UID"]), []).append(event)
        for number, (uid, events) in enumerate(series.items(), 1):
            try:
                yield from self._series(calendar, uid, events, cancelled=withdrawn)
            except ValueError as problem:
                self._aside(number, str(problem)[:160])
            except (TypeError, KeyError, AttributeError, OverflowError) as problem:
                # What a library makes of an event that is none.
                self._aside(number, f"it cannot be read: {str(problem)[:120]}")

    def _series(self, calendar: Any, uid: str, events: Sequence[Any], *, cancelled: bool) -> list[Announced]:
        for event in events:
            _in_a_zone(event)
        repeats = any(event.get(key) for event in events for key in ("RRULE", "RDATE", "RECURRENCE-ID"))
        if not repeats:
            # The same event twice is an update that was sent after it.
            event = max(events, key=lambda e: (_version(e), int(e.get("SEQUENCE", 0))))
            return [self._entry(uid, event, cancelled=cancelled)]
        for event in events:
            _bounded(event)
        alone = self.icalendar.Calendar()
        if "X-WR-TIMEZONE" in calendar:
            alone.add("X-WR-TIMEZONE", calendar["X-WR-TIMEZONE"])
        for event in events:
            alone.add_component(event)
        window, found = self.asked.window, []
        master = any(_cancelled(event) for event in events if not event.get("RECURRENCE-ID"))
        for event in self.recurring.of(alone).between(window.since, window.until):
            at = event.get("RECURRENCE-ID", event["DTSTART"]).dt
            when = at.astimezone(UTC).isoformat() if isinstance(at, datetime) and at.tzinfo else at.isoformat()
            found.append(self._entry(f"{uid}/{when}", event, cancelled=cancelled or master))
            if len(found) > _MOST_OCCURRENCES:
                raise ValueError(f"it comes back more than {written(_MOST_OCCURRENCES)} times")
        return found

    def _entry(self, uid: str, event: Any, *, cancelled: bool) -> Announced:
        if "DTSTART" not in event:
            raise ValueError("no start")
        starts, ends = event["DTSTART"].dt, _end(event)
        begins, over = instant(starts, self.asked.zone), None if ends is None else instant(ends, self.asked.zone)
        return Announced(
            id=uid,
            title=str(event.get("SUMMARY", "")),
            starts=begins,
            # An hour or a day in a calendar is when something begins, not how long it stays.
            ends=over if over is not None and _days(begins, over) > _DAY else None,
            labels=_labels(event),
            cancelled=cancelled or _cancelled(event),
            version=_version(event),
            link=str(event.get("URL", "")),
        )

    def _aside(self, number: int, reason: str) -> None:
        self.rejected.append(Rejected(where=f"{self.name}, event {number}", reason=reason))


def _in_a_zone(event: Any) -> None:
    """ValueError where a time is in a zone that neither the calendar nor anybody else knows: taken as the plan's own it
    would be wrong by hours."""
    for key in ("DTSTART", "DTEND", "RECURRENCE-ID"):
        at, told = getattr(event.get(key), "dt", None), getattr(event.get(key), "params", {})
        if isinstance(at, datetime) and at.tzinfo is None and told.get("TZID"):
            raise ValueError(f"a time zone that nobody knows: {str(told['TZID'])[:60]}")


def _bounded(event: Any) -> None:
    """ValueError for a rule that would take for ever: more often than daily, or from long ago."""
    rules = event.get("RRULE")
    for rule in rules if isinstance(rules, list) else [rules] if rules else []:
        often = [str(f).upper() for f in rule.get("FREQ", [])]
        if any(f in _OFTEN for f in often) or any(len(rule.get(k, [])) > 1 for k in ("BYHOUR", "BYMINUTE", "BYSECOND")):
            raise ValueError("it comes back more often than once a day")
        if "DTSTART" in event and event["DTSTART"].dt.year < 1970:
            raise ValueError("it has come back since before 1970")


def _end(event: Any) -> datetime | date | None:
    if "DTEND" in event:
        found: datetime | date = event["DTEND"].dt
        return found
    return event["DTSTART"].dt + event["DURATION"].dt if "DURATION" in event else None


def _days(begins: datetime, over: datetime) -> timedelta:
    """How long it lasts by the clock on the wall, so that a day of 25 hours is one."""
    return over.replace(tzinfo=None) - begins.replace(tzinfo=None) if begins.tzinfo == over.tzinfo else over - begins


def _labels(event: Any) -> tuple[str, ...]:
    found = event.get("CATEGORIES")
    listed = found if isinstance(found, list) else [] if found is None else [found]
    return tuple(str(label) for one in listed for label in getattr(one, "cats", [one]))


def _cancelled(event: Any) -> bool:
    return str(event.get("STATUS", "")).upper() == "CANCELLED"


def _version(event: Any) -> int:
    changed = event.get("LAST-MODIFIED")
    at = getattr(changed, "dt", None)
    return max(0, int(at.timestamp())) if isinstance(at, datetime) and at.tzinfo else 0
