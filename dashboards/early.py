"""Early figures: what `cxmon leading` found last, per tier, with its honest none."""

import os

import streamlit as st

from cxmon.model import Ahead
from cxmon.store import Store
from cxmon.wording import leading as wording
from cxmon.wording import terms
from dashboards.reading import World
from dashboards.text import grey, md


def figures(world: World) -> None:
    """One line a tier; nothing where nobody has asked yet."""
    with Store.open(os.environ.get("CXMON_STORE_URL", ""), read_only=True) as store:
        answer = store.catalogue.leading()
    if answer is None:
        return
    with st.container(border=True, key="early"):
        st.header(md(wording.title(answer, world.metrics, world.zone)), anchor=False, help=md(terms.EARLY))
        for one in answer.tiers:
            for line in wording.tier(one, answer, world.metrics):
                told = f"**{md(one.tier or 'all customers')}**: {md(line)}"
                st.markdown(told if one.answer is Ahead.NAMED else grey(told))
        st.caption(md(wording.CAVEAT))
