"""Which events of a metric are the worst: the same order for records that are kept and for rows that are read anew."""

import numpy as np
import numpy.typing as npt

from cxmon.model import Better, Kind, Metric

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def on_the_bad_side(metric: Metric, value: Floats) -> npt.NDArray[np.bool_]:
    """Of a share only what is not satisfied, or breached; all of others (F,)."""
    if metric.kind is not Kind.PROPORTION:
        return np.ones(len(value), bool)
    return np.asarray(value == (0.0 if metric.better is Better.HIGHER else 1.0))


def badness(metric: Metric, at: Ints, value: Floats) -> list[tuple[bool, float, float]]:
    """What events sort by, the worst first: what is still open before all others (the longest first), then the worst
    values, and of the same value the newest."""
    ended = ~np.isnan(value)
    rank = np.where(ended, value if metric.better is Better.HIGHER else -value, 0.0)
    # What is still open has waited since it began.
    when = np.where(ended, -at, at).astype(float)
    return list(zip(ended.tolist(), rank.tolist(), when.tolist(), strict=True))
