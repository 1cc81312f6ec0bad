"""Of very many metrics: those without a card, counted and folded, none left out."""

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from cxmon import wording
from cxmon.model import Metric
from cxmon.wording import gap as gaps
from dashboards import figures
from dashboards.links import to
from dashboards.reading import World
from dashboards.text import md

WORDS = {
    figures.NEEDS: "to look at",
    figures.BETTER: "better than expected",
    figures.CALM: "as expected",
    figures.WAITING: "waiting for data",
}
# A table that one can still read through; the next hundred stand below it.
A_TABLE = 100


def rest(world: World, metrics: Sequence[Metric]) -> None:
    """One line a metric, what needs a look first; open where any of them does."""
    if not metrics:
        return
    counts = Counter(figures.standing(world, metric) for metric in metrics)
    told = ", ".join(f"{count} {WORDS[kind]}" for kind, count in sorted(counts.items()))
    label = f"{wording.counted(len(metrics), 'more metric')}: {told}"
    with st.expander(label, expanded=counts[figures.NEEDS] > 0, key="rest"):
        for first in range(0, len(metrics), A_TABLE):
            lines = [_line(world, metric) for metric in metrics[first : first + A_TABLE]]
            st.markdown("\n".join(["| Metric | Now | Against expected | Over |", "| --- | --- | --- | --- |", *lines]))


def _line(world: World, metric: Metric) -> str:
    key = world.root(metric.id)
    band = world.bands.get((metric.id, key))
    found = gaps.gap(band, metric) if band else None
    name = f"[{md(metric.label)}]({to('metric', metric=metric.id, segment=key)})"
    if band is None or found is None:
        return f"| {name} | – | waiting for data | |"
    cells = (gaps.levels(found, metric)[0], gaps.pill(found, metric), gaps.window(found, band, world.zone))
    return f"| {name} | {' | '.join(md(cell) for cell in cells)} |"


def columns(world: World) -> str:
    """What the map leaves out; empty where it has every metric."""
    shown, others = figures.foremost(world)
    return f"Columns: the {len(shown)} metrics with a card, of {len(shown) + len(others)}. " if others else ""
