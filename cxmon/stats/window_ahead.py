"""Where a series will be: the mean of a window that lies ahead, with all that is not known of it.

The forecast is that of the effect's free reading: level, profile, yearly wave, a trend that is shrunk towards none,
noise that stays a while and a level that wanders, averaged over noise parameters and trends that the past allows. What
is known of the window already counts as it is.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from cxmon.stats.arrays import vector
from cxmon.stats.asked import asked
from cxmon.stats.estimator import fit, forecast_mean
from cxmon.stats.mixture import Mixture
from cxmon.stats.problem import problem, too_little, usable
from cxmon.stats.profiles import columns


@dataclass(frozen=True, kw_only=True, eq=False)
class Destination:
    """The mean of a window ahead in the values' units: its expectation, and the range low..high that holds it with the
    confidence asked for; NaN with a `reason` where the past is too short. Of the window's periods the share `known` is
    in already, and adds `sure` to the mean; `ahead` is the mean of the others. `season_unknown` as in `Effect`."""

    expected: float
    low: float
    high: float
    n_pre: int
    reason: str = ""
    known: float = 0.0
    sure: float = 0.0
    ahead: Mixture | None = None
    season_unknown: bool = False

    def above(self, bar: float) -> float:
        """The chance that the mean is above `bar`; NaN where nothing is known."""
        if self.ahead is None:
            return math.nan
        need = (bar - self.sure) / (1 - self.known)
        return float(1 - self.ahead.below(np.array([[need]]))[0, 0])


def destination(values: Any, at: int, window: tuple[int, int], *, confidence: float = 0.8, **asks: Any) -> Destination:
    """Forecasts the mean of the periods `window` (first, last + 1) of `values` (T,), known before `at`.

    From `at` on values only say which periods will be measured; those in the window must be finite where they will.
    Options as in `effect`, with `n` and `se` of later periods as they are expected. ValueError where the window is
    over at `at`.
    """
    y = vector("values", values)
    first, last = window
    if last <= at:
        raise ValueError(f"the window ends at {last}, expected after {at}")
    ahead = np.where((np.arange(len(y)) >= at) & (np.arange(len(y)) < first), np.nan, y)[:last]
    cut = {k: v[..., :last] if k in {"n", "se", "period"} and np.ndim(v) else v for k, v in asks.items()}
    _, whole = asked(ahead[None], at, **cut)[0]
    seen, judged = usable(whole)
    n_pre, n_ahead = int(seen[0, :at].sum()), int(judged[0].sum())
    p, nan = problem(whole), float("nan")
    if p is None:
        reason = too_little(n_pre, n_ahead, columns(whole.period, last).shape[1])
        return Destination(expected=nan, low=nan, high=nan, n_pre=n_pre, reason=reason)
    found = forecast_mean(fit(p))
    measured = y[first:at][np.isfinite(y[first:at])]
    count = len(measured) + n_ahead
    known, sure = len(measured) / count, float(measured.sum()) / count
    tail = (1 - confidence) / 2
    ends = found.quantiles(np.array([[tail, 1 - tail]]))[0]
    middle, low, high = (sure + (1 - known) * float(x) for x in (found.center()[0], *ends))
    return Destination(
        expected=middle, low=low, high=high, n_pre=n_pre, known=known, sure=sure, ahead=found,
        season_unknown=bool(p.season_unknown[0]),
    )  # fmt: skip
