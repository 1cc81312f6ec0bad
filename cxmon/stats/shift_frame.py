"""One series made ready for the search of its changes: gaps, spikes, profile, season, and what a period weighs."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from cxmon.stats.arrays import TINY, Bools, Floats, Ints
from cxmon.stats.noise import COUNTED
from cxmon.stats.profiles import columns, harmonics, labels
from cxmon.stats.shift_noise import Spectrum

DAYS = 365.25
# Periods that a level must last: two weeks of days, and of a short series a tenth.
SHORTEST = 14
# Robust deviations beyond which a period is a passing spike; share of the usual answers below which it says nothing.
SPIKE = 3.5
FAINT = 0.05
# Precisions that leave profile, waves and level to the data, in one over squared units of the rough noise.
WIDE = 1e-3
LEVEL = 1e-9
# Of the square of a wave's amplitude its sampling variance is taken off, doubled because changes blur it as well; what
# is left is held to be at least a tenth of that, so that the next fit may still find a wave.
EXCESS = 2.0
FLOOR = 0.1


@dataclass(frozen=True, eq=False)
class Calendar:
    """What all series of one length and period share: the regressors `base` (p, T), level and waves (`slow` of them)
    first, with the precision (p,) of their prior; the label (T,) of each period, the periods `members` (count, M)
    of each label, filled up with T, how many labels there are, and the shortest stretch that counts as lasting."""

    base: Floats
    prior: Floats
    slow: int
    label: Ints
    members: Ints
    count: int
    least: int


@dataclass(frozen=True, eq=False)
class Frame:
    """A series in units of its rough noise. `y` (T,) is zero where not `seen`; `shape` (T,) is the variance of the
    independent noise of a period relative to the typical one, `calm` (T,) one over its root, `count` how many are seen;
    `unit` turns back."""

    y: Floats
    seen: Bools
    shape: Floats
    calm: Floats
    count: int
    unit: float
    calendar: Calendar


def calendar(size: int, period: Any, yearly: float | None) -> Calendar:
    """ValueError where `period` is neither a cycle length nor (T,) labels."""
    if np.ndim(period) == 0:
        return _regular(size, int(period), yearly)
    return _calendar(size, period, yearly)


@lru_cache(maxsize=16)
def _regular(size: int, period: int, yearly: float | None) -> Calendar:
    return _calendar(size, period, yearly)


def _calendar(size: int, period: Any, yearly: float | None) -> Calendar:
    label, profile = labels(period, size), columns(period, size)
    count = int(label.max()) + 1 if size else 0
    season = DAYS if yearly is None and profile.shape[1] == 6 else yearly
    waves = np.zeros((size, 0))
    if season is not None and size >= season / 2:
        waves = harmonics(season, 2 if size >= season else 1, size)
    base = np.ascontiguousarray(np.c_[np.ones(size), waves, profile].T)
    prior = np.r_[LEVEL, np.full(waves.shape[1], WIDE), np.full(profile.shape[1], WIDE)]
    least = int(np.clip(size // 10, 4, SHORTEST))
    return Calendar(base, prior, 1 + waves.shape[1], label, _members(label, count), count, least)


def _members(label: Ints, count: int) -> Ints:
    """The periods (count, M + 1) of each label, filled up with T."""
    size = np.bincount(label, minlength=count)
    out = np.full((count, int(size.max(initial=0)) + 1), len(label))
    order = np.argsort(label, kind="stable")
    place = np.arange(len(label)) - np.repeat(np.cumsum(size) - size, size)
    out[label[order], place] = order
    return out


def frame(y: Floats, seen: Bools, n: Floats | None, kind: str, when: Calendar) -> Frame | None:
    """`y` (T,) ready for the search; None where the values do not vary."""
    shape, seen = _shape(y, seen, n, kind)
    center = float(np.median(y[seen]))
    flat = np.where(seen, y - center, 0.0)
    unit = float(np.abs(flat).max())
    if unit <= 1e-9 * abs(center) or unit == 0.0:
        return None
    flat = _filled(flat / unit, seen)
    plain = flat - _profile(flat, seen, when)
    root = np.sqrt(shape)
    off = (plain - running_median(plain, 2 * (when.least // 2) + 1)) / root
    spread = 1.4826 * float(np.median(np.abs(off[seen])))
    if spread > 1e-9:
        # A passing spike says nothing about the level: it is left out, not pulled in.
        seen = seen & ~_spikes(off / (SPIKE * spread))
        unit, flat = unit * spread, flat / spread
    return Frame(np.where(seen, flat, 0.0), seen, shape, 1 / root, int(seen.sum()), unit, when)


def _spikes(off: Floats) -> Bools:
    """Periods (T,) that stand out by more than one, and those beside them that stand out halfway to the same side."""
    wild = np.where(np.abs(off) > 1, np.sign(off), 0.0)
    for _ in range(2 if wild.any() else 0):
        beside = np.zeros(len(off))
        beside[1:] += wild[:-1]
        beside[:-1] += wild[1:]
        wild = np.where((wild != 0) | (beside * off > 0.5), np.sign(off), 0.0)
    return np.asarray(wild != 0)


def _shape(y: Floats, seen: Bools, n: Floats | None, kind: str) -> tuple[Floats, Bools]:
    if n is None:
        return np.ones(len(y)), seen
    typical = float(np.median(n[seen]))
    # A period with hardly an answer tells hardly anything, and its own noise would drown that of the others.
    seen = seen & (n >= FAINT * typical)
    shape = typical / np.where(seen, n, typical)
    return (shape if kind in COUNTED else 0.2 + 0.8 * shape), seen


def _filled(y: Floats, seen: Bools) -> Floats:
    if seen.all():
        return y
    at = np.flatnonzero(seen)
    return np.interp(np.arange(len(y)), at, y[at])


def running_median(y: Floats, width: int) -> Floats:
    """Median (T,) of the `width` values (odd) around each; the first and last value stand for those beyond."""
    half = width // 2
    padded = np.concatenate([np.full(half, y[0]), y, np.full(half, y[-1])])
    views = np.lib.stride_tricks.sliding_window_view(padded, width)
    return np.asarray(np.partition(views, half, axis=1)[:, half])


def _profile(flat: Floats, seen: Bools, when: Calendar) -> Floats:
    """Typical deviation (T,) of each label from the running median, spikes and changes of level aside."""
    if when.count <= 1 or seen.sum() < 2 * when.count:
        return np.zeros(len(flat))
    width = 3 * when.count if when.count <= 14 else when.count
    off = flat - running_median(flat, width | 1)
    # One row a label, what is missing sorted to its end.
    rows = np.sort(np.append(np.where(seen, off, np.inf), np.inf)[when.members], axis=1)
    count = np.bincount(when.label[seen], minlength=when.count)
    label = np.arange(when.count)
    low, high = rows[label, np.maximum(count - 1, 0) // 2], rows[label, count // 2]
    middle = np.where(count > 0, (low + np.where(count % 2, low, high)) / 2, 0.0)
    return np.asarray((middle - middle.mean())[when.label])


@dataclass(frozen=True, eq=False)
class Fit:
    """Weighted least squares on the base alone: `weight` (T,), the base's products with itself (p, p), residuals `left`
    (T,), rows `half` (p, T) that stand for the base as an orthonormal set does, and `back` (p, p), which leads from
    their products with values to the coefficients of the base."""

    weight: Floats
    products: Floats
    left: Floats
    half: Floats
    back: Floats


def weights(ready: Frame, noise: Spectrum) -> Floats:
    """What each period tells of a lasting level (T,), in units of 1 / variance; 0 where nothing was seen."""
    mean = float(ready.calm.mean()) ** 2
    return np.where(ready.seen, 1 / (noise.white * ready.shape + noise.slow / mean + TINY), 0.0)


def fitted(ready: Frame, weight: Floats, prior: Floats, products: Floats | None = None) -> Fit:
    """The base fitted to a series, `prior` (p,) the precision of its coefficients; `products` from an earlier fit with
    the same weights."""
    Z = ready.calendar.base
    if products is None:
        products = (Z * weight) @ Z.T
    back = np.asarray(np.linalg.inv(np.linalg.cholesky(products + np.diag(prior))), float)
    half = back @ Z
    left = ready.y - (half @ (weight * ready.y)) @ half
    return Fit(weight, products, left * ready.seen, half, back)


def waved(ready: Frame, fit: Fit, flat: Floats) -> Floats:
    """Precision (p,) for the next fit: waves may be as large as they show in `flat` (T,), where changes are taken away.

    Without this a season that is not there takes its share of every change. Empirical Bayes, one variance a harmonic.
    """
    prior = ready.calendar.prior.copy()
    waves = ready.calendar.slow - 1
    if waves:
        coefficient = (fit.half @ (fit.weight * flat)) @ fit.back[:, 1 : 1 + waves]
        error = EXCESS / max(float(fit.weight.sum()) / 2, TINY)
        turns = waves // 2
        amplitude = (coefficient**2).reshape(2, turns).mean(0)
        prior[1 : 1 + waves] = np.tile(1 / np.maximum(amplitude - error, FLOOR * error), 2)
    return prior
