"""One day of tickets and ratings, and the day-by-day stock of customers, drawn from the hidden state of the desk."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cxmon.demo.world import (
    CHANNEL_LEVEL,
    CHANNEL_OF,
    CHURN_STREAM,
    DAY_STREAM,
    EPOCH,
    FIGURES,
    LEAVES,
    REGION_LEVEL,
    REGION_OF,
    TIER_LEVEL,
    TIER_OF,
    World,
    named,
    night_after,
)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

DAY_S = 86_400
TICKETS_PER_DAY = 950.0
CUSTOMERS = 120_000
ANSWER_SHARE = 0.6
# Everything about a ticket is settled within this many days: solved (20), answered (8), closed (5 after solving).
SETTLED_DAYS = 29
SOLVED_DAYS = 20
CLOSES_AFTER_S = 5 * DAY_S

Row = tuple[Any, ...]
TIMES = [f" {s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}" for s in range(DAY_S)]
LEAF_NAMES = [tuple(leaf.get(name) for name in ("channel", "region", "tier")) for leaf in LEAVES]


@dataclass(frozen=True, kw_only=True)
class Tickets:
    """Tickets of one day in the order of their creation; times are seconds since the day with ordinal 0 (N,)."""

    id: Ints
    leaf: Ints
    created: Ints
    response_min: Floats
    resolution_min: Floats
    reopened: Ints
    answers: npt.NDArray[np.bool_]
    satisfied: Ints
    answered: Ints

    @property
    def responded(self) -> Ints:
        return self.created + (self.response_min * 60).astype(np.int64)

    @property
    def solved(self) -> Ints:
        return self.created + (self.resolution_min * 60).astype(np.int64)


def tickets_of(world: World, seed: int, day: int, scale: float) -> Tickets:
    """Draws the tickets created on `day` (ordinal). Satisfaction and reopening follow the day of the solution."""
    rng = np.random.default_rng([seed, DAY_STREAM, day])
    here = world.figures[day - world.first]
    expected = TICKETS_PER_DAY * scale * here[FIGURES.index("volume")]
    leaf = np.repeat(np.arange(len(LEAVES)), rng.poisson(expected))
    count = len(leaf)
    created = day * DAY_S + (rng.triangular(4, 13, 23.9, count) * 3600).astype(np.int64)
    order = np.argsort(created, kind="stable")
    leaf, created = leaf[order], created[order]
    response = here[FIGURES.index("first_response")][leaf] * np.exp(0.8 * rng.standard_normal(count))
    response = np.clip(np.round(response, 1), 0.1, 7 * 1440)
    handling = here[FIGURES.index("handling")][leaf] * np.exp(1.0 * rng.standard_normal(count))
    resolution = np.minimum(np.round(response + handling, 1), SOLVED_DAYS * 1440 - 1)
    solved = created + (resolution * 60).astype(np.int64)
    then = world.figures[solved // DAY_S - world.first, :, leaf]
    satisfied = rng.random(count) < then[:, FIGURES.index("csat")]
    # Angry customers answer sooner: figures that are not complete yet look worse than they are.
    delay = rng.exponential(np.where(satisfied, 2.0, 1.2)) + 0.02
    return Tickets(
        id=(day - EPOCH) * 100_000 + np.arange(count),
        leaf=leaf,
        created=created,
        response_min=response,
        resolution_min=resolution,
        reopened=(rng.random(count) < then[:, FIGURES.index("reopened")]).astype(np.int64),
        answers=rng.random(count) < ANSWER_SHARE,
        satisfied=satisfied.astype(np.int64),
        answered=solved + (np.minimum(delay, 7.5) * DAY_S).astype(np.int64),
    )


def stamps(seconds: Ints) -> list[str]:
    """`2026-01-31 09:30:00` for each time; the text form that SQLite's own functions use."""
    days, rest = np.divmod(seconds, DAY_S)
    names = {int(day): named(int(day)) for day in np.unique(days)}
    return [names[day] + TIMES[second] for day, second in zip(days.tolist(), rest.tolist(), strict=True)]


def ticket_rows(drawn: Tickets, until_s: int) -> Iterator[Row]:
    """Rows of table `tickets` as they stand at `until_s`: what has not happened yet is NULL."""
    closed = drawn.solved + CLOSES_AFTER_S
    leaves = [LEAF_NAMES[i] for i in drawn.leaf.tolist()]
    columns = (
        drawn.id.tolist(),
        stamps(drawn.created),
        leaves,
        _known(drawn.response_min.tolist(), drawn.responded, until_s),
        _known(stamps(drawn.responded), drawn.responded, until_s),
        _known(drawn.resolution_min.tolist(), drawn.solved, until_s),
        _known(stamps(drawn.solved), drawn.solved, until_s),
        _known(drawn.reopened.tolist(), closed, until_s),
        _known(stamps(closed), closed, until_s),
        _status(drawn, closed, until_s),
    )
    for id_, created, leaf, *rest in zip(*columns, strict=True):
        yield (id_, created, *leaf, *rest)


def rating_rows(drawn: Tickets, until_s: int) -> Iterator[Row]:
    """Rows of table `ratings`: answers that had arrived by `until_s`."""
    here = drawn.answers & (drawn.answered < until_s)
    leaves = [LEAF_NAMES[i] for i in drawn.leaf[here].tolist()]
    columns = (
        drawn.id[here].tolist(),
        leaves,
        stamps(drawn.solved[here]),
        drawn.satisfied[here].tolist(),
        stamps(drawn.answered[here]),
    )
    for id_, leaf, *rest in zip(*columns, strict=True):
        yield (id_, *leaf, *rest)


def stock(world: World, seed: int, first: int, until: int) -> Iterator[tuple[int, Ints, Ints, Ints]]:
    """(day, active, joined, cancelled) for `first <= day < until`, per leaf: customers at the start of the day, those
    who are added and those who leave. The stock is carried from `first` on, day by day."""
    share = np.exp(CHANNEL_LEVEL[-1, CHANNEL_OF] + REGION_LEVEL[-1, REGION_OF] + TIER_LEVEL[-1, TIER_OF])
    active = np.round(CUSTOMERS * share / share.sum()).astype(np.int64)
    target = active.copy()
    churn = world.of("churn")
    for day in range(first, until):
        rng = np.random.default_rng([seed, CHURN_STREAM, day])
        cancelled = rng.binomial(active, np.clip(churn[day - world.first], 0, 1))
        joined = rng.poisson(0.001 * target)
        yield day, active, joined, cancelled
        active = active - cancelled + joined


def customer_rows(world: World, seed: int, first: int, wanted: int, until: int) -> Iterator[Row]:
    """Rows of table `subscription_days` for `wanted <= day < until`."""
    for day, active, joined, cancelled in stock(world, seed, first, until):
        if day >= wanted:
            name, loaded = named(day), night_after(day)
            for leaf, numbers in zip(LEAF_NAMES, zip(active, joined, cancelled, strict=True), strict=True):
                yield (name, *leaf, *(int(x) for x in numbers), loaded)


def _known(values: list[Any], at: Ints, until_s: int) -> list[Any]:
    """Each value where it was known before `until_s`, else None."""
    return [v if known else None for v, known in zip(values, (at < until_s).tolist(), strict=True)]


def _status(drawn: Tickets, closed: Ints, until_s: int) -> list[str]:
    steps = (drawn.solved < until_s).astype(int) + (closed < until_s)
    return [("open", "solved", "closed")[step] for step in steps.tolist()]
