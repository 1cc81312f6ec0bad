"""How the value of a row is made of several of its columns: by a named formula, on a scale, or in business hours."""

from dataclasses import dataclass

from cxmon.model.holidays import Holidays

# The classes of calls that a formula tells apart, in the order of `Making.outcomes`.
CALLS = (
    "answered in time",
    "answered later",
    "gave up at once",
    "gave up in time",
    "gave up later",
)


@dataclass(frozen=True, kw_only=True)
class BusinessHours:
    """When a desk is open: `week[d]` are the open stretches of weekday d (0 Monday), in minutes of the local day.

    A wall clock decides, so a stretch over a change of clocks is an hour shorter or longer. A holiday is closed.
    """

    name: str
    zone: str
    week: tuple[tuple[tuple[int, int], ...], ...]
    holidays: Holidays | None = None

    @property
    def parts(self) -> list[object]:
        """What the hours are, whatever they are called."""
        off = self.holidays
        days = [] if off is None else [off.country, off.subdivision, sorted(str(day) for day, _ in off.extra_days)]
        return [self.zone, self.week, days]


@dataclass(frozen=True, kw_only=True)
class Making:
    """How a row's value is made where the source does not bring it.

    `outcomes` say what each class of `CALLS` counts as: 1, 0, or None where it does not count at all. In time is a wait
    of at most `within_s` seconds, at once one of at most `short_s`. `scale` are the lowest and highest score that can
    be given, `steps` (from this score on, the value), ascending; without steps the score is the value. `hours` are
    those in which a duration is measured; without them it is measured by the calendar.
    """

    outcomes: tuple[float | None, ...] = ()
    within_s: float = 0.0
    short_s: float = 0.0
    scale: tuple[float, float] | None = None
    steps: tuple[tuple[float, float], ...] = ()
    hours: BusinessHours | None = None

    @property
    def parts(self) -> list[object]:
        """What the values mean, for the hash of a definition."""
        hours = None if self.hours is None else self.hours.parts
        # As numbers of one sort, since 1 and 1.0 are written differently and mean the same.
        counts = [None if x is None else float(x) for x in self.outcomes]
        scale = [float(x) for x in self.scale or ()]
        steps = [[float(x) for x in step] for step in self.steps]
        return [counts, float(self.within_s), float(self.short_s), scale, steps, hours]
