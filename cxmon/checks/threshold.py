"""An absolute floor or ceiling for a metric's figure."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, Self

import numpy as np

from cxmon import wording
from cxmon.contracts import CheckContext
from cxmon.model import Finding, Kind, Metric, State, written
from cxmon.panel import Floats, Panel

SECONDS = {"s": 1.0, "sec": 1.0, "min": 60.0, "h": 3600.0, "hour": 3600.0, "d": 86400.0, "day": 86400.0, "w": 604800.0}
TEXT = re.compile(r"\s*(-?\d+(?:[.,]\d+)?)\s*(?:(%|pt|[A-Za-z]+)|(?:per|/)\s*(\d+(?:[,_]?\d{3})*))?\s*")


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """`floor: 80%` or `ceiling: 15 min`; a plain number is in the metric's natural unit (shares are 0..1).

    A period is in breach only where the whole interval of its figure lies beyond the bound, fine where the figure is on
    the good side of it, and UNKNOWN where it is beyond but might not be, or where it stands on fewer than `min_n`.
    """

    type: Literal["threshold"] = "threshold"
    floor: float | str | None = None
    ceiling: float | str | None = None
    confidence: float = 0.95

    def __post_init__(self) -> None:
        given = [x for x in (self.floor, self.ceiling) if x is not None]
        if len(given) != 1:
            raise ValueError(
                "found " + ("both" if given else "neither") + " of floor and ceiling, expected one of them"
            )
        if isinstance(given[0], str) and not TEXT.fullmatch(given[0]):
            raise ValueError(f"found {given[0]!r}, expected a number with its unit, such as 80%, 15 min or 3 per 1000")
        if not 0.5 < self.confidence < 1:
            raise ValueError(f"found confidence {self.confidence}, expected more than 0.5 and less than 1")

    def bound(self, metric: Metric) -> float:
        """The floor or ceiling in the metric's natural unit. ValueError where the text does not fit the metric."""
        given = self.floor if self.floor is not None else self.ceiling
        found = natural(str(given), metric) if isinstance(given, str) else float(given or 0.0)
        if metric.kind is Kind.PROPORTION and not 0 <= found <= 1:
            raise ValueError(f"found {given!r} for {metric.id}, expected a share such as 80% or 0.8")
        return found

    def evaluate(self, panel: Panel, context: CheckContext) -> list[Finding]:
        """One finding per series and new mature period, in order of time."""
        metric, bound = panel.metric, self.bound(panel.metric)
        value = panel.values()
        low, high = intervals(panel, self.confidence)
        enough = (panel.n >= (1 if metric.kind is Kind.LEVEL else metric.min_n)) & np.isfinite(value)
        known = np.isfinite(low) & np.isfinite(high)
        with np.errstate(invalid="ignore"):
            beyond = high < bound if self.floor is not None else low > bound
            good = value >= bound if self.floor is not None else value <= bound
        breach = enough & known & beyond
        begun = _begun(breach, context.mature)
        findings, said = [], _Said.of(metric, bound, "floor" if self.floor is not None else "ceiling")
        through = -np.inf if context.evaluated_through is None else context.evaluated_through.timestamp()
        for t in np.flatnonzero(context.mature & (panel.starts > through)):
            for s, segment in enumerate(panel.segments):
                state = State.BREACH if breach[s, t] else State.OK if enough[s, t] and good[s, t] else State.UNKNOWN
                gap = (bound - high[s, t]) if self.floor is not None else (low[s, t] - bound)
                seen, least, most, n = (float(x[s, t]) for x in (value, low, high, panel.n))
                one = Finding(
                    check=self.type,
                    metric=metric.id,
                    segment=segment,
                    at=datetime.fromtimestamp(int(panel.starts[t]), UTC),
                    state=state,
                    reason=said.of_one(state, seen, least, most, n),
                    value=seen,
                    low=least,
                    high=most,
                    n=n,
                    since=datetime.fromtimestamp(int(panel.starts[begun[s, t]]), UTC) if breach[s, t] else None,
                    looked_at=len(panel.segments),
                    score=_matters(metric, float(gap), bound) if breach[s, t] else 0.0,
                )
                findings.append(one)
        return findings


def natural(text: str, metric: Metric) -> float:
    """`80%`, `15 min`, `3 per 1000` or `4.2` in the metric's natural unit; ValueError where it does not fit."""
    match = TEXT.fullmatch(text)
    if match is None:
        raise ValueError(f"found {text!r} for {metric.id}, expected a number with its unit")
    number, unit, per = float(match[1].replace(",", ".")), match[2], match[3]
    if per is not None:
        return number / float(per.replace(",", "").replace("_", ""))
    if unit is None or unit == metric.unit:
        # A percentage metric is stored as shares whatever its unit says.
        return number / 100 if unit == "%" else number
    if unit in {"%", "pt"}:
        return number / 100
    if unit in SECONDS and metric.unit in SECONDS:
        return number * SECONDS[unit] / SECONDS[metric.unit]
    raise ValueError(f"found {text!r} for {metric.id}, expected it in {metric.unit or 'a plain number'}")


def intervals(panel: Panel, confidence: float) -> tuple[Floats, Floats]:
    """(low, high) of each cell's figure (S, T), by the kind's own formula; NaN where it cannot be known.

    Shares: Wilson; rates: exact; means, ratios and quantiles: by their standard error; a level is what was measured.
    """
    from cxmon.stats import intervals as by  # noqa: PLC0415 - scipy is loaded when something is checked.

    match panel.metric.kind:
        case Kind.PROPORTION:
            return by.wilson(panel.total, panel.n, confidence)
        case Kind.RATE:
            return by.poisson(panel.total, panel.n, confidence)
        case Kind.LEVEL:
            return panel.values(), panel.values()
        case _:
            return by.around(panel.values(), panel.variances(), panel.n, confidence)


def _begun(breach: np.ndarray, mature: np.ndarray) -> np.ndarray:
    """For each cell in breach, the index of the first period of its unbroken run; immature periods do not exist."""
    begun, days = np.zeros(breach.shape, np.int64), np.flatnonzero(mature)
    if len(days):
        known = breach[:, days]
        quiet = np.maximum.accumulate(np.where(known, -1, np.arange(len(days))), axis=1)
        begun[:, days] = np.where(known, days[np.minimum(quiet + 1, len(days) - 1)], 0)
    return begun


def _matters(metric: Metric, gap: float, bound: float) -> float:
    """How many times the smallest difference worth acting on even the near end of the interval lies beyond."""
    unit = metric.matters.value * (abs(bound) if metric.matters.relative else 1.0)
    return max(gap, 0.0) / unit if unit > 0 else 0.0


@dataclass(frozen=True, kw_only=True)
class _Said:
    """What is said of a figure against its bound, which reads the same for all of them."""

    metric: Metric
    bound: float
    beyond: str
    against: str

    @classmethod
    def of(cls, metric: Metric, bound: float, side: str) -> Self:
        against = f"the {side} of {wording.value(metric, bound)}"
        return cls(metric=metric, bound=bound, beyond="below" if side == "floor" else "above", against=against)

    def of_one(self, state: State, value: float, low: float, high: float, n: float) -> str:
        metric = self.metric
        answers = f"{written(n)} {wording.count_word(metric)}"
        if state is State.UNKNOWN and not (np.isfinite(value) and n >= metric.min_n):
            return f"too little data: {answers}, {written(metric.min_n)} are needed"
        precise = wording.level_digits(metric, low, high, beside=(self.bound,))
        seen, least, most = (wording.value(metric, x, precise) for x in (value, low, high))
        figure = f"{seen} ({least} to {most}, {answers})"
        match state:
            case State.BREACH:
                return f"{figure} is surely {self.beyond} {self.against}"
            case State.OK:
                return f"{figure} keeps {self.against}"
            case _:
                return f"{figure} is beyond {self.against}, but that may be chance"
