"""Is the place of a harm found, and is nobody named who is not in it? Planted worlds, with standard errors.

    python benchmarks/where.py                  # a short form, about a minute
    python benchmarks/where.py --worlds 200     # as in docs/methods/where.md

A scope of three channels, three regions and three tiers, 27 cells of 5 to 25 answers a day, 200 days before the change
and 60 since; five untouched segments stand beside it. Everybody shares a movement that wanders, and each channel,
region, tier and cell has one of its own. Read as a verdict reads: daily, at the confidence of a metric with three
others. A named segment is false unless at least half of its answers lie in the planted place.
"""

import argparse
import math
import time
from datetime import UTC, datetime

import numpy as np

from cxmon import decisions, stats
from cxmon.decisions.scoping import Sides
from cxmon.decisions.span import Span
from cxmon.model import Amount, Better, Interval, Kind, Metric, Read, Segment
from cxmon.panel import Panel
from cxmon.pipeline.judge_where import where_of

DAYS, AT = 260, 200
AFTER = np.arange(DAYS) >= AT
NAMES = {"channel": ("chat", "email", "phone"), "region": ("eu", "uk", "us"), "tier": ("basic", "plus", "pro")}
CELLS = tuple(Segment.of(channel=c, region=r, tier=t) for c in NAMES["channel"] for r in NAMES["region"]
              for t in NAMES["tier"])  # fmt: skip
LEVEL = {"chat": 0.88, "email": 0.80, "phone": 0.84, "basic": 0.02, "plus": 0.0, "pro": -0.06}
CSAT = Metric(id="csat", label="CSAT", kind=Kind.PROPORTION, better=Better.HIGHER, source="desk", read=Read(time="day"),
              matters=Amount(0.02, relative=False, text="2pt"), dimensions=tuple(NAMES), min_n=10.0)  # fmt: skip
SCALE = decisions.Scale(unit="pt", limit=0.02, sign=-1, log=False, divisor=1.0)
READING = {"sequential": True, "horizon": 90, "confidence": 0.98}


def planted(name):
    """What the change does to each cell's share, and the place that holds it (of "all but" the one that does not)."""

    def where(size, **place):
        inside = np.array([Segment.of(place).holds(s) for s in CELLS])
        return np.where(inside, size, 0.0), inside

    nobody = np.zeros(len(CELLS), bool)
    match name:
        case "alike":
            return np.full(len(CELLS), -0.05), nobody
        case "one channel":
            return where(-0.08, channel="phone")
        case "one cell":
            return where(-0.12, channel="phone", region="eu")
        case "one tier, served by one channel":
            return where(-0.08, tier="pro")
        case "all but one channel":
            harm, inside = where(0.06, channel="chat")
            return harm - 0.06, inside
    return np.zeros(len(CELLS)), nobody


WORLDS = ("nothing", "alike", "other kinds of contacts", "one channel", "one cell", "one tier, served by one channel",
          "all but one channel")  # fmt: skip


def wander(rng, phi, sd):
    x, e = np.zeros(DAYS), rng.standard_normal(DAYS)
    for t in range(1, DAYS):
        x[t] = phi * x[t - 1] + math.sqrt(1 - phi**2) * sd * e[t]
    return x


def world(seed, name):
    """The panel (27 cells), the controls (values, n), what was planted in each cell and where."""
    rng = np.random.default_rng([seed, *map(ord, name)])
    harm, inside = planted(name)
    week = np.tile([0.0, 0.004, 0.006, 0.0, -0.004, -0.012, -0.008], DAYS // 7 + 1)[:DAYS]
    shared = week + wander(rng, 0.9, 0.012) + np.cumsum(0.001 * rng.standard_normal(DAYS))
    own = {v: wander(rng, 0.7, 0.006) for values in NAMES.values() for v in values}
    volume = np.array([rng.uniform(5, 25) for _ in CELLS])
    if "served" in name:
        volume = np.array([22.0 if (s.get("channel") == "phone") == (s.get("tier") == "pro") else 5.0 for s in CELLS])
    expected = np.repeat(volume[:, None], DAYS, axis=1)
    if name == "other kinds of contacts":
        # The contented ones of one channel stay away.
        gone = np.array([s.get("channel") == "chat" and s.get("tier") != "pro" for s in CELLS])
        expected[gone] *= np.where(AFTER, 0.3, 1.0)
    n = rng.poisson(expected).astype(float)
    share = np.stack([
        sum(LEVEL.get(v, 0.0) for _, v in s.items) + shared + sum(own[v] for _, v in s.items) + wander(rng, 0.5, 0.006)
        + harm[i] * AFTER for i, s in enumerate(CELLS)
    ])  # fmt: skip
    total = rng.binomial(n.astype(int), np.clip(share, 0.02, 0.98)).astype(float)
    starts = np.arange(DAYS, dtype=np.int64) * 86400 + int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
    panel = Panel(metric=CSAT, segments=CELLS, starts=starts, n=n, total=total)
    others = np.stack([0.82 + shared + wander(rng, 0.7, 0.006) for _ in range(5)])
    m = rng.poisson(120, others.shape)
    return panel, (rng.binomial(m, np.clip(others, 0.02, 0.98)) / m, m.astype(float)), harm, inside


def located(panel, controls):
    """The whole's effect and where it happens, as judge finds it."""
    labels = np.arange(DAYS) % 7
    n = panel.n.sum(0)
    found = stats.effect(panel.total.sum(0) / n, AT, n=n, controls=controls[0], controls_n=controls[1],
                         kind="proportion", period=labels, **READING)  # fmt: skip
    everyone = np.ones(len(CELLS), bool)
    sides = Sides(treated=None, controls=None, treated_leaves=everyone, free_leaves=~everyone, label="all")
    profile = stats.HolidayLabels(
        labels=labels, left_out=np.zeros(DAYS, bool), treatment=stats.Treatment.NONE, inside=0, outside=0, words=""
    )
    span = Span(first=0, at=AT, until=DAYS, last=DAYS, out=np.zeros(DAYS, bool), profile=profile)
    whole = Interval(estimate=found.estimate, low=found.low, high=found.high)
    begun = time.process_time()
    return where_of(panel, sides, span, whole, SCALE, READING), time.process_time() - begun


def truths(after, harm):
    """The harm of each segment as it is defined: the whole's, and its distance to the rest, like with like. `after` is
    the weight of each cell."""
    flat = stats.Cells(values=harm[:, None], n=after[:, None], variance=np.zeros((len(CELLS), 1)))
    whole = float((harm * after).sum() / after.sum())

    def truth(segment):
        members = np.array([segment.holds(s) for s in CELLS])
        others = [s.along([d for d in NAMES if d not in segment.dimensions]) for s in CELLS]
        number = {s: i for i, s in enumerate(sorted(set(others)))}
        strata = np.array([number[s] for s in others])
        gap = stats.contrast(flat, members, np.ones(len(CELLS), bool), strata)[0][0]
        return whole + (1 - after[members].sum() / after.sum()) * gap

    return truth


def row(name, worlds, first):
    false, hit, exact, alike, cannot, inside_range, width, cpu = [], [], [], [], [], [], [], []
    for seed in range(first, first + worlds):
        panel, controls, harm, place = world(seed, name)
        found, seconds = located(panel, controls)
        after = panel.n[:, AT:].sum(1)
        truth = truths(after, -harm)
        right = []
        for one in found.named:
            members = np.array([one.segment.holds(s) for s in CELLS])
            right.append(after[members & place].sum() >= after[members].sum() / 2)
        false.append(1 - np.mean(right) if right else 0.0)
        hit.append(any(right))
        exact.append(bool(found.named) and all(right) and len(right) == 1
                     and {s for s in CELLS if found.named[0].segment.holds(s)}
                     == {s for s, ok in zip(CELLS, place, strict=True) if ok})  # fmt: skip
        alike.append(found.answer == "everywhere_alike")
        cannot.append(found.answer == "cannot_say")
        inside_range += [p.low <= truth(p.segment) <= p.high for p in found.places]
        width += [(p.high - p.low) / 2 for p in found.places]
        cpu.append(seconds)
    return false, hit, exact, alike, cannot, inside_range, width, cpu


def with_error(x):
    return f"{np.mean(x):.3f}±{np.std(x) / math.sqrt(max(len(x), 1)):.3f}"


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--worlds", type=int, default=20)
    options.add_argument("--first", type=int, default=0)
    options.add_argument("--world", nargs="*", default=list(WORLDS))
    options.add_argument("--once", action="store_true", help="95 %% ranges that are read once, not daily at 98 %%")
    chosen = options.parse_args()
    if chosen.once:
        READING.update(sequential=False, horizon=None, confidence=0.95)
    columns = ("false named", "found", "just that", "alike", "cannot say", "in range")
    print(f"{'world':32}" + "".join(f"{c:>13}" for c in columns) + "   half  CPU s")
    every = []
    for name in chosen.world:
        *shares, width, cpu = row(name, chosen.worlds, chosen.first)
        every += shares[0]
        cells = "".join(f"{with_error(x):>13}" for x in shares)
        print(f"{name:32}{cells}   {100 * np.mean(width):4.1f}  {np.mean(cpu):.3f}", flush=True)
    print(f"{'all':32}{with_error(every):>13}")


if __name__ == "__main__":
    main()
