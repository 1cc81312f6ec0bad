"""What every page begins with: the world, or the designed empty state; title, as-of and the age of the data."""

import streamlit as st

from cxmon import wording
from cxmon.model import use
from dashboards import figures, following, reading
from dashboards.reading import NOTHING_YET, World
from dashboards.text import grey, md


def in_format() -> None:
    """From here on figures have the configuration's format, where the store knows it: for a page that shows nothing of
    the store."""
    found = reading.world(reading.version())
    if not isinstance(found, str):
        use(found.number_format)


def opened(heading: str | None = None) -> World | None:
    """The world with its header drawn, or None after the empty state was drawn. The page follows the store."""
    version = reading.version()
    found = reading.world(version)
    following.follow(version)
    if isinstance(found, str):
        st.title(heading or "Customer experience", anchor=False)
        with st.container(border=True):
            if found == NOTHING_YET:
                # Our own words: the commands in them stand as commands.
                st.markdown(":gray-badge[:material/pending: Waiting for data]")
                st.markdown(found)
                st.markdown("[Try a file](try) answers from a CSV file before anything is set up.")
            else:
                st.markdown(":red-badge[:material/report: The store cannot be read]")
                st.markdown(md(found))
        return None
    use(found.number_format)
    left, right = st.columns([2, 3], vertical_alignment="bottom")
    left.title(md(heading or found.title), anchor=False)
    if found.as_of is None:
        right.markdown(grey("Not judged yet"), text_alignment="right")
    else:
        stamp = wording.stamp(found.as_of, found.zone)
        right.markdown(grey(md(f"As of {stamp} · {figures.complete_to(found)}")), text_alignment="right")
    for line in figures.data_age(found):
        st.warning(md(line), icon=":material/cloud_off:")
    return found
