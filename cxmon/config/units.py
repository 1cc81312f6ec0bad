"""Durations and sizes as people write them: `36h`, `8d`, `2pt`, `10%`, `5min`, `0.3`."""

import re
from dataclasses import dataclass
from datetime import timedelta

from cxmon.errors import ConfigError
from cxmon.model import UNIT_SECONDS, Amount, Kind

# A month is a twelfth of a mean year; a quarter and a year are 3mo and 12mo.
DAYS_PER_MONTH = 30.44
SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "w": 7 * 86400.0, "mo": DAYS_PER_MONTH * 86400.0}
DURATION = "a duration{} such as 30s, 5min, 36h, 8d, 2w or 18mo"
WHOLE_DAYS = "whole days{} such as 7d, 2w or 3mo"
LONGEST = timedelta(days=36525)

_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?) ?(s|min|h|d|w|mo)")
_SIZE = re.compile(r"(-?[0-9]{1,15}(?:\.[0-9]{1,15})?)(?: ?(pt|%|s|min|h|d|w)| per ([1-9][0-9]{0,11}))?")


def parse_duration(text: str) -> timedelta:
    """`18mo` -> 548 days. Raises ConfigError where `text` is not a duration."""
    span = duration(text)
    if span is None:
        raise ConfigError([f"found '{text[:60]}', expected {DURATION.format('')}"])
    return span


def duration(text: str) -> timedelta | None:
    match = _DURATION.fullmatch(text)
    if match is None:
        return None
    seconds = float(match[1]) * SECONDS[match[2]]
    if match[2] == "mo":
        # Months are rounded to whole days: nobody means 547 days, 22 hours and 4 minutes.
        seconds = round(seconds / 86400) * 86400
    return timedelta(seconds=seconds) if seconds <= LONGEST.total_seconds() else None


@dataclass(frozen=True)
class Size:
    """A size before the metric is known: the number and its suffix (`pt`, `%`, `per`, a unit of time or none)."""

    number: float
    suffix: str
    text: str
    per: float = 1.0


def parse_size(text: str) -> Size | None:
    match = _SIZE.fullmatch(text)
    if match is None:
        return None
    suffix = match[2] or ("per" if match[3] else "")
    return Size(float(match[1]), suffix, text, float(match[3] or 1))


@dataclass(frozen=True)
class Measure:
    """What has to be known of a metric to understand a size: `per` is how many a rate is shown for."""

    kind: Kind
    unit: str = ""
    per: float = 1.0

    @property
    def unit_seconds(self) -> float | None:
        return UNIT_SECONDS.get(self.unit)

    @property
    def sizes(self) -> str:
        """How a difference may be written for such a metric."""
        if self.kind is Kind.PROPORTION:
            return "points such as 2pt, or a part of the expected value such as 10%"
        own = f"a number in {self.unit}" if self.unit else "a plain number"
        if self.kind is Kind.RATE and self.per != 1:
            own = f"a plain number per {self.per:,.15g}"
        timed = ", a time such as 5min" if self.unit_seconds else ""
        return f"{own}{timed}, or a part of the expected value such as 10%"

    @property
    def levels(self) -> str:
        """How a value itself may be written for such a metric."""
        if self.kind is Kind.PROPORTION:
            return "a share such as 80% or 0.8"
        return self.sizes.split(", or ")[0]


def difference(size: Size, measure: Measure) -> Amount | None:
    """`size` as a difference in the metric's natural unit; None where the metric cannot have such a size."""
    if size.suffix == "%":
        return Amount(size.number / 100, relative=True, text=size.text)
    if size.suffix == "pt":
        is_share = measure.kind is Kind.PROPORTION
        return Amount(size.number / 100, relative=False, text=size.text) if is_share else None
    if measure.kind is Kind.PROPORTION:
        return None
    value = _natural(size, measure)
    return None if value is None else Amount(value, relative=False, text=size.text)


def level(size: Size, measure: Measure) -> float | None:
    """`size` as a value of the metric in its natural unit; None where it cannot take it."""
    if measure.kind is Kind.PROPORTION:
        share = size.number / 100 if size.suffix == "%" else size.number
        return share if size.suffix in {"%", ""} and 0 <= share <= 1 else None
    return None if size.suffix in {"%", "pt"} else _natural(size, measure)


def _natural(size: Size, measure: Measure) -> float | None:
    if measure.kind is Kind.RATE and size.suffix in {"", "per"}:
        # A rate is written as it is shown: per as many as the metric says, unless the size says it itself.
        return size.number / (size.per if size.suffix else measure.per)
    if not size.suffix:
        return size.number
    if size.suffix == "per":
        return None
    seconds = measure.unit_seconds
    return None if seconds is None else size.number * SECONDS[size.suffix] / seconds
