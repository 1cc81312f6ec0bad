"""Bayesian least squares on whitened rows: coefficients and noise scale integrated out in closed form.

b ~ N(mean, s2 / precision) (precision 0 = flat), s2 ~ scaled inverse chi-squared; Zellner (1971), chapter 3. Effect
columns have a flat prior each and enter one at a time through their Schur complement.
"""

from dataclasses import dataclass

import numpy as np

from cxmon.stats.arrays import TINY, Floats


@dataclass(frozen=True, eq=False)
class Prior:
    """Prior means (p,) and V variants of precisions (V, p) with log weights (V,); noise scale `s0` worth `nu0` periods.

    `least` is the smallest noise scale that is possible: known sampling variance cannot be undercut.
    """

    mean: Floats
    precision: Floats
    log_weight: Floats
    nu0: float
    s0: float
    least: float


@dataclass(frozen=True, eq=False)
class Posterior:
    """Over V variants and G noise parameter sets: log evidence (V, G), coefficients (V, G, p), their covariance over s2
    (V, G, p, p), noise scale s2 (V, G) and its degrees of freedom."""

    evidence: Floats
    coefficients: Floats
    covariance: Floats
    scale2: Floats
    freedom: float


@dataclass(frozen=True, eq=False)
class Steps:
    """The same for D effect columns: log evidence, mean and scale (V, G, D), information (V, G, D), freedom."""

    evidence: Floats
    mean: Floats
    scale: Floats
    information: Floats
    freedom: float


@dataclass(frozen=True, eq=False)
class Products:
    """Cross products of whitened rows: regressors and value `plain` (G, p + 1, p + 1), regressors with effect columns
    `ZD` (G, p, D), effect columns with themselves `DD` (G, D) and with the value `Dy` (G, D)."""

    plain: Floats
    ZD: Floats
    DD: Floats
    Dy: Floats


def products(rows: Floats, p: int) -> Products:
    """From whitened rows (T, G, m): the first p columns are regressors, the last is the value, effects lie between."""
    by_set = rows.transpose(1, 0, 2)
    Zy, D = by_set[:, :, [*range(p), -1]], by_set[:, :, p:-1]
    across = Zy.transpose(0, 2, 1) @ D
    return Products(Zy.transpose(0, 2, 1) @ Zy, across[:, :p], np.einsum("gtd,gtd->gd", D, D), across[:, p])


def solve(M: Products, log_det: Floats, count: int, prior: Prior) -> tuple[Posterior, Floats]:
    """Posterior without effect columns, and the residual sums of squares (V, G), prior included."""
    p = len(prior.mean)
    P, full = prior.precision, M.plain
    A = full[None, :, :p, :p] + np.einsum("vp,pq->vpq", P, np.eye(p))[:, None]
    h = full[None, :, :p, -1] + (P * prior.mean)[:, None]
    inverse = np.linalg.inv(A)
    b = np.einsum("vgpq,vgq->vgp", inverse, h)
    rss = (
        full[None, :, -1, -1]
        + ((P * prior.mean**2).sum(1) + prior.nu0 * prior.s0)[:, None]
        - np.einsum("vgp,vgp->vg", b, h)
    )
    rss = np.maximum(rss, TINY)
    freedom = max(count - float((P[0] == 0).sum()) + prior.nu0, 1.0)
    ridge = np.where(P > 0, np.log(np.where(P > 0, P, 1.0)), 0.0).sum(1)
    evidence = 0.5 * (ridge[:, None] - log_det[None] - np.linalg.slogdet(A)[1] - freedom * np.log(rss))
    scale2 = np.maximum(rss / freedom, prior.least)
    return Posterior(evidence + prior.log_weight[:, None], b, inverse, scale2, freedom), rss


def add_steps(M: Products, fit: Posterior, rss: Floats, prior: Prior) -> Steps:
    """Each effect column of `M` added alone to `fit`."""
    ZD, DD, Dy = M.ZD, M.DD, M.Dy
    solved = np.einsum("vgpq,gqd->vgpd", fit.covariance, ZD)
    information = np.maximum(DD[None] - np.einsum("gpd,vgpd->vgd", ZD, solved), TINY)
    gain = Dy[None] - np.einsum("vgp,gpd->vgd", fit.coefficients, ZD)
    left = np.maximum(rss[:, :, None] - gain**2 / information, TINY)
    freedom = max(fit.freedom - 1, 1.0)
    scale2 = np.maximum(left / freedom, prior.least)
    # Evidence of the smaller model without its own residual term, plus that of the step.
    base = fit.evidence + 0.5 * fit.freedom * np.log(rss)
    evidence = base[:, :, None] - 0.5 * (np.log(information) + freedom * np.log(left))
    return Steps(evidence, gain / information, np.sqrt(scale2 / information), information, freedom)
