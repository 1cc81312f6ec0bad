"""The demo desk without its database: its tickets as they were drawn, added up here as the database adds up their rows.

Writing a quarter of a million tickets as texts and reading them back is most of what a desk costs, and the same for
every seed: `test_drawn_desk.py` holds that a store which this source filled is the one that the database fills.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import numpy as np

from cxmon.aggregate import Intake, span
from cxmon.aggregate.parts import Parts
from cxmon.config import load
from cxmon.config.plan import Plan
from cxmon.contracts import Observations, Request
from cxmon.demo.desk import build, write_config
from cxmon.demo.tickets import CLOSES_AFTER_S, DAY_S, LEAF_NAMES, SETTLED_DAYS, tickets_of
from cxmon.demo.world import world
from cxmon.model import Metric

OF_TICKETS = ("first_response", "csat", "reopened", "contacts")
FIELDS = ("leaf", "created", "response_min", "responded", "solved", "reopened", "answers", "satisfied", "answered")
NAMES = ("channel", "region", "tier")


@dataclass(frozen=True, kw_only=True, eq=False)
class Drawn:
    """A source of the metrics in `OF_TICKETS`, from `columns` (N,) of tickets with times in epoch seconds, as they
    stand at `until_s`."""

    columns: Mapping[str, np.ndarray]
    until_s: int
    added: dict[str, tuple[list[tuple[str, ...]], Parts]] = field(default_factory=dict)

    @classmethod
    def of(cls, seed: int, until: date, history_days: int) -> "Drawn":
        """The tickets that `build` writes of the same seed and days."""
        end = until.toordinal()
        first = end - history_days
        hidden = world(seed, until, first, end + SETTLED_DAYS)
        days = [tickets_of(hidden, seed, day, 1.0) for day in range(first, end)]
        columns = {name: np.concatenate([getattr(day, name) for day in days]) for name in FIELDS}
        origin = date(1970, 1, 1).toordinal() * DAY_S
        for name in ("created", "responded", "solved", "answered"):
            columns[name] -= origin
        return cls(columns=columns, until_s=end * DAY_S - origin)

    def fetch(self, request: Request) -> Iterator[Observations]:
        """Batches of about a month over the request's whole periods."""
        metric = request.metric
        window = span(metric, request.window, request.now)
        if window is None:
            return
        if metric.id not in self.added:
            self.added[metric.id] = self._parts(metric)
        names, parts = self.added[metric.id]
        inside = (parts.at >= window.since.timestamp()) & (parts.at < window.until.timestamp())
        intake = Intake(metric=metric, window=window, now=request.now)
        intake.add_parts([names[i] for i in parts.segment[inside]], parts.where(inside))
        yield from intake.batches()

    def _parts(self, metric: Metric) -> tuple[list[tuple[str, ...]], Parts]:
        """(the segments' words, a part for each event that is known), of contacts for each instant with some."""
        words = [tuple(dict(zip(NAMES, leaf, strict=True))[name] for name in metric.dimensions) for leaf in LEAF_NAMES]
        names = sorted(set(words))
        segment = np.array([names.index(word) for word in words])[self.columns["leaf"]]
        if metric.id == "contacts":
            return names, self._contacts(segment, len(names))
        c = self.columns
        at, value, known = {
            "first_response": (c["created"], c["response_min"], c["responded"]),
            "csat": (c["solved"], c["satisfied"], c["answered"]),
            "reopened": (c["solved"], c["reopened"], c["solved"] + CLOSES_AFTER_S),
        }[metric.id]
        here = known < self.until_s
        if metric.id == "csat":
            here &= c["answers"]
        return names, Parts.of_events(
            metric.kind, at=at[here], segment=segment[here], value=value[here].astype(float), base=None, weight=None,
            known=known[here],
        )  # fmt: skip

    def _contacts(self, segment: np.ndarray, segments: int) -> Parts:
        """As the desk's query counts them: how many were created on a day, known when it is over."""
        day = self.columns["created"] // DAY_S
        cell, count = np.unique(day * segments + segment, return_counts=True)
        at, segment = cell // segments * DAY_S, cell % segments
        return Parts(at=at, segment=segment, n=np.ones(len(at)), total=count.astype(float), known=at + DAY_S)


def planned(seed: int, folder: Path, until: date, history_days: int, *, drawn: bool) -> Plan:
    """The plan of a desk that is ready to be collected: with its tickets in its database, or `drawn`."""
    desk = build(folder / "desk.db", seed=seed, until=until, scale=0.0 if drawn else 1.0, history_days=history_days)
    plan = load(write_config(folder, desk))
    # A machine that is shared may be slow to read.
    sources = {name: replace(source, timeout_s=600) for name, source in plan.sources.items()}
    if not drawn:
        return replace(plan, sources=sources)
    metrics = {id_: replace(metric, source="drawn") for id_, metric in plan.metrics.items() if id_ in OF_TICKETS}
    sources["drawn"] = Drawn.of(seed, until, history_days)
    return replace(plan, metrics=dict(plan.metrics) | metrics, sources=sources)
