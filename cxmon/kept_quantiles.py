"""Quantiles of histograms that are asked for again and again while time goes on: only those that changed are looked
for anew."""

from collections import OrderedDict
from collections.abc import Hashable

import numpy as np

from cxmon import sketch
from cxmon.sketch import Floats, Ints

# How many groups of series are remembered, of each its figures and one number for each histogram.
MOST = 64


class KeptQuantiles:
    """What was found for the last histograms of each group of series.

    Histograms count as the same where the sum of their counts, with weights drawn once, is so to the last bit:
    two that differ have the same one with a chance of about 1e-16 for each value in them.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, tuple[Floats, Floats]] = OrderedDict()
        self._weights = np.zeros(0)

    def quantiles(self, counts: Floats, bucket0: int, q: float, starts: Ints, group: Hashable) -> Floats:
        """As `sketch.quantiles` of counts (S, T, B): values and sampling variances (2, S, T). `group` names the series;
        where two groups share a name, nothing is wrong, and the one asked last is remembered."""
        S, T, B = counts.shape
        marks, key = counts @ self._drawn(B), (group, S, B, bucket0, q, int(starts[0]) if T else 0)
        same, found = np.zeros((S, T), bool), np.empty((2, S, T))
        if (kept := self._kept.pop(key, None)) is not None:
            known, answers = kept
            both = min(T, known.shape[1])
            same[:, :both] = known[:, :both] == marks[:, :both]
            found[:, :, :both] = answers[:, :, :both]
        if same.any():
            found[:, ~same] = sketch.quantiles(counts[~same], bucket0, q)
        else:
            # Without a copy of all histograms, which may be large.
            found[:] = sketch.quantiles(counts, bucket0, q)
        self._kept[key] = marks, found.copy()
        if len(self._kept) > MOST:
            self._kept.popitem(last=False)
        return found

    def _drawn(self, width: int) -> Floats:
        if len(self._weights) != width:
            self._weights = np.random.default_rng(width).random(width) + 1.0
        return self._weights
