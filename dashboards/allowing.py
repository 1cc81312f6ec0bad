"""The year's harm allowance on the pages: all decisions together, and one decision's part."""

import streamlit as st

from cxmon import wording
from dashboards.reading import World
from dashboards.text import badge, md


def allowances(world: World) -> None:
    """One card a metric that has an allowance: the answer, what is used, and what it rests on."""
    uses = [use for use in world.allowances.values() if use.metric in world.metrics]
    if not uses:
        return
    titles = {key: d.change.title for key, d in world.declared.items()}
    with st.container(border=True, key="allowance"):
        st.header("Harm allowance of the year", anchor=False, help="What all decisions together may cost customers.")
        for use in uses:
            metric = world.metrics[use.metric]
            head = (
                f"{badge(*wording.allowance_screen(use))} **{md(wording.allowance_headline(use, metric, world.zone))}**"
            )
            lines = wording.allowance_lines(use, metric, titles, world.zone)
            st.markdown(head + "".join(f"  \n:gray[:small[{md(line)}]]" for line in lines))


def parts(world: World, change: str) -> list[str]:
    """What one decision uses of each allowance, a line each."""
    known = [use for use in world.allowances.values() if use.metric in world.metrics]
    told = (wording.allowance_part(use, change, world.metrics[use.metric]) for use in known)
    return [line for line in told if line]
