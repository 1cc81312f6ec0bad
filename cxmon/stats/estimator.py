"""The effect estimator: averages over noise parameters, trend variants and effect shapes, and tells what was expected.

Two readings of "effect" are averaged: a shaped change (at once or phased in), which lets the data after the change
help to place the level and is sharp under drift, and a free one (what was measured minus the forecast from before),
which makes no assumption on the shape. Harvey & Durbin (1986) for the first, Brodersen et al. (2015) for the second,
in closed form here.
"""

from dataclasses import dataclass, replace

import numpy as np

from cxmon.stats import boundary
from cxmon.stats.arrays import TINY, Bools, Floats
from cxmon.stats.filtering import Noise, Whitened, ahead, quadratic, whiten
from cxmon.stats.mixture import Mixture, mix
from cxmon.stats.noise import candidates
from cxmon.stats.problem import Problem
from cxmon.stats.regression import Posterior, Steps, add_steps, products, solve

FREE = 0.3
LESSON = 2.5
MOST_WANDER = 2.0
ODD_PLACEBO = 2.6
SHAPE_ODDS = np.log([0.7, 0.15, 0.15])


@dataclass(frozen=True, eq=False)
class Fitted:
    """A problem with its filter pass and the posterior of the periods before the change."""

    problem: Problem
    noise: Noise
    filtered: Whitened
    before: Posterior
    weight: Floats  # (V, G) posterior weights given the periods before the change
    placebo: float  # standardised false effect in the last stretch before the change


def fit(p: Problem) -> Fitted:
    noise = candidates(controlled=bool(p.controls_used.any()))
    last = (np.arange(len(p.y)) >= p.at - _stretch(p)) * 1.0
    filtered = whiten(np.c_[p.Z, last, p.shapes, p.siblings, p.y], p.variance, p.seen, noise, p.at)
    width = p.Z.shape[1]
    pre = filtered.rows[: p.at][:, :, [*range(width + 1), -1]]
    log_det = np.log(filtered.variance[: p.at][p.seen[: p.at]]).sum(0)
    M = products(pre, width)
    before, rss = solve(M, log_det, p.n_pre, p.prior)
    false = add_steps(M, before, rss, p.prior)
    noise = replace(noise, log_prior=noise.log_prior + _lesson(p, filtered, log_det))
    log_weight = before.evidence + noise.log_prior
    weight = np.exp(log_weight - log_weight.max())
    weight = weight / weight.sum()
    placebo = float((weight * false.mean[:, :, 0] / false.scale[:, :, 0]).sum())
    return Fitted(p, noise, filtered, before, weight, placebo)


def _stretch(p: Problem) -> int:
    """Length of the last stretch before the change that stands in for the judged one: as long, at most a third."""
    return max(2, min(p.n_post, p.at // 3))


def _lesson(p: Problem, filtered: Whitened, log_det: Floats) -> Floats:
    """Log prior (G,) learnt from the controls' own movements: segments of one company wander alike, if not the same.

    Their likelihood counts as much as that of LESSON series, however many there are (an empirical Bayes step,
    tempered).
    """
    count = p.siblings.shape[1]
    if not count:
        return np.zeros(len(log_det))
    rows = filtered.rows[: p.at][p.seen[: p.at]]
    one, gaps = rows[:, :, 0], rows[:, :, -1 - count : -1]
    level = np.einsum("tg,tgk->gk", one, gaps) / np.maximum((one**2).sum(0), TINY)[:, None]
    rss = np.maximum((gaps**2).sum(0) - level**2 * (one**2).sum(0)[:, None], TINY)
    nu = max(p.n_pre - 1, 1)
    each = -0.5 * (log_det + np.log(np.maximum((one**2).sum(0), TINY)))[:, None] - 0.5 * nu * np.log(rss)
    return np.asarray(each.sum(1) * min(1.0, LESSON / count))


def posterior(f: Fitted, *, frozen: bool) -> Mixture:
    """The effect's distribution in the values' units; `frozen` keeps noise parameters as they were before the
    change."""
    p = f.problem
    steps = _steps(f, p.seen)
    log_free = np.log(np.maximum(f.weight, 1e-300))
    if frozen:
        scale = np.sqrt(f.before.scale2[:, :, None] / steps.information)
        parts = [
            ((1 - FREE), log_free, steps.mean[:, :, 0], scale[:, :, 0], np.full(log_free.shape, f.before.freedom)),
        ]
    else:
        evidence = steps.evidence + f.noise.log_prior[None, :, None] + SHAPE_ODDS
        parts = [((1 - FREE), evidence, steps.mean, steps.scale, np.full(evidence.shape, steps.freedom))]
    mean, scale = _free(f)
    parts.append((FREE, log_free, mean, scale, np.full(log_free.shape, f.before.freedom)))
    # Which controls moved by themselves is not known for sure: each part of the answer carries that doubt.
    parts = [(share, lw, mean, np.sqrt(scale**2 + p.doubt), nu) for share, lw, mean, scale, nu in parts]
    found = mix(parts, floor=TINY)
    return Mixture(found.weight, found.mean * p.unit, found.scale * p.unit, found.freedom)


def _steps(f: Fitted, rows: Bools) -> Steps:
    p = f.problem
    first = p.Z.shape[1]
    kept = [*range(first), *range(first + 1, first + 1 + p.shapes.shape[1]), -1]
    used = f.filtered.rows[rows][:, :, kept]
    log_det = np.log(f.filtered.variance[rows]).sum(0)
    M = products(used, p.Z.shape[1])
    plain, rss = solve(M, log_det, int(rows.sum()), p.prior)
    return add_steps(M, plain, rss, p.prior)


def _free(f: Fitted) -> tuple[Floats, Floats]:
    """Mean and scale (V, G) of mean(judged values) minus its forecast from the periods before the change."""
    p = f.problem
    last = int(np.flatnonzero(p.judged)[-1]) + 1
    w = p.judged[p.at : last] / p.n_post
    return _contrast(f, w, p.at)


def _contrast(f: Fitted, w: Floats, start: int) -> tuple[Floats, Floats]:
    """Weighted mean of the values from `start` minus its forecast, (V, G) each; `start` counts from the first
    period."""
    p = f.problem
    width = p.Z.shape[1]
    lead = np.r_[np.zeros(start - p.at), w]
    load, added = ahead(f.noise, lead)
    span = slice(p.at, p.at + len(lead))
    state = load[0][:, None] * f.filtered.state[0] + load[1][:, None] * f.filtered.state[1]
    g = (lead @ p.Z[span])[None] - state[:, :width]
    value = float(lead @ p.y[span]) - state[:, -1]
    mean = value[None] - np.einsum("gp,vgp->vg", g, f.before.coefficients)
    from_b = np.einsum("gp,vgpq,gq->vg", g, f.before.covariance, g)
    noise = float(lead**2 @ p.variance[span]) + quadratic(f.filtered.cov, load) + added
    return mean, np.sqrt(f.before.scale2 * (noise[None] + from_b))


@dataclass(frozen=True, eq=False)
class Interval:
    """Estimate, interval and p-value of one posterior."""

    estimate: float
    low: float
    high: float
    p_value: float
    se: float


def interval(found: Mixture, confidence: float, *, length: float = 0.0, share: float = 1.0) -> Interval:
    """The equal-tailed interval; for reading at every look, its level is that of the boundary of `length`, `share`."""
    alpha = 1 - confidence
    p = found.p_value()
    level = alpha
    if share < 1.0:
        level = boundary.nominal(alpha, length, share)
        p = boundary.overall(p, length, share)
    low, high = found.quantile(level / 2), found.quantile(1 - level / 2)
    if p < alpha and low <= 0 <= high:  # The two agree but for the last digits of the quantile search.
        p = alpha
    return Interval(found.center(), low, high, p, found.spread())


def looks(f: Fitted, horizon: int) -> tuple[float, float, float]:
    """Log ratios of the step's information with frozen noise: first look to horizon, this look to horizon, and
    horizon to ten horizons.

    Periods not yet seen count with the typical variance of those before the change. Where the judged periods follow
    a gap longer than half of them, they are taken for a window that moves along ("now"): its estimates forget, so what
    counts is how often the window renews itself up to the horizon (windows of w periods, d apart,
    correlate by 1 - d / w).
    """
    p = f.problem
    judged = np.flatnonzero(p.judged) - p.at
    late, now = int(judged[0]), int(judged[-1]) + 1
    span = max(horizon, late + 1)
    past_seen = np.flatnonzero(p.seen[: p.at])
    gap = late + p.at - 1 - int(past_seen[-1])
    if 2 * gap > p.n_post:
        renewed = 2.0 * max(span - p.n_post, 0) / p.n_post
        return renewed, renewed, 2.0 * 9 * span / p.n_post
    keep = np.argsort(f.weight.sum(0))[::-1][:8]
    share = f.weight.sum(0)[keep]
    noise = Noise(f.noise.ar[keep], f.noise.phi[keep], f.noise.rw[keep], f.noise.log_prior[keep])
    back = min(p.at, 400)
    size = back + 3 * span
    X = np.c_[np.ones(size), (np.arange(size) >= back) * 1.0]
    past = slice(p.at - back, p.at)
    typical = float(np.median(p.variance[: p.at][p.seen[: p.at]]))
    seen = np.r_[p.seen[past], np.arange(3 * span) >= late]
    e = whiten(X, np.r_[p.variance[past], np.full(3 * span, typical)], seen, noise, size).rows

    def information(last: int) -> Floats:
        a, b, c = ((e[:last, :, i] * e[:last, :, j]).sum(0) for i, j in ((1, 1), (0, 1), (0, 0)))
        return np.asarray(np.maximum(a - b**2 / np.maximum(c, TINY), TINY))

    def ratio(end: int, start: int) -> float:
        return max(float(share @ np.log(information(back + end) / information(back + start)) / share.sum()), 0.0)

    return ratio(span, late + 1), ratio(span, min(now, span)), ratio(3 * span, span) * float(np.log(10.0) / np.log(3.0))


def pre_fit_ok(f: Fitted) -> bool:
    """Whether the controls told the story before the change: the gap to them did not wander by more than twice the
    noise of one period over a stretch as long as the judged one, and the last stretch shows no false effect."""
    p = f.problem
    if not p.controls_used.any():
        return False
    wander = float(np.sqrt(f.weight.sum(0) @ f.noise.rw * _stretch(p)))
    return wander < MOST_WANDER and abs(f.placebo) < ODD_PLACEBO
