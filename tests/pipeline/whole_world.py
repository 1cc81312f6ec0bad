"""Companies with a known truth for verdicts as a whole: four metrics of different kinds in eight segments, day by day.

Every metric moves with the company (a movement that all metrics share in part), with its channel and by itself, has a
weekly profile in figures and volume, and overdispersion that is new every day. Figures are drawn as counts.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import judge_world
import numpy as np
from fresh import fresh
from scipy.signal import lfilter

from cxmon import decisions, sketch
from cxmon.config.plan import Plan
from cxmon.contracts import Cells, Observations
from cxmon.model import Amount, Better, Category, Change, Kind, Metric, Read, Scope, Segment, Verdict, Window
from cxmon.panel import Panel
from cxmon.pipeline.judge import assembled
from cxmon.pipeline.judge_evidence import evidence
from cxmon.store import Store

START = datetime(2025, 1, 6, tzinfo=UTC)
CHANNELS, REGIONS = ("phone", "chat", "email", "social"), ("eu", "us")
LEAVES = tuple(Segment.of(channel=c, region=r) for c, r in product(CHANNELS, REGIONS))
PHONE = Scope.of({"channel": "phone"})
CHANNEL_OF = np.repeat(np.arange(len(CHANNELS)), len(REGIONS))
# Standard deviations of what all segments share, a channel shares, a segment has alone, and of what is new every day,
# on the metric's own scale (logits of shares, logs of times and rates); the first is multiplied where AR memory is.
SPREAD = {
    "csat": (0.06, 0.04, 0.05, 0.08), "solved": (0.05, 0.03, 0.05, 0.07), "reply": (0.08, 0.05, 0.05, 0.06),
    "churn": (0.06, 0.03, 0.05, 0.08),
}  # fmt: skip
MEMORY = (0.75, 0.5, 0.3)
LEVEL = {"csat": 1.6, "solved": 0.85, "reply": 3.0, "churn": np.log(0.001)}
VOLUME = {"csat": 40.0, "solved": 80.0, "reply": 60.0, "churn": 4000.0}
WEEK = np.array([-0.04, 0.0, 0.03, 0.03, 0.01, -0.02, -0.05])
BUSY = np.array([0.2, 0.1, 0.05, 0.05, 0.0, -0.4, -0.5])
ONE_REPLY = 0.8

Move = Callable[[Segment, np.ndarray], np.ndarray | float]


def metrics(**more: Mapping) -> dict[str, Metric]:
    """The four metrics; `more` replaces fields by metric."""

    def one(name: str, label: str, kind: Kind, better: Better, matters: Amount, **rest) -> Metric:
        given = {
            "id": name, "label": label, "kind": kind, "better": better, "matters": matters, "source": "desk",
            "read": Read(time="day"), "dimensions": ("channel", "region"), "by": ((),),
        }  # fmt: skip
        return Metric(**(given | rest | dict(more.get(name, {}))))

    found = [
        one("csat", "CSAT", Kind.PROPORTION, Better.HIGHER, points(2), matures_after=timedelta(days=2)),
        one("solved", "Solved first time", Kind.PROPORTION, Better.HIGHER, points(2)),
        one("reply", "First reply", Kind.QUANTILE, Better.LOWER, percent(10), unit="min"),
        one("churn", "Churn", Kind.RATE, Better.LOWER, percent(20), matures_after=timedelta(days=7), per=1000.0),
    ]
    return {metric.id: metric for metric in found}


def points(size: float) -> Amount:
    return Amount(size / 100, relative=False, text=f"{size:g}pt")


def percent(size: float) -> Amount:
    return Amount(size / 100, relative=True, text=f"{size:g}%")


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def since(begins: int, size: float, scope: Scope = PHONE) -> Move:
    """A step of `size` in the segments of `scope`."""
    return lambda s, t: size * (t >= begins) * scope.touches(s)


def change(begins: int, **more) -> Change:
    """Phone desk closed at weekends: promises quicker replies, accepts a little of everything else."""
    given = {
        "id": "phone-cut", "title": "Phone desk cut", "category": Category.COST_CUT, "starts": day(begins),
        "owner": "Operations", "scope": PHONE, "horizon_days": 42,
        "limits": {"csat": points(2), "solved": points(2), "churn": percent(20)}, "aims": {"reply": percent(10)},
    }  # fmt: skip
    return Change(**(given | more))


@dataclass(frozen=True, kw_only=True)
class Company:
    """`days` days of figures. `moves` shifts a metric in a segment, given all days (T,): shares in shares, times and
    rates in logarithms. `size` multiplies volumes, `noise` every movement; `drift` is the daily standard deviation of a
    random walk of each segment in units of its own movement's; `spikes` the share of days with an incident; `uneven`
    how far segments differ in weekly profile and in following what is shared."""

    seed: int
    days: int
    size: float = 1.0
    noise: float = 1.0
    drift: float = 0.0
    spikes: float = 0.0
    uneven: float = 0.0
    moves: Mapping[str, Move] = field(default_factory=dict)

    def levels(self, name: str) -> np.ndarray:
        """The hidden figure (8, T) on the metric's own scale."""
        rng = np.random.default_rng([self.seed, 1, list(LEVEL).index(name)])
        company = np.random.default_rng([self.seed, 2])
        S, T = len(LEAVES), self.days
        shared_sd, channel_sd, own_sd, new_sd = (self.noise * x for x in SPREAD[name])
        # What moves one metric often moves the others: half of the shared variance is the company's.
        sign = 1 if name in {"reply", "churn"} else -1
        mood = sign * np.sqrt(0.5) * _ar(company, 1, T, MEMORY[0]) + np.sqrt(0.5) * _ar(rng, 1, T, MEMORY[0])
        follow = 1 + self.uneven * rng.standard_normal((S, 1))
        profile = WEEK + self.uneven * 0.05 * rng.standard_normal((S, 7))
        week = np.tile(profile, T // 7 + 1)[:, :T]
        found = LEVEL[name] + 0.3 * rng.standard_normal((S, 1)) + week + follow * shared_sd * mood
        found = (
            found + channel_sd * _ar(rng, len(CHANNELS), T, MEMORY[1])[CHANNEL_OF] + own_sd * _ar(rng, S, T, MEMORY[2])
        )
        found = found + new_sd * rng.standard_normal((S, T))
        found = found + self.drift * own_sd * np.cumsum(rng.standard_normal((S, T)), axis=1)
        hit = (rng.random((S, T)) < self.spikes) | (rng.random(T) < self.spikes / 2)
        return found + 0.6 * sign * rng.gamma(2.0, 0.5, (S, T)) * hit

    def moved(self, name: str) -> np.ndarray:
        """What was planted in a metric (8, T)."""
        move = self.moves.get(name)
        if move is None:
            return np.zeros((len(LEAVES), self.days))
        return np.array([np.broadcast_to(move(leaf, np.arange(self.days)), (self.days,)) for leaf in LEAVES])

    def panel(self, metric: Metric) -> Panel:
        """All figures of one metric."""
        name = metric.id
        level, moved = self.levels(name), self.moved(name)
        rng = np.random.default_rng([self.seed, 3, list(LEVEL).index(name)])
        S, T = level.shape
        busy = np.exp(np.tile(BUSY, T // 7 + 1)[:T] + 0.4 * rng.standard_normal((S, 1)))
        starts = np.array([day(t).timestamp() for t in range(T)], np.int64)
        n = rng.poisson(self.size * VOLUME[name] * busy).astype(float)
        if metric.kind is Kind.RATE:
            # Customers are not fewer at weekends; who leaves does.
            n = np.round(self.size * VOLUME[name] * np.broadcast_to(busy.mean(1, keepdims=True), (S, T)))
            return Panel(
                metric=metric, segments=LEAVES, starts=starts, n=n, total=rng.poisson(n * np.exp(level + moved)) * 1.0
            )
        if metric.kind is Kind.PROPORTION:
            total = rng.binomial(n.astype(int), np.clip(1 / (1 + np.exp(-level)) + moved, 0, 1)) * 1.0
            return Panel(metric=metric, segments=LEAVES, starts=starts, n=n, total=total)
        return _timed(metric, starts, n, level + moved, rng)

    def panels(self, metrics: Mapping[str, Metric]) -> dict[str, Panel]:
        return {name: self.panel(metric) for name, metric in metrics.items()}


def cells(panel: Panel) -> Cells:
    """A panel as what a source would have brought."""
    S, T = panel.n.shape
    some = panel.n.ravel() > 0
    sketches = None
    if panel.counts is not None:
        flat = panel.counts.reshape(S * T, -1)[some]
        sketches = [sketch.encode_counts(panel.bucket0, row) for row in flat]
    return Cells(
        segments=panel.segments, segment=np.repeat(np.arange(S), T)[some], start=np.tile(panel.starts, S)[some],
        known_at=np.zeros(int(some.sum()), np.int64), n=panel.n.ravel()[some], total=panel.total.ravel()[some],
        squares=None if panel.squares is None else panel.squares.ravel()[some], sketches=sketches,
    )  # fmt: skip


def built(path: Path, company: Company, metrics: Mapping[str, Metric], changes: Sequence[Change]) -> tuple[Plan, Store]:
    """A real store that holds the company's figures, and its plan; the caller closes the store."""
    asked = judge_world.plan(path, list(metrics.values()), changes)
    store = fresh(path / "store.db")
    for metric in metrics.values():
        brought = Observations(window=Window(START, day(company.days)), cells=cells(company.panel(metric)))
        store.observations.apply(metric, brought, now=START)
    return asked, store


def verdict(
    change: Change,
    others: Sequence[Change],
    panels: Mapping[str, Panel],
    now: datetime,
    history: Sequence[Verdict] = (),
    *,
    opinions: bool = False,
) -> Verdict:
    """What judge says of the figures known at `now`, without a store: the same evidence, shares and grammar; other
    methods, which touch the grade alone, only where `opinions` are asked for."""
    of = {name: panel.metric for name, panel in panels.items()}
    shares = decisions.shares(decisions.watched(change, of), change.weights)
    found = []
    for name, share in shares.items():
        panel = panels[name]
        until = int((panel.starts < now.timestamp()).sum())
        found.append(evidence(change, others, panel.cut(0, until), share, now=now, opinions=opinions))
    return assembled(change, found, now=now, history=history)


def _ar(rng: np.random.Generator, S: int, T: int, phi: float) -> np.ndarray:
    """AR(1) of standard deviation one, started in its stationary state."""
    fresh = rng.standard_normal((S, T)) * np.sqrt(1 - phi**2)
    fresh[:, 0] /= np.sqrt(1 - phi**2)
    return lfilter([1.0], [1.0, -phi], fresh, axis=1)


def _timed(metric: Metric, starts: np.ndarray, n: np.ndarray, level: np.ndarray, rng: np.random.Generator) -> Panel:
    """Log-normal waiting times as sketch counts (S, T, B)."""
    S, T = n.shape
    cell = np.repeat(np.arange(S * T), n.ravel().astype(int))
    times = np.exp(level.ravel()[cell] + ONE_REPLY * rng.standard_normal(len(cell)))
    index = sketch.buckets(times)
    low = int(index.min())
    width = int(index.max()) - low + 1
    counts = np.bincount(cell * width + index - low, minlength=S * T * width).reshape(S, T, width)
    total, squares = (np.bincount(cell, x, minlength=S * T).reshape(S, T) for x in (times, times**2))
    return Panel(
        metric=metric, segments=LEAVES, starts=starts, n=n, total=total, squares=squares, counts=counts.astype(float),
        bucket0=low,
    )  # fmt: skip
