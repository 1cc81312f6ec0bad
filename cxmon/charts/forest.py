"""The segments inside a scope as a forest plot: each one's harm and range, the harm of the whole as a line.

A filled mark is the harm shrunk towards the whole, as large as its share of the answers; the small open one is the
segment's own. What stands out has another shape, the word beside it, and colour.
"""

import math

import altair as alt

from cxmon import wording
from cxmon.charts.inline import inline
from cxmon.charts.layered import layered
from cxmon.charts.palette import PALETTES, Palette, Theme
from cxmon.model import Interval, Metric, Place, Tone, Where
from cxmon.wording import numbers as say

ROW_PX, HEADS_PX = 26, 60
LEGEND = (
    "Filled: the harm drawn towards that of the whole (dashed), with its range, as large as its share of the answers. "
    "Open: the segment's own. All of it is worked out from the segments anew, so it may lie a little beside the "
    "verdict."
)
Rows = list[dict[str, object]]


def forest(where: Where, metric: Metric, *, theme: Theme = "light", width: int | str = "container") -> alt.LayerChart:
    """One row a segment, the ones that stand out first, then along each dimension the worst first."""
    colours = PALETTES[theme]
    rows = _rows(where, metric, colours)
    scale = say.factor(metric, where.unit)
    worse, unit = say.sides(metric, where)[0], unit_words(metric, where.unit)
    base = alt.Chart(inline(rows))
    y = alt.Y(
        "segment:N", sort=[str(row["segment"]) for row in rows], title=None,
        axis=alt.Axis(labelColor=colours.ink, domain=False, ticks=False, labelFontSize=12, labelLimit=170),
    )  # fmt: skip
    x = alt.X(
        "harm:Q", title=f"{worse} than expected{f', {unit}' if unit else ''}",
        axis=alt.Axis(
            gridColor=colours.grid, labelColor=colours.muted, titleColor=colours.muted, domain=False, ticks=False,
            tickCount=6,
        ),
    )  # fmt: skip
    ink = alt.Color("ink:N", scale=None)
    tips = [alt.Tooltip("segment:N", title="Segment"), alt.Tooltip("tip:N", title="Harm")]
    whole = alt.Chart(inline([{"at": where.whole * scale, "words": f"all of it {_size(where, metric)}"}]))
    zero = alt.Chart(inline([{"at": 0.0}])).mark_rule(color=colours.axis).encode(x=alt.X("at:Q"))
    line = whole.mark_rule(color=colours.expected, strokeDash=[5, 4]).encode(x=alt.X("at:Q"))
    size = alt.Size("volume:Q", scale=alt.Scale(domain=[0, 1], range=[45, 320]), legend=None)
    shape = alt.Shape("shape:N", scale=alt.Scale(domain=["alike", "named"], range=["circle", "diamond"]), legend=None)
    layers = [
        zero,
        line,
        whole.mark_text(baseline="bottom", dy=-4, fontSize=11, color=colours.muted).encode(
            x=alt.X("at:Q"),
            y=alt.YValue(0),  # type: ignore[no-untyped-call]
            text=alt.Text("words:N"),
        ),
        base.mark_rule(size=4, opacity=0.45, strokeCap="round").encode(
            x=alt.X("low:Q"), x2=alt.X2("high:Q"), y=y, color=ink
        ),
        base.mark_point(filled=False, size=30, opacity=0.8).encode(x=alt.X("own:Q"), y=y, color=ink, tooltip=tips),
        base.mark_point(filled=True, opacity=1).encode(x=x, y=y, color=ink, size=size, shape=shape, tooltip=tips),
        base.mark_text(align="left", dx=8, fontSize=11).encode(
            x=alt.X("high:Q"), y=y, text=alt.Text("word:N"), color=ink
        ),
    ]
    return layered(layers, colours=colours, width=width, height=ROW_PX * max(len(rows), 1) + HEADS_PX)


def _rows(where: Where, metric: Metric, colours: Palette) -> Rows:
    """The segments in their order, on the shown scale."""
    scale = say.factor(metric, where.unit)
    order = {place.segment: i for i, place in enumerate(where.named)}
    told = dict(zip((p.segment for p in where.places), wording.places(where, metric), strict=True))

    def key(place: Place) -> tuple[object, ...]:
        return order.get(place.segment, len(order)), place.segment.dimensions, -place.harm, place.segment

    rows: Rows = []
    for place in sorted(where.places, key=key):
        tone = (Tone.AMBER if place.harm > place.rest else Tone.TEAL) if place.named else Tone.GREY
        label = place.segment.label
        rows.append(
            {
                "segment": label, "harm": place.harm * scale, "low": place.low * scale, "high": place.high * scale,
                "own": place.own * scale, "volume": place.volume if math.isfinite(place.volume) else 0.0,
                "shape": "named" if place.named else "alike", "word": "stands out" if place.named else "",
                "ink": colours.tone(tone), "tip": told[place.segment].removeprefix(f"{label}: "),
            }
        )  # fmt: skip
    return rows


def _size(where: Where, metric: Metric) -> str:
    """The harm of the whole, as precise as a range of its own size would be."""
    about = Interval(estimate=0.0, low=-abs(where.whole), high=abs(where.whole))
    return say.amount(metric, where.whole, where.unit, say.digits_of(metric, about, where.unit))


def unit_words(metric: Metric, unit: str) -> str:
    """What stands behind the title of an axis of harms: `points`, `%`, `min`; empty for bare numbers."""
    return {"pt": "points", "%": "%"}.get(unit, say.amount(metric, 0.0, unit, 0)[1:].strip())
