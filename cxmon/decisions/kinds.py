"""Worse service or other kinds of contacts: the answer that the parts of an incident's gap support. Pure."""

import math
from dataclasses import replace
from enum import StrEnum

from cxmon.model import Kinds, Split, SplitRanges

# What is at most so much of the whole is a side note, and what cannot be more than so much is not what it is about.
SMALL, HALF = 0.25, 0.5


class KindsAnswer(StrEnum):
    """`service` and `mix` are said where the other is small; `service_open` and `mix_open` where it may be large;
    `apart` where neither is beyond chance."""

    SERVICE = "service"
    SERVICE_OPEN = "service_open"
    BOTH = "both"
    MIX = "mix"
    MIX_OPEN = "mix_open"
    APART = "apart"
    NONE = "none"


def kinds_answer(kinds: Kinds) -> KindsAnswer:
    """What can be said of an incident's gap: by the parts that are beyond chance, and how large the other may be."""
    split = kinds.split
    if split is None or split.ranges is None:
        return KindsAnswer.NONE
    other, (low, high) = split.mix + split.entry_exit, _other(split, split.ranges)
    rate, total = split.rate, max(split.rate, 0.0) + max(split.mix + split.entry_exit, 0.0)
    served, mixed = split.ranges.rate[0] > 0, low > 0
    if served and mixed:
        if other <= SMALL * total:
            return KindsAnswer.SERVICE
        return KindsAnswer.MIX if rate <= SMALL * total else KindsAnswer.BOTH
    if served:
        small = other <= SMALL * total and high <= HALF * total
        return KindsAnswer.SERVICE if small else KindsAnswer.SERVICE_OPEN
    if mixed:
        small = rate <= SMALL * total and split.ranges.rate[1] <= HALF * total
        return KindsAnswer.MIX if small else KindsAnswer.MIX_OPEN
    return KindsAnswer.APART


def reconciled(split: Split, told: float | None) -> Split | None:
    """The split of exactly the gap that is `told` (None: of its own): the same kinds of contacts fare so much worse as
    the others leave of it, and their range holds their own estimate's as well as it moved. None where the gap is not
    within the range of what the parts add up to: then they do not speak of the same thing."""
    ranges = split.ranges
    total = split.total if told is None else told
    if ranges is None or not ranges.total[0] <= total <= ranges.total[1]:
        return None
    rate = total - split.mix - split.entry_exit
    low, high = ranges.rate
    moved = rate - split.rate
    wide = min(low, low + moved), max(high, high + moved)
    return replace(
        split, total=total, rate=rate, remainder=0.0, ranges=replace(ranges, rate=wide, remainder=(0.0, 0.0))
    )


def _other(split: Split, ranges: SplitRanges) -> tuple[float, float]:
    """The range of mix, entry and exit together; half widths add up as roots of squares."""
    ends = [(split.mix, ranges.mix), (split.entry_exit, ranges.entry_exit)]
    middle = sum(x for x, _ in ends)
    below, above = math.hypot(*(x - r[0] for x, r in ends)), math.hypot(*(r[1] - x for x, r in ends))
    return middle - below, middle + above
