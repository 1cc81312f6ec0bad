"""Whether a fix rolled out in stages is credited for a return to the usual: `python benchmarks/regression_staged.py`.

Sixteen desks without any true difference. The three that were worst over the last four weeks are picked, and a fix
comes to them two weeks apart. It is judged on days 20, 45 and 90 after its first stage, the whole way of a roll-out
(`staged_evidence`): once as any policy is, once as a fix that answers an incident, which is judged with the weeks it
was picked on and without them. Printed: how often it is ever called better, the gain on day 90 (points), and how often
it is ever called worse; standard errors in brackets.
"""

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "pipeline"))

from judge_world import change, csat, day

from cxmon.decisions import shares
from cxmon.model import RED, Category, Change, Code, Scope, Segment, Stage
from cxmon.panel import Panel
from cxmon.pipeline.judge_staged import staged_evidence

DESKS, PICKED, PAST, AFTER, WEEKS, APART = 16, 3, 300, 90, 4, 14
LOOKS = (20, 45, 90)
METRIC = csat(dimensions=("desk",), by=((),))
SHARE = shares(("csat",), {})["csat"]
# Spells of each desk's own (correlation from day to day, standard deviation), what the fix does, and by how much three
# desks had fallen, undeclared, when the weeks they are picked on began.
WORLDS = {
    "counting noise": (0.0, 0.0, 0.0, 0.0),
    "spells of weeks": (0.9, 0.015, 0.0, 0.0),
    "spells of a month": (0.97, 0.015, 0.0, 0.0),
    "the fix works, +3": (0.0, 0.0, 0.03, 0.0),
    "the fix does harm, -3": (0.0, 0.0, -0.03, 0.0),
    "fell 3 before, fix idle": (0.0, 0.0, 0.0, 0.03),
}


def drawn(world: tuple[float, float, float, float], seed: int) -> tuple[Panel, Change]:
    """The figures of all desks, and the fix on those that were worst."""
    phi, size, works, fell = world
    rng, T = np.random.default_rng([seed, 11]), PAST + AFTER + 5
    noise, state = np.zeros((DESKS, T)), size * rng.standard_normal(DESKS)
    for t in range(T):
        noise[:, t] = state
        state = phi * state + size * np.sqrt(1 - phi**2) * rng.standard_normal(DESKS)
    truth = 0.8 + noise + 0.006 * rng.standard_normal(T)
    truth[:PICKED, PAST - 7 * WEEKS :] -= fell
    n = rng.poisson(60, truth.shape) + 1
    happy = rng.binomial(n, np.clip(truth, 0.01, 0.99))
    worst = np.argsort((happy / n)[:, PAST - 7 * WEEKS : PAST].mean(axis=1))[:PICKED]
    for i, desk in enumerate(worst):
        begins = PAST + APART * i
        happy[desk, begins:] = rng.binomial(n[desk, begins:], np.clip(truth[desk, begins:] + works, 0.01, 0.99))
    names = [f"d{i:02}" for i in range(DESKS)]
    panel = Panel(
        metric=METRIC, segments=tuple(Segment.of(desk=name) for name in names), n=n.astype(float),
        starts=np.array([int(day(t).timestamp()) for t in range(T)], np.int64), total=happy.astype(float),
    )  # fmt: skip
    stages = tuple(
        Stage(starts=day(PAST + APART * i), scope=Scope.of({"desk": names[desk]})) for i, desk in enumerate(worst)
    )
    fix = change(PAST, id="fix", category=Category.POLICY, scope=Scope.of({}), stages=stages)
    return panel, fix


def read(world: tuple[float, float, float, float], seed: int) -> list[tuple[bool, float, bool]]:
    """(ever better, gain on day 90, ever worse) as any policy and as a fix."""
    panel, fix = drawn(world, seed)
    out = []
    for one in (fix, replace(fix, responds_to="i1")):
        found = [staged_evidence(one, list(one.parts()), panel, SHARE, now=day(PAST + age + 2)).harm for age in LOOKS]
        codes = {harm.code for harm in found}
        out.append((Code.IMPROVED in codes, -found[-1].so_far.estimate, bool(codes & RED)))
    return out


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--worlds", type=int, default=10, help="worlds of each kind (docs: 60)")
    options.add_argument("--first", type=int, default=0, help="the first world's seed")
    options.add_argument("--world", action="append", choices=list(WORLDS), help="only these")
    asked = options.parse_args()
    worlds = asked.worlds
    for name in asked.world or WORLDS:
        begun = time.process_time()
        found = [read(WORLDS[name], asked.first + i) for i in range(worlds)]
        cells = []
        for i, how in enumerate(("as any policy", "as a fix")):
            better, gains, worse = (np.array([one[i][k] for one in found], float) for k in range(3))
            gain, error = 100 * gains.mean(), 100 * gains.std(ddof=1) / np.sqrt(worlds)
            cells.append(f"{how}: better {share(better)}, {gain:+.2f} points ({error:.2f}), worse {share(worse)}")
        print(f"{name:24}" + "; ".join(cells) + f"  [{time.process_time() - begun:.0f} s]", flush=True)


def share(hits: np.ndarray) -> str:
    seen = (hits.sum() + 0.5) / (len(hits) + 1)
    return f"{100 * hits.mean():.0f} % ({100 * np.sqrt(seen * (1 - seen) / len(hits)):.0f})"


if __name__ == "__main__":
    main()
