"""Does a price hold the planted loss, and is "pays" or "costs more" ever said of the opposite?

    python benchmarks/price.py                  # a short form, about a minute
    python benchmarks/price.py --worlds 150     # as in docs/methods/price.md

20,000 touched customers in three tiers that leave at 1.5, 0.9 and 0.45 in a thousand a day and are worth 300, 1,000
and 9,000; 1,000 contacts a day that cost 6; four untouched segments as large; 250 days before, read on days 30, 60 and
90 after. Rates share an AR(1) movement of 6 % and each has one of its own of 4 %. The truth is what was planted,
not what was drawn. The claimed saving is half, or twice, the true loss of the 90 days (of 400,000 where none is lost).
"""

import argparse
import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
from pages import table, write

from cxmon import decisions
from cxmon.model import (
    Amount,
    Better,
    Category,
    Change,
    Kind,
    Metric,
    Money,
    PriceCode,
    Read,
    Saving,
    Scope,
    Segment,
    Worth,
)
from cxmon.panel import Panel
from cxmon.pipeline.estimating import one_by_one
from cxmon.pipeline.judge_evidence import evidence
from cxmon.pipeline.judge_price import counted

BEFORE, LOOKS = 250, (30, 60, 90)
DAYS = BEFORE + LOOKS[-1]
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
START = FIRST + timedelta(days=BEFORE)
ON = date(2026, 1, 1)
REGIONS, TIERS = ("eu", "us", "apac", "latam", "mea"), ("basic", "pro", "top")
SIZE = np.array([10_000, 7_000, 3_000])
RATE = np.array([0.0015, 0.0009, 0.00045])
VALUE = np.array([300.0, 1_000.0, 9_000.0])
COST, CALLS = 6.0, 1_000.0
PART = {"source": "desk", "read": Read(time="day"), "matters": Amount(0.1, relative=True, text="10%")}
CHURN = Metric(
    id="churn", label="Churn", kind=Kind.RATE, better=Better.LOWER, dimensions=("region", "tier"), **PART
)  # fmt: skip
CONTACTS = Metric(
    id="contacts", label="Contacts", kind=Kind.LEVEL, better=Better.LOWER, dimensions=("region",), **PART
)  # fmt: skip
AMOUNTS = dict(zip(TIERS, VALUE.tolist(), strict=True))
MONEY = Money(
    currency="EUR",
    customers=Worth(metric="churn", amounts=AMOUNTS, by="tier", currency="EUR", source="bench", as_of=ON),
    contacts=Worth(metric="contacts", amounts={"": COST}, currency="EUR", source="bench", as_of=ON),
)
SINCE = np.arange(DAYS) - BEFORE
AFTER = SINCE >= 0
LATE = np.clip((SINCE - 30) / 10, 0, 1)
# How the rate of each tier (3, T) moves, and by which part the contacts do.
WORLDS = {
    "nothing": (np.zeros((3, DAYS)), 0.0),
    "every tier by 30 %": (RATE[:, None] * 0.3 * AFTER, 0.04),
    "every tier by as much": (np.full((3, 1), (RATE * SIZE).sum() / SIZE.sum() * 0.3) * AFTER, 0.04),
    "from day 30 on, by 30 %": (RATE[:, None] * 0.3 * LATE, 0.04),
    "the top tier only, by 90 %": (np.array([[0.0], [0.0], [RATE[2] * 0.9]]) * AFTER, 0.04),
}
CUT = Change(
    id="cut", title="Cut", category=Category.COST_CUT, starts=START, owner="bench", scope=Scope.of({"region": "eu"})
)  # fmt: skip


def wander(rng, phi, sd):
    x, e = np.zeros(DAYS), rng.standard_normal(DAYS)
    for t in range(1, DAYS):
        x[t] = phi * x[t - 1] + math.sqrt(1 - phi**2) * sd * e[t]
    return x


def panel(metric, segments, n, total):
    starts = np.array([int((FIRST + timedelta(days=t)).timestamp()) for t in range(DAYS)])
    return Panel(metric=metric, segments=segments, starts=starts, n=n.astype(float), total=total.astype(float))


def panels(seed, name):
    """Churn by region and tier, and contacts by region; the first region is touched."""
    rng = np.random.default_rng([seed, *map(ord, name)])
    moved, calls = WORLDS[name]
    shared, busy = wander(rng, 0.8, 0.06), wander(rng, 0.8, 0.05)
    lost, asked = [], []
    for region in REGIONS:
        touched = region == REGIONS[0]
        here = wander(rng, 0.5, 0.03)
        for k in range(3):
            rate = RATE[k] * np.exp(shared + here + wander(rng, 0.5, 0.04)) + moved[k] * touched
            lost.append(rng.binomial(SIZE[k], np.clip(rate, 0, 1)))
        asked.append(rng.poisson(CALLS * np.exp(busy + wander(rng, 0.5, 0.04)) * (1 + calls * touched * AFTER)))
    leaves = tuple(Segment.of(region=region, tier=tier) for region in REGIONS for tier in TIERS)
    size = np.repeat(np.tile(SIZE, len(REGIONS))[:, None], DAYS, 1)
    churn = panel(CHURN, leaves, size, np.array(lost))
    wanted = tuple(Segment.of(region=region) for region in REGIONS)
    contacts = panel(CONTACTS, wanted, np.ones((len(REGIONS), DAYS)), np.array(asked))
    return churn, contacts


def world(seed, name):
    """(day, true loss so far, what is known by metric) for each look."""
    moved, calls = WORLDS[name]
    truth = (moved * SIZE[:, None] * VALUE[:, None]).sum(0) + COST * CALLS * calls * AFTER
    shares = decisions.shares(("churn", "contacts"), {})
    both = panels(seed, name)
    for look in LOOKS:
        now, known = START + timedelta(days=look), {}
        for whole in both:
            leaves, share = whole.cut(0, BEFORE + look), shares[whole.metric.id]
            found = evidence(CUT, [CUT], leaves, share, now=now, opinions=False, brief=True)
            known[whole.metric.id] = one_by_one(counted(found, CUT, [CUT], leaves, share, MONEY, now=now)).known
        yield look, float(truth[BEFORE : BEFORE + look].sum()), known


def row(name, worlds, first):
    """Held and half widths by look, codes by day 90, and whether the opposite of the truth was ever said."""
    held, half, said = {n: [] for n in LOOKS}, [], {0.5: [], 2.0: []}
    wrong = {0.5: [], 2.0: []}
    for seed in range(first, first + worlds):
        looks = list(world(seed, name))
        whole = looks[-1][1] or 400_000.0
        for factor in (0.5, 2.0):
            change = replace(CUT, saving=Saving(whole * factor / LOOKS[-1], "EUR", "day", "bench"))
            ever = False
            for look, loss, known in looks:
                found = decisions.price(change, known, MONEY, now=START + timedelta(days=look), claimed_on=ON)
                opposite = PriceCode.PAYS if found.saving < loss else PriceCode.COSTS_MORE
                ever |= found.code is opposite
                if factor == 2.0:
                    held[look].append(found.loss.low <= loss <= found.loss.high)
            said[factor].append(found.code)
            half.append((found.loss.high - found.loss.low) / 2)
            wrong[factor].append(ever)
    return held, half, said, wrong


def share(hits):
    x = float(np.mean(hits))
    return f"{x:.3f} ± {math.sqrt(x * (1 - x) / len(hits)):.3f}"


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--worlds", type=int, default=20)
    options.add_argument("--first", type=int, default=0)
    options.add_argument("--write", action="store_true", help="put the table into docs/methods/price.md")
    chosen = options.parse_args()
    head = [
        "world",
        "true loss, 90 days",
        "held, day 30",
        "day 60",
        "day 90",
        "half width, day 90",
        "right by day 90, half / twice",
        "ever wrong",
    ]
    rows = []
    for name in WORLDS:
        held, half, said, wrong = row(name, chosen.worlds, chosen.first)
        lossless = not WORLDS[name][0].any()
        right = {0.5: PriceCode.PAYS if lossless else PriceCode.COSTS_MORE, 2.0: PriceCode.PAYS}
        found = [np.mean([c is code for c in said[k]]) for k, code in right.items()]
        loss = next(truth for look, truth, _ in world(chosen.first, name) if look == LOOKS[-1])
        told = [name, f"{loss:,.0f}", *(share(held[n]) for n in LOOKS), f"{np.mean(half):,.0f}"]
        rows.append([*told, f"{found[0]:.2f} / {found[1]:.2f}", share(wrong[0.5] + wrong[2.0])])
        print(" | ".join(rows[-1]), flush=True)
    print(table(head, rows))
    if chosen.write:
        write("price.md", "bench", table(head, rows))


if __name__ == "__main__":
    main()
