"""How the errors of several estimates hang together, and the interval of their weighted mean.

Estimates of one roll-out share controls, and a segment that waits for its stage is a control of the earlier ones; so
their errors are correlated. Each is, near enough, a contrast in time of its own series less that of its controls:
written as weights on every segment and period, the errors' correlation follows from how such figures wander.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.special import ndtr, ndtri

from cxmon.stats.arrays import TINY, Bools, Floats

# How a segment's own movement may wander beyond sampling noise, in units of the typical sampling variance: not at all,
# with a memory of a week (AR(1) of this variance and correlation), or as a random walk (variance a period). Which of
# them holds is not asked: of each pair the largest correlation that one of them gives is taken.
WANDERS = ((0.0, 0.0, 0.0), (0.6, 0.85, 0.0), (0.0, 0.0, 0.03))
# The movement that all segments share, against each one's own. It cancels where there are controls, and is nearly all
# of the error where there are none.
SHARED = 25.0
LONGEST_BACK = 200
# What the tail is taken for where no single estimate tells: that of a Student distribution with some twenty degrees.
HEAVY = 1.2


@dataclass(frozen=True, kw_only=True)
class Pooled:
    """A mean over `stages` segments, weighted by their answers, with its interval; NaN with a `reason` without any."""

    estimate: float
    low: float
    high: float
    p_value: float
    se: float
    stages: int
    answers: float
    reason: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Window:
    """What one estimate stands on: its own segment (index of a unit), its past (the periods before `past`), the judged
    periods `at` to before `until`, and which units are its controls in which period (U, T)."""

    unit: int
    past: int
    at: int
    until: int
    controls: Bools


def error_correlations(windows: list[Window], variance: Floats) -> Floats:
    """Correlations (R, R) >= 0 of the errors of R estimates; `variance` (U,) is the sampling variance of each unit's
    typical value. On the safe side for a mean with positive weights: the largest over WANDERS, never negative."""
    R = len(windows)
    found = np.eye(R)
    if R < 2:
        return found
    begin = max(min(w.at for w in windows) - LONGEST_BACK, 0)
    end = max(w.until for w in windows)
    typical = max(float(np.median(variance)), TINY**2)
    age = np.arange(end - begin, dtype=float)
    for ar, phi, rw in WANDERS:
        wander = ar * phi ** np.abs(age[:, None] - age) + rw * np.minimum(age[:, None], age) if ar or rw else None
        loads = [_loads(w, variance, typical, wander, begin, end) for w in windows]
        A = np.stack(loads)
        cov = np.einsum("rut,u,qut->rq", A, variance, A)
        if wander is not None:
            cov += typical * np.einsum("rut,ts,qus->rq", A, wander, A, optimize=True)
            whole = A.sum(1)
            cov += SHARED * typical * whole @ wander @ whole.T
        size = np.sqrt(np.maximum(np.diag(cov), TINY**2))
        found = np.maximum(found, np.clip(cov / np.outer(size, size), 0.0, 1.0))
    np.fill_diagonal(found, 1.0)
    return found


def _loads(w: Window, variance: Floats, typical: float, wander: Floats | None, begin: int, end: int) -> Floats:
    """Weights (U, T') of every unit and period in the estimate: a step by generalised least squares on its own series,
    less the same step of the controls' mean."""
    T = end - begin
    index = np.arange(begin, end)
    used = np.flatnonzero((index < w.past) | ((index >= w.at) & (index < w.until)))
    X = np.stack([np.ones(len(used)), index[used] >= w.at], axis=1)
    V = np.eye(len(used)) if wander is None else np.eye(len(used)) + wander[np.ix_(used, used)]
    solved = cho_solve(cho_factor(V), X)
    step = np.zeros(T)
    step[used] = (np.linalg.pinv(X.T @ solved) @ solved.T)[1]
    out = np.zeros((len(variance), T))
    there = w.controls[:, begin:end]
    weight = there / (variance + typical)[:, None]
    out -= step * weight / np.maximum(weight.sum(0), TINY)
    out[w.unit] += step
    return out


def pooled(
    estimate: Floats, low: Floats, high: Floats, se: Floats, p_value: Floats, answers: Floats, correlation: Floats,
    confidence: float,
) -> Pooled:  # fmt: skip
    """The mean of estimates (R,) weighted by `answers`, with the interval recovered from theirs.

    Each side's half width is sqrt(sum of w_i w_j r_ij h_i h_j) over the half widths h of that side: the method of
    variance estimates recovery (Zou & Donner 2008), which keeps what the single intervals know of skewness, of few
    degrees of freedom and of daily reading. The p-value is below 1 - confidence exactly when the interval leaves zero
    out; beyond it falls as slowly as the slowest of the single `p_value` does.
    """
    w = answers / answers.sum()
    middle = float(w @ estimate)

    def spread(sizes: Floats) -> float:
        return float(np.sqrt(max((w * sizes) @ correlation @ (w * sizes), 0.0)))

    below, above = spread(estimate - low), spread(high - estimate)
    out = abs(middle) / max(below if middle > 0 else above, TINY**2)
    sizes = np.abs(estimate) / np.maximum(np.where(estimate > 0, estimate - low, high - estimate), TINY**2)
    at = float(ndtri((1 + confidence) / 2))
    z = at * out ** (1 / _tail(sizes, p_value, at)) if out > 1 or len(estimate) == 1 else at * out
    return Pooled(
        estimate=middle, low=middle - below, high=middle + above, p_value=float(2 * ndtr(-z)), se=spread(se),
        stages=len(estimate), answers=float(answers.sum()),
    )  # fmt: skip


def _tail(out: Floats, p_value: Floats, at: float) -> float:
    """How much faster distances in half widths grow than normal scores: 1 for a normal tail, more for a heavy one.

    Each estimate lies `out` half widths from zero, where its p-value is that of a normal score; `at` is the score of
    one half width.
    """
    score = -ndtri(np.clip(p_value, 1e-300, 1 - TINY) / 2)
    told = (np.abs(np.log(np.maximum(out, TINY))) > 0.2) & (score > 0.01) & ((out > 1) | (len(out) == 1))
    if not told.any():
        return HEAVY
    return float(np.clip(np.log(out[told]) / np.log(score[told] / at), 0.5, 4.0).max())
