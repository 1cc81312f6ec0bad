"""Values that may come: draws from what is known of a series on one day, by the model that judges it afterwards."""

import numpy as np

from cxmon.stats.arrays import Floats
from cxmon.stats.asked import Asked
from cxmon.stats.estimator import Fitted
from cxmon.stats.filtering import log_det
from cxmon.stats.regression import Posterior, solve


def futures(a: Asked, f: Fitted, draws: int, seed: int) -> Floats:
    """`draws` versions (D, T) of the one series in `a` with the periods from `a.at` on drawn anew; `f` is its fit.

    The values of `a` from `a.at` on only say which periods will be measured. Noise parameters, scale, coefficients and
    the state of the noise are drawn from their posterior given the periods before: the uncertainty about them is in the
    draws. Shares stay within 0..1 and rates at or above 0.
    """
    rng = np.random.default_rng(seed)
    out = np.repeat(a.values, draws, axis=0)
    p = f.problem
    # The fit itself keeps no coefficients: few ask for them.
    before = solve(f.cross, p.Z.shape[1], log_det(f.filtered, p.at), p.n_pre, p.prior)
    for row, (v, g) in zip(out, _components(f, draws, rng), strict=True):
        row[a.at :] = np.where(p.seen[0, a.at :], _one(f, before, v, g, rng), np.nan)
    if a.kind == "proportion":
        out[:, a.at :] = np.clip(out[:, a.at :], 0.0, 1.0)
    if a.kind == "rate":
        out[:, a.at :] = np.maximum(out[:, a.at :], 0.0)
    return out


def _components(f: Fitted, draws: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    """Trend variant and noise set of each draw: a systematic sample of the posterior, ordered by how far the noise
    strays, so that few draws spread over calm and restless sets as the posterior does; then in random order."""
    weight, noise = f.weight[:, 0], f.problem.noise
    strays = np.broadcast_to((noise.ar + 30 * noise.rw)[0], weight.shape).ravel()
    order = np.argsort(strays, kind="stable")
    reached = np.cumsum(weight.ravel()[order])
    at = (np.arange(draws) + rng.random()) / draws * reached[-1]
    chosen = order[np.minimum(np.searchsorted(reached, at), len(order) - 1)]
    v, g = np.unravel_index(rng.permutation(chosen), weight.shape)
    return list(zip(v.tolist(), g.tolist(), strict=True))


def _one(f: Fitted, before: Posterior, v: int, g: int, rng: np.random.Generator) -> Floats:
    """The values (T - at,) of one future under trend variant `v` and noise set `g`, in the caller's units."""
    p, width = f.problem, f.problem.Z.shape[1]
    freedom = float(before.freedom[0])
    size = float(before.scale2[v, 0, g]) * freedom / rng.chisquare(freedom)
    b = before.coefficients[:, v, 0, g] + _normal(size * before.covariance()[:, :, v, 0, g], rng)
    state = f.state[:, :, 0, g]
    ar_var, cross, rw_var = f.filtered.cov[:, 0, g]
    ar, rw = state[:, width] - state[:, :width] @ b + _normal(size * np.array([[ar_var, cross], [cross, rw_var]]), rng)
    phi = float(np.broadcast_to(p.noise.phi, p.log_prior.shape)[0, g])
    fresh = np.sqrt(size * float(p.noise.ar[0, g]) * (1 - phi**2)) * rng.standard_normal(len(p.Z) - p.at)
    steps = np.sqrt(size * float(p.noise.rw[0, g])) * rng.standard_normal(len(p.Z) - p.at)
    noise = np.empty(len(fresh))
    for t in range(len(noise)):
        noise[t] = ar + rw
        ar, rw = phi * ar + fresh[t], rw + steps[t]
    noise += np.sqrt(size * p.variance[0, p.at :]) * rng.standard_normal(len(noise))
    return np.asarray((p.Z[p.at :, :, 0] @ b + noise) * p.unit[0] + p.center[0])


def _normal(covariance: Floats, rng: np.random.Generator) -> Floats:
    """One draw around zero; directions that rounding made negative count for nothing."""
    values, axes = np.linalg.eigh((covariance + covariance.T) / 2)
    return np.asarray(axes @ (np.sqrt(np.maximum(values, 0.0)) * rng.standard_normal(len(values))))


def spread(f: Fitted) -> float:
    """Standard deviation of one period's value around its expectation, without the wandering of the level."""
    p = f.problem
    typical = float(np.median(p.variance[0, : p.at][p.seen[0, : p.at]]))
    squared = (f.weight[:, 0] * f.before.scale2[:, 0] * (typical + p.noise.ar[0])).sum()
    return float(np.sqrt(squared) * p.unit[0])
