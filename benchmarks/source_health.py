"""How often an ordinary source is called strange, and how soon a dead or starving one is noticed.

    .venv/bin/python benchmarks/source_health.py          about two minutes

Sources are pulled every hour or every day: a level that wanders from day to day (lognormal, autocorrelation 0.6), desk
hours, weekends at 30 %, Poisson counts. False incidents are counted over a year; delays from the hour of the fault,
which falls on a Tuesday at noon.
"""

from datetime import UTC, datetime, timedelta

import numpy as np

from cxmon.decisions.source_health import assess
from cxmon.model import Pull

START = datetime(2025, 6, 2, tzinfo=UTC)
LEARN, YEAR = 66, 365
HOURS = np.array([2, 1, 1, 1, 1, 3, 10, 20, 30, 35, 35, 30, 25, 30, 30, 30, 25, 20, 15, 10, 8, 6, 4, 3]) / 375.0


def counts(per_day: float, wander: float, days: int, seed: int) -> np.ndarray:
    """Records an hour (days * 24,)."""
    rng = np.random.default_rng(seed)
    level = np.zeros(days)
    for d in range(1, days):
        level[d] = 0.6 * level[d - 1] + 0.8 * wander * rng.standard_normal()
    weekend = np.where(np.arange(days) % 7 >= 5, 0.3, 1.0)
    return rng.poisson((per_day * weekend * np.exp(level))[:, None] * HOURS).ravel()


def pulls(hourly: np.ndarray, every: int) -> list[Pull]:
    chunks = hourly[: len(hourly) // every * every].reshape(-1, every).sum(1)
    return [
        Pull(source="desk", part="tickets", metrics=("csat",), at=START + timedelta(hours=every * (k + 1)), ok=True,
             rows=int(n), fresh=int(n))
        for k, n in enumerate(chunks)
    ]  # fmt: skip


def strange(found: list[Pull], i: int, every: int) -> bool:
    back = LEARN * 24 // every
    return assess(found[max(0, i - back) : i], found[i], zone="UTC").standing.strange


def false_incidents(per_day: float, wander: float, every: int, step: int) -> int:
    found = pulls(counts(per_day, wander, LEARN + YEAR, 1), every)
    was, opened = False, 0
    for i in range(LEARN * 24 // every, len(found), step):
        now = strange(found, i, every)
        opened += now and not was
        was = now
    return opened


def delay(per_day: float, left: float, every: int) -> float | None:
    """Hours until it is noticed; None where it is not within a week."""
    hourly = counts(per_day, 0.1, LEARN + 14, 2)
    fault = (LEARN // 7 + 1) * 7 * 24 + 24 + 12
    hourly[fault:] = np.random.default_rng(3).binomial(hourly[fault:], left)
    found = pulls(hourly, every)
    for i in range(fault // every, min(len(found), (fault + 7 * 24) // every)):
        if strange(found, i, every):
            return every * (i + 1) - fault
    return None


def main() -> None:
    print("false incidents in a year, of a source pulled every hour (every fourth looked at) and every day")
    print(f"{'records a day':>15} {'wanders by':>11} {'hourly':>7} {'daily':>6}")
    for per_day in (40, 500, 5000):
        for wander in (0.1, 0.3, 0.5):
            hourly, daily = (false_incidents(per_day, wander, every, step) for every, step in ((1, 4), (24, 1)))
            print(f"{per_day:>15,} {wander:>11.0%} {hourly:>7} {daily:>6}")
    print("\nhours until it is noticed: dead, and 3 % left")
    print(f"{'records a day':>15} {'pulled every':>13} {'dead':>6} {'3 %':>6}")
    for per_day in (40, 500, 5000):
        for every in (1, 24):
            found = [delay(per_day, left, every) for left in (0.0, 0.03)]
            print(f"{per_day:>15,} {every:>11} h " + " ".join(f"{'-' if d is None else round(d):>6}" for d in found))


if __name__ == "__main__":
    main()
