"""How often an ordinary source is called strange, and how soon one is noticed that is dead, starving, or loses a part.

    .venv/bin/python benchmarks/source_health.py          about five minutes
    .venv/bin/python benchmarks/source_health.py --loss   the table on losses alone; --worlds N, --years N for more

Sources are pulled every hour or every day: a level that wanders from day to day (lognormal, autocorrelation 0.6), desk
hours, weekends at 30 %, Poisson counts. False incidents are counted over a year; delays from the hour of the fault,
which falls on a Tuesday at noon.
"""

import argparse
from datetime import UTC, datetime, timedelta

import numpy as np

from cxmon.decisions.source_health import assess
from cxmon.model import Pull, Standing

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


def standing(found: list[Pull], i: int, every: int) -> Standing:
    back = LEARN * 24 // every
    return assess(found[max(0, i - back) : i], found[i], zone="UTC").standing


def strange(found: list[Pull], i: int, every: int) -> bool:
    return standing(found, i, every).strange


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


def losses(per_day: float, wander: float, left: float, worlds: int) -> list[float]:
    """Hours until each of some worlds is told of that keep `left` of their records from a Tuesday at noon on, pulled
    every hour and looked at every fourth; infinite where it is not within a week."""
    found = []
    for seed in range(worlds):
        hourly = counts(per_day, wander, LEARN + 14, 7000 + seed)
        fault = (LEARN // 7 + 1) * 7 * 24 + 24 + 12
        hourly[fault:] = np.random.default_rng(seed).binomial(hourly[fault:], left)
        of = pulls(hourly, 1)
        told = (i + 1 - fault for i in range(fault + 3, min(len(of), fault + 7 * 24), 4) if strange(of, i, 1))
        found.append(next(told, np.inf))
    return found


def false_losses(per_day: float, wander: float, years: int) -> float:
    """Stretches a year in which an ordinary source is said to bring less for days."""
    opened = 0
    for seed in range(years):
        found, was = pulls(counts(per_day, wander, LEARN + YEAR, 9000 + seed), 1), False
        for i in range(LEARN * 24, len(found), 8):
            now = standing(found, i, 1) is Standing.LESS
            opened += now and not was
            was = now
    return opened / years


def loss_table(worlds: int, years: int) -> None:
    print("a part of the records is lost: told within two days, within a week, hours until half are told; false a year")
    print(
        f"{'records a day':>15} {'wanders by':>11} {'30 % lost':>16} {'50 % lost':>16} {'66 % lost':>16} {'false':>6}"
    )
    for per_day in (40, 500, 5000):
        for wander in (0.05, 0.1, 0.2, 0.3, 0.5):
            cells = []
            for left in (0.7, 0.5, 0.34):
                hours = np.array(losses(per_day, wander, left, worlds))
                half = float(np.median(hours))
                middle = f"{half:.0f} h" if np.isfinite(half) else "-"
                cells.append(f"{np.mean(hours <= 49):.0%} {np.mean(np.isfinite(hours)):.0%} {middle}")
            wrong = false_losses(per_day, wander, years)
            row = f"{per_day:>15,} {wander:>11.0%} " + " ".join(f"{cell:>16}" for cell in cells)
            print(f"{row} {wrong:>6.2f}", flush=True)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--loss", action="store_true")
    options.add_argument("--worlds", type=int, default=16)
    options.add_argument("--years", type=int, default=1, help="of an ordinary source, for what is said of it falsely")
    chosen = options.parse_args()
    if not chosen.loss:
        whole_table()
    loss_table(chosen.worlds, chosen.years)


def whole_table() -> None:
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
