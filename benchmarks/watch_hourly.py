"""Watch by the hour: whether the budget is kept, and how long a fall takes beside the same figures added up by day.

    python benchmarks/watch_hourly.py                     # ten minutes or so

Shares of answered contacts, with a profile of 168 hours in the level and in the volume (nights have hardly any), noise
that is independent, autocorrelated over hours, or wanders over days. Ten weeks are known before the watch, five are
watched. The fall begins in the middle of a week; delays are in hours, from its first hour to the alarm.
"""

import argparse

import numpy as np

from cxmon.stats import watch

WEEK, KNOWN, WATCHED = 168, 10, 5
START, END = WEEK * KNOWN, WEEK * (KNOWN + WATCHED)
ONSET = START + WEEK + 60
YEAR = 365.25 * 24
BUDGETS = (2.0, 8.0)
FALLS = (0.03, 0.06, 0.12)
BUSY = 40.0
BY_HOUR = np.array([*[0.02] * 7, 0.4, 0.9, *[1.3] * 8, 0.9, *[0.4] * 3, *[0.1] * 3])
NOISES = {"independent": (0.0, 0.0, 0.0), "hours hang together": (0.9, 0.03, 0.0), "wanders": (0.0, 0.0, 0.0015)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=60, help="unchanged series a kind of noise; a third as many fall")
    parser.add_argument("--seed", type=int, default=21)
    args = parser.parse_args()
    years = args.series * (END - START) / YEAR
    print(f"{args.series} unchanged series a row, {years:.1f} series-years\n")
    fell = " | ".join(f"fall of {100 * f:.0f} points: found, median hours (by day)" for f in FALLS)
    print(f"| noise | budget a year | false alarms a year (SE) | {fell} |")
    print("|---|---|---|" + "---|" * len(FALLS))
    for name, kind in NOISES.items():
        rng = np.random.default_rng([args.seed, sorted(NOISES).index(name)])
        quiet = drawn(rng, args.series, kind, 0.0)
        moved = [drawn(rng, max(args.series // 3, 1), kind, fall) for fall in FALLS]
        for budget in BUDGETS:
            false = int((watch(*quiet, START, budget, kind="proportion", period=WEEK) >= 0).sum())
            told = f"{false / years:.2f} ({np.sqrt(max(false, 1)) / years:.2f})"
            print(f"| {name} | {budget:g} | {told} | {' | '.join(found(*m, budget) for m in moved)} |", flush=True)


def drawn(rng: np.random.Generator, S: int, kind: tuple[float, float, float], fall: float) -> tuple[np.ndarray, ...]:
    """(shares, answers), both (S, END): NaN where an hour had no answer."""
    memory, size, step = kind
    hour = np.arange(END) % WEEK
    weekend = np.where(hour >= 5 * 24, 0.5, 1.0)
    n = rng.poisson(BUSY * BY_HOUR[hour % 24] * weekend, (S, END)).astype(float)
    own, state = np.zeros((S, END)), np.zeros(S)
    for t in range(END if memory else 0):
        own[:, t] = size * state
        state = memory * state + np.sqrt(1 - memory**2) * rng.standard_normal(S)
    walk = np.cumsum(step * rng.standard_normal((S, END)), axis=1)
    level = 0.8 + 0.04 * rng.standard_normal((S, 7))[:, hour // 24] + 0.05 * rng.standard_normal((S, 24))[:, hour % 24]
    share = np.clip(level + own + walk - np.where(np.arange(END) >= ONSET, fall, 0.0), 0.02, 0.98)
    with np.errstate(invalid="ignore", divide="ignore"):
        return rng.binomial(n.astype(int), share) / n, n


def found(shares: np.ndarray, n: np.ndarray, budget: float) -> str:
    """How many falls are found in the weeks after, and after how many hours; in brackets, by day."""
    hourly = watch(shares, n, START, budget, kind="proportion", period=WEEK)
    total = np.nan_to_num(shares * n).reshape(len(n), -1, 24).sum(2)
    answers = n.reshape(len(n), -1, 24).sum(2)
    daily = watch(total / answers, answers, START // 24, budget, kind="proportion", period=7)
    # A day is known when it is over.
    return f"{told(hourly + 1, ONSET)} ({told(24 * (daily + 1), ONSET)})"


def told(alarm: np.ndarray, onset: int) -> str:
    quiet_before = (alarm <= 0) | (alarm > onset)
    late = np.where(alarm > onset, alarm - onset, np.inf)[quiet_before]
    middle = np.median(late) if len(late) else np.inf
    return f"{np.isfinite(late).mean():.0%}, {'not' if np.isinf(middle) else f'{middle:.0f}'}"


if __name__ == "__main__":
    main()
