"""What `shifts` reaches on worlds of our own: `python benchmarks/shifts_figures.py [--write]`.

False alarms by what the series holds, read once and week by week with memory, changes found by size and shape,
coverage of both intervals, how well an answer stays when days are added, and series per second of CPU; each with its
standard error. `--peer PYTHON` times apache-otava on the same series in another interpreter. `--write` enters the
tables into docs/methods/shifts.md. About a quarter of an hour on one core.
"""

import argparse
import json
import subprocess
import time

import numpy as np
from pages import table, write
from scipy.signal import lfilter

from cxmon.stats import shifts

DAYS = 730
WEEK = np.array([0.5, 0.3, 0.1, 0.0, -0.2, -0.4, -0.3])
VOLUME = np.array([1.2, 1.1, 1.0, 1.0, 0.9, 0.5, 0.3])
KIND = {"share": "proportion", "duration": "mean", "rate": "rate"}
NULLS = ("plain", "spikes", "yearly wave", "uneven year", "slow noise")
SHAPES = ("step", "drift of 90 days", "28 days and back")
# Sizes in standard deviations of a day's value; days within which a date counts as found.
SIZES = (0.5, 1.0, 2.0)
CLOSE = 14
OLD = 14
PEER = """
import json, sys, time
from otava.analysis import compute_change_points
rows = json.load(sys.stdin)
start = time.process_time()
for row in rows:
    compute_change_points(row, window_len=50, max_pvalue=0.001)
print(len(rows) / (time.process_time() - start))
"""


def day_effect(rng, phi):
    e = rng.standard_normal(DAYS + 200)
    return lfilter([np.sqrt(1 - phi**2)], [1, -phi], e)[200:]


def moved(rng, holds, at):
    """What a series holds beside noise, in standard deviations of a day's value (T,)."""
    t = np.arange(DAYS)
    phase = rng.random()
    wave = np.sin(2 * np.pi * (t / 365.25 + phase))
    out = np.zeros(DAYS)
    if holds == "spikes":
        for first in rng.integers(30, DAYS - 30, 3):
            out[first : first + rng.integers(1, 4)] += rng.choice([-5.0, 5.0])
    elif holds == "yearly wave":
        out = rng.uniform(0.3, 1.0) * wave
    elif holds == "uneven year":
        out = 0.7 * wave + 0.35 * np.sin(4 * np.pi * (t / 365.25 + rng.random()))
    elif holds == "step":
        out = (t >= at) * 1.0
    elif holds == "drift of 90 days":
        out = np.clip((t - at + 1) / 90, 0, 1)
    elif holds == "28 days and back":
        out = ((t >= at) & (t < at + 28)) * 1.0
    return out


def world(rng, family, holds, size=1.0, at=0):
    """Values, n (T,) each, and the change of level in the values' unit."""
    weekday = np.arange(DAYS) % 7
    n = np.maximum(rng.poisson(rng.uniform(60, 300) * VOLUME[weekday]), 1)
    typical = float(np.median(n))
    part = rng.uniform(0.05, 0.35)
    phi = 0.85 if holds == "slow noise" else rng.uniform(0.3, 0.7)
    signal = rng.choice([-1.0, 1.0]) * size * moved(rng, holds, at)
    slow = np.sqrt(part) * day_effect(rng, phi)
    latent = signal + slow + WEEK[weekday]
    if family == "duration":
        y = 3.0 + 0.15 * (latent + np.sqrt((1 - part) * typical / n) * rng.standard_normal(DAYS))
        return y, n.astype(float), 0.15 * (signal[-1] or signal.sum() / 28)
    level = 0.8 if family == "share" else 0.05
    unit = np.sqrt(level * (1 - level) / typical / (1 - part))
    y = rng.binomial(n, np.clip(level + unit * latent, 0.001, 0.999)) / n
    return y, n.astype(float), unit * (signal[-1] or signal.sum() / 28)


def share(hits):
    rate, count = float(np.mean(hits)), len(hits)
    if not 0 < rate < 1:
        return f"{rate:.3f} (0 of {count})" if rate == 0 else f"{rate:.3f} (all {count})"
    return f"{rate:.3f} ± {np.sqrt(rate * (1 - rate) / count):.3f}"


def false_alarms(count):
    rows = []
    for k, holds in enumerate(NULLS):
        told = {True: [], False: []}
        for i in range(count):
            family = list(KIND)[i % 3]
            y, n, _ = world(np.random.default_rng([31, k, i]), family, holds)
            told[True].append(len(shifts(y, n=n, kind=KIND[family])) > 0)
            told[False].append(len(shifts(y)) > 0)
        rows.append([holds, share(told[True]), share(told[False])])
        print(rows[-1], flush=True)
    return table(["the series holds", "false alarms, n given", "n not given"], rows)


def found(count):
    rows = []
    for k, holds in enumerate(SHAPES):
        for size in SIZES:
            seen, extra, dates, sizes = [], [], [], []
            for i in range(count):
                rng = np.random.default_rng([32, k, int(10 * size), i])
                family, at = list(KIND)[i % 3], int(rng.integers(150, DAYS - 150))
                y, n, true = world(rng, family, holds, size, at)
                # A drift is dated by when a third of it is made.
                date = at + 30 if holds.startswith("drift") else at
                told = shifts(y, n=n, kind=KIND[family])
                near = [s for s in told if abs(s.at - date) <= (30 if holds.startswith("drift") else CLOSE)]
                seen.append(bool(near))
                extra.append(len(told) - (holds == "28 days and back") - 1 if told else 0)
                if holds == "28 days and back":
                    continue
                for s in told if len(told) == 1 else []:
                    dates.append(s.earliest <= date <= s.latest)
                    sizes.append(s.low <= true <= s.high)
            covered = [share(x) if len(x) >= 50 else "" for x in (dates, sizes)]
            rows.append([f"{holds}, {size:g} sd", share(seen), f"{np.maximum(extra, 0).mean():.2f}", *covered])
            print(rows[-1], flush=True)
    return table(["change", "found", "too many", "date in its interval", "size in its interval"], rows)


def steadiness(count, every=7):
    rows = []
    for k, holds in enumerate(SHAPES):
        for size in SIZES:
            # By whether the answer before is handed back: kept one week on, and since a change was first told.
            kept = {(back, which): [] for back in (False, True) for which in ("one on", "since")}
            for i in range(count):
                rng = np.random.default_rng([33, k, int(10 * size), i])
                family, at = list(KIND)[i % 3], int(rng.integers(150, DAYS - 250))
                y, n, _ = world(rng, family, holds, size, at)
                for back in (False, True):
                    known, last, told = [], [], []
                    for end in range(at + OLD, min(at + 250, DAYS), every):
                        told = shifts(y[:end], n=n[:end], kind=KIND[family], told=told if back else ())
                        there = [any(o.earliest <= s.at <= o.latest for s in told) for o in last + known]
                        kept[back, "one on"] += there[: len(last)]
                        kept[back, "since"] += there[len(last) :]
                        last = [s for s in told if end - s.at >= OLD]
                        known += [s for s in last if not any(o.earliest <= s.at <= o.latest for o in known)]
            rows.append([f"{holds}, {size:g} sd", *(share(x) if len(x) >= 50 else "" for x in kept.values())])
            print(rows[-1], flush=True)
    head = ["kept one week on", "all weeks since first told", "with `told`: one week on", "all weeks since"]
    return table(["change", *head], rows)


def remembered(count, every=7):
    """False alarms of series that are read each week from the 28th on, as the product reads them: with what was told
    the week before."""
    rows = []
    for k, holds in enumerate(NULLS):
        ends, ever = [], []
        for i in range(count):
            family = list(KIND)[i % 3]
            y, n, _ = world(np.random.default_rng([35, k, i]), family, holds)
            told, some = [], False
            for end in range(28 * 7, DAYS + 1, every):
                told = shifts(y[:end], n=n[:end], kind=KIND[family], told=told)
                some |= len(told) > 0
            ends.append(len(told) > 0)
            ever.append(some)
        rows.append([holds, share(ends), share(ever)])
        print(rows[-1], flush=True)
    return table(["the series holds", "told in the last week", "in any of 77 weeks"], rows)


def speed(count, peer):
    worlds = [world(np.random.default_rng([34, i]), list(KIND)[i % 3], "step", 1.0, 300) for i in range(count)]
    start = time.process_time()
    for i, (y, n, _) in enumerate(worlds):
        shifts(y, n=n, kind=KIND[list(KIND)[i % 3]])
    text = f"{count / (time.process_time() - start):.0f} series of {DAYS} days per second of CPU, one by one"
    if peer:
        rows = json.dumps([y.tolist() for y, _, _ in worlds])
        done = subprocess.run([peer, "-c", PEER], input=rows, capture_output=True, text=True, check=True)
        text += f"; apache-otava on the same series in the same run: {float(done.stdout):.0f}"
    return text + "."


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--series", type=int, default=600, help="of each row")
    options.add_argument("--peer", help="an interpreter that has apache-otava")
    options.add_argument("--write", action="store_true")
    asked = options.parse_args()
    parts = {
        "speed": speed(min(asked.series, 300), asked.peer), "false alarms": false_alarms(asked.series),
        "found": found(asked.series), "steadiness": steadiness(max(asked.series // 15, 3)),
        "remembered": remembered(max(asked.series // 3, 3)),
    }  # fmt: skip
    for name, text in parts.items():
        print(f"\n{text}")
        if asked.write:
            write("shifts.md", name, text)


if __name__ == "__main__":
    main()
