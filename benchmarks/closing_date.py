"""A log of closed tickets, cut by closing date: does it look like an improvement that nobody made?

    python benchmarks/closing_date.py                # a short form, a minute
    python benchmarks/closing_date.py --worlds 40    # as in docs/methods/maturity.md

A desk of 120 tickets a day, by the day they were opened; half are closed within 60 hours, one in five takes twice as
long or more. On day 160 something is declared that changes nothing. On days 10, 20, ... 60 after it the log is
exported, holds what was closed by then, and is judged three weeks later, before and after only. With every day counted,
with a declared wait of 2 days, with the wait that the durations themselves teach, and with open tickets counted as
longer than all others (`censored: true`, read on the day of the export). Shares of worlds with any red or better
verdict.
"""

import argparse
import math
from dataclasses import replace
from datetime import timedelta

import numpy as np
from slow_surveys import AT, BETTER, CHANGE, RED, START

from cxmon import decisions, sketch
from cxmon.decisions.maturity import ripened
from cxmon.model import EVERYONE, Amount, Better, Code, Kind, Metric, Read, Scope
from cxmon.panel import ARRIVAL_AGES, Panel
from cxmon.pipeline.judge_evidence import evidence

VOLUME, MEDIAN, SPREAD, LATER = 120, 60.0, 0.8, 21
TENTH = Amount(0.1, relative=True, text="10%")
METRIC = Metric(
    id="resolution", label="Resolution", kind=Kind.QUANTILE, better=Better.LOWER, matters=TENTH, unit="h", source="s",
    read=Read(time="t", value="v"), learns_maturity=True, lookback=timedelta(days=30),
)  # fmt: skip
DECLARED = replace(CHANGE, scope=Scope(()), limits={"resolution": TENTH})
HOWS = ("every day", "2 days", "learnt", "open counted")


def panel(tickets: list[np.ndarray], now: int, how: str) -> Panel:
    """What the log holds that is cut at the beginning of day `now`: (hour of the day, hours it took) of each ticket."""
    counts, n = np.zeros((1, now, sketch.LAST_BUCKET + 1)), np.zeros((1, now))
    arrived = np.full((1, now, len(ARRIVAL_AGES), 1), np.nan)
    for d in range(now):
        hour, took = tickets[d]
        closed = 24 * d + hour + took < 24 * now
        buckets = np.where(closed, sketch.buckets(took), sketch.LAST_BUCKET)
        counts[0, d] = np.bincount(buckets[closed | (how == HOWS[3])], minlength=sketch.LAST_BUCKET + 1)
        for a, age in enumerate(ARRIVAL_AGES):
            if d + 1 + age <= now:
                arrived[0, d, a, 0] = (hour + took < 24 * (1 + age)).sum()
    n = counts.sum(2)
    starts = np.array([int((START + timedelta(days=k)).timestamp()) for k in range(now)])
    metric = METRIC
    if how in HOWS[:2]:
        metric = replace(metric, learns_maturity=False, matures_after=timedelta(days=2 if how == HOWS[1] else 0))
    if how == HOWS[3]:
        metric = replace(metric, read=replace(metric.read, censored=True))
    return Panel(
        metric=metric, segments=(EVERYONE,), starts=starts, n=n, total=n, counts=counts,
        arrived=arrived if how == HOWS[3] else None,
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=6)
    parser.add_argument("--seed", type=int, default=0, help="the first world's")
    asked = parser.parse_args()
    share = next(iter(decisions.shares(decisions.watched(DECLARED, {METRIC.id: METRIC}), {}).values()))
    said: dict[str, list[list[Code]]] = {how: [] for how in HOWS}
    off: dict[str, list[float]] = {how: [] for how in HOWS}
    for seed in range(asked.seed, asked.seed + asked.worlds):
        rng = np.random.default_rng([seed, 7])
        level = np.log(MEDIAN) + 0.1 * np.sin(np.arange(AT + 61) / 9) + 0.05 * rng.standard_normal(AT + 61)
        tickets = [
            np.stack([rng.uniform(0, 24, m), rng.lognormal(level[d], SPREAD, m)])
            for d, m in enumerate(rng.poisson(VOLUME, AT + 61))
        ]
        for how, kept in said.items():
            codes = []
            for after in range(10, 61, 10):
                read = AT + after + (0 if how == HOWS[3] else LATER)
                now, leaves = START + timedelta(days=read), ripened(panel(tickets, AT + after, how))
                harm = evidence(DECLARED, [], leaves, share, now=now, brief=True).harm
                codes.append(harm.code)
                off[how].append(100 * harm.so_far.estimate)
            kept.append(codes)
    print(f"{'a day counts':14} {'ever red':>15} {'ever better':>15} {'mean harm':>11} {'day 60: answered':>18}")
    for how, kept in said.items():
        shares = [np.mean([any(c in side for c in one) for one in kept]) for side in (RED, BETTER)]
        cells = [f"{100 * p:6.1f} ({100 * math.sqrt(p * (1 - p) / len(kept)):.1f}) %" for p in shares]
        done = 100 * np.mean([one[-1] is not Code.WAITING for one in kept])
        print(f"{how:14} {'  '.join(cells)}  {np.nanmean(off[how]):8.1f} %  {done:14.0f} %", flush=True)


if __name__ == "__main__":
    main()
