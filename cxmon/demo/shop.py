"""The shop of the demo desk: who of its customers ordered on a day, by the wave in which they joined the club.

Those who join order more than those who do not, from the beginning, and more and more from the first wave on. The club
itself does nothing. So members look a third busier than others and busier than last summer, and neither is its doing.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from cxmon.demo.truth import CLUB
from cxmon.demo.world import named, night_after

Row = tuple[Any, ...]

SHOP_STREAM = 4
CHANNEL = "shop"
# Who joins when, in the order of the programme's stages, and who never does: customers, and their share a day.
GROUPS = ("first wave", "second wave", "third wave", "never")
CUSTOMERS = np.array([2400, 2000, 1600, 9000])
SHARE = np.array([0.090, 0.088, 0.086, 0.062])
# What joiners gain by themselves, in shares, over so many days from the first wave on.
RISE, RISE_DAYS = 0.012, 60
WEEKDAY = np.array([0.04, 0.02, 0.0, 0.0, 0.05, -0.03, -0.08])
# Logits that come and go within days, the same for all customers and beside it for each group.
COMMON, OWN = 0.05, 0.02


def shop_rows(seed: int, anchor: date, since: int, until: int) -> Iterator[Row]:
    """Rows of table `shop_days` for the days `since <= day < until` (ordinals); a day rests on nothing before it."""
    for day in range(since, until):
        rng = np.random.default_rng([seed, SHOP_STREAM, day])
        name, loaded = named(day), night_after(day)
        ordered = rng.binomial(CUSTOMERS, shares_of(rng, anchor, day))
        for group, customers, orders in zip(GROUPS, CUSTOMERS.tolist(), ordered.tolist(), strict=True):
            yield (name, CHANNEL, group, customers, orders, loaded)


def shares_of(rng: np.random.Generator, anchor: date, day: int) -> npt.NDArray[np.float64]:
    """The share of each group (4,) that orders on `day` on average."""
    into = day - anchor.toordinal() - CLUB.start
    rise = RISE * np.clip(into / RISE_DAYS, 0, 1) * np.array([1, 1, 1, 0])
    moved = WEEKDAY[(day - 1) % 7] + COMMON * rng.standard_normal() + OWN * rng.standard_normal(len(GROUPS))
    share = SHARE + rise
    return np.asarray(share / (share + (1 - share) * np.exp(-moved)))
