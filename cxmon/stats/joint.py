"""Whether changes on one series can be told apart, from their dates and the gaps alone."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from cxmon.stats.arrays import TINY, Floats
from cxmon.stats.profiles import columns


def correlations(
    seen: Any, at: int, others: Sequence[tuple[int, int]], *, until: int | None = None, period: Any = 7
) -> Floats:
    """Correlation (O,), 0..1, between the estimates of the change at `at` and of each of `others` (at, until).

    Least squares with level, profile and a step for each, over the periods `seen` (T,): a correlation of r makes the
    joint interval 1 / sqrt(1 - r^2) times as wide as it were if the other change were known; 1 = cannot be told apart.
    It depends on no value, so it is known beforehand and does not change with what is found.
    """
    use = np.asarray(seen, bool)
    T = len(use)
    index = np.arange(T)
    spans = [(at, T if until is None else until), *others]
    steps = np.stack([1.0 * ((index >= begins) & (index < ends)) for begins, ends in spans], axis=1)[use]
    base = np.concatenate([np.ones((T, 1)), columns(period, T)], axis=1)[use]
    left = steps - base @ np.linalg.lstsq(base, steps, rcond=None)[0] if len(base) else steps
    out = []
    for k in range(1, len(spans)):
        rest = [j for j in range(1, len(spans)) if j != k]
        pair = left[:, [0, k]]
        if rest:
            pair = pair - left[:, rest] @ np.linalg.lstsq(left[:, rest], pair, rcond=None)[0]
        cross = pair.T @ pair
        size = np.sqrt(cross[0, 0] * cross[1, 1])
        # Nothing left of one of them: the others or the profile explain it whole.
        blind = min(cross[0, 0], cross[1, 1]) < 1e-6
        out.append(1.0 if blind else min(abs(cross[0, 1]) / max(size, TINY), 1.0))
    return np.array(out)
