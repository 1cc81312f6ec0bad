"""Where labels go: pins that do not collide, end labels pushed apart, round ticks inside the data's range."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from cxmon.charts.points import Pin

# A bold letter of the widest usual font: a narrower label leaves a gap, a wider one would cover another.
CHAR_PX = 8.0
MARK_PX = 26.0
# A plot on a phone, where the numbered heads stand alone: its width, and a head with room beside it.
NARROW_PX, HEAD_PX = 190.0, 20.0


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A pin at pixel `x`, `level` rows up from the plot, its text on the right side or flipped to the left; on a phone
    its head stands alone, `narrow` rows up."""

    pin: Pin
    day: float
    level: int
    flipped: bool
    narrow: int


def place(pins: Sequence[tuple[Pin, float]], first: float, last: float, width_px: float) -> list[Placed]:
    """Give each (pin, day) a level, so that no label covers another; flip those that would leave the plot."""
    ends: list[float] = []
    heads: list[float] = []
    placed = []
    span = max(last - first, 1)
    for pin, day in sorted(pins, key=lambda pair: pair[1]):
        x = (day - first) / span * width_px
        needs = len(pin.title) * CHAR_PX + MARK_PX
        flipped = x + needs > width_px
        left, right = (x - needs, x + MARK_PX / 2) if flipped else (x - MARK_PX / 2, x + needs)
        head = (day - first) / span * NARROW_PX
        level, narrow = _row(ends, left, right), _row(heads, head - HEAD_PX / 2, head + HEAD_PX / 2)
        placed.append(Placed(pin=pin, day=day, level=level, flipped=flipped, narrow=narrow))
    return placed


def _row(ends: list[float], left: float, right: float) -> int:
    """The first row in which nothing stands at `left` any more; what is put there ends at `right`."""
    row = next((i for i, end in enumerate(ends) if left > end), len(ends))
    ends[row : row + 1] = [right]
    return row


def spread(wanted: Sequence[float], gaps: Sequence[float]) -> list[float]:
    """Heights in px near `wanted`, in its order, such that neighbours keep half of both their gaps.

    The classic pool-adjacent-violators idea on boxes: overlapping neighbours merge into a block centred on its mean.
    """
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    blocks: list[tuple[list[int], float]] = []
    for i in order:
        members, top = [i], wanted[i] - gaps[i] / 2
        while blocks and blocks[-1][1] + sum(gaps[j] for j in blocks[-1][0]) > top:
            members = blocks.pop()[0] + members
            height = sum(gaps[j] for j in members)
            top = sum(wanted[j] for j in members) / len(members) - height / 2
        blocks.append((members, top))
    found = [0.0] * len(wanted)
    for members, top in blocks:
        at = top
        for i in members:
            found[i] = at + gaps[i] / 2
            at += gaps[i]
    return found


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round values inside [low, high]: steps of 1, 2 or 5 times a power of ten."""
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low:
        return []
    raw = (high - low) / about
    power = 10.0 ** math.floor(math.log10(raw))
    step = min((m * power for m in (1, 2, 5, 10)), key=lambda s: abs(s - raw))
    first = math.ceil(low / step - 1e-9)
    return [round(i * step, 10) for i in range(first, math.floor(high / step + 1e-9) + 1)]


def decimals(values: Sequence[float]) -> int:
    """Digits after the point that tell neighbouring ticks apart."""
    if len(values) < 2:
        return 0
    return max(0, -math.floor(math.log10(abs(values[1] - values[0])) + 1e-9))
