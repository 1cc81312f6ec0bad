"""Small seeded worlds with a known truth, written into a real store: three channels, two regions, daily figures."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from fresh import fresh

from cxmon import sketch
from cxmon.config.plan import Plan
from cxmon.contracts import Cells, Observations
from cxmon.model import Amount, Better, Category, Change, Kind, Metric, Read, Scope, Segment, Window
from cxmon.store import Store

START = datetime(2025, 6, 1, tzinfo=UTC)
CHANNELS, REGIONS = ("phone", "chat", "email"), ("eu", "us")
LEAVES = tuple(Segment.of(channel=c, region=r) for c in CHANNELS for r in REGIONS)
POINT = Amount(0.01, relative=False, text="1pt")
TENTH = Amount(0.1, relative=True, text="10%")


def csat(**more) -> Metric:
    given = {
        "id": "csat", "label": "CSAT", "kind": Kind.PROPORTION, "better": Better.HIGHER, "matters": POINT,
        "source": "desk", "read": Read(time="day"), "dimensions": ("channel", "region"),
        "by": ((), ("channel",), ("channel", "region")), "matures_after": timedelta(days=2),
    }  # fmt: skip
    return Metric(**(given | more))


def first_reply(**more) -> Metric:
    given = {
        "id": "first_reply", "label": "First reply", "kind": Kind.QUANTILE, "better": Better.LOWER, "matters": TENTH,
        "unit": "min", "source": "desk", "read": Read(time="day"), "dimensions": ("channel", "region"),
        "by": ((), ("channel",)),
    }  # fmt: skip
    return Metric(**(given | more))


def day(number: int) -> datetime:
    return START + timedelta(days=number)


def change(begins: int = 200, **more) -> Change:
    given = {
        "id": "phone-cut", "title": "Phone desk cut", "category": Category.COST_CUT, "starts": day(begins),
        "owner": "Operations", "scope": Scope.of({"channel": "phone"}), "horizon_days": 120,
        "limits": {"csat": Amount(0.015, relative=False, text="1.5pt")},
    }  # fmt: skip
    return Change(**(given | more))


Move = Callable[[Segment, int], float]


def nothing(segment: Segment, at: int) -> float:
    return 0.0


def falls(size: float, begins: int = 200, channel: str = "phone") -> Move:
    return lambda s, t: size if t >= begins and s.get("channel") == channel else 0.0


@dataclass
class World:
    """`days` days of figures; `moves` shifts a leaf's share (or log duration) on a day, `volume` multiplies its n."""

    days: int = 320
    seed: int = 1
    answers: int = 150
    moves: Mapping[str, Move] = field(default_factory=dict)
    volume: Move = nothing
    leaves: Sequence[Segment] = LEAVES

    def cells(self, metric: Metric) -> Cells:
        rng = np.random.default_rng([self.seed, sum(map(ord, metric.id))])
        T = self.days
        week = np.tile([0.0, 0.004, 0.006, 0.0, -0.004, -0.012, -0.008], T // 7 + 1)[:T]
        shared = _ar(rng, T, 0.6, 0.008)
        wide = 3.0 if metric.kind is Kind.QUANTILE else 1.0
        moved = self.moves.get(metric.id, nothing)
        rows = []
        for s, leaf in enumerate(self.leaves):
            base = {"phone": 0.80, "chat": 0.90, "email": 0.78}[leaf.get("channel")]
            level = wide * (week + shared + _ar(rng, T, 0.4, 0.006)) + [moved(leaf, t) for t in range(T)]
            n = rng.poisson([self.answers * (1 + self.volume(leaf, t)) for t in range(T)])
            rows.append(self._leaf(metric, rng, s, base, level, n))
        segment, start, n, total, squares, sketches = (np.concatenate(column) for column in zip(*rows, strict=True))
        return Cells(
            segments=tuple(self.leaves), segment=segment.astype(np.int64), start=start.astype(np.int64),
            known_at=np.zeros(len(start), np.int64), n=n.astype(float), total=total.astype(float),
            squares=squares.astype(float) if metric.kind is Kind.QUANTILE else None,
            sketches=list(sketches) if metric.kind is Kind.QUANTILE else None,
        )  # fmt: skip

    def _leaf(self, metric, rng, s, base, level, n):
        starts = np.array([day(t).timestamp() for t in range(self.days)])
        empty = np.full(self.days, b"", object)
        if metric.kind is Kind.QUANTILE:
            draws = [np.exp(2.5 + x + 0.6 * rng.standard_normal(k)) for x, k in zip(level, n, strict=True)]
            total, squares = (np.array([f(d) for d in draws]) for f in (np.sum, lambda d: float((d**2).sum())))
            sketches = np.array([sketch.encode(d) for d in draws], object)
            return np.full(self.days, s), starts, n, total, squares, sketches
        good = rng.binomial(n, np.clip(base + level, 0.01, 0.99))
        return np.full(self.days, s), starts, n, good, np.zeros(self.days), empty

    def fill(self, store: Store, metric: Metric, now: datetime = START) -> None:
        window = Window(START, day(self.days))
        store.observations.apply(metric, Observations(window=window, cells=self.cells(metric)), now=now)


def _ar(rng, T: int, phi: float, sd: float) -> np.ndarray:
    out = np.zeros(T)
    for t in range(1, T):
        out[t] = phi * out[t - 1] + sd * np.sqrt(1 - phi**2) * rng.standard_normal()
    return out


def plan(path: Path, metrics: Sequence[Metric], changes: Sequence[Change], **more) -> Plan:
    return Plan(
        path=path / "cxmon.yaml", store_url=f"sqlite:///{path / 'store.db'}", metrics={m.id: m for m in metrics},
        changes=tuple(changes), **more,
    )  # fmt: skip


def built(path: Path, world: World, metrics: Sequence[Metric], changes: Sequence[Change], **more) -> tuple[Plan, Store]:
    """A filled store and its plan; the caller closes the store."""
    asked = plan(path, metrics, changes, **more)
    store = fresh(path / "store.db")
    for metric in metrics:
        world.fill(store, metric)
    return asked, store
