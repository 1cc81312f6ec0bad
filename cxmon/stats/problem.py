"""From a caller's arrays to regression problems in units of the typical noise, one a series."""

from dataclasses import dataclass, fields, replace

import numpy as np

from cxmon.stats.arrays import TINY, Bools, Floats, Ints, median_of, total_of
from cxmon.stats.asked import Asked
from cxmon.stats.controls import Common, common, measured_around, nothing_shared
from cxmon.stats.filtering import Noise
from cxmon.stats.noise import COUNTED, Sampling, candidates, sampling
from cxmon.stats.profiles import columns, cycle_length, without_profile
from cxmon.stats.regression import Prior
from cxmon.stats.season import season_columns, season_precision, unknown
from cxmon.stats.shapes import Shapes, shapes

HALF_COMPLETE = 0.5
# Spread of the trend that is hardly any, and odds of it and of a real one; with controls and without.
SMALL_CONTROLLED, SMALL_ALONE = 0.03, 0.15
ALONE_ODDS = (0.35, 0.55, 0.1)
MIDDLE = 1.3
MOST_BENT = 0.4
CONTROL_ODDS = (0.9, 0.08, 0.02)
EARLY = 3.0
ALIKE, OWN_KIND = 0.1, 3.0
# Of monthly series that fail the fit with a year or two of past, two thirds pass it with five or six months, one in
# five with nine, one in a hundred with twelve (docs/methods/reality.md).
FIT_LEAST = 12


@dataclass(frozen=True, eq=False)
class Problem:
    """Regressors Z (T, p, S), values y (S, T) and variances (S, T) in units of `unit` (S,) around `center` (S,).

    `kept` tells which of the caller's series these are: those with data enough. Noise parameters are those of `noise`
    with the log prior (S, G); `which` (S, G) are their numbers in the whole grid.
    """

    kept: Bools
    Z: Floats
    y: Floats
    variance: Floats
    seen: Bools
    judged: Bools
    shapes: Shapes
    noise: Noise
    log_prior: Floats
    which: Ints
    doubt: Floats
    prior: Prior
    center: Floats
    unit: Floats
    at: int
    joint: bool
    season_unknown: Bools
    fit_least: int
    controls_used: Bools
    controls_moved: Bools
    n_pre: Floats
    n_post: Floats


def usable(a: Asked) -> tuple[Bools, Bools]:
    """Which periods (S, T) were measured, and which of them are judged."""
    seen = np.isfinite(a.values) & (a.complete >= HALF_COMPLETE)
    if a.n is not None:
        seen &= np.nan_to_num(a.n) > 0
    index = np.arange(a.values.shape[1])
    if a.controls is not None and a.controls.shape[1]:
        # Since the change only what can be compared counts: where no control was measured nothing shared is known.
        X = _measured(a.controls, a.controls_n)
        fit = measured_around(X, a.at, a.until)
        seen &= (index < a.at) | np.asarray(np.isfinite(X) & fit[:, :, None]).any(1) | ~fit.any(1, keepdims=True)
    return seen, seen & (index >= a.at) & (index < a.until)


def _measured(controls: Floats, n: Floats | None) -> Floats:
    """The controls (C, K, T), NaN where there were no answers."""
    return controls if n is None else np.where(np.nan_to_num(n) > 0, controls, np.nan)


def too_little(n_pre: int, n_post: int, profile: int) -> str:
    """Why there is no answer, with the numbers; empty when there is enough."""
    least = 8 if profile else 5
    if n_pre < least:
        return f"{n_pre} usable {'period' if n_pre == 1 else 'periods'} before the change, at least {least} are needed"
    if n_post < 1:
        return "no usable period since the change, at least 1 is needed"
    return ""


def fit_least(profile: int) -> int:
    """Usable periods before the change from which on the fit of controls can fail: fewer pass whatever they show. A
    `profile` of so many columns takes its own."""
    return FIT_LEAST + profile


def problem(a: Asked) -> Problem | None:
    """Everything the fits of the series with data enough need; None where no series has."""
    T = a.values.shape[1]
    profile = columns(a.period, T)
    seen, judged = usable(a)
    n_pre, n_post = seen[:, : a.at].sum(1), judged.sum(1)
    kept = np.array(
        [not too_little(int(p), int(q), profile.shape[1]) for p, q in zip(n_pre, n_post, strict=True)], bool
    )
    if not kept.any():
        return None
    a, seen, judged = a.rows(kept), seen[kept], judged[kept]
    before = np.arange(T) < a.at
    y = np.where(seen, a.values, 0.0)
    found = _sampling(a, y, seen, judged, before, profile)
    past = seen & before
    unit = np.sqrt(np.maximum(median_of(found.variance, past), TINY**2))
    center = total_of(y, past) / past.sum(1)
    scaled = np.where(seen, (y - center[:, None]) / unit[:, None], 0.0)
    shared, noise, log_prior = _shared(a, profile, center, found)
    spread = np.sqrt(np.maximum(total_of(scaled**2, past) / past.sum(1), 1.0))
    Z, prior = _design(a, shared, profile, spread, unit, found, scaled, past, center)
    return Problem(
        kept=kept, Z=Z, y=scaled, variance=found.variance / unit[:, None] ** 2, seen=seen, judged=judged,
        shapes=shapes(a.at, a.until, judged, cycle_length(a.period, T)), noise=noise, log_prior=log_prior,
        which=np.tile(np.arange(log_prior.shape[1]), (len(y), 1)), doubt=_doubt(shared, unit), prior=prior,
        center=center, unit=unit, at=a.at, joint=any(a.at <= begins < a.until for begins, _ in a.others),
        season_unknown=unknown(a.yearly, past, coarse=not profile.shape[1]), fit_least=fit_least(profile.shape[1]),
        controls_used=shared.used, controls_moved=shared.moved,
        n_pre=n_pre[kept], n_post=n_post[kept],
    )  # fmt: skip


def _doubt(shared: Common, unit: Floats) -> Floats:
    """Variance (S,), in units, that the shared level adds to the effect: which controls moved is not known for sure,
    and smoothing errs. The error of controls that are quieter than the treated segment already shows in the gap before
    the change; of noisier ones the share that does not is added."""
    unseen = shared.noise / np.maximum(shared.noise + unit**2, TINY)
    return np.asarray((shared.doubt + shared.error * unseen) / unit**2)


def _sampling(a: Asked, y: Floats, seen: Bools, judged: Bools, before: Bools, profile: Floats) -> Sampling:
    """Sampling variance; incomplete periods whose answers are not counted stand on fewer of them."""
    n = None if a.n is None else np.where(seen, np.nan_to_num(a.n), 1.0)
    counted = a.kind in COUNTED and (n is not None or a.se is not None)
    # With a step at the change, or a large effect would be taken for profile and its rest for noise before it.
    step = 1e3 * ~before[:, None] if profile.shape[1] else np.zeros((len(before), 0))
    flat = np.where(seen, without_profile(np.where(seen, y, np.nan), np.concatenate([profile, step], axis=1)), 0.0)
    found = sampling(y if counted else flat, n, a.se, a.kind, seen, before, judged if counted else None, flat)
    if a.n is not None:
        return found
    # A standard error that is given is that of the answers which have arrived.
    part = np.where(found.known[:, None], 1.0, np.maximum(a.complete, HALF_COMPLETE))
    return replace(found, variance=found.variance / part)


def _leaning(a: Asked, level: Floats) -> Floats:
    """How far a value moves when the shared movement moves by one: shares on the logistic scale, rates in
    proportion."""
    if a.kind == "proportion":
        return np.asarray(np.maximum(level * (1 - level), 1e-4))
    return np.maximum(level, TINY) if a.kind == "rate" else np.ones(level.shape)


def _shared(a: Asked, profile: Floats, center: Floats, sampled: Sampling) -> tuple[Common, Noise, Floats]:
    """The controls' shared movement in the values' units, and the noise grid with what the controls teach of it."""
    (S, T), share = a.values.shape, sampled.share
    # Days, hours and their parts have a profile; where nothing is counted the period's length says nothing.
    long = sampled.known & (not profile.shape[1])
    noise, alone = candidates(np.zeros(S, bool), share, long)
    if a.controls is None or not a.controls.shape[1]:
        none = nothing_shared(S, 0 if a.controls is None else a.controls.shape[1], T, noise.ar.shape[1])
        return none, noise, alone
    X = _measured(a.controls, a.controls_n)
    past = np.isfinite(X[:, :, : a.at])
    weight = past * 1.0 if a.controls_n is None else np.where(past, np.nan_to_num(a.controls_n[:, :, : a.at]), 0.0)
    total = np.where(past, X[:, :, : a.at], 0.0)
    half = 0.5 * (a.controls_n is not None and a.kind in COUNTED)
    level = ((total * weight).sum(2) + half) / np.maximum(weight.sum(2) + 2 * half * (a.kind == "proportion"), TINY)
    lean_k = _leaning(a, level)
    variance = None
    if a.controls_se is not None:
        known = np.where(np.isfinite(a.controls_se) & (a.controls_se > 0), a.controls_se, np.nan)
        typical = median_of(known.reshape(-1, T), np.isfinite(known).reshape(-1, T)).reshape(*X.shape[:2], 1)
        # NaN for a control without any standard error: its own noise is learnt from its values then.
        variance = np.where(np.isfinite(known), known, typical) ** 2 / lean_k[:, :, None] ** 2
    elif a.controls_n is not None and a.kind in COUNTED:
        # Variance of a share p(1-p)/n, of a rate r/n: both over the square of the lean.
        variance = 1 / np.maximum(np.nan_to_num(a.controls_n, nan=1.0), TINY) / lean_k[:, :, None]
    found = common(
        X / lean_k[:, :, None], variance, profile, a.at, a.until, noise, candidates(np.ones(1, bool), np.ones(1))[1]
    )
    if len(X) < S:
        found = Common(*(np.repeat(getattr(found, f.name), S, axis=0) for f in fields(found)))
    mine = _leaning(a, center)
    by = mine[:, None]
    found = replace(
        found,
        level=found.level * by,
        rough=found.rough * by,
        parts=found.parts * by[:, None],
        doubt=found.doubt * mine**2,
        error=found.error * mine**2,
        noise=found.noise * mine**2,
    )
    beside = candidates(np.ones(S, bool), share, long)[1]
    return found, noise, np.where(found.there[:, None], beside, alone) + found.lesson


def _trend(a: Asked, scaled: Floats, past: Bools, center: Floats, unit: Floats) -> Floats:
    """The trend's column (T, 1, S), 1 over the time before the change: straight on the scale where shares and rates
    move (logistic, logarithmic), to second order around `center`, with the bend that goes with the slope before."""
    tau = (np.arange(a.values.shape[1]) - a.at / 2) / max(a.at, 1)
    lever = np.where(past, tau - (past * tau).sum(1, keepdims=True) / np.maximum(past.sum(1, keepdims=True), 1), 0.0)
    slope = unit * (lever * scaled).sum(1) / ((lever**2).sum(1) + 1 / MIDDLE**2)
    curve = np.zeros(len(unit))
    if a.kind in COUNTED:
        curve = (1 - 2 * center * (a.kind == "proportion")) / _leaning(a, center)
    bend = np.clip(curve * slope / 2, -MOST_BENT, MOST_BENT)
    return np.asarray((tau + bend[:, None] * tau**2).T[:, None])


def _design(
    a: Asked,
    shared: Common,
    profile: Floats,
    spread: Floats,
    unit: Floats,
    found: Sampling,
    scaled: Floats,
    past: Bools,
    center: Floats,
) -> tuple[Floats, Prior]:
    """Regressors and their priors: level (flat); profile, yearly wave and other changes (wide; a wave that the past
    cannot know has the prior of `season`); early answers (a noise's worth); shared movement N(1, how segments differ),
    because segments measure the same thing; trend (three variants alone: hardly any, one of a noise's worth, a real
    one; the first and last beside controls). A third variant there takes the controls for predictors of their own
    kind, with any slope."""
    S, T = a.values.shape
    index = np.arange(T)
    wide = (1 / (2 * spread) ** 2)[:, None]
    waves = season_columns(a.yearly, T, coarse=not profile.shape[1])
    season = np.repeat(wide, waves.shape[1], 1)
    if a.yearly is not None and (unlearnt := unknown(a.yearly, past, coarse=not profile.shape[1])).any():
        explained = np.where(found.known, found.share, 0.0)
        usual = season_precision(scaled, past, a.yearly, explained, shared.there)
        season = np.where(unlearnt[:, None], usual, season)
    cols = [np.broadcast_to(c[:, :, None], (T, c.shape[1], S)) for c in (np.ones((T, 1)), profile, waves)]
    precision = [np.zeros((S, 1)), np.repeat(wide, profile.shape[1], 1), season]
    if (a.complete < 1).any():
        cols.append((1 - a.complete).T[:, None])
        precision.append(np.full((S, 1), 1 / EARLY**2))
    for begins, ends in a.others:
        cols.append(np.broadcast_to((((index >= begins) & (index < ends)) * 1.0)[:, None, None], (T, 1, S)))
        precision.append(wide / 6.25)
    history = max(a.at, 1)
    trend = _trend(a, scaled, past & ~shared.there[:, None], center, unit)
    reach = (2.5 * min(1.0, (history / 90) ** 0.75) * spread)[:, None]
    there = shared.there[:, None]
    alone = np.stack([np.full((S, 1), SMALL_ALONE), np.minimum(MIDDLE, reach), reach], axis=1)
    if a.controls is None or not a.controls.shape[1]:
        cols.append(trend)
        sd, odds = alone, np.tile(np.log(ALONE_ODDS), (S, 1))
    else:
        parts = [shared.level[:, None], shared.rough[:, None], shared.parts]
        cols += [(np.concatenate(parts, axis=1) / unit[:, None, None]).transpose(2, 1, 0), trend]
        slope, one = shared.slope_sd[:, None], np.ones((S, 1))
        alike, own = np.concatenate([slope, one, ALIKE * one, ALIKE * one], axis=1), np.full((S, 4), OWN_KIND)
        small = np.full((S, 1), SMALL_CONTROLLED)
        trends = np.where(there[:, None], np.stack([small, reach, small], axis=1), alone)
        sd = np.concatenate([np.stack([alike, alike, own], axis=1), trends], axis=2)
        odds = np.where(there, np.log(CONTROL_ODDS), np.log(ALONE_ODDS))
    P = np.concatenate([*precision, np.ones((S, sd.shape[2]))], axis=1)
    mean = np.zeros(P.shape)
    if sd.shape[2] > 1:
        mean[:, -sd.shape[2]] = shared.there
    prior = Prior(
        mean=mean, precision=P, last=1 / sd**2, log_weight=odds, nu0=np.where(found.known, 1 + 19 * found.share, 1.0),
        least=np.where(found.known, 0.7 * found.share, TINY), flat=1,
    )  # fmt: skip
    return np.concatenate(cols, axis=1), prior
