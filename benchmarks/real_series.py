"""Real series as panels of leaf segments, without a store: flights of 2013, English emergency departments, NHS 111.

Metrics, roll-ups, logarithms and standard errors are the product's own (`cxmon.model`, `cxmon.panel`).
"""

import csv
import io
import zipfile
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from cxmon import sketch
from cxmon.demo.furlough import ON_TIME_MIN, find_archive
from cxmon.model import Amount, Better, Grain, Kind, Metric, Read, Segment
from cxmon.panel import Panel
from cxmon.periods import grid

NHS = Path(__file__).parents[1] / ".." / "shared" / "data"
EMERGENCY, CALLS = NHS / "nhs" / "ae_attendances.csv", NHS / "nhs111" / "nhs111_monthly_core.csv"
NEW_YORK, LONDON = "America/New_York", "Europe/London"


def flights() -> dict[str, Panel]:
    """Daily leaf panels by carrier and origin: `on_time`, `cancelled` and `departure_delay` (nine of ten)."""
    with zipfile.ZipFile(find_archive()) as archive, archive.open("flights.csv") as raw:
        reader = csv.reader(io.TextIOWrapper(raw, "utf-8"))
        head = next(reader)
        wanted = [head.index(name) for name in ("month", "day", "carrier", "origin", "arr_delay", "dep_delay")]
        month, date, carrier, origin, late, delay = zip(*([row[i] for i in wanted] for row in reader), strict=True)
    starts = grid(datetime(2013, 1, 1, 12, tzinfo=UTC), datetime(2014, 1, 1, 5, tzinfo=UTC), Grain.DAY, NEW_YORK)
    days = {(str(d.month), str(d.day)): i for i, d in enumerate(datetime.fromtimestamp(x, UTC) for x in starts)}
    names = sorted(set(zip(carrier, origin, strict=True)))
    segments = tuple(Segment.of(carrier=c, origin=o) for c, o in names)
    where = {name: i * len(starts) for i, name in enumerate(names)}
    cell = np.array([where[key] for key in zip(carrier, origin, strict=True)])
    cell += np.array([days[key] for key in zip(month, date, strict=True)])
    late, delay = (np.array([np.nan if x == "NA" else float(x) for x in column]) for column in (late, delay))
    count = len(cell)
    shape = (len(names), len(starts))
    arrived, left = np.isfinite(late), np.isfinite(delay)
    scheduled = _sums(cell, np.ones(count), shape)
    bucket = sketch.buckets(delay[left])
    low = int(bucket.min())
    kinds = int(bucket.max()) - low + 1
    counts = np.bincount(cell[left] * kinds + bucket - low, minlength=shape[0] * shape[1] * kinds).astype(float)
    on_time = _metric("on_time", Kind.PROPORTION, Better.HIGHER, Grain.DAY, ("carrier", "origin"))
    return {
        "on_time": Panel(
            metric=on_time, segments=segments, starts=starts, n=_sums(cell[arrived], np.ones(arrived.sum()), shape),
            total=_sums(cell[arrived], late[arrived] < ON_TIME_MIN, shape),
        ),
        "cancelled": Panel(
            metric=_metric("cancelled", Kind.PROPORTION, Better.LOWER, Grain.DAY, ("carrier", "origin")),
            segments=segments, starts=starts, n=scheduled,
            total=scheduled - _sums(cell[left], np.ones(left.sum()), shape),
        ),
        "departure_delay": Panel(
            metric=_metric("departure_delay", Kind.QUANTILE, Better.LOWER, Grain.DAY, ("carrier", "origin")),
            segments=segments, starts=starts, n=_sums(cell[left], np.ones(left.sum()), shape),
            total=_sums(cell[left], delay[left], shape), counts=counts.reshape(*shape, kinds), bucket0=low,
        ),
    }  # fmt: skip


def emergency() -> dict[str, Panel]:
    """Monthly panels by organisation, full emergency departments (type 1) that reported all 36 months: the share seen
    `in_four_hours`, and the share `admitted`."""
    with EMERGENCY.open(newline="", encoding="utf-8") as stream:
        rows = [r for r in csv.DictReader(stream) if r["type"] == "1" and float(r["attendances"]) > 0]
    months = len({r["period"] for r in rows})
    count: dict[str, int] = {}
    for r in rows:
        count[r["org_code"]] = count.get(r["org_code"], 0) + 1
    rows = [r for r in rows if count[r["org_code"]] == months]
    n = [float(r["attendances"]) for r in rows]
    seen = [a - float(r["breaches"]) for a, r in zip(n, rows, strict=True)]
    admitted = [float(r["admissions"]) for r in rows]
    keys = [r["org_code"] for r in rows]
    when = [r["period"] for r in rows]
    return {
        "in_four_hours": _monthly("in_four_hours", Better.HIGHER, "organisation", keys, when, n, seen),
        "admitted": _monthly("admitted", Better.LOWER, "organisation", keys, when, n, admitted),
    }


def calls() -> dict[str, Panel]:
    """Monthly panels by provider of NHS 111, those with all twelve months: share `abandoned`, share `in_60_s`."""
    with CALLS.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    months = len({r["month"] for r in rows})
    codes = [r["provider_code"] for r in rows]
    rows = [r for r in rows if codes.count(r["provider_code"]) == months]
    keys, when = [r["provider_code"] for r in rows], [r["month"] for r in rows]
    offered, lost, answered, quick = (
        [float(r[k] or 0) for r in rows] for k in ("calls_offered", "abandoned", "answered", "answered_60s")
    )
    return {
        "abandoned": _monthly("abandoned", Better.LOWER, "provider", keys, when, offered, lost),
        "in_60_s": _monthly("in_60_s", Better.HIGHER, "provider", keys, when, answered, quick),
    }


def _monthly(
    name: str, better: Better, dimension: str, keys: list[str], when: list[str], n: Iterable[float], total: Iterable
) -> Panel:
    """A share by month and one dimension, from one row a cell."""
    months = sorted(set(when))
    names = sorted(set(keys))
    starts = grid(_month(months[0]), _month(months[-1]) + timedelta(days=20), Grain.MONTH, LONDON)
    shape = (len(names), len(starts))
    cell = np.array([names.index(k) * len(months) + months.index(m) for k, m in zip(keys, when, strict=True)])
    return Panel(
        metric=_metric(name, Kind.PROPORTION, better, Grain.MONTH, (dimension,)),
        segments=tuple(Segment.of({dimension: k}) for k in names), starts=starts, n=_sums(cell, n, shape),
        total=_sums(cell, total, shape),
    )  # fmt: skip


def _month(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(hour=12, tzinfo=UTC)


def _metric(name: str, kind: Kind, better: Better, grain: Grain, dimensions: tuple[str, ...]) -> Metric:
    daily = grain is Grain.DAY
    return Metric(
        id=name, label=name, kind=kind, better=better, matters=Amount(0.02, relative=False, text="2pt"), source="bench",
        read=Read(time="time"), grain=grain, zone=NEW_YORK if daily else LONDON, dimensions=dimensions,
        quantiles=(0.9,), min_n=20.0 if daily else 500.0,
    )  # fmt: skip


def _sums(cell: np.ndarray, what: Iterable, shape: tuple[int, int]) -> np.ndarray:
    weights = np.asarray(what, float)
    return np.bincount(cell, weights=weights, minlength=shape[0] * shape[1]).reshape(shape)
