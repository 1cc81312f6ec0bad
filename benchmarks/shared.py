"""The shared benches in one run: `python benchmarks/shared.py [--full]`; prints ours beside the oracle's, with errors.

The short form takes a few minutes on two cores, the full one the better part of an hour. The benches and their worlds
stand in ../shared/bench; without them this says so and ends.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
BENCH = ROOT / ".." / "shared" / "bench"
PLUGINS = BENCH / "cxmon_plugins.py"


def run(script: str, *arguments: object) -> str:
    """Standard output of one bench, run on one thread with our package in reach."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(BENCH / script), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout


def rows(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def effect(reps: int) -> None:
    found = rows(run("effect_bench.py", "--est", f"{PLUGINS}:effect", "--reps", reps, "--effects", "null"))
    print(f"\neffect, no change planted, {reps} replications a scenario (SE of a coverage about {se(0.95, reps):.3f})")
    for r in found:
        print(
            f"  {r['scen']:15s} covered {r['cover']:.3f}  rmse {r['rmse']:.3f}  interval score {r['int_score']:.2f}"
            f"  to the oracle's {r.get('score_to_oracle', math.nan):.2f}  {r['ms']:.0f} ms"
        )
    csat = [r["int_score"] for r in found if r["scen"].startswith("csat")]
    covered, false = mean(r["cover"] for r in found), mean(r["reject"] for r in found)
    print(f"  mean coverage {covered:.3f}, false positives {false:.3f},")
    print(f"  mean interval score, CSAT scenarios, {mean(csat):.2f} (oracle 6.17, prototype 7.65)")


def peek(reps: int) -> None:
    plugin = f"{PLUGINS}:effect_sequential"
    found = rows(run("effect_bench.py", "--peek", "--est", plugin, "--reps", reps, "--effects", "null"))
    calls = sum(round(r["any_harm"] * r["n"]) for r in found)
    looked = sum(r["n"] for r in found)
    print(f"\nread daily, no change planted: {calls} of {looked} worlds were ever called harmed", end="")
    print(f" ({calls / looked:.3f}, SE {se(calls / looked, looked):.3f})")
    for r in found:
        if r["any_harm"]:
            print(f"  {r['scen']:15s} {r['any_harm']:.3f} of {r['n']}")
    found = rows(
        run(
            "effect_bench.py",
            "--peek",
            "--est",
            plugin,
            "--reps",
            reps,
            "--effects",
            "3",
            "--scen",
            "csat_ar,csat_drift",
        )
    )
    for r in found:
        print(f"  a fall of 5 points in {r['scen']}: found {r['any_reject']:.2f}, median day {r['median_day']:.1f}")


def watch(series: int) -> None:
    print(f"\nwatch, budget 0.5 a series-year, {series} series a size")
    for r in rows(run("watch_bench.py", "--watch", f"{PLUGINS}:watch", "--series", series)):
        if "scenario" in r:
            print(
                f"  {r['scenario']:15s} size {r['size']:<7} false {r['false_per_year']:.2f} (SE {r['false_se']:.2f})"
                f"  delay {r['delay']:.1f}, oracle {r['oracle_delay']:.1f}, ratio {r['ratio']:.2f}"
            )
        else:
            print(f"  mean ratio {r['mean_ratio']}, worst {r['worst_ratio']}, budget kept in {r['budget_kept']:.0%}")


def shifts(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        data, found = Path(folder) / "dev.npz", Path(folder) / "found.json"
        run("shift_bench.py", "make", data, "--n", count)
        print(f"\nshifts on {count} series: {run('cxmon_plugins.py', 'shifts', data, found).strip()}")
        print(run("shift_bench.py", "score", found, "--data", data))


def mean(values) -> float:
    kept = list(values)
    return sum(kept) / len(kept)


def se(share: float, count: int) -> float:
    """Standard error of a share of `count`."""
    return math.sqrt(max(share * (1 - share), 0.0) / count)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--full", action="store_true")
    options.add_argument("--only", choices=["effect", "peek", "watch", "shifts"])
    chosen = options.parse_args()
    if not BENCH.exists():
        sys.exit("the shared benches are not beside this checkout (../shared/bench)")
    jobs = {
        "effect": lambda: effect(1000 if chosen.full else 100),
        "peek": lambda: peek(200 if chosen.full else 10),
        "watch": lambda: watch(200 if chosen.full else 30),
        "shifts": lambda: shifts(1000 if chosen.full else 180),
    }
    for name, job in jobs.items():
        if chosen.only in {None, name}:
            job()


if __name__ == "__main__":
    main()
