"""A programme whose joiners are the happy ones, judged in three ways: `python benchmarks/programme.py [--runs 100]`.

Four cohorts join a month apart; others never do. Joiners are happier from the beginning, and grow happier by themselves
in the months in which they join, as the others do not. The programme does nothing, or gives its members three points.
Compared are members with the others as they are, members with the others by the estimator that judges a change
(untouched segments as controls), and each cohort with those that join later, as a programme is judged. Printed: how
often a gain is shown, and the mean of what is found (points, standard errors beside).
"""

import argparse

import numpy as np

from cxmon import stats
from cxmon.decisions import shares

STARTS, BEHIND = (200, 230, 260, 290), 40
ANSWERS, DAYS = 150.0, 290
WEEK = np.array([0.0, 0.004, 0.006, 0.0, -0.004, -0.012, -0.008])
WORLDS = {
    "alike, idle": (0.0, 0.0, 0.0),
    "happier, idle": (0.04, 0.0, 0.0),
    "happier and rising, idle": (0.04, 0.04, 0.0),
    "happier and rising, +3": (0.04, 0.04, 0.03),
}


def drawn(happier: float, rises: float, gain: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Values and answers of four cohorts and two segments of others (6, DAYS)."""
    index, series = np.arange(DAYS), len(STARTS) + 2
    truth = np.empty((series, DAYS))
    shared = 0.006 * rng.standard_normal(DAYS)
    for s in range(series):
        state, own = 0.0, np.empty(DAYS)
        for t in range(DAYS):
            state = 0.5 * state + 0.008 * rng.standard_normal()
            own[t] = state
        truth[s] = 0.80 + WEEK[index % 7] + shared + own
        if s < len(STARTS):
            truth[s] += happier + rises * np.clip((index - 180) / 100, 0, 1) + gain * (index >= STARTS[s])
    n = rng.poisson(ANSWERS, truth.shape).astype(float) + 1
    return rng.binomial(n.astype(int), np.clip(truth, 0.01, 0.99)) / n, n


def answers(values: np.ndarray, n: np.ndarray, confidence: float) -> dict[str, tuple[bool, float]]:
    members, others = slice(0, len(STARTS) - 1), slice(len(STARTS), None)
    after = np.arange(DAYS) >= STARTS[0] + BEHIND
    mine, theirs = (np.average(values[part][:, after], weights=n[part][:, after]) for part in (members, others))
    size = mine - theirs
    error = np.sqrt(0.15 / n[members][:, after].sum() + 0.15 / n[others][:, after].sum())
    pooled = (values[members] * n[members]).sum(0) / n[members].sum(0)
    one = stats.effect(
        pooled, STARTS[0], n=n[members].sum(0), controls=values[others], controls_n=n[others], kind="proportion",
        sequential=True, horizon=90, confidence=confidence,
    )  # fmt: skip
    # The last cohort has not joined by the last day, and is what the others are compared with.
    staged = stats.staged_effect(
        values[: len(STARTS)], STARTS, n=n[: len(STARTS)], kind="proportion", sequential=True, horizon=90,
        confidence=confidence,
    ).pooled  # fmt: skip
    return {
        "as they are": (size > 1.96 * error, size),
        "others as controls": (one.low > 0, one.estimate),
        "those who join later": (staged.low > 0, staged.estimate),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    confidence = shares(("csat",), {})["csat"].confidence
    for name, world in WORLDS.items():
        found = [answers(*drawn(*world, np.random.default_rng([given.seed, i])), confidence) for i in range(given.runs)]
        for how in found[0]:
            shown, size = (np.array([one[how][k] for one in found], float) for k in (0, 1))
            share, sizes = shown.mean(), 100 * size
            se = np.sqrt(max(share * (1 - share), 1 / given.runs / 4) / given.runs)
            print(
                f"{name:26s} {how:22s} gain shown {share:6.1%} (SE {se:.1%})"
                f"  found {sizes.mean():+.2f} (SE {sizes.std(ddof=1) / np.sqrt(given.runs):.2f})", flush=True,
            )  # fmt: skip


if __name__ == "__main__":
    main()
