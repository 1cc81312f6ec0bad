"""Do the parts of a moved total cover the truth? Planted worlds, coverage of each part with its standard error.

    python benchmarks/mix_parts.py                 # a short form, under a minute
    python benchmarks/mix_parts.py --worlds 80     # more of them, as in docs/methods/mix.md
    python benchmarks/mix_parts.py --controls      # the same, with four untouched segments to compare with

Four segments of 40 to 160 answers a day share a movement that wanders, and each has one of its own; shares have a
weekday profile and move by themselves. The change falls on day 150 of 200. Truth is computed from the planted
probabilities and expected volumes, with and without the change. Half widths in points.
"""

import argparse
import math

import numpy as np

from cxmon import sketch
from cxmon.stats.decomposition import decompose

DAYS, AT = 200, 150
AFTER = np.arange(DAYS) >= AT
LATER = np.arange(DAYS) >= AT + 15
# Amounts of a ratio: a gamma of this shape, so that their mean square is (shape + 1) times their mean.
SHAPE = 2.0
WEEK = np.tile([0.0, 0.004, 0.006, 0.0, -0.004, -0.012, -0.008], DAYS // 7 + 1)[:DAYS]
VOLUME = np.array([160.0, 110.0, 70.0, 40.0])
LEVEL = np.array([0.90, 0.82, 0.76, 0.70])
PARTS = ("total", "rate", "mix", "entry_exit", "remainder")
# What each kind of world plants: change of the first segment's log volume, of everybody's level, a segment that
# comes or goes, a weekday profile of shares, the daily wander of log volumes. `staged`: the second segment moves like
# the first one, and falls with it, fifteen days later. `ratio`: of money paid what was lost, by amounts that scatter.
WORLDS = {
    "nothing": {},
    "mix": {"volume": -1.0},
    "rate": {"level": -0.03},
    "both": {"volume": -1.0, "level": -0.03},
    "a new segment": {"new": True},
    "one that vanishes": {"gone": True},
    "weekday pattern": {"volume": -0.8, "weekdays": True},
    "wandering mix": {"volume": -0.8, "wander": 0.02},
    "all at once": {"volume": -0.6, "level": -0.02, "new": True, "gone": True, "weekdays": True, "wander": 0.01},
    "quantile": {"volume": -1.0, "quantile": True},
    "in stages": {"volume": -1.0, "level": -0.03, "staged": True},
    "ratio": {"volume": -1.0, "level": -0.03, "ratio": True},
}


def wander(rng, phi, sd, walk=0.0):
    x, e = np.zeros(DAYS), rng.standard_normal((2, DAYS))
    for t in range(1, DAYS):
        x[t] = phi * x[t - 1] + math.sqrt(1 - phi**2) * sd * e[0, t]
    return x + np.cumsum(walk * e[1])


def split(volume, level):
    """The parts of a mean over the days with the change, from expected volumes and levels without and with it (S, T).

    A segment with no volume on one side comes or goes; the others are split in Kitagawa's symmetric form."""
    (v0, v1), (p0, p1) = volume, level
    stays = (v0 > 0).any(1) & (v1 > 0).any(1)
    w = [v[stays] / v[stays].sum(0) for v in (v0, v1)]
    all_ = [(v * p).sum(0) / v.sum(0) for v, p in ((v0, p0), (v1, p1))]
    own = [(a * p[stays]).sum(0) for a, p in zip(w, (p0, p1), strict=True)]
    found = {
        "total": all_[1] - all_[0],
        "rate": ((w[0] + w[1]) / 2 * (p1 - p0)[stays]).sum(0),
        "mix": ((w[1] - w[0]) * (p0 + p1)[stays] / 2).sum(0),
        "entry_exit": (all_[1] - own[1]) - (all_[0] - own[0]),
        "remainder": np.zeros(len(all_[0])),
    }
    return {name: float(x.mean()) for name, x in found.items()}


def volumes(rng, spec):
    """Expected volumes (S, T) without and with the change."""
    S = len(VOLUME)
    log = np.stack([wander(rng, 0.8, 0.05, spec.get("wander", 0.0)) for _ in range(S)])
    week = np.zeros((S, DAYS))
    if spec.get("weekdays"):
        weekend = np.isin(np.arange(DAYS) % 7, (5, 6))
        week[0], week[3] = np.where(weekend, 0.5, 0.0), np.where(weekend, -1.5, 0.0)
    without = VOLUME[:, None] * np.exp(log + week)
    moved = without.copy()
    moved[0] *= np.where(AFTER, math.exp(spec.get("volume", 0.0)), 1.0)
    if spec.get("staged"):
        moved[1] *= np.where(LATER, math.exp(spec["volume"]), 1.0)
    if spec.get("gone"):
        moved[2] = np.where(AFTER, 0.0, moved[2])
    if spec.get("new"):
        without[3] = 0.0
        moved[3] = np.where(AFTER, moved[3], 0.0)
    return without, moved


def world(seed, name, controlled=False):
    """Answers and sums of the segments (S, T), the planted parts, and the options of `decompose`."""
    spec = WORLDS[name]
    rng = np.random.default_rng([seed, *map(ord, name)])
    without, moved = volumes(rng, spec)
    shared = wander(rng, 0.9, 0.012, 0.001)
    S = len(VOLUME)
    slopes = rng.normal(1, 0.1, S)
    base = LEVEL[:, None] + WEEK + slopes[:, None] * shared + np.stack([wander(rng, 0.7, 0.008) for _ in range(S)])
    n = rng.poisson(np.where(AFTER, moved, np.minimum(without, moved)))
    if spec.get("quantile"):
        return durations(rng, n, base, without, moved)
    has = np.stack([AFTER, LATER, *[np.zeros(DAYS, bool)] * (S - 2)]) if spec.get("staged") else AFTER
    level = base + spec.get("level", 0.0) * has
    # Level of probabilities: what comes with the change has no counterfactual of its own.
    p = [np.clip(x, 0.02, 0.98) for x in (base, level)]
    total = rng.binomial(n, p[1]).astype(float)
    during = slice(AT, DAYS)
    truth = split([v[:, during] for v in (without, moved)], [x[:, during] for x in p])
    rate = total.sum(1) / np.maximum(n.sum(1), 1)
    if spec.get("ratio"):
        lost, kept = (rng.gamma(SHAPE * np.maximum(x, 1e-9)) for x in (total, n - total))
        options = {"kind": "mean", "spread": (SHAPE + 1) * rate * (1 - rate)}
        if controlled:
            beside = controls(rng, shared)
            y, m = beside["controls"], beside["controls_n"]
            options |= {"controls": y, "controls_se": np.sqrt(y * (1 - y) / m)}
        return lost + kept, lost, truth, options
    options = {"kind": "proportion", "spread": rate * (1 - rate)} | (controls(rng, shared) if controlled else {})
    return n.astype(float), total, truth, options


def durations(rng, n, base, without, moved):
    """Waiting times told by the share answered within the 90 % point of the past, from merged sketches."""
    location = 3.0 - 4.0 * base
    draws = [[np.exp(m + 0.6 * rng.standard_normal(k)) for m, k in zip(*row, strict=True)] for row in
             zip(location, n, strict=True)]  # fmt: skip
    low, counts = sketch.stack([sketch.encode(d) for row in draws for d in row])
    counts = counts.reshape(*n.shape, -1)
    within = float(sketch.quantiles(counts[:, AT - 56 : AT].sum((0, 1)), low, 0.9)[0])
    share = np.nan_to_num(sketch.share_below(counts, low, within))
    from scipy.special import ndtr

    p = ndtr((math.log(within) - location) / 0.6)
    during = slice(AT, DAYS)
    truth = split([v[:, during] for v in (without, moved)], [p[:, during]] * 2)
    rate = (share * n).sum(1) / n.sum(1)
    return n.astype(float), share * n, truth, {"kind": "proportion", "spread": rate * (1 - rate)}


def controls(rng, shared):
    level = 0.8 + WEEK + rng.normal(1, 0.1, 4)[:, None] * shared + np.stack([wander(rng, 0.7, 0.008) for _ in range(4)])
    n = rng.poisson(150, level.shape)
    return {"controls": rng.binomial(n, np.clip(level, 0.02, 0.98)) / n, "controls_n": n}


def row(name, worlds, first=0, controlled=False):
    """Coverage of each part over these worlds, and mean half widths and errors in points."""
    held = {part: [] for part in PARTS}
    half = {part: [] for part in PARTS}
    bias = {part: [] for part in PARTS}
    for seed in range(first, first + worlds):
        n, total, truth, options = world(seed, name, controlled)
        found = decompose(n, total, AT, **options)
        for part in PARTS:
            one = getattr(found, part)
            held[part].append(one.low - 1e-12 <= truth[part] <= one.high + 1e-12)
            half[part].append((one.high - one.low) / 2)
            bias[part].append(one.estimate - truth[part])
    return held, half, bias


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--worlds", type=int, default=25)
    options.add_argument("--first", type=int, default=0)
    options.add_argument("--controls", action="store_true")
    options.add_argument("--world", nargs="*", default=list(WORLDS))
    chosen = options.parse_args()
    print(f"{'world':18}" + "".join(f"{part:>13} half  bias" for part in PARTS))
    every = {part: [] for part in PARTS}
    for name in chosen.world:
        held, half, bias = row(name, chosen.worlds, chosen.first, chosen.controls)
        cells = []
        for part in PARTS:
            every[part] += held[part] if any(half[part]) else []
            share = np.mean(held[part])
            error = math.sqrt(share * (1 - share) / chosen.worlds)
            width, off = 100 * np.mean(half[part]), 100 * np.mean(bias[part])
            cells.append(f"{share:7.3f}±{error:.3f} {width:4.2f} {off:5.2f}" if any(half[part]) else f"{'-':>23}")
        print(f"{name:18} " + " ".join(cells), flush=True)
    print(f"{'all':18} " + " ".join((f"{np.mean(every[p]):7.3f}" if every[p] else " " * 7) + " " * 17 for p in PARTS))


if __name__ == "__main__":
    main()
