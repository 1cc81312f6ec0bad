"""What is left of a series when the movement that its controls share is taken out, plainly and without weights."""

from typing import Any

import numpy as np

from cxmon.stats.arrays import Floats, matrix, vector


def gap(values: Any, controls: Any, at: int) -> Floats:
    """`values` (T,) minus the shared movement of `controls` (K, T); NaN where either is missing."""
    x = vector("values", values)
    return (
        x
        if controls is None or not np.size(controls)
        else x - shared_movement(matrix("controls", controls, len(x)), at)
    )


def shared_movement(controls: Floats, at: int) -> Floats:
    """The mean (T,) of the controls (K, T), each around its own mean before `at`; NaN where none was measured."""
    around = controls - mean_of(controls[:, :at], 1)[:, None]
    return mean_of(around, 0)


def mean_of(x: Floats, axis: int) -> Floats:
    """The mean of what is measured, NaN where nothing is."""
    seen = np.isfinite(x)
    count = seen.sum(axis)
    total = np.where(seen, x, 0.0).sum(axis)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan))
