"""A desk of 10,000 series over two years in an SQLite store, as collecting and judging would have left it.

Figures go in through the store's own door, without a source before it. Bands are those that `cxmon judge` keeps: of
each metric everyone and the largest roll-ups, 60 in all, which is what the board reads.
"""

import sys
from dataclasses import replace
from datetime import timedelta
from itertools import chain, product
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "board"))

import worlds

from cxmon.contracts import Cells, Observations
from cxmon.model import EVERYONE, Amount, Band, Better, Kind, Segment, Window
from cxmon.pipeline.judge_bands import AT_MOST
from cxmon.store import Catalogue, Store

DAYS = 730
PARTS = {
    "channel": ("phone", "chat", "email", "web"),
    "queue": ("billing", "delivery", "returns", "login", "faults", "orders", "advice", "other"),
    "tier": ("free", "basic", "plus", "business"),
    "country": ("at", "be", "ch", "cz", "de", "dk", "es", "fr", "ie", "it", "nl", "pl", "pt", "se"),
}
BY = ((), *((name,) for name in PARTS), ("channel", "queue"))
FIRST = worlds.NOW.replace(hour=0) - timedelta(days=DAYS)
STARTS = np.array([int((FIRST + timedelta(days=i)).timestamp()) for i in range(DAYS)])
AT_ONCE = 73

SHARE, TENTH = Amount(0.01, False, "1pt"), Amount(0.1, True, "10%")
MORE = (
    worlds.metric("solved", "Solved at first contact", Kind.PROPORTION, Better.HIGHER, SHARE),
    worlds.metric("effort", "Customer effort", Kind.MEAN, Better.LOWER, TENTH, unit="of 7"),
    worlds.metric("contacts", "Contacts per 1,000", Kind.RATE, Better.LOWER, TENTH, per=1000),
)
LEVEL = {name: mean for name, (mean, _) in worlds.LEVEL.items()} | {"solved": 0.71, "effort": 2.4, "contacts": 0.06}


def metrics():
    """Six metrics; the reply is a mean here, since the board reads no sketch."""
    known = [replace(m, kind=Kind.MEAN) if m.kind is Kind.QUANTILE else m for m in worlds.METRICS]
    return tuple(replace(m, dimensions=tuple(PARTS), by=BY) for m in (*known, *MORE))


def build(url, series=10_000):
    """Writes the desk; returns (series, cells) that it holds."""
    worlds.seed(url)
    told = metrics()
    leaves = [Segment.of(**dict(zip(PARTS, one, strict=True))) for one in product(*PARTS.values())]
    leaves = leaves[: -(-series // len(told))]
    with Store.open(url) as store:
        store.catalogue.save(Catalogue(title="Northwind Support", zone="UTC", metrics=told, as_of=worlds.NOW))
        for metric in told:
            store.bands.put(_bands(metric))
            for first in range(0, DAYS, AT_ONCE):
                store.observations.apply(metric, _figures(metric, leaves, first), now=worlds.NOW)
    return len(told) * len(leaves), len(told) * len(leaves) * DAYS


def _figures(metric, leaves, first):
    days = STARTS[first : first + AT_ONCE]
    rng = np.random.default_rng([len(metric.id), first])
    rows = len(days) * len(leaves)
    n = rng.poisson(40, rows) + 1.0
    total = n * np.maximum(0.0, LEVEL[metric.id] * (1 + 0.1 * rng.standard_normal(rows)))
    if metric.kind is not Kind.MEAN:
        total = np.minimum(n, np.round(total))
    cells = Cells(
        segments=tuple(leaves), segment=np.tile(np.arange(len(leaves)), len(days)),
        start=np.repeat(days, len(leaves)), known_at=np.zeros(rows, np.int64), n=n, total=total,
        squares=total**2 / n * 1.1 if metric.kind is Kind.MEAN else None,
    )  # fmt: skip
    since = FIRST + timedelta(days=first)
    return Observations(window=Window(since, since + timedelta(days=len(days))), cells=cells)


def _bands(metric):
    ways = chain.from_iterable(
        (Segment.of(**dict(zip(way, one, strict=True))) for one in product(*(PARTS[name] for name in way)))
        for way in BY[1:]
    )
    return [_band(metric, segment, i) for i, segment in enumerate([EVERYONE, *ways][:AT_MOST])]


def _band(metric, segment, i):
    level, rng = LEVEL[metric.id], np.random.default_rng([len(metric.id), i])
    value = level * (1 + 0.01 * rng.standard_normal(DAYS))
    value[-60:] *= 1 + 0.03 * (i % 7 == 1)
    avg = np.convolve(value, np.ones(7) / 7)[:DAYS]
    avg[:6] = np.nan
    half = 2.6 * 0.01 * level / np.sqrt(7)
    return Band(
        metric=metric.id, key=segment.key, label=segment.label, as_of=worlds.NOW,
        starts=tuple(map(int, STARTS)), value=tuple(map(float, value)), n=(140.0,) * DAYS, avg=tuple(map(float, avg)),
        expected=(level,) * DAYS, low=(level - half,) * DAYS, high=(level + half,) * DAYS,
        complete=tuple(d < DAYS - 3 for d in range(DAYS)),
    )  # fmt: skip
