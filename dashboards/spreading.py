"""How single cases lie, where the store holds sketches of them; else how the days do. Both against before."""

import math
from collections.abc import Sequence
from functools import partial

import streamlit as st

from cxmon import charts, wording
from cxmon.charts.layout import ticks
from cxmon.model import Band, Metric, Segment, Sheet, Spread, written
from cxmon.wording import describing
from cxmon.wording import gap as gaps
from dashboards import answering, downloads, drawing, figures
from dashboards.reading import World
from dashboards.text import grey, md

DAYS, LEAST = 91, 20


def section(world: World, band: Band, metric: Metric, sheet: Sheet | None) -> None:
    """The bars with what they count, over which days, and against which."""
    spread = next((s for s in sheet.spreads if s.segment.key == band.key), None) if sheet else None
    with st.container(border=True, height="stretch", key="spread"):
        what = "cases" if spread is not None else "days" if gaps.daily(band) else "periods"
        st.header(
            f"How the {what} lie", anchor=False,
            help="An average hides who waits longest. The short line across a bar is where it stood before.",
        )  # fmt: skip
        bins, told, note = _of_cases(spread, metric, world) if spread is not None else _of_days(band, metric, world)
        if not bins:
            st.markdown(grey(md(note)))
            return
        st.markdown(md(told))
        made = partial(charts.spread, bins, unit=describing.unit(metric), what=what)
        said = ", ".join(f"{b.label}: {100 * b.share:.0f} %" for b in bins)
        drawing.show(partial(made, theme="page"), key="spread_chart", said=f"{told}. {said}")
        foot, side = st.columns([4, 2], vertical_alignment="center")
        foot.caption(md(note))
        with side:
            downloads.offer(
                "spread",
                f"{metric.id}_spread_as_of_{band.as_of:%Y-%m-%d}",
                partial(_csv, bins),
                partial(made, width=downloads.WIDTH),
                title=f"{metric.label}, {Segment.from_key(band.key).label}: how the {what} lie",
                subtitle=(told, note),
            )


def _of_cases(spread: Spread, metric: Metric, world: World) -> tuple[list[charts.Bin], str, str]:
    names = describing.bins(metric, spread.edges)
    before = spread.before or (math.nan,) * len(names)
    bins = [charts.Bin(label=a, share=b, before=c) for a, b, c in zip(names, spread.shares, before, strict=True)]
    was = "; short lines: the three times as long before" if spread.before else ""
    note = f"Bars: {describing.spread_window(spread, world.zone)}{was}. Counts are rounded: they tell of nobody."
    return bins, describing.lies(metric, spread), note


def _of_days(band: Band, metric: Metric, world: World) -> tuple[list[charts.Bin], str, str]:
    """The complete periods of the last 91 against those of the year before, each as its average was (`value`)."""
    scale = wording.factor(metric)
    known = [(at, v * scale) for at, v, ok in zip(band.starts, band.value, band.complete, strict=True)
             if ok and math.isfinite(v)]  # fmt: skip
    now, before = [v for _, v in known[-DAYS:]], [v for _, v in known[-DAYS - 365 : -DAYS]]
    if len(now) < LEAST:
        why = "single days have too few answers to be shown" if len(known) < len(band.starts) / 2 else "too few yet"
        return [], "", f"{wording.counted(len(now), 'period')} can be shown, {LEAST} are needed: {why}."
    edges = ticks(min(now), max(now), about=9)
    if len(edges) < 2:
        return [], "", f"All {len(now)} were {wording.value(metric, now[0] / scale)}."
    names = describing.bins(metric, [edge / scale for edge in edges])
    bins = [
        charts.Bin(label=name, share=_within(now, edges, i), before=_within(before, edges, i))
        for i, name in enumerate(names)
    ]
    low, high = (wording.value(metric, x / scale) for x in (_quantile(now, 0.1), _quantile(now, 0.9)))
    unit = "days" if gaps.daily(band) else "periods"
    told = f"Eight of ten {unit} lay between {low} and {high}"
    was = f"; short lines: the {len(before)} before" if len(before) >= LEAST else ""
    last = wording.day(figures.moment(known[-1][0]), world.zone)
    behind = _behind(band, metric, world, known[-DAYS:])
    return bins, told, f"Bars: the {len(now)} complete {unit} to {last}, {behind}{was}."


def _behind(band: Band, metric: Metric, world: World, shown: Sequence[tuple[int, float]]) -> str:
    """How many answers stand behind the periods that are shown, and of a survey its response rate over them."""
    starts = {at for at, _ in shown}
    n = sum(count for at, count in zip(band.starts, band.n, strict=True) if at in starts)
    first, last = band.starts.index(shown[0][0]), band.starts.index(shown[-1][0]) + 1
    rate = answering.over(world, band, metric, first, last)
    return ", ".join(filter(None, (f"n {written(n)}", rate)))


def _within(values: Sequence[float], edges: Sequence[float], i: int) -> float:
    if len(values) < LEAST:
        return math.nan
    low, high = ([-math.inf, *edges][i], [*edges, math.inf][i])
    return sum(low <= v < high for v in values) / len(values)


def _quantile(values: Sequence[float], q: float) -> float:
    return sorted(values)[min(len(values) - 1, int(q * len(values)))]


def _csv(bins: Sequence[charts.Bin]) -> bytes:
    return downloads.table([{"bin": b.label, "share": b.share, "share_before": b.before} for b in bins])
