"""Where the measurement changed: a labelled line across the chart, which neither line nor band crosses."""

from collections.abc import Sequence
from typing import Any

import altair as alt

from cxmon.charts.inline import inline
from cxmon.charts.palette import Palette
from cxmon.charts.points import local_ms
from cxmon.model import Break, Metric

LABEL = "measured anew"


def lines(
    breaks: Sequence[Break], metric: Metric, *, x: alt.X, y: alt.Scale, first: float, last: float, low: float,
    high: float, colours: Palette,
) -> list[alt.Chart]:  # fmt: skip
    """The layers of all breaks between `first` and `last` (milliseconds); `low` and `high` are the chart's ends."""
    placed = [(one, local_ms(one.at, metric.zone)) for one in breaks]
    rows = [
        {"day": day, "low": low, "high": high, "said": LABEL, "title": one.title}
        for one, day in placed
        if first <= day <= last
    ]
    if not rows:
        return []
    base = alt.Chart(inline(rows))
    height = alt.Y("low:Q", title=None, scale=y)
    rule = base.mark_rule(color=colours.muted, strokeWidth=1.6, strokeDash=[6, 3]).encode(
        x=x, y=height, y2=alt.Y2("high:Q")
    )
    style: dict[str, Any] = {
        "align": "left",
        "baseline": "bottom",
        "dx": 5,
        "dy": -5,
        "fontSize": 12,
        "fontWeight": 600,
    }
    halo: dict[str, Any] = {"stroke": colours.paper, "strokeWidth": 5, "strokeJoin": "round", "color": colours.paper}
    text = base.encode(x=x, y=height, text=alt.Text("said:N"))
    return [rule, text.mark_text(**halo, **style), text.mark_text(**style, color=colours.muted)]
