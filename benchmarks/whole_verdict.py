"""How often the assembled verdict is wrong where nothing happened: `python benchmarks/whole_verdict.py [--full]`.

Each world is a company with four metrics of different kinds in eight segments and one harmless change with limits and
an aim. The real evidence, shares of error and grammar judge it on every look from the first mature days on: daily in
the first week, then every third day up to the horizon of 42 days, every twelfth up to twice that (`--daily`: every
day). Wrong is a world in which any look says that it is over the limit or worse ("so far", which carries the code), or
whose "now" lies wholly on the harm's side; separately, in which any metric is called better or the aim shown.
"""

import argparse
import math
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "pipeline"))

from whole_families import APART, FAMILIES, HORIZON, Said, judged, seeded

TARGET = 0.05


def looks(*, daily: bool) -> list[int]:
    last = 2 * HORIZON
    if daily:
        return list(range(3, last + 1))
    return [*range(3, 11), *range(12, HORIZON + 9, 3), *range(HORIZON + 18, last + 1, 12)]


def rate(hits: int, worlds: int) -> str:
    share = hits / worlds
    # At no hit the error of the share is that of half a hit, not zero.
    seen = (hits + 0.5) / (worlds + 1)
    return f"{100 * share:5.1f} % (SE {100 * math.sqrt(seen * (1 - seen) / worlds):.1f})"


def told(name: str, found: list[Said]) -> str:
    n = len(found)
    so_far = sum(bool(s.so_far) for s in found)
    now = sum(bool(s.now) for s in found)
    either = sum(s.harm for s in found)
    better = sum(bool(s.better or s.aim) for s in found)
    return f"{name:13s} {n:5d}  {rate(either, n)}   {rate(so_far, n)}   {rate(now, n)}   {rate(better, n)}"


def sources(found: list[Said]) -> str:
    """Where the wrong calls came from."""
    where = Counter(f"{m} so far" for s in found for m in s.so_far)
    where += Counter(f"{m} now" for s in found for m in s.now)
    return ", ".join(f"{name} {count}" for name, count in where.most_common()) or "none"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--full", action="store_true", help="50 worlds a family, about half an hour")
    options.add_argument("--daily", action="store_true", help="look every day")
    options.add_argument("--worlds", type=int, help="worlds a family")
    options.add_argument("--first", type=int, default=0, help="number of the first world")
    options.add_argument("--family", choices=list(FAMILIES))
    asked = options.parse_args()
    worlds = asked.worlds or (50 if asked.full else 2)
    ages = looks(daily=asked.daily) if asked.full or asked.daily or asked.worlds else [4, 7, 10, 17, 31, 45, 60]
    print(f"{len(ages)} looks from day {ages[0]} to day {ages[-1]}, horizon day {HORIZON}; target {TARGET:.0%}\n")
    print("family        worlds  harm called       of it so far      of it now         better called")
    pooled = []
    for family in [asked.family] if asked.family else FAMILIES:
        begun = time.perf_counter()
        found = [judged(seeded(family, number), ages) for number in range(asked.first, asked.first + worlds)]
        pooled += [] if family in APART else found
        took = (time.perf_counter() - begun) / worlds
        print(f"{told(family, found)}   {sources(found)}; {took:.1f} s a world", flush=True)
    if pooled:
        print(f"\n{told('harmless', pooled)}\nwrong calls: {sources(pooled)}")
        print(f"last said: {dict(Counter(s.last for s in pooled))}")
    print("\n" + "\n".join(f"{name}: {words}" for name, (_, words) in FAMILIES.items()))


if __name__ == "__main__":
    main()
