"""Segment by metric: where it hurts. Colour, number and word follow the verdict; a dot is within the expected range."""

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt

from cxmon.charts.inline import inline
from cxmon.charts.layered import layered
from cxmon.charts.palette import PALETTES, Theme
from cxmon.model import Tone

HEADS_PX = 46
# The names of more columns than these stand aslant.
BESIDE, ASLANT_PX = 7, 84
# How high a name rises that stands aslant, a letter and at most; before its font is loaded a browser measures less.
LETTER_PX, NAME_PX = 4.6, 72
# A narrower column, as on a phone, has no room for its words side by side.
ROOM_PX = 58


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One segment and metric. `text`, `word` and `said`, which is both where there is room, are empty where nothing is
    beyond chance; `tip` explains on hover."""

    segment: str
    metric: str
    tone: Tone
    text: str = ""
    word: str = ""
    said: str = ""
    tip: str = ""


def heat(cells: Sequence[Cell], *, theme: Theme = "light", row_px: int = 40) -> alt.LayerChart:
    """The map. Rows and columns stand in the order of first appearance."""
    colours = PALETTES[theme]
    segments = list(dict.fromkeys(c.segment for c in cells))
    metrics = list(dict.fromkeys(c.metric for c in cells))
    crowded = len(metrics) > BESIDE
    narrow, column = f"width < {ROOM_PX * len(metrics)}", f"width / {max(len(metrics), 1)}"
    rows = [
        {
            "segment": c.segment,
            "metric": c.metric,
            "fill": colours.fill(c.tone),
            "ink": "#FFFFFF" if c.tone is Tone.RED else colours.ink,
            "text": c.text or "·",
            "word": c.word,
            "tip": c.tip,
        }
        for c in cells
    ]
    x = _heads(metrics, colours.muted, narrow, crowded=crowded)
    y = alt.Y(
        "segment:N",
        sort=segments,
        title=None,
        axis=alt.Axis(labelColor=colours.ink, domain=False, ticks=False, labelFontSize=12, labelLimit=150),
    )
    base = alt.Chart(inline(rows)).encode(x=x, y=y)
    tips = [alt.Tooltip("segment:N", title="Segment"), alt.Tooltip("metric:N", title="Metric")]
    box = base.mark_rect(stroke=colours.paper, strokeWidth=3, cornerRadius=5).encode(
        color=alt.Color("fill:N", scale=None), tooltip=[*tips, alt.Tooltip("tip:N", title="Against expected")]
    )
    ink = alt.Color("ink:N", scale=None)
    said = base.transform_filter("datum.word != ''")
    dots = base.transform_filter("datum.word == ''").mark_text(fontSize=14, color=colours.muted)
    layers = [
        box,
        said.mark_text(
            fontSize=alt.expr(f"{narrow} ? min(11, 0.38 * {column}) : 13"),
            fontWeight=600,
            dy=alt.expr(f"{narrow} ? -9 : -7"),
        ).encode(text=alt.Text("text:N"), color=ink),
        said.mark_text(
            text=alt.expr(f"{narrow} ? split(datum.word, ' ') : datum.word"),
            lineHeight=9,
            fontSize=alt.expr(f"{narrow} ? min(9, 0.31 * {column}) : 10.5"),
            dy=alt.expr(f"{narrow} ? 2 : 8"),
        ).encode(color=ink),
        dots.encode(text=alt.Text("text:N")),
    ]
    height = row_px * max(len(segments), 1) + (ASLANT_PX if crowded else HEADS_PX)
    return layered(layers, colours=colours, width="container", height=height)


def _heads(metrics: Sequence[str], ink: str, narrow: str, *, crowded: bool) -> alt.X:
    """The metrics' names above their columns; where `narrow` holds in the browser, or they are `crowded`, aslant."""
    return alt.X(
        "metric:N",
        sort=metrics,
        title=None,
        axis=alt.Axis(
            orient="top",
            labelAngle=alt.expr(f"{narrow} ? -55 : -30" if crowded else f"{narrow} ? -35 : 0"),
            labelAlign="left" if crowded else alt.expr(f"{narrow} ? 'left' : 'center'"),
            labelColor=ink,
            domain=False,
            ticks=False,
            labelFontSize=alt.expr(f"{narrow} ? 10 : 11"),
            labelLimit=alt.expr(f"{narrow} ? 85 : 110"),
            labelExpr="datum.label" if crowded else f"{narrow} ? datum.label : split(datum.label, ', ')",
            minExtent=min(NAME_PX, 8 + LETTER_PX * max(map(len, metrics), default=0)) if crowded else 0,
            labelPadding=4 if crowded or not any(" " in m for m in metrics) else 20,
        ),
    )
