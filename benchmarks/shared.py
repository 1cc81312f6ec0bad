"""The shared benches of watch and shifts, annotated series among them: `python benchmarks/shared.py [--full]`.

The effect of a declared change has a script of its own, `effect_table.py`. The benches and their worlds stand in
../shared/bench; without them this says so and ends.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

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


def watch(series: int, budgets: tuple[float, ...], salt: int) -> None:
    """Salt 0 are the seeds that were there while watch was made; others are fresh."""
    for budget in budgets:
        print(f"\nwatch, budget {budget} a series-year, {series} series a size, salt {salt}")
        asked = ("--series", series, "--budget", budget, "--salt", salt)
        for r in rows(run("watch_bench.py", "--watch", f"{PLUGINS}:watch", *asked)):
            print(watched(r) if "scenario" in r else overall(r))


def watched(r: dict) -> str:
    return (
        f"  {r['scenario']:15s} size {r['size']:<7} false {r['false_per_year']:.2f} (SE {r['false_se']:.2f})"
        f"  delay {r['delay']:.1f}, oracle {r['oracle_delay']:.1f}, ratio {r['ratio']:.2f}"
    )


def overall(r: dict) -> str:
    return f"  mean ratio {r['mean_ratio']}, worst {r['worst_ratio']}, budget kept in {r['budget_kept']:.0%}"


def shifts(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        data, found = Path(folder) / "dev.npz", Path(folder) / "found.json"
        run("shift_bench.py", "make", data, "--n", count)
        print(f"\nshifts on {count} series: {run('cxmon_plugins.py', 'shifts', data, found).strip()}")
        print(run("shift_bench.py", "score", found, "--data", data))


def make_more(path: Path, nulls: int, changed: int, seed: int) -> None:
    """The shift bench on another seed: `nulls` series of each kind of null, `changed` of each kind and size."""
    sys.path.insert(0, str(BENCH))
    import shift_bench as bench

    cells = [(kind, 0, nulls) for kind in ("null_plain", "null_spike", "null_season")]
    cells += [(kind, size, changed) for kind in ("step", "drift", "temp") for size in (1, 2)]
    values, counts, truth = [], [], []
    for kind, size, count in cells:
        for i in range(count):
            family, k = list(bench.SIZES)[i % 3], len(truth)
            rng = np.random.default_rng([seed, k])
            y, n, at, end = bench.one(rng, family, kind, bench.SIZES[family][size], 730)
            values.append(y)
            counts.append(n)
            told = None if at is None else "SML"[size]
            truth.append({"id": k, "family": family, "kind": kind, "size": told, "cp": at, "end": end})
    np.savez(path, y=np.array(values, np.float32), vol=np.array(counts, np.int32), truth=json.dumps(truth))


def more_shifts(nulls: int, changed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        data, found = Path(folder) / "more.npz", Path(folder) / "found.json"
        make_more(data, nulls, changed, seed=404)
        print(f"\nshifts, {nulls} a null, {changed} a change: {run('cxmon_plugins.py', 'shifts', data, found).strip()}")
        print(run("shift_bench.py", "score", found, "--data", data))


def tcpd() -> None:
    """The annotated real series, one setting for all."""
    data = BENCH / ".." / "data" / "tcpd"
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "found.json"
        print(f"\nannotated series: {run('cxmon_plugins.py', 'tcpd', data, found).strip()}")
        print(run("score_tcpd.py", found, "--data", data, "--split", "dev_core"))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--full", action="store_true")
    options.add_argument("--only", choices=["watch", "shifts", "more_shifts", "tcpd"])
    options.add_argument("--salt", type=int, default=0, help="other worlds for watch")
    chosen = options.parse_args()
    if not BENCH.exists():
        sys.exit("the shared benches are not beside this checkout (../shared/bench)")
    jobs = {
        "watch": lambda: watch(*((100, (0.2, 0.5, 2.0), chosen.salt) if chosen.full else (30, (0.5,), chosen.salt))),
        "shifts": lambda: shifts(1000 if chosen.full else 180),
        "more_shifts": lambda: more_shifts(*((1000, 400) if chosen.full else (100, 40))),
        "tcpd": tcpd,
    }
    for name, job in jobs.items():
        if chosen.only in {None, name}:
            job()


if __name__ == "__main__":
    main()
