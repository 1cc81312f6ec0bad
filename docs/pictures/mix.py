"""Make the picture of Simpson's case in docs/methods/mix.md: `python docs/pictures/mix.py`; needs the extra `pictures`.

Three kinds of contacts with a seed of their own: each fares 2 points better from day 56 on, and most of the happy ones
are gone. The script prints the figures that the page quotes.
"""

import sys
from pathlib import Path

import altair as alt
import numpy as np

from cxmon.charts.palette import PALETTES
from cxmon.stats import decompose

HERE = Path(__file__).parent
LIGHT = PALETTES["light"]
DAYS, AT = 84, 56
KINDS = ("password reset", "delivery", "refund")
NAMES = {
    "total": "All contacts", "rate": "Same kinds, faring otherwise", "mix": "Different kinds",
    "remainder": "Left over by separate estimates",
}  # fmt: skip


def world() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    later = np.arange(DAYS) >= AT
    n = rng.poisson(np.where(later, [[300], [500], [500]], [[2000], [500], [500]]))
    p = np.array([[0.9], [0.8], [0.7]]) + 0.01 * rng.standard_normal(DAYS) + 0.02 * later
    return n.astype(float), rng.binomial(n, p).astype(float)


def main() -> None:
    """Draw the daily figures beside the parts of the total's move, and print both."""
    n, total = world()
    share = total.sum(1) / n.sum(1)
    found = decompose(n, total, AT, spread=share * (1 - share), kind="proportion")
    daily = [
        {"day": t - AT, "satisfied": 100 * y, "kind": kind}
        for kind, values in [*zip(KINDS, total / n, strict=True), ("all contacts", total.sum(0) / n.sum(0))]
        for t, y in enumerate(values)
    ]
    parts = [
        {"part": name, "points": 100 * one.estimate, "low": 100 * one.low, "high": 100 * one.high}
        for key, name in NAMES.items() for one in [getattr(found, key)]
    ]  # fmt: skip
    for kind, a, b in zip(
        KINDS, *(total[:, w].sum(1) / n[:, w].sum(1) for w in (slice(AT), slice(AT, None))), strict=True
    ):
        sys.stdout.write(f"{kind:32} {100 * a:5.1f} % -> {100 * b:5.1f} %\n")
    for one in parts:
        sys.stdout.write(f"{one['part']:32} {one['points']:5.1f} points ({one['low']:.1f} to {one['high']:.1f})\n")
    order = [*KINDS, "all contacts"]
    colours = alt.Scale(domain=order, range=[LIGHT.teal, LIGHT.muted, LIGHT.amber, LIGHT.ink])
    lines = alt.Chart(alt.Data(values=daily), width=400, height=230).mark_line().encode(
        x=alt.X("day:Q", title="days since the change"),
        y=alt.Y("satisfied:Q", title="satisfied, %", scale=alt.Scale(zero=False)),
        color=alt.Color("kind:N", title=None, sort=order, scale=colours),
        size=alt.condition("datum.kind == 'all contacts'", alt.value(3), alt.value(1)),
    )  # fmt: skip
    rows = alt.Y("part:N", title=None, sort=list(NAMES.values()), axis=alt.Axis(labelLimit=240))
    base = alt.Chart(alt.Data(values=parts), width=260, height=230)
    ranges = base.mark_rule(size=5, color=LIGHT.band).encode(y=rows, x=alt.X("low:Q", title="points"), x2="high:Q")
    dots = base.mark_point(filled=True, size=80, color=LIGHT.ink).encode(y=rows, x="points:Q")
    zero = alt.Chart(alt.Data(values=[{"points": 0}])).mark_rule(color=LIGHT.axis).encode(x="points:Q")
    both = lines | alt.layer(zero, ranges, dots)
    both.configure_view(stroke=None).configure(background=LIGHT.paper).save(HERE / "mix.svg")


if __name__ == "__main__":
    main()
