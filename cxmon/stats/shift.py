"""When did the level change, in retrospect? One change at a time, against everything that also wanders without one.

A change is accepted where a step (or a passing change, two steps) explains what the best correlated noise without it
does not: the gain in maximised likelihood, noise parameters fitted anew on both sides, must beat chance over all
possible dates.
"""

from typing import Any

import numpy as np
from scipy.stats import chi2

from cxmon.stats.arrays import TINY, Bools, Floats, vector
from cxmon.stats.filtering import Noise, gains, log_det, whiten
from cxmon.stats.mixture import mix
from cxmon.stats.noise import KINDS, sampling
from cxmon.stats.profiles import columns, without_profile, yearly_columns
from cxmon.stats.regression import Posterior, Prior, products, solve
from cxmon.stats.results import Shift
from cxmon.stats.watch_noise import grid, tame

LEAST = 12
MOST = 8
DATES = 180
PASSING = (12, 20, 28, 42)
LEVEL = 0.01
DAYS = 365.25


def shifts(
    values: Any, *, n: Any = None, kind: str = "mean", period: Any = 7, yearly: float | None = None
) -> list[Shift]:  # fmt: skip
    """Lasting changes of level in `values` (T,), NaN = missing, in order; sizes in the values' units with 95 %
    intervals.

    n, kind, period, yearly   as in `effect`; with a daily week (period 7) and no `yearly`, a wave of 365.25 periods is
                              allowed for, so that a season is not taken for a change
    p_value                   chance that noise alone gains as much anywhere in the series, at most 0.01

    Under 12 usable values nothing is reported. ValueError on wrong shapes or names. Method: docs/methods/shifts.md.
    """
    y = vector("values", values)
    T = len(y)
    if kind not in KINDS:
        raise ValueError(f"kind is {kind!r}, expected one of {', '.join(KINDS)}")
    counts = None if n is None else np.nan_to_num(vector("n", n, T))
    seen = np.isfinite(y) & (True if counts is None else counts > 0)
    if seen.sum() < LEAST:
        return []
    return _Search(y, counts, seen, kind, period, yearly).run()


class _Search:
    """One series on the scale of its typical noise, and the changes accepted so far."""

    def __init__(self, y: Floats, n: Floats | None, seen: Bools, kind: str, period: Any, yearly: float | None) -> None:
        T = len(y)
        profile = columns(period, T)
        cycle = profile.shape[1] + 1
        season = yearly if yearly is not None or cycle != 7 else DAYS
        waves: Floats = yearly_columns(season, T) if season is None or season <= T else self._half_wave(season, T)
        every = np.ones(T, bool)
        filled = np.where(seen, y, 0.0)
        flat = without_profile(np.where(seen, y, np.nan)[None, :], profile)[0]
        flat = np.where(seen, flat, 0.0)
        measured = filled if kind in {"proportion", "rate"} and n is not None else flat
        noise = sampling(
            measured[None], None if n is None else np.where(seen, n, 1.0)[None], None, kind, seen[None], every
        )
        variance = noise.variance[0]
        self.unit = float(np.sqrt(np.median(variance[seen])))
        self.variance, self.seen, self.T = variance / self.unit**2, seen, T
        center = float(np.median(flat[seen]))
        tamed = tame(((flat - center) / self.unit)[None, :], seen[None, :])[0]
        self.y = np.where(seen, tamed + (filled - flat) / self.unit, 0.0)
        base = np.c_[np.ones(T), profile, waves]
        self.base, self.known = base, bool(noise.known[0])
        wide = np.full(base.shape[1] - 1, 1 / (3 * max(float(np.std(self.y[seen])), 1.0)) ** 2)
        self.base_precision = np.r_[0.0, wide]
        ar, phi, rw, self.log_prior = grid()
        self.noise = Noise(ar[None], phi[None], rw[None])
        self.edge = max(3, min(cycle, T // 6))
        self.spacing = max(1, T // DATES)
        self.dates = T / 5.0

    @staticmethod
    def _half_wave(season: float, T: int) -> Floats:
        """Under a year of data: one harmonic once half a year is there, else none."""
        if season / 2 > T:
            return np.zeros((T, 0))
        angle = 2 * np.pi * np.arange(T) / season
        return np.asarray(np.stack([np.sin(angle), np.cos(angle)], axis=1), float)

    def run(self) -> list[Shift]:
        found: list[int] = []
        while len(found) < MOST:
            best = self._next(found)
            if best is None:
                break
            found = sorted({*found, *best})
        return self._told(found)

    def _step(self, at: int) -> Floats:
        return np.asarray(np.arange(self.T) >= at, float)

    def _design(self, found: list[int]) -> tuple[Floats, Prior]:
        Z = np.column_stack([self.base, *(self._step(at) for at in found)]) if found else self.base
        precision = np.r_[self.base_precision, np.full(len(found), 1e-6)][None]
        prior = Prior(
            mean=np.zeros(precision.shape), precision=precision, last=np.zeros((1, 1, 0)), log_weight=np.zeros((1, 1)),
            nu0=np.full(1, 10.0 if self.known else 1.0), least=np.full(1, 0.7 if self.known else TINY), flat=1,
        )  # fmt: skip
        return Z, prior

    def _likelihood(self, log_det: Floats, rss: Floats, log_prior: Floats) -> Floats:
        count = self.seen.sum() + (10.0 if self.known else 1.0)
        return np.asarray(log_prior - 0.5 * log_det - 0.5 * count * np.log(rss))

    def _rows(self, columns: Floats, noise: Noise) -> tuple[Floats, Floats]:
        """Whitened columns (1, G, m, T) and the log determinant (1, G) of the noise covariance."""
        filtered = gains(self.variance[None], self.seen[None], noise, self.T)
        return whiten(columns[:, :, None], filtered, 0).rows, log_det(filtered, self.T)

    def _fit(self, found: list[int], noise: Noise, more: Floats) -> tuple[Posterior, Floats, Floats]:
        """Posterior with the changes `found`, log determinant (G,) and the whitened rows (G, m, T), `more` last."""
        Z, prior = self._design(found)
        rows, log_det = self._rows(np.c_[Z, self.y, more], noise)
        width = Z.shape[1]
        M = products(rows[:, :, : width + 1])
        return solve(M, width, log_det, np.array([self.seen.sum()]), prior), log_det[0], rows[0]

    def _plain(self, found: list[int]) -> tuple[float, Floats]:
        """Best log likelihood with the changes `found`, and that of each noise parameter set (G,)."""
        fit, log_det, _ = self._fit(found, self.noise, np.zeros((self.T, 0)))
        ll = self._likelihood(log_det, fit.rss[0, 0], self.log_prior)
        return float(ll.max()), ll

    def _few(self, ll: Floats) -> tuple[Noise, Floats]:
        """The parameter sets a scan over dates uses: the best, and the best among those that wander less and less."""
        pick = {int(ll.argmax())}
        for most in (0.0, 1e-4, 4e-3):
            pick.add(int(np.where(self.noise.rw[0] <= most, ll, -np.inf).argmax()))
        rows = sorted(pick)
        return Noise(*(x[:, rows] for x in (self.noise.ar, self.noise.phi, self.noise.rw))), self.log_prior[rows]

    def _scan(self, found: list[int], spans: list[tuple[int, int]], few: tuple[Noise, Floats]) -> Floats:
        """Best log likelihood (D,) with each span [from, to) changed as well."""
        index = np.arange(self.T)[:, None]
        first, last = np.array(spans).T
        noise, log_prior = few
        fit, log_det, rows = self._fit(found, noise, ((index >= first) & (index < last)) * 1.0)
        # Hundreds of columns, each added alone: what the regressors leave of it, and what that explains.
        width = fit.p
        Z, y, D = rows[:, :width], rows[:, width], rows[:, width + 1 :]
        across = Z @ D.swapaxes(1, 2)
        covariance, b = fit.covariance()[:, :, 0, 0].transpose(2, 0, 1), fit.coefficients[:, 0, 0].T
        information = (D**2).sum(2) - (across * (covariance @ across)).sum(1)
        gain = (D @ y[:, :, None])[:, :, 0] - (b[:, None] @ across)[:, 0]
        left = np.maximum(fit.rss[0, 0][:, None] - gain**2 / np.maximum(information, TINY), TINY)
        ll = self._likelihood(log_det[:, None], left, log_prior[:, None])
        return np.asarray(ll.max(0))

    def _next(self, found: list[int]) -> list[int] | None:
        base, ll = self._plain(found)
        few = self._few(ll)
        dates = [t for t in range(self.edge, self.T - self.edge + 1, self.spacing) if self._free(t, found)]
        if not dates:
            return None
        lasting = [(t, self.T) for t in dates]
        passing = [
            (t, t + w) for t in dates for w in PASSING if t + w <= self.T - self.edge and self._free(t + w, found)
        ]
        gains = self._scan(found, lasting + passing, few) - base
        # A passing change has another free date, so it must gain more to be preferred.
        gains[len(lasting) :] -= np.log(len(PASSING)) + 1.0
        order = np.argsort(-gains, kind="stable")
        for i in order[:2]:
            if self._p(float(gains[i]) + 2.0) > LEVEL:  # The full grid may gain a little more than the few sets.
                return None
            span = self._sharpen(found, (lasting + passing)[i], few)
            new = [span[0]] if span[1] >= self.T else [span[0], span[1]]
            gain = self._plain(sorted({*found, *new}))[0] - base
            if self._p(gain - (len(new) - 1) * 3.5) <= LEVEL:
                return new
        return None

    def _free(self, at: int, found: list[int]) -> bool:
        return all(abs(at - other) >= self.edge for other in found)

    def _sharpen(self, found: list[int], span: tuple[int, int], few: tuple[Noise, Floats]) -> tuple[int, int]:
        """The best dates within a few periods of a coarse span."""
        reach = range(-2 * self.spacing, 2 * self.spacing + 1)
        for side in (0, 1):
            if span[side] >= self.T:
                continue
            near = []
            for k in reach:
                moved = (span[0] + k, span[1]) if side == 0 else (span[0], span[1] + k)
                if (
                    self.edge <= moved[0] < moved[1]
                    and self._free(moved[side], found)
                    and moved[side] <= self.T - self.edge
                ):
                    near.append(moved)
            if near:
                span = near[int(np.argmax(self._scan(found, near, few)))]
        return span

    def _p(self, gain: float) -> float:
        return float(min(1.0, self.dates * chi2.sf(max(2 * gain, 0.0), 1)))

    def _told(self, found: list[int]) -> list[Shift]:
        """Sizes and intervals from the joint fit; a change that the others explain by now is dropped."""
        while found:
            full = self._plain(found)[0]
            p = [self._p(full - self._plain([o for o in found if o != at])[0]) for at in found]
            worst = int(np.argmax(p))
            if p[worst] <= LEVEL:
                break
            found = [at for at in found if at != found[worst]]
        if not found:
            return []
        fit, _, _ = self._fit(found, self.noise, np.zeros((self.T, 0)))
        out = []
        for j, at in enumerate(found):
            i = self.base.shape[1] + j
            scale = np.sqrt(fit.scale2[0] * fit.covariance()[i, i, 0])
            freedom = np.broadcast_to(fit.freedom[:, None], scale.shape)
            m = mix(fit.evidence[0] + self.log_prior, fit.coefficients[i, 0], scale, freedom)
            low, high = (m.quantiles(np.array([[0.025, 0.975]]))[0] * self.unit).tolist()
            out.append(Shift(at=at, size=float(m.center()[0]) * self.unit, low=low, high=high, p_value=p[j]))
        return out
