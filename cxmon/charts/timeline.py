"""What a period would have told: one row a story, a mark for each message, in the colour and shape of its tone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import altair as alt

from cxmon.charts.inline import inline
from cxmon.charts.palette import PALETTES
from cxmon.charts.picture import render
from cxmon.model import Tone

WIDTH, ROW = 640, 26
SHAPES = {Tone.RED: "square", Tone.AMBER: "triangle-up", Tone.TEAL: "circle", Tone.GREY: "diamond"}


@dataclass(frozen=True, kw_only=True)
class Mark:
    """One message: when, of which story, in which tone."""

    at: datetime
    story: str
    tone: Tone


def timeline(marks: Sequence[Mark], *, since: datetime, until: datetime, title: str, subtitle: Sequence[str]) -> bytes:
    """A PNG. Stories stand in the order of their first message; a line joins those of one story."""
    colours = PALETTES["light"]
    stories = list(dict.fromkeys(m.story for m in marks)) or ["no alert"]
    rows = [
        {"at": int(m.at.timestamp() * 1000), "story": m.story, "tone": m.tone.value, "ink": colours.tone(m.tone)}
        for m in marks
    ]
    scale = alt.Scale(domain=[int(t.timestamp() * 1000) for t in (since, until)], type="utc")
    axis = alt.Axis(labelColor=colours.muted, gridColor=colours.grid, domainColor=colours.axis, format="%b %Y")
    y = alt.Y(
        "story:N",
        sort=stories,
        title=None,
        scale=alt.Scale(domain=stories),
        axis=alt.Axis(labelLimit=260, labelColor=colours.ink, domain=False, ticks=False),
    )
    tones = list(SHAPES)
    base = alt.Chart(inline(rows)).encode(y=y)
    line = base.mark_rule(color=colours.axis, strokeWidth=1.5).encode(
        x=alt.X("first:T", scale=scale, axis=axis, title=None), x2="last:T"
    )
    line = line.transform_aggregate(first="min(at)", last="max(at)", groupby=["story"])
    points = base.mark_point(filled=True, size=70, opacity=1).encode(
        x=alt.X("at:T", title=None, scale=scale, axis=axis),
        color=alt.Color("ink:N", scale=None),
        shape=alt.Shape(
            "tone:N", scale=alt.Scale(domain=[t.value for t in tones], range=[SHAPES[t] for t in tones]), legend=None
        ),
    )
    heading = alt.TitleParams(
        text=title, subtitle=list(subtitle), anchor="start", fontSize=17, color=colours.ink,
        subtitleFontSize=12, subtitleColor=colours.muted, subtitleLineHeight=17, subtitlePadding=5, offset=14,
    )  # fmt: skip
    chart = alt.layer(line, points).properties(
        width=WIDTH, height=max(2, len(stories)) * ROW, title=heading, padding=18, background=colours.paper
    )
    return render(chart.configure_view(stroke=None))
