"""What durations say themselves of when they became known: one that began on a day is known when it has ended.

A log of ended tickets by the day they began holds only the quick ones of its newest days: cut by closing date, its
figures improve towards the end though nothing changed. Where no revision says when figures came, the durations do, and
the log is taken to end with the newest period that has any figure, not with the day on which it is read.
"""

import numpy as np
import numpy.typing as npt

from cxmon import sketch
from cxmon.model import Grain, Kind
from cxmon.panel import ARRIVAL_AGES, Panel

Floats = npt.NDArray[np.float64]

DAY = 86_400.0
# Periods that are followed at most: a reference, and what may be slow now.
MOST = 180


def log_end(panel: Panel) -> float | None:
    """Epoch seconds of the end of the newest period with any figure; None where the panel has none."""
    some = np.flatnonzero(panel.n.any(axis=0))
    return float(panel.ends()[some[-1]]) if len(some) else None


def own_triangle(panel: Panel) -> Floats | None:
    """What was known of each period at each age (1, T, A, 1), all series together, from how long what began in it took;
    None where the figures are no durations by the calendar in a unit of time, or may still be open.

    What began within a period began in its middle, on average.
    """
    metric = panel.metric
    unit, business = metric.unit_seconds, metric.making is not None and metric.making.hours is not None
    if metric.kind is not Kind.QUANTILE or metric.read.censored or panel.counts is None or unit is None or business:
        return None
    end = log_end(panel)
    if end is None or metric.grain is Grain.HOUR:
        return None
    T, ends = len(panel.starts), panel.ends()
    first = max(0, T - MOST)
    counts = panel.counts[:, first:].sum(0)
    half = (ends[first:] - panel.starts[first:]) / 2
    found = np.full((T, len(ARRIVAL_AGES)), np.nan)
    for a, age in enumerate(ARRIVAL_AGES):
        limit = float(np.median(half) + age * DAY) / unit
        by_then = np.nan_to_num(sketch.share_below(counts, panel.bucket0, limit)) * counts.sum(1)
        found[first:, a] = np.where(ends[first:] + age * DAY <= end, by_then, np.nan)
    return found[None, :, :, None]
