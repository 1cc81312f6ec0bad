"""Is the place found in which a level (contacts a day) rises? Planted worlds, with standard errors.

    python benchmarks/where_levels.py                              # a short form, about a minute
    python benchmarks/where_levels.py --worlds 60 --first 1000     # as in docs/methods/where.md
    python benchmarks/where_levels.py --staged                     # the regions get it on days 200, 214 and 235 of 290

27 cells of 5 to 60 contacts a day, beside 18 that nothing touches; 200 days before and 60 since. Everybody shares an
AR(1) movement of 5 % and each channel, region, tier and cell has one of its own of 2 %. Judged as judge does, daily,
with three other metrics watched; a named segment is false unless half of its contacts lie in the planted place.
"""

import sys
from datetime import timedelta

import numpy as np
from where import CELLS, CSAT, wander
from where_staged import BEGINS, FIRST, NEVER, ROLLOUT, SHARE, report, wandering
from where_staged import DAYS as LONGER

from cxmon.model import Amount, Better, Category, Change, Kind, Metric, Scope, Segment
from cxmon.panel import Panel
from cxmon.pipeline.judge_evidence import evidence
from cxmon.pipeline.judge_staged import staged_evidence

DAYS, AT = 260, 200
CONTACTS = Metric(
    id="contacts", label="Contacts", kind=Kind.LEVEL, better=Better.LOWER, source="desk", read=CSAT.read,
    matters=Amount(0.05, relative=True, text="5%"), dimensions=CSAT.dimensions, min_n=10.0,
)  # fmt: skip
CUT = Change(
    id="cut", title="Cut", category=Category.COST_CUT, starts=FIRST + timedelta(days=AT), owner="bench",
    scope=Scope.of({"region": ["eu", "uk", "us"]}),
)  # fmt: skip
WORLDS = {
    "10 % everywhere": ({}, 0.1),
    "15 % in one channel": ({"channel": "phone"}, 0.15),
    "40 % in channel and region": ({"channel": "phone", "region": "eu"}, 0.4),
    "15 % in one tier": ({"tier": "pro"}, 0.15),
}


STAGED = WORLDS | {"25 % in the second region": ({"region": "uk"}, 0.25)}


def world(seed, name, days, begins, wander):
    """The panel of all cells, the harm planted in each touched cell from its day on, and which are in the place."""
    place, size = STAGED[name]
    rng = np.random.default_rng([seed, *map(ord, name)])
    cells = CELLS + NEVER
    inside = np.array([bool(place) and Segment.of(place).holds(s) for s in CELLS])
    harm = np.where(inside, size, 0.0) if place else np.full(len(CELLS), size)
    busy = 0.1 * np.sin(2 * np.pi * np.arange(days) / 7) + wander(rng, 0.8, 0.05)
    own = {v: wander(rng, 0.7, 0.02) for s in cells for _, v in s.items}
    usual = rng.uniform(5, 60, len(cells))
    rate = np.stack([u * np.exp(busy + sum(own[v] for _, v in s.items) + wander(rng, 0.5, 0.02))
                     for u, s in zip(usual, cells, strict=True)])  # fmt: skip
    rate[: len(CELLS)] *= 1 + harm[:, None] * (np.arange(days) >= np.broadcast_to(begins, len(CELLS))[:, None])
    starts = np.arange(days, dtype=np.int64) * 86400 + int(FIRST.timestamp())
    total = rng.poisson(rate).astype(float)
    return Panel(metric=CONTACTS, segments=cells, starts=starts, n=np.ones(total.shape), total=total), harm, inside


def drawn(seed, name):
    panel, harm, inside = world(seed, name, DAYS, AT, wander)
    found = evidence(CUT, [CUT], panel, SHARE, now=FIRST + timedelta(days=DAYS))
    return found, panel.total[: len(CELLS), :AT].mean(1), harm, inside


def drawn_staged(seed, name):
    panel, harm, inside = world(seed, name, LONGER, BEGINS, wandering)
    found = staged_evidence(ROLLOUT, ROLLOUT.parts(), panel, SHARE, now=FIRST + timedelta(days=LONGER))
    return found, panel.total[: len(CELLS), :AT].mean(1), harm, inside


if __name__ == "__main__":
    if "--staged" in sys.argv:
        sys.argv.remove("--staged")
        report(drawn_staged, STAGED, __doc__)
    else:
        report(drawn, WORLDS, __doc__)
