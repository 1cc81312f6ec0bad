"""Does the price of a roll-out hold the planted loss while its stages come in, and is the opposite ever said?

    python benchmarks/price_staged.py                              # a short form, about two minutes
    python benchmarks/price_staged.py --worlds 30 --first 1000    # as in docs/methods/price.md

The customers and contacts of benchmarks/price.py, but three of the regions get the change on days 0, 20 and 45, beside
three that never do; read on days 40, 80 and 120. The truth is what was planted in each region from its own day on. The
claimed saving is half, or twice, the true loss of the 120 days over the full days of the stages.
"""

import argparse
from dataclasses import replace
from datetime import timedelta

import numpy as np
from pages import table, write
from price import (
    CALLS,
    CHURN,
    CONTACTS,
    COST,
    CUT,
    DAYS,
    FIRST,
    MONEY,
    ON,
    RATE,
    SIZE,
    TIERS,
    VALUE,
    share,
    wander,
)

from cxmon import decisions
from cxmon.model import PriceCode, Saving, Scope, Segment, Stage
from cxmon.panel import Panel
from cxmon.pipeline.estimating import one_by_one
from cxmon.pipeline.judge_price import counted
from cxmon.pipeline.judge_staged import staged_evidence

LOOKS, BEFORE = (40, 80, 120), 220
assert BEFORE + LOOKS[-1] == DAYS
START = FIRST + timedelta(days=BEFORE)
BEGINS = {"eu": 0, "us": 20, "apac": 45}
REGIONS = (*BEGINS, "latam", "mea", "anz")
AGE = np.stack([np.arange(DAYS) - BEFORE - BEGINS.get(region, DAYS) for region in REGIONS])
ON_THERE = AGE >= 0
AS_MUCH = (RATE * SIZE).sum() / SIZE.sum() * 0.3
# How the rate of each tier moves in each region (6, 3, T), and by which part its contacts do (6, T).
WORLDS = {
    "nothing": (np.zeros((6, 3, DAYS)), np.zeros((6, DAYS))),
    "every tier by 30 %": (0.3 * RATE[:, None] * ON_THERE[:, None], 0.04 * ON_THERE),
    "every tier by as much": (np.full((3, 1), AS_MUCH) * ON_THERE[:, None], 0.04 * ON_THERE),
    "by as much, the first region alone": (
        np.full((3, 1), 2 * AS_MUCH) * (ON_THERE & (np.arange(6) == 0)[:, None])[:, None], 0.04 * ON_THERE,
    ),
    "from day 30 of each stage on, by as much": (
        np.full((3, 1), AS_MUCH) * np.clip((AGE - 30) / 10, 0, 1)[:, None], 0.04 * ON_THERE,
    ),
}  # fmt: skip
ROLLOUT = replace(
    CUT, starts=START, scope=Scope.of({"region": list(BEGINS)}), horizon_days=120,
    stages=tuple(Stage(starts=START + timedelta(days=d), scope=Scope.of({"region": r})) for r, d in BEGINS.items()),
)  # fmt: skip


def panels(seed, name):
    """Churn by region and tier, and contacts by region."""
    rng = np.random.default_rng([seed, *map(ord, name)])
    moved, calls = WORLDS[name]
    common, busy = wander(rng, 0.8, 0.06), wander(rng, 0.8, 0.05)
    lost, asked = [], []
    for r in range(len(REGIONS)):
        here = wander(rng, 0.5, 0.03)
        rates = [RATE[k] * np.exp(common + here + wander(rng, 0.5, 0.04)) + moved[r, k] for k in range(3)]
        lost += [rng.binomial(SIZE[k], np.clip(rates[k], 0, 1)) for k in range(3)]
        asked.append(rng.poisson(CALLS * np.exp(busy + wander(rng, 0.5, 0.04)) * (1 + calls[r])))
    starts = np.array([int((FIRST + timedelta(days=t)).timestamp()) for t in range(DAYS)])
    leaves = tuple(Segment.of(region=region, tier=tier) for region in REGIONS for tier in TIERS)
    size = np.repeat(np.tile(SIZE, len(REGIONS))[:, None], DAYS, 1).astype(float)
    regions = tuple(Segment.of(region=region) for region in REGIONS)
    return (
        Panel(metric=CHURN, segments=leaves, starts=starts, n=size, total=np.array(lost, float)),
        Panel(metric=CONTACTS, segments=regions, starts=starts, n=np.ones((6, DAYS)), total=np.array(asked, float)),
    )


def truth(name):
    """The loss of each day (T,)."""
    moved, calls = WORLDS[name]
    return np.einsum("rkt,k->t", moved, SIZE * VALUE) + COST * CALLS * calls.sum(0)


def looks(seed, name):
    """(day, what is known by metric) for each look."""
    shares = decisions.shares(("churn", "contacts"), {})
    both = panels(seed, name)
    for look in LOOKS:
        now, known = START + timedelta(days=look), {}
        for whole in both:
            leaves, part = whole.cut(0, BEFORE + look), shares[whole.metric.id]
            found = staged_evidence(ROLLOUT, ROLLOUT.parts(), leaves, part, now=now, brief=True)
            of = one_by_one(counted(found, ROLLOUT, ROLLOUT.parts(), leaves, part, MONEY, now=now))
            known[whole.metric.id] = of.known
        yield look, known


def row(name, worlds, first):
    lost = truth(name).cumsum()
    sums = {look: float(lost[BEFORE + look - 1]) for look in LOOKS}
    full = sum(LOOKS[-1] - d for d in BEGINS.values()) / len(BEGINS)
    held, wrong, half = {n: [] for n in LOOKS}, [], []
    said = {0.5: [], 2.0: []}
    for seed in range(first, first + worlds):
        every = list(looks(seed, name))
        for factor, codes in said.items():
            claim = Saving((sums[LOOKS[-1]] or 400_000.0) * factor / full, "EUR", "day", "bench")
            change, ever = replace(ROLLOUT, saving=claim), False
            for look, known in every:
                found = decisions.price(change, known, MONEY, now=START + timedelta(days=look), claimed_on=ON)
                opposite = PriceCode.PAYS if found.saving < sums[look] else PriceCode.COSTS_MORE
                ever |= found.code is opposite
                if factor == 2.0:
                    held[look].append(found.loss.low <= sums[look] <= found.loss.high)
            codes.append(found.code)
            wrong.append(ever)
        half.append((found.loss.high - found.loss.low) / 2)
    lossless = not sums[LOOKS[-1]]
    right = {0.5: PriceCode.PAYS if lossless else PriceCode.COSTS_MORE, 2.0: PriceCode.PAYS}
    answers = " / ".join(f"{np.mean([c is code for c in said[k]]):.2f}" for k, code in right.items())
    return [name, f"{sums[LOOKS[-1]]:,.0f}", *(share(held[n]) for n in LOOKS), f"{np.mean(half):,.0f}", answers,
            share(wrong)]  # fmt: skip


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--worlds", type=int, default=10)
    options.add_argument("--first", type=int, default=0)
    options.add_argument("--write", action="store_true", help="put the table into docs/methods/price.md")
    chosen = options.parse_args()
    head = ["world", "true loss, 120 days", "held, day 40", "day 80", "day 120", "half width, day 120",
            "right by day 120, half / twice", "ever wrong"]  # fmt: skip
    rows = []
    for name in WORLDS:
        rows.append(row(name, chosen.worlds, chosen.first))
        print(" | ".join(rows[-1]), flush=True)
    if chosen.write:
        write("price.md", "bench staged", table(head, rows))


if __name__ == "__main__":
    main()
