"""The board's own trend as a PNG for Slack and e-mail, drawn without a browser."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import altair as alt

from cxmon.charts.palette import PALETTES
from cxmon.charts.points import Pin, Point
from cxmon.charts.trend import trend
from cxmon.errors import CxmonError
from cxmon.model import Break, Metric

VEGA_LITE = "6.4"
WIDTH, HEIGHT = 640, 250


def picture(
    found: Sequence[Point],
    metric: Metric,
    *,
    title: str,
    subtitle: Sequence[str],
    pins: Sequence[Pin] = (),
    limit: float | None = None,
    limit_from: datetime | None = None,
    limit_text: str = "",
    anew: Sequence[Break] = (),
) -> bytes:
    """A PNG of 2x resolution: the finding as title; decision, grade, range and as-of stamp below it."""
    chart = trend(
        found,
        metric,
        pins=pins,
        limit=limit,
        limit_from=limit_from,
        limit_text=limit_text,
        width=WIDTH,
        width_px=WIDTH + 132,
        height=HEIGHT,
        hover=False,
        anew=anew,
    )
    return render(titled(chart, title=title, subtitle=subtitle))


def titled(chart: alt.LayerChart, *, title: str, subtitle: Sequence[str]) -> alt.LayerChart:
    """A light chart with what a picture of it must say where it stands alone: the finding, and below what it is of and
    as of when."""
    colours = PALETTES["light"]
    heading = alt.TitleParams(
        text=title,
        subtitle=list(subtitle),
        anchor="start",
        fontSize=17,
        fontWeight=700,
        color=colours.ink,
        subtitleFontSize=12,
        subtitleColor=colours.muted,
        subtitleLineHeight=17,
        subtitlePadding=5,
        offset=14,
    )
    named: alt.LayerChart = chart.properties(title=heading, padding={"left": 18, "right": 18, "top": 16, "bottom": 14})
    return named


def render(chart: alt.LayerChart) -> bytes:
    """PNG bytes of a chart. Raises CxmonError where the `pictures` extra is not installed."""
    png: bytes = _converter().vegalite_to_png(chart.to_dict(validate=False), scale=2, vl_version=VEGA_LITE)
    return png


def vector(chart: alt.LayerChart) -> str:
    """A chart as an SVG document. Raises CxmonError where the `pictures` extra is not installed."""
    svg: str = _converter().vegalite_to_svg(chart.to_dict(validate=False), vl_version=VEGA_LITE)
    return svg


def _converter() -> Any:
    try:
        import vl_convert  # noqa: PLC0415 - 80 MB that only those who send pictures need.
    except ImportError as error:
        raise CxmonError("pictures need vl-convert-python; install cxmon[pictures]") from error
    return vl_convert
