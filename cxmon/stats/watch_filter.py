"""The filter under a monitor: both states of a series' noise beside its level, waves and new levels, day by day."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cxmon.stats.arrays import Bools, Floats, Ints
from cxmon.stats.watch_noise import Frozen

# From so many periods on, what the regressors explain is known well enough to cut around it.
STEADY = 20
# Precision of a level of which nothing is known.
UNKNOWN = 1e-6


@dataclass(frozen=True, eq=False)
class Watched:
    """Series `y` (S, T) without profile and rough wave, harm positive, in units; sampling `variance` and third
    cumulant `skew` (S, T) in units, `seen`, the regressors `waves` (T, W) with what was taken out of them, `at`
    (S, W), new levels (S, B) by their first period (T where there is none), and the frozen noise."""

    y: Floats
    variance: Floats
    skew: Floats
    seen: Bools
    waves: Floats
    at: Floats
    levels: Ints
    noise: Frozen


@dataclass(frozen=True, eq=False)
class Day:
    """One period in the filter, (S, J) each: gains of both states, weight 1 / variance (0 where not seen), the
    innovations of the regressors `ex` (p, S, J) and of the value `e`, of which `left` is what the regressors do not
    explain (cut), and the `level` that was expected."""

    g1: Floats
    g2: Floats
    weight: Floats
    ex: Floats
    e: Floats
    left: Floats
    level: Floats


class Filter:
    """Both states of the noise, for the value and each regressor, over series and noise parameters (S, J); A (S, J, p,
    p) and b (S, J, p) are the normal equations of the regressors (level and wave), their prior included."""

    def __init__(self, w: Watched) -> None:
        noise, (S, J), W = w.noise, w.noise.ar.shape, w.waves.shape[1]
        p = 1 + W + w.levels.shape[1]
        self.phi, self.rw, self.fresh = noise.phi, noise.rw, noise.ar * (1 - noise.phi**2)
        self.p11, self.p12, self.p22 = noise.ar.copy(), np.zeros((S, J)), np.zeros((S, J))
        self.m1, self.m2 = np.zeros((S, J)), np.zeros((S, J))
        self.x1, self.x2 = np.zeros((p, S, J)), np.zeros((p, S, J))
        self.A, self.b = np.zeros((S, J, p, p)), np.zeros((S, J, p))
        index = np.arange(p)
        self.A[..., index, index] = UNKNOWN
        self.A[..., index[1 : 1 + W], index[1 : 1 + W]] = 1 / noise.wave[..., None] ** 2
        self.b[..., 1 : 1 + W] = -w.at[:, None] / noise.wave[..., None] ** 2
        self.count = np.zeros((S, 1))

    def of(self, rows: Bools) -> "Filter":
        """That of some series."""
        found = Filter.__new__(Filter)
        for name, x in vars(self).items():
            setattr(found, name, x[:, rows] if name in {"x1", "x2"} else x[rows])
        return found

    @classmethod
    def joined(cls, some: Sequence["Filter"], order: Ints) -> "Filter":
        """Those of several groups of series as one, in this order."""
        found = cls.__new__(cls)
        for name in vars(some[0]):
            whole = np.concatenate([getattr(one, name) for one in some], axis=1 if name in {"x1", "x2"} else 0)
            setattr(found, name, whole[:, order] if name in {"x1", "x2"} else whole[order])
        return found

    def copied(self) -> "Filter":
        """One that goes on by itself."""
        found = Filter.__new__(Filter)
        # The others are never written to: each period puts new ones in their place.
        vars(found).update(vars(self) | {"A": self.A.copy(), "b": self.b.copy()})
        return found

    def day(self, w: Watched, t: int, X: Floats, cut: Floats) -> Day:
        """Takes period `t` in, with its regressors X (p, S); innovations are cut at `cut` (S, 1) deviations."""
        c1, c2 = self.p11 + self.p12, self.p12 + self.p22
        v = c1 + c2 + w.variance[:, t, None]
        use = w.seen[:, t, None] * 1.0
        g1, g2 = c1 / v * use, c2 / v * use
        moved = X[:, :, None] - self.x2
        ex = moved - self.x1
        known = self._known()
        explained = np.add.reduce(ex * known)
        reach = cut * np.sqrt(v * w.noise.scale2)
        left = np.clip(w.y[:, t, None] - self.m1 - self.m2 - explained, -reach, reach)
        e, weight = explained + left, use / v
        level = self.m2 + np.add.reduce(moved * known)
        self.A += np.einsum("psj,qsj,sj->sjpq", ex, ex, weight)
        self.b += (ex * (e * weight)).transpose(1, 2, 0)
        self.m1, self.m2 = (self.m1 + g1 * e) * self.phi, self.m2 + g2 * e
        self.x1, self.x2 = (self.x1 + g1 * ex) * self.phi, self.x2 + g2 * ex
        self.p11, self.p12, self.p22 = (
            (self.p11 - g1 * c1) * self.phi**2 + self.fresh,
            (self.p12 - g1 * c2) * self.phi,
            self.p22 - g2 * c2 + self.rw,
        )
        self.count = self.count + use
        return Day(g1, g2, weight, ex, e, left, level)

    def _known(self) -> Floats:
        """The coefficients of the regressors (p, S, J), 0 in series that have seen too little yet."""
        steady = self.count >= STEADY
        if not steady.any():
            return np.zeros(self.x1.shape)
        solved = np.linalg.solve(self.A, self.b[..., None])[..., 0].transpose(2, 0, 1)
        return solved if steady.all() else np.where(steady, solved, 0.0)


def regressors(w: Watched, begin: int, end: int) -> Floats:
    """Level, waves and new levels (end - begin, p, S) of the periods from `begin` on."""
    S, waves = len(w.y), w.waves[begin:end]
    new = np.arange(begin, end)[:, None, None] >= w.levels.T
    fixed = np.concatenate([np.ones((len(waves), 1)), waves], axis=1)[:, :, None]
    return np.concatenate([np.broadcast_to(fixed, (*fixed.shape[:2], S)), new], axis=1)
