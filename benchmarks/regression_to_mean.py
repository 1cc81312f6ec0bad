"""Whether a fix is credited for a return that would have come by itself: `python benchmarks/regression_to_mean.py`.

Twenty segments without any true difference. The one that was worst over the last weeks is picked, a fix that does
nothing begins there, and it is judged on each of nine days, as a change on that one metric is. Printed for each world:
how often a gain is ever shown and what is credited on average (points), by the plain difference of before and after,
by the estimator as it judges every change (all weeks before), and as a fix is judged (`decisions.picked`): the gain
has to be there with the weeks it was picked on and without them. Then the same with a fix that works, with one that
does harm, and with one that does nothing where the level had truly fallen before it was picked. Called worse: by the
estimator as it judges every change, by both readings, and as a fix is judged, which has to be clearly worse than the
weeks before it too (`decisions.picked.beyond_before`). `--runs` worlds each (default 100, about ten minutes; standard
errors beside each figure).
"""

import argparse
import time
from dataclasses import dataclass

import numpy as np

from cxmon import stats
from cxmon.decisions import shares
from cxmon.decisions.picked import PICKED_ON, beyond_before, both, fallen_since, persistence, told_for
from cxmon.model import Interval

SEGMENTS, PAST, AFTER = 20, 300, 90
LOOKS = (3, 7, 14, 21, 28, 42, 60, 75, 90)
LEVEL, ANSWERS = 0.80, 60.0
WEEK = np.array([0.0, 0.004, 0.006, 0.0, -0.004, -0.012, -0.008])


@dataclass(frozen=True, kw_only=True)
class World:
    """Noise of each segment's own beyond counting: spells (correlation from day to day, standard deviation) and the
    daily step of a level that wanders; `weeks` it is picked on; `fell`: the picked one's level fell by so much when
    those weeks began; `works`: what the fix truly does."""

    spells: tuple[float, float] = (0.0, 0.0)
    wander: float = 0.0
    weeks: int = 4
    fell: float = 0.0
    works: float = 0.0
    past: int = PAST


WORLDS = {
    "counting noise, 2 weeks": World(weeks=2),
    "counting noise, 4 weeks": World(),
    "counting noise, 8 weeks": World(weeks=8),
    "short past (16 weeks)": World(past=112),
    "spells of days": World(spells=(0.6, 0.012)),
    "spells of weeks": World(spells=(0.9, 0.015)),
    "spells of a month": World(spells=(0.97, 0.015)),
    "wandering levels": World(wander=0.0012),
    "fix works, +3": World(works=0.03),
    "fix works, +3, spells": World(spells=(0.9, 0.015), works=0.03),
    "fell 3 before, fix idle": World(fell=0.03),
    "fell 5 before, fix idle": World(fell=0.05),
    "fell 8 6 weeks before, idle": World(weeks=6, fell=0.08),
    "fell 8 6 weeks before, mends": World(weeks=6, fell=0.08, works=0.08),
    "fell 8 6 weeks before, harms 3": World(weeks=6, fell=0.08, works=-0.03),
    "fell 3 2 weeks before, idle": World(fell=0.03, weeks=2),
    "fell 3 8 weeks before, idle": World(fell=0.03, weeks=8),
    "fell 3 before, fix mends": World(fell=0.03, works=0.03),
    "fix does harm, -3": World(works=-0.03),
    "fix does harm, -5": World(works=-0.05),
    "fix does harm, -3, spells": World(spells=(0.9, 0.015), works=-0.03),
    "fell 3 before, fix harms 3": World(fell=0.03, works=-0.03),
}


def drawn(w: World, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Values and answers (SEGMENTS, T), the picked segment first."""
    T = w.past + AFTER
    phi, size = w.spells
    noise = np.zeros((SEGMENTS, T))
    state = size * rng.standard_normal(SEGMENTS)
    for t in range(T):
        noise[:, t] = state
        state = phi * state + size * np.sqrt(1 - phi**2) * rng.standard_normal(SEGMENTS)
    noise += np.cumsum(w.wander * rng.standard_normal((SEGMENTS, T)), axis=1)
    shared = 0.006 * rng.standard_normal(T)
    truth = LEVEL + WEEK[np.arange(T) % 7] + noise + shared
    begun = w.past - 7 * w.weeks
    if w.fell:
        truth[0, begun:] -= w.fell
    n = rng.poisson(ANSWERS, truth.shape).astype(float) + 1
    values = rng.binomial(n.astype(int), np.clip(truth, 0.01, 0.99)) / n
    worst = int(values[:, begun : w.past].mean(1).argmin())
    if w.works:
        again = rng.binomial(n[worst, w.past :].astype(int), np.clip(truth[worst, w.past :] + w.works, 0.01, 0.99))
        values[worst, w.past :] = again / n[worst, w.past :]
    order = [worst, *(s for s in range(SEGMENTS) if s != worst)]
    return values[order], n[order]


def judged(
    values: np.ndarray, n: np.ndarray, at: int, confidence: float, others: tuple[tuple[int, int], ...] = ()
) -> list[stats.Effect]:
    """The effect on the first segment of each run (R, SEGMENTS, T), the others beside it."""
    return stats.effects(
        values[:, 0], at, n=n[:, 0], controls=values[:, 1:], controls_n=n[:, 1:], kind="proportion",
        confidence=confidence, sequential=True, horizon=AFTER, others=others, drawn=False,
    )  # fmt: skip


def ranged(found: stats.Effect) -> Interval:
    return Interval(estimate=found.estimate, low=found.low, high=found.high)


def plain(values: np.ndarray, at: int, weeks: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The plain difference of the picked segment's mean after and before (R,) and its standard error."""
    before, after = values[:, 0, at - 7 * weeks : at], values[:, 0, at : at + k]
    error = np.sqrt(before.var(1, ddof=1) / before.shape[1] + after.var(1, ddof=1) / k)
    return after.mean(1) - before.mean(1), error


@dataclass(frozen=True)
class Runs:
    """All runs of one world: values and answers (R, SEGMENTS, T), the picked segment less all others (R, T), and since
    when a level had fallen before the fix that `stats.shifts` finds (R)."""

    values: np.ndarray
    n: np.ndarray
    local: np.ndarray
    past: int
    fell: list[int | None]

    def two(self, every: list[stats.Effect], k: int, confidence: float) -> list[tuple[Interval, Interval]]:
        """Both readings of a fix after `k` days: with the weeks it was picked on, as `every` has it, and without; where
        the level had fallen both are against the level since then."""
        stop, without = self.past + k, self.values.copy()
        without[:, 0, self.past - PICKED_ON : self.past] = np.nan
        aside = judged(without[:, :, :stop], self.n[:, :, :stop], self.past, confidence)
        found = [(ranged(a), ranged(b)) for a, b in zip(every, aside, strict=True)]
        for i, since in enumerate(self.fell):
            if since is not None:
                pair = np.repeat(self.values[i : i + 1, :, :stop], 2, axis=0)
                pair[1, 0, since : since + told_for(self.past - since)] = np.nan
                n = np.repeat(self.n[i : i + 1, :, :stop], 2, axis=0)
                a, b = judged(pair, n, self.past, confidence, ((since, stop),))
                found[i] = ranged(a), ranged(b)
        return found

    def worse(self, i: int, k: int) -> bool:
        """Whether a fix may be called worse for what came after it."""
        before, after = -self.local[i, : self.past], -self.local[i, self.past : self.past + k]
        return self.fell[i] is not None or beyond_before(before, after, SEGMENTS)


def ran(name: str, runs: int, seed: int) -> None:
    w, began = WORLDS[name], time.process_time()
    worlds = [drawn(w, np.random.default_rng([seed, i])) for i in range(runs)]
    values, n = (np.stack([one[part] for one in worlds]) for part in (0, 1))
    confidence = shares(("csat",), {})["csat"].confidence
    shown = {how: np.zeros(runs, bool) for how in ("plain", "as every change", "as a fix")}
    worse = {how: np.zeros(runs, bool) for how in ("as every change", "by both", "as a fix")}
    local = values[:, 0] - values[:, 1:].mean(axis=1)
    fell = [fallen_since(-one[: w.past], w.past - PICKED_ON) for one in local]
    all_ = Runs(values, n, local, w.past, fell)
    size: dict[str, np.ndarray] = {}
    for k in LOOKS:
        stop = w.past + k
        estimate, error = plain(values, w.past, w.weeks, k)
        shown["plain"] |= estimate > 1.96 * error
        size["plain"] = estimate
        every = judged(values[:, :, :stop], n[:, :, :stop], w.past, confidence)
        last = [persistence(one[:, : w.past], min(PICKED_ON, w.past // 2), k) for one in values]
        readings = all_.two(every, k, confidence)
        fixes = [both(a, b, lasting=share) for (a, b), share in zip(readings, last, strict=True)]
        shown["as every change"] |= np.array([e.low > 0 for e in every])
        shown["as a fix"] |= np.array([f.low > 0 for f in fixes])
        worse["as every change"] |= np.array([e.high < 0 for e in every])
        worse["by both"] |= np.array([f.high < 0 for f in fixes])
        worse["as a fix"] |= np.array([f.high < 0 and all_.worse(i, k) for i, f in enumerate(fixes)])
        size["as every change"] = np.array([e.estimate for e in every])
        size["as a fix"] = np.array([f.estimate for f in fixes])
    print(f"{name:28s}", end="")
    for how, seen in shown.items():
        share, x = seen.mean(), 100 * size[how]
        se = np.sqrt(max(share * (1 - share), 1 / runs / 4) / runs)
        print(f"  {how}: {share:5.1%} (SE {se:.1%}), {x.mean():+.2f} (SE {x.std(ddof=1) / np.sqrt(runs):.2f})", end="")
    blamed = ", ".join(f"{seen.mean():.1%}" for seen in worse.values())
    found = sum(since is not None for since in fell)
    print(f"  called worse: {blamed}; a fall found: {found}  [{time.process_time() - began:.0f} s]", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--world", action="append", choices=list(WORLDS))
    given = parser.parse_args()
    for name in given.world or WORLDS:
        ran(name, given.runs, given.seed)


if __name__ == "__main__":
    main()
