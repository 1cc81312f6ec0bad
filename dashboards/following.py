"""An open page follows the store: what has changed there is drawn without anybody's reload."""

import streamlit as st

from dashboards import reading

EVERY_S = 20


def follow(shown: int | str) -> None:
    """Looks every so often whether the store is still as `shown`, a `reading.version()`; if not, draws anew."""
    _look(shown, ["the page is just being drawn"])


@st.fragment(run_every=EVERY_S)
def _look(shown: int | str, drawn: list[str]) -> None:
    if drawn:
        # Else a store that is written to all the time would have a page drawn again and again, and never finished.
        drawn.clear()
    elif reading.version() != shown:
        st.rerun()
