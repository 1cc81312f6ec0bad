"""How often a year's harm allowance is called exceeded: `python benchmarks/allowance.py [--worlds 40] [--write]`.

Each world is a desk of twelve segments with daily surveys and five cuts, two weeks apart, each on one segment and each
within its own limit. The first table judges the whole way (store, verdicts, sum) every thirtieth day of the year's
first half; the second is the reading of everyone alone, every twentieth day of the year, in worlds with 500 days of
past. Where the truth is at most what is allowed, every "exceeded" is wrong.
"""

import argparse
import math
import sys
import tempfile
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "pipeline"))

from judge_world import CHANNELS, World, built, change, csat, day
from pages import table, write

from cxmon.model import AllowanceCode, Allowances, Amount, Code, Scope, Segment, Window
from cxmon.pipeline import allowance_reading as reading
from cxmon.pipeline.judge import Depth, judge

LEAVES = tuple(Segment.of(channel=c, region=r) for c in CHANNELS for r in ("de", "fr", "uk", "us"))
CUT = (0, 5, 10, 3, 6)
ALLOWED, LIMIT = 0.005, 0.03
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


def judged(total: float, seed: int) -> tuple[bool, bool, bool, int]:
    """(ever exceeded, ever within after the last cut, whether a cut was ever over its limit, first day exceeded)."""
    world, cuts = five_cuts(total, seed)
    allowance = Allowances(amounts={"csat": points(ALLOWED)})
    exceeded, within, over, first = False, False, False, 0
    with tempfile.TemporaryDirectory() as folder:
        plan, store = built(Path(folder), world, [csat()], cuts, allowance=allowance)
        with store:
            for now in range(YEAR + 60, YEAR + 181, 30):
                verdicts = judge(plan, store, now=day(now), depth=Depth.TOLD)
                use = store.allowances.latest()["csat"]
                over |= any(v.code is Code.HARMED for v in verdicts)
                within |= use.code is AllowanceCode.WITHIN and len(use.carried) == len(CUT)
                if use.code is AllowanceCode.EXCEEDED and not exceeded:
                    exceeded, first = True, now - YEAR
    return exceeded, within, over, first


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
                read = reading.altogether(
                    metric, points(2 * ALLOWED), frozen, whole.cut(0, age), now=day(LATE_YEAR + age)
                )
                if read.code is AllowanceCode.EXCEEDED:
                    return True
    return False


def rate(hits: int, worlds: int) -> str:
    seen = (hits + 0.5) / (worlds + 1)
    return f"{100 * hits / worlds:.0f} % (SE {100 * math.sqrt(seen * (1 - seen) / worlds):.1f})"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--worlds", type=int, default=3, help="worlds a row")
    options.add_argument("--write", action="store_true", help="put the tables into docs/methods/allowance.md")
    asked = options.parse_args()
    rows = []
    for total in (0.5, 1.0, 2.0):
        begun = time.process_time()
        found = [judged(total * ALLOWED, seed) for seed in range(asked.worlds)]
        days = sorted(first for exceeded, _, _, first in found if exceeded)
        rows.append([
            f"{100 * total:.0f} %", f"{100 * total * ALLOWED * len(LEAVES) / len(CUT):.1f} points",
            rate(sum(f[0] for f in found), len(found)), str(days[len(days) // 2]) if days else "",
            rate(sum(f[1] for f in found), len(found)), rate(sum(f[2] for f in found), len(found)),
        ])  # fmt: skip
        print(rows[-1], f"{(time.process_time() - begun) / asked.worlds:.1f} s a world", flush=True)
    first = table(
        [
            "used in truth",
            "each cut",
            "called exceeded",
            "on day (median)",
            "called within",
            "a cut over its own limit",
        ],
        rows,
    )
    rows = []
    for total in (1.0, 3.0, 5.0):
        hits = sum(of_everyone(total * 2 * ALLOWED, seed) for seed in range(asked.worlds))
        rows.append([f"{100 * total:.0f} %", rate(hits, asked.worlds)])
        print(rows[-1], flush=True)
    second = table(["everyone's fall, of the allowance", "called exceeded"], rows)
    print(f"\n{first}\n\n{second}")
    if asked.write:
        write("allowance.md", "decisions", f"{asked.worlds} worlds a row.\n\n{first}")
        write("allowance.md", "everyone", f"{asked.worlds} worlds a row.\n\n{second}")


if __name__ == "__main__":
    main()
