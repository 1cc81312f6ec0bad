"""Which metric, segment and range a trend shows: three controls, each of which stands in the address."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cxmon.model import Segment
from dashboards.links import linked
from dashboards.reading import World
from dashboards.text import md

RANGES = {"90d": ("90 days", 96), "6mo": ("6 months", 189), "1y": ("1 year", 372), "all": ("All", 100_000)}


# More of them stand in a list that can be searched.
MOST_BESIDE = 8


def _metric(world: World, shown: list[str], head: DeltaGenerator) -> str | None:
    kept = linked("metric", shown, shown[0])
    if len(shown) > MOST_BESIDE:
        return head.selectbox(
            "Metric",
            shown,
            format_func=lambda k: world.metrics[k].label,
            label_visibility="collapsed",
            width=300,
            **kept,
        )  # fmt: skip
    return head.segmented_control(
        "Metric",
        shown,
        format_func=lambda k: md(world.metrics[k].label),
        required=True,
        label_visibility="collapsed",
        **kept,
    )


def view(world: World, shown: list[str]) -> tuple[str, str, int]:
    """(metric, key of the segment, days) as chosen; `shown` are the metrics that have a series."""
    head = st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute")
    metric_id = _metric(world, shown, head) or shown[0]
    options = head.container(horizontal=True, width="content", vertical_alignment="center")
    keys = world.segments(metric_id)
    segment = (
        options.selectbox(
            "Segment",
            keys,
            format_func=lambda k: Segment.from_key(k).label,
            label_visibility="collapsed",
            width=180,
            **linked("segment", keys, keys[0]),
        )
        or keys[0]
    )
    span = (
        options.segmented_control(
            "How far back",
            list(RANGES),
            format_func=lambda k: RANGES[k][0],
            required=True,
            label_visibility="collapsed",
            **linked("range", list(RANGES), "1y"),
        )
        or "1y"
    )
    return metric_id, segment, RANGES[span][1]
