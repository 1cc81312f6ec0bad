"""Bayesian least squares on whitened rows: coefficients and noise scale integrated out in closed form.

b ~ N(mean, s2 / precision) (precision 0 = flat), s2 ~ scaled inverse chi-squared; Zellner (1971), chapter 3. Cross
products are swept (Goodnight 1979): one pass over a column's pivot takes it out of all others, and leaves behind the
coefficients, their covariance and what each effect column says beyond the regressors. Last axes are series and noise
parameter sets, so that every step is one operation over all of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cxmon.stats.arrays import TINY, Floats, near

# Products of so many numbers a column are swept in rows of so many at a time, right of the diagonal only.
MANY, ROWS = 5_000, 3
# Numbers of swept products that the processor holds while it works on them.
HELD = 250_000


@dataclass(frozen=True, eq=False)
class Prior:
    """Prior means and precisions (S, p), of which the last L have V variants (S, V, L) with log weights (S, V).

    The noise scale 1 is worth `nu0` (S,) periods; `least` (S,) is the smallest scale that is possible: known sampling
    variance cannot be undercut. `flat` counts the regressors without a prior.
    """

    mean: Floats
    precision: Floats
    last: Floats
    log_weight: Floats
    nu0: Floats
    least: Floats
    flat: int

    def of(self, series: slice) -> "Prior":
        """The same for some of the series."""
        mean, precision, last, log_weight, nu0, least = (
            x[series] for x in (self.mean, self.precision, self.last, self.log_weight, self.nu0, self.least)
        )
        return Prior(mean, precision, last, log_weight, nu0, least, self.flat)


@dataclass(frozen=True, eq=False)
class Posterior:
    """Swept cross products (q, q, V, S, G) with the regressors first, and log evidence (V, S, G) of the model without
    effect columns, noise scale (V, S, G) with `freedom` (S,), and residual sum of squares (V, S, G), prior included.
    Where the coefficients are gone, only what is on the diagonal of the products or right of it is true, and there is
    one row for all columns that stand alone."""

    swept: Floats
    p: int
    evidence: Floats
    scale2: Floats
    rss: Floats
    freedom: Floats

    @property
    def coefficients(self) -> Floats:
        """Of the value on the regressors: (p, V, S, G)."""
        return self.swept[: self.p, self.p]

    def covariance(self) -> Floats:
        """Of the coefficients over the noise scale: (p, p, V, S, G)."""
        return -self.swept[: self.p, : self.p]


def products(rows: Floats) -> Floats:
    """Cross products (m, m, S, G) of whitened rows (S, G, m, t)."""
    S, G, m, t = rows.shape
    out = np.empty((m, m, S, G))
    for part in near(S, G * m * t):
        # Products want the rows of one problem side by side, the filter writes those of one period so.
        its = np.ascontiguousarray(rows[part])
        out[:, :, part] = (its @ its.swapaxes(-1, -2)).transpose(2, 3, 0, 1)
    return out


def sweep(M: Floats, k: int) -> Floats:
    """Sweeps pivot `k` of `M` (q, q, ...) in place; returns the pivot as it was."""
    pivot = np.maximum(M[k, k], TINY**2)
    row = M[k] / pivot
    M -= M[:, k][:, None] * row[None]
    M[k], M[:, k] = row, row
    M[k, k] = -1 / pivot
    return np.asarray(pivot)


def _taken_out(M: Floats, k: int, value: int, alone: int = 0, *, keep: bool = False) -> tuple[Floats, Floats]:
    """`M` (q, q, ...) with pivot `k` swept, in place; or the first one where its column is not to be kept, and without
    it (q - 1, q - 1, ...), of which only what is on the diagonal or right of it is true. Also the pivot as it was."""
    if keep:
        return M, sweep(M, k)
    pivot = np.maximum(M[0, 0], TINY**2)
    left, right, own = M[1:, 1:], M[0, 1:] / pivot, M[0, 1:]
    for rows, columns in _half(left, value - 1, alone):
        its = own[rows, None] if rows.stop <= left.shape[1] - alone else own[None, columns]
        left[rows, columns] -= its * right[columns]
    return left, pivot


def _half(M: Floats, value: int, alone: int, *, keep: bool = False) -> Iterator[tuple[slice, slice]]:
    """Rows and columns of symmetric products (q, q, ...) that hold all of them: half will do where they are so many
    that calls do not count, and no column of a pivot is to be kept. Of the `alone` last columns only the products with
    those up to `value` are wanted, and behind all rows one with what they have on the diagonal."""
    end, full = M.shape[1], M.shape[1] - alone
    some = full if keep or M[0].size < MANY else ROWS
    for i in range(0, full, some):
        yield slice(i, min(i + some, full)), slice(i, end if i <= value else full)
    if alone:
        yield slice(full, full + 1), slice(full, end)


def _copy(to: Floats, of: Floats, value: int, alone: int, *, keep: bool) -> None:
    for rows, columns in _half(to, value, alone, keep=keep):
        to[rows, columns] = of[rows, columns]


def solve(
    M: Floats, p: int, log_det: Floats, count: Floats, prior: Prior, *, coefficients: bool = True, alone: int = 0
) -> Posterior:
    """Posterior of a model on cross products `M` (q, q, S, G): p regressors, then the value, then effect columns.

    `log_det` (S, G) is that of the noise covariance, `count` (S,) the number of values. Without `coefficients`
    only what is said of the value and the effects is kept: the regressors are gone (p = 0). Of the last `alone` effect
    columns `M` then holds what they have on the diagonal in its last row (`crossings`).
    """
    P, mean = prior.precision, prior.mean
    variants, (high, wide) = prior.last.shape[1], M.shape[:2]
    first, gone = p - prior.last.shape[2], 0 if coefficients else p
    begin, value = (first, p) if coefficients else (0, p - first)
    log_pivots = np.empty((variants, *log_det.shape))
    swept = np.zeros((high - gone, wide - gone, *log_pivots.shape))
    parts = list(near(len(log_det), swept[..., 0, 0].size * log_det.shape[1], HELD))
    most = max((part.stop - part.start for part in parts), default=0)
    # Fresh memory costs more than what is done in it, so all parts share one room; what is not true in it is finite.
    room = np.zeros((high, wide, most, log_det.shape[1]))
    rooms = np.zeros((high - first + begin, wide - first + begin, variants, *room.shape[2:]))
    for part in parts:
        base, lost = room[:, :, : part.stop - part.start], np.zeros(log_det[part].shape)
        _copy(base, M[:, :, part], p, alone, keep=coefficients)
        _believe(base, slice(0, first), P[part, :first].T, mean[part, :first].T, p)
        for k in range(first):
            base, pivot = _taken_out(base, k, p - k, alone, keep=coefficients)
            lost = lost + np.log(pivot)
        every = rooms[:, :, :, : part.stop - part.start]
        _copy(every, base[:, :, None], value, alone, keep=coefficients)
        _believe(every, slice(begin, value), prior.last[part].T, mean[part, first:].T[:, None], value)
        for k in range(begin, value):
            every, pivot = _taken_out(every, k, value + begin - k, alone, keep=coefficients)
            lost = lost + np.log(pivot)
        _copy(swept[:, :, :, part], every, p - gone, alone, keep=coefficients)
        log_pivots[:, part] = lost
    p -= gone
    rss = np.maximum(swept[p, p] + prior.nu0[:, None], TINY)
    freedom = np.maximum(count - prior.flat + prior.nu0, 1.0)
    known = np.where(P[:, :first] > 0, np.log(np.maximum(P[:, :first], TINY**2)), 0.0).sum(1)
    ridge = known[None, :] + np.log(prior.last).sum(2).T
    evidence = 0.5 * (ridge[:, :, None] - log_det - log_pivots - freedom[:, None] * np.log(rss))
    scale2 = np.maximum(rss / freedom[:, None], prior.least[:, None])
    return Posterior(swept, p, evidence + prior.log_weight.T[:, :, None], scale2, rss, freedom)


def _believe(M: Floats, which: slice, precision: Floats, mean: Floats, value: int) -> None:
    """Adds a prior on the regressors `which`, precision (L, ...) and mean (L, ...) by series, to cross products `M`."""
    index = np.arange(len(M))[which]
    M[index, index] += precision[..., None]
    M[index, value] += (precision * mean)[..., None]
    M[value, index] = M[index, value]
    M[value, value] += (precision * mean**2).sum(0)[..., None]


@dataclass(frozen=True, eq=False)
class Steps:
    """D effect columns, each added alone: log evidence, mean and scale (D, V, S, G), information (D, V, S, G), and
    freedom (S,)."""

    evidence: Floats
    mean: Floats
    scale: Floats
    information: Floats
    freedom: Floats

    @classmethod
    def joined(cls, parts: Sequence["Steps"]) -> "Steps":
        """Those of all series, from parts of them."""
        if len(parts) == 1:
            return parts[0]
        evidence, mean, scale, information = (
            np.concatenate([getattr(part, name) for part in parts], axis=2)
            for name in ("evidence", "mean", "scale", "information")
        )
        return cls(evidence, mean, scale, information, np.concatenate([part.freedom for part in parts]))


def add_steps(fit: Posterior, which: slice, prior: Prior) -> Steps:
    """Each effect column `which` of the swept products added alone to `fit`."""
    index = np.arange(fit.swept.shape[1])[which]
    information = np.maximum(fit.swept[np.minimum(index, len(fit.swept) - 1), index], TINY)
    gain = fit.swept[fit.p, index]
    left = np.maximum(fit.rss - gain**2 / information, TINY)
    freedom = np.maximum(fit.freedom - 1, 1.0)
    scale2 = np.maximum(left / freedom[:, None], prior.least[:, None])
    # Evidence of the smaller model without its own residual term, plus that of the step.
    base = fit.evidence + 0.5 * fit.freedom[:, None] * np.log(fit.rss)
    evidence = base - 0.5 * (np.log(information) + freedom[:, None] * np.log(left))
    return Steps(evidence, gain / information, np.sqrt(scale2 / information), information, freedom)


def bent(fit: Posterior, bends: slice, precision: float) -> Floats:
    """Log evidence (V, S, G) of the columns `bends`, with a prior N(0, s2 / precision), together with the step behind
    them."""
    more, step = bends.stop - bends.start, bends.stop
    M = np.zeros((more + 2, more + 2, *fit.evidence.shape))
    M[:-1, :-1] = fit.swept[bends.start : step + 1, bends.start : step + 1]
    M[:-1, -1], M[-1, -1] = fit.swept[fit.p, bends.start : step + 1], fit.swept[fit.p, fit.p]
    index, lost = np.arange(more), np.zeros(fit.evidence.shape)
    M[index, index] += precision
    for k in range(more + 1):
        M, pivot = _taken_out(M, 0, more + 1 - k)
        lost += np.log(pivot)
    left = np.maximum(M[0, 0] + (fit.rss - fit.swept[fit.p, fit.p]), TINY)
    freedom = np.maximum(fit.freedom - 1, 1.0)[:, None]
    base = fit.evidence + 0.5 * fit.freedom[:, None] * np.log(fit.rss)
    return np.asarray(base + 0.5 * (more * np.log(precision) - lost - freedom * np.log(left)))
