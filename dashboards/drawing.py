"""A chart on the page, as quickly as it goes."""

from collections.abc import Callable
from typing import Any

import altair as alt
import streamlit as st
from altair.utils.schemapi import debug_mode

from cxmon import charts
from cxmon.wording import gap as gaps


def show(make: Callable[[], alt.LayerChart], *, key: str, said: str, same: tuple[str | int, ...] | None = None) -> None:
    """Draws what `make` gives; `said` is it in words. Where `same` says all that it is made of, it is made once for
    everybody who looks."""
    spec = _made(make) if same is None else _kept(make, same)
    st.vega_lite_chart(spec=dict(spec), key=key, theme=None, alt=said)


def spark(found: gaps.Gap, name: str) -> None:
    """The small line of a card."""
    drawn = charts.spark(found.spark, found.tone, said=f"{name}, the last twelve weeks: the line of the average")
    if drawn:
        st.html(drawn)


def _made(make: Callable[[], alt.LayerChart]) -> dict[str, Any]:
    # Checking a specification against its schema takes longer than making it, and is what the tests of the charts do.
    with debug_mode(False):
        return make().to_dict(validate=False)


@st.cache_resource(show_spinner=False, max_entries=64)
def _kept(_make: Callable[[], alt.LayerChart], same: tuple[str | int, ...]) -> dict[str, Any]:
    del same
    return _made(_make)
