"""What a watch works out for many days at once, so that a replay need not ask it day by day."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cxmon.model import Segment
from cxmon.panel import Floats, Ints

if TYPE_CHECKING:
    from cxmon.stats import WatchDays

STATES = ("onset", "score", "size", "low", "high", "active")


@dataclass(frozen=True, kw_only=True, eq=False)
class Pass:
    """What the monitor says of each day of some series of one age: `days` from `values` and `n` (S, T), which begin at
    period `first`, at the heights `limits` (S,). `limit` gives the heights of other budgets."""

    segments: tuple[Segment, ...]
    first: int
    values: Floats
    n: Floats
    limits: Floats
    days: "WatchDays"
    limit: Callable[[Floats], Floats]

    def rows(self, segments: tuple[Segment, ...]) -> Ints:
        where = {s: i for i, s in enumerate(segments)}
        return np.array([where[s] for s in self.segments], np.int64)

    def first_alarm(self, budgets: Floats, begin: int, never: int) -> Ints:
        """The first period (S,) from `begin` on with an alarm at these budgets, or `never`."""
        beyond = self.days.score[:, max(begin - self.first, 0) :] * (self.limits / self.limit(budgets))[:, None] > 1
        return np.where(beyond.any(1), max(begin, self.first) + beyond.argmax(1), never).astype(np.int64)

    def holds(self, segments: tuple[Segment, ...], values: Floats, n: Floats, budgets: Floats) -> bool:
        """Whether the last of these periods was looked at, with these very figures and no larger budgets."""
        T = values.shape[1]
        return (
            segments == self.segments
            and self.values.shape[1] >= T
            and bool(np.isfinite(self.days.score[:, T - 1]).any())
            and bool((self.limit(budgets) >= self.limits).all())
            and np.array_equal(values, self.values[:, :T], equal_nan=True)
            and np.array_equal(n, self.n[:, :T], equal_nan=True)
        )

    def state(self, t: int, budgets: Floats) -> dict[str, Floats]:
        """What is said of period `t` at other budgets, which are no larger."""
        score = self.days.score[:, t] * self.limits / self.limit(budgets)
        active = score > 1
        out = {name: np.where(active, getattr(self.days, name)[:, t], np.nan) for name in ("size", "low", "high")}
        onset = np.where(active, self.days.onset[:, t], -1).astype(float)
        return out | {"score": score, "active": active.astype(float), "onset": onset}


@dataclass(frozen=True, kw_only=True, eq=False)
class Ahead:
    """For each series (S,) the first period in which it could be beyond its own share, and beyond the allowance of its
    whole story; the number of periods where there is none. `passes` are what that rests on."""

    own: Ints
    story: Ints
    passes: list[Pass]
