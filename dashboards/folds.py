"""A fold with the question mark beside its heading that says what it holds, open or not."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from dashboards.text import md


@contextmanager
def fold(heading: str, meaning: str, *, key: str) -> Iterator[None]:
    """What is drawn within stands in the fold; `heading` is Markdown already, `meaning` is text."""
    with st.container(horizontal=True, vertical_alignment="top", gap="xsmall", key=f"fold_{key}"):
        held = st.expander(heading, key=key)
        # Empty but for its question mark.
        st.markdown("", help=md(meaning), width="content")
    with held:
        yield
