"""The effect estimator: averages over noise parameters, trend variants and effect shapes.

Two readings of "effect" are averaged: a shaped change (at once, phased in, delayed), which lets the data after the
change help to place the level and is sharp under drift, and a free one (what was measured minus the forecast from
before), which makes no assumption on the shape. Harvey & Durbin (1986) for the first, Brodersen et al. (2015) for the
second, in closed form here. The evidence for a bend that no shape has decides how much the free reading counts.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from cxmon.stats import shapes
from cxmon.stats.arrays import Floats
from cxmon.stats.filtering import Gains, ahead, crossed, crossings, gains, log_det, quadratic
from cxmon.stats.mixture import Mixture, mix
from cxmon.stats.narrowing import narrowed
from cxmon.stats.problem import Problem
from cxmon.stats.regression import Posterior, Steps, add_steps, bent, solve

FREE = 0.1
LEAST_FREE = 0.03
LEAST_FREE_FROZEN = 0.02
BEND = 1.0  # Precision of the prior on bends: a noise's worth.
MOST_WANDER = 2.0
ODD_PLACEBO = 2.6


@dataclass(frozen=True, eq=False)
class Fitted:
    """Problems with their filter pass and posteriors: `before` of the periods before the change, and with those after
    it `steps`, each effect shape, and `bend` (V, S, G), the log evidence of the first one with bends; all by trend
    variant, series and noise parameter set.

    `weight` (V, S, G) is the posterior weight given the periods before; `state` (2, p + 1, S, G) what the filter
    predicts for the first period with the change, of regressors and value; `cross` the products (m, m, S, G) of the
    whitened periods before it; `lead` what the mean of the judged periods stands on; `placebo` (S,) the standardised
    false effect in the last stretch before it.
    """

    problem: Problem
    filtered: Gains
    cross: Floats
    before: Posterior
    steps: Steps
    bend: Floats
    weight: Floats
    state: Floats
    lead: "Lead"
    placebo: Floats


def fit(p: Problem) -> Fitted:
    T, width, S = p.Z.shape
    at = p.at
    p, filtered = narrowed(p, gains(p.variance, p.seen, p.noise, at))
    false = np.broadcast_to((np.arange(at) >= at - stretch(p)[:, None]).T[:, None], (at, 1, S))
    value = p.y.T[:, None]
    M, state = crossed(np.concatenate([p.Z[:at], value[:at], false], axis=1), filtered, 0)
    state = state[:, : width + 1]
    lead = _lead(p, filtered, state)
    # Behind the false effect what the forecast puts on each regressor: swept, it tells the forecast and its error.
    asked = np.zeros((width + 3, width + 3, *M.shape[2:]))
    asked[:-1, :-1] = M
    asked[:width, -1] = asked[-1, :width] = lead.regressors
    det = log_det(filtered, at)
    before = solve(asked, width, det, p.n_pre, p.prior, coefficients=False)
    placebo = add_steps(before, slice(1, 2), p.prior)
    log_weight = before.evidence + p.log_prior
    weight = np.exp(log_weight - log_weight.max((0, 2), keepdims=True))
    weight = weight / weight.sum((0, 2), keepdims=True)
    odd = (weight * placebo.mean[0] / placebo.scale[0]).sum((0, 2))
    steps, bend = _since(p, filtered, M, state, det + log_det(filtered, T, at))
    return Fitted(p, filtered, M, before, steps, bend, weight, state, lead, odd)


def _since(p: Problem, filtered: Gains, M: Floats, state: Floats, det: Floats) -> tuple[Steps, Floats]:
    """What all periods say of each effect shape, and of the first one with bends, from the products `M` of those before
    the change and the `state` that they leave; `det` (S, G) is the log determinant of the noise of all.

    Products of so many columns are large, so those of some series are used up before those of the next are made.
    """
    at, width, (D, B) = p.at, p.Z.shape[1], (p.shapes.columns.shape[1], p.shapes.bends.shape[1])
    later = np.concatenate([p.Z[at:], p.y.T[at:, None], p.shapes.bends, p.shapes.columns], axis=1)
    begun = np.concatenate([state, np.zeros((2, later.shape[1] - width - 1, *state.shape[2:]))], axis=1)
    count, steps, bends = p.seen.sum(1), [], []
    for series, full, _ in crossings(later, filtered, at, begun, head=width + 1, alone=D - 1):
        full[: width + 1, : width + 1] += M[: width + 1, : width + 1, series]
        prior = p.prior.of(series)
        whole = solve(full, width, det[series], count[series], prior, coefficients=False, alone=D - 1)
        steps.append(add_steps(whole, slice(1 + B, None), prior))
        bends.append(bent(whole, slice(1, 1 + B), BEND))
    return Steps.joined(steps), np.concatenate(bends, axis=1)


def stretch(p: Problem) -> Floats:
    """Length (S,) of the last stretch before the change that stands in for the judged one: as long, at most a third."""
    return np.maximum(2, np.minimum(p.n_post, p.at // 3))


def posterior(f: Fitted, *, frozen: bool) -> Mixture:
    """The effects' distributions in the values' units; `frozen` keeps noise parameters as they were before the
    change."""
    p = f.problem
    steps, bend = f.steps, f.bend
    log_free = np.log(np.maximum(f.weight, 1e-300))
    shape_odds = p.shapes.log_prior.T[:, None, :, None]
    free_mean, free_scale = _free(f)
    if frozen:
        # Given the noise parameters, the data after the change tell how much better a bend explains them than a step.
        odds = logsumexp(log_free + np.minimum(bend - steps.evidence[0], 50.0), axis=(0, 2))
        scale = np.sqrt(f.before.scale2 / steps.information[0])
        shaped = [(log_free, steps.mean[0], scale, np.broadcast_to(f.before.freedom[:, None], log_free.shape))]
        least = LEAST_FREE_FROZEN
    else:
        evidence = steps.evidence + p.log_prior + shape_odds
        total = logsumexp(evidence, axis=(0, 1, 3))
        bend = bend + p.log_prior
        odds = logsumexp(bend, axis=(0, 2)) - total
        # The free reading, too, learns its noise from all periods: those after the change once they may bend.
        log_free = bend - logsumexp(bend, axis=(0, 2))[:, None]
        freedom = np.broadcast_to(steps.freedom[:, None], evidence[0].shape)
        shaped = [
            (evidence[d] - total[:, None], steps.mean[d], steps.scale[d], freedom) for d in range(len(steps.mean))
        ]
        least = LEAST_FREE
    if p.joint:
        # What another change does after the date is not in the periods before it: a forecast from them cannot tell.
        odds, least = np.full(odds.shape, -30.0), 0.0
    share = np.maximum(1 / (1 + (1 - FREE) / FREE * np.exp(-np.clip(odds, -30, 30))), least)[:, None]
    parts = [(np.log(1 - share) + lw, m, s, nu) for lw, m, s, nu in shaped]
    parts.append(
        (np.log(share) + log_free, free_mean, free_scale, np.broadcast_to(f.before.freedom[:, None], log_free.shape))
    )
    flat = [np.concatenate([_flat(part[i]) for part in parts], axis=1) for i in range(4)]
    # Which controls moved by themselves is not known for sure: each part of the answer carries that doubt.
    scale = np.sqrt(flat[2] ** 2 + p.doubt[:, None])
    found = mix(flat[0], flat[1], scale, flat[3])
    unit = p.unit[:, None]
    return Mixture(found.weight, found.mean * unit, found.scale * unit, found.freedom)


def likeliest(f: Fitted) -> list[str]:
    """The name of each effect's likeliest shape, given all data."""
    p = f.problem
    evidence = logsumexp(f.steps.evidence + p.log_prior, axis=(1, 3)) + p.shapes.log_prior.T
    return [shapes.NAMES[d] for d in evidence.argmax(0)]


def _flat(x: Floats) -> Floats:
    """(V, S, G) as (S, V G)."""
    return np.asarray(x.transpose(1, 0, 2).reshape(x.shape[1], -1))


@dataclass(frozen=True, eq=False)
class Lead:
    """The mean of the judged periods less what the filter predicts of it: of the regressors (p, S, G) and the value
    (S, G), with the variance (S, G) of its noise, in units of the noise scale."""

    regressors: Floats
    value: Floats
    noise: Floats


def _lead(p: Problem, filtered: Gains, state: Floats) -> Lead:
    w = p.judged[:, p.at :] / p.n_post[:, None]
    load, added = ahead(p.noise, w)
    width = p.Z.shape[1]
    predicted = load[0] * state[0] + load[1] * state[1]
    columns = np.einsum("sh,hps->ps", w, p.Z[p.at :])
    sampled = (w**2 * np.where(p.seen, p.variance, 0.0)[:, p.at :]).sum(1)[:, None]
    return Lead(
        columns[:, :, None] - predicted[:width], (w * p.y[:, p.at :]).sum(1)[:, None] - predicted[width],
        sampled + quadratic(filtered.cov, load) + added,
    )  # fmt: skip


def _free(f: Fitted) -> tuple[Floats, Floats]:
    """Mean and scale (V, S, G) of mean(judged values) minus its forecast from the periods before the change."""
    swept = f.before.swept
    mean = f.lead.value + swept[0, -1]
    return mean, np.sqrt(np.maximum(f.before.scale2 * (f.lead.noise - swept[-1, -1]), 0.0))


def forecast_mean(f: Fitted) -> Mixture:
    """The mean of the judged periods as the periods before let expect it, in the values' units; their own values do
    not count."""
    p = f.problem
    mine = (p.judged * p.y).sum(1) / p.n_post
    gap, scale = _free(f)
    freedom = np.broadcast_to(f.before.freedom[:, None], gap.shape)
    found = mix(_flat(np.log(np.maximum(f.weight, 1e-300))), _flat(mine[:, None] - gap), _flat(scale), _flat(freedom))
    unit = p.unit[:, None]
    return Mixture(found.weight, p.center[:, None] + found.mean * unit, found.scale * unit, found.freedom)


def pre_fit_ok(f: Fitted) -> list[bool]:
    """Whether the controls told the story before the change: the gap to them did not wander by more than twice the
    noise of one period over a stretch as long as the judged one, the last stretch shows no false effect, and there were
    periods enough for either to show."""
    p = f.problem
    wander = np.sqrt((f.weight * f.before.scale2 * p.noise.rw).sum((0, 2)) * stretch(p))
    # A stretch in which nothing was measured shows nothing.
    shown = (p.seen[:, : p.at] & (np.arange(p.at) >= p.at - stretch(p)[:, None])).any(1)
    able = shown & (p.n_pre >= p.fit_least)
    ok = p.controls_used.any(1) & able & (wander < MOST_WANDER) & (np.abs(f.placebo) < ODD_PLACEBO)
    return [bool(x) for x in ok]
