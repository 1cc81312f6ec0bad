"""What an answer costs: CPU of one fit beside the prototype's in the same run, and of a batch beside one by one."""

import time
from collections.abc import Callable
from types import ModuleType

import numpy as np
from effect_figures import Figure, Target, mean
from effect_worlds import ask, ask_one, load, worlds

SERIES = 200
EVERY = 4  # One by one only every fourth of the 200 series is asked.
HEAD = ["compared", "ms", "with ms", "ratio (SE)"]


def cpu(job: Callable[[], object]) -> float:
    began = time.process_time()
    job()
    return time.process_time() - began


def ratio(a: np.ndarray, b: np.ndarray) -> Figure:
    """Of two times (R,) measured in the same R rounds; its error from the scatter of the rounds (delta method)."""
    value = float(a.sum() / b.sum())
    return Figure(value, mean((a - value * b) / b.mean()).se if len(a) > 1 else float("nan"))


def fits(eb: ModuleType, names: list[str], rounds: int) -> np.ndarray:
    """Seconds (rounds, scenarios, 3): our answer read once, ours read daily, the prototype's. The three take turns on
    the same world, so that whatever else the machine does hits all of them."""
    theirs, out = prototype(), np.empty((rounds, len(names), 3))
    for i, name in enumerate(names):
        w = worlds(eb, name, 0.0, range(rounds))
        for r in range(rounds):
            d = eb.simulate(name, 0.0, r)
            jobs = [
                lambda r=r, w=w: ask_one(w, r), lambda r=r, w=w: ask_one(w, r, sequential=True),
                lambda d=d: eb.call(theirs, d),
            ]  # fmt: skip
            for j in np.roll(range(3), r):
                out[r, i, j] = cpu(jobs[j])
    return out


def prototype() -> Callable:
    return load("candidate_effect").cand_gst


def warm(eb: ModuleType) -> None:
    """Imports and tables that are made once are not part of a fit."""
    w = worlds(eb, "csat_short", 0.0, range(2))
    ask_one(w, 0)
    ask_one(w, 0, sequential=True)
    eb.call(prototype(), eb.simulate("csat_short", 0.0, 0))


def batch(eb: ModuleType, name: str, rounds: int) -> np.ndarray:
    """Seconds a series (rounds, 2): 200 at once, and one by one."""
    w, out = worlds(eb, name, 0.0, range(SERIES)), np.empty((rounds, 2))
    for r in range(rounds):
        out[r, 0] = cpu(lambda: ask(w)) / SERIES
        chosen = range(r % EVERY, SERIES, EVERY)
        out[r, 1] = sum(cpu(lambda s=s: ask_one(w, s)) for s in chosen) / len(chosen)
    return out


def measured(eb: ModuleType, names: list[str], rounds: int) -> tuple[list[list[str]], list[Target]]:
    """Lines of the table and the two targets."""
    warm(eb)
    took = fits(eb, names, rounds)
    total = took.sum(1)
    lines = [
        line(f"{what}, the prototype's fit", total[:, j] / len(names), total[:, 2] / len(names))
        for j, what in ((0, "effect read once"), (1, "effect read daily"))
    ]
    by_scenario = [ratio(took[:, i, 0], took[:, i, 2]).value for i in range(len(names))]
    dear = int(np.argmax(by_scenario))
    lines.append(line(f"the dearest scenario, {names[dear]}", took[:, dear, 0], took[:, dear, 2]))
    many = {name: batch(eb, name, rounds) for name in ("csat_ar", "csat_ar_nc")}
    lines += [line(f"one by one, a batch of 200, {name}", x[:, 1], x[:, 0]) for name, x in many.items()]
    once = ratio(total[:, 0], total[:, 2])
    slow = min(many, key=lambda name: ratio(many[name][:, 1], many[name][:, 0]).value)
    faster = ratio(many[slow][:, 1], many[slow][:, 0])
    return lines, [
        Target("CPU of a fit, to the prototype's", "at most 1.0", once, once.value <= 1.0),
        Target("one by one, to a batch of 200", "at least 10", faster, faster.value >= 10, slow),
    ]


def line(name: str, a: np.ndarray, b: np.ndarray) -> list[str]:
    return [name, f"{1000 * a.mean():.1f}", f"{1000 * b.mean():.1f}", str(ratio(a, b))]
