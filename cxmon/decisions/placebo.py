"""How unusual a harm is, for laymen: how often the figures moved as much in a window in which nothing was changed."""

import numpy as np
import numpy.typing as npt

from cxmon.model import Placebo

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# Fewer windows than this are no comparison.
FEWEST = 30


def placebo(
    values: Floats, at: int, until: int, *, labels: Ints, shared: Floats | None, sign: int, back: int
) -> Placebo | None:
    """Compares the move at the change with the moves at all earlier dates; None with fewer than 30 of them.

    The move at a date s is the mean of `until - at` periods from s on minus the mean of the `back` periods before s, of
    `values` (T,) without their profile (`labels` (T,), learnt before the change) and without the `shared` movement of
    the controls (T,). Windows begin on every date and overlap; all end before `at`. `sign` +1 where a rise is harm. A
    window with fewer than half of its periods measured is none. It counts and models nothing, so it may disagree with
    the interval, which knows of trend, season and the number of looks.
    """
    x = values if shared is None else values - shared
    x = x - _profile(x[:at], labels[:at], labels)
    length = until - at
    moves = np.array([_move(x, s, length, back) for s in range(back, at - length + 1)])
    moves = moves[np.isfinite(moves)]
    found = _move(x, at, length, back)
    if len(moves) < FEWEST or not np.isfinite(found):
        return None
    return Placebo(as_large=int((sign * moves >= sign * found).sum()), windows=len(moves))


def shared_movement(controls: Floats, at: int) -> Floats:
    """The mean (T,) of the controls (K, T), each around its own mean before `at`; NaN where none was measured."""
    around = controls - _mean(controls[:, :at], 1)[:, None]
    return _mean(around, 0)


def _move(x: Floats, s: int, length: int, back: int) -> float:
    before, after = x[max(s - back, 0) : s], x[s : s + length]
    if 2 * np.isfinite(before).sum() < back or 2 * np.isfinite(after).sum() < length:
        return float("nan")
    return float(_mean(after, 0) - _mean(before, 0))


def _profile(past: Floats, of_past: Ints, labels: Ints) -> Floats:
    """Each period's (T,) usual distance from the mean by its label; 0 for labels that the past does not know."""
    level = _mean(past, 0)
    found = np.zeros(int(labels.max(initial=0)) + 1)
    for label in np.unique(of_past):
        mean = float(_mean(past[of_past == label], 0))
        found[label] = mean - level if np.isfinite(mean) else 0.0
    return np.asarray(found[labels])


def _mean(x: Floats, axis: int) -> Floats:
    """The mean of what is measured, NaN where nothing is."""
    seen = np.isfinite(x)
    count = seen.sum(axis)
    total = np.where(seen, x, 0.0).sum(axis)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan))
