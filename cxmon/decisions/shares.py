"""How the error of calling a harmless change harmful is split over metrics and over the two readings of each."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cxmon.model import Change, Metric

# The chance that a harmless change is ever called harmed or worse, on any of its metrics (design section 5, law 3).
HARM_ERROR = 0.05
# "So far" carries the verdict and gets four fifths of a metric's share; "now", the last 14 periods, gets the rest.
SO_FAR = 0.8
NOW_PERIODS = 14


@dataclass(frozen=True, kw_only=True)
class Share:
    """One metric's part of the harm-side error: `so_far` + `now` over all metrics sum to `HARM_ERROR`."""

    so_far: float
    now: float

    @property
    def confidence(self) -> float:
        """The two-sided confidence of the "so far" interval whose lower end errs with probability `so_far`."""
        return 1 - 2 * self.so_far

    @property
    def confidence_now(self) -> float:
        return 1 - 2 * self.now


def shares(watched: Sequence[str], weights: Mapping[str, float]) -> dict[str, Share]:
    """Each watched metric's share by its weight (1 where none was declared).

    Weights of metrics that are not watched count for nothing. Raises ValueError for a weight that is not above zero.
    """
    found = {metric: float(weights.get(metric, 1.0)) for metric in dict.fromkeys(watched)}
    for metric, weight in found.items():
        if not (weight > 0 and math.isfinite(weight)):
            raise ValueError(f"weights: {metric}: found {weight}, expected a number above zero")
    total = math.fsum(found.values())
    return {
        metric: Share(so_far=HARM_ERROR * SO_FAR * weight / total, now=HARM_ERROR * (1 - SO_FAR) * weight / total)
        for metric, weight in found.items()
    }


def watched(change: Change, metrics: Mapping[str, Metric]) -> tuple[str, ...]:
    """The metrics a change is judged on, in the plan's order.

    Those with a limit or an aim, its guards and the guards of all these; every metric where it names none.
    """
    named = {*change.limits, *change.aims, *change.guards}
    named |= {guard for metric in named & metrics.keys() for guard in metrics[metric].guards}
    return tuple(metric for metric in metrics if not named or metric in named)
