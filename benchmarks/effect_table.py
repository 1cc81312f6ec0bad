"""The effect of a declared change on planted worlds: every table of issue 3, ours beside the oracle's and the peers'.

    python benchmarks/effect_table.py            # the short form: all parts in under a minute on an idle core
    python benchmarks/effect_table.py --full     # 1,000 replications a cell, 400 watched worlds a scenario
    python benchmarks/effect_table.py --cells    # only coverage, bias, RMSE and interval score; likewise --peek, --cpu

The worlds are those of ../shared/bench/effect_bench.py and some of our own, all answered in batch through
`cxmon.effects` (which equals one by one), with the bench's seeds and with fresh ones, so that tuning would show. The
oracle knows every variance, slope and shape; its file rests on 200 replications, and that error is not in our ratios.
`--docs` writes the tables into docs/methods/effect-figures.md.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType

import effect_cost
import effect_daily
import effect_figures
import effect_worlds
import pages
from effect_figures import Cell, Target

PAGE = "effect-figures.md"
TARGET_HEAD = ["target", "asked"]
SEEDS = {"the bench's seeds": 0, "fresh seeds": effect_worlds.FRESH}


@dataclass(frozen=True, kw_only=True)
class Size:
    """Replications a cell, those of a cell of our own, watched worlds a scenario and for the day of discovery, rounds
    of timing; positions of the effect sizes that are asked."""

    cell: int
    own: int
    watched: int
    found: int
    rounds: int
    effects: tuple[int, ...]


SHORT = Size(cell=40, own=30, watched=5, found=12, rounds=3, effects=(0, 2))
FULL = Size(cell=1000, own=1000, watched=400, found=400, rounds=20, effects=(0, 1, 2, 3))


def cells(
    eb: ModuleType, scenarios: dict[str, dict], reps: range, effects: tuple[int, ...], *, own: bool
) -> list[Cell]:
    """Every scenario with every effect size."""
    out = []
    for name, config in scenarios.items():
        for effect in (config["effects"][i] for i in effects):
            w = effect_worlds.worlds(eb, name, effect, reps, config if own else None)
            out.append(effect_figures.cell(name, effect, w, effect_worlds.ask(w)))
        print(f"  {name}", file=sys.stderr, flush=True)
    return out


def cell_tables(eb: ModuleType, size: Size, scenarios: dict[str, dict]) -> Iterator[tuple[str, str]]:
    """The targets, every cell, and the peers."""
    ours, by_seeds, reached = effect_worlds.own(eb), {}, []
    for first in SEEDS.values():
        its = cells(eb, scenarios, range(first, first + size.cell), size.effects, own=False)
        mine = cells(eb, ours, range(first, first + size.own), size.effects, own=True)
        by_seeds[first] = its, mine
        reached.append(effect_figures.targets(its, mine, eb.ORACLE))
    yield "targets", f"{by_both(reached)}\n\n{size.cell} replications a cell, {size.own} in scenarios of our own."
    for which, part, count in (("cells", 0, size.cell), ("own scenarios", 1, size.own)):
        tables = [
            f"With {seeds}, {count} replications a cell:\n\n{cell_table(eb, by_seeds[first][part])}"
            for seeds, first in SEEDS.items()
        ]
        yield which, "\n\n".join(tables)
    theirs = pages.table(effect_figures.PEER_HEAD, effect_figures.peers(by_seeds[0][0]))
    yield "peers", f"{theirs}\n\nOurs: {size.cell} replications a cell; theirs: 11 to 200 of the same seeds."


def peek_tables(eb: ModuleType, size: Size, scenarios: dict[str, dict]) -> Iterator[tuple[str, str]]:
    """Daily reading: harmless changes, on fresh seeds as well, and the day a large one is found."""
    tables, reached = [], []
    for seeds, first in SEEDS.items():
        quiet = effect_daily.harmless(eb, list(scenarios), range(first, first + size.watched))
        worlds = range(first, first + size.found)
        found = {name: effect_daily.days_to_find(eb, name, worlds) for name in ("csat_ar", "csat_drift")}
        tables += [
            f"With {seeds}, {size.watched} worlds a scenario, and {size.found} for the day of discovery:",
            pages.table(effect_daily.HEAD, effect_daily.lines(quiet)),
            pages.table(effect_daily.FOUND_HEAD, effect_daily.find_lines(found)),
        ]
        reached.append(effect_daily.targets(quiet) + effect_daily.find_targets(found))
    yield "daily", "\n\n".join([by_both(reached), *tables])


def cost_tables(eb: ModuleType, size: Size, scenarios: dict[str, dict]) -> Iterator[tuple[str, str]]:
    """CPU, on one thread."""
    lines, reached = effect_cost.measured(eb, list(scenarios), size.rounds)
    said = pages.table([*TARGET_HEAD, "figure (SE)"], [[t.name, t.asked, str(t)] for t in reached])
    yield "cost", "\n\n".join([said, pages.table(effect_cost.HEAD, lines), f"{size.rounds} rounds."])


def cell_table(eb: ModuleType, found: list[Cell]) -> str:
    return pages.table(effect_figures.HEAD, [effect_figures.row(c, eb.ORACLE) for c in found])


def by_both(reached: list[list[Target]]) -> str:
    """The same targets with both sets of seeds."""
    lines = [[t.name, t.asked, str(t), str(u)] for t, u in zip(*reached, strict=True)]
    return pages.table([*TARGET_HEAD, *SEEDS], lines)


def narrowed(eb: ModuleType, size: Size, part: str) -> None:
    """The cells of the bench's scenarios whose name holds `part`, for a quick look."""
    scenarios = {name: config for name, config in eb.SCEN.items() if part in name}
    for seeds, first in SEEDS.items():
        found = cells(eb, scenarios, range(first, first + size.cell), size.effects, own=False)
        print(f"\nWith {seeds}:\n\n{cell_table(eb, found)}")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--full", action="store_true", help="every effect size, 1,000 replications; about an hour")
    parts = {"cells": cell_tables, "peek": peek_tables, "cpu": cost_tables}
    for name in parts:
        options.add_argument(f"--{name}", action="store_true", help="only this part (and others that are named)")
    options.add_argument("--docs", action="store_true", help=f"write the tables into docs/methods/{PAGE}")
    options.add_argument("--only", help="nothing but the cells of the bench's scenarios whose name holds this")
    chosen = options.parse_args()
    if os.environ.get("OMP_NUM_THREADS") != "1":
        # More threads would only hide in the wall clock what they cost in CPU; numpy reads this when it is loaded.
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | {"OMP_NUM_THREADS": "1"})
    eb, size = effect_worlds.load("effect_bench"), FULL if chosen.full else SHORT
    if chosen.only:
        narrowed(eb, size, chosen.only)
        return
    for part in [name for name in parts if getattr(chosen, name)] or parts:
        for name, text in parts[part](eb, size, eb.SCEN):
            print(f"\n{name}\n\n{text}", flush=True)
            if chosen.docs:
                pages.write(PAGE, name, text)


if __name__ == "__main__":
    main()
