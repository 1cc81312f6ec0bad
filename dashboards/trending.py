"""The trend of one series with its caption, as overview and decision pages show it."""

import math
from datetime import UTC, datetime
from functools import partial

import streamlit as st

from cxmon import charts, wording
from cxmon.model import Band, Metric, written
from cxmon.wording import gap as gaps
from cxmon.wording import targets as wording_of_targets
from cxmon.wording import terms
from dashboards import downloads, drawing
from dashboards.reading import World
from dashboards.text import grey, md

LEGEND = (
    "{smooth}, {better} is better. Shaded: where 99 of 100 fall when nothing changes. Line: "
    ":orange[amber] when worse than that, :red[vermilion] when a decision is over its limit, :green[teal] when better."
)

# Why the answer above a chart and the figure beside it are not one: they count other days.
ALONE = "The {what} counts every day since {since}; the line below the newest days alone."


def caption(band: Band, metric: Metric, world: World, where: str) -> str:
    """What the chart says, in words: the same figures as the card."""
    found = gaps.gap(band, metric)
    if found is None:
        return f"**{md(metric.label)}**, {md(where)}: too little data. {md(band.reason)}"
    over = world.limit(metric, band.key)
    before, strong, after = gaps.stands(found, metric, over.number if over else None)
    told = f"{before}**{md(strong)}**{after}"
    detail = f"{gaps.window(found, band, world.zone)}, {gaps.possible(found, metric)}"
    return f"**{md(metric.label)}**, {md(where)}: {told} {md(f'({detail}; n {written(found.n)})')}"


def draw(world: World, band: Band, metric: Metric, *, where: str, days: int, key: str, height: int = 330) -> None:
    """Caption, chart and download of one series; `height` is the chart's in pixels."""
    over = world.limit(metric, band.key)
    limit = over.height if over else None
    points = charts.points(band, metric, grave_since=over.since if over else None, limit=limit)
    shown = charts.recent(points, days)
    head, side = st.columns([9, 1], vertical_alignment="top")
    better = "higher" if metric.better == "higher" else "lower"
    legend = grey(LEGEND.format(smooth=average(band), better=better))
    pins, aimed = world.pins(metric.id, band.key), world.target(metric.id, band.key)
    target = f"target {wording_of_targets.bound(aimed, metric, world.zone)}" if aimed else ""
    legend += grey(f" Dash-dotted: {md(target)}.") if target else ""
    head.markdown(f"{caption(band, metric, world, where)}  \n{legend}", help=md(_meant(metric, legend)))
    made = partial(
        charts.trend,
        shown,
        metric,
        pins=pins,
        limit=limit,
        limit_from=over.since if over and limit is not None else None,
        limit_text=over.text if over else "",
        goal=aimed.target.value * wording.factor(metric) if aimed else None,
        goal_text=f"target {wording.value(metric, aimed.target.value)}" if aimed else "",
        anew=band.breaks,
    )
    with side:
        downloads.offer(
            key,
            f"{metric.id}_as_of_{band.as_of:%Y-%m-%d}",
            partial(csv, band),
            partial(made, width=downloads.WIDTH, width_px=downloads.WIDTH + 132, hover=False),
            title=f"{metric.label}, {where}",
            subtitle=(
                plain(caption(band, metric, world, where)).partition(f"{where}: ")[2],
                "; ".join(filter(None, (target, f"as of {wording.stamp(band.as_of, world.zone)}"))),
            ),
        )
    said = plain(caption(band, metric, world, where))
    marks = ", ".join(f"{p.number} {p.title}, {p.verdict}" for p in pins)
    anew = "".join(f". Measured anew from {wording.day(one.at, metric.zone)}: {one.title}" for one in band.breaks)
    told = f"{said}. Decisions marked: {marks or 'none'}{anew}"
    same = ("trend", *world.stamp, metric.id, band.key, days, height)
    drawing.show(partial(made, theme="page", height=height), key=f"trend_{key}", said=told, same=same)


def _meant(metric: Metric, legend: str) -> str:
    """What the figure is, and what the words of its caption mean."""
    defined = f"{metric.definition.rstrip('.')}. " if metric.definition else ""
    return f"{defined}{terms.EXPECTED} {terms.N} {terms.RANGE} {terms.within(legend)} {terms.NOT_COMPLETE} {terms.SPAN}"


def average(band: Band) -> str:
    if band.smooth <= 1:
        return "Each period"
    if not any(math.isfinite(value) for value in band.value[-2 * band.smooth :]):
        whole = "weeks" if gaps.daily(band) else f"blocks of {band.smooth} periods"
        return f"Whole {whole} only (single ones have too few answers to show)"
    partly = any(
        done and n > 0 and not math.isfinite(value)
        for done, n, value in zip(band.complete, band.n, band.value, strict=True)
    )
    if gaps.daily(band):
        one = " (one point a week where single days would tell of too few answers)" if partly else ""
        return f"{band.smooth}-day average{one}"
    one = " (one point a block where single ones would tell of too few answers)" if partly else ""
    return f"Average of {band.smooth} periods{one}"


def plain(text: str) -> str:
    """A caption without its marks, for where it is not Markdown."""
    return text.replace("*", "").replace("\\", "")


def csv(band: Band) -> bytes:
    """The series as CSV."""
    return downloads.table([
        {
            "start_utc": datetime.fromtimestamp(start, UTC).isoformat(),
            "value": band.value[i],
            "n": band.n[i],
            "average": band.avg[i],
            "expected": band.expected[i],
            "low": band.low[i],
            "high": band.high[i],
            "complete": band.complete[i],
        }
        for i, start in enumerate(band.starts)
    ])  # fmt: skip
