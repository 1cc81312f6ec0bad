"""A few named lines over one axis, each told apart by its stroke and the word at its end: two years, or how periods
fill up."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from cxmon.charts.inline import inline
from cxmon.charts.layered import behind, layered
from cxmon.charts.layout import decimals, spread, ticks
from cxmon.charts.palette import PALETTES, Theme

# Solid, dashed, dotted, dash-dotted: a stroke for each line, the first the strongest.
STROKES: tuple[list[int], ...] = ([1, 0], [6, 4], [2, 3], [8, 3, 2, 3])

# A span in which a month would be written more than once.
SHORT_MS = 120 * 86_400_000.0


@dataclass(frozen=True, kw_only=True)
class Line:
    """`points` are (x, y, what is said of it on hover); NaN in y is a gap."""

    name: str
    points: Sequence[tuple[float, float, str]]


def lines(
    found: Sequence[Line], *, dates: bool, suffix: str = "", title: str = "", theme: Theme = "light",
    width: int | str = "container", height: int = 220, marks: Sequence[tuple[float, str]] = (),
) -> alt.LayerChart:  # fmt: skip
    """The lines; x is milliseconds where `dates`, else a number with `title`. `suffix` follows y; `marks`
    are places on x with what is said of them, small triangles at the foot."""
    colours = PALETTES[theme]
    values = [y for line in found for _, y, _ in line.points if math.isfinite(y)]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    pad = (high - low or abs(high) or 1.0) * 0.08
    bottom, top = low - pad, high + pad
    scale, at = alt.Scale(domain=[bottom, top], nice=False, zero=False), ticks(bottom, top)
    quiet: dict[str, Any] = {"labelColor": colours.muted, "labelFontSize": 12}
    axis = alt.Axis(
        values=at, format=f",.{decimals(at)}f", labelExpr=behind(suffix), gridColor=colours.grid,
        domain=False, ticks=False, **quiet,
    )  # fmt: skip
    y = alt.Y("y:Q", title=None, scale=scale, axis=axis)
    stepped = _along([a for line in found for a, _, _ in line.points], dates=dates)
    along = alt.Axis(
        grid=False, domainColor=colours.axis, tickColor=colours.axis, labelOverlap="greedy", labelSeparation=10,
        titleColor=colours.muted, titleFontWeight="normal", **stepped, **quiet,
    )  # fmt: skip
    kind = alt.Scale(type="utc") if dates else alt.Scale(zero=False, nice=False)
    x = alt.X(f"x:{'T' if dates else 'Q'}", title=title or None, scale=kind, axis=along)
    layers: list[alt.Chart] = []
    inks = (colours.line, colours.muted, colours.ink, colours.expected)
    for i, line in enumerate(found):
        rows = [{"x": a, "y": b, "line": line.name, "said": said} for a, b, said in line.points]
        base = alt.Chart(inline(rows)).encode(x=x, y=y)
        ink = inks[i % len(inks)]
        layers += [
            base.mark_line(color=ink, strokeWidth=2.4 if i == 0 else 1.8, strokeDash=STROKES[i % len(STROKES)]),
            base.mark_point(size=60, opacity=0, filled=True).encode(
                tooltip=[alt.Tooltip("line:N", title="Line"), alt.Tooltip("said:N", title="Here")]
            ),
        ]
    if marks:
        tip = [alt.Tooltip("said:N", title="Here")]
        foot = alt.Chart(inline([{"x": at, "said": said} for at, said in marks]))
        shape = foot.mark_point(shape="triangle-up", filled=True, size=45, opacity=1, color=colours.muted)
        at_foot = alt.YValue(alt.expr("height - 4"))  # type: ignore[no-untyped-call]
        layers.append(shape.encode(x=x, y=at_foot, tooltip=tip))
    layers += _ends(found, x, bottom, top, height, inks)
    return layered(layers, colours=colours, width=width, height=height, top=6)


def _along(at: Sequence[float], *, dates: bool) -> dict[str, Any]:
    """The marks along x: days where months would repeat their names, else whole numbers, each once."""
    first, last = (min(at), max(at)) if at else (0.0, 1.0)
    if dates:
        return {"format": "%-d %b" if last - first <= SHORT_MS else "%b %Y"}
    return {"format": "d", "values": [x for x in ticks(first, last, about=10) if x.is_integer()]}


def _ends(
    found: Sequence[Line], x: alt.X, bottom: float, top: float, height: int, inks: Sequence[str]
) -> list[alt.Chart]:
    """The name of each line at its end, pushed apart."""
    lasts = [next(((a, b) for a, b, _ in reversed(line.points) if math.isfinite(b)), None) for line in found]
    known = [(i, last) for i, last in enumerate(lasts) if last is not None]
    heights = spread([(top - b) / (top - bottom) * height for _, (_, b) in known], [16.0] * len(known))
    right = max((a for _, (a, _) in known), default=0.0)
    return [
        alt.Chart(inline([{"x": right}]))
        .mark_text(
            align="left", baseline="middle", dx=8, fontSize=12, color=inks[i % len(inks)], text=found[i].name
        )
        .encode(x=x, y=alt.YValue(alt.expr(f"height * {px / height:.4f}")))  # type: ignore[no-untyped-call]
        for (i, _), px in zip(known, heights, strict=True)
    ]  # fmt: skip
