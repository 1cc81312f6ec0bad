"""Holidays around a change that did nothing: coverage and bias of `effect`, with and without the handling of holidays.

    python benchmarks/stats_holidays.py                 # under a minute on one core
    python benchmarks/stats_holidays.py --series 250    # the table of docs/methods/profiles.md
    python benchmarks/stats_holidays.py --full          # 1,000 series a row

Simulated daily shares of some 400 answers with a weekday profile, autocorrelated movement and the German holidays, on
which half as many people answer. Effects in points; SE after each figure. The windows of 28 days begin before Christmas
(3 holidays) and before Easter (2).
"""

import argparse
from datetime import UTC, datetime, timedelta

import numpy as np

from cxmon.model import Grain, Holidays
from cxmon.periods import grid, on_holiday, profile_labels
from cxmon.stats import effects, holiday_labels

WINDOW = 28
CHRISTMAS, EASTER = datetime(2025, 12, 15, tzinfo=UTC), datetime(2026, 3, 30, tzinfo=UTC)
# The first day with the change and the days of past.
CASES = {
    "Christmas, two years of past": (CHRISTMAS, 730),
    "Christmas, one year": (CHRISTMAS, 365),
    "Christmas, half a year": (CHRISTMAS, 182),
    "Easter, two years": (EASTER, 730),
}
# Mean and standard deviation of the move on a holiday, in points.
HOLIDAYS = {"-5": (-5.0, 1.0), "-12": (-12.0, 1.0), "-12, each its own": (-12.0, 10.0), "none": (0.0, 0.0)}
WEEK = np.array([0.5, 0.8, 0.4, 0.0, -0.5, -1.5, -1.0])


def shares(rng, series, labels, holiday, mean, sd):
    """Shares and answers (S, T)."""
    T = len(labels)
    own = np.zeros((series, T))
    for t in range(1, T):
        own[:, t] = 0.6 * own[:, t - 1] + 1.2 * 0.8 * rng.standard_normal(series)
    moved = np.where(holiday > 0, mean + sd * rng.standard_normal((series, T)), 0.0)
    n = rng.poisson(np.where(labels < 5, 450, 280) * np.where(holiday > 0, 0.5, 1.0), (series, T)) + 1.0
    level = np.clip(0.82 + (WEEK[labels] + own + moved) / 100, 0.01, 0.99)
    return rng.binomial(n.astype(int), level) / n, n


def told(name, found):
    """One row: coverage of zero, mean estimate (the bias), its spread and the mean width, in points."""
    estimate = 100 * np.array([e.estimate for e in found])
    covered = np.mean([e.low <= 0 <= e.high for e in found])
    width = 100 * np.mean([e.high - e.low for e in found])
    S = len(found)
    print(
        f"    {name:8s} covered {covered:.3f} ({np.sqrt(covered * (1 - covered) / S):.3f})"
        f"  |bias| {abs(estimate.mean()):.2f} ({estimate.std(ddof=1) / np.sqrt(S):.2f})"
        f"  rmse {np.sqrt(np.mean(estimate**2)):.2f}  width {width:.2f}",
        flush=True,
    )


def handled(values, n, labels, holiday, at):
    """`effects` with each series' holidays modelled or left out, and how many were modelled."""
    known = [holiday_labels(y, labels, 7, holiday, at, precision=w) for y, w in zip(values, n, strict=True)]
    modelled = np.array([not k.left_out.any() for k in known])
    found = []
    for rows, period in ((modelled, np.where(holiday > 0, 7, labels)), (~modelled, labels)):
        if rows.any():
            kept = np.where((holiday > 0) & ~modelled[rows][0], np.nan, values[rows])
            found += effects(kept, at, n=n[rows], kind="proportion", period=period)
    return found, int(modelled.sum())


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--full", action="store_true")
    options.add_argument("--series", type=int, default=60)
    asked = options.parse_args()
    series = 1000 if asked.full else asked.series
    print(f"{series} series a row, no effect; points, SE in brackets")
    for case, (start, days) in CASES.items():
        starts = grid(start - timedelta(days=days), start + timedelta(days=WINDOW), Grain.DAY, "UTC")
        holiday = on_holiday(starts, Grain.DAY, "UTC", Holidays(country="DE"))
        labels = profile_labels(starts, Grain.DAY, "UTC")[0]
        at = len(starts) - WINDOW
        for move, (mean, sd) in HOLIDAYS.items():
            rng = np.random.default_rng([days, start.month, len(move)])
            values, n = shares(rng, series, labels, holiday, mean, sd)
            found, modelled = handled(values, n, labels, holiday, at)
            print(f"{case}, holidays {move}: modelled in {modelled / series:.0%}, else left out")
            told("without", effects(values, at, n=n, kind="proportion", period=labels))
            told("with", found)


if __name__ == "__main__":
    main()
