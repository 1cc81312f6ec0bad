"""What a monitor learns of its series before it begins: profile, level, wave, unit and noise; kept for the next day."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np

from cxmon.stats.arrays import TINY, Bools, Floats, Ints, joined_of, median_of
from cxmon.stats.noise import COUNTED, Learnt, sampling
from cxmon.stats.profiles import without_profile
from cxmon.stats.watch_noise import Frozen, freeze, tame

# What is learnt changes when the history has doubled, but is asked for every day.
MOST_KEPT = 64
# Checks may run in several threads.
_lock = Lock()
_kept: OrderedDict[bytes, "Taught"] = OrderedDict()


@dataclass(frozen=True, eq=False)
class Taught:
    """Coefficients (S, P) of profile and wave, level and unit of noise (S,), in the values' units, what their sampling
    variance rests on, and the noise parameters in that unit."""

    coefficient: Floats
    level: Floats
    unit: Floats
    sampled: Learnt
    noise: Frozen

    def of(self, rows: Bools) -> "Taught":
        """Those of some series."""
        return Taught(
            self.coefficient[rows], self.level[rows], self.unit[rows], self.sampled.of(rows), self.noise.of(rows)
        )  # fmt: skip

    @classmethod
    def joined(cls, some: Sequence["Taught"], order: Ints) -> "Taught":
        """That of several groups of series as one, in this order."""
        coefficient, level, unit = (
            np.concatenate([getattr(one, name) for one in some])[order] for name in ("coefficient", "level", "unit")
        )
        sampled, noise = joined_of([one.sampled for one in some], order), joined_of([one.noise for one in some], order)
        return cls(coefficient, level, unit, sampled, noise)


def learnt_before(Y: Floats, N: Floats | None, kind: str, profile: Floats, waves: Floats) -> Taught:
    """From a history `Y` (S, T), NaN where nothing was measured, with answers `N`; wild days are tamed first."""
    seen = np.isfinite(Y)
    Z = np.concatenate([profile, waves], axis=1)
    rough = without_profile(Y, Z)
    clean = Y - rough + tame(np.where(seen, rough, 0.0), seen)
    coefficient = np.zeros((len(Y), Z.shape[1]))
    if Z.shape[1]:
        X = np.concatenate([Z, np.ones((len(Z), 1))], axis=1)
        for s, use in enumerate(seen):
            coefficient[s] = np.linalg.lstsq(X[use], clean[s, use], rcond=None)[0][:-1]
    filled = np.where(seen, Y, 0.0)
    flat = filled - coefficient @ Z.T
    level = np.array([np.median(row[use]) for row, use in zip(flat, seen, strict=True)])
    flat = np.where(seen, flat - level[:, None], 0.0)
    n = None if N is None else np.where(seen, np.nan_to_num(N), 1.0)
    counted = kind in COUNTED and n is not None
    found = sampling(np.abs(filled) if counted else flat, n, None, kind, seen, np.ones(Y.shape[1], bool))
    unit = np.sqrt(np.maximum(median_of(found.variance, seen), TINY))
    noise = freeze(
        tame(flat / unit[:, None], seen), found.variance / unit[:, None] ** 2, seen, waves,
        coefficient[:, profile.shape[1] :] / unit[:, None], Z.shape[1], known=found.known,
    )  # fmt: skip
    return Taught(coefficient, level, unit, found.learnt, noise)


def remembered(learn: Callable[..., Taught], *given: Any) -> Taught:
    """`learn(*given)`, from memory where the same was asked before: a pure function of arrays has one answer."""
    digest = hashlib.blake2b(learn.__name__.encode())
    for x in given:
        array = np.asarray(x)
        digest.update(f"{array.shape}{array.dtype}{x if array.dtype == object or array.ndim == 0 else ''}".encode())
        if array.ndim:
            digest.update(np.ascontiguousarray(array).tobytes())
    key = digest.digest()
    with _lock:
        found = _kept.get(key)
    if found is None:
        found = learn(*given)
    with _lock:
        _kept[key] = found
        _kept.move_to_end(key)
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
    return found
