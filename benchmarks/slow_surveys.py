"""A change that slows answers and harms nobody: does a verdict turn red, or better?

    python benchmarks/slow_surveys.py              # a short form, some minutes
    python benchmarks/slow_surveys.py --worlds 60  # as in docs/methods/maturity.md

Four segments of 150 answers a day, 220 days; on day 160 one of them is changed: its answers come after 6 days on
average in place of 1.5, and nothing else happens. The satisfied answer earlier than the others (or later): after 4 and
8 days once it is slow, after 1 and 2 before. Every fourth day up to day 60 after the change the real evidence judges
it, as it was known on that day, with a declared wait of 5 days, alone or guarded by the learnt curve, and with a learnt
wait. Shares of worlds with any red or
any better verdict, with standard errors.
"""

import argparse
import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from cxmon import decisions
from cxmon.decisions.maturity import ripened
from cxmon.model import Amount, Better, Category, Change, Code, Kind, Metric, Read, Scope, Segment
from cxmon.panel import ARRIVAL_AGES, Panel
from cxmon.pipeline.judge_evidence import evidence

DAYS, AT, AFTER, VOLUME, SLOW = 220, 160, 60, 150, 6.0
START = datetime(2026, 1, 1, tzinfo=UTC)
SEGMENTS = tuple(Segment.of(channel=c) for c in ("chat", "email", "phone", "web"))
AGES = np.array(ARRIVAL_AGES)
METRIC = Metric(
    id="csat", label="CSAT", kind=Kind.PROPORTION, better=Better.HIGHER,
    matters=Amount(0.01, relative=False, text="1pt"), source="s",
    read=Read(time="t", value="v", known_at="k"), dimensions=("channel",), matures_after=timedelta(days=5),
)  # fmt: skip
CHANGE = Change(
    id="cut", title="Cut", category=Category.COST_CUT, starts=START + timedelta(days=AT), owner="Operations",
    scope=Scope((("channel", ("phone",)),)), limits={"csat": Amount(0.02, relative=False, text="2pt")},
)  # fmt: skip


def world(rng, gap: float):
    """(segment, day, satisfied, age at which it is known) of every answer; the satisfied answer `gap` days sooner."""
    day = np.arange(DAYS)
    level = 0.8 + 0.02 * np.sin(day / 9) + 0.005 * rng.standard_normal(DAYS)
    rows = []
    for s in range(len(SEGMENTS)):
        for d in range(DAYS):
            m = rng.poisson(VOLUME)
            good = rng.random(m) < level[d]
            mean = SLOW if s == 2 and d >= AT else 1.5
            lean = np.where(good, -gap / 2, gap / 2) * mean / 3
            rows.append(np.stack([np.full(m, s), np.full(m, d), good, rng.exponential(np.maximum(mean + lean, 0.1))]))
    return np.concatenate(rows, axis=1)


def known(rows, now: int, metric: Metric) -> Panel:
    """The panel as it was known at the beginning of day `now`."""
    s, d, good, lag = rows
    i, j = s.astype(int), d.astype(int)
    age = lag - 0.5
    there = (j < now) & (j + 1 + age <= now)
    n, total = (np.zeros((len(SEGMENTS), now)) for _ in range(2))
    np.add.at(n, (i[there], j[there]), 1)
    np.add.at(total, (i[there], j[there]), good[there])
    arrived = np.zeros((len(SEGMENTS), now, len(AGES)))
    for a, oldest in enumerate(AGES):
        by = (j < now) & (age <= oldest)
        np.add.at(arrived[:, :, a], (i[by], j[by]), 1)
        arrived[:, np.arange(now) + 1 + oldest > now, a] = np.nan
    starts = np.array([int((START + timedelta(days=k)).timestamp()) for k in range(now)])
    return Panel(metric=metric, segments=SEGMENTS, starts=starts, n=n, total=total, arrived=arrived)


def looks(rows, how: str):
    """The codes of all looks at one world."""
    metric = replace(METRIC, matures_after=timedelta(0), learns_maturity=True) if how == "learnt" else METRIC
    found = []
    for after in range(4, AFTER + 1, 4):
        leaves = known(rows, AT + after, metric)
        leaves = replace(leaves, arrived=None) if how == "declared only" else ripened(leaves)
        now = START + timedelta(days=AT + after)
        found.append(evidence(CHANGE, [], leaves, SHARE, now=now, brief=True).harm.code)
    return found


SHARE = next(iter(decisions.shares(decisions.watched(CHANGE, {METRIC.id: METRIC}), {}).values()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=10)
    worlds = parser.parse_args().worlds
    print(f"{'satisfied answer':24} {'wait':16} {'ever red':>16} {'ever better':>16} {'answered on day 60':>20}")
    for gap, name in ((2.0, "much earlier"), (0.0, "alike"), (-2.0, "much later")):
        codes = {how: [] for how in ("declared only", "declared", "learnt")}
        for seed in range(worlds):
            rows = world(np.random.default_rng([seed, int(gap * 10) + 100]), gap)
            for how, kept in codes.items():
                kept.append(looks(rows, how))
        for how, kept in codes.items():
            red = np.mean([any(c in {Code.HARMED, Code.WORSE} for c in one) for one in kept])
            better = np.mean([Code.IMPROVED in one for one in kept])
            done = np.mean([one[-1] is not Code.WAITING for one in kept])
            se = [100 * math.sqrt(max(p * (1 - p), 0) / worlds) for p in (red, better)]
            print(
                f"{name:24} {how:16} {100 * red:8.1f} ({se[0]:.1f}) % {100 * better:8.1f} ({se[1]:.1f}) % "
                f"{100 * done:15.0f} %", flush=True,
            )  # fmt: skip


if __name__ == "__main__":
    main()
