"""How cases or days lie: a bar for each bin, and beside it where that bin stood before."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt

from cxmon.charts.inline import inline
from cxmon.charts.layered import behind, layered
from cxmon.charts.palette import PALETTES, Theme


@dataclass(frozen=True, kw_only=True)
class Bin:
    """`label` stands below the bar; shares are 0..1, NaN where it is not known how it was before."""

    label: str
    share: float
    before: float = float("nan")


def spread(
    bins: Sequence[Bin], *, unit: str, what: str, theme: Theme = "light", width: int | str = "container",
    height: int = 190,
) -> alt.LayerChart:  # fmt: skip
    """Bars of now, a short line across each where it stood before. `unit` is below the axis, `what` is counted."""
    colours = PALETTES[theme]
    known = [100 * x for one in bins for x in (one.share, one.before) if math.isfinite(x)]
    rows = [
        {
            "bin": one.label,
            "share": 100 * one.share,
            "before": 100 * one.before,
            "tip": f"{100 * one.share:.0f} % of the {what}",
            "was": f"{100 * one.before:.0f} %" if math.isfinite(one.before) else "not known",
        }
        for one in bins
    ]
    x = alt.X(
        "bin:N", sort=[one.label for one in bins], title=unit or None,
        axis=alt.Axis(
            labelColor=colours.muted, titleColor=colours.muted, titleFontWeight="normal", domainColor=colours.axis,
            ticks=False, labelAngle=0, labelFontSize=11, labelOverlap="greedy", labelSeparation=6, titlePadding=6,
        ),
    )  # fmt: skip
    axis = alt.Axis(
        gridColor=colours.grid, labelColor=colours.muted, domain=False, ticks=False, labelExpr=behind(" %"),
        tickCount=4,
    )  # fmt: skip
    scale = alt.Scale(domain=[0, 1.1 * max(known, default=1)], nice=False)
    tips = [
        alt.Tooltip("bin:N", title=unit or "Bin"),
        alt.Tooltip("tip:N", title="Now"),
        alt.Tooltip("was:N", title="Before"),
    ]
    base = alt.Chart(inline(rows)).encode(x=x, tooltip=tips)
    bars = base.mark_bar(color=colours.line, opacity=0.75, cornerRadiusEnd=2).encode(
        y=alt.Y("share:Q", title=None, scale=scale, axis=axis)
    )
    ticks = base.mark_tick(color=colours.ink, thickness=2, opacity=0.85).encode(
        y=alt.Y("before:Q", title=None, scale=scale, axis=axis)
    )
    return layered([bars, ticks], colours=colours, width=width, height=height, top=6)
