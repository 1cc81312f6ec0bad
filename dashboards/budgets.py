"""The alarm budget on the page on data: what was promised, and what became of what was told."""

import streamlit as st

from cxmon.wording import keeping, terms
from dashboards import reading
from dashboards.reading import World
from dashboards.text import badge, grey, md


def section(world: World) -> None:
    st.header("Alarm budget", anchor=False, help=md(keeping.NOTE))
    kept = reading.alarms_kept(world.now)
    if kept is None:
        st.markdown(grey("Counted once a day, after the verdicts; not yet: run `cxmon judge`."))
        return
    if not kept.series:
        st.markdown(grey("Nothing is watched: the configuration has no check of type watch."))
        return
    st.markdown(md(f"{keeping.promised(kept)}."))
    with st.grid(1, border=True, gap=6, key="alarm_budget"):
        for i, one in enumerate(kept.quarters):
            cells = st.columns([26, 20, 54], gap="small")
            running = "  \n:gray[:small[not over yet]]" if i == 0 else ""
            cells[0].markdown(f"**{md(keeping.quarter(one))}**{running}")
            words, tone, shape = keeping.standing(one, kept)
            cells[1].markdown(badge(words, tone, shape), help=md(terms.of(words)) or None)
            told = f"  \n:gray[:small[{md(keeping.measured(one, kept))}]]" if kept.watches else ""
            cells[2].markdown(md(keeping.became(one)) + told)
    if kept.watches:
        st.markdown(grey(md(f"{keeping.replayed(kept, world.zone)}.")))
