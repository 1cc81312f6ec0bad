"""Layers as one chart on the board's paper."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from cxmon.charts.palette import Palette

Layers = Sequence[alt.Chart | alt.LayerChart]


def layered(
    layers: Layers,
    *,
    colours: Palette,
    width: int | str,
    height: int,
    padding: Mapping[str, int] | None = None,
) -> alt.LayerChart:
    """Everything is said at once: each later change of a chart would copy all its layers."""
    more: dict[str, Any] = {} if padding is None else {"padding": dict(padding)}
    look = alt.Config(background=colours.paper, view=alt.ViewConfig(stroke=None))
    chart: alt.LayerChart = alt.layer(*layers, width=width, height=height, config=look, **more)
    return chart
