"""Deep links: a control and a query parameter that follow each other, on stable ids."""

from collections.abc import Callable, Sequence
from typing import TypedDict
from urllib.parse import quote, urlencode

import streamlit as st


def to(page: str, **parameters: str) -> str:
    """The address of a page with its view in it, to stand in a Markdown link."""
    return f"{page}?{urlencode(parameters, quote_via=quote)}"


class Linked(TypedDict):
    key: str
    on_change: Callable[[], None]


def linked(name: str, ids: Sequence[str], default: str) -> Linked:
    """Arguments for a control whose choice stands in the address. Unknown values fall back to the default.

    Streamlit's own binding writes the label that is shown; a renamed label would break every link already sent.
    """
    asked = st.query_params.get(name, default)
    if name not in st.session_state or st.session_state[name] not in ids:
        st.session_state[name] = asked if asked in ids else default

    def write() -> None:
        chosen = st.session_state[name]
        if chosen == default:
            st.query_params.pop(name, None)
        else:
            st.query_params[name] = chosen

    return {"key": name, "on_change": write}
