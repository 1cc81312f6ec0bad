"""Where the constants of the watch threshold come from: how often noise alone passes a height, by simulation.

    python benchmarks/stats_watch_threshold.py            # known parameters: ONCE_A_YEAR and PER_FOLD
    python benchmarks/stats_watch_threshold.py --learnt   # parameters learnt from 30 to 365 days: ALLOWANCE

Prints alarms per series and year at each height, with their standard error, for independent, autocorrelated and
wandering noise. About two minutes on one core.
"""

import argparse

import numpy as np

from cxmon.stats.monitor import run
from cxmon.stats.watch_noise import Frozen, freeze, tame
from cxmon.stats.watching import threshold

WORLDS = {"independent": (0.0, 0.0, 0.0), "autocorrelated": (0.5, 0.75, 0.0), "wandering": (0.0, 0.0, 0.004)}
HEIGHTS = (4.0, 4.5, 5.0, 5.5, 6.0, 7.0, 8.0)


def noise(rng, series, days, ar, phi, rw):
    slow = np.zeros((series, days))
    state = np.sqrt(ar) * rng.standard_normal(series)
    for t in range(days):
        slow[:, t] = state
        state = phi * state + np.sqrt(ar * (1 - phi**2)) * rng.standard_normal(series)
    walk = np.cumsum(np.sqrt(rw) * rng.standard_normal((series, days)), axis=1)
    return slow + walk + rng.standard_normal((series, days))


def alarms(statistic, height):
    hit = statistic > height
    watched = np.where(hit.any(1), hit.argmax(1) + 1, statistic.shape[1]).sum() / 365.25
    count = int(hit.any(1).sum())
    return count / watched, np.sqrt(max(count, 1)) / watched


def paths(y, start, parameters, *, learnt):
    seen = np.ones(y.shape, bool)
    one = np.ones((len(y), 1))
    frozen = Frozen(one, *(one * p for p in parameters), one)
    if learnt:
        past = tame(y[:, :start], seen[:, :start])
        none = np.zeros(len(y))
        frozen = freeze(past, np.ones_like(past), seen[:, :start], none, known=none.astype(bool))
    return run(y, np.ones_like(y), seen, frozen, first=start, start=start, sided=1).statistic


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--learnt", action="store_true")
    options.add_argument("--series", type=int, default=600)
    asked = options.parse_args()
    for name, parameters in WORLDS.items():
        for history in (30, 60, 120, 365) if asked.learnt else (200,):
            rng = np.random.default_rng([history, len(name)])
            y = noise(rng, asked.series, history + 365, *parameters)
            statistic = paths(y, history, parameters, learnt=asked.learnt)
            told = [f"{h:g}: {r:.3f} +- {s:.3f}" for h in HEIGHTS for r, s in [alarms(statistic, h)]]
            if asked.learnt:
                kept = alarms(statistic, threshold(0.5, np.full(len(y), float(history)), 365.25, 1)[:, None])
                told.append(f"at a budget of 0.5: {kept[0]:.3f} +- {kept[1]:.3f}")
            print(f"{name}, history {history}:", "; ".join(told), flush=True)


if __name__ == "__main__":
    main()
