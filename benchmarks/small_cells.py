"""What can be worked out of what is not shown? Planted desks, attacked by linear programming, with standard errors.

    python benchmarks/small_cells.py                 # a short form, some seconds
    python benchmarks/small_cells.py --desks 200     # as in docs/privacy.md

A desk of four channels, four regions and three tiers; everyone, channels, regions, tiers and channels by region are
shown. One channel and one region are small. Each small cell is attacked twice: where small cells alone are withheld,
and where what protects them is withheld too. An attacker knows the definition of every sum and that no count is below
zero, and asks between which counts the cell must lie.
"""

import argparse
from itertools import product

import numpy as np
from scipy.optimize import linprog

from cxmon.decisions.disclosure import BLOCKS, NOTHING, PERIODS, cover, withheld
from cxmon.decisions.swaps import Lattice
from cxmon.model import EVERYONE, Segment

LEAST = 10.0
CHANNELS, REGIONS, TIERS = ("chat", "email", "letter", "phone"), ("apac", "eu", "latam", "us"), ("basic", "plus", "pro")
LEAVES = [Segment.of(channel=c, region=r, tier=t) for c, r, t in product(CHANNELS, REGIONS, TIERS)]
BY = ((), ("channel",), ("region",), ("tier",), ("channel", "region"))
LATTICE = Lattice.of([EVERYONE, *(leaf.along(dims) for leaf in LEAVES for dims in BY)], LEAVES)
HOLDS = np.array([[s.holds(leaf) for leaf in LEAVES] for s in LATTICE.segments], float)


def answers(rng, small, periods=1):
    """Answers of each leaf (L, T): a small channel with `small` a day, and a small region, among large ones."""
    weight = np.array([(0.1 if leaf.get("region") == "apac" else 1.0) for leaf in LEAVES])
    letter = np.array([leaf.get("channel") == "letter" for leaf in LEAVES])
    mean = np.where(letter, small, 300.0) * weight / weight[~letter].sum() * 3
    return rng.poisson(mean[:, None], (len(LEAVES), periods)).astype(float)


def between(row, shown, sizes):
    """The least and the most that a row can be, given the rows that are shown."""
    ends = []
    for sign in (1, -1):
        asked = {"A_eq": HOLDS[shown], "b_eq": sizes[shown]}
        found = linprog(sign * HOLDS[row], **asked, bounds=(0, None), method="highs")
        ends.append(sign * found.fun if found.status == 0 else -sign * np.inf)
    return ends


def attacked(desks, small):
    """(small cells, of which known exactly and closer than the minimum without and with protection, cells withheld)."""
    found = np.zeros((desks, 6))
    for desk in range(desks):
        rng = np.random.default_rng([11, desk, round(10 * small)])
        sizes = HOLDS @ answers(rng, small)[:, 0]
        few = (sizes > 0) & (sizes < LEAST)
        hidden = withheld(LATTICE, sizes[:, None], LEAST)[:, 0]
        found[desk, 0], found[desk, 5] = few.sum(), hidden.sum() - few.sum()
        for row in np.flatnonzero(few):
            for i, out in enumerate((few, hidden)):
                low, high = between(row, ~out, sizes)
                found[desk, 1 + 2 * i] += high - low < 1e-6
                found[desk, 2 + 2 * i] += high - low < LEAST - 1e-6
    return found


def shown(small, days=364):
    """The share of days on which each kind of series is shown by day, by week and not at all."""
    rng = np.random.default_rng([7, round(10 * small)])
    sizes = HOLDS @ answers(rng, small, days)
    found = cover(LATTICE, sizes, {}, blocks=np.arange(days) // 7, complete=np.ones(days, bool), least=LEAST)
    kinds = {"the small channel": ["letter"], "the channel that protects it": None, "the other channels": None}
    channel = {s.get("channel"): i for i, s in enumerate(LATTICE.segments) if s.dimensions == ("channel",)}
    order = sorted((c for c in channel if c != "letter"), key=lambda c: (found.level[channel[c]] == PERIODS).mean())
    kinds["the channel that protects it"], kinds["the other channels"] = order[:1], order[1:]
    rows = {}
    for kind, names in kinds.items():
        level = found.level[[channel[c] for c in names]]
        rows[kind] = [float((level == one).mean()) for one in (PERIODS, BLOCKS, NOTHING)]
    return rows


def main():
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--desks", type=int, default=20)
    desks = asked.parse_args().desks
    print(f"{desks} desks; of 100 small cells known exactly / closer than to {LEAST:.0f} answers (standard error)")
    print(
        "in the small channel | small cells | small alone withheld | with what protects them | further cells withheld"
    )
    for small in (2.0, 5.0, 9.0, 15.0):
        each = attacked(desks, small)
        total = each[:, 0].sum()
        cells = []
        for column in range(1, 5):
            share = each[:, column].sum() / total
            se = np.sqrt(((each[:, column] - share * each[:, 0]) ** 2).sum()) / total
            cells.append(f"{100 * share:.1f} ({100 * se:.1f})")
        further = f"{each[:, 5].mean():.1f} of {len(HOLDS)}"
        print(f"{small:.0f} | {total:.0f} | {cells[0]} / {cells[1]} | {cells[2]} / {cells[3]} | {further}")
    print("\ndays shown by day / by week / not at all, in per cent")
    for small in (2.0, 5.0, 9.0, 15.0, 30.0):
        rows = "; ".join(f"{kind} {' / '.join(f'{100 * x:.0f}' for x in row)}" for kind, row in shown(small).items())
        print(f"{small:.0f} answers a day: {rows}")


if __name__ == "__main__":
    main()
