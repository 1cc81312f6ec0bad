"""From a caller's arrays to one regression problem in units of the typical noise."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from cxmon.stats.arrays import TINY, Bools, Floats, matrix, vector
from cxmon.stats.controls import Common, common
from cxmon.stats.noise import KINDS, sampling
from cxmon.stats.profiles import columns, without_profile, yearly_columns
from cxmon.stats.regression import Prior

HALF_COMPLETE = 0.5


@dataclass(frozen=True, eq=False)
class Problem:
    """Regressors Z (T, p), values y (T,) and variances (T,) in units of `unit` around `center`; `shapes` (T, D) are
    effect shapes of mean one over the judged periods."""

    Z: Floats
    y: Floats
    variance: Floats
    seen: Bools
    judged: Bools
    shapes: Floats
    siblings: Floats
    doubt: float
    prior: Prior
    center: float
    unit: float
    at: int
    until: int
    controls_used: Bools
    n_pre: int
    n_post: int
    reason: str


@dataclass(frozen=True, eq=False)
class Asked:
    """The checked arguments of `effect`."""

    values: Floats
    at: int
    until: int
    n: Floats | None
    se: Floats | None
    kind: str
    period: Any
    yearly: float | None
    complete: Floats
    controls: Floats
    controls_n: Floats | None
    controls_se: Floats | None


def asked(
    values: Any, at: int, until: int | None, n: Any, se: Any, controls: Any, controls_n: Any, controls_se: Any,
    kind: str, period: Any, yearly: float | None, complete: Any,
) -> Asked:  # fmt: skip
    """Check shapes and names; ValueError says which argument is wrong."""
    y = vector("values", values)
    T = len(y)
    if kind not in KINDS:
        raise ValueError(f"kind is {kind!r}, expected one of {', '.join(KINDS)}")
    end = max(T, at + 1) if until is None else int(until)
    if end <= at:
        raise ValueError(f"until is {end}, expected more than at = {at}")
    X = np.zeros((0, T)) if controls is None else matrix("controls", controls, T)
    return Asked(
        values=y, at=int(at), until=min(end, T), n=None if n is None else vector("n", n, T),
        se=None if se is None else vector("se", se, T), kind=kind, period=period, yearly=yearly,
        complete=np.ones(T) if complete is None else np.nan_to_num(vector("complete", complete, T)), controls=X,
        controls_n=None if controls_n is None else matrix("controls_n", controls_n, T),
        controls_se=None if controls_se is None else matrix("controls_se", controls_se, T),
    )  # fmt: skip


def problem(a: Asked) -> Problem:
    """Everything the fit needs; `reason` is set, and the rest empty, where there is too little to fit."""
    T = len(a.values)
    seen = np.isfinite(a.values) & (a.complete >= HALF_COMPLETE)
    if a.n is not None:
        seen &= np.nan_to_num(a.n) > 0
    index = np.arange(T)
    before = index < a.at
    judged = seen & ~before & (index < a.until)
    n_pre, n_post = int((seen & before).sum()), int(judged.sum())
    profile = columns(a.period, T)
    missing = too_little(n_pre, n_post, profile.shape[1])
    if missing:
        return _empty(a, T, seen, judged, n_pre, n_post, missing)
    y = np.where(seen, a.values, 0.0)
    n = None if a.n is None else np.where(seen, np.nan_to_num(a.n), 1.0)
    noise = sampling(_flat(y, seen, profile), n, a.se, a.kind, seen, before)
    if a.kind in {"proportion", "rate"} and noise.known:
        noise = sampling(y, n, a.se, a.kind, seen, before)
    variance = noise.variance / np.maximum(a.complete, HALF_COMPLETE)
    unit = float(np.sqrt(np.median(variance[seen & before])))
    center = float(np.mean(y[seen & before]))
    shared = _shared(a, profile)
    Z, prior = _design(T, a, shared, profile, (y - center)[seen & before] / unit, unit, known=noise.known)
    return Problem(
        Z=Z, y=np.where(seen, (y - center) / unit, 0.0), variance=variance / unit**2, seen=seen, judged=judged,
        shapes=shapes(a.at, a.until, T, judged, profile.shape[1] + 1), siblings=shared.siblings.T, doubt=shared.doubt
        / unit**2, prior=prior, center=center, unit=unit, at=a.at, until=a.until, controls_used=shared.used,
        n_pre=n_pre, n_post=n_post, reason="",
    )  # fmt: skip


def too_little(n_pre: int, n_post: int, profile: int) -> str:
    """Why there is no answer, with the numbers; empty when there is enough."""
    least = 8 if profile else 5
    if n_pre < least:
        return f"{n_pre} usable periods before the change, at least {least} are needed"
    if n_post < 1:
        return "no usable period since the change, at least 1 is needed"
    return ""


def shapes(at: int, until: int, size: int, judged: Bools, cycle: int) -> Floats:
    """Effect shapes (T, 3): at once, phased in over one cycle, over two; mean one over the judged periods."""
    age = np.arange(size) - at + 1.0
    on = (age > 0) & (np.arange(size) < until)
    unit = max(cycle, 3)
    out = np.stack([on * 1.0, on * np.clip(age / unit, 0, 1), on * np.clip(age / (2 * unit), 0, 1)], axis=1)
    return np.asarray(out / out[judged].mean(0))


def _flat(y: Floats, seen: Bools, profile: Floats) -> Floats:
    """Values without their profile, for measuring noise by differences."""
    rows = without_profile(np.where(seen, y, np.nan)[None, :], profile)
    return np.where(seen, rows[0], 0.0)


def _shared(a: Asked, profile: Floats) -> Common:
    K, T = a.controls.shape
    if not K:
        return Common(None, np.zeros(0, bool), np.zeros((0, T)), 0.0)
    X = a.controls.copy()
    if a.controls_n is not None:
        X[~(np.nan_to_num(a.controls_n) > 0)] = np.nan
    ok = np.isfinite(X)
    if a.controls_se is not None:
        variance = np.where(ok, np.nan_to_num(a.controls_se, nan=0.0) ** 2, 1.0)
        variance = np.where(variance > 0, variance, float(np.median(variance[ok])) if ok.any() else 1.0)
        variance = np.maximum(variance, TINY)
    elif a.controls_n is not None:
        variance = 1.0 / np.where(ok, np.maximum(np.nan_to_num(a.controls_n), TINY), 1.0)
    else:
        variance = np.ones((K, T))
    return common(X, variance, profile, a.at, a.until)


def _design(
    T: int, a: Asked, shared: Common, profile: Floats, pre: Floats, unit: float, *, known: bool
) -> tuple[Floats, Prior]:
    """Regressors and their priors: level (flat), profile and yearly wave (wide), shared movement N(0.9, 0.5^2) because
    segments measure the same thing, trend (two variants: hardly any, or a real one)."""
    spread = max(float(np.std(pre)), 1.0)
    waves = yearly_columns(a.yearly, T)
    cols = [np.ones((T, 1)), profile, waves]
    mean = [np.zeros(1 + profile.shape[1] + waves.shape[1])]
    wide = 1 / (2 * spread) ** 2
    precision = [np.zeros(1), np.full(profile.shape[1] + waves.shape[1], wide)]
    controlled = shared.level is not None
    if shared.level is not None:
        cols.append(shared.level[:, None] / unit)
        mean.append(np.array([0.9]))
        precision.append(np.array([1 / 0.5**2]))
    history = max(a.at, 1)
    cols.append(((np.arange(T) - a.at / 2) / history)[:, None])
    mean.append(np.zeros(1))
    reach = 2.5 * min(1.0, (history / 90) ** 0.75)
    small = np.concatenate([*precision, np.array([1 / (0.08 if controlled else 0.15) ** 2])])
    large = np.concatenate([*precision, np.array([1 / reach**2])])
    odds = np.log([0.95, 0.05] if controlled else [0.5, 0.5])
    prior = Prior(
        mean=np.concatenate(mean), precision=np.stack([small, large]), log_weight=odds, nu0=20.0 if known else 1.0,
        s0=1.0, least=0.7 if known else TINY,
    )  # fmt: skip
    return np.concatenate(cols, axis=1), prior


def _empty(a: Asked, T: int, seen: Bools, judged: Bools, n_pre: int, n_post: int, reason: str) -> Problem:
    none = np.zeros((T, 0))
    prior = Prior(np.zeros(0), np.zeros((1, 0)), np.zeros(1), 0.0, 1.0, 0.0)
    return Problem(
        Z=none, y=np.zeros(T), variance=np.ones(T), seen=seen, judged=judged, shapes=none, siblings=none, doubt=0.0,
        prior=prior, center=0.0, unit=1.0, at=a.at, until=a.until, controls_used=np.zeros(len(a.controls), bool),
        n_pre=n_pre, n_post=n_post, reason=reason,
    )  # fmt: skip
