"""A change that slows answers and harms nobody: does a verdict turn red, or better?

    python benchmarks/slow_surveys.py                      # a short form, some minutes
    python benchmarks/slow_surveys.py --worlds 60          # as in docs/methods/maturity.md
    python benchmarks/slow_surveys.py --seed 1000          # worlds that nobody has looked at
    python benchmarks/slow_surveys.py --staged             # email is changed too, a fortnight after the phone
    python benchmarks/slow_surveys.py --regions 10         # each channel in so many thin segments

Four segments of 150 answers a day, 220 days; on day 160 one of them is changed: its answers come after 6 days on
average (or 3) in place of 1.5, and nothing else happens. The satisfied answer earlier than the others (or later): after
4 and 8 days once it is slow, after 1 and 2 before. Every fourth day up to day 60 after the change the real evidence
judges it, as it was known on that day, with a declared wait of 5 days, alone or guarded by the learnt curve, and with a
learnt wait. Shares of worlds with any red or any better verdict, with standard errors.

Some worlds turn by chance alone, slow or not: an interval that holds 95 of 100 may miss. `turned by waiting` counts
those that lateness did: a look that is red or better, where the same periods with all their answers are not.
`bias` is how far the estimates are from those with all answers, in points, over all looks that were answered.
"""

import argparse
import math
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from cxmon import decisions
from cxmon.decisions.maturity import ripened
from cxmon.model import Amount, Better, Category, Change, Code, Kind, Metric, Read, Scope, Segment, Stage
from cxmon.panel import ARRIVAL_AGES, Panel
from cxmon.pipeline.judge_evidence import evidence
from cxmon.pipeline.judge_staged import staged_evidence

DAYS, AT, AFTER, VOLUME, USUAL = 220, 160, 60, 150, 1.5
OLDEST = ARRIVAL_AGES[-1]
START = datetime(2026, 1, 1, tzinfo=UTC)
CHANNELS = ("chat", "email", "phone", "web")


def segments(regions: int) -> tuple[Segment, ...]:
    return tuple(Segment.of(channel=c, region=f"r{k}") for c in CHANNELS for k in range(regions))


SEGMENTS = segments(1)
METRIC = Metric(
    id="csat", label="CSAT", kind=Kind.PROPORTION, better=Better.HIGHER,
    matters=Amount(0.01, relative=False, text="1pt"), source="s",
    read=Read(time="t", value="v", known_at="k"), dimensions=("channel", "region"), matures_after=timedelta(days=5),
)  # fmt: skip
CHANGE = Change(
    id="cut", title="Cut", category=Category.COST_CUT, starts=START + timedelta(days=AT), owner="Operations",
    scope=Scope((("channel", ("phone",)),)), limits={"csat": Amount(0.02, relative=False, text="2pt")},
)  # fmt: skip
# By channel, the day on which its answers slow down; and the same of a roll-out in two stages.
SLOWS, STAGED = {2: AT}, {2: AT, 1: AT + 14}
ROLLOUT = replace(
    CHANGE, scope=Scope(()),
    stages=tuple(
        Stage(starts=START + timedelta(days=at), scope=Scope((("channel", (CHANNELS[s],)),)))
        for s, at in STAGED.items()
    ),
)  # fmt: skip
# (how fast the answers come once slow, how many days sooner the satisfied one, in words)
ROWS = (
    (6.0, 2.0, "6 days, much earlier"), (6.0, 0.0, "6 days, alike"), (6.0, -2.0, "6 days, much later"),
    (3.0, 2.0, "3 days, much earlier"), (3.0, -2.0, "3 days, much later"),
)  # fmt: skip
HOWS = ("declared only", "declared", "learnt")
RED, BETTER = {Code.HARMED, Code.WORSE}, {Code.IMPROVED}


@dataclass(frozen=True)
class World:
    """Answers and satisfied ones of each segment and day by how many days after its end they are known (S, T, K)."""

    n: np.ndarray
    good: np.ndarray

    def known(self, now: int, metric: Metric) -> Panel:
        """The panel as it was known at the beginning of day `now`."""
        age = now - 1 - np.arange(now)
        n, total = (x[:, np.arange(now), np.minimum(age, OLDEST)] for x in (self.n, self.good))
        kinds = (self.good,) if metric.kind is Kind.RATE else (self.good, self.n - self.good)
        arrived = np.stack([x[:, :now, list(ARRIVAL_AGES)] for x in kinds], axis=-1)
        arrived[:, age[:, None] < np.array(ARRIVAL_AGES)] = np.nan
        starts = np.array([int((START + timedelta(days=k)).timestamp()) for k in range(now)])
        names = segments(len(self.n) // len(CHANNELS))
        return Panel(metric=metric, segments=names, starts=starts, n=n, total=total, arrived=arrived)

    def whole(self, panel: Panel) -> Panel:
        """The same panel, that waits as long, with all the answers that its periods will ever have."""
        T = len(panel.starts)
        n, total = self.n[:, :T, OLDEST], self.good[:, :T, OLDEST]
        return replace(panel, n=n, total=total, arrived=None, shares=None)


def world(
    rng, gap: float, slow: float = 6.0, volume: float = VOLUME, slows: dict[int, int] = SLOWS, regions: int = 1
) -> World:  # fmt: skip
    """Answers in numbers; the satisfied one `gap` days sooner once answers take `slow` days, from the day that `slows`
    has of their channel. `volume` is that of a channel, spread over `regions`."""
    level = 0.8 + 0.02 * np.sin(np.arange(DAYS) / 9) + 0.005 * rng.standard_normal(DAYS)
    found = np.zeros((2, len(CHANNELS) * regions, DAYS, OLDEST + 1))
    for s in range(len(CHANNELS) * regions):
        for d in range(DAYS):
            m = rng.poisson(volume / regions)
            good = rng.random(m) < level[d]
            mean = slow if d >= slows.get(s // regions, DAYS) else USUAL
            lean = np.where(good, -gap / 2, gap / 2) * mean / 3
            age = np.ceil(rng.exponential(np.maximum(mean + lean, 0.1)) - 0.5)
            at = np.clip(age, 0, OLDEST).astype(int)
            found[0, s, d] = np.bincount(at, minlength=OLDEST + 1)
            found[1, s, d] = np.bincount(at[good], minlength=OLDEST + 1)
    return World(*np.cumsum(found, axis=3))


@dataclass
class Looks:
    """What the looks at one world said: their codes, whether lateness turned one, how far they were off in points."""

    codes: list[Code] = field(default_factory=list)
    turned: bool = False
    off: list[float] = field(default_factory=list)


def looks(one: World, how: str, metric: Metric = METRIC, change: Change = CHANGE, days=range(4, AFTER + 1, 4)) -> Looks:
    share = next(iter(decisions.shares(decisions.watched(change, {metric.id: metric}), {}).values()))
    metric = replace(metric, matures_after=timedelta(0), learns_maturity=True) if how == "learnt" else metric
    found = Looks()
    for after in days:
        leaves = one.known(AT + after, metric)
        leaves = replace(leaves, arrived=None) if how == "declared only" else ripened(leaves)
        now = START + timedelta(days=AT + after)
        judge = staged_evidence if change.stages else evidence
        said, truth = (judge(change, [], p, share, now=now, brief=True).harm for p in (leaves, one.whole(leaves)))
        found.codes.append(said.code)
        found.turned |= any(said.code in side and truth.code not in side for side in (RED, BETTER))
        found.off.append(100 * (said.so_far.estimate - truth.so_far.estimate))
    return found


def told(name: str, how: str, kept: list[Looks], scale: float = 1.0) -> str:
    shares = [
        np.mean([any(c in RED for c in one.codes) for one in kept]),
        np.mean([Code.IMPROVED in one.codes for one in kept]),
        np.mean([one.turned for one in kept]),
    ]
    done = np.mean([one.codes[-1] is not Code.WAITING for one in kept])
    held = np.mean([one.codes[-1] in {Code.SAFE, Code.IMPROVED} for one in kept])
    cells = [f"{100 * p:6.1f} ({100 * math.sqrt(p * (1 - p) / len(kept)):.1f}) %" for p in shares]
    off = np.array([x for one in kept for x in one.off])
    off = off[np.isfinite(off)]
    bias = scale * off.mean() if len(off) else math.nan
    return f"{name:22} {how:14} {'  '.join(cells)}  {bias:6.2f}  {100 * done:6.0f} %  {100 * held:6.0f} %"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0, help="the first world's")
    parser.add_argument("--volume", type=float, default=VOLUME, help="answers a day in each segment")
    parser.add_argument("--regions", type=int, default=1, help="segments that a channel is spread over")
    parser.add_argument("--rows", type=int, nargs="*", default=range(len(ROWS)))
    parser.add_argument("--how", nargs="*", default=HOWS)
    parser.add_argument("--staged", action="store_true", help="a roll-out in two stages")
    asked = parser.parse_args()
    heads = f"{'ever red':>15} {'ever better':>15} {'turned by waiting':>18}"
    print(f"{'answers after':22} {'wait':14} {heads} {'bias':>5} {'day 60: answered, held':>23}")
    for slow, gap, name in (ROWS[k] for k in asked.rows):
        kept: dict[str, list[Looks]] = {how: [] for how in asked.how}
        for seed in range(asked.seed, asked.seed + asked.worlds):
            rng = np.random.default_rng([seed, int(gap * 10) + 100])
            one = world(rng, gap, slow, asked.volume, STAGED if asked.staged else SLOWS, asked.regions)
            for how, found in kept.items():
                found.append(looks(one, how, change=ROLLOUT if asked.staged else CHANGE))
        for how, found in kept.items():
            print(told(name, how, found), flush=True)


if __name__ == "__main__":
    main()
