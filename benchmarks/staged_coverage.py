"""Roll-outs in stages with a known truth: coverage and width of the pooled interval, bias of two-way fixed effects.

    python benchmarks/staged_coverage.py                 # a short form, a minute of CPU
    python benchmarks/staged_coverage.py --worlds 400    # the figures in docs/methods/staged.md, nine minutes of CPU
    python benchmarks/staged_coverage.py --peek          # read every third day, harmless and harmful roll-outs

Three segments get the change on days 120, 134 and 155 of 180; everyone shares a movement that wanders, each segment
has one of its own. Beside the coverage of the pooled 95 % interval stands the one that errors taken for independent
would give, and its half width in points; last the bias of two-way fixed effects and ours, in points.
"""

import argparse
import math

import numpy as np

from cxmon.stats import staged_effect
from cxmon.stats.pooling import pooled

DAYS, STARTS = 180, np.array([120, 134, 155])
AGE = np.arange(DAYS) - STARTS[:, None]
EFFECTS = {
    "none": np.zeros((3, DAYS)),
    "alike": np.full((3, DAYS), -0.04),
    "differing": np.repeat([[-0.08], [-0.02], [0.01]], DAYS, 1),
    "growing": -0.06 * np.clip(AGE / 40, 0, 1),
}
UNTOUCHED = (0, 1, 3, 8)


def wander(rng, phi, sd, rw=0.0):
    x, e = np.zeros(DAYS), rng.standard_normal((2, DAYS))
    for t in range(1, DAYS):
        x[t] = phi * x[t - 1] + math.sqrt(1 - phi**2) * sd * e[0, t]
    return x + np.cumsum(rw * e[1])


def world(seed, effect, untouched):
    """Shares and answers (3 + K, T) of the staged segments and the untouched ones, and the effect that was planted."""
    rng = np.random.default_rng([seed, untouched, *map(ord, effect)])
    shared = wander(rng, 0.9, 0.012, 0.0015)
    week = np.tile([0.0, 0.004, 0.006, 0.0, -0.004, -0.012, -0.008], DAYS // 7 + 1)[:DAYS]
    moved = np.where(AGE >= 0, EFFECTS[effect], 0.0)
    values, n = np.empty((3 + untouched, DAYS)), np.empty((3 + untouched, DAYS))
    for u in range(3 + untouched):
        level = rng.uniform(0.75, 0.88) + week + rng.normal(1, 0.15) * shared + wander(rng, 0.7, 0.008)
        n[u] = rng.poisson(rng.uniform(60, 400), DAYS)
        values[u] = rng.binomial(n[u].astype(int), np.clip(level + (moved[u] if u < 3 else 0), 0.02, 0.98)) / n[u]
    return values, n, moved


def asked(values, n, **more):
    return staged_effect(
        values[:3], more.pop("at", STARTS), n=n[:3], never=values[3:], never_n=n[3:], kind="proportion", **more
    )


def truth(found, moved):
    each = [moved[s, STARTS[s] : stage.compared_until].mean() for s, stage in enumerate(found.stages)]
    return float(np.dot([stage.weight for stage in found.stages], each))


def independent(found):
    each = [stage.effect for stage in found.stages]
    parts = [np.array([getattr(e, name) for e in each]) for name in ("estimate", "low", "high", "se", "p_value")]
    return pooled(*parts, np.array([stage.answers for stage in found.stages]), np.eye(len(each)), 0.95)


def two_way(values, n):
    """One coefficient for "has the change" beside fixed effects of segments and days, weighted by answers."""
    on = np.zeros(values.shape)
    on[:3] = AGE >= 0
    sides = [np.sqrt(n) * x for x in (on, values)]
    units, days = np.repeat(np.eye(len(values)), DAYS, 0), np.tile(np.eye(DAYS), (len(values), 1))
    X = np.concatenate([sides[0].reshape(-1, 1), np.sqrt(n).reshape(-1, 1) * np.hstack([units, days])], axis=1)
    return float(np.linalg.lstsq(X, sides[1].ravel(), rcond=None)[0][0])


def row(effect, untouched, worlds):
    held, alone, width, narrow, ours, theirs, stage = [], [], [], [], [], [], []
    for seed in range(worlds):
        values, n, moved = world(seed, effect, untouched)
        found = asked(values, n)
        true, apart = truth(found, moved), independent(found)
        held.append(found.pooled.low <= true <= found.pooled.high)
        alone.append(apart.low <= true <= apart.high)
        width.append((found.pooled.high - found.pooled.low) / 2)
        narrow.append((apart.high - apart.low) / 2)
        ours.append(found.pooled.estimate - true)
        target = np.average([moved[s, STARTS[s] :].mean() for s in range(3)], weights=n[:3, 120:].sum(1) * [60, 46, 25])
        theirs.append(two_way(values, n) - target)
        for s, one in enumerate(found.stages):
            mean = moved[s, STARTS[s] : one.compared_until].mean()
            stage.append(one.effect.low <= mean <= one.effect.high)
    error = math.sqrt(np.mean(held) * (1 - np.mean(held)) / worlds)
    print(
        f"{effect:10} {untouched:9} {np.mean(held):9.3f} +-{error:.3f} {np.mean(stage):8.3f} {np.mean(alone):12.3f}"
        f" {100 * np.mean(width):7.2f} {100 * np.mean(narrow):7.2f}"
        f" {100 * np.mean(ours):9.2f} {100 * np.std(ours):6.2f} {100 * np.mean(theirs):9.2f}",
        flush=True,
    )
    return held


def peek(effect, untouched, worlds):
    """How often a roll-out is ever called changed (pooled or in any stage), and after how many days worse, pooled."""
    ever, of_pool, of_stage, found_after = 0, 0, 0, []
    for seed in range(worlds):
        values, n, _ = world(10_000 + seed, effect, untouched)
        pool, stages, day_found = False, False, math.inf
        for day in range(STARTS[0] + 3, DAYS, 3):
            found = asked(values[:, :day], n[:, :day], sequential=True, horizon=60)
            out = [not (e.low <= 0 <= e.high) for e in (s.effect for s in found.stages) if math.isfinite(e.low)]
            pool, stages = pool or not (found.pooled.low <= 0 <= found.pooled.high), stages or any(out)
            day_found = min(day_found, day - STARTS[0]) if found.pooled.high < 0 else day_found
        ever, of_pool, of_stage = ever + (pool or stages), of_pool + pool, of_stage + stages
        found_after.append(day_found)
    error = math.sqrt(max(ever * (worlds - ever) / worlds, 1)) / worlds
    worse = np.isfinite(found_after).mean()
    print(
        f"{effect:10} {untouched:9} {ever / worlds:8.3f} +-{error:.3f} {of_pool / worlds:8.3f} {of_stage / worlds:8.3f}"
        f" {worse:8.3f} {np.median(found_after) if worse > 0.5 else math.nan:11.0f}",
        flush=True,
    )


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--worlds", type=int, default=40)
    options.add_argument("--peek", action="store_true")
    options.add_argument("--untouched", type=int, nargs="*", default=UNTOUCHED)
    options.add_argument("--effect", nargs="*", default=list(EFFECTS))
    chosen = options.parse_args()
    if chosen.peek:
        print("effect     untouched     ever            pooled   stages    worse  median day")
        for effect in chosen.effect:
            for untouched in chosen.untouched:
                peek(effect, untouched, chosen.worlds)
        return
    print("effect     untouched  coverage         a stage  independent    half  indep.   bias, rmse   fixed effects")
    held = [row(effect, untouched, chosen.worlds) for effect in chosen.effect for untouched in chosen.untouched]
    print(f"all        coverage {np.mean(held):.3f}")


if __name__ == "__main__":
    main()
