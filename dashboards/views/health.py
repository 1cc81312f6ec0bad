"""Data health: what was collected when, what was set aside and why."""

import streamlit as st

from cxmon import wording
from dashboards.frame import opened
from dashboards.reading import World
from dashboards.text import grey, md


def runs(world: World) -> None:
    st.subheader("Collections", anchor=False)
    if not world.runs:
        st.markdown(grey("Nothing has been collected yet."))
        return
    rows = []
    for run in world.runs.values():
        label = world.metrics[run.metric].label if run.metric in world.metrics else run.metric
        state = ":gray-badge[:material/check: Collected]" if run.ok else ":red-badge[:material/report: Failed]"
        when = wording.stamp(run.finished_at, world.zone)
        detail = run.error or f"{run.written:,} new, {run.revised:,} revised, {run.rejected:,} set aside"
        last = f"{md(when)}  \n:gray[:small[{md(detail)}]]"
        rows.append({"Metric": f"**{md(label)}**", "State": state, "Source": md(run.source), "Last run": last})
    st.table(rows, border="horizontal", hide_index=True)


def rejected(world: World) -> None:
    st.subheader("Rows set aside", anchor=False)
    if not world.rejected:
        st.markdown(grey("None in what is stored."))
        return
    st.dataframe(
        [{"metric": r.metric, "where": r.where, "why": r.reason, "value": r.value} for r in world.rejected],
        hide_index=True,
        alt="Rows that were set aside, with file, row and reason",
    )


def page() -> None:
    world = opened("Data health")
    if world is None:
        return
    runs(world)
    rejected(world)


page()
