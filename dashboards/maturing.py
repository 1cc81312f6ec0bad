"""How the periods of a metric fill up, on the page on data: what part of the answers is in at which age."""

import math
from functools import partial

import streamlit as st

from cxmon import charts
from cxmon.charts.page import table
from cxmon.model import Filling, Metric
from cxmon.wording import filling as wording
from cxmon.wording import numbers as say
from cxmon.wording.whole import Table
from dashboards import downloads, drawing, reading
from dashboards.links import linked
from dashboards.reading import World
from dashboards.text import grey, md

NEAR = 0.995


def section(world: World) -> None:
    st.header(
        "How figures fill up", anchor=False,
        help="Answers come late. A period counts when nearly all of them are in; until then it is drawn lighter and "
        "stands in no figure. Of a share “yes” and “no” are the answers that count and those that do not.",
    )  # fmt: skip
    known = reading.fillings(world.metrics.values())
    if not known:
        st.markdown(grey("Learnt once a day, after the verdicts; not yet: run `cxmon judge`."))
        return
    ids = list(known)
    with st.container(border=True, key="fills_up"):
        chosen = st.selectbox(
            "Metric", ids, format_func=lambda k: world.metrics[k].label, width=260, **linked("filling", ids, ids[0])
        )
        filling, metric = known[chosen], world.metrics[chosen]
        for line in wording.lines(filling, metric):
            st.markdown(md(line))
        if filling.curves:
            _curves(filling, metric)
        st.caption(md(wording.CAVEAT))


def _curves(filling: Filling, metric: Metric) -> None:
    found = lines(filling)
    made = partial(charts.lines, found, dates=False, suffix=" %", title="days after the period has ended")
    said = "; ".join(f"{line.name}: {line.points[-1][2]}" for line in found if line.points)
    told = f"{metric.label}, how its periods fill up. {said}"
    drawing.show(partial(made, theme="page"), key="filling_chart", said=told)
    with st.expander("As figures", key="told_filling"):
        heads = ("Which", *wording.headers(filling)[1:])
        rows = tuple(map(tuple, wording.rows(filling, metric)))
        # Too wide for a phone, where its cells stand below each other.
        st.html(table(Table(headers=heads, rows=rows), told))
    downloads.offer(
        "filling",
        f"{metric.id}_fills_up",
        lambda: downloads.table([
            {"line": line.name, "days": x, "percent": y} for line in found for x, y, _ in line.points
        ]),
        partial(made, width=downloads.WIDTH),
        title=f"{metric.label}: how its periods fill up",
        subtitle=(f"as of {filling.as_of:%-d %b %Y}",),
    )  # fmt: skip


def lines(filling: Filling) -> list[charts.Line]:
    """A line for each curve, and one for how it goes lately where that is another; up to the age that adds nothing."""
    found = []
    for curve in filling.curves:
        name = wording.curve_name(curve)
        found.append(_line(name, filling.ages, curve.share))
        if curve.slowed:
            found.append(_line(f"{name}, lately", filling.ages, curve.slowed))
    return found


def _line(name: str, ages: tuple[int, ...], share: tuple[float, ...]) -> charts.Line:
    known = [(age, 100 * part) for age, part in zip(ages, share, strict=True) if math.isfinite(part)]
    points = [(float(age), part, f"{part:.0f} % after {say.counted(age, 'day')}") for age, part in known]
    full = next((i for i, (_, y, _) in enumerate(points) if y >= 100 * NEAR), len(points))
    return charts.Line(name=name, points=points[: full + 2])
