"""A finding against what was expected: the difference and its levels, written as precisely as they are known."""

import math
from dataclasses import dataclass

from cxmon.model import Finding, Interval, Metric
from cxmon.wording import numbers as say
from cxmon.wording.precision import reads_zero


@dataclass(frozen=True, kw_only=True)
class Gap:
    """A difference to expected on the scale it is judged on; `unit` as in `Harm`. NaN where an end is not known."""

    size: float
    low: float
    high: float
    unit: str


def gap(finding: Finding, metric: Metric) -> Gap | None:
    """The finding against expected: durations as a share of expected, shares in points, else in the metric's unit.

    The interval may be one of the value or one of the gap (see Finding): whichever holds its estimate.
    """
    value, expected, low, high = finding.value, finding.expected, finding.low, finding.high
    if not (math.isfinite(value) and math.isfinite(expected)):
        return None
    if low <= value <= high:
        low, high = low - expected, high - expected
    elif not low <= value - expected <= high:
        low = high = math.nan
    if metric.judged_as_ratio and expected > 0:
        return Gap(size=(value - expected) / expected, low=low / expected, high=high / expected, unit="%")
    return Gap(size=value - expected, low=low, high=high, unit="pt" if say.is_share(metric) else "")


def gap_words(found: Gap, metric: Metric) -> str:
    """`2.6 points worse than expected (2.2 to 3.0)`."""
    text = f"{size_words(found, metric)} {side(found, metric)} than expected"
    if not (math.isfinite(found.low) and math.isfinite(found.high)):
        return text
    ends = sorted(metric.harm_sign * x for x in (found.low, found.high))
    words = say.sides(metric, found)
    return f"{text} ({say.between(metric, (ends[0], ends[1]), found.unit, _digits(found, metric), words)})"


def side(found: Gap, metric: Metric) -> str:
    """`worse`, `slower`, `better` or `faster`."""
    return say.sides(metric, found)[metric.harm_sign * found.size < 0]


def holds_nothing(found: Gap, metric: Metric) -> bool:
    """Whether the range, as it is printed, holds a difference of nothing."""
    if not (math.isfinite(found.low) and math.isfinite(found.high)):
        return False
    ends = [say.bare(metric, x, found.unit, _digits(found, metric)) for x in (found.low, found.high)]
    return found.low * found.high < 0 or any(reads_zero(end) for end in ends)


def size_words(found: Gap, metric: Metric) -> str:
    """The size of the difference alone: `2.6 points`."""
    return say.amount(metric, found.size, found.unit, _digits(found, metric))


def _digits(found: Gap, metric: Metric) -> int:
    """Size and range read as precisely as the range is narrow."""
    if not (math.isfinite(found.low) and math.isfinite(found.high)):
        return 0 if abs(found.size) * say.factor(metric, found.unit) >= 100 else 1
    return say.digits_apart(metric, _interval(found), found.unit)


def _interval(found: Gap) -> Interval:
    return Interval(estimate=found.size, low=found.low, high=found.high)


def levels(finding: Finding, metric: Metric) -> tuple[str, str, str, str]:
    """What was seen and expected, and the ends of the range of what was seen, as precise as that is narrow and alike in
    the check's own words and in the message: (`81 %`, `87 %`, `78 %`, `84 %`)."""
    found = gap(finding, metric)
    if found is None:
        precise = say.level_digits(metric, finding.low, finding.high)
    else:
        precise = say.instead_digits(metric, finding.value, finding.expected, _interval(found), found.unit)
    shown = (finding.value, finding.expected, finding.low, finding.high)
    value, expected, low, high = (say.value(metric, x, precise) for x in shown)
    return value, expected, low, high
