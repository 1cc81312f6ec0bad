"""A verdict that is read every day: is a harmless change ever called harmful, and how soon is a large one found?"""

from types import ModuleType

import numpy as np
from effect_figures import Figure, Target, share
from effect_worlds import ask, worlds

FIRST = 3  # The bench's first look.
LARGE = 3  # The position of the 5-point change among a scenario's effect sizes.
HEAD = ["scenario", "ever called harmful (SE)", "worlds"]
FOUND_HEAD = ["a change of 5 points in", "found by the end", "median day (SE)", "the oracle's"]
ORACLE_DAY = 5


def looks(eb: ModuleType, name: str, effect: float, reps: range) -> tuple[np.ndarray, np.ndarray]:
    """What each day's interval called, harm or anything: (days, S) each. All worlds are asked at once on each day."""
    w = worlds(eb, name, effect, reps)
    sign, harm, called = eb.HARM[w.kind], [], []
    for days in range(FIRST, w.days + 1):
        a = ask(w, days=days, sequential=True)
        harm.append(sign * (a.low if sign > 0 else a.high) > 0)
        called.append((a.low > 0) | (a.high < 0))
    return np.array(harm), np.array(called)


def harmless(eb: ModuleType, names: list[str], reps: range) -> dict[str, np.ndarray]:
    """By scenario, which worlds (S,) without a change were ever called harmful."""
    return {name: looks(eb, name, 0.0, reps)[0].any(0) for name in names}


def targets(found: dict[str, np.ndarray]) -> list[Target]:
    pooled, shares = share(np.concatenate(list(found.values()))), {name: share(x) for name, x in found.items()}
    over = {name: f.value - 0.05 - 2 * np.sqrt(0.05 * 0.95 / len(found[name])) for name, f in shares.items()}
    worst = max(over, key=lambda name: over[name])
    return [
        Target("ever called harmful, all scenarios", "at most 0.05", pooled, pooled.value <= 0.05),
        Target("the worst scenario", "at most 0.05 + 2 SE", shares[worst], over[worst] <= 0, worst),
    ]


def days_to_find(eb: ModuleType, name: str, reps: range) -> np.ndarray:
    """The day (S,) on which a 5-point change is first called; infinite where it never is."""
    called = looks(eb, name, eb.SCEN[name]["effects"][LARGE], reps)[1]
    return np.where(called.any(0), FIRST + called.argmax(0), np.inf)


def median(days: np.ndarray) -> Figure:
    """With a standard error by resampling worlds."""
    rng = np.random.default_rng(1)
    again = np.median(rng.choice(np.minimum(days, 99.0), size=(2000, len(days))), axis=1)
    return Figure(float(np.median(days)), float(again.std()))


def find_targets(found: dict[str, np.ndarray]) -> list[Target]:
    figures = {name: median(days) for name, days in found.items()}
    return [Target(f"median day, 5 points in {n}", "at most 7", f, f.value <= 7) for n, f in figures.items()]


def lines(found: dict[str, np.ndarray]) -> list[list[str]]:
    pooled = np.concatenate(list(found.values()))
    return [[name, str(share(x)), str(len(x))] for name, x in [*found.items(), ("all", pooled)]]


def find_lines(found: dict[str, np.ndarray]) -> list[list[str]]:
    return [
        [name, f"{np.isfinite(days).mean():.2f}", f"{median(days).value:g} ({median(days).se:.1f})", str(ORACLE_DAY)]
        for name, days in found.items()
    ]
