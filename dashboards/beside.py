"""Segments side by side: each a card like those of the overview, the worst first."""

import math
from collections.abc import Sequence
from functools import partial

import streamlit as st

from cxmon import wording
from cxmon.model import EVERYONE, Band, Metric, Segment, Tone, written
from cxmon.wording import gap as gaps
from cxmon.wording import terms
from dashboards import answering, downloads, drawing
from dashboards.links import linked, to
from dashboards.reading import World
from dashboards.text import BADGE, grey, md, small

MOST = 12


def section(world: World, metric: Metric) -> None:
    """One card a segment along the dimensions that are chosen; those beyond the first twelve are named."""
    ways = _ways(world, metric)
    if not ways:
        return
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.header(
            "Segments side by side", anchor=False,
            help="Each against what was expected of itself, over its newest complete days. Lines have scales of their "
            "own: compare the words, not the heights.",
        )  # fmt: skip
        way = ways[0]
        if len(ways) > 1:
            way = st.segmented_control(
                "Split by", ways, format_func=lambda k: md(k.replace(",", " · ")), required=True,
                label_visibility="collapsed", **linked("by", ways, ways[0]),
            ) or ways[0]  # fmt: skip
    bands = _ranked(world, metric, way)
    with st.grid(6, min_column_width=170, gap="small"):
        for band in bands[:MOST]:
            _card(world, metric, band)
    rest = bands[MOST:]
    if rest:
        st.markdown(f"{wording.counted(len(rest), 'more segment')}: " + ", ".join(_link(metric, b) for b in rest))
    foot, side = st.columns([6, 1], vertical_alignment="center")
    looked, outside = len(bands), sum(_tone(band, metric) is not Tone.GREY for band in bands)
    foot.caption(
        md(
            f"{wording.counted(looked, 'segment')} looked at, {outside} outside the range that holds 99 of 100: one in "
            "100 would be by chance."
        )
    )
    with side:
        downloads.offer("beside", f"{metric.id}_by_{way}", partial(_csv, bands, metric, world))


def _ways(world: World, metric: Metric) -> list[str]:
    """The dimensions by which segments are stored, fewest first."""
    found = {Segment.from_key(key).dimensions for key in world.segments(metric.id)} - {()}
    return [",".join(names) for names in sorted(found, key=lambda names: (len(names), names))]


def _ranked(world: World, metric: Metric, way: str) -> list[Band]:
    """Worst first: by how far the range of the gap lies beyond nothing, then by the gap."""
    keys = [key for key in world.segments(metric.id) if ",".join(Segment.from_key(key).dimensions) == way]

    def rank(band: Band) -> tuple[float, float, str]:
        found = gaps.gap(band, metric)
        if found is None:
            return math.inf, 0.0, band.key
        grave = {Tone.AMBER: 0.0, Tone.TEAL: 2.0}.get(found.tone, 1.0)
        return grave, -found.harm, band.key

    return sorted((world.bands[metric.id, key] for key in keys), key=rank)


def _tone(band: Band, metric: Metric) -> Tone:
    found = gaps.gap(band, metric)
    return found.tone if found is not None else Tone.GREY


def _link(metric: Metric, band: Band) -> str:
    """The segment's name as a link to this page on it."""
    return f"[{md(Segment.from_key(band.key).label)}]({to('metric', metric=metric.id, segment=band.key)})"


def _card(world: World, metric: Metric, band: Band) -> None:
    found = gaps.gap(band, metric)
    name = Segment.from_key(band.key).label
    with st.container(border=True, height="stretch", gap="xsmall"):
        if found is None:
            st.metric(md(name), "–", "waiting for data", delta_color="gray", delta_arrow="off")
            st.caption(md(band.reason or "too little complete data"))
            return
        figure, unit = gaps.on_card(found, metric)
        st.metric(
            md(name),
            figure,
            gaps.pill(found, metric),
            delta_color=BADGE[found.tone],  # type: ignore[arg-type]
            delta_arrow="off" if found.tone is Tone.GREY else "up" if found.value > found.expected else "down",
            help=md(
                f"{gaps.window(found, band, world.zone)}; expected {gaps.levels(found, metric)[1]}, "
                f"{gaps.possible(found, metric)}; n {written(found.n)}. Line: the last twelve weeks."
            ),
        )
        drawing.spark(found, name)
        rate = answering.rate(world, band, metric, found)
        window = gaps.window(found, band, world.zone)
        lines = [unit, gaps.possible(found, metric), window, f"n {wording.number(found.n, 0)}", rate]
        link = _link(metric, band).replace(f"[{md(name)}]", f"[{md(name)} in full]")
        st.markdown(small(*(grey(md(line)) for line in lines), link if band.key != EVERYONE.key else ""))


def _csv(bands: Sequence[Band], metric: Metric, world: World) -> bytes:
    rows: list[dict[str, object]] = []
    for band in bands:
        found = gaps.gap(band, metric)
        rows.append(
            {
                "segment": Segment.from_key(band.key).label,
                "value": found.value if found else math.nan,
                "expected": found.expected if found else math.nan,
                "worse_by": found.harm if found else math.nan,
                "low": found.low if found else math.nan,
                "high": found.high if found else math.nan,
                "unit_of_worse_by": found.unit if found else "",
                "n": found.n if found else math.nan,
                "window": gaps.window(found, band, world.zone) if found else "",
            }
        )
    return downloads.table(rows)


def meant(line: str) -> str:
    """What the words of such a line mean."""
    return f"{terms.N} {terms.within(line)}".strip()


def behind(world: World, metric: Metric, band: Band) -> str:
    """What stands behind the newest figure: how many answers, and of a survey its response rate."""
    found = gaps.gap(band, metric)
    if found is None:
        return grey(md(band.reason or "Too little complete data."))
    parts = [f"n {wording.number(found.n, 0)} in the {gaps.window(found, band, world.zone)}"]
    parts.append(answering.rate(world, band, metric, found))
    return grey(md("; ".join(filter(None, parts))))
