"""Who looked up how to cancel, per segment and day: most who cancel did so a month before, and many who stay do too.

It is the one figure of the desk that runs ahead of churn. The cancellations are those of `subscription_days`, those of
the weeks to come as well: who will leave knows it already.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from cxmon.demo.tickets import LEAF_NAMES, stock
from cxmon.demo.world import LEAVES, World, named, night_after

Row = tuple[Any, ...]

LOOKED_STREAM, CURIOUS_STREAM = 7, 8
# Who cancels on a day looked it up so many days before with this chance, on any of the days alike.
EARLIEST, LATEST = 45, 25
LOOKED = 0.75
# Who looks it up and stays, per active customer and day.
CURIOUS = 0.0003


def lookup_rows(world: World, seed: int, first: int, wanted: int, until: int) -> Iterator[Row]:
    """Rows of table `cancel_page_days` for `wanted <= day < until`; `world` reaches `EARLIEST` days past `until`."""
    days = EARLIEST - LATEST + 1
    chances = [*[LOOKED / days] * days, 1 - LOOKED]
    looked = np.zeros((until - wanted, len(LEAVES)), np.int64)
    active = np.zeros_like(looked)
    for day, customers, _, cancelled in stock(world, seed, first, until + EARLIEST):
        if wanted <= day < until:
            active[day - wanted] = customers
        if day < wanted + LATEST:
            continue
        rng = np.random.default_rng([seed, LOOKED_STREAM, day])
        earlier = rng.multinomial(cancelled, chances)[:, :-1]
        for k in range(days):
            at = day - EARLIEST + k - wanted
            if 0 <= at < len(looked):
                looked[at] += earlier[:, k]
    for day in range(wanted, until):
        rng = np.random.default_rng([seed, CURIOUS_STREAM, day])
        seen = looked[day - wanted] + rng.poisson(CURIOUS * active[day - wanted])
        name, loaded = named(day), night_after(day)
        for leaf, customers, looks in zip(LEAF_NAMES, active[day - wanted].tolist(), seen.tolist(), strict=True):
            yield (name, *leaf, customers, min(looks, customers), loaded)
