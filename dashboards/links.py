"""Deep links: a control and a query parameter that follow each other, on stable ids."""

from collections.abc import Callable, Sequence
from typing import TypedDict
from urllib.parse import quote, urlencode

import streamlit as st

from dashboards.text import md

# What would be taken for what was asked for.
_CALLED = {"change": "decision", "metric": "metric", "filling": "metric", "segment": "segment", "view": "view"}
# What another page shows, by what a link calls it.
_PAGES = {"change": "decision", "incident": "incident"}


def to(page: str, **parameters: str) -> str:
    """The address of a page with its view in it, to stand in a Markdown link."""
    return f"{page}?{urlencode(parameters, quote_via=quote)}"


def elsewhere(known: Callable[[str, str], bool]) -> None:
    """Says where that is shown which an address asks of a page that does not show it, or that it does not exist;
    `known` tells by the parameter and its value."""
    for name, page in _PAGES.items():
        if asked := st.query_params.get(name, ""):
            if known(name, asked):
                st.warning(
                    f"This is the overview. [{md(f'Open the {page} that was asked for')}]({to(page, **{name: asked})})"
                )
            else:
                st.warning(md(f"There is no {page} {asked}. Perhaps the link was cut off; this is the overview."))


class Linked(TypedDict):
    key: str
    on_change: Callable[[], None]


def linked(name: str, ids: Sequence[str], default: str) -> Linked:
    """Arguments for a control whose choice stands in the address. Unknown values fall back to the default, and a
    link that asks for one is told so.

    Streamlit's own binding writes the label that is shown; a renamed label would break every link already sent.
    """
    asked = st.query_params.get(name, default)
    _astray(name, asked, ids)
    if name not in st.session_state or st.session_state[name] not in ids:
        st.session_state[name] = asked if asked in ids else default

    def write() -> None:
        chosen = st.session_state[name]
        if chosen == default:
            st.query_params.pop(name, None)
        else:
            st.query_params[name] = chosen

    return {"key": name, "on_change": write}


def _astray(name: str, asked: str, ids: Sequence[str]) -> None:
    """Says that what a link asks for is not here, until something is chosen. What was chosen by hand and is not known
    to another metric or decision is no link."""
    if not asked or asked in ids or name not in _CALLED:
        return
    if name not in st.session_state:
        st.session_state[f"astray_{name}"] = asked
    if st.session_state.get(f"astray_{name}") == asked:
        said = f"There is no {_CALLED[name]} {asked}. Perhaps the link was cut off; this is another one."
        st.warning(md(said))
