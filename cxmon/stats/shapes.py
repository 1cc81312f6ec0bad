"""The shapes an effect may have over time: at once, phased in, delayed; and how it may bend beyond all of them."""

from dataclasses import dataclass

import numpy as np

from cxmon.stats.arrays import TINY, Bools, Floats

NAMES = ("step", "ramp", "slow ramp", "delayed", "late")
# Most changes act at once; the others share the rest.
ODDS = np.log([0.6, 0.12, 0.12, 0.08, 0.08])


@dataclass(frozen=True, eq=False)
class Shapes:
    """Effect shapes (T', D, S) from the change on, of mean one over the judged periods, with log prior (S, D), and the
    bends (T', B, S) of a change that has none of these shapes, of mean zero over the judged periods."""

    columns: Floats
    log_prior: Floats
    bends: Floats


def shapes(at: int, until: int, judged: Bools, cycle: int) -> Shapes:
    """At once; phased in over one cycle or two; delayed by one cycle or two. Bends are Legendre's P1 and P2, and two
    that pass: gone, or highest, after about a cycle."""
    S, T = judged.shape
    on = judged[:, at:].T[:, None]
    age = np.arange(at, T)[:, None, None] - at + 1.0
    unit = max(cycle, 3)
    begun = 1.0 * (np.arange(at, T) < until)[:, None, None]
    each = [begun * np.ones_like(age), begun * np.clip(age / unit, 0, 1), begun * np.clip(age / (2 * unit), 0, 1)]
    each += [begun * (age > unit), begun * (age > 2 * unit)]
    raw = np.broadcast_to(np.concatenate(each, axis=1), (T - at, len(each), S))
    count = np.maximum(on.sum(0), 1)
    mean = (raw * on).sum(0) / count
    # A delay that leaves too little to see is no shape of its own.
    real = mean > 0.25
    columns = np.where(real, raw / np.maximum(mean, TINY), 0.0)
    where = np.where(real.T, ODDS, -np.inf)
    # What was not judged yet must not change today's answer: bends stretch from the change to the last judged period.
    length = np.maximum(judged.shape[1] - judged[:, ::-1].argmax(1) - at, 2)
    x = 2 * (age - 1) / (length - 1) - 1
    early = np.broadcast_to((age - 1) / unit, x.shape)
    humps = [3 * np.exp(-early), 3 * early * np.exp(1 - early)]
    bends = np.concatenate([x, 1.5 * x**2 - 0.5, *humps], axis=1)
    bends = begun * (bends - (bends * on).sum(0) / count)
    return Shapes(columns, where, bends)
