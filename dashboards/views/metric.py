"""One metric in full: trend, last year, how its cases lie, segments side by side, when it changed, what it means."""

import streamlit as st

from cxmon.model import Metric, Segment
from cxmon.wording import describing
from dashboards import beside, choosing, reading, shifting, spreading, trending, yearly
from dashboards.frame import opened
from dashboards.text import grey, md


def meaning(metric: Metric) -> None:
    with st.container(border=True, key="meaning"):
        st.header("What it means", anchor=False)
        with st.grid(4, min_column_width=220, gap="small"):
            for term, said in describing.definition(metric):
                st.markdown(f"{grey(term)}  \n{md(said)}")


def page() -> None:
    world = opened("Metrics")
    if world is None:
        return
    shown = [m for m in world.metrics if world.segments(m)]
    if not shown:
        with st.container(border=True):
            st.markdown(":gray-badge[:material/pending: Waiting for data]")
            st.markdown("Nothing goes back far enough for a trend yet. `cxmon judge` draws the first ones.")
        for metric in world.metrics.values():
            meaning(metric)
        return
    with st.container(border=True, key="trend"):
        metric_id, key, days = choosing.view(world, shown)
        metric, band = world.metrics[metric_id], world.bands[metric_id, key]
        where = Segment.from_key(key).label
        trending.draw(world, band, metric, where=where, days=days, key="metric")
        behind = beside.behind(world, metric, band)
        st.markdown(behind, help=md(beside.meant(behind)))
    sheet = reading.sheet(metric)
    left, right = st.columns(2, gap="small")
    with left:
        yearly.section(world, band, metric, where=where, days=days)
    with right:
        spreading.section(world, band, metric, sheet)
    beside.section(world, metric)
    shifting.section(world, metric, sheet, key)
    meaning(metric)


page()
