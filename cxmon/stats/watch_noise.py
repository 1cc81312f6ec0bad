"""Frozen noise parameters for a monitor: many series at once, by marginal likelihood over a grid, from history only."""

from dataclasses import dataclass

import numpy as np

from cxmon.stats.arrays import TINY, Bools, Floats

AR = ((0.05, 0.5), (0.15, 0.5), (0.15, 0.75), (0.15, 0.92), (0.5, 0.5), (0.5, 0.75), (0.5, 0.92), (1.5, 0.5), (1.5,
0.75),
      (1.5, 0.92), (5.0, 0.5), (5.0, 0.75), (5.0, 0.92))  # fmt: skip
RW = {0.0: 0.0, 1e-4: 0.0, 6e-4: 0.0, 4e-3: -0.3, 0.025: -1.0, 0.15: -2.0, 1.0: -3.0}
KEPT = 3
OUTLYING = 3.0


@dataclass(frozen=True, eq=False)
class Frozen:
    """The KEPT likeliest parameter sets of each series, all (S, J): weights that sum to one, AR variance and
    correlation, random-walk variance, noise scale s2; variances in units of the series' typical sampling variance."""

    weight: Floats
    ar: Floats
    phi: Floats
    rw: Floats
    scale2: Floats


def grid() -> tuple[Floats, Floats, Floats, Floats]:
    """AR variance, AR correlation, random-walk variance and log prior (G,) each."""
    rows = [(0.0, 0.0, rw, np.log(3.0) + lp) for rw, lp in RW.items()]
    rows += [(ar, phi, rw, lp) for ar, phi in AR for rw, lp in RW.items()]
    ar, phi, rw, lp = np.array(rows).T
    return ar, phi, rw, lp


def tame(y: Floats, seen: Bools, window: int = 15) -> Floats:
    """Values (S, T) with wild single periods pulled to three robust sigma around the running median."""
    filled = np.where(seen, y, np.nan)
    T = y.shape[1]
    half = min(window, T) // 2
    padded = np.pad(filled, ((0, 0), (half, half)), mode="reflect") if half and half < T else filled
    views = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1, axis=1) if half else filled[:, :, None]
    empty = ~np.isfinite(views).any(2)
    middle = np.nanmedian(np.where(empty[:, :, None], 0.0, views), axis=2)
    off = np.where(seen, y - middle, 0.0)
    # The median over seen periods only: gaps would pull it to zero.
    spread = 1.4826 * np.nanmedian(
        np.where(seen.any(1, keepdims=True), np.where(seen, np.abs(off), np.nan), 0.0), axis=1
    )
    cut = np.where(spread > 0, OUTLYING * spread, np.inf)[:, None]
    return np.where(seen, middle + np.clip(off, -cut, cut), 0.0)


def freeze(y: Floats, variance: Floats, seen: Bools, lost: Floats, *, known: Bools) -> Frozen:
    """Parameters from history `y` (S, T0) with relative sampling variance, `lost` (S,) degrees of freedom of the
    profile.

    `known` (S,): sampling variance rests on counts, so the noise cannot be much smaller than it says.
    """
    ar, phi, rw, prior = grid()
    S, T = y.shape
    G = len(ar)
    e_one, e_y = np.ones((G, S)), np.zeros((G, S))
    a1, b1, a2, b2 = (np.zeros((G, S)) for _ in range(4))  # states of the two columns: AR part and random-walk part
    ar_, phi_, rw_ = ar[:, None], phi[:, None], rw[:, None]
    p11, p12, p22 = np.repeat(ar_, S, 1), np.zeros((G, S)), np.zeros((G, S))
    one2, cross, y2, log_det = (np.zeros((G, S)) for _ in range(4))
    fresh, phi2 = ar_ * (1 - phi_**2), phi_**2
    for t in range(T):
        c1, c2 = p11 + p12, p12 + p22
        v = c1 + c2 + variance[:, t]
        use = seen[:, t] * 1.0
        g1, g2 = c1 / v * use, c2 / v * use
        e_one, e_y = 1.0 - a1 - a2, y[:, t] - b1 - b2
        w = use / v
        one2 += e_one * e_one * w
        cross += e_one * e_y * w
        y2 += e_y * e_y * w
        log_det += np.log(v) * use
        a1, a2, b1, b2 = phi_ * (a1 + g1 * e_one), a2 + g2 * e_one, phi_ * (b1 + g1 * e_y), b2 + g2 * e_y
        p11, p12, p22 = (p11 - g1 * c1) * phi2 + fresh, (p12 - g1 * c2) * phi_, p22 - g2 * c2 + rw_
    count = seen.sum(1)
    nu0 = np.where(known, 10.0, 2.0)
    nu = np.maximum(count - 1 - lost + nu0, 1.0)
    rss = np.maximum(y2 - cross**2 / np.maximum(one2, TINY), 0.0) + nu0
    evidence = prior[:, None] - 0.5 * (log_det + np.log(np.maximum(one2, TINY)) + nu * np.log(rss))
    best = np.argsort(-evidence, axis=0, kind="stable")[:KEPT]
    weight = np.exp(np.take_along_axis(evidence, best, 0) - evidence.max(0))
    # Few periods of history leave the noise scale itself uncertain: the mean of its posterior, not its mode.
    scale2 = np.take_along_axis(rss, best, 0) / np.maximum(nu - 2, 1.0)
    scale2 = np.maximum(scale2, np.where(known, 0.8, TINY)) * (1 + (lost + 1) / np.maximum(count, 1))
    return Frozen((weight / weight.sum(0)).T, ar[best].T, phi[best].T, rw[best].T, scale2.T)
