"""When a metric changed for good, found in retrospect: first in the series that is looked at, then in all others."""

import streamlit as st

from cxmon import wording
from cxmon.model import Metric, PastShift, Sheet
from cxmon.wording.retrospect import FOOTING
from dashboards.reading import World
from dashboards.text import grey, md


def section(world: World, metric: Metric, sheet: Sheet | None, key: str) -> None:
    with st.container(border=True, key="shifts"):
        st.header("When it changed", anchor=False, help=md(FOOTING))
        if sheet is None:
            st.markdown(grey("Looked for once a day, after the verdicts; not yet: run `cxmon judge`."))
            return
        mine = [s for s in sheet.past.found if s.segment.key == key]
        others = [s for s in sheet.past.found if s.segment.key != key]
        for shift in mine:
            st.markdown(_line(metric, shift, world))
        if not mine:
            st.markdown(grey("No lasting change was found here; a small or slow one may still hide in the noise."))
        if others:
            with st.expander(f"In other segments ({len(others)})"):
                for shift in others:
                    st.markdown(_line(metric, shift, world))
        st.caption(md(f"{wording.looked_back(metric, sheet.past, world.zone, sheet.as_of)}. Found in retrospect."))


def _line(metric: Metric, shift: PastShift, world: World) -> str:
    """A change of the past claims no verdict: neither colour nor badge, the direction in words."""
    worse = (shift.size > 0) == (metric.harm_sign > 0)
    told = wording.shifted(metric, shift, world.zone, world.now)
    return f"{md(told[:1].upper() + told[1:])} {grey('(' + ('worse' if worse else 'better') + ')')}"
