"""One series against itself a year before, weekday by weekday."""

import math
from datetime import UTC, date, datetime
from functools import partial

import streamlit as st

from cxmon import charts, wording
from cxmon.model import Band, Grain, Metric, written
from cxmon.periods import named_days_off
from cxmon.wording import describing
from cxmon.wording import gap as gaps
from dashboards import answering, beside, downloads, drawing
from dashboards.reading import World
from dashboards.text import grey, md

# As many weeks, so that a Monday stands beside a Monday.
YEAR_MS = 364 * 86_400_000.0


def earlier(points: list[charts.Point], metric: Metric) -> dict[float, charts.Point]:
    """{day: the point of the same weekday a year before}, of months the point of the same month."""
    if metric.grain is Grain.MONTH:
        months = {(_date(p).year, _date(p).month): p for p in points}
        return {p.day: then for p in points if (then := months.get((_date(p).year - 1, _date(p).month))) is not None}
    known = {p.day: p for p in points}
    return {p.day: then for p in points if (then := known.get(p.day - YEAR_MS)) is not None}


def _date(point: charts.Point) -> datetime:
    return datetime.fromtimestamp(point.day / 1000, UTC)


def section(world: World, band: Band, metric: Metric, *, where: str, days: int) -> None:
    """The sentence, the two lines, and what a year ago is not."""
    with st.container(border=True, height="stretch", key="yearly"):
        st.header("Against last year", anchor=False, help=md(describing.YEAR_CAVEAT))
        points = charts.points(band, metric)
        before = earlier(points, metric)
        shown = [p for p in charts.recent(points, min(days, 372)) if p.complete]
        pairs = [(p, before[p.day]) for p in shown if p.day in before and math.isfinite(before[p.day].avg)]
        if not any(math.isfinite(p.avg) for p, _ in pairs):
            st.markdown(grey(md(_none(points, world))))
            return
        said = told(band, metric, world.zone, before)
        st.markdown(md(said))
        off = apart(pairs, metric)
        marks = [(p.day, f"{at:%a %-d %b %Y}: {name}, in one of the two years only") for p, at, name in off]
        made = partial(charts.lines, _lines(shown, pairs, metric), dates=True, suffix=_suffix(metric), marks=marks)
        drawing.show(partial(made, theme="page"), key="years", said=said)
        foot, side = st.columns([4, 2], vertical_alignment="center")
        same = "the month a year before" if metric.grain is Grain.MONTH else "the same weekday 52 weeks before"
        foot.caption(md(f"Solid: now. Dashed: {same}." + _marked(off, metric)))
        for line in (beside.behind(world, metric, band), _behind_before(world, metric, band, before)):
            st.markdown(line, help=md(beside.meant(line)))
        with side:
            downloads.offer(
                "years",
                f"{metric.id}_and_last_year_as_of_{band.as_of:%Y-%m-%d}",
                partial(_csv, pairs),
                partial(made, width=downloads.WIDTH),
                title=f"{metric.label}, {where}: against last year",
                subtitle=(said, f"as of {wording.stamp(band.as_of, world.zone)}"),
            )


def told(band: Band, metric: Metric, zone: str, before: dict[float, charts.Point]) -> str:
    """The newest complete average, as on its card, and the one of a year before."""
    found = gaps.gap(band, metric)
    then = before.get(charts.local_ms(found.until, metric.zone)) if found is not None else None
    if found is None or then is None or not math.isfinite(then.avg):
        return "The newest days have no counterpart a year before."
    earlier_window = gaps.window_to(band, f"{wording.day(_date(then))} {_date(then):%Y}")
    compared = describing.a_year_before(
        metric, found.value, then.avg / wording.factor(metric), gaps.window(found, band, zone), earlier_window
    )
    end = charts.local_ms(found.until, metric.zone)
    window = [(p, before[p.day]) for p in charts.points(band, metric) if p.day in before and p.day <= end]
    off = apart(window[-band.smooth :], metric)
    return f"{compared}. Off in one of the two years only: {_named(off)}" if off else compared


def _behind_before(world: World, metric: Metric, band: Band, before: dict[float, charts.Point]) -> str:
    """The same of the year before: its own n and response rate, over the periods that stand beside the newest ones."""
    found = gaps.gap(band, metric)
    if found is None:
        return ""
    end = band.starts.index(int(found.until.timestamp())) + 1
    at = {charts.local_ms(datetime.fromtimestamp(start, UTC), metric.zone): i for i, start in enumerate(band.starts)}
    now = [day for day, i in at.items() if end - band.smooth <= i < end]
    then = sorted(at[before[day].day] for day in now if day in before and before[day].day in at)
    if not then:
        return ""
    n = sum(band.n[i] for i in then)
    rate = answering.over(world, band, metric, then[0], then[-1] + 1)
    return grey(md("; ".join(filter(None, (f"A year before: n {written(n)}", rate)))))


def apart(pairs: list[tuple[charts.Point, charts.Point]], metric: Metric) -> list[tuple[charts.Point, date, str]]:
    """(the point of this year, the day off, its name) where one day of a pair is a holiday of the metric's calendar and
    the other is not; of weeks and months none, which hold working days too."""
    if metric.holidays is None or metric.grain in {Grain.WEEK, Grain.MONTH}:
        return []
    names = named_days_off(metric.holidays, {_date(p).year for pair in pairs for p in pair})
    found: dict[date, tuple[charts.Point, date, str]] = {}
    for p, then in pairs:
        off = [day for day in (_date(p).date(), _date(then).date()) if day in names]
        if len(off) == 1:
            # Of a day's hours the first one stands for it.
            found.setdefault(off[0], (p, off[0], names[off[0]]))
    return list(found.values())


def _named(off: list[tuple[charts.Point, date, str]]) -> str:
    return describing.apart([(day, name) for _, day, name in off])


def _marked(off: list[tuple[charts.Point, date, str]], metric: Metric) -> str:
    if off:
        return f" ▲ A holiday in one of the two years only: {_named(off)}."
    known = metric.holidays is not None or metric.grain in {Grain.WEEK, Grain.MONTH}
    return "" if known else " Holidays are not marked: this metric has no calendar of them (key holidays)."


def _none(points: list[charts.Point], world: World) -> str:
    first = next((p for p in points if math.isfinite(p.avg)), None)
    if first is None:
        return "No complete figures yet."
    from_day = datetime.fromtimestamp((first.day + YEAR_MS) / 1000, UTC)
    since = wording.day(_date(first), now=world.as_of)
    return f"Figures begin on {since}: a year to compare with is there from {wording.day(from_day)} {from_day:%Y} on."


def _lines(
    shown: list[charts.Point], pairs: list[tuple[charts.Point, charts.Point]], metric: Metric
) -> list[charts.Line]:
    scale = wording.factor(metric)

    def said(point: charts.Point) -> str:
        return f"{_date(point):%a %-d %b %Y}: {wording.value(metric, point.avg / scale)}"

    return [
        charts.Line(name="now", points=[(p.day, p.avg, said(p)) for p in shown]),
        charts.Line(name="year before", points=[(p.day, then.avg, said(then)) for p, then in pairs]),
    ]


def _suffix(metric: Metric) -> str:
    return " %" if wording.is_share(metric) else ""


def _csv(pairs: list[tuple[charts.Point, charts.Point]]) -> bytes:
    return downloads.table([
        {
            "day": f"{_date(p):%Y-%m-%d}",
            "average": p.avg,
            "day_before": f"{_date(then):%Y-%m-%d}",
            "average_before": then.avg,
        }
        for p, then in pairs
    ])  # fmt: skip
