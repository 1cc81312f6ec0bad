"""The monitor itself: a generalised likelihood ratio over the possible first days of a lasting step, after a Kalman
filter.

For every possible onset the filter carries what it has already absorbed of a step begun then; what is left of the
step in the day's innovation is its signature (Willsky & Jones 1976). Innovations are cut at three sigma, so no single
day can alarm.
"""

from dataclasses import dataclass

import numpy as np

from cxmon.stats.arrays import TINY, Bools, Floats, Ints
from cxmon.stats.watch_noise import Frozen

CUT = 3.0
WINDOW = 120
DIFFUSE = 1e4


@dataclass(frozen=True, eq=False)
class Paths:
    """For each watched period (S, D): the statistic, the likeliest onset, the step's size and its standard error."""

    statistic: Floats
    onset: Ints
    size: Floats
    se: Floats


def run(y: Floats, variance: Floats, seen: Bools, noise: Frozen, *, first: int, start: int, sided: int) -> Paths:
    """Watch periods `start`..T-1 of `y` (S, T), harm positive, for steps that began at `first` or later.

    `sided` 1: rises only, 2: either way. Onsets reach back WINDOW periods.
    """
    S, T = y.shape
    J = noise.ar.shape[1]
    flat = tuple(a.reshape(-1) for a in (noise.ar, noise.phi, noise.rw))
    ar, phi, rw = flat
    sd = np.sqrt(noise.scale2).reshape(-1)
    N = S * J
    m1, m2 = np.zeros(N), np.zeros(N)
    p11, p12, p22 = ar.copy(), np.zeros(N), np.full(N, DIFFUSE)
    fresh, phi2 = ar * (1 - phi**2), phi**2
    w = min(WINDOW, max(T - first, 1))
    num, den = np.zeros((N, w)), np.zeros((N, w))
    kept1, kept2 = np.zeros((N, w)), np.zeros((N, w))
    born = np.full(w, -1)
    out = Paths(*(np.zeros((S, T - start)) for _ in range(4)))
    rows = np.repeat(np.arange(S), J)
    level, cut = np.zeros((T, N)), np.zeros((T, N))
    for t in range(T):
        c1, c2 = p11 + p12, p12 + p22
        v = c1 + c2 + variance[rows, t]
        use = seen[rows, t]
        g1, g2 = np.where(use, c1 / v, 0.0), np.where(use, c2 / v, 0.0)
        root = np.sqrt(v)
        z = np.where(use, (y[rows, t] / sd - m1 - m2) / root, 0.0)
        e = np.clip(z, -CUT, CUT) * root
        level[t], cut[t] = m2 * sd, np.abs(z) > CUT
        if t >= first:
            slot = (t - first) % w
            num[:, slot] = den[:, slot] = kept1[:, slot] = kept2[:, slot] = 0.0
            born[slot] = t
            left = 1.0 - kept1 - kept2
            weighted = left * np.where(use, 1 / v, 0.0)[:, None]
            num += weighted * e[:, None]
            den += weighted * left
            kept1 = (kept1 + left * g1[:, None]) * phi[:, None]
            kept2 += left * g2[:, None]
            if t >= start:
                _note(out, t - start, num, den, born, noise, sided)
        m1, m2 = (m1 + g1 * e) * phi, m2 + g2 * e
        p11, p12, p22 = (p11 - g1 * c1) * phi2 + fresh, (p12 - g1 * c2) * phi, p22 - g2 * c2 + rw
    share = noise.weight
    mean_level = np.einsum("tsj,sj->st", level.reshape(T, S, J), share)
    return _sized(out, y, seen, mean_level, np.einsum("tsj,sj->st", cut.reshape(T, S, J), share), start)


def _sized(out: Paths, y: Floats, seen: Bools, level: Floats, cut: Floats, start: int) -> Paths:
    """The same with the plain size, mean since the onset minus the level then, where most of its days were cut: the
    cut keeps single days from alarming, but it would make a large change look small."""
    S, D = out.statistic.shape
    row, day = np.arange(S)[:, None], start + np.arange(D)[None, :]
    onset = np.clip(out.onset.astype(np.int64), 0, day)

    def since(x: Floats) -> Floats:
        sums = np.concatenate([np.zeros((S, 1)), np.cumsum(x, axis=1)], axis=1)
        return np.asarray(sums[row, day + 1] - sums[row, onset])

    count = np.maximum(since(np.asarray(seen, float)), 1.0)
    values = np.where(seen, y, 0.0)
    mean = since(values) / count
    within = np.sqrt(np.maximum(since(values**2) / count - mean**2, 0.0) / count)
    large = since(cut) > count / 2
    size = np.where(large, mean - level[row, onset], out.size)
    return Paths(out.statistic, out.onset, size, np.where(large, np.maximum(out.se, within), out.se))


def _note(out: Paths, day: int, num: Floats, den: Floats, born: Ints, noise: Frozen, sided: int) -> None:
    S, J = noise.weight.shape
    push = np.abs(num) if sided == 2 else np.maximum(num, 0.0)
    ratio = np.where(den > TINY, push**2 / np.maximum(2 * den, TINY), 0.0).reshape(S, J, -1)
    joined = np.einsum("sj,sjw->sw", noise.weight, ratio)
    joined[:, born < 0] = 0.0
    best = joined.argmax(1)
    pick = np.arange(S)
    scale = np.sqrt(noise.scale2)
    n, d = num.reshape(S, J, -1)[pick, :, best], np.maximum(den.reshape(S, J, -1)[pick, :, best], TINY)
    size = n / d * scale
    mean = (noise.weight * size).sum(1)
    spread = (noise.weight * (scale**2 / d + (size - mean[:, None]) ** 2)).sum(1)
    out.statistic[:, day], out.onset[:, day] = joined[pick, best], born[best]
    out.size[:, day], out.se[:, day] = mean, np.sqrt(spread)
