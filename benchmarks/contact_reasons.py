"""How often the range of a contact reason's growth holds the truth, where nothing grew: counts that wander more than
chance (noise) and follow each other from day to day (r), against four weeks before.

    python benchmarks/contact_reasons.py
"""

import numpy as np

from cxmon.stats import growth

WEEK = np.array([1.0, 1.1, 1.0, 0.95, 0.9, 0.5, 0.4])
BEFORE, RUNS = 28, 2000


def drawn(rng: np.random.Generator, days: int, level: float, noise: float, r: float) -> np.ndarray:
    """Counts (RUNS, days): Poisson around a lognormal intensity whose logarithm is an AR(1)."""
    mean = level * WEEK[np.arange(days) % 7]
    if noise <= 1:
        return rng.poisson(mean, (RUNS, days)).astype(float)
    spread = np.sqrt(np.log1p((noise - 1) / level))
    z = rng.standard_normal((RUNS, days))
    for day in range(1, days):
        z[:, day] = r * z[:, day - 1] + np.sqrt(1 - r * r) * z[:, day]
    return rng.poisson(mean * np.exp(spread * z - spread**2 / 2)).astype(float)


def main() -> None:
    rng = np.random.default_rng(20_261_127)
    print("a day  noise    r   3 days  7 days  14 days")
    for level in (2, 10, 60):
        for noise, r in ((1, 0.0), (2, 0.0), (2, 0.4), (5, 0.0), (5, 0.4), (5, 0.7)):
            shares = []
            for days in (3, 7, 14):
                labels, inside = np.arange(BEFORE + days) % 7, 0
                for counts in drawn(rng, BEFORE + days, level, noise, r):
                    usual = growth.usual(counts[:BEFORE], labels[:BEFORE], labels[BEFORE:])
                    low, high = growth.ratio(counts[BEFORE:].sum(), usual.expected, usual, 0.95)
                    inside += low <= 1 <= high
                shares.append(inside / RUNS)
            print(f"{level:5}  {noise:5}  {r:3.1f}   " + "   ".join(f"{share:.3f}" for share in shares), flush=True)


if __name__ == "__main__":
    main()
