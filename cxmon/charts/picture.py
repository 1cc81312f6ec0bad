"""The board's own trend as a PNG for Slack and e-mail, drawn without a browser."""

import re
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
_SIZE = re.compile(r'<svg[^>]* width="([0-9.]+)" height="([0-9.]+)"')
_CLIP = re.compile(r'(?:id="|url\(#)clip')


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
    return album([
        pictured(
            found, metric, title=title, subtitle=subtitle, pins=pins, limit=limit, limit_from=limit_from,
            limit_text=limit_text, anew=anew,
        )
    ])  # fmt: skip


def pictured(
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
) -> alt.LayerChart:
    """The board's trend as a picture of its own, before it is drawn."""
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
    return titled(chart, title=title, subtitle=subtitle)


def album(parts: Sequence[alt.LayerChart]) -> bytes:
    """A PNG of 2x resolution of one titled chart, or of several below each other. Raises CxmonError where the
    `pictures` extra is not installed."""
    if len(parts) == 1:
        return render(parts[0])
    # Vega-Lite's own way of putting charts together has no width and height of each, which ours are placed by.
    drawn = [vector(part) for part in parts]
    sizes = [tuple(map(float, _SIZE.search(one).groups())) for one in drawn]  # type: ignore[union-attr]
    wide, high, inside = max(w for w, _ in sizes), 0.0, []
    for i, (one, (_, h)) in enumerate(zip(drawn, sizes, strict=True)):
        # Each names its clips by itself.
        named = _CLIP.sub(lambda found, i=i: f"{found[0]}{i}x", one)  # type: ignore[misc]
        inside.append(f'<g transform="translate(0,{high})">{named}</g>')
        high += h
    paper = f'<rect width="{wide}" height="{high}" fill="{PALETTES["light"].paper}"/>'
    whole = f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}">{paper}{"".join(inside)}</svg>'
    png: bytes = _converter().svg_to_png(whole, scale=2)
    return png


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
