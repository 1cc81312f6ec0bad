"""Where labels go: pins that do not collide, end labels pushed apart, round ticks inside the data's range."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cxmon.charts.points import Pin
from cxmon.model import Tone

# A bold letter of the widest usual font: a narrower label leaves a gap, a wider one would cover another.
CHAR_PX = 8.0
MARK_PX = 26.0
# A row of pins: a head of 18 px, or a title of 12 px with the halo around it, and room to the next.
ROW_PX = 21.0
# Titles in more rows than these would take the figures' room.
ROWS = 5
# A plot on a phone, where the numbered heads stand alone: its width, and a head with room beside it.
NARROW_PX, HEAD_PX = 190.0, 20.0
# Whose title stands where there is not room for all.
_GRAVEST = (Tone.RED, Tone.AMBER, Tone.TEAL, Tone.GREY)


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A pin at pixel `x`, `level` rows down from the top, its text on the right side or flipped to the left, or, where
    it is not `titled`, its head alone, as on a phone, `narrow` rows down."""

    pin: Pin
    day: float
    x: float
    level: int
    flipped: bool
    narrow: int
    titled: bool

    @property
    def box(self) -> tuple[float, float]:
        """From where to where it covers its row, in px: head, title and the halo around them."""
        half = HEAD_PX / 2
        if not self.titled:
            return self.x - half, self.x + half
        needs = len(self.pin.title) * CHAR_PX + MARK_PX
        return (self.x - needs, self.x + half) if self.flipped else (self.x - half, self.x + needs)


def place(pins: Sequence[tuple[Pin, float]], first: float, last: float, width_px: float) -> list[Placed]:
    """Give each (pin, day) a row, so that nothing covers a head or a title; flip titles that would leave the plot.
    Where `ROWS` rows, or those that the heads take, have not room for all titles, the least grave are left out, the
    oldest first."""
    order = sorted(pins, key=lambda pair: pair[1])
    dispensable = sorted(range(len(order)), key=lambda i: (-_GRAVEST.index(order[i][0].tone), order[i][1]))
    heads = _placed(order, set(dispensable), first, last, width_px)
    most = max(ROWS, *(p.level + 1 for p in heads)) if heads else ROWS
    for left_out in range(len(order)):
        found = _placed(order, set(dispensable[:left_out]), first, last, width_px)
        if all(p.level < most for p in found):
            return found
    return heads


def _placed(
    order: Sequence[tuple[Pin, float]], untitled: set[int], first: float, last: float, width_px: float
) -> list[Placed]:
    span = max(last - first, 1)
    rows: list[float] = []
    heads: list[float] = []
    found = []
    for i, (pin, day) in enumerate(order):
        x, head = ((day - first) / span * width for width in (width_px, NARROW_PX))
        flipped = x + len(pin.title) * CHAR_PX + MARK_PX > width_px
        alone = Placed(pin=pin, day=day, x=x, level=0, flipped=flipped, narrow=0, titled=i not in untitled)
        level, narrow = _row(rows, *alone.box), _row(heads, head - HEAD_PX / 2, head + HEAD_PX / 2)
        found.append(replace(alone, level=level, narrow=narrow))
    return found


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
