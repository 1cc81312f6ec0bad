"""How often "on course" and "will miss" are right: `python benchmarks/targets.py [--runs 100]`.

Worlds with a known future: a past, and what the average of the last 28 days before the day became. Of each world nine
targets are asked about, from well below to well above where the average of the last 28 days is. Printed by world and
days ahead: how often "on course" was met and "will miss" was missed (both are to be right nine times of ten at least),
in which share of the questions either was said, and how often the range that is to hold eight of ten did. Standard
errors are over worlds. Short: two minutes.
"""

import argparse
from dataclasses import dataclass

import numpy as np

from cxmon import stats
from cxmon.decisions.targets import course_of
from cxmon.model import Course

WINDOW = 28
ASKED = np.array([-0.03, -0.02, -0.01, -0.005, 0.0, 0.005, 0.01, 0.02, 0.03])
WEEK = np.array([0.0, 0.004, 0.006, 0.0, -0.004, -0.012, -0.008])


@dataclass(frozen=True, kw_only=True)
class World:
    """Shares of `n` answers a day: spells (correlation, sd), the daily step of a wandering level, a trend a year that
    goes on, one that bends away at the end of the past, and a step in the last `stepped` days of it."""

    days: int = 365
    n: float = 140.0
    spells: tuple[float, float] = (0.0, 0.0)
    wander: float = 0.0
    trend: float = 0.0
    bends: bool = False
    step: float = 0.0
    stepped: int = 60


WORLDS = {
    "calm": World(),
    "spells of days": World(spells=(0.6, 0.012)),
    "spells of weeks": World(spells=(0.92, 0.012)),
    "wandering": World(wander=0.001),
    "wandering, short past": World(wander=0.001, days=120),
    "trend +4 a year": World(trend=0.04),
    "trend that ends": World(trend=0.04, bends=True),
    "fell 3, 60 days ago": World(step=-0.03),
}


def drawn(w: World, ahead: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    T = w.days + ahead
    phi, size = w.spells
    state, noise = size * rng.standard_normal(), np.empty(T)
    for t in range(T):
        noise[t] = state
        state = phi * state + size * np.sqrt(1 - phi**2) * rng.standard_normal()
    index = np.arange(T)
    trend = w.trend * ((np.minimum(index, w.days) if w.bends else index) - w.days) / 365
    stepped = w.step * (index >= w.days - w.stepped)
    truth = 0.82 + WEEK[index % 7] + noise + trend + stepped + np.cumsum(w.wander * rng.standard_normal(T))
    n = rng.poisson(w.n, T).astype(float) + 1
    return rng.binomial(n.astype(int), np.clip(truth, 0.01, 0.99)) / n, n


def asked(w: World, ahead: int, seed: int) -> tuple[list[Course], np.ndarray, bool]:
    """What is said of each target, whether each was reached, and whether the range held."""
    values, n = drawn(w, ahead, np.random.default_rng([seed, ahead]))
    at, became = w.days, values[-WINDOW:].mean()
    again = values.copy()
    # What comes is not known: the last weeks stand in, as `Panel.continued` has it.
    again[at:] = values[at - 28 + np.arange(ahead) % 28]
    n[at:] = n[at - 28 + np.arange(ahead) % 28]
    known = values[at - WINDOW : at].mean()
    found = stats.destination(again, at, (at + ahead - WINDOW, at + ahead), n=n, kind="proportion")
    said = [course_of(found.above(known + off)) for off in ASKED]
    return said, became >= known + ASKED, found.low <= became <= found.high


def share(right: list[float], weight: list[float]) -> str:
    """A share over worlds with its standard error (ratio estimator)."""
    r, w = np.array(right), np.array(weight)
    if not w.sum():
        return "   never said       "
    p = r.sum() / w.sum()
    se = np.sqrt(((r - p * w) ** 2).sum()) / w.sum()
    return f"{p:6.1%} (SE {se:4.1%})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    print(f"{'world':24s} ahead  on course: met        will miss: missed    said   range holds")
    for name, w in WORLDS.items():
        for ahead in (30, 90):
            found = [asked(w, ahead, given.seed + i) for i in range(given.runs)]
            rows = {Course.ON_COURSE: ([], []), Course.WILL_MISS: ([], [])}
            for said, reached, _ in found:
                for course, (right, count) in rows.items():
                    mine = np.array([one is course for one in said])
                    right.append(float((mine & (reached == (course is Course.ON_COURSE))).sum()))
                    count.append(float(mine.sum()))
            decided = sum(map(sum, (rows[c][1] for c in rows))) / given.runs / len(ASKED)
            held = [float(ok) for _, _, ok in found]
            print(
                f"{name:24s} {ahead:4d}   {share(*rows[Course.ON_COURSE])}  {share(*rows[Course.WILL_MISS])}"
                f"  {decided:5.0%}  {share(held, [1.0] * len(held))}", flush=True,
            )  # fmt: skip


if __name__ == "__main__":
    main()
