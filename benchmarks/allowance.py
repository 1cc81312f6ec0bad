"""How often a year's harm allowance is called exceeded: `python benchmarks/allowance.py [--worlds 40] [--write]`.

Each world is a desk of twelve segments with daily surveys and five cuts, two weeks apart, each on one segment and each
within its own limit. The first table judges the whole way (store, verdicts, sum) every thirtieth day of the year's
first half; the second on every day of it, as `judge` is run (`--daily` worlds), and the third, every thirtieth day,
five cuts each of which is told as held: limit held (safe) or worse within its limit. The fourth is the reading of
everyone alone, every twentieth day of the year, in worlds with 500 days of past. Where the truth is at most what is
allowed, every "exceeded" is wrong.
"""

import argparse
import math
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "pipeline"))

from judge_world import CHANNELS, World, built, change, csat, day
from pages import table, write

from cxmon.model import AllowanceCode, Allowances, Amount, Code, Scope, Segment, Window
from cxmon.pipeline import allowance_reading as reading
from cxmon.pipeline.estimating import one_by_one
from cxmon.pipeline.judge import Depth, judge

LEAVES = tuple(Segment.of(channel=c, region=r) for c in CHANNELS for r in ("de", "fr", "uk", "us"))
CUT = (0, 5, 10, 3, 6)
ALLOWED, LIMIT = 0.005, 0.03
# Five cuts of a point in their segments, which are 0.42 points for everyone.
HELD_TOTAL, HELD_ALLOWED = 0.01 * len(CUT) / len(LEAVES), 0.001
# The 1st of January of the worlds, and of those with a long past the 18th of October.
YEAR, LATE_YEAR = 214, 504


def points(x: float) -> Amount:
    return Amount(x, relative=False, text=f"{100 * x:g}pt")


def five_cuts(total: float, seed: int):
    """A world whose five cuts together cost all customers `total`, and the cuts."""
    each = total * len(LEAVES) / len(CUT)
    starts = {LEAVES[s]: YEAR + 8 + 14 * i for i, s in enumerate(CUT)}

    def move(segment, t):
        return -each if t >= starts.get(segment, math.inf) else 0.0

    cuts = [
        change(at, id=f"cut-{i}", title=f"Cut {i + 1}", scope=Scope.of(dict(s.items)), limits={"csat": points(LIMIT)})
        for i, (s, at) in enumerate(starts.items())
    ]
    return World(days=YEAR + 185, seed=seed, answers=250, moves={"csat": move}, leaves=LEAVES), cuts


@dataclass(frozen=True)
class Told:
    """What one world was told: exceeded and since which day of the year, within after the last cut, a cut over its own
    limit; whether it was exceeded on a day when every limit was told as held, and how many cuts were `safe` then."""

    exceeded: bool
    first: int
    within: bool
    over: bool
    safe: int
    held: bool


def judged(total: float, seed: int, *, step: int = 30, allowed: float = ALLOWED) -> Told:
    """One world whose cuts cost `total`, looked at from day 60 to day 180 of the year, every `step` days."""
    world, cuts = five_cuts(total, seed)
    allowance = Allowances(amounts={"csat": points(allowed)})
    told = Told(exceeded=False, first=0, within=False, over=False, safe=0, held=False)
    with tempfile.TemporaryDirectory() as folder:
        plan, store = built(Path(folder), world, [csat()], cuts, allowance=allowance)
        with store:
            for now in range(YEAR + 60, YEAR + 181, step):
                verdicts = judge(plan, store, now=day(now), depth=Depth.TOLD)
                use = store.allowances.latest()["csat"]
                over = told.over or any(v.code is Code.HARMED for v in verdicts)
                within = told.within or (use.code is AllowanceCode.WITHIN and len(use.carried) == len(CUT))
                told = replace(told, over=over, within=within)
                if use.code is not AllowanceCode.EXCEEDED:
                    continue
                if not told.exceeded:
                    told = replace(told, exceeded=True, first=now - YEAR)
                harms = [v.harms[0] for v in verdicts]
                held = all(h.code in {Code.SAFE, Code.WORSE} and h.so_far.high < h.limit for h in harms)
                if held and not told.held:
                    told = replace(told, held=True, safe=sum(h.code is Code.SAFE for h in harms))
    return told


def of_everyone(moved: float, seed: int) -> bool:
    """Whether the reading of everyone ever says exceeded, where everyone falls by `moved` at the year's start."""
    metric, year = csat(), day(LATE_YEAR)

    def move(_, t):
        return -moved if t >= LATE_YEAR else 0.0

    world = World(days=LATE_YEAR + 365, seed=seed, answers=250, moves={"csat": move}, leaves=LEAVES)
    with tempfile.TemporaryDirectory() as folder:
        _, store = built(Path(folder), replace(world), [metric], [])
        with store:
            past = Window(year - timedelta(days=730), year)
            frozen = reading.baseline_of(store.everyone(metric, past, year), year, year)
            whole = store.everyone(metric, Window(year, day(LATE_YEAR + 365)), day(LATE_YEAR + 365))
            for age in range(20, 366, 20):
                read = one_by_one(
                    reading.altogether(metric, points(2 * ALLOWED), frozen, whole.cut(0, age), now=day(LATE_YEAR + age))
                )
                if read.code is AllowanceCode.EXCEEDED:
                    return True
    return False


def rate(hits: int, worlds: range) -> str:
    seen, count = (hits + 0.5) / (len(worlds) + 1), len(worlds)
    return f"{100 * hits / count:.0f} % (SE {100 * math.sqrt(seen * (1 - seen) / count):.1f})"


def summed(worlds: range) -> str:
    """Every thirtieth day, by how much of the allowance is used in truth."""
    rows = []
    for total in (0.5, 1.0, 2.0):
        found = [judged(total * ALLOWED, seed) for seed in worlds]
        rows.append([
            f"{100 * total:.0f} %", f"{100 * total * ALLOWED * len(LEAVES) / len(CUT):.1f} points",
            rate(sum(f.exceeded for f in found), worlds), _median([f.first for f in found if f.exceeded]),
            rate(sum(f.within for f in found), worlds), rate(sum(f.over for f in found), worlds),
        ])  # fmt: skip
    heads = ["used in truth", "each cut", "called exceeded", "on day (median)", "called within"]
    return table([*heads, "a cut over its own limit"], rows)


def daily(worlds: range) -> str:
    """Every day, beside the same worlds every thirtieth day."""
    rows = []
    for total in (1.0, 2.0):
        for step, how in ((30, "every 30th day"), (1, "every day")):
            # Where it is exceeded in truth a week apart is near enough.
            found = [judged(total * ALLOWED, seed, step=step if total <= 1 else max(step, 7)) for seed in worlds]
            rows.append([
                f"{100 * total:.0f} %", how if total <= 1 or step > 1 else "every 7th day",
                rate(sum(f.exceeded for f in found), worlds), _median([f.first for f in found if f.exceeded]),
            ])  # fmt: skip
    return table(["used in truth", "looked at", "called exceeded", "on day (median)"], rows)


def all_held(worlds: range) -> str:
    """Five cuts whose limits are all told as held, and what they are together."""
    found = [judged(HELD_TOTAL, seed, allowed=HELD_ALLOWED) for seed in worlds]
    held = [f for f in found if f.held]
    row = [
        f"{100 * HELD_TOTAL * len(LEAVES) / len(CUT):.1f} points", f"{100 * HELD_TOTAL:.2f} points",
        f"{100 * HELD_ALLOWED:g} points", rate(sum(f.exceeded for f in found), worlds), rate(len(held), worlds),
        f"{sum(f.safe for f in held) / max(len(held), 1):.1f}", rate(sum(f.over for f in found), worlds),
    ]  # fmt: skip
    heads = ["each cut", "together", "allowed", "called exceeded", "while every limit is held", "of 5 told safe then"]
    return table([*heads, "a cut over its own limit"], [row])


def everyone(worlds: range) -> str:
    rows = []
    for total in (1.0, 3.0, 5.0):
        hits = sum(of_everyone(total * 2 * ALLOWED, seed) for seed in worlds)
        rows.append([f"{100 * total:.0f} %", rate(hits, worlds)])
    return table(["everyone's fall, of the allowance", "called exceeded"], rows)


def _median(days: list[int]) -> str:
    return str(sorted(days)[len(days) // 2]) if days else ""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--worlds", type=int, default=3, help="worlds a row")
    options.add_argument("--daily", type=int, default=2, help="worlds a row of the daily table")
    options.add_argument("--first", type=int, default=0, help="the first world's seed")
    options.add_argument("--only", choices=("decisions", "daily", "held", "everyone"), help="one table")
    options.add_argument("--write", action="store_true", help="put the tables into docs/methods/allowance.md")
    asked = options.parse_args()
    made = {"decisions": summed, "daily": daily, "held": all_held, "everyone": everyone}
    for name, rows in made.items():
        if asked.only not in {None, name}:
            continue
        count = asked.daily if name == "daily" else asked.worlds
        worlds = range(asked.first, asked.first + count)
        begun = time.process_time()
        found = f"{count} worlds a row.\n\n{rows(worlds)}"
        print(f"{found}\n{time.process_time() - begun:.0f} s\n", flush=True)
        if asked.write:
            write("allowance.md", name, found)


if __name__ == "__main__":
    main()
