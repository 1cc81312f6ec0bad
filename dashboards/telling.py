"""What was said of a decision when, why that changed, and what was decided: the sections of `cxmon change show`."""

import os

import streamlit as st

from cxmon.model import Signed
from cxmon.store import Store
from cxmon.store.story import whole
from cxmon.wording.whole import Section, said_and_decided
from dashboards.reading import World
from dashboards.text import grey, md


def history(world: World, change: str) -> None:
    """One bordered list a section; nothing where nothing is known."""
    for i, one in enumerate(_sections(world, change)):
        if one.table is None:
            continue
        with st.container(border=True, key=f"history{i}"):
            st.markdown(f"## {md(one.heading)}", anchors=False)
            for row in one.table.rows:
                cells = zip(one.table.headers[1:], row[1:], strict=True)
                said = "  \n".join(f"{grey(md(head) + ':')} {md(cell)}" for head, cell in cells)
                st.markdown(f"**{md(row[0])}**  \n{said}")


def trail(change: str) -> list[Signed]:
    """What signed-in people did about a decision."""
    with Store.open(os.environ.get("CXMON_STORE_URL", ""), read_only=True) as store:
        return store.audit.all(change)


def _sections(world: World, change: str) -> tuple[Section, ...]:
    with Store.open(os.environ.get("CXMON_STORE_URL", ""), read_only=True) as store:
        return said_and_decided(whole(store, change, world.metrics, world.zone))
