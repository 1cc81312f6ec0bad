"""How sure a verdict became: the range of the harm day by day, the limit as a line, and where it turned."""

from datetime import timedelta
from typing import Any

import altair as alt

from cxmon.charts.forest import unit_words
from cxmon.charts.inline import inline
from cxmon.charts.layered import locale
from cxmon.charts.layout import decimals, ticks
from cxmon.charts.palette import PALETTES, Palette, Theme
from cxmon.charts.points import local_ms
from cxmon.model import KeptBy, Metric, Narrowing, Reading
from cxmon.wording import numbers as say
from cxmon.wording.narrowing import day_of, reading_range
from cxmon.wording.screen import screen

LEGEND = (
    "Shaded: the range of the harm as it was known then, above is worse; line: the estimate; dashed: the limit. "
    "Marks have the colour of the verdict of their day"
)
# With more readings the shading alone tells their ranges.
WHISKERS = 30
_TIPS = (("until", "Figures to"), ("range", "Range"), ("verdict", "Verdict"))


def narrowing(
    found: Narrowing, metric: Metric, *, theme: Theme = "light", width: int | str = "container", height: int = 155
) -> alt.LayerChart:
    """Drawn from the first reading to the last; raises IndexError where there is none."""
    colours = PALETTES[theme]
    rows = [_row(one, metric, colours) for one in found.readings]
    last = found.readings[-1]
    limit = last.limit * say.factor(metric, last.unit)
    ends = [0.0, limit, *(row[name] for row in rows for name in ("low", "high"))]
    low, high = min(ends), max(ends)
    pad = 0.1 * (high - low or 1.0)
    x, y = _axes(last, metric, colours, low - pad, high + pad)
    base = alt.Chart(inline(rows)).encode(x=x)
    ink, ranged = alt.Color("ink:N", scale=None), y("low")
    layers = [
        base.mark_area(color=colours.band, opacity=0.3).encode(y=ranged, y2="high:Q"),
        *([base.mark_rule(size=2, opacity=0.5).encode(y=ranged, y2="high:Q", color=ink)] * (len(rows) <= WHISKERS)),
        *_level(0.0, "", colours.axis, colours, [1, 0]),
        *_level(limit, f"limit {say.amount(metric, last.limit, last.unit)}", colours.red, colours, [5, 4]),
        base.mark_line(color=colours.line, strokeWidth=2.2).encode(y=y("harm")),
        base.mark_point(size=42, opacity=1, strokeWidth=1.6).encode(
            y=y("harm"), stroke=ink, fill=alt.Color("fill:N", scale=None),
            shape=alt.Shape("shape:N", scale=None, legend=None),
            tooltip=[alt.Tooltip(f"{name}:N", title=title) for name, title in _TIPS],
        ),
        *_turned(found, metric, x, colours),
    ]  # fmt: skip
    chart: alt.LayerChart = (
        alt.layer(*layers)
        .properties(width=width, height=height, padding={"left": 2, "right": 12, "top": 18, "bottom": 2})
        .configure(background=colours.paper, locale=locale())
        .configure_view(stroke=None)
    )
    return chart


def _row(one: Reading, metric: Metric, colours: Palette) -> dict[str, Any]:
    scale, ink = say.factor(metric, one.unit), colours.tone(screen(one.code)[1])
    return {
        "at": local_ms(one.until - timedelta(days=1), metric.zone),
        "harm": one.so_far.estimate * scale, "low": one.so_far.low * scale, "high": one.so_far.high * scale,
        "ink": ink, "fill": ink if one.by is KeptBy.DAILY else colours.paper,
        "shape": "square" if one.by is KeptBy.AFTERWARDS else "circle",
        "until": f"{say.day(one.until - timedelta(days=1), metric.zone)} (day {day_of(one)})",
        "range": reading_range(one, metric), "verdict": screen(one.code)[0],
    }  # fmt: skip


def _axes(one: Reading, metric: Metric, colours: Palette, bottom: float, top: float) -> tuple[alt.X, Any]:
    """The axis of days, and what makes the one of harms for a field."""
    quiet: dict[str, Any] = {"labelColor": colours.muted, "titleColor": colours.muted, "titleFontWeight": "normal"}
    along = alt.Axis(
        grid=False, domainColor=colours.axis, tickColor=colours.axis, labelOverlap="greedy", labelSeparation=12,
        format="%-d %b", labelFontSize=12, tickCount=6, **quiet,
    )  # fmt: skip
    at = ticks(bottom, top, about=4)
    unit = unit_words(metric, one.unit)
    axis = alt.Axis(
        values=at, format=f",.{decimals(at)}f", gridColor=colours.grid, domain=False, ticks=False, labelFontSize=12,
        titleFontSize=11, **quiet,
    )  # fmt: skip
    title = f"{say.sides(metric, one)[0]}{f', {unit}' if unit else ''}"
    scale = alt.Scale(domain=[bottom, top], nice=False, zero=False)
    return (
        alt.X("at:T", title=None, scale=alt.Scale(type="utc"), axis=along),
        lambda field: alt.Y(f"{field}:Q", title=title, scale=scale, axis=axis),
    )


def _level(at: float, words: str, ink: str, colours: Palette, dash: list[int]) -> list[alt.Chart]:
    """A line across at a height, with its name above its beginning."""
    base = alt.Chart(inline([{"level": at, "words": words}])).encode(y="level:Q")
    halo: dict[str, Any] = {"stroke": colours.paper, "strokeWidth": 4, "color": colours.paper}
    style: dict[str, Any] = {"align": "right", "baseline": "top", "dy": 5, "fontSize": 12}
    text = base.encode(x=alt.value(alt.expr("width")), text="words:N")
    named = [text.mark_text(**halo, **style), text.mark_text(color=ink, **style)] if words else []
    return [base.mark_rule(color=ink, strokeDash=dash, strokeWidth=1.6), *named]


def _turned(found: Narrowing, metric: Metric, x: alt.X, colours: Palette) -> list[alt.Chart]:
    """A line at the reading from which on the verdict is what it is."""
    if found.turned is None:
        return []
    words, tone, _ = screen(found.turned.code)
    row = _row(found.turned, metric, colours)
    base = alt.Chart(inline([{"at": row["at"], "words": f"{words}, day {day_of(found.turned)}"}])).encode(x=x)
    early = found.turned.until - found.readings[0].until
    late = early > (found.readings[-1].until - found.readings[0].until) / 2
    text = base.encode(y=alt.value(-4), text="words:N").mark_text(
        align="right" if late else "left", baseline="bottom", fontSize=12, fontWeight=600, color=colours.tone(tone)
    )
    return [base.mark_rule(color=colours.tone(tone), strokeDash=[2, 3], strokeWidth=1.4), text]
