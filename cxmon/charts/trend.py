"""The trend: expected band, daily dots, one strong line that changes colour, numbered pins, labels at its end."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any

import altair as alt

from cxmon import wording
from cxmon.charts import breaks, layout
from cxmon.charts.inline import Rows, inline, short
from cxmon.charts.layered import behind, layered
from cxmon.charts.narrow import NARROW, WIDE_PX, style, wide_only
from cxmon.charts.palette import PALETTES, Palette, Theme
from cxmon.charts.points import Pin, Point, coarse, local_ms, runs
from cxmon.model import Break, Metric
from cxmon.wording.gap import levels_shown

LABEL_PX = 132
# Of the asked height what the figures keep at least: above many rows of pins the chart is higher.
FIGURES = 0.6
# Middle and height in px, and lines that stay together: each its px below the middle, and what its mark is given.
_Label = tuple[float, float, list[tuple[float, dict[str, Any]]]]


@dataclass(frozen=True, kw_only=True)
class _Frame:
    """What all layers share: colours, scales, pins and the head-room that is kept for them, a `row` each."""

    metric: Metric
    colours: Palette
    x: alt.Scale
    y: alt.Scale
    first: float
    last: float
    low: float
    high: float
    top: float
    row: float
    height: int
    placed: Sequence[layout.Placed]

    def px(self, value: float) -> float:
        return (self.top - min(max(value, self.low), self.top)) / (self.top - self.low) * self.height


def trend(
    found: Sequence[Point],
    metric: Metric,
    *,
    pins: Sequence[Pin] = (),
    limit: float | None = None,
    limit_from: datetime | None = None,
    limit_text: str = "",
    goal: float | None = None,
    goal_text: str = "",
    theme: Theme = "light",
    width: int | str = "container",
    width_px: int = WIDE_PX + LABEL_PX,
    height: int = 330,
    hover: bool = True,
    anew: Sequence[Break] = (),
) -> alt.LayerChart:
    """The trend of one series, its pins laid out for `width_px` of plot and labels, and up. `limit` is the accepted
    harm on the shown scale, drawn from `limit_from` on; `goal` the height of a target, which is another thing than what
    is expected; `anew` is where the measurement changed."""
    shown = coarse(found)
    marked = [x for x in (goal,) if x is not None]
    frame = _frame(shown, metric, pins, limit if limit_from else None, PALETTES[theme], width_px, height, marked)
    layers = [*_band(frame, shown), *_stems(frame), *_dots(frame, shown)]
    if limit is not None and limit_from is not None:
        layers += _limit(frame, shown, limit, local_ms(limit_from, metric.zone))
    layers += breaks.lines(
        anew, metric, x=_x(frame), y=frame.y, first=frame.first, last=frame.last, low=frame.low, high=frame.high,
        colours=frame.colours,
    )  # fmt: skip
    layers += _line(frame, shown)
    layers += _goal(frame, goal) if goal is not None else []
    if hover:
        layers.append(_hover(frame, shown))
    layers += _pins(frame, hover=hover)
    level = [(0.0, style(12, 400, frame.colours.muted, goal_text))]
    beside: list[_Label] = [] if goal is None else [(frame.px(goal), 16, level)]
    layers += _ends(frame, shown, limit if limit_from else None, limit_text, beside)
    return layered(layers, colours=frame.colours, width=width, height=frame.height, top=4)


def _frame(
    shown: Sequence[Point],
    metric: Metric,
    pins: Sequence[Pin],
    limit: float | None,
    colours: Palette,
    width_px: int,
    height: int,
    marked: Sequence[float] = (),
) -> _Frame:
    first, last = (shown[0].day, shown[-1].day) if shown else (0.0, 1.0)
    inside = [(p, day) for p in pins if first <= (day := local_ms(p.at, metric.zone)) <= last]
    placed = layout.place(inside, first, last, width_px - LABEL_PX)
    rows = max((max(p.level, p.narrow) for p in placed), default=-1) + 1
    main = _finite(x for p in shown for x in (p.low, p.high, p.avg))
    values = sorted(_finite(p.value for p in shown))
    cut = len(values) // 50
    main += values[cut : len(values) - cut]
    if limit is not None and shown:
        main.append(shown[-1].expected + metric.harm_sign * limit)
    main = _finite([*main, *marked]) or [0.0, 1.0]
    low, high = min(main), max(main)
    pad = (high - low or abs(high) or 1.0) * 0.06
    bottom, tall = low - pad, max(height, math.ceil(rows * layout.ROW_PX + height * FIGURES))
    row = (high + pad - bottom) / (tall - rows * layout.ROW_PX) * layout.ROW_PX
    top = high + pad + row * rows
    return _Frame(
        metric=metric,
        colours=colours,
        # As ISO instants: numbers are read as years by some versions of Vega-Lite.
        x=alt.Scale(type="utc", domain=[_iso(first), _iso(last)]),
        y=alt.Scale(domain=[bottom, top], nice=False, zero=False, clamp=True),
        first=first,
        last=last,
        low=bottom,
        high=high + pad,
        top=top,
        row=row,
        height=tall,
        placed=placed,
    )


def _iso(day: float) -> str:
    return datetime.fromtimestamp(day / 1000, UTC).isoformat()


def _finite(values: Iterable[float]) -> list[float]:
    return [v for v in values if math.isfinite(v)]


def _rows(found: Iterable[Point], *fields: str) -> Rows:
    """What a layer draws and no more: all of it goes to the browser."""
    return [{"day": p.day} | {field: short(getattr(p, field)) for field in fields} for p in found]


def _x(frame: _Frame) -> alt.X:
    days = (frame.last - frame.first) / 86_400_000
    pattern, every = ("%b", "month") if days > 120 else ("%-d %b", "week")
    if days > 800:
        pattern, every = "%Y", "year"
    year = f"utcFormat(datum.value, '{pattern} %Y')"
    text = f"month(datum.value) == 0 && {every == 'month'} ? {year} : utcFormat(datum.value, '{pattern}')".replace(
        "True", "true"
    ).replace("False", "false")
    axis = alt.Axis(
        grid=False,
        tickCount={"interval": every, "step": 1},
        labelExpr=text.replace("month(", "utcmonth("),
        labelColor=frame.colours.muted,
        domainColor=frame.colours.axis,
        tickColor=frame.colours.axis,
        labelFontSize=12,
        labelPadding=6,
        labelOverlap="greedy",
        labelSeparation=10,
    )
    return alt.X("day:T", title=None, scale=frame.x, axis=axis)


def _y(frame: _Frame, field: str) -> alt.Y:
    at = layout.ticks(frame.low, frame.high)
    suffix = " %" if wording.is_share(frame.metric) else ""
    axis = alt.Axis(
        values=at,
        format=f",.{layout.decimals(at)}f",
        labelExpr=behind(suffix),
        gridColor=frame.colours.grid,
        domain=False,
        ticks=False,
        labelColor=frame.colours.muted,
        labelFontSize=12,
    )
    return alt.Y(f"{field}:Q", title=None, scale=frame.y, axis=axis)


def _band(frame: _Frame, shown: Sequence[Point]) -> list[alt.Chart]:
    """One area for each regime: at an accepted or declared change the band steps, it never slides."""
    base = alt.Chart(
        inline(_rows((p for p in shown if math.isfinite(p.low)), "low", "high", "expected", "regime"))
    ).encode(x=_x(frame))
    area = base.mark_area(color=frame.colours.band, opacity=0.28)
    dashed = base.mark_line(color=frame.colours.expected, strokeDash=[4, 3], strokeWidth=1.4)
    return [
        area.encode(y=_y(frame, "low"), y2=alt.Y2("high:Q"), detail=alt.Detail("regime:N")),
        dashed.encode(y=_y(frame, "expected"), detail=alt.Detail("regime:N")),
    ]


def _dots(frame: _Frame, shown: Sequence[Point]) -> list[alt.Chart]:
    """Daily values as pale dots; hollow where the period is not complete yet."""
    if len(shown) > 400:
        return []
    done = [p for p in shown if p.complete and math.isfinite(p.value)]
    open_ = [p for p in shown if not p.complete and math.isfinite(p.value)]
    full = alt.Chart(inline(_rows(done, "value"))).mark_circle(size=11, color=frame.colours.dot, opacity=0.55)
    hollow = alt.Chart(inline(_rows(open_, "value"))).mark_point(size=13, color=frame.colours.dot, strokeWidth=1.1)
    return [layer.encode(x=_x(frame), y=_y(frame, "value")) for layer in (full, hollow)]


def _limit(frame: _Frame, shown: Sequence[Point], limit: float, since: float) -> list[alt.Chart]:
    rows = [
        {"day": p.day, "limit": p.expected + frame.metric.harm_sign * limit}
        for p in shown
        if p.day >= since and math.isfinite(p.expected)
    ]
    line = alt.Chart(inline(rows)).mark_line(
        color=frame.colours.red, strokeDash=[1, 3], strokeCap="round", strokeWidth=1.8
    )
    return [line.encode(x=_x(frame), y=_y(frame, "limit"))]


def _goal(frame: _Frame, goal: float) -> list[alt.Chart]:
    """A target: one level line over the whole chart. Its words stand at the end, where they cover no figure."""
    base = alt.Chart(inline([{"goal": goal}]))
    rule = base.mark_rule(color=frame.colours.muted, strokeDash=[8, 3, 2, 3], strokeWidth=1.3)
    return [rule.encode(y=_y(frame, "goal"))]


def _line(frame: _Frame, shown: Sequence[Point]) -> list[alt.Chart]:
    """The average: strong where complete, pale and dotted where not."""
    done = [p for p in shown if p.complete]
    rest = done[-1:] + [p for p in shown if not p.complete]
    colours = frame.colours
    late = alt.Chart(inline(_rows(rest, "avg"))).mark_line(
        color=colours.muted, opacity=0.6, strokeWidth=1.6, strokeDash=[2, 2]
    )
    strong = alt.Chart(
        inline([{"day": p.day, "avg": short(p.avg), "run": run, "hue": _hue(frame, p)} for run, p in runs(done)])
    ).mark_line(strokeWidth=2.6, strokeCap="round", strokeJoin="round")
    return [
        late.encode(x=_x(frame), y=_y(frame, "avg")),
        strong.encode(
            x=_x(frame), y=_y(frame, "avg"), detail=alt.Detail("run:N"), color=alt.Color("hue:N", scale=None)
        ),
    ]


def _hover(frame: _Frame, shown: Sequence[Point]) -> alt.Chart:
    # Both have names: Altair would make one of all that the layer holds.
    near = alt.selection_point(
        name="near", nearest=True, on="pointerover", fields=["day"], empty=False, clear="pointerout"
    )

    def text(x: float) -> str:
        return wording.value(frame.metric, x / wording.factor(frame.metric))

    # The browser shows the whole of `tip`; to put it together there takes longer than all the rest of the chart.
    rows = [
        {
            "day": p.day,
            "tip": {
                "Period": f"{datetime.fromtimestamp(p.day / 1000, UTC):%a %-d %b %Y}",
                "Average": text(p.avg),
                "This period": text(p.value),
                "Expected": text(p.expected),
                "Expected range": f"{text(p.low)} to {text(p.high)}",
                "Data": "complete" if p.complete else "not complete yet",
            },
        }
        for p in shown
    ]
    rule: alt.Chart = (
        alt.Chart(inline(rows), name="hover")
        .mark_rule(color=frame.colours.axis, strokeWidth=1)
        .encode(
            x=_x(frame),
            opacity=alt.condition(near, alt.value(1), alt.value(0)),
            tooltip=alt.Tooltip("tip:N"),
        )
        .add_params(near)
    )
    return rule


def _pin_rows(frame: _Frame) -> Rows:
    return [
        {
            "day": p.day,
            "wide": frame.top - frame.row * (p.level + 0.45),
            "narrow": frame.top - frame.row * (p.narrow + 0.45),
            "foot": frame.low,
            "no": str(p.pin.number),
            "title": p.pin.title,
            "verdict": p.pin.verdict,
            "category": p.pin.category,
            "hue": frame.colours.tone(p.pin.tone),
            "flipped": p.flipped,
            "titled": p.titled,
        }
        for p in frame.placed
    ]


def _hue(frame: _Frame, point: Point) -> str:
    """The line's colour as data: layers share colour scales, and two scales in one chart would be merged."""
    colours = frame.colours
    return {"calm": colours.line, "amber": colours.amber, "red": colours.red, "teal": colours.teal}[point.state]


def _stems(frame: _Frame) -> list[alt.Chart]:
    if not frame.placed:
        return []
    stems = _raised(_pin_rows(frame)).mark_rule(strokeWidth=1.4, opacity=0.8)
    return [stems.encode(x=_x(frame), y=_y(frame, "at"), y2=alt.Y2("foot:Q"), color=alt.Color("hue:N", scale=None))]


def _raised(rows: Rows) -> alt.Chart:
    """Pins `at` their heights, which on a phone are those of heads alone."""
    chart: alt.Chart = alt.Chart(inline(rows)).transform_calculate(at=f"{NARROW} ? datum.narrow : datum.wide")
    return chart


def _pins(frame: _Frame, *, hover: bool) -> list[alt.Chart]:
    """Numbered heads in the verdict's colour, their titles beside them; on narrow screens the number alone."""
    rows = _pin_rows(frame)
    if not rows:
        return []
    tips = {"title": "Decision", "category": "Kind", "verdict": "Verdict"}
    tooltip = [alt.Tooltip(f"{k}:N", title=v) for k, v in tips.items()] if hover else alt.Undefined
    # Two digits stay inside the head as well.
    fits = alt.expr("13 - 2 * length(datum.no)")
    heads = _raised(rows).encode(x=_x(frame), y=_y(frame, "at"))
    layers = [
        heads.mark_circle(size=250, opacity=1).encode(color=alt.Color("hue:N", scale=None), tooltip=tooltip),
        heads.mark_text(fontSize=fits, fontWeight=700, color=frame.colours.paper).encode(text=alt.Text("no:N")),
    ]
    for flipped, align, dx in ((False, "left", 13), (True, "right", -13)):
        part = [r for r in rows if r["flipped"] is flipped and r["titled"]]
        if not part:
            continue
        text = _raised(part).encode(x=_x(frame), y=_y(frame, "at"), text=alt.Text("title:N"))
        look: dict[str, Any] = {
            "align": align, "dx": dx, "fontSize": wide_only(12), "fontWeight": 600, "baseline": "middle",
        }  # fmt: skip
        halo: dict[str, Any] = {
            "stroke": frame.colours.paper,
            "strokeWidth": 5,
            "strokeJoin": "round",
            "color": frame.colours.paper,
        }
        layers += [
            text.mark_text(**halo, **look),
            text.mark_text(**look).encode(color=alt.Color("hue:N", scale=None)),
        ]
    return layers


def _ends(
    frame: _Frame, shown: Sequence[Point], limit: float | None, limit_text: str, beside: Sequence[_Label]
) -> list[alt.Chart]:
    """The last complete value, the expectation, the limit and what else stands `beside` the line's end instead of a
    legend."""
    done = [p for p in shown if p.complete and math.isfinite(p.avg)]
    if not done:
        return []
    last, colours = done[-1], frame.colours
    seen, expected = levels_shown(frame.metric, last.avg, last.expected, last.low, last.high)
    colour = _hue(frame, last)
    day = datetime.fromtimestamp(last.day / 1000, UTC)
    at = frame.px(last.avg)
    lines = [(19, style(15, 700, colour, seen))]
    lines.append((15, style(11, 400, colours.muted, f"to {day:%-d %b}")))
    if len(done) < len(shown) and any(not p.complete for p in shown):
        lines.append((15, style(11, 400, colours.muted, "later: not complete yet", wide=True)))
    tall = sum(gap for gap, _ in lines)
    tops = accumulate((gap for gap, _ in lines), initial=-tall / 2)
    held = [(top + gap / 2, look) for top, (gap, look) in zip(tops, lines, strict=False)]
    labels: list[_Label] = [*beside, (at - 12 + tall / 2, tall, held)]
    if math.isfinite(last.expected):
        labels.append((frame.px(last.expected), 16, [(0, style(12, 400, colours.muted, f"expected {expected}"))]))
    if limit is not None and math.isfinite(last.expected):
        y = frame.px(last.expected + frame.metric.harm_sign * limit)
        labels.append((y, 16, [(0, style(12, 400, colours.red, limit_text))]))
    heights = layout.spread([y for y, _, _ in labels], [gap for _, gap, _ in labels])
    end = alt.Chart(inline([{"day": frame.last}])).encode(x=_x(frame))
    texts = [
        end.mark_text(align="left", baseline="middle", dx=12, **look).encode(y=_at(frame, y + below))
        for y, (_, _, held) in zip(heights, labels, strict=True)
        for below, look in held
    ]
    head = alt.Chart(inline(_rows([last], "avg"))).mark_point(filled=True, size=64, color=colour, opacity=1)
    return [head.encode(x=_x(frame), y=_y(frame, "avg")), *texts]


def _at(frame: _Frame, px: float) -> Any:
    """A height as a share of the plot's, because a page may draw the plot lower than it was laid out."""
    return alt.YValue(alt.expr(f"height * {px / frame.height:.4f}"))  # type: ignore[no-untyped-call]
