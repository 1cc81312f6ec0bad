"""Who still answers a survey, and why a metric may not be comparable with its own past."""

from dataclasses import dataclass
from enum import StrEnum


class Unlike(StrEnum):
    """Why figures before and after cannot be compared: the measurement changed, there are none any more, or answers
    that came no more (or anew) could, at worst, turn the verdict."""

    MEASUREMENT = "measurement"
    VANISHED = "vanished"
    ANSWERS = "answers"


@dataclass(frozen=True, kw_only=True)
class ResponseRate:
    """The share of those asked who answered, beside the harm of a survey metric.

    `actual` and `expected` are shares 0..1 over the harm's window, `low` and `high` the range of their difference that
    may be read daily; all NaN where the rate is not known, and `reason` says why. `asked` counts those asked in the
    window, by the metric `of`. Where the rate `moved`, `missing` is the largest share of the expected answers that may
    be missing, or of the given ones that came in addition. `bounds` is the range of the harm, in its unit, with every
    one of them at its worst: there where the rate moved, and where it is not known well enough to bear the verdict.
    `differ` (natural unit) is how far, at most, the missing answers are declared to lie from the given ones; None means
    that each may be anything. `holds_to`: a verdict that was turned would hold if they lay no further than this.
    """

    of: str
    actual: float
    expected: float
    low: float
    high: float
    asked: float
    missing: float = 0.0
    bounds: tuple[float, float] | None = None
    reason: str = ""
    differ: float | None = None
    holds_to: float | None = None

    @property
    def moved(self) -> bool:
        """Whether the rate moved beyond chance."""
        return self.low > 0 or self.high < 0
