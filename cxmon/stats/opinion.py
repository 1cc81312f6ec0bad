"""A second opinion from another house: statsmodels' structural time-series model, fitted by maximum likelihood."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from cxmon.stats.arrays import vector


@dataclass(frozen=True, kw_only=True)
class SecondOpinion:
    """Effect with its interval in the values' units; NaN with a reason where that model could not be fitted."""

    estimate: float
    low: float
    high: float
    reason: str


def second_opinion(
    values: Any, at: int, *, until: int | None = None, controls: Any = None, period: int = 7, confidence: float = 0.95
) -> SecondOpinion:
    """Local level + seasonal + step (+ mean of `controls` (K, T)) by `UnobservedComponents`; variances are plugged in.

    It takes the noise parameters as known and knows no answer counts, so it errs on the narrow side; it serves to
    notice disagreement, not to replace `effect`. Costs about 0.1 s of CPU and, once, the import of statsmodels.
    """
    y = vector("values", values)
    T = len(y)
    seen = np.isfinite(y)
    nan = float("nan")
    if seen[:at].sum() < 2 * max(period, 4) or not seen[at:until].any():
        said = f"{int(seen[:at].sum())} usable periods before the change, at least {2 * max(period, 4)} are needed"
        return SecondOpinion(estimate=nan, low=nan, high=nan, reason=said)
    from statsmodels.tsa.statespace.structural import UnobservedComponents  # noqa: PLC0415 - costs seconds of CPU.

    index = np.arange(T)
    columns = [((index >= at) & (index < (T if until is None else until))) * 1.0]
    if controls is not None and np.size(controls):
        X = np.atleast_2d(np.asarray(controls, float))
        X = X - np.nanmean(X[:, :at], axis=1, keepdims=True)
        columns.append(np.nan_to_num(np.nanmean(np.where(np.isfinite(X).any(0), X, 0.0), axis=0)))
    unit = float(np.std(y[seen])) or 1.0
    with warnings.catch_warnings():
        # Its optimiser warns where it stops early; the answer below carries that as a reason.
        warnings.simplefilter("ignore")
        model = UnobservedComponents(
            (y - float(np.mean(y[seen]))) / unit,
            "llevel",
            seasonal=period if period > 1 else None,
            exog=np.column_stack(columns),
        )
        fit = model.fit(disp=0, maxiter=200)
    where = list(model.param_names).index("beta.x1")
    low, high = np.asarray(fit.conf_int(alpha=1 - confidence))[where] * unit
    reason = "" if fit.mle_retvals.get("converged", True) else "the fit of the second opinion did not converge"
    return SecondOpinion(estimate=float(fit.params[where]) * unit, low=float(low), high=float(high), reason=reason)
