"""Layers as one chart on the board's paper."""

import json
from collections.abc import Sequence
from typing import Any, cast

import altair as alt

from cxmon.charts.palette import Palette
from cxmon.model import NumberFormat, number_format

Layers = Sequence[alt.Chart | alt.LayerChart]


def locale() -> Any:
    """How Vega is to write figures, as the format in force says; nothing where that is Vega's own way."""
    format_ = number_format()
    if format_ == NumberFormat():
        return alt.Undefined
    return alt.Locale(
        number=alt.NumberLocale(
            decimal=format_.decimal, thousands=format_.thousands, grouping=list(format_.grouping), currency=["", ""]
        )
    )


def behind(words: str) -> str:
    """The expression of an axis's labels with words behind each, whatever marks these hold."""
    return f"datum.label + {json.dumps(words, ensure_ascii=False)}"


def layered(
    layers: Layers,
    *,
    colours: Palette,
    width: int | str,
    height: int,
    top: int | None = None,
) -> alt.LayerChart:
    """Everything is said at once: each later change of a chart would copy all its layers. `top` are the pixels above
    the plot of a chart that has its own room around it."""
    more: dict[str, Any] = {} if top is None else {"padding": {"left": 2, "right": 8, "top": top, "bottom": 2}}
    # A chart is one picture with words of its own; nobody wants to hear each of its dots.
    quiet = alt.MarkConfig(aria=False)
    look = alt.Config(background=colours.paper, view=alt.ViewConfig(stroke=None), mark=quiet, locale=locale())
    chart = alt.layer(*layers, width=width, height=height, config=look, **more)
    return cast("alt.LayerChart", chart)
