"""How unusual a move is, for laymen: how often the figures moved as much in a window in which nothing was changed, and
how many of the segments that nothing touched moved as much at the same date."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from cxmon.model import Placebo, Rank
from cxmon.stats.gap import mean_of

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# Fewer windows than this are no comparison, and fewer untouched segments no ranking.
FEWEST = 30
FEWEST_SEGMENTS = 3


def placebo(
    values: Floats, at: int, until: int, *, labels: Ints, shared: Floats | None, sign: int, back: int
) -> Placebo | None:
    """Compares the move at the change with the moves at all earlier dates; None with fewer than 30 of them.

    The move at a date s is the mean of `until - at` periods from s on minus the mean of the `back` periods before s, of
    `values` (T,) without their profile (`labels` (T,), learnt before the change) and without the `shared` movement of
    the controls (T,). Windows begin on every date and overlap; all end before `at`. `sign` +1 asks for rises as large
    as the one found, -1 for falls. A window with fewer than half of its periods measured is none. Long windows
    leave few that do not overlap, among which the extreme is nothing rare: their number is told. It counts and models
    nothing, so it may disagree with the interval, which knows of trend, season and the number of looks.
    """
    x = values if shared is None else values - shared
    x = x - _profile(x[:at], labels[:at], labels)
    length = until - at
    moves = np.array([_move(x, s, length, back) for s in range(back, at - length + 1)])
    moves = moves[np.isfinite(moves)]
    found = _move(x, at, length, back)
    if len(moves) < FEWEST or not np.isfinite(found):
        return None
    separate = 1 + (len(moves) - 1) // length
    return Placebo(as_large=int((sign * moves >= sign * found).sum()), windows=len(moves), separate=separate)


def rank_among(touched: float, untouched: Sequence[float], *, sign: int) -> Rank | None:
    """The place of the touched segment among all judged alike at the change's date, 1 = moved most in direction `sign`.

    Moves are estimates over their standard errors, each segment's against the others; NaN ones do not count. None with
    fewer than three untouched segments. If all segments were exchangeable the chance of this place or a better one
    would be place / of, and never below 1 / of (Abadie, Diamond and Hainmueller 2010). Ties count against it.
    """
    known = [move for move in untouched if math.isfinite(move)]
    if len(known) < FEWEST_SEGMENTS or not math.isfinite(touched):
        return None
    return Rank(place=1 + sum(sign * move >= sign * touched for move in known), of=len(known) + 1)


def _move(x: Floats, s: int, length: int, back: int) -> float:
    before, after = x[max(s - back, 0) : s], x[s : s + length]
    if 2 * np.isfinite(before).sum() < back or 2 * np.isfinite(after).sum() < length:
        return float("nan")
    return float(mean_of(after, 0) - mean_of(before, 0))


def _profile(past: Floats, of_past: Ints, labels: Ints) -> Floats:
    """Each period's (T,) usual distance from the mean by its label; 0 for labels that the past does not know."""
    level = mean_of(past, 0)
    found = np.zeros(int(labels.max(initial=0)) + 1)
    for label in np.unique(of_past):
        mean = float(mean_of(past[of_past == label], 0))
        found[label] = mean - level if np.isfinite(mean) else 0.0
    return np.asarray(found[labels])
