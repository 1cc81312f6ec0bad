"""Parts that add up, one below the other: what a moved total is made of, what decisions use of an allowance."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from cxmon.charts.forest import unit_words
from cxmon.charts.inline import inline
from cxmon.charts.layered import locale
from cxmon.charts.palette import PALETTES, Palette, Theme
from cxmon.model import AllowanceUse, Interval, Metric, Split, Tone
from cxmon.wording import numbers as say
from cxmon.wording.allowances import allowance_size
from cxmon.wording.mixing import parts as parts_of
from cxmon.wording.mixing import sides as sides_of

ROW_PX, HEADS_PX = 30, 56
LEGEND = (
    "Bars add up from top to bottom; each ends at its upright mark; thin lines are ranges. Amber: surely worse; teal: "
    "surely better; grey: not shown."
)


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One part from `start` to `end`, on the shown scale; `low` and `high` are the part's own range, NaN where it is
    not known. A `total` begins at zero. `said` is it in words."""

    label: str
    start: float
    end: float
    low: float
    high: float
    said: str
    total: bool = False


def mix(split: Split, metric: Metric, *, theme: Theme = "light", width: int | str = "container") -> alt.LayerChart:
    """A moved total as the parts that add up to it."""
    scale = say.factor(metric, split.unit)
    bars: list[Bar] = []
    at = 0.0
    for part in parts_of(split, metric):
        low, high = part.range or (math.nan, math.nan)
        start = 0.0 if part.total else at
        at = start + part.size * scale
        bars.append(
            Bar(label=part.label, start=start, end=at, low=low * scale, high=high * scale, said=part.said,
                total=part.total)
        )  # fmt: skip
    return drawn(bars, title=_title(sides_of(split, metric)[0], metric, split.unit), theme=theme, width=width)


def used(
    use: AllowanceUse, metric: Metric, titles: Mapping[str, str], *, theme: Theme = "light",
    width: int | str = "container",
) -> alt.LayerChart:  # fmt: skip
    """What each judged decision uses of a year's allowance, the largest first, and all of them beside it."""
    scale = say.factor(metric, use.unit)
    bars: list[Bar] = []
    at = 0.0
    for one in sorted((one for one in use.carried if one.known), key=lambda one: (-one.harm.estimate, one.change)):
        start, at = at, at + one.harm.estimate * scale
        bars.append(_used(titles.get(one.change, one.change), start, at, one.harm, use, metric))
    bars.append(_used("Together", 0.0, use.summed.estimate * scale, use.summed, use, metric))
    return drawn(
        bars, title=_title("worse for all customers", metric, use.unit), theme=theme, width=width,
        limit=use.limit * scale, limit_text=f"allowed {say.amount(metric, use.limit, use.unit)}",
    )  # fmt: skip


def _used(label: str, start: float, end: float, harm: Interval, use: AllowanceUse, metric: Metric) -> Bar:
    scale = say.factor(metric, use.unit)
    return Bar(
        label=label, start=start, end=end, low=harm.low * scale, high=harm.high * scale,
        said=allowance_size(use, metric, harm), total=label == "Together",
    )  # fmt: skip


def drawn(
    bars: Sequence[Bar], *, title: str, theme: Theme, width: int | str, limit: float | None = None, limit_text: str = ""
) -> alt.LayerChart:
    """The bars; a range stands where its bar ends, a `limit` is a line through all of them."""
    colours = PALETTES[theme]
    base = alt.Chart(inline([_row(bar, colours) for bar in bars]))
    y = alt.Y(
        "label:N", sort=[bar.label for bar in bars], title=None,
        axis=alt.Axis(labelColor=colours.ink, domain=False, ticks=False, labelFontSize=12, labelLimit=170),
    )  # fmt: skip
    x = alt.X(
        "start:Q", title=title,
        axis=alt.Axis(
            gridColor=colours.grid, labelColor=colours.muted, titleColor=colours.muted, domain=False, ticks=False,
            titleFontWeight="normal", tickCount=6,
        ),
    )  # fmt: skip
    ink = alt.Color("ink:N", scale=None)
    tips = [alt.Tooltip("label:N", title="Part"), alt.Tooltip("said:N", title="Size")]
    span = {"x": alt.X("low:Q"), "x2": alt.X2("high:Q"), "y": y}
    lines = _line(limit, limit_text, colours.red, [5, 4]) if limit is not None else []
    layers = [
        *_line(0.0, "", colours.axis, [1, 0]),
        base.mark_bar(height=14, cornerRadius=2).encode(x=x, x2="end:Q", y=y, color=ink, tooltip=tips),
        # On a bar of any colour a line is seen by the paper around it.
        base.mark_rule(size=4.4, color=colours.paper).encode(**span),
        base.mark_rule(size=1.6, color=colours.ink).encode(**span),
        # Where a bar ends, also one of no size.
        base.mark_tick(size=16, thickness=2, color=colours.ink).encode(x="end:Q", y=y),
        *lines,
    ]
    chart: alt.LayerChart = (
        alt.layer(*layers)
        .properties(width=width, height=ROW_PX * len(bars) + HEADS_PX - 40)
        .configure(background=colours.paper, locale=locale())
        .configure_view(stroke=None)
    )
    return chart


def _row(bar: Bar, colours: Palette) -> dict[str, Any]:
    tone = Tone.AMBER if bar.low > 0 else Tone.TEAL if bar.high < 0 else Tone.GREY
    return {
        "label": bar.label, "start": bar.start, "end": bar.end, "low": bar.start + bar.low,
        "high": bar.start + bar.high, "ink": colours.tone(tone) if tone is not Tone.GREY else colours.band,
        "said": bar.said,
    }  # fmt: skip


def _line(at: float, words: str, ink: str, dash: list[int]) -> list[alt.Chart]:
    base = alt.Chart(inline([{"at": at, "words": words}])).encode(x="at:Q")
    text = base.mark_text(baseline="bottom", dy=-4, fontSize=11, color=ink).encode(y=alt.value(0), text="words:N")
    return [base.mark_rule(color=ink, strokeDash=dash, strokeWidth=1.4), *([text] if words else [])]


def _title(worse: str, metric: Metric, unit: str) -> str:
    words = unit_words(metric, unit)
    return f"{worse}{f', {words}' if words else ''}"
