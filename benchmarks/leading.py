"""Which early figures run ahead of churn? Planted worlds: how often a figure is named that does not, and one that does.

    python benchmarks/leading.py                # a short form, about a minute
    python benchmarks/leading.py --worlds 200 --first 1000   # as in docs/methods/leading.md, some minutes

Three tiers of twelve segments each; four candidate figures, of which one may run ahead of churn by two months in one
tier. Everything is asked as `cxmon leading` asks it: all tiers, figures and lags at once. Standard errors in brackets.

Worlds: nothing; a season or shocks that all figures and churn share; churn that moves a figure (the wrong way round);
figures and churn that wander slowly (0.95 of a month's deviation stays); segments of few customers (1 to 8 cancel a
month); a figure that runs ahead in one tier, weakly, clearly and strongly.
"""

import argparse
import math
from dataclasses import dataclass

import numpy as np

from cxmon.stats.leading import LAGS, discoveries, ran_ahead

TIERS, SEGMENTS, FIGURES, LAG, BURN = 3, 12, 4, 2, 24


@dataclass(frozen=True)
class World:
    """`lead`: how far churn (log) moves with the figure two months before, in standard deviations of its own noise."""

    lead: float = 0.0
    season: float = 0.0
    shock: float = 0.0
    reverse: float = 0.0
    stays: float = 0.5
    customers: float = 2000.0


WORLDS = {
    "nothing": World(),
    "season that all share": World(season=0.3),
    "shocks that all share": World(shock=0.2),
    "churn moves the figure": World(reverse=1.0),
    "all wander slowly": World(stays=0.95),
    "few customers": World(customers=200.0),
    "runs ahead, weakly": World(lead=0.3),
    "runs ahead, clearly": World(lead=0.6),
    "runs ahead, strongly": World(lead=1.0),
}


def drawn(rng, world, months, *, leads):
    """(churn rates, customers, figures) of one tier: (S, T), (S, T), (FIGURES, S, T)."""
    S, T = SEGMENTS, months + BURN
    own = np.zeros((FIGURES, S, T))
    churn = np.zeros((S, T))
    scale = math.sqrt(1 - world.stays**2)
    for t in range(LAG, T):
        own[:, :, t] = world.stays * own[:, :, t - 1] + scale * rng.standard_normal((FIGURES, S))
        churn[:, t] = world.stays * churn[:, t - 1] + 0.15 * scale * rng.standard_normal(S)
    moved = churn.copy()
    if leads:
        moved[:, LAG:] -= 0.15 * world.lead * own[0, :, :-LAG]
    common = world.season * np.sin(2 * np.pi * np.arange(T) / 12) + world.shock * rng.standard_normal(T)
    figures = 0.02 * own + 0.01 * rng.standard_normal((FIGURES, S, T)) - 0.05 * common
    figures[0, :, 1:] -= 0.15 * world.reverse * moved[:, :-1]
    customers = np.repeat(world.customers * rng.uniform(0.25, 2, S)[:, None], T, axis=1)
    level = 0.02 * np.exp(rng.normal(0, 0.3, S))[:, None]
    rate = np.minimum(level * np.exp(moved + common), 0.9)
    y = rng.binomial(customers.astype(int), rate) / customers.astype(int)
    return y[:, BURN:], customers[:, BURN:], figures[:, :, BURN:]


def asked(seed, world, months):
    """What is named in one world: (tier, figure, lag); and all p-values of pairs without a lead."""
    rng = np.random.default_rng([seed, 20])
    found = []
    for tier in range(TIERS):
        y, n, figures = drawn(rng, world, months, leads=world.lead > 0 and tier == 0)
        found += [(tier, f, one) for f in range(FIGURES) for one in ran_ahead(y, n, figures[f])]
    flags = discoveries([one.p_value for *_, one in found])
    named = {(t, f, one.lag): one.gain for (t, f, one), flag in zip(found, flags, strict=True) if flag and one.low > 0}
    null = [one.p_value for t, f, one in found if not (world.lead and (t, f) == (0, 0))]
    return named, null


def share(hits):
    p = float(np.mean(hits))
    return f"{100 * p:5.1f} ({100 * math.sqrt(max(p * (1 - p), 1 / len(hits)) / len(hits)):.1f})"


def main() -> None:
    """Print, per world and length of history, how often something false and something true is named, in percent."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--worlds", type=int, default=60)
    parser.add_argument("--first", type=int, default=0, help="the first world's seed")
    parser.add_argument("--months", type=int, nargs="+", default=[18, 24, 36])
    parser.add_argument("--world", action="append", choices=list(WORLDS), help="only these")
    options = parser.parse_args()
    print(
        f"{options.worlds} worlds; {TIERS} tiers, {FIGURES} figures, lags {LAGS}: {TIERS * FIGURES * len(LAGS)} asked"
    )
    print(
        "months  world                    any false named   the figure named   at its own lag   error less by   p < 5 %"
    )
    for months in options.months:
        for name in options.world or WORLDS:
            world = WORLDS[name]
            results = [asked(options.first + i, world, months) for i in range(options.worlds)]
            planted = [(0, 0)] if world.lead else []
            false = [any((t, f) not in planted for t, f, _ in named) for named, _ in results]
            right = [any((t, f) == (0, 0) for t, f, _ in named) for named, _ in results]
            at_lag = [(0, 0, LAG) in named for named, _ in results]
            gains = [named[0, 0, LAG] for named, _ in results if (0, 0, LAG) in named]
            small = np.mean([p < 0.05 for _, null in results for p in null])
            told = (share(right), share(at_lag)) if world.lead else ("", "")
            less = f"{100 * np.median(gains):.0f} %" if world.lead and gains else ""
            cells = f"{share(false):>15}   {told[0]:>16}   {told[1]:>14}   {less:>13}   {100 * small:7.1f}"
            print(f"{months:6}  {name:24} {cells}", flush=True)


if __name__ == "__main__":
    main()
