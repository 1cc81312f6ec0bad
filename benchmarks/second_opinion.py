"""How often the second opinions contradict when nothing is wrong, how often they cover, and where the rank falls.

    python benchmarks/second_opinion.py                            # 40 replications a cell, about a minute on one core
    python benchmarks/second_opinion.py --reps 100 --ranks 300     # the figures of docs/methods/second-opinion.md

Worlds are the 19 of ../shared/bench/effect_bench.py, without a change and with the largest one; read once on the last
day, as judge does: controls that count and did not move, 95 %. Without those files this says so and ends.
"""

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

from cxmon import decisions
from cxmon.model import Agreement, Interval
from cxmon.pipeline.judge_opinions import among_controls, kept, restricted
from cxmon.stats import block_test, effect, second_opinion

BENCH = Path(__file__).parents[1] / ".." / "shared" / "bench"
KIND = {"csat": "proportion", "resp": "mean", "churn": "rate"}
SCALE = {"csat": 100.0, "resp": 1.0, "churn": 1000.0}
LIMIT = {"csat": 0.015, "resp": 0.1, "churn": 0.0003}
FINE = {Agreement.AGREES, Agreement.UNKNOWN}
METHODS = ("structural", "blocks")
# How far our answer is moved, in widths of its own interval, to see from when on the others notice.
MOVED = (0.5, 1.0, 1.5, 2.0)


def asked(world):
    scale = SCALE[world["kind"]]
    values = np.r_[world["y_pre"], world["y_post"]] / scale
    controls = np.r_[world["X_pre"], world["X_post"]].T / scale
    counted = KIND[world["kind"]] != "mean"
    question = {"kind": KIND[world["kind"]], "period": 7, "until": len(values), "n": None, "controls": None}
    if counted:
        question["n"] = world["n_obs"]
    if len(controls):
        question |= {"controls": controls, "controls_n": world["n_ctl"].T if counted else None}
    return values, question


def one(world, spent):
    """Our answer, and each method's, of one world."""
    values, question = asked(world)
    at = world["T0"]
    began = time.process_time()
    ours = effect(values, at, **question)
    spent["effect"] += time.process_time() - began
    theirs = restricted(question, kept(ours))
    common = {"until": theirs["until"], "controls": theirs["controls"], "period": 7}
    began = time.process_time()
    structural = second_opinion(values, at, n=theirs["n"], **common)
    spent["structural"] += time.process_time() - began
    began = time.process_time()
    blocks = block_test(values, at, **common)
    spent["blocks"] += time.process_time() - began
    return ours, structural, blocks


def moved(found, by):
    """An answer that is wrong by so many widths of its interval."""
    off = by * (found.high - found.low)
    return Interval(estimate=found.estimate + off, low=found.low + off, high=found.high + off)


def cell(simulate, name, size, reps, spent):
    """Contradictions and coverage of one scenario and size, counted."""
    counts = Counter()
    for rep in range(reps):
        world = simulate(name, size, rep)
        truth = world["truth"] / SCALE[world["kind"]]
        ours, *others = one(world, spent)
        first = Interval(estimate=ours.estimate, low=ours.low, high=ours.high)
        either = False
        for method, said in zip(METHODS, others, strict=True):
            other = Interval(estimate=said.estimate, low=said.low, high=said.high)
            how = decisions.agreement(first, other, LIMIT[world["kind"]])
            counts[method, "answers"] += not said.reason
            counts[method, "covers"] += bool(said.low <= truth <= said.high)
            counts[method, "disputes"] += how not in FINE
            counts[method, how] += 1
            either |= how not in FINE
        counts["disputed"] += either
        for by in MOVED:
            wrong = moved(first, by)
            counts["noticed", by] += any(
                decisions.agreement(wrong, Interval(estimate=x.estimate, low=x.low, high=x.high), np.nan) not in FINE
                for x in others
            )
    return counts


def ranks(simulate, reps):
    """Places of the touched segment among six where nothing changed: each as often as the others, if all is well."""
    found = Counter()
    for rep in range(reps):
        values, question = asked(simulate("csat_ar", 0.0, rep))
        at = len(values) - 28
        question |= {"se": None, "controls_se": None, "period": np.arange(len(values)) % 7}
        rank = among_controls(values, at, question, sign=-1)
        found[rank.place] += 1
    return found


def report(label, counts, looked):
    share = counts["disputed"] / looked
    error = np.sqrt(share * (1 - share) / looked)
    print(f"{label}: {counts['disputed']} of {looked} disputed ({share:.4f}, SE {error:.4f})")
    for method in METHODS:
        why = {str(a): counts[method, a] for a in Agreement if counts[method, a]}
        covered = counts[method, "covers"] / max(counts[method, "answers"], 1)
        print(f"  {method}: covers {covered:.3f} of {counts[method, 'answers']} answers; {why}")
    told = ", ".join(f"{by:g} widths: {counts['noticed', by] / looked:.2f}" for by in MOVED)
    print(f"  were our answer wrong by so many widths of its interval, it would be disputed: {told}")


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--reps", type=int, default=40)
    options.add_argument("--ranks", type=int, default=120)
    wanted = options.parse_args()
    if not (BENCH / "effect_bench.py").exists():
        sys.exit("the worlds in ../shared/bench are not beside this checkout")
    sys.path.insert(0, str(BENCH))
    from effect_bench import SCEN, simulate

    spent, total, cells = Counter(), {"no change": Counter(), "largest change": Counter()}, 0
    print(f"contradictions of {wanted.reps}, and coverage, at no change | at the largest one")
    for name, scenario in SCEN.items():
        told = []
        for label, size in (("no change", 0.0), ("largest change", -scenario["effects"][3])):
            counts = cell(simulate, name, size, wanted.reps, spent)
            total[label] += counts
            cells += 1
            told += [
                f"{m} {counts[m, 'disputes']}, {counts[m, 'covers'] / max(counts[m, 'answers'], 1):.2f}"
                for m in METHODS
            ]
        print(f"  {name:15s}", "; ".join(told[:2]), "|", "; ".join(told[2:]))
    looked = wanted.reps * len(SCEN)
    for label, counts in total.items():
        report(label, counts, looked)
    print("CPU ms each:", {name: round(1000 * s / (wanted.reps * cells), 1) for name, s in spent.items()})
    places = ranks(simulate, wanted.ranks)
    print(f"place among six without a change, of {wanted.ranks}:", [places[i] for i in range(1, 7)])


if __name__ == "__main__":
    main()
