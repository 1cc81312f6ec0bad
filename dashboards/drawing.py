"""A chart on the page, as quickly as it goes."""

from collections.abc import Callable

import altair as alt
import streamlit as st
from altair.utils.schemapi import debug_mode


def show(make: Callable[[], alt.LayerChart], *, key: str, said: str) -> None:
    """Draws what `make` gives; `said` is it in words. Checking a specification against its schema takes longer than
    making it, and is what the tests of the charts do."""
    with debug_mode(False):
        spec = make().to_dict(validate=False)
    st.vega_lite_chart(spec=spec, key=key, theme=None, alt=said)
