"""Whether a second opinion contradicts a verdict, and what that does to the grade of its evidence."""

import math
from collections.abc import Sequence

from cxmon.model import Agreement, Grade, Interval, Opinion

STRENGTH = tuple(Grade)


def agreement(ours: Interval, other: Interval, limit: float) -> Agreement:
    """How the harm that another method found stands to `ours`, in one unit, positive is worse. The first that holds:

    unknown       one of the two has no range
    opposite      one is surely worse, the other surely better
    across_limit  one surely over the accepted harm `limit`, the other surely under it
    apart         the ranges do not overlap
    excluded      one is sure of a harm or a gain; the other's best guess is none, or the other way, and its range does
                  not hold the first one's estimate
    agrees        none of these: that one of them is less sure, or sees it larger, is no contradiction
    """
    numbers = (ours.low, ours.high, other.low, other.high)
    if not all(math.isfinite(x) for x in numbers):
        return Agreement.UNKNOWN
    for one, two in ((ours, other), (other, ours)):
        if one.low > 0 > two.high:
            return Agreement.OPPOSITE
    for one, two in ((ours, other), (other, ours)):
        if one.low > limit > two.high:
            return Agreement.ACROSS_LIMIT
    if ours.low > other.high or other.low > ours.high:
        return Agreement.APART
    if _excludes(ours, other) or _excludes(other, ours):
        return Agreement.EXCLUDED
    return Agreement.AGREES


def lowered(grade: Grade, opinions: Sequence[Opinion]) -> Grade:
    """The grade, one step weaker where any second opinion contradicts; the weakest stays."""
    if not any(opinion.disputes for opinion in opinions):
        return grade
    return STRENGTH[min(STRENGTH.index(grade) + 1, len(STRENGTH) - 1)]


def weakest(grades: Sequence[Grade]) -> Grade:
    """The weakest of the grades; before and after only where there is none."""
    return max(grades, key=STRENGTH.index, default=Grade.BEFORE_AFTER)


def _excludes(sure: Interval, other: Interval) -> bool:
    """True where `sure` is beyond zero, and `other` holds neither that estimate nor its direction."""
    if sure.low > 0:
        return other.estimate <= 0 and other.high < sure.estimate
    return sure.high < 0 and other.estimate >= 0 and other.low > sure.estimate
