"""A second opinion from another house: statsmodels' structural time-series model, fitted by maximum likelihood."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtri

from cxmon.stats.arrays import Floats, matrix, vector
from cxmon.stats.gap import shared_movement
from cxmon.stats.profiles import columns, yearly_columns

# Periods before the change that are looked at: what is older tells a local level little and costs time.
LONGEST = 1500
LEAST_PAST = 14


@dataclass(frozen=True, kw_only=True)
class SecondOpinion:
    """Effect with its interval in the values' units; NaN with a reason where that model could not be fitted."""

    estimate: float
    low: float
    high: float
    reason: str


def second_opinion(
    values: Any,
    at: int,
    *,
    until: int | None = None,
    n: Any = None,
    se: Any = None,
    controls: Any = None,
    period: Any = 7,
    yearly: float | None = None,
    confidence: float = 0.95,
) -> SecondOpinion:
    """A step on a local level beside profile, yearly wave and the mean movement of `controls` (K, T), by
    `UnobservedComponents`; options as in `effect`.

    Where `n` (answers) or `se` (standard errors, (T,)) are given the noise of a period is in proportion to 1 / n or
    se^2; else it is the same for all. Missing values stay missing, and so are periods in which no control was measured.
    The coefficients are part of the state, so their interval knows of each other; the two variances are plugged in,
    so it errs on the narrow side: it serves to notice disagreement, not to replace `effect`. Costs some 0.05 s of CPU a
    year of days and, once, the import of statsmodels.
    """
    y = vector("values", values)
    first, last = max(0, at - LONGEST), len(y)
    index = np.arange(last)
    rows = [((index >= at) & (index < (last if until is None else until))) * 1.0]
    if controls is not None and np.size(controls):
        shared = shared_movement(matrix("controls", controls, last), at)
        y = np.where(np.isfinite(shared), y, np.nan)
        rows.append(np.nan_to_num(shared))
    rows += [*columns(period, last).T, *yearly_columns(yearly, last).T]
    size = _relative(n, se, last)
    y = np.where(np.isfinite(size), y, np.nan)
    seen = np.isfinite(y[first:])
    before, since = int(seen[: at - first].sum()), int((seen & (rows[0][first:] > 0)).sum())
    least = max(LEAST_PAST, 2 * (len(rows) - 1))
    if before < least:
        periods = "period" if before == 1 else "periods"
        return _nothing(f"{before} usable {periods} before the change, at least {least} are needed")
    if not since:
        return _nothing("no usable period since the change, at least 1 is needed")
    unit = float(np.std(y[first:][seen]))
    if not unit > 0:
        return _nothing("all values are the same")
    X = np.column_stack(rows)[first:]
    spread = X.std(0)
    X = X[:, spread > 0] / spread[spread > 0]
    scaled = (y[first:] - float(np.mean(y[first:][seen]))) / unit
    return _fitted(scaled, X, np.nan_to_num(size[first:], nan=1.0), unit / float(spread[0]), confidence)


def _fitted(y: Floats, X: Floats, size: Floats, unit: float, confidence: float) -> SecondOpinion:
    """The coefficient of the first column of `X` (T, p), in `unit`; noise variances are in proportion to `size`."""
    from statsmodels.tsa.statespace.structural import UnobservedComponents  # noqa: PLC0415 - costs seconds of CPU.

    class Uneven(UnobservedComponents):  # type: ignore[misc]
        """Its own model has one noise variance for all periods; here it is a multiple of `size`."""

        def update(self, params: Any, **options: Any) -> None:
            super().update(params, **options)
            self.ssm["obs_cov"] = np.atleast_3d(self.ssm["obs_cov"])[:, :, :1] * size

    with warnings.catch_warnings():
        # Its optimiser warns where it stops early; the answer below carries that as a reason.
        warnings.simplefilter("ignore")
        model = Uneven(y, "llevel", exog=X, mle_regression=False)
        fit = model.fit(disp=0, maxiter=200, cov_type="none")
        if not fit.mle_retvals.get("converged", True):
            # Gradients by differences fail where a variance is all but zero; a simplex needs none.
            fit = model.fit(start_params=fit.params, method="nm", disp=0, maxiter=600, cov_type="none")
    where = list(model.state_names).index("beta.x1")
    estimate = float(fit.filtered_state[where, -1]) * unit
    half = float(ndtri(0.5 + confidence / 2) * np.sqrt(fit.filtered_state_cov[where, where, -1])) * unit
    reason = "" if fit.mle_retvals.get("converged", True) else "the fit of the second opinion did not converge"
    if reason or not np.isfinite(half):
        return _nothing(reason or "the fit of the second opinion has no variance")
    return SecondOpinion(estimate=estimate, low=estimate - half, high=estimate + half, reason="")


def _relative(n: Any, se: Any, size: int) -> Floats:
    """Noise variance (T,) of each period over the typical one's; NaN where nothing was answered."""
    if se is not None:
        raw = vector("se", se, size) ** 2
    elif n is not None:
        counted = vector("n", n, size)
        raw = 1 / np.where(counted > 0, counted, np.nan)
    else:
        return np.ones(size)
    known = raw[np.isfinite(raw) & (raw > 0)]
    if not len(known):
        return np.ones(size)
    found = raw / float(np.median(known))
    # A standard error of zero is one that is not known; a period of a single answer is not worth nothing.
    found = np.where(found > 0, found, 1.0) if se is not None else found
    return np.clip(found, 0.05, 20.0)


def _nothing(reason: str) -> SecondOpinion:
    nan = float("nan")
    return SecondOpinion(estimate=nan, low=nan, high=nan, reason=reason)
