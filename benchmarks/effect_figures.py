"""What the answers on planted worlds are worth: figures by cell (a scenario and an effect size), the issue's targets,
and the peers on the same cells."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from effect_worlds import BENCH, Answers, Worlds

ALPHA = 0.05
ORACLE_MEAN = "mean interval score of the CSAT scenarios, to the oracle's"


@dataclass(frozen=True, eq=False)
class Cell:
    """One scenario and effect size; all arrays (S,) by replication. `called`: a change was called, in its direction."""

    scenario: str
    effect: float
    covered: np.ndarray
    error: np.ndarray
    score: np.ndarray
    called: np.ndarray


def cell(scenario: str, effect: float, w: Worlds, a: Answers) -> Cell:
    """The interval score is width + 2 / 0.05 times the miss (Gneiting & Raftery 2007); lower is better."""
    surely = (a.low > 0) | (a.high < 0)
    missed = np.maximum(a.low - w.truth, 0) + np.maximum(w.truth - a.high, 0)
    return Cell(
        scenario=scenario, effect=effect, covered=(a.low <= w.truth) & (w.truth <= a.high), error=a.estimate - w.truth,
        score=a.high - a.low + 2 / ALPHA * missed,
        called=surely & (np.sign(a.estimate) == np.sign(w.truth)) if effect else surely,
    )  # fmt: skip


@dataclass(frozen=True)
class Figure:
    """A figure with its standard error."""

    value: float
    se: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.se:.3f})"

    def over(self, other: float) -> "Figure":
        return Figure(self.value / other, self.se / other)


def mean(x: np.ndarray) -> Figure:
    """Of independent replications."""
    return Figure(float(x.mean()), float(x.std() / math.sqrt(len(x))))


def share(x: np.ndarray) -> Figure:
    """Of independent replications; its error is not 0 where all or none were counted (Agresti & Coull 1998)."""
    shrunk = (x.sum() + 2) / (len(x) + 4)
    return Figure(float(x.mean()), float(math.sqrt(shrunk * (1 - shrunk) / (len(x) + 4))))


def rmse(c: Cell) -> Figure:
    square = mean(c.error**2)
    root = math.sqrt(square.value)
    return Figure(root, square.se / (2 * root))


def average(figures: Sequence[Figure]) -> Figure:
    """The mean of independent figures."""
    count = len(figures)
    return Figure(sum(f.value for f in figures) / count, math.sqrt(sum(f.se**2 for f in figures)) / count)


def mean_coverage(cells: Sequence[Cell]) -> Figure:
    """Over all cells. The effect sizes of a scenario share their noise, so they are averaged by replication first."""
    by_scenario: dict[str, list[np.ndarray]] = {}
    for c in cells:
        by_scenario.setdefault(c.scenario, []).append(c.covered)
    return average([mean(np.mean(covered, axis=0)) for covered in by_scenario.values()])


@dataclass(frozen=True)
class Target:
    """`of` names the worst cell where the figure is one's."""

    name: str
    asked: str
    figure: Figure
    reached: bool
    of: str = ""

    def __str__(self) -> str:
        return f"{self.figure}{f', {self.of}' if self.of else ''}: {'reached' if self.reached else 'not reached'}"


def lowest_coverage(name: str, cells: Sequence[Cell]) -> Target:
    """The lowest of many cells is low by chance as well: so it also says how many are under, and how many surely."""
    shares = [share(c.covered) for c in cells]
    worst, lowest = min(zip(cells, shares, strict=True), key=lambda pair: pair[1].value)
    under, surely = (sum(f.value + far * f.se < 0.92 for f in shares) for far in (0, 2))
    where = f"{worst.scenario} {worst.effect:g} ({under} of {len(cells)} cells under, {surely} by 2 SE)"
    return Target(name, "at least 0.92", lowest, not under, where)


def targets(cells: Sequence[Cell], own: Sequence[Cell], oracle: dict) -> list[Target]:
    """The targets of the effect of a declared change; scores and errors of estimates where nothing changed, because the
    oracle's are of those."""
    nulls = {c.scenario: c for c in cells if c.effect == 0}
    covered = mean_coverage(cells)
    false = {name: share(c.called) for name, c in nulls.items()}
    loud = max(false, key=lambda name: false[name].value)
    every = average([mean(c.called) for c in nulls.values()])
    scores = {name: mean(c.score) for name, c in nulls.items() if name.startswith("csat") and name in oracle}
    total = average(list(scores.values())).over(np.mean([oracle[name]["interval_score"] for name in scores]))
    ratios = {name: f.over(oracle[name]["interval_score"]) for name, f in scores.items()}
    wide = max(ratios, key=lambda name: ratios[name].value)
    errors = average([rmse(c).over(oracle[name]["rmse"]) for name, c in nulls.items() if name in oracle])
    off = max((mean(c.error) for c in cells if c.scenario == "csat_badctl"), key=lambda f: abs(f.value))
    ramps = [c for c in own if c.scenario.startswith("ramp") and c.effect]
    return [
        lowest_coverage("lowest coverage", cells),
        Target("mean coverage", "0.94 to 0.965", covered, 0.94 <= covered.value <= 0.965),
        Target("false positives, mean", "at most 0.06", every, every.value <= 0.06),
        Target("false positives, worst scenario", "at most 0.06", false[loud], false[loud].value <= 0.06, loud),
        Target(ORACLE_MEAN, "at most 1.15", total, total.value <= 1.15),
        Target("the same, worst scenario", "at most 1.35", ratios[wide], ratios[wide].value <= 1.35, wide),
        Target("mean RMSE, to the oracle's", "at most 1.08", errors, errors.value <= 1.08),
        Target("bias, two bad controls of five", "at most 0.4", off, abs(off.value) <= 0.4),
        lowest_coverage("lowest coverage, ramps under drift", ramps),
        lowest_coverage("lowest coverage, scenarios of our own", own),
    ]


def row(c: Cell, oracle: dict) -> list[str]:
    """One line of the table of cells."""
    limit, error, score = oracle.get(c.scenario), rmse(c), mean(c.score)
    ratios = ["-", "-"] if limit is None else [
        f"{error.value / limit['rmse']:.2f}", f"{score.value / limit['interval_score']:.2f}",
    ]  # fmt: skip
    return [
        c.scenario, f"{c.effect:g}", str(share(c.covered)), str(mean(c.error)), f"{error.value:.3f}", ratios[0],
        f"{score.value:.2f}", ratios[1], f"{c.called.mean():.3f}",
    ]  # fmt: skip


HEAD = [
    "scenario", "effect", "coverage (SE)", "bias (SE)", "RMSE", "to oracle's", "interval score", "to oracle's",
    "called",
]  # fmt: skip
PEER_HEAD = [
    "estimator", "cells", "its coverage", "ours", "its lowest", "ours", "its score, CSAT", "ours", "its score to ours",
]  # fmt: skip
FEW = 7


def peers(cells: Sequence[Cell]) -> list[list[str]]:
    """Each peer with at least `FEW` common cells, the nearest to us first. The ratio of interval scores is the mean of
    the ratios by cell, so that all units count alike."""
    ours = {(c.scenario, c.effect): c for c in cells}
    common: dict[str, list[tuple[dict, Cell]]] = {}
    for theirs in json.loads((BENCH / "peers_effect.json").read_text("utf-8")):
        mine = ours.get((theirs["scenario"], theirs["effect"]))
        if mine is not None:
            common.setdefault(theirs["estimator"], []).append((theirs, mine))
    out = []
    for name, pairs in common.items():
        csat = [(t["interval_score"], c.score.mean()) for t, c in pairs if c.scenario.startswith("csat")]
        if len(pairs) < FEW or not csat:
            continue
        covers = [(t["cover"], c.covered.mean()) for t, c in pairs]
        ratio = float(np.mean([t["interval_score"] / c.score.mean() for t, c in pairs]))
        its, mine = np.mean(csat, axis=0)
        out.append((ratio, [
            name, str(len(pairs)), f"{np.mean([x for x, _ in covers]):.3f}", f"{np.mean([x for _, x in covers]):.3f}",
            f"{min(x for x, _ in covers):.2f}", f"{min(x for _, x in covers):.2f}", f"{its:.2f}", f"{mine:.2f}",
            f"{ratio:.2f}",
        ]))  # fmt: skip
    return [line for _, line in sorted(out, key=lambda item: item[0])]
