"""Is a gain in speed ever told alone while its guard is worse, and a price where none was paid?

    python benchmarks/displacement.py                 # a short form, about a minute
    python benchmarks/displacement.py --worlds 40     # as in docs/methods/displacement.md

A touched region and four untouched ones with 250 contacts a day each, 250 days before. Calls last 8 minutes on average;
82 % are solved first time, the guard of their length. Both share an AR(1) movement and have one of each region's own.
Calls get 15 % shorter, or the solved lose points, or both. Read on days 6 to 60, every third one.
"""

import argparse
import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt
from pages import table, write

from cxmon import decisions
from cxmon.decisions.displacement import Displacement, displaced
from cxmon.model import Amount, Better, Category, Change, Code, Harm, Kind, Metric, Read, Scope, Segment, Words
from cxmon.panel import Panel
from cxmon.pipeline.judge_evidence import evidence

Floats = npt.NDArray[np.float64]

BEFORE, LOOKS = 250, range(6, 61, 3)
DAYS = BEFORE + LOOKS[-1]
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
START = FIRST + timedelta(days=BEFORE)
REGIONS = ("eu", "us", "apac", "latam", "mea")
CALLS, MINUTES, SCATTER, SOLVED = 250, 8.0, 0.8, 0.82
PART = {"source": "desk", "dimensions": ("region",), "read": Read(time="day")}
LENGTH = Metric(
    id="length", label="Call", kind=Kind.MEAN, better=Better.LOWER, unit="min", guards=("solved",),
    words=Words(better="shorter", worse="longer"), matters=Amount(0.1, relative=True, text="10%"), **PART,
)  # fmt: skip
FIRST_TIME = Metric(
    id="solved", label="Solved first time", kind=Kind.PROPORTION, better=Better.HIGHER,
    matters=Amount(0.03, relative=False, text="3pt"), **PART,
)  # fmt: skip
METRICS = {LENGTH.id: LENGTH, FIRST_TIME.id: FIRST_TIME}
# By which part calls get shorter, and how many points of the solved are lost.
WORLDS = {
    "nothing": (0.0, 0.0),
    "shorter, as many solved": (0.15, 0.0),
    "shorter, 3 points fewer solved": (0.15, 0.03),
    "shorter, 6 points fewer solved": (0.15, 0.06),
    "as long, 6 points fewer solved": (0.0, 0.06),
}
RULE = Change(
    id="rule", title="Short calls", category=Category.POLICY, starts=START, owner="bench",
    scope=Scope.of({"region": REGIONS[0]}),
)  # fmt: skip


def wander(rng: np.random.Generator, sd: float) -> Floats:
    x, e = np.zeros(DAYS), rng.standard_normal(DAYS)
    for t in range(1, DAYS):
        x[t] = 0.7 * x[t - 1] + math.sqrt(1 - 0.7**2) * sd * e[t]
    return x


def panels(seed: int, name: str) -> tuple[Panel, Panel]:
    """The length of calls and the share solved first time, by region; the first region is touched."""
    rng = np.random.default_rng([seed, *map(ord, name)])
    shorter, lost = WORLDS[name]
    after = np.arange(DAYS) >= BEFORE
    busy, mood = wander(rng, 0.04), wander(rng, 0.012)
    n, spent, squares, solved = [], [], [], []
    for region in REGIONS:
        mine = after & (region == REGIONS[0])
        calls = rng.poisson(CALLS, DAYS)
        mean = MINUTES * np.exp(busy + wander(rng, 0.02)) * (1 - shorter * mine)
        each = [rng.lognormal(math.log(m) - SCATTER**2 / 2, SCATTER, k) for m, k in zip(mean, calls, strict=True)]
        n.append(calls)
        spent.append([one.sum() for one in each])
        squares.append([(one**2).sum() for one in each])
        solved.append(rng.binomial(calls, np.clip(SOLVED + mood + wander(rng, 0.008) - lost * mine, 0, 1)))
    starts = np.array([int((FIRST + timedelta(days=t)).timestamp()) for t in range(DAYS)])
    leaves = tuple(Segment.of(region=region) for region in REGIONS)
    rows = {"segments": leaves, "starts": starts, "n": np.array(n, float)}
    return (
        Panel(metric=LENGTH, total=np.array(spent), squares=np.array(squares), **rows),
        Panel(metric=FIRST_TIME, total=np.array(solved, float), **rows),
    )


def looks(seed: int, name: str) -> Iterator[tuple[int, Mapping[str, Harm], Displacement | None]]:
    """(Day, harm by metric, what is told together) for each look."""
    shares = decisions.shares(tuple(METRICS), {})
    both = panels(seed, name)
    for day in LOOKS:
        now = START + timedelta(days=day)
        found = [
            evidence(RULE, [RULE], one.cut(0, BEFORE + day), shares[one.metric.id], now=now, opinions=False, brief=True)
            for one in both
        ]
        harms = {one.harm.metric: one.harm for one in found}
        yield day, harms, displaced(harms.values(), (), METRICS)


def row(name: str, worlds: int, first: int) -> list[str]:
    """Shares of worlds in which a look ever said it, and the median day of the first."""
    days: dict[str, list[float]] = {"shorter": [], "beside": [], "but": [], "alone": []}
    for seed in range(first, first + worlds):
        seen = list(looks(seed, name))
        gains = [(day, harms, both) for day, harms, both in seen if harms[LENGTH.id].code is Code.IMPROVED]
        told = {
            "shorter": [day for day, *_ in gains],
            "beside": [day for day, _, both in gains if both is not None and not both.sure],
            "but": [day for day, _, both in seen if both is not None and both.sure],
            "alone": [day for day, _, both in gains if both is None],
        }
        for key, found in told.items():
            days[key].append(min(found, default=math.inf))
    return [name, *(_share(days[key]) for key in days)]


def _share(days: list[float]) -> str:
    said = np.isfinite(days)
    share = said.mean()
    error = math.sqrt(max(share * (1 - share), 0.25 / len(days)) / len(days))
    middle = f", day {np.median(np.array(days)[said]):g}" if said.mean() >= 0.5 else ""
    return f"{100 * share:.0f} % ({100 * error:.0f}){middle}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=4)
    parser.add_argument("--first", type=int, default=2000)
    parser.add_argument("--write", action="store_true", help="put the table into docs/methods/displacement.md")
    given = parser.parse_args()
    head = ["world", "shorter", "shorter, solved still open", "shorter, but fewer solved", "shorter, nothing beside it"]
    text = table(head, [row(name, given.worlds, given.first) for name in WORLDS])
    print(text)
    if given.write:
        write("displacement.md", "bench", text)


if __name__ == "__main__":
    main()
