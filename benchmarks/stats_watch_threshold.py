"""Whether the alarm budget is kept where nothing happens, for many kinds of noise and lengths of history.

    python benchmarks/stats_watch_threshold.py            # budgets 0.2, 0.5 and 2 after 56 to 365 days of history
    python benchmarks/stats_watch_threshold.py --tail     # 3,000 series-years at a budget of 0.02, ten minutes

FLOOR and SLOPE in cxmon/stats/watching.py are set so that the loudest kinds of noise keep their budget. The worlds are
not those of ../shared/bench/watch_bench.py: noise parameters differ from series to series.
"""

import argparse
from collections.abc import Callable

import numpy as np

from cxmon.stats import watch

ONE = 100.0  # Answers a day behind a noise of one unit.
AT_ONCE = 100


def noise(rng: np.random.Generator, S: int, T: int, *, ar: bool = False, rw: bool = False) -> np.ndarray:
    """Day effects (S, T) in units of one day's sampling noise; sizes and memory differ by series."""
    out = np.zeros((S, T))
    if ar:
        size, phi = np.sqrt(np.exp(rng.uniform(np.log(0.05), np.log(2.0), S))), rng.uniform(0.3, 0.95, S)
        state = rng.standard_normal(S)
        for t in range(T):
            out[:, t] = size * state
            state = phi * state + np.sqrt(1 - phi**2) * rng.standard_normal(S)
    if rw:
        step = np.sqrt(np.exp(rng.uniform(np.log(1e-4), np.log(0.02), S)))
        out += np.cumsum(step[:, None] * rng.standard_normal((S, T)), axis=1)
    return out


def measured(rng: np.random.Generator, S: int, T: int, own: np.ndarray) -> tuple[np.ndarray, np.ndarray, str]:
    """A mean with a weekday profile and answers that differ by day."""
    day = np.arange(T) % 7
    n = rng.poisson(ONE * np.exp(0.25 * np.cos(2 * np.pi * (day - 2) / 7)), (S, T)) + 1.0
    values = own + 0.4 * rng.standard_normal((S, 7))[:, day] + rng.standard_normal((S, T)) * np.sqrt(ONE / n)
    return values, n, "mean"


def spiky(rng: np.random.Generator, S: int, T: int) -> tuple[np.ndarray, np.ndarray, str]:
    values, n, kind = measured(rng, S, T, noise(rng, S, T, ar=True))
    wild = rng.random((S, T)) < rng.uniform(0.005, 0.05, (S, 1))
    return values + wild * rng.exponential(4.0, (S, T)), n, kind


def wavy(rng: np.random.Generator, S: int, T: int) -> tuple[np.ndarray, np.ndarray, str]:
    turn = 2 * np.pi * (np.arange(T) / 365.25 + rng.random((S, 1)))
    return measured(rng, S, T, noise(rng, S, T, ar=True) + rng.uniform(0.1, 1.0, (S, 1)) * np.sin(turn))


def thin(rng: np.random.Generator, S: int, T: int) -> tuple[np.ndarray, np.ndarray, str]:
    """Shares of a dozen answers, told as dissatisfaction so that harm is a rise like everywhere here."""
    n = rng.poisson(rng.uniform(8, 30, (S, 1)), (S, T)) + 1
    return rng.binomial(n, np.broadcast_to(rng.uniform(0.03, 0.4, (S, 1)), (S, T))) / n, n.astype(float), "proportion"


def plain(rng: np.random.Generator, S: int, T: int) -> tuple[np.ndarray, np.ndarray, str]:
    return measured(rng, S, T, noise(rng, S, T))


WORLDS: dict[str, Callable[[np.random.Generator, int, int], tuple[np.ndarray, np.ndarray, str]]] = {
    "independent": plain,
    "autocorrelated": lambda r, S, T: measured(r, S, T, noise(r, S, T, ar=True)),
    "wandering": lambda r, S, T: measured(r, S, T, noise(r, S, T, rw=True)),
    "both": lambda r, S, T: measured(r, S, T, noise(r, S, T, ar=True, rw=True)),
    "wild days": spiky,
    "yearly wave": wavy,
    "thin shares": thin,
}


def rate(name: str, series: int, history: int, watched: int, budgets: tuple[float, ...]) -> list[tuple[int, float]]:
    """Alarms and series-years watched, by budget."""
    rng = np.random.default_rng([list(WORLDS).index(name), history, 17])
    counts, years = np.zeros(len(budgets), int), np.zeros(len(budgets))
    for _ in range(0, series, AT_ONCE):
        values, n, kind = WORLDS[name](rng, AT_ONCE, history + watched)
        for b, budget in enumerate(budgets):
            alarm = watch(values, n, history, budget, kind=kind, better="lower")
            counts[b] += (alarm >= 0).sum()
            years[b] += np.where(alarm >= 0, alarm - history + 1, watched).sum() / 365.25
    return [(int(c), float(y)) for c, y in zip(counts, years, strict=True)]


def told(budget: float, count: int, years: float) -> str:
    """Rate with its standard error (Poisson), and whether the budget is kept within two of those that it allows."""
    kept = "kept" if count <= budget * years + 2 * np.sqrt(budget * years) else "BROKEN"
    return f"{count / years:.3f} ({np.sqrt(max(count, 1)) / years:.3f}) {kept}"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--tail", action="store_true", help="a budget of 0.02")
    options.add_argument("--series", type=int, help="series a kind of noise and length of history")
    chosen = options.parse_args()
    if chosen.tail:
        total, years = 0, 0.0
        for name in WORLDS:
            [(count, watched)] = rate(name, chosen.series or 500, 365, 365, (0.02,))
            total, years = total + count, years + watched
            print(f"{name:15s} 365 days  0.02: {told(0.02, count, watched)}", flush=True)
        print(f"{'all':15s} 365 days  0.02: {told(0.02, total, years)}, {years:,.0f} series-years")
        return
    budgets = (0.2, 0.5, 2.0)
    for name in WORLDS:
        for history in (56, 120, 365):
            found = rate(name, chosen.series or 200, history, 150, budgets)
            cells = "   ".join(f"{b:g}: {told(b, c, y)}" for b, (c, y) in zip(budgets, found, strict=True))
            print(f"{name:15s} {history:3d} days  {cells}", flush=True)


if __name__ == "__main__":
    main()
