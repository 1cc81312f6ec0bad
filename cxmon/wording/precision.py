"""How many digits a figure with an interval is written with: the one rule for messages, board, terminal and digest."""

import math
from collections.abc import Callable, Sequence

# More digits than this say nothing to anybody: of shares and differences in points or per cent, and of other units.
MOST_OF_SHARES, MOST = 2, 4
# So many more digits are tried where a figure would otherwise read as something that it is not.
MORE = 2
# And so many where an end of a range would read as the zero or the limit that it is not, which is what a verdict says.
TO_BE_APART = 6


def by_width(width: float, most: int = MOST) -> int:
    """Digits after the point for a figure whose interval is `width` wide, all in the unit that is shown: as few as
    move it by at most a quarter of the half width. 82.3 +- 4 is 82, +- 0.2 is 82.3, +- 0.02 is 82.30."""
    if not math.isfinite(width) or width <= 0:
        return 1
    # What is a power of ten but for an error of arithmetic counts as one.
    return min(most, max(0, -math.floor(math.log10(width / 4) + 1e-9)))


def until(start: int, reads_right: Callable[[int], bool], *, more: int = MORE, last: bool = False) -> int:
    """The fewest digits from `start` on with which it reads right; where no `more` of them do it is `start`, or the
    `last` that was tried."""
    tried = range(start, start + more + 1)
    return next((digits for digits in tried if reads_right(digits)), tried[-1] if last else start)


def apart(ends: Sequence[float], marks: Sequence[float], digits: int) -> bool:
    """True where rounding keeps each end apart from each mark that it is not."""
    known = [x for x in ends if math.isfinite(x)]
    return all(round(end, digits) != round(mark, digits) for end in known for mark in marks if end != mark)


def spread(low: float, high: float, digits: int) -> bool:
    """True where a range still reads as one."""
    return low == high or round(low, digits) != round(high, digits)


def reads_zero(text: str) -> bool:
    """True of `0`, `0.0` and the like, in any number format."""
    return not any(mark in "123456789" for mark in text) and any(mark == "0" for mark in text)
