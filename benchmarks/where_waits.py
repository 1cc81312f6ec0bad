"""Is a waiting time's rise put down to segments where only slower kinds of contacts are left? Planted worlds.

    python benchmarks/where_waits.py                              # a short form, about a minute
    python benchmarks/where_waits.py --worlds 40 --first 1000     # as in docs/methods/where.md
    python benchmarks/where_waits.py --staged --worlds 20         # the same in a roll-out

27 cells of 10 to 40 tickets a day, beside 18 that nothing touches; 200 days before and 60 since. Minutes are lognormal;
channels, regions and tiers differ in their medians, everybody shares an AR(1) movement of 8 % and each channel, region
and tier has one of its own of 2 %. "Other kinds": two thirds of the quickest channel's tickets stay away since. The
median is judged as judge does, daily, with three other metrics watched; a named segment is false unless half of its
tickets lie in the planted place. Half widths in percent.
"""

import sys
from datetime import timedelta

import numpy as np
from where import AT, CELLS, CSAT, DAYS, wander
from where_levels import CUT
from where_staged import BEGINS, FIRST, NEVER, ROLLOUT, SHARE, report, wandering
from where_staged import DAYS as LONGER

from cxmon import sketch
from cxmon.model import Amount, Better, Kind, Metric, Segment
from cxmon.panel import Panel
from cxmon.pipeline.judge_evidence import evidence
from cxmon.pipeline.judge_staged import staged_evidence

SLOW = {"chat": np.log(4.0), "email": np.log(20.0), "phone": np.log(9.0), "pro": -0.2, "basic": 0.1, "us": 0.1}
SCATTER, LOW, HIGH = 0.8, 0.05, 2000.0
FIRST_REPLY = Metric(
    id="first_reply", label="First reply", kind=Kind.QUANTILE, quantiles=(0.5,), better=Better.LOWER, unit="min",
    source="desk", read=CSAT.read, matters=Amount(0.1, relative=True, text="10%"), dimensions=CSAT.dimensions,
    min_n=10.0,
)  # fmt: skip
# (place, rise of its times, whether other kinds of contacts are left)
WORLDS = {
    "30 % everywhere": ({}, 0.3, False),
    "other kinds of contacts only": (None, 0.0, True),
    "30 % everywhere and other kinds": ({}, 0.3, True),
    "60 % in one channel": ({"channel": "phone"}, 0.6, False),
    "60 % in one channel and other kinds": ({"channel": "phone"}, 0.6, True),
}


def world(seed, name, days, begins, wander):
    """The panel of all cells, the rise planted in each touched cell from its day on, and which are in the place."""
    place, size, kinds = WORLDS[name]
    rng = np.random.default_rng([seed, *map(ord, name)])
    cells = CELLS + NEVER
    inside = np.array([place is not None and Segment.of(place).holds(s) for s in CELLS])
    harm = np.where(inside, size, 0.0)
    after = np.arange(days) >= np.broadcast_to(begins, len(CELLS))[:, None]
    volume = np.repeat(rng.uniform(10, 40, len(cells))[:, None], days, 1)
    if kinds:
        quick = np.array([s.get("channel") == "chat" for s in CELLS])
        volume[: len(CELLS)] *= np.where(quick[:, None] & after, 0.33, 1.0)
    shared = 0.05 * np.sin(2 * np.pi * np.arange(days) / 7) + wander(rng, 0.8, 0.08)
    own = {v: wander(rng, 0.7, 0.02) for s in cells for _, v in s.items}
    middle = np.stack([shared + sum(SLOW.get(v, 0.0) + own[v] for _, v in s.items) for s in cells])
    middle[: len(CELLS)] += np.log1p(harm)[:, None] * after
    n = rng.poisson(volume)
    first = int(sketch.buckets(LOW))
    counts = np.zeros((len(cells), days, int(sketch.buckets(HIGH)) - first + 1))
    for s, t in np.ndindex(n.shape):
        times = np.clip(rng.lognormal(middle[s, t], SCATTER, n[s, t]), LOW, HIGH)
        np.add.at(counts[s, t], sketch.buckets(times) - first, 1.0)
    starts = np.arange(days, dtype=np.int64) * 86400 + int(FIRST.timestamp())
    panel = Panel(
        metric=FIRST_REPLY, segments=cells, starts=starts, n=n.astype(float), total=n.astype(float), counts=counts,
        bucket0=first,
    )  # fmt: skip
    # Like times, effects are compared as ratios.
    return panel, (panel.n[: len(CELLS)] * after).sum(1), harm, inside


def drawn(seed, name):
    panel, answers, harm, inside = world(seed, name, DAYS, AT, wander)
    return evidence(CUT, [CUT], panel, SHARE, now=FIRST + timedelta(days=DAYS)), answers, harm, inside


def drawn_staged(seed, name):
    panel, answers, harm, inside = world(seed, name, LONGER, BEGINS, wandering)
    now = FIRST + timedelta(days=LONGER)
    return staged_evidence(ROLLOUT, ROLLOUT.parts(), panel, SHARE, now=now), answers, harm, inside


if __name__ == "__main__":
    if "--staged" in sys.argv:
        sys.argv.remove("--staged")
        report(drawn_staged, WORLDS, __doc__)
    else:
        report(drawn, WORLDS, __doc__)
