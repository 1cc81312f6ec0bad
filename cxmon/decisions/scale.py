"""From an effect on the scale of judgement to a harm that its owner can read: one place for units, signs and limits."""

import math
from dataclasses import dataclass

from cxmon.model import Amount, Interval, Kind, Metric

NOTHING = Interval(estimate=math.nan, low=math.nan, high=math.nan)


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How effects on one metric become harms in `unit`, and the accepted harm `limit` (> 0) in the same unit.

    An effect is actual minus expected in natural units, or ln(actual / expected) where `log`. The harm is

    * `%` from logs: sign * (exp(effect) - 1);
    * `%` from natural units: sign * effect / expected, with the expectation taken as known;
    * `pt` and own units: sign * effect,

    with sign +1 where a rise is harm and -1 where a fall is.
    """

    unit: str
    limit: float
    sign: int
    log: bool
    divisor: float

    def harm(self, effect: Interval) -> Interval:
        """The same interval as a harm: positive is worse, low <= high."""
        ends = [self._one(x) for x in (effect.low, effect.high)]
        low, high = ends if self.sign > 0 else reversed(ends)
        return Interval(estimate=self._one(effect.estimate), low=low, high=high)

    def effect(self, harm: float) -> float:
        """The effect that means this harm; -inf for a fall of all there is or more, of what cannot fall below zero."""
        moved = self.sign * harm
        if self.log:
            return math.log1p(moved) if moved > -1 else -math.inf
        return moved * self.divisor

    def _one(self, effect: float) -> float:
        moved = math.expm1(effect) if self.log else effect / self.divisor
        return self.sign * moved + 0.0  # + 0.0 turns a negative zero into zero.


def scale(metric: Metric, amount: Amount | None, *, expected: float, log: bool) -> Scale:
    """The scale on which `amount` (a limit or an aim; None = the metric's `matters`) is compared with effects.

    `expected` is the metric's mean expectation in natural units over the window; it turns relative sizes into absolute
    ones and back. `log` says that effects come as logarithms. Raises ValueError for a size that is not above zero.
    """
    size = metric.matters if amount is None else amount
    if not size.value > 0:
        raise ValueError(f"{metric.id}: {size.text!r}: found {size.value}, expected a size above zero")
    level = abs(expected)
    if log:
        # An absolute size of a duration (5 min) is a share of what was expected.
        limit = size.value if size.relative else size.value / level if level else math.nan
        return Scale(unit="%", limit=limit, sign=metric.harm_sign, log=True, divisor=1.0)
    if size.relative:
        divisor = level or math.nan
        return Scale(unit="%", limit=size.value, sign=metric.harm_sign, log=False, divisor=divisor)
    return Scale(unit=own_unit(metric), limit=size.value, sign=metric.harm_sign, log=False, divisor=1.0)


def own_unit(metric: Metric) -> str:
    """`pt` for shares 0..1, else the metric's own unit (a unit `%` that is not a share reads as a plain number)."""
    if metric.kind is Kind.PROPORTION or (metric.kind in {Kind.RATIO, Kind.RATE} and metric.unit == "%"):
        return "pt"
    return "" if metric.unit == "%" else metric.unit


def expected_from(actual: float, effect: float, *, log: bool) -> float:
    """What was expected, so that value, expectation and gap add up as printed. All in natural units, the effect on the
    scale of judgement."""
    return actual / math.exp(effect) if log else actual - effect


def turned(harm: Interval) -> Interval:
    """A harm as a gain: positive is better."""
    return Interval(estimate=-harm.estimate + 0.0, low=-harm.high + 0.0, high=-harm.low + 0.0)
