"""An open page follows the store: what has changed there is drawn without anybody's reload."""

import streamlit as st

from dashboards import reading

EVERY_S = 20
_DRAWN = "drawn_just_now"


def follow(shown: int | str) -> None:
    """Looks every so often whether the store is still as `shown`, a `reading.version()`; if not, draws anew."""
    st.session_state[_DRAWN] = True
    _look(shown)


@st.fragment(run_every=EVERY_S)
def _look(shown: int | str) -> None:
    # A store that is written to all the time would have a page drawn again and again, and never finished.
    drawn = st.session_state.pop(_DRAWN, False)
    if not drawn and reading.version() != shown:
        st.rerun()
