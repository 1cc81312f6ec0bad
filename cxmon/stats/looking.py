"""How much more is learnt between the first look at a change, this one and the horizon: what daily reading costs."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from cxmon.stats import boundary
from cxmon.stats.arrays import TINY, Floats, Ints
from cxmon.stats.estimator import Fitted
from cxmon.stats.filtering import gains, whiten
from cxmon.stats.mixture import Mixture
from cxmon.stats.noise import candidates

LONGEST_BACK = 400
# Without a horizon an interval may be read for so many periods at least.
LONGEST_WATCH = 365


@dataclass(frozen=True)
class Interval:
    """Estimate, interval and p-value of one posterior."""

    estimate: float
    low: float
    high: float
    p_value: float
    se: float


def intervals(found: Mixture, confidence: float, levels: Floats, p_values: Floats) -> list[Interval]:
    """Equal-tailed intervals whose error is `levels` (S,), with the p-values (S,) that go with them."""
    ends = found.quantiles(np.stack([levels / 2, 1 - levels / 2], axis=1))
    alpha, out = 1 - confidence, []
    for s, (middle, spread) in enumerate(zip(found.center(), found.spread(), strict=True)):
        low, high, p = float(ends[s, 0]), float(ends[s, 1]), float(p_values[s])
        # The two agree but for the last digits of the quantile search.
        if p < alpha and low <= 0 <= high:
            p = alpha
        elif p >= alpha and not low <= 0 <= high:
            p = float(np.nextafter(alpha, 0))
        out.append(Interval(float(middle), low, high, p, float(spread)))
    return out


def once(found: Mixture, confidence: float) -> list[Interval]:
    """Intervals that are read once."""
    return intervals(found, confidence, np.full(len(found.weight), 1 - confidence), found.p_value())


def daily(f: Fitted, found: Mixture, confidence: float, horizon: int | None) -> list[Interval]:
    """Intervals that may be read after every period: with 0.9 of the error up to the horizon, 0.1 beyond it."""
    alpha, nominal_p = 1 - confidence, found.p_value()
    levels, p_values = np.empty(len(nominal_p)), np.empty(len(nominal_p))
    for s, fixed in enumerate(nominal_p):
        zones = _zones(f, s, np.flatnonzero(f.problem.judged[s]) - f.problem.at, horizon)
        levels[s] = _level(alpha, zones)
        p_values[s] = max(boundary.overall(float(fixed), length, share) for length, share in zones)
    return intervals(found, confidence, levels, p_values)


def levels_ahead(f: Fitted, periods: Ints, confidence: float, horizon: int) -> Floats:
    """The error (K,) of the first series' daily interval after each of the `periods` past the change, NaN where none
    was measured yet. It is known before they come: noise parameters are frozen."""
    judged = np.flatnonzero(f.problem.judged[0]) - f.problem.at
    known = [judged[:count] for count in np.searchsorted(judged, periods).tolist()]
    return np.array([_level(1 - confidence, _zones(f, 0, j, horizon)) if len(j) else np.nan for j in known])


def _level(alpha: float, zones: list[tuple[float, float]]) -> float:
    return min(boundary.nominal(round(alpha, 12), round(length, 3), share) for length, share in zones)


def _zones(f: Fitted, s: int, judged: Ints, horizon: int | None) -> list[tuple[float, float]]:
    """Length and share of the error of each zone that the look after the periods `judged` falls in."""
    age = int(judged[-1]) + 1
    last = max(age, LONGEST_WATCH) if horizon is None else max(int(horizon), 1)
    total, left, beyond = _looks(f, s, judged, last)
    zones = [boundary.zone(total, left)]
    if age > last:
        zones.append((beyond, 1 - boundary.SPENT_TO_HORIZON))
    return zones


def _looks(f: Fitted, s: int, judged: Ints, horizon: int) -> tuple[float, float, float]:
    """Log ratios of the step's information with frozen noise: first look to horizon, this look to horizon, and
    horizon to ten horizons.

    Where the judged periods follow a gap longer than half of them, they are taken for a window that moves along
    ("now"): its estimates forget, so what counts is how often the window renews itself up to the horizon (windows of w
    periods, d apart, correlate by 1 - d / w).
    """
    p = f.problem
    count = len(judged)
    late, now = int(judged[0]), int(judged[-1]) + 1
    span = max(horizon, late + 1)
    gap = late + p.at - 1 - int(np.flatnonzero(p.seen[s, : p.at])[-1])
    if 2 * gap > count:
        renewed = 2.0 * max(span - count, 0) / count
        return renewed, renewed, 2.0 * 9 * span / count
    known = _information(min(int(p.n_pre[s]), LONGEST_BACK), late, 3 * span)
    weight = f.weight[:, s].sum(0)
    curve = weight @ known[p.which[s]]

    def ratio(end: int, start: int) -> float:
        return max(float(curve[end - 1] - curve[start - 1]), 0.0)

    return ratio(span, late + 1), ratio(span, min(now, span)), ratio(3 * span, span) * float(np.log(10.0) / np.log(3.0))


@lru_cache(maxsize=256)
def _information(back: int, late: int, ahead: int) -> Floats:
    """Log information (G, ahead) on a step after each period, `back` periods of history, the first `late` not seen."""
    noise = candidates(np.zeros(1, bool), np.ones(1))[0]
    size = back + ahead
    after = np.arange(size) - back
    seen = (after < 0) | (after >= late)
    columns = np.stack([np.ones(size), after >= 0.0], axis=1)[:, :, None]
    rows = whiten(columns, gains(np.ones((1, size)), seen[None], noise, size), 0).rows[0]
    one, step = rows[:, 0], rows[:, 1]
    a, b, c = (np.cumsum(x, axis=1)[:, back:] for x in (step * step, one * step, one * one))
    return np.asarray(np.log(np.maximum(a - b**2 / np.maximum(c, TINY), TINY)))
