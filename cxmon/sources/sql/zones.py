"""Local days in SQL: a zone's offsets over a stretch of time, as CASE expressions on epoch seconds.

The offsets are Python's, written into the statement, so that the database puts every row into the same day as Python.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cxmon import periods
from cxmon.periods import DAY


@dataclass(frozen=True)
class Offsets:
    """`first` seconds east of UTC, and then each (epoch second, offset from there on)."""

    first: int
    changes: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, zone: str, since: datetime, until: datetime) -> "Offsets":
        """All offsets of `zone` between two instants, to the second."""
        return cls(*periods.offsets(int(since.timestamp()), int(until.timestamp()), zone))

    def day(self, epoch: str, over: str = "/") -> str:
        """SQL: number of the local day since 1970 that `epoch` (SQL, a whole number) lies in; `over` divides wholly."""
        return f"(({epoch} + {self._case(epoch, [at for at, _ in self.changes])}) {over} {DAY})"

    def instant(self, wall: str) -> str:
        """SQL: the instant at which clocks show `wall` (SQL, as if it were UTC); the earlier one where they do twice.

        A time that clocks jumped over is read with the offset before the jump, as Python does.
        """
        before = [self.first, *(offset for _, offset in self.changes[:-1])]
        bounds = [at + max(old, new) for (at, new), old in zip(self.changes, before, strict=False)]
        return f"({wall} - {self._case(wall, bounds)})"

    def _case(self, value: str, bounds: list[int]) -> str:
        if not self.changes:
            return f"({self.first})"
        offsets = [self.first, *(offset for _, offset in self.changes)]
        whens = " ".join(f"WHEN {value} < {b} THEN {o}" for b, o in zip(bounds, offsets, strict=False))
        return f"(CASE {whens} ELSE {offsets[-1]} END)"


def midnight(day: int, zone: str) -> int:
    """Epoch second at which local day number `day` begins."""
    date = datetime(1970, 1, 1) + timedelta(days=day)  # noqa: DTZ001 - a calendar day, given its zone below.
    return int(date.replace(tzinfo=ZoneInfo(zone)).timestamp())
