"""What untouched segments say about the movement that everyone shared: one robust, smoothed common factor.

Segments measure the same thing, so their precision-weighted mean is a good guess of the shared movement; smoothing it
before regression keeps its sampling noise from flattening the slope (the error of a smoothed value is uncorrelated with
it). A control that moved on its own at the change, judged against the others, loses its weight.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.linalg.lapack import dpttrf, dpttrs

from cxmon.stats.arrays import TINY, Bools, Floats, half_difference, median_of
from cxmon.stats.filtering import Gains, Noise, crossed, gains, log_det
from cxmon.stats.profiles import without_profile
from cxmon.stats.trust import Trust, trust

MOST_SIBLINGS = 20
PARTS = 2
LESSON = 12.0
# The most, in log odds, that controls may say against a set of noise parameters: the treated one may wander more.
MOST_LESSON = 3.0
SMOOTHNESS = np.array([0.003, 0.02, 0.08, 0.3, 1.0, 4.0, 20.0])
SLOPES_DIFFER = 0.15
SLOPE_WORTH = 4.0
# A rough scale from so many periods is worth as much as the scale that all controls share.
ROUGH_WORTH = 60.0
# Gains are worked out for so many periods more than are asked for, at most.
AHEAD = 64


@dataclass(frozen=True, eq=False)
class Common:
    """The shared movement (S, T), centred before the change; `there` (S,) where there is one; which controls carry it
    and which moved by themselves (S, K).

    `rough` (S, T) is what smoothing took out of it, `parts` (S, P, T) how the controls differ among themselves (the two
    largest components): both say nothing where segments measure the same thing with noise, and much where a control is
    a predictor of its own kind. `lesson` (S, G) is the log likelihood of the noise parameters in what is each control's
    own: segments of one company wander alike. `doubt` (S,) is the variance that not knowing which controls moved adds
    to the shared level after the change, `error` (S,) that of smoothing its noise away, whose variance in one period is
    `noise` (S,); `slope_sd` (S,) is how much segments differ in following the shared movement.
    """

    level: Floats
    rough: Floats
    parts: Floats
    there: Bools
    used: Bools
    moved: Bools
    lesson: Floats
    doubt: Floats
    error: Floats
    noise: Floats
    slope_sd: Floats


def nothing_shared(S: int, K: int, T: int, G: int) -> Common:
    none = np.zeros((S, K), bool)
    return Common(
        level=np.zeros((S, T)), rough=np.zeros((S, T)), parts=np.zeros((S, PARTS, T)), there=np.zeros(S, bool),
        used=none, moved=none, lesson=np.zeros((S, G)), doubt=np.zeros(S), error=np.zeros(S),
        noise=np.ones(S), slope_sd=np.full(S, SLOPES_DIFFER),
    )  # fmt: skip


def measured_around(values: Floats, at: int, until: int) -> Bools:
    """Which controls (S, K) were measured on both sides of the change; one that never varied before it (no events, a
    figure that is stuck) tells nothing of what everyone shared."""
    seen = np.isfinite(values)
    past, early = seen[:, :, :at], values[:, :, :at]
    varied = np.where(past, early, -np.inf).max(2) > np.where(past, early, np.inf).min(2)
    return np.asarray(varied & (past.sum(2) >= max(3, min(8, at // 2))) & seen[:, :, at:until].any(2))


def common(
    values: Floats, variance: Floats | None, profile: Floats, at: int, until: int, noise: Noise, log_prior: Floats
) -> Common:
    """Common factor of `values` (S, K, T), NaN = missing, with sampling `variance` (S, K, T) where it is known.

    `noise` with its `log_prior` (G,) are the noise parameters held possible for what is each control's own.
    """
    S, K, T = values.shape
    seen = np.isfinite(values)
    # A control says something only where it was measured on both sides of the change.
    fit = measured_around(values, at, until)
    if not fit.any():
        return nothing_shared(S, K, T, noise.ar.shape[1])
    ok = seen & fit[:, :, None]
    X = without_profile(np.where(ok, values, np.nan).reshape(S * K, T), profile).reshape(S, K, T)
    X = np.where(ok, X, 0.0)
    own = _own(X, ok, fit, variance)
    middle = np.where(fit.any(1), np.where(fit, own, np.inf).min(1), 1.0)
    base = np.where(fit, 1 / (own + middle[:, None]), 0.0)
    X = np.where(ok, X - _levels(X, ok, base, at)[:, :, None], 0.0)
    mean = _mean(X, ok, base)
    there = np.asarray(ok.any(1))
    share = base / np.maximum(base.sum(1, keepdims=True), TINY)
    # Each control is part of the mean it is compared with: its gap varies less, or more, than itself.
    hidden = 1 - 2 * share + ((share**2 * own * fit).sum(1)[:, None]) / np.maximum(own, TINY)
    size = np.sqrt(np.maximum(own * np.maximum(hidden, 0.05), TINY))
    gap = np.where(ok, X - mean[:, None], 0.0) / size[:, :, None]
    # Gaps are measured in their own noise, so series with the same gaps in time share one filter.
    alike = S if (there != there[:1]).any() else 1
    filtered = _of_unit(there[0], noise) if alike == 1 else gains(np.ones((S, T)), there, noise, at)
    before, moves, spread = _gaps(gap, filtered, there, at, until, log_prior, fit)
    sharing = mean[:, at:until].sum(1) / np.maximum(there[:, at:until].sum(1), 1)
    found = trust(moves * size, spread**2 * own + (0.2 * sharing[:, None]) ** 2, fit)
    good = fit & (ok[:, :, :at].mean(2) > 0.9) & (found.sure > 0.5)
    lesson = _lesson(before, filtered, there, at, good, own)
    return _joined(X, ok, fit, own, base, variance, found, lesson, at, until)


def _of_unit(seen: Bools, noise: Noise) -> Gains:
    """The gains for noise of one where `seen` (T,). What comes later touches none of them, so that one day's serve the
    days after it too."""
    T = len(seen)
    ahead = np.ones(-(-T // AHEAD) * AHEAD, bool)
    ahead[:T] = seen
    return _kept_of_unit(ahead.tobytes(), noise).part(slice(None), slice(T))


@lru_cache(maxsize=16)
def _kept_of_unit(seen: bytes, noise: Noise) -> Gains:
    there = np.frombuffer(seen, bool)[None]
    return gains(np.ones(there.shape), there, noise, 0)


def _joined(
    X: Floats, ok: Bools, fit: Bools, own: Floats, base: Floats, variance: Floats | None, found: Trust,
    lesson: Floats, at: int, until: int,
) -> Common:  # fmt: skip
    """The common factor with the weights that trust leaves."""
    S, K, T = X.shape
    weight = base * np.where(found.sure > 0.05, found.sure, 0.0)
    # A period in which only those without weight were measured tells nothing.
    ok = ok & (weight > 0)[:, :, None]
    X = np.where(ok, X - _levels(X, ok, weight, at)[:, :, None], 0.0)
    there = np.asarray(ok.any(1))
    mean = _mean(X, ok, weight)
    W = ok * weight[:, :, None]
    total = np.maximum(W.sum(1), TINY)
    # A control whose variance differs by day (few answers on Sundays) counts by its typical one; the sum keeps the
    # days apart.
    daily = np.ones((S, K, T))
    if variance is not None:
        typical = np.nan_to_num(median_of(variance.reshape(S * K, T), ok.reshape(S * K, T)), nan=1.0)
        relative = variance / np.maximum(typical.reshape(S, K, 1), TINY)
        daily = np.where(np.isfinite(relative), np.clip(relative, 0.2, 5), 1.0)
    spread = (W**2 * daily * own[:, :, None]).sum(1) / total**2
    spread = np.where(there, np.maximum(spread, TINY), 1.0)
    index = np.arange(T)
    after, before = there & (index >= at) & (index < until), there & (index < at)
    contrast = after / np.maximum(after.sum(1, keepdims=True), 1) - before / np.maximum(before.sum(1, keepdims=True), 1)
    level, error = smooth(mean, spread, there, contrast)
    rough = np.where(there, mean - level, 0.0)
    level = level - level[:, :at].mean(1, keepdims=True)
    used = weight > 0.1 * weight.max(1, keepdims=True)
    slope_sd = _slopes(X, ok, level, weight, own, used, at)
    parts = _parts(np.where(ok, X - mean[:, None], 0.0), used & fit, at)
    level[:, at:until] += found.offset[:, None]
    return Common(
        level=level, rough=rough, parts=parts, there=np.asarray(fit.any(1)), used=used & fit,
        moved=fit & (found.sure < 0.5), lesson=lesson, doubt=found.doubt, error=error,
        noise=np.nan_to_num(median_of(spread, there), nan=1.0), slope_sd=slope_sd,
    )  # fmt: skip


def _parts(gap: Floats, used: Bools, at: int) -> Floats:
    """The two largest components (S, 2, T) of the used controls' gaps (S, K, T), learnt before the change."""
    S, K, T = gap.shape
    out = np.zeros((S, PARTS, T))
    several = used.sum(1) >= 2
    if not several.any():
        return out
    gap = np.where(used[:, :, None], gap, 0.0)[several]
    gap = gap - gap[:, :, :at].mean(2, keepdims=True)
    past = gap[:, :, :at]
    _, axes = np.linalg.eigh(past @ past.swapaxes(1, 2))
    count = min(PARTS, K - 1)
    top = axes[:, :, ::-1][:, :, :count]
    out[several, :count] = top.swapaxes(1, 2) @ gap / np.sqrt(used[several].sum(1))[:, None, None]
    return out


def _own(X: Floats, ok: Bools, fit: Bools, variance: Floats | None) -> Floats:
    """Variance (S, K) of each control's period-to-period noise; where sampling variance is known, shrunk towards that
    times the overdispersion that the controls share."""
    S, K, T = X.shape
    flat = ok.reshape(S * K, T)
    rough = np.maximum(half_difference(X.reshape(S * K, T), flat).reshape(S, K), TINY)
    if variance is not None:
        typical = median_of(variance.reshape(S * K, T), flat).reshape(S, K)
        told = np.isfinite(typical)
        typical = np.where(told, np.maximum(typical, TINY), 1.0)
        over = np.nan_to_num(median_of(rough / typical, fit & told), nan=1.0)[:, None]
        count = np.maximum(ok.sum(2), 1)
        worth = count / (count + ROUGH_WORTH)
        shrunk = np.exp(worth * np.log(rough) + (1 - worth) * np.log(np.maximum(typical * over, TINY)))
        # Rare events look quiet from day to day: known sampling variance cannot be undercut.
        rough = np.where(told, np.maximum(shrunk, 0.5 * typical), rough)
    return np.asarray(np.where(fit, rough, 1.0))


def _mean(X: Floats, ok: Bools, weight: Floats) -> Floats:
    W = ok * weight[:, :, None]
    return np.asarray((W * X).sum(1) / np.maximum(W.sum(1), TINY))


def _levels(X: Floats, ok: Bools, weight: Floats, at: int) -> Floats:
    """Level of each control (S, K) relative to the shared movement, from the periods before the change."""
    before = ok[:, :, :at]
    filled = np.where(before, X[:, :, :at], 0.0)
    count = np.maximum(before.sum(2), 1)
    center = filled.sum(2) / count
    if (before.all(2) | ~before.any(2)).all():
        return np.asarray(center)
    W = before * np.maximum(weight, TINY)[:, :, None]
    for _ in range(4):
        shared = (W * (filled - center[:, :, None] * before)).sum(1) / np.maximum(W.sum(1), TINY)
        center = (filled - shared[:, None] * before).sum(2) / count
    return np.asarray(center)


def _gaps(
    gap: Floats, filtered: Gains, there: Bools, at: int, until: int, log_prior: Floats, fit: Bools
) -> tuple[Floats, Floats, Floats]:
    """Whitened products of the gaps before the change (2, 1 + K, S, G): of a level with all and of each with itself;
    their steps at it (S, K) and the standard errors of those, by generalised least squares with noise that the controls
    share."""
    S, K, T = gap.shape
    on = np.broadcast_to(((np.arange(T) >= at) & (np.arange(T) < until))[:, None, None], (T, 1, S))
    columns = np.concatenate([np.ones((T, 1, S)), on, gap.transpose(2, 1, 0)], axis=1)
    before, state = crossed(columns[:at], filtered, 0, head=2, alone=K)
    M, _ = crossed(columns[at:], filtered, at, state, head=2, alone=K)
    M += before
    # The level is taken out of the step, and both out of each gap.
    level, lost = M[0, 0] + TINY, M[0, 1] / (M[0, 0] + TINY)
    information = np.maximum(M[1, 1] + TINY - lost * M[0, 1], TINY**2)
    gain = M[1, 2:] - lost * M[0, 2:]
    move = gain / information
    rss = np.maximum(M[2, 2:] - M[0, 2:] ** 2 / level - gain * move, TINY)
    nu = np.maximum(there.sum(1) - 2, 1)[:, None]
    each = np.where(fit.T[:, :, None], log_det(filtered, T) + nu * np.log(rss), 0.0).sum(0)
    ll = -0.5 * each + log_prior
    weight = np.exp(ll - ll.max(1, keepdims=True))
    weight /= weight.sum(1, keepdims=True)
    middle = (weight * move).sum(2)
    # One scale for all of them: each control's own is too rough a guess to tell five standard errors from three.
    scale = np.where(fit.T[:, :, None], rss, 0.0).sum(0) / (nu * np.maximum(fit.sum(1), 1)[:, None])
    variance = (weight * (scale / information + (move - middle[:, :, None]) ** 2)).sum(2)
    return before[::2, [0, *range(2, K + 2)]], middle.T, np.sqrt(np.maximum(variance, TINY)).T


def _lesson(before: Floats, filtered: Gains, there: Bools, at: int, good: Bools, own: Floats) -> Floats:
    """Log likelihood (S, G) of the noise parameters in the gaps before the change, of the least noisy good controls.

    It counts as much as that of LESSON series, however many there are (an empirical Bayes step, tempered).
    """
    rank = np.argsort(np.argsort(np.where(good, own, np.inf), axis=1, kind="stable"), axis=1, kind="stable")
    chosen = good & (rank < MOST_SIBLINGS)
    count = chosen.sum(1)
    one = np.maximum(before[0, 0], TINY)
    rss = np.maximum(before[1, 1:] - before[0, 1:] ** 2 / one, TINY)
    nu = np.maximum(there[:, :at].sum(1) - 1, 1)[:, None]
    each = -0.5 * (log_det(filtered, at) + np.log(one) + nu * np.log(rss))
    total = np.where(chosen.T[:, :, None], each, 0.0).sum(0)
    told = np.where(count >= 3, np.minimum(1.0, LESSON / np.maximum(count, 1)), 0.0)[:, None] * total
    told = told - told.max(1, keepdims=True)
    wander = (filtered.noise.ar + filtered.noise.rw * at)[0]
    # That controls wander says much against a calm series; that they are calm says little against one that wanders.
    more = wander >= wander[told.argmax(1)][:, None]
    return np.asarray(np.where(more, np.maximum(told, -MOST_LESSON), told))


def _slopes(X: Floats, ok: Bools, level: Floats, weight: Floats, own: Floats, used: Bools, at: int) -> Floats:
    """How far (S,) segments' slopes on the shared movement lie apart, by moments, shrunk towards SLOPES_DIFFER."""
    f = level[:, None, :at] * ok[:, :, :at]
    squares = np.maximum((f**2).sum(2), TINY)
    share = weight / np.maximum(weight.sum(1, keepdims=True), TINY)
    rest = np.maximum(1 - share, 0.2)
    # A control is part of what it is regressed on; that part follows itself with a slope of one.
    slope = ((f * X[:, :, :at]).sum(2) / squares - share) / rest
    error = 2 * own / squares / rest**2
    trusted = np.where(used, SLOPES_DIFFER**2 / (SLOPES_DIFFER**2 + error), 0.0)
    excess = (trusted * np.clip((slope - 1) ** 2 - error, -0.25, 1.0)).sum(1)
    found = (SLOPE_WORTH * SLOPES_DIFFER**2 + excess) / (SLOPE_WORTH + trusted.sum(1))
    return np.asarray(np.sqrt(np.clip(found, 0.1**2, 0.7**2)))


def smooth(y: Floats, variance: Floats, seen: Bools, contrast: Floats) -> tuple[Floats, Floats]:
    """Best guess (S, T) of a local level behind each `y` (S, T), averaged over how fast it may move (by marginal
    likelihood), and the variance (S,) of its error in `contrast` (S, T).

    Random walk with a flat start: the tridiagonal system (W + D'D / rw) x = W y, by its factors L D L'.
    """
    S, T = y.shape
    if T == 1:
        return np.asarray(y, float), np.zeros(S)
    walk = np.nan_to_num(median_of(variance, seen), nan=1.0)[:, None] * SMOOTHNESS
    tie = 1 / walk
    precision = np.where(seen, 1 / variance, 0.0)
    load = precision * y
    system = np.repeat(precision[:, None], len(SMOOTHNESS), axis=1)
    system += tie[:, :, None] * np.where((np.arange(T) == 0) | (np.arange(T) == T - 1), 1.0, 2.0)
    # Without any value there is nothing to hold the level; where there is one this is hardly more than rounding.
    system[:, :, -1] += TINY * tie
    # One system in which no series is tied to the next costs one call.
    off = np.repeat(-tie[:, :, None], T, axis=2)
    off[:, :, -1] = 0.0
    pivot, lower, _ = dpttrf(system.reshape(-1), off.reshape(-1)[:-1], overwrite_d=1, overwrite_e=1)
    answers = np.empty((2, *system.shape))
    answers[0], answers[1] = load[:, None], contrast[:, None]
    solved, _ = dpttrs(pivot, lower, answers.reshape(2, -1).T, overwrite_b=1)
    found, held = solved.T.reshape(answers.shape)
    error = np.einsum("skt,st->sk", held, contrast)
    fit = np.einsum("skt,st->sk", y[:, None] - found, load)
    rss = np.maximum(fit, TINY * (load * y).sum(1)[:, None] + TINY**2)
    nu = np.maximum(seen.sum(1) - 1, 1)[:, None]
    ll = -0.5 * ((T - 1) * np.log(walk) + np.log(pivot).reshape(system.shape).sum(2) + nu * np.log(rss))
    weight = np.exp(ll - ll.max(1, keepdims=True))
    weight = weight / weight.sum(1, keepdims=True)
    guess = np.einsum("skt,st->sk", found, contrast)
    apart = (guess - (weight * guess).sum(1, keepdims=True)) ** 2
    return np.einsum("skt,sk->st", found, weight), np.asarray((weight * (error * rss / nu + apart)).sum(1))
