"""Is the place of a roll-out's harm found where its stages begin on different days? Planted worlds, standard errors.

    python benchmarks/where_staged.py                              # a short form, about two minutes
    python benchmarks/where_staged.py --worlds 100 --first 1000    # as in docs/methods/where.md

The cells of benchmarks/where.py, 27 of 5 to 25 answers a day; the three regions get the change on days 200, 214 and
235 of 290, beside two regions that never do (or none). Judged as judge does, stage by stage, daily, with three other
metrics watched. A named segment is false unless at least half of its answers lie in the planted place.
"""

import argparse
import time
from datetime import UTC, datetime, timedelta

import numpy as np
from where import CELLS, CSAT, LEVEL, NAMES, truths, wander, with_error

from cxmon.decisions import Share
from cxmon.model import RED, Category, Change, Scope, Segment, Stage
from cxmon.panel import Panel
from cxmon.pipeline.judge_staged import staged_evidence

DAYS = 290
STARTS = {"eu": 200, "uk": 214, "us": 235}
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
NEVER = tuple(Segment.of(channel=c, region=r, tier=t) for c in NAMES["channel"] for r in ("apac", "latam")
              for t in NAMES["tier"])  # fmt: skip
BEGINS = np.array([STARTS[s.get("region")] for s in CELLS])
SHARE = Share(so_far=0.02, now=0.005)
ROLLOUT = Change(
    id="roll", title="Roll-out", category=Category.COST_CUT, starts=FIRST + timedelta(days=STARTS["eu"]), owner="bench",
    scope=Scope.of({"region": list(STARTS)}), horizon_days=120,
    stages=tuple(Stage(starts=FIRST + timedelta(days=at), scope=Scope.of({"region": r})) for r, at in STARTS.items()),
)  # fmt: skip
WORLDS = {
    "5 points everywhere": ({}, 0.05, True),
    "other kinds of contacts, 5 points": ({}, 0.05, True),
    "10 points in one channel": ({"channel": "phone"}, 0.10, True),
    "25 points in channel and first region": ({"channel": "phone", "region": "eu"}, 0.25, True),
    "25 points in channel and last region": ({"channel": "phone", "region": "us"}, 0.25, True),
    "10 points in the second region": ({"region": "uk"}, 0.10, True),
    "10 points in one channel, nobody untouched": ({"channel": "phone"}, 0.10, False),
    "5 points everywhere, nobody untouched": ({}, 0.05, False),
}


def wandering(rng, phi, sd):
    """A movement of 290 days from that of the other benchmark's 260 and as many more."""
    return np.concatenate([wander(rng, phi, sd), wander(rng, phi, sd)])[:DAYS]


def world(seed, name):
    """The panel of all cells, the harm planted in each touched cell, and which of them are in the place."""
    place, size, untouched = WORLDS[name]
    rng = np.random.default_rng([seed, *map(ord, name)])
    inside = np.array([bool(place) and Segment.of(place).holds(s) for s in CELLS])
    harm = np.where(inside, size, 0.0) if place else np.full(len(CELLS), size)
    week = np.tile([0.0, 0.004, 0.006, 0.0, -0.004, -0.012, -0.008], DAYS // 7 + 1)[:DAYS]
    shared = week + wandering(rng, 0.9, 0.012) + np.cumsum(0.001 * rng.standard_normal(DAYS))
    cells = CELLS + (NEVER if untouched else ())
    own = {v: wandering(rng, 0.7, 0.006) for s in cells for _, v in s.items}
    volume = np.repeat(rng.uniform(5, 25, len(cells))[:, None], DAYS, 1)
    if name.startswith("other kinds"):
        # The contented ones of one channel stay away from each stage on.
        gone = np.array([s.get("channel") == "chat" and s.get("tier") != "pro" for s in CELLS])
        on = np.arange(DAYS) >= BEGINS[:, None]
        volume[: len(CELLS)] *= np.where(gone[:, None] & on, 0.3, 1.0)
    n = rng.poisson(volume).astype(float)
    share = np.stack([
        shared + sum(LEVEL.get(v, 0.0) + own[v] for _, v in s.items) + wandering(rng, 0.5, 0.006) for s in cells
    ])  # fmt: skip
    share[: len(CELLS)] -= harm[:, None] * (np.arange(DAYS) >= BEGINS[:, None])
    total = rng.binomial(n.astype(int), np.clip(share, 0.02, 0.98)).astype(float)
    starts = np.arange(DAYS, dtype=np.int64) * 86400 + int(FIRST.timestamp())
    return Panel(metric=CSAT, segments=cells, starts=starts, n=n, total=total), harm, inside


def drawn(seed, name):
    """(evidence, weight of each cell, planted harm, which cells are in the place) of one world."""
    panel, harm, place = world(seed, name)
    after = (panel.n[: len(CELLS)] * (np.arange(DAYS) >= BEGINS[:, None])).sum(1)
    found = staged_evidence(ROLLOUT, ROLLOUT.parts(), panel, SHARE, now=FIRST + timedelta(days=DAYS))
    return found, after, harm, place


def row(draw, name, worlds, first):
    columns = {c: [] for c in ("red", "false", "found", "just that", "alike", "not clear", "in range")}
    cpu, half = [], []
    for seed in range(first, first + worlds):
        begun = time.process_time()
        found, after, harm, place = draw(seed, name)
        cpu.append(time.process_time() - begun)
        columns["red"].append(found.harm.code in RED)
        if found.where is None:
            continue
        truth = truths(after, harm)
        named = [np.array([one.segment.holds(s) for s in CELLS]) for one in found.where.named]
        right = [after[m & place].sum() >= after[m].sum() / 2 for m in named]
        columns["false"].append(1 - np.mean(right) if right else 0.0)
        columns["found"].append(any(right))
        columns["just that"].append(len(named) == 1 and bool((named[0] == place).all()))
        columns["alike"].append(found.where.answer == "everywhere_alike")
        columns["not clear"].append(found.where.answer == "cannot_say")
        columns["in range"] += [p.low <= truth(p.segment) <= p.high for p in found.where.places]
        half += [(p.high - p.low) / 2 for p in found.where.places]
    return columns, half, cpu


def report(draw, names, about):
    options = argparse.ArgumentParser(description=about.splitlines()[0])
    options.add_argument("--worlds", type=int, default=8)
    options.add_argument("--first", type=int, default=0)
    options.add_argument("--world", nargs="*", default=list(names))
    chosen = options.parse_args()
    false = []
    for name in chosen.world:
        columns, half, cpu = row(draw, name, chosen.worlds, chosen.first)
        false += columns["false"]
        cells = " | ".join(f"{c} {with_error(x) if x else '-'}" for c, x in columns.items())
        print(f"{name} | {cells} | half {100 * np.mean(half):.1f} | CPU s {np.mean(cpu):.2f}", flush=True)
    print(f"all: false {with_error(false)}")


if __name__ == "__main__":
    report(drawn, WORLDS, __doc__)
